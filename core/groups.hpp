// Small quadratics with norms of groups:   minimise over b   1/2 b'Gb - c'b + s (l1 ||b||_1 + sum_g weight_g ||b_g||_2),
// or, with a bend, 1/2 b'Gb - c'b + sum_g pen(||b_g||_2), pen as in folded.hpp with thresholds s weight_g.
//
// Block coordinate descent: a group's own problem is taken to its end, and only then the other columns' gradients are
// told. Without l1 the end is one number, the group's norm, found in the block's eigenvectors; with l1 or a bend proximal
// steps of length 1 / (largest eigenvalue) lead to it.  Where there are more columns than rows, G = A'A stays unformed: sweeps
// keep the residual Ab, and read a group's gradient when its turn comes.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "conjugate.hpp"
#include "folded.hpp"
#include "simd.hpp"

namespace rf {

// Largest entry of the distance of minus the gradient g from the subdifferential of t ||b||_1 + weight ||b||_2, d columns.
inline double distance(const double* b, const double* g, int d, double t, double weight, double steep = -1) {
    double size = 0, soft = 0, most = 0;
    for (int i = 0; i < d; ++i) {
        const double rest = std::max(std::fabs(g[i]) - t, 0.0);
        size += b[i] * b[i];
        soft += rest * rest;
        most = std::max(most, rest);
        if (!(g[i] == g[i])) return g[i];
    }
    if (size == 0) {
        soft = std::sqrt(soft);
        return soft > weight ? most * (1 - weight / soft) : 0;
    }
    most = 0;
    steep = (steep < 0 ? weight : steep) / std::sqrt(size);
    for (int i = 0; i < d; ++i) {
        const double pull = g[i] - steep * b[i];
        most = std::max(most, b[i] == 0 ? std::max(std::fabs(pull) - t, 0.0) : std::fabs(pull - (b[i] > 0 ? t : -t)));
    }
    return most;
}

class GroupLane {
public:
    // starts: first column of every group and, last, the number of columns; a group's columns lie side by side.
    // values, basis: eigenvalues (rising) and eigenvectors of every group's block, one group after another.
    GroupLane(const double* gram, int m, int ld, const int* starts, int groups, const double* weight, const double* values, const double* basis, double l1)
        : gram_(gram), m_(m), ld_(ld), starts_(starts, starts + groups + 1), weight_(weight, weight + groups), values_(values, values + m), l1_(l1), b_(m, 0.0) {
        std::size_t size = 0;
        for (int k = 0; k < groups; ++k) {
            const std::size_t d = starts[k + 1] - starts[k];
            corner_.push_back(size), size += d * d;
            bound_.push_back(values_[starts[k + 1] - 1] * (1 + 1e-12));
        }
        basis_.assign(basis, basis + size);
    }
    // Every group's norm meets a bent penalty from now on.
    void fold(bool scad, double shape) { folded_ = true, bend_ = {scad, shape}; }
    // G is A'A, of which only the groups' own blocks are known.
    void by_rows(const double* a, int n, const double* blocks) { a_ = a, n_ = n, blocks_ = blocks; }
    int size() const { return m_; }

    // Strengths one after another, each from the end of the last; b and grad: a row a strength.
    void solve(const double* strengths, int count, const double* c, double tolerance, double* b, double* grad, double* kkt) {
        for (int k = 0; k < count; ++k) {
            kkt[k] = one(strengths[k], c, tolerance) / strengths[k];
            std::copy(b_.begin(), b_.end(), b + static_cast<std::size_t>(k) * m_);
            std::copy(g_.begin(), g_.end(), grad + static_cast<std::size_t>(k) * m_);
        }
    }
    void warm(const double* b) { b_.assign(b, b + m_); }

private:
    static constexpr int sweeps = 5000, inner = 40, products = 200;

    const double* column(int j) const { return gram_ + static_cast<std::size_t>(j) * ld_; }
    const double* row_column(int j) const { return a_ + static_cast<std::size_t>(j) * n_; }
    // Column i of group k's own block.
    const double* own(int k, int i) const { return a_ ? blocks_ + corner_[k] + i * (starts_[k + 1] - starts_[k]) : column(starts_[k] + i) + starts_[k]; }
    int groups() const { return static_cast<int>(weight_.size()); }

    void start(const double* c) {
        g_.assign(c, c + m_);
        if (a_) residual_.assign(n_, 0.0);
        for (int j = 0; j < m_; ++j)
            if (b_[j] != 0) axpy(a_ ? b_[j] : -b_[j], a_ ? row_column(j) : column(j), a_ ? residual_.data() : g_.data(), a_ ? n_ : m_);
        for (int k = 0; a_ && k < groups(); ++k) read(k, c);
    }

    // The gradient of group k where sweeps keep a residual.
    void read(int k, const double* c) {
        int j = starts_[k];
        for (; j + 4 <= starts_[k + 1]; j += 4) dot4(row_column(j), row_column(j + 1), row_column(j + 2), row_column(j + 3), residual_.data(), g_.data() + j, n_);
        for (; j < starts_[k + 1]; ++j) g_[j] = dot(row_column(j), residual_.data(), n_);
        for (j = starts_[k]; j < starts_[k + 1]; ++j) g_[j] = c[j] - g_[j];
    }

