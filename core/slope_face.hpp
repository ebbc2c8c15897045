// SLOPE on a small dense block:   minimise over x   1/2 x'Hx - c'x + sum_i w_i |x|_(i),   w decreasing.
//
// While signs, order and ties of x stand still the objective is a quadratic in the few distinct sizes.  Proximal steps
// (Beck and Teboulle, 2009) say who leaves zero or a tie; the quadratic's own minimum, drawn back to sizes in the same
// order (which ties some of them), is a step that large condition numbers do not slow down.  Every such step lowers the objective.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "cholesky.hpp"
#include "simd.hpp"
#include "sorted.hpp"

namespace rf {

class SlopeBlock {
public:
    std::vector<double> H, x, g, w;  // H (a x a) without gaps; g = c - Hx; w: the first a weights times the strength

    // Moves x until nothing is violated by more than the target, or for 500 steps: whoever calls looks again.
    void rest(double target) {
        const int a = static_cast<int>(x.size());
        ahead_ = x, far_ = g, fresh_.resize(a), new_.resize(a), out_.resize(a);
        order_.resize(a);
        for (int i = 0; i < a; ++i) order_[i] = i;
        double steepest = 0;
        for (int i = 0; i < a; ++i) steepest = std::max(steepest, H[std::size_t(i) * a + i]);
        steep_ = steepest > 0 ? std::max(steepest, 0.7 * steep_) : 1.0;
        double t = 1;
        int quiet = 0, wait = std::max(patience, nonzeros() / 12);
        bool near = true;
        for (int k = 0; k < steps; ++k) {
            if (near && norm_.violation(x.data(), g.data(), w.data(), 1.0, a, out_.data()) <= target) return;
            const double moved = proximal();
            near = steep_ * moved <= 4 * target;
            quiet = same_signs() ? quiet + 1 : 0;
            if (quiet >= wait) {
                x = new_, g = fresh_;
                if (!face()) wait *= 2;
                quiet = 0, near = true, t = 1, ahead_ = x, far_ = g;
                continue;
            }
            onwards(t);
        }
    }

    // A Newton step over the distinct sizes; whether it was taken whole, so that another has no use.
    bool face() {
        if (!distinct()) return true;
        const int k = static_cast<int>(count_.size());
        gather();
        wanted_ = slope_;
        solve();
        for (int q = 0; q < k; ++q) wanted_[q] += level_[q];
        reached_ = wanted_;
        bool whole = !pool_(reached_.data(), count_.data(), k);
        for (double& size : reached_)
            if (size < 0) size = 0, whole = false;
        double descent = 0, bend = 0;
        row_.assign(k, 0.0);
        for (int q = 0; q < k; ++q) reached_[q] -= level_[q], descent += slope_[q] * reached_[q];
        if (!(descent > 0)) return true;
        for (int q = 0; q < k; ++q) axpy(reached_[q], small_.data() + std::size_t(q) * k, row_.data(), k);
        for (int q = 0; q < k; ++q) bend += reached_[q] * row_[q];
        const double share = bend > 0 ? std::min(1.0, descent / bend) : 1.0;
        move(share);
        return share == 1 && whole;
    }

private:
    static constexpr int steps = 500, patience = 4;

    int nonzeros() const { return static_cast<int>(x.size() - std::count(x.begin(), x.end(), 0.0)); }

    bool same_signs() const {
        for (std::size_t i = 0; i < x.size(); ++i)
            if ((new_[i] > 0) != (x[i] > 0) || (new_[i] < 0) != (x[i] < 0)) return false;
        return true;
    }

    // out += alpha H v
    void product(double alpha, const double* v, double* out) const {
        const std::size_t a = x.size();
        const double* column[4];
        double by[4];
        int held = 0;
        for (std::size_t i = 0; i < a; ++i) {
            if (v[i] == 0) continue;
            column[held] = H.data() + i * a, by[held++] = alpha * v[i];
            if (held == 4) axpy4(by, column[0], column[1], column[2], column[3], out, a), held = 0;
        }
        for (int k = 0; k < held; ++k) axpy(by[k], column[k], out, a);
    }

    // A proximal step from `ahead` that was short enough: new_, fresh_ (its gradient); the largest change.
    double proximal() {
        const std::size_t a = x.size();
        move_.resize(a), size_.resize(a), key_.resize(a);
        for (;;) {
            for (std::size_t i = 0; i < a; ++i) new_[i] = ahead_[i] + far_[i] / steep_, key_[i] = std::fabs(new_[i]);
            sort_down(order_, key_.data());
            for (std::size_t k = 0; k < a; ++k) size_[k] = key_[order_[k]] - w[k] / steep_;
            pool_(size_.data(), nullptr, static_cast<int>(a));
            double length = 0, most = 0;
            for (std::size_t k = 0; k < a; ++k) {
                const int i = order_[k];
                new_[i] = size_[k] > 0 ? std::copysign(size_[k], new_[i]) : 0.0;
                move_[i] = new_[i] - ahead_[i];
                length += move_[i] * move_[i], most = std::max(most, std::fabs(move_[i]));
            }
            fresh_ = far_;
            product(-1.0, move_.data(), fresh_.data());
            double bent = 0;
            for (std::size_t i = 0; i < a; ++i) bent += move_[i] * (far_[i] - fresh_[i]);
            if (!(bent > steep_ * length * (1 + 1e-9))) return most;
            steep_ = std::max(1.5 * steep_, bent / length);
        }
    }

