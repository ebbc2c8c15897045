// One lane's small problem as the engine holds it: a growing working set, its Gram matrix, and a slot per strength.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "quadratic.hpp"
#include "sweeps.hpp"

namespace rf {

class Lane {
public:
    int size() const { return q_.m; }
    Tolerances tolerances;

    // Uses the caller's matrix without a copy; the caller keeps it alive.
    void bind(const double* gram, int m) {
        owned_.reset();
        q_.rows = nullptr;
        q_.gram = gram;
        q_.ld = q_.m = m;
        forget();
    }

    // The same for Z'Z, of rows (height x m, row by row) that the caller keeps alive.
    void bind_rows(const double* rows, int height, int m) {
        owned_ = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(m) * m);
        q_.gram = q_.room = owned_.get();
        q_.ld = q_.m = m;
        q_.rows = rows, q_.height = height;
        q_.made.assign(m, 0);
        forget();
    }

    // Adds k columns: block holds their Gram columns against old and new ones, (m + k) x k, column by column.
    void append(const double* block, int k) {
        const int old = q_.m, now = old + k;
        if (now > q_.ld || !owned_) reserve(std::max(now, q_.ld + q_.ld / 2 + 32));
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
        if (!owned_) reserve(q_.m);
        q_.rows = nullptr;
        for (int j = 0; j < q_.m; ++j)
            std::memcpy(at(0, j), gram + static_cast<std::size_t>(j) * q_.m, sizeof(double) * q_.m);
        forget();
    }

    // Strengths one after another from the base state; slot k keeps where strength k ended, without a factor.
    // c: one row for all strengths, or one a strength (stride m).  Returns per strength whether it was solved.
    void solve(const double* strengths, int count, const double* c, std::size_t stride, double* b, double* grad,
               double* kkt, unsigned char* solved) {
        slots_.resize(count);
        along({strengths, c, b, grad, kkt, solved, stride, count, true});
    }