    bool used(int k) const {
        for (int j = starts_[k]; j < starts_[k + 1]; ++j)
            if (b_[j] != 0) return true;
        return false;
    }

    // Slope of a group's penalty at a norm above zero, and how fast it rises.
    double slope(double size, double weight) const { return folded_ ? bend_.slope(size, weight) : weight; }
    double rise(double size, double weight) const { return folded_ && bend_.piece(size, weight) == 2 ? -bend_.concavity() : 0.0; }
    // The norm of a group after a proximal step of length 1 / bound from norm size.
    double shortened(double size, double weight, double bound) const {
        if (folded_) return bend_.best(bound * size, bound, weight, std::numeric_limits<double>::infinity());
        return std::max(size - weight / bound, 0.0);
    }

    double violation(int k, double s) const {
        const int first = starts_[k], d = starts_[k + 1] - first;
        const double *b = b_.data() + first, weight = s * weight_[k];
        const double steep = folded_ ? bend_.slope(std::sqrt(dot(b, b, d)), weight) : weight;
        return distance(b, g_.data() + first, d, s * l1_, weight, steep);
    }

    double worst(double s) const {
        double most = 0;
        for (int k = 0; k < groups(); ++k) most = std::max(most, violation(k, s));
        return most;
    }

    double one(double s, const double* c, double tolerance) {
        const double target = tolerance * s;
        bool whole = true;
        int quiet = 0, wait = a_ ? 6 : 3, support = -1;  // a step is some twenty products, which cost as much as sweeps
        start(c);
        for (int sweep = 0; sweep < sweeps; ++sweep) {
            double most = 0;
            for (int k = 0; k < groups(); ++k)
                if (whole || used(k)) most = std::max(most, move(k, s, target, c));
            whole = false;
            const int now = static_cast<int>(std::count_if(b_.begin(), b_.end(), [](double b) { return b != 0; }));
            quiet = now == support ? quiet + 1 : 0;
            support = now;
            if (most > target) {
                if (quiet < (a_ ? std::max(wait, now / 12) : wait)) continue;
                quiet = 0;
                if (a_) start(c);
                if (!newton(s, c, most, target)) wait *= 2;
                continue;
            }
            start(c);
            const double found = worst(s);
            if (found <= target) return found;
            whole = true;
        }
        start(c);
        return worst(s);
    }

    // A Newton step on the columns that are in, where the objective is smooth; undone unless it halves the violation.
    bool newton(double s, const double* c, double before, double target) {
        in_.clear();
        owner_.clear();
        norm_.assign(groups(), 0.0);
        for (int k = 0; k < groups(); ++k) {
            for (int j = starts_[k]; j < starts_[k + 1]; ++j) {
                norm_[k] += b_[j] * b_[j];
                if (b_[j] == 0) continue;
                in_.push_back(j);
                owner_.push_back(k);
            }
            norm_[k] = std::sqrt(norm_[k]);
        }
        const int a = static_cast<int>(in_.size());
        std::vector<double> step(a), diagonal(a), along(m_), turn(groups());
        for (int i = 0; i < a; ++i) {
            const int j = in_[i], k = owner_[i];
            const double bend = slope(norm_[k], s * weight_[k]) / norm_[k], x = b_[j] / norm_[k];
            const double less = bend - rise(norm_[k], s * weight_[k]);
            diagonal[i] = own(k, j - starts_[k])[j - starts_[k]] + bend - less * x * x;
            step[i] = g_[j] - bend * b_[j] - (b_[j] > 0 ? 1 : -1) * s * l1_;
        }
        const auto times = [&](const double* v, double* out) {
            std::fill(along.begin(), along.end(), 0.0);
            std::fill(turn.begin(), turn.end(), 0.0);
            if (a_) residual_.assign(n_, 0.0);
            for (int i = 0; i < a; ++i) {
                if (a_) axpy(v[i], row_column(in_[i]), residual_.data(), n_);
                along[in_[i]] = v[i];
                turn[owner_[i]] += b_[in_[i]] * v[i] / norm_[owner_[i]];
            }
            for (int i = 0; i < a; ++i) {
                const int j = in_[i], k = owner_[i];
                const double bend = slope(norm_[k], s * weight_[k]) / norm_[k], less = bend - rise(norm_[k], s * weight_[k]);
                out[i] = (a_ ? dot(row_column(j), residual_.data(), n_) : dot(column(j), along.data(), m_)) + bend * v[i] - less * b_[j] / norm_[k] * turn[k];
            }
        };
        if (!conjugate_solve(times, diagonal.data(), step.data(), a, 0.1 * target, std::min(2 * a + 20, products))) {
            if (a_) start(c);
            return false;
        }
        old_ = b_;
        for (int i = 0; i < a; ++i) {
            const double to = b_[in_[i]] + step[i];
            if (l1_ > 0 && to * b_[in_[i]] <= 0) {
                b_ = old_;
                if (a_) start(c);
                return false;
            }
            b_[in_[i]] = to;
        }
        start(c);
        double after = 0;
        for (int k = 0; k < groups(); ++k)
            if (norm_[k] > 0) after = std::max(after, violation(k, s));
        if (after <= 0.5 * before) return true;
        b_ = old_;
        start(c);
        return false;
    }