    // Momentum, dropped where it points back (O'Donoghue and Candes, 2015).
    void onwards(double& t) {
        const std::size_t a = x.size();
        const double next = 0.5 + std::sqrt(0.25 + t * t);
        double back = 0;
        for (std::size_t i = 0; i < a; ++i) back += (ahead_[i] - new_[i]) * (new_[i] - x[i]);
        const double share = back <= 0 ? (t - 1) / next : 0.0;
        t = share != 0 || t == 1 ? next : 1.0;
        for (std::size_t i = 0; i < a; ++i) {
            ahead_[i] = new_[i] + share * (new_[i] - x[i]);
            far_[i] = fresh_[i] + share * (fresh_[i] - g[i]);
        }
        x.swap(new_), g.swap(fresh_);
    }

    // The clusters: places of equal size side by side, largest first.
    bool distinct() {
        const int a = static_cast<int>(x.size());
        key_.resize(a), members_.clear(), first_.clear(), count_.clear(), level_.clear();
        for (int i = 0; i < a; ++i) {
            key_[i] = std::fabs(x[i]);
            if (x[i] != 0) members_.push_back(i);
        }
        sort_down(members_, key_.data());
        for (std::size_t k = 0; k < members_.size(); ++k) {
            const double size = key_[members_[k]];
            if (k == 0 || size != level_.back()) first_.push_back(static_cast<int>(k)), level_.push_back(size), count_.push_back(0);
            ++count_.back();
        }
        first_.push_back(static_cast<int>(members_.size()));
        return !members_.empty();
    }

    // The quadratic in the sizes: its matrix (k x k), lower triangle and its mirror, and minus its slope.
    void gather() {
        const std::size_t a = x.size(), k = count_.size();
        small_.resize(k * k), slope_.resize(k), row_.resize(a);
        for (std::size_t q = 0; q < k; ++q) {
            std::fill(row_.begin(), row_.end(), 0.0);
            slope_[q] = 0;
            for (int i = first_[q]; i < first_[q + 1]; ++i) {
                const int at = members_[i];
                const double sign = x[at] > 0 ? 1.0 : -1.0;
                axpy(sign, H.data() + at * a, row_.data(), a);
                slope_[q] += sign * g[at] - w[i];
            }
            for (std::size_t l = 0; l <= q; ++l) {
                double sum = 0;
                for (int i = first_[l]; i < first_[l + 1]; ++i) sum += x[members_[i]] > 0 ? row_[members_[i]] : -row_[members_[i]];
                small_[q * k + l] = small_[l * k + q] = sum;
            }
        }
    }

    // wanted_ := step; a hair damped where distinct sizes tell the same columns.
    void solve() {
        const std::size_t k = count_.size();
        double trace = 0;
        for (std::size_t q = 0; q < k; ++q) trace += small_[q * k + q];
        for (const double ridge : {0.0, 1e-11, 1e-6}) {
            factor_.clear();
            bool fine = true;
            for (std::size_t q = 0; q < k && fine; ++q) {
                const double lifted = small_[q * k + q] * (1 + ridge) + ridge * trace / k;
                fine = factor_.append(small_.data() + q * k, lifted, 1e-14 * lifted, solved_);
            }
            if (!fine) continue;
            factor_.solve(wanted_.data());
            return;
        }
        for (std::size_t q = 0; q < k; ++q) {
            double sum = 0;
            for (std::size_t l = 0; l < k; ++l) sum += std::fabs(small_[q * k + l]);
            wanted_[q] /= std::max(sum, 1e-300);
        }
    }

    // Sizes go a share of the way of reached_, and the gradient with them.
    void move(double share) {
        move_.assign(x.size(), 0.0);
        for (std::size_t q = 0; q < count_.size(); ++q) {
            const double size = std::max(level_[q] + share * reached_[q], 0.0);
            for (int i = first_[q]; i < first_[q + 1]; ++i) {
                const int at = members_[i];
                const double to = std::copysign(size, x[at]);
                move_[at] = to - x[at], x[at] = size > 0 ? to : 0.0;
            }
        }
        product(-1.0, move_.data(), g.data());
    }

    double steep_ = 0;                                                // one over the proximal step
    std::vector<double> ahead_, far_, new_, fresh_, move_, size_, key_, out_;
    std::vector<int> order_, members_, first_;                        // places by size; those of the clusters, and where each begins
    std::vector<double> count_, level_, slope_, small_, row_, wanted_, reached_, solved_;
    Pool pool_;
    SortedNorm norm_;
    Cholesky factor_;
};

}  // namespace rf
