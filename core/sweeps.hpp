// Coordinate descent for up to eight strengths of one lane, side by side, where every column has a ridge part.
// One strength alone reads the Gram matrix from the outer cache in every sweep and waits for it; eight do eight times the
// work in little more time. They start from a straight line through the last two solutions.
//
// What a sweep reads is a float32 copy of the Gram matrix: it multiplies only the way gone since the last look, and a look
// takes the gradient of where things stand in float64. So nothing that is handed back has been rounded to float32.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "panel.hpp"
#include "quadratic.hpp"
#include "simd.hpp"

namespace rf {

// One coordinate for all strengths: `terms` are l1, l2 and the bounds.  Adds up what the moves are worth as a duality gap,
// and the objective less its constant.
RF_CLONES static bool descend(const Pack<double>& s, double curvature, const double* terms, const Pack<double>& c,
                              const Pack<double>& grad, const Pack<double>& b, Pack<double>& to, Pack<double>& step,
                              Pack<double>& moved, Pack<double>& objective) {
    constexpr double further = 1.15;  // a little beyond the minimum of each coordinate saves a sweep in seven
    double any = 0;
    for (int k = 0; k < abreast; ++k) {
        const double t = s.v[k] * terms[0], ridge = s.v[k] * terms[1], bend = curvature + ridge, z = grad.v[k] + curvature * b.v[k];
        const double soft = std::max(z - t, 0.0) + std::min(z + t, 0.0), best = soft / bend;
        const double beyond = b.v[k] + further * (best - b.v[k]);
        const double wish = best * b.v[k] > 0 && beyond * b.v[k] > 0 ? beyond : best;
        const double x = std::min(std::max(wish, terms[2]), terms[3]), by = b.v[k] - x, force = by * bend;
        to.v[k] = x;
        step.v[k] = by;
        any += std::fabs(by);
        moved.v[k] += force * force / (2 * ridge);
        objective.v[k] += t * std::fabs(x) + 0.5 * ridge * x * x - 0.5 * x * (c.v[k] + grad.v[k]);
    }
    return any != 0;
}

// The gradients of some rows: those of the last look less the pull of the way gone since.
RF_CLONES static void arrive(const Pack<double>* looked, const int* rows, int count, const Pack<float>* pull, Pack<double>* grad) {
    for (int i = 0; i < count; ++i)
        for (int k = 0; k < abreast; ++k) grad[i].v[k] = looked[rows[i]].v[k] - pull[i].v[k];
}

// grad[i] += column[rows[i]] * step
RF_CLONES static void spread(const float* column, const int* rows, int count, const Pack<double>& step, Pack<double>* grad) {
    for (int i = 0; i < count; ++i) {
        const double g = column[rows[i]];
        for (int k = 0; k < abreast; ++k) grad[i].v[k] += g * step.v[k];
    }
}

class Sweeps {
public:
    // rounded: the Gram matrix in float32, packed (column j at rounded + j*m).
    Sweeps(const Quadratic& q, const float* rounded, const double* strengths, int count, const double* c, std::size_t stride,
           const Tolerances& tol)
        : q_(q), rounded_(rounded), c_(c), stride_(stride), tol_(tol), count_(count), place_(q.m, -1), grad_(q.m) {
        for (int k = 0; k < abreast; ++k) s_.v[k] = strengths[std::min(k, count - 1)];
        for (int j = 0; j < q.m; ++j)
            if (!std::isinf(q.l1[j])) open_.push_back(j);
    }

    // Where strength k begins.
    void start(int k, int j, double b) {
        if (b == 0) return;
        Pack<double>& at = b_[place(j)];
        at.v[k] = b;
        if (k == count_ - 1) std::fill(at.v + count_, at.v + abreast, b);  // idle seats copy the last strength
    }

    // Sweeps until every strength's duality gap is small enough; false when that takes too many.
    bool solve() {
        if (!(tol_.gap > 0 && s_.v[count_ - 1] > 0)) return false;
        bool done = look();
        for (int epoch = 0, since = 0; !done && epoch < tol_.epochs; ++epoch, ++since) {
            const Pack<double> last = moved_;
            moved_ = objective_ = Pack<double>{};
            sweep(since % 4 == 0 ? open_ : active_);
            if (!promising(since == 0 ? Pack<double>{} : last)) continue;
            done = look();
            since = -1;
        }
        return done;
    }

    double value(int k, int j) const { return place_[j] < 0 ? 0.0 : b_[place_[j]].v[k]; }
    double gradient(int k, int j) const { return grad_[j].v[k]; }

private:
    static constexpr int block = 48;  // rows whose gradients are kept up to date within a sweep

