// One lane's small problem as the engine holds it: a growing working set, its Gram matrix, and a slot per strength.
#pragma once
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "quadratic.hpp"

namespace rf {

class Lane {
public:
    int size() const { return q_.m; }
    Tolerances tolerances;

    // Uses the caller's matrix without a copy; the caller keeps it alive.
    void bind(const double* gram, int m) {
        owned_.clear();
        q_.gram = gram;
        q_.ld = q_.m = m;
        forget();
    }

    // Adds k columns: block holds their Gram columns against old and new ones, (m + k) x k, column by column.
    void append(const double* block, int k) {
        const int old = q_.m, now = old + k;
        if (now > q_.ld || owned_.empty()) reserve(std::max(now, q_.ld + q_.ld / 2 + 32));
        for (int j = 0; j < k; ++j) {
            const double* column = block + static_cast<std::size_t>(j) * now;
            std::memcpy(at(0, old + j), column, sizeof(double) * now);
            for (int i = 0; i < old; ++i) *at(old + j, i) = column[i];
        }
        q_.m = now;
    }

    void terms(const double* l1, const double* l2, const double* lower, const double* upper, int m) {
        if (m != q_.m) throw std::invalid_argument("penalty terms and Gram matrix differ in size");
        q_.l1.assign(l1, l1 + m);
        q_.l2.assign(l2, l2 + m);
        q_.lower.assign(lower, lower + m);
        q_.upper.assign(upper, upper + m);
        q_.classify();
        base_.resize(m);
    }

    // A new Hessian on the same working set (Newton): supports stay, factors do not.
    void replace(const double* gram) {
        if (owned_.empty()) reserve(q_.m);
        for (int j = 0; j < q_.m; ++j)
            std::memcpy(at(0, j), gram + static_cast<std::size_t>(j) * q_.m, sizeof(double) * q_.m);
        forget();
    }

    // Strengths one after another from the base state; slot k keeps where strength k ended.
    // c: one row for all strengths, or one a strength (stride m).  Returns per strength whether it was solved.
    void solve(const double* strengths, int count, const double* c, std::size_t stride, double* b, double* grad,
               double* kkt, unsigned char* solved) {
        slots_.resize(count);
        for (int k = 0; k < count; ++k) {
            slots_[k] = k ? slots_[k - 1] : base_;
            run(slots_[k], strengths[k], c + k * stride, b + std::size_t(k) * q_.m, grad + std::size_t(k) * q_.m,
                kkt[k], solved[k]);
        }
    }

    // A whole path at once, when no slot will be asked for again.
    void path(const double* strengths, int count, const double* c, double* b, double* grad, double* kkt,
              unsigned char* solved) {
        for (int k = 0; k < count; ++k)
            run(base_, strengths[k], c, b + std::size_t(k) * q_.m, grad + std::size_t(k) * q_.m, kkt[k], solved[k]);
    }

    // A Newton step for some slots: the model is  -descent'(x - b) + 1/2 (x - b)'G(x - b) + s pen(x)  around b (rows of
    // `from`, which may differ from where the slot stands after a shortened step).
    void newton(const int* which, const double* strengths, int count, const double* from, const double* descent, double* b,
                double* grad, double* kkt, unsigned char* solved) {
        std::vector<double> c(q_.m);
        for (int k = 0; k < count; ++k) {
            const double* x = from + std::size_t(k) * q_.m;
            std::memcpy(c.data(), descent + std::size_t(k) * q_.m, sizeof(double) * q_.m);
            for (int j = 0; j < q_.m; ++j)
                if (x[j] != 0) axpy(x[j], q_.column(j), c.data(), q_.m);
            State& slot = slots_.at(which[k]);
            // Under a new Hessian the neighbour's solution is a nearer start than a factor built from nothing.
            if (slot.factor_strength < 0 && k > 0 && !q_.ridge) slot = slots_.at(which[k - 1]);
            slot.resize(q_.m);
            run(slot, strengths[k], c.data(), b + std::size_t(k) * q_.m, grad + std::size_t(k) * q_.m, kkt[k], solved[k]);
        }
    }

    void keep(int slot) { base_ = slots_.at(slot); }
    void open(int count) {
        slots_.assign(count, base_);
        for (State& slot : slots_) slot.resize(q_.m);
    }

private:
    void run(State& state, double s, const double* c, double* b, double* grad, double& kkt, unsigned char& solved) {
        Solver solver(q_, state, c, s, tolerances);
        solved = solver.solve(grad_);
        kkt = solver.kkt(grad_);
        std::copy(state.b.begin(), state.b.end(), b);
        std::copy(grad_.begin(), grad_.end(), grad);
    }
    double* at(int i, int j) { return owned_.data() + static_cast<std::size_t>(j) * q_.ld + i; }
    void reserve(int capacity) {
        std::vector<double> fresh(static_cast<std::size_t>(capacity) * capacity);
        for (int j = 0; j < q_.m && q_.gram; ++j)
            std::memcpy(fresh.data() + static_cast<std::size_t>(j) * capacity, q_.column(j), sizeof(double) * q_.m);
        owned_.swap(fresh);
        q_.ld = capacity;
        q_.gram = owned_.data();
    }
    void forget() {
        base_.factor_strength = -1;
        for (State& slot : slots_) slot.factor_strength = -1;
    }

    Quadratic q_;
    State base_;
    std::vector<State> slots_;
    std::vector<double> owned_, grad_;
};

}  // namespace rf
