// A Newton lane whose rows fit the cache: the Hessian covers the columns that matter, and is kept from look to look, and from
// strength to strength, while the optimality conditions improve quickly on it.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "newton.hpp"
#include "quadratic.hpp"
#include "blocks.hpp"

namespace rf {

// Column j of the lane is scale_j times a column of the block (column by column).
struct DenseColumns {
    const double* block;
    std::size_t ld;
    const std::int64_t* positions;
    const double* scale;

    const double* operator()(int j) const { return block + positions[j] * ld; }
};

[[maybe_unused]] RF_CLONES static void times(double a, const double* x, const double* y, double* out, int n) {
    for (int i = 0; i < n; ++i) out[i] = a * x[i] * y[i];
}

class DenseNewtonLane final : public NewtonLane {
public:
    DenseNewtonLane(const DenseColumns& columns, const Rows& rows, int width, const RowLoss& loss, const Terms& terms, const NewtonLimits& limits)
        : NewtonLane(rows, width, loss, terms, limits), column_(columns) {}

protected:
    void predict() override {
        std::copy_n(rows_.offset, rows_.n, eta_.data());
        nonzero_.clear();
        for (int j = 0; j < width_; ++j)
            if (b_[j] != 0) nonzero_.push_back(j);
        const auto at = [&](std::size_t i) { return column_(nonzero_[i]); };
        const auto by = [&](std::size_t i) { return b_[nonzero_[i]] * column_.scale[nonzero_[i]]; };
        std::size_t k = 0;
        for (; k + 4 <= nonzero_.size(); k += 4) {
            const double a[4] = {by(k), by(k + 1), by(k + 2), by(k + 3)};
            axpy4(a, at(k), at(k + 1), at(k + 2), at(k + 3), eta_.data(), rows_.n);
        }
        for (; k < nonzero_.size(); ++k) axpy(by(k), at(k), eta_.data(), rows_.n);
    }

    void against() override {
        int j = 0;
        for (; j + 4 <= width_; j += 4) dot4(column_(j), column_(j + 1), column_(j + 2), column_(j + 3), r_.data(), g_.data() + j, rows_.n);
        for (; j < width_; ++j) g_[j] = dot(column_(j), r_.data(), rows_.n);
        for (j = 0; j < width_; ++j) g_[j] *= column_.scale[j];
    }

    // A new Hessian also where it costs no more than a look.
    bool model(double s, bool slow) override {
        wanted(s, wanted_);
        const std::size_t a = wanted_.size();
        if (slow || inner_.empty() || a * a <= 4 * static_cast<std::size_t>(width_) + 60) refresh();
        else extend();
        return !inner_.empty();
    }

    void step(double s, double) override {
        const int a = static_cast<int>(inner_.size());
        c_.resize(a);
        for (int c = 0; c < a; ++c) {
            c_[c] = g_[inner_[c]];
            state_.b[c] = b_[inner_[c]];
        }
        for (int c = 0; c < a; ++c)
            if (state_.b[c] != 0) axpy(state_.b[c], quadratic_.column(c), c_.data(), a);
        if (state_.factor_strength < 0) take_sides();
        Solver(quadratic_, state_, c_.data(), s, Tolerances{}).solve(answer_);
        for (int c = 0; c < a; ++c) b_[inner_[c]] = state_.b[c];
    }

    void restart() override { state_.factor_strength = -1; }

private:
    void refresh() {
        curvatures();
        for (int i = 0; i < rows_.n; ++i) h_[i] = std::sqrt(h_[i]);
        inner_.clear();
        inside_.assign(width_, 0);
        quadratic_.m = 0;
        state_ = State{};
        extend();
    }

    // Appends wanted columns: their weighted copies, their part of the Hessian, their terms.
    void extend() {
        const int old = static_cast<int>(inner_.size()), n = rows_.n;
        for (int j : wanted_)
            if (!inside_[j]) inner_.push_back(j), inside_[j] = 1;
        const int now = static_cast<int>(inner_.size());
        if (now == old) return;
        weighted_.resize(static_cast<std::size_t>(now) * n);
        for (int c = old; c < now; ++c)
            times(column_.scale[inner_[c]], h_.data(), column_(inner_[c]), weighted_.data() + static_cast<std::size_t>(c) * n, n);
        reserve(old, now);
        inner_products(weighted_.data(), n, old, now, hessian_.data(), quadratic_.ld);
        for (auto* part : {&quadratic_.l1, &quadratic_.l2, &quadratic_.lower, &quadratic_.upper}) part->resize(now);
        for (int c = old; c < now; ++c) {
            const int j = inner_[c];
            quadratic_.l1[c] = pen_.l1[j], quadratic_.l2[c] = pen_.l2[j], quadratic_.lower[c] = pen_.lower[j], quadratic_.upper[c] = pen_.upper[j];
        }
        quadratic_.classify();
        state_.resize(now);
    }

    void reserve(int old, int now) {
        if (now > quadratic_.ld) {
            const int ld = std::max(now, quadratic_.ld + quadratic_.ld / 2 + 16);
            std::vector<double> fresh(static_cast<std::size_t>(ld) * ld);
            for (int j = 0; j < old; ++j) std::copy_n(hessian_.data() + std::size_t(j) * quadratic_.ld, old, fresh.data() + std::size_t(j) * ld);
            hessian_.swap(fresh);
            quadratic_.ld = ld;
        }
        quadratic_.gram = hessian_.data();
        quadratic_.m = now;
    }

    // Which columns are free, read off the coefficients: under a new Hessian there is no factor to tell.
    void take_sides() {
        for (std::size_t c = 0; c < inner_.size(); ++c) {
            const double b = state_.b[c];
            signed char& side = state_.side[c];
            if (quadratic_.l1[c] == 0 && b > quadratic_.lower[c] && b < quadratic_.upper[c]) side = Unsigned;
            else if (b == 0) side = Zero;
            else if (b >= quadratic_.upper[c]) side = AtUpper;
            else if (b <= quadratic_.lower[c]) side = AtLower;
            else side = b > 0 ? Positive : Negative;
        }
    }

    const DenseColumns column_;
    std::vector<int> inner_, wanted_, nonzero_;  // columns of the Hessian, in its order; those that s may move; those that have
    std::vector<char> inside_;
    std::vector<double> weighted_, hessian_, c_, answer_;
    Quadratic quadratic_;
    State state_;
};

}  // namespace rf