    // Brings group k to rest; returns how far it was from it.
    double move(int k, double s, double target, const double* c) {
        if (a_) read(k, c);
        const double before = violation(k, s);
        if (before <= 0.3 * target || !(bound_[k] > 0)) return before;
        const int first = starts_[k], d = starts_[k + 1] - first;
        old_.assign(b_.begin() + first, b_.begin() + first + d);
        const bool plain = l1_ == 0 && !folded_;
        if (plain) settle(k, s);
        for (int step = 0; !plain && step < inner; ++step) {
            const double moved = proximal(k, s);
            if (moved * bound_[k] <= 0.1 * target) break;
        }
        // The group's own gradients moved with it; now all others', and these once more from the same numbers.
        for (int i = 0; i < d; ++i) {
            const double by = b_[first + i] - old_[i];
            if (by == 0) continue;
            if (a_) {
                axpy(by, row_column(first + i), residual_.data(), n_);
                continue;
            }
            const double* from = column(first + i);
            axpy(-by, from, g_.data(), first);
            axpy(-by, from + first + d, g_.data() + first + d, m_ - first - d);
        }
        return before;
    }

    // The minimum of group k's own problem: x = (block + weight / |x|)^-1 v, where |x| solves sum (v_i / (e_i |x| + weight))^2 = 1
    // in the eigenvectors. One over its root is concave in |x|, so Newton's steps from 0 rise to the end without passing it.
    void settle(int k, double s) {
        const int first = starts_[k], d = starts_[k + 1] - first;
        const double *e = values_.data() + first, *basis = basis_.data() + corner_[k];
        const double weight = s * weight_[k];
        next_.assign(g_.begin() + first, g_.begin() + first + d);
        for (int i = 0; i < d; ++i) axpy(b_[first + i], own(k, i), next_.data(), d);
        turned_.resize(d);
        double size = 0, norm = 0;
        for (int i = 0; i < d; ++i) {
            turned_[i] = 0;
            for (int l = 0; l < d; ++l) turned_[i] += basis[i * d + l] * next_[l];
            size += turned_[i] * turned_[i];
        }
        if (std::sqrt(size) > weight)
            for (int step = 0; step < 100; ++step) {
                double sum = 0, slope = 0;
                for (int i = 0; i < d; ++i) {
                    const double below = std::max(e[i], 1e-14 * bound_[k]) * norm + weight, x = turned_[i] / below;
                    sum += x * x;
                    slope += x * x * std::max(e[i], 1e-14 * bound_[k]) / below;
                }
                const double root = std::sqrt(sum), by = (root - 1) * sum / slope;
                norm += std::max(by, 0.0);
                if (by <= 1e-15 * norm) break;
            }
        std::fill(next_.begin(), next_.end(), 0.0);
        if (norm > 0)
            for (int i = 0; i < d; ++i) axpy(turned_[i] / (std::max(e[i], 1e-14 * bound_[k]) + weight / norm), basis + i * d, next_.data(), d);
        for (int i = 0; i < d; ++i) {
            axpy(b_[first + i] - next_[i], own(k, i), g_.data() + first, d);
            b_[first + i] = next_[i];
        }
    }

    // One proximal step of group k on its own block; returns the largest change.
    double proximal(int k, double s) {
        const int first = starts_[k], d = starts_[k + 1] - first;
        const double t = s * l1_ / bound_[k];
        double size = 0, most = 0;
        next_.resize(d);
        for (int i = 0; i < d; ++i) {
            const double v = b_[first + i] + g_[first + i] / bound_[k];
            next_[i] = v > t ? v - t : v < -t ? v + t : 0.0;
            size += next_[i] * next_[i];
        }
        size = std::sqrt(size);
        const double share = size > 0 ? shortened(size, s * weight_[k], bound_[k]) / size : 0.0;
        for (int i = 0; i < d; ++i) {
            const double by = share * next_[i] - b_[first + i];
            if (by == 0) continue;
            b_[first + i] += by;
            axpy(-by, own(k, i), g_.data() + first, d);
            most = std::max(most, std::fabs(by));
        }
        return most;
    }

    const double *gram_, *a_ = nullptr, *blocks_ = nullptr;
    int m_, ld_, n_ = 0;
    std::vector<int> starts_;
    std::vector<std::size_t> corner_;
    std::vector<double> weight_, values_, basis_, bound_, turned_;
    double l1_;
    bool folded_ = false;
    Bend bend_{false, 0.0};
    std::vector<double> b_, g_, old_, next_, norm_, residual_;
    std::vector<int> in_, owner_;
};

}  // namespace rf