    double linear(int k, int j) const { return c_[std::min(k, count_ - 1) * stride_ + j]; }
    int place(int j) {
        if (place_[j] < 0) {
            place_[j] = static_cast<int>(active_.size());
            active_.push_back(j);
            b_.push_back({});
            origin_.push_back({});
            way_.push_back({});
        }
        return place_[j];
    }

    // Updates the rows in turn, a block at a time: its gradients first, from the way gone since the last look.
    void sweep(const std::vector<int>& rows) {
        Pack<float> pull[block];
        Pack<double> grad[block];
        for (std::size_t first = 0; first < rows.size(); first += block) {
            const int count = static_cast<int>(std::min<std::size_t>(block, rows.size() - first));
            const int* row = rows.data() + first;
            for (int i = 0; i < count; i += panel_rows) {
                const float* columns[panel_rows];
                for (int r = 0; r < panel_rows; ++r) columns[r] = rounded_ + std::size_t(row[std::min(i + r, count - 1)]) * q_.m;
                floats_(columns, active_.data(), static_cast<int>(active_.size()), way_.data(), pull + i);
            }
            arrive(grad_.data(), row, count, pull, grad);
            for (int i = 0; i < count; ++i)
                if (update(row[i], grad[i])) spread(rounded_ + std::size_t(row[i]) * q_.m, row + i + 1, count - i - 1, step_, grad + i + 1);
        }
    }

    // A new value of coordinate j for every strength; step_ is how far it went.
    bool update(int j, const Pack<double>& grad) {
        const Pack<double> b = place_[j] < 0 ? Pack<double>{} : b_[place_[j]];
        Pack<double> linear_terms, to;
        for (int k = 0; k < abreast; ++k) linear_terms.v[k] = linear(k, j);
        const double ends[4] = {q_.l1[j], q_.l2[j], q_.lower[j], q_.upper[j]};
        if (!descend(s_, q_.column(j)[j], ends, linear_terms, grad, b, to, step_, moved_, objective_)) return false;
        const int at = place(j);
        b_[at] = to;
        for (int k = 0; k < abreast; ++k) way_[at].v[k] = static_cast<float>(to.v[k] - origin_[at].v[k]);
        return true;
    }

    // Whether a look is worth it: moves shrink from sweep to sweep, and so does what is left.
    bool promising(const Pack<double>& last) const {
        bool yes = true;
        for (int k = 0; k < count_; ++k) {
            const double rate = last.v[k] > 0 ? std::min(moved_.v[k] / last.v[k], 1.0) : 1.0;
            yes &= moved_.v[k] * rate <= tol_.gap * std::max(objective_.v[k] + 0.5 * tol_.yy, 0.0);
        }
        return yes;
    }

    // The gradient where things stand, in float64; true when that closes every strength's gap.
    bool look() {
        const int count = static_cast<int>(active_.size());
        Pack<double> pull[panel_rows];
        for (int j = 0; j < q_.m; j += panel_rows) {
            const double* columns[panel_rows];
            for (int r = 0; r < panel_rows; ++r) columns[r] = q_.column(std::min(j + r, q_.m - 1));
            doubles_(columns, active_.data(), count, b_.data(), pull);
            for (int r = 0; r < panel_rows && j + r < q_.m; ++r)
                for (int k = 0; k < abreast; ++k) grad_[j + r].v[k] = linear(k, j + r) - pull[r].v[k];
        }
        origin_ = b_;
        std::fill(way_.begin(), way_.end(), Pack<float>{});
        bool yes = true;
        for (int k = 0; k < count_; ++k) yes &= closed(k);
        return yes;
    }

    // The Fenchel-Young gap of ridge coordinates against the objective.
    bool closed(int k) const {
        const double s = s_.v[k];
        double gap = 0, residual = tol_.yy, penalty = 0;
        for (int j : open_) {
            const double b = value(k, j), g = gradient(k, j), excess = q_.violation(j, b, g, s);
            gap += excess * excess / (2 * (s * q_.l2[j]));
            residual -= b * (linear(k, j) + g);
            penalty += q_.penalty(j, b);
        }
        return gap <= tol_.gap * (0.5 * std::max(residual, 0.0) + s * penalty);
    }

    const Quadratic& q_;
    const float* rounded_;
    const double* c_;
    const std::size_t stride_;
    const Tolerances tol_;
    const int count_;
    Pack<double> s_, step_{}, moved_{}, objective_{};
    std::vector<int> open_, active_, place_;  // columns not excluded; those in use; where in `active_` a column is
    std::vector<Pack<double>> b_, origin_;    // of the columns in use: coefficients, now and at the last look
    std::vector<Pack<float>> way_;            // b - origin
    std::vector<Pack<double>> grad_;          // of all columns, at the last look
    decltype(choose_panel<float>()) floats_ = choose_panel<float>();
    decltype(choose_panel<double>()) doubles_ = choose_panel<double>();
};

}  // namespace rf