    // A whole path at once, when no slot will be asked for again.
    void path(const double* strengths, int count, const double* c, double* b, double* grad, double* kkt,
              unsigned char* solved) {
        along({strengths, c, b, grad, kkt, solved, 0, count, false});
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

    void keep(int slot) {
        if (slot > 0) trail_.push(slots_.at(slot - 1).b, slots_[slot - 1].strength);
        if (ahead_) base_.go_to(q_, slots_.at(slot), tolerances.pivot);
        else base_ = slots_.at(slot);
        trail_.push(base_.b, base_.strength);
        ahead_ = false;
    }
    void open(int count) {
        slots_.assign(count, base_);
        for (State& slot : slots_) slot.resize(q_.m);
    }

private:
    struct Request {
        const double *strengths, *c;
        double *b, *grad, *kkt;
        unsigned char* solved;
        std::size_t stride;
        int count;
        bool slots;
    };

    // The last two solutions: a straight line through them is where several strengths at once begin.
    struct Trail {
        std::vector<double> now, before;
        double s_now = 0, s_before = 0;

        void push(const std::vector<double>& b, double s) {
            before.swap(now);
            s_before = s_now;
            now = b;
            s_now = s;
        }
        double ahead(const Quadratic& q, int j, double s) const {
            if (j >= static_cast<int>(now.size()) || now[j] == 0) return 0;
            if (j >= static_cast<int>(before.size()) || !(s_before > s_now)) return now[j];
            const double b = now[j] + (now[j] - before[j]) * ((s_now - s) / (s_before - s_now));
            return b * now[j] > 0 ? std::clamp(b, q.lower[j], q.upper[j]) : 0;
        }
    };

    void along(const Request& ask) {
        if (ahead_) base_.go_to(q_, start_, tolerances.pivot);
        ahead_ = ask.slots;
        if (ahead_) start_ = base_.mark();
        base_.resize(q_.m);
        Trail trail = trail_;
        for (int k = 0; k < ask.count;) {
            const int together = std::min(abreast, ask.count - k);
            const bool many = together > 2 && q_.round && base_.many() && sweep(ask, k, together, trail);
            const int end = k + (many ? together : 1);
            if (!many) one(ask, k);
            for (; k < end; ++k) {
                if (many) swept(ask, k);
                if (ask.slots) slots_[k] = base_.mark();
                trail.push(base_.b, base_.strength);
            }
        }
        if (!ask.slots) trail_ = trail;
        std::vector<float>().swap(rounded_);
    }

    void one(const Request& ask, int k) {
        run(base_, ask.strengths[k], ask.c + k * ask.stride, ask.b + std::size_t(k) * q_.m, ask.grad + std::size_t(k) * q_.m,
            ask.kkt[k], ask.solved[k]);
    }

    // Several strengths from k on, side by side; false when their gaps did not close.
    bool sweep(const Request& ask, int k, int count, const Trail& trail) {
        if (rounded_.empty() && !round_off()) return false;
        Sweeps sweeps(q_, rounded_.data(), ask.strengths + k, count, ask.c + k * ask.stride, ask.stride, tolerances);
        for (int i = 0; i < count; ++i)
            for (int j = 0; j < q_.m; ++j) sweeps.start(i, j, trail.ahead(q_, j, ask.strengths[k + i]));
        if (!sweeps.solve()) return false;
        for (int i = 0; i < count; ++i) {
            const std::size_t row = std::size_t(k + i) * q_.m;
            for (int j = 0; j < q_.m; ++j) {
                ask.b[row + j] = sweeps.value(i, j);
                ask.grad[row + j] = sweeps.gradient(i, j);
            }
            ask.solved[k + i] = true;
        }
        return true;
    }

    // The Gram matrix in float32, where its numbers fit.
    bool round_off() {
        for (int j = 0; j < q_.m; ++j) {
            const double diagonal = q_.column(j)[j];
            if (!std::isinf(q_.l1[j]) && !(diagonal > 1e-12 && diagonal < 1e12)) return false;
        }
        rounded_.resize(std::size_t(q_.m) * q_.m);
        for (int j = 0; j < q_.m; ++j) std::copy(q_.column(j), q_.column(j) + q_.m, rounded_.begin() + std::size_t(j) * q_.m);
        return true;
    }

    void swept(const Request& ask, int k) {
        const double *b = ask.b + std::size_t(k) * q_.m, *grad = ask.grad + std::size_t(k) * q_.m;
        base_.stand(q_, b, ask.strengths[k]);
        ask.kkt[k] = q_.kkt(b, grad, ask.strengths[k]);
    }

    void run(State& state, double s, const double* c, double* b, double* grad, double& kkt, unsigned char& solved) {
        Solver solver(q_, state, c, s, tolerances);
        solved = solver.solve(grad_);
        kkt = q_.kkt(state.b.data(), grad_.data(), s);
        state.strength = s;
        std::copy(state.b.begin(), state.b.end(), b);
        std::copy(grad_.begin(), grad_.end(), grad);
    }
    double* at(int i, int j) { return owned_.get() + static_cast<std::size_t>(j) * q_.ld + i; }
    void reserve(int capacity) {
        // not set to zero: memory that no column has reached yet is not taken
        auto fresh = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(capacity) * capacity);
        for (int j = 0; j < q_.m && q_.gram; ++j)
            std::memcpy(fresh.get() + static_cast<std::size_t>(j) * capacity, q_.column(j), sizeof(double) * q_.m);
        owned_.swap(fresh);
        q_.rows = nullptr;  // all columns are made now
        q_.ld = capacity;
        q_.gram = owned_.get();
    }
    void forget() {
        base_.factor_strength = -1;
        for (State& slot : slots_) slot.factor_strength = -1;
    }

    Quadratic q_;
    State base_;
    Trail trail_;         // of the base state
    bool ahead_ = false;  // the base went through the last batch: where it stood is `start_`
    State start_;
    std::vector<State> slots_;
    std::unique_ptr<double[]> owned_;
    std::vector<double> grad_;
    std::vector<float> rounded_;
};

}  // namespace rf
