// Small quadratics with a bent l1, which is not convex:   minimise over b   1/2 b'Gb - c'b + sum_j pen(b_j),
//     MCP    pen' = max(t - |b| / shape, 0)
//     SCAD   pen' = t for |b| <= t, else max(shape t - |b|, 0) / (shape - 1)        t = s l1_j,  lower_j <= b <= upper_j.
//
// Coordinate descent with the exact minimum of every coordinate, so the objective never rises, from where the last
// strength ended.  Once the pieces stand still the rest is linear: one factor of the free block finds its end.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "cholesky.hpp"
#include "conjugate.hpp"
#include "eliminated.hpp"
#include "simd.hpp"

namespace rf {

// One coordinate's penalty at one strength.
struct Bend {
    bool scad;
    double shape;

    double concavity() const { return scad ? 1 / (shape - 1) : 1 / shape; }
    double slope(double size, double t) const {
        if (!scad) return std::max(t - size / shape, 0.0);
        return size <= t ? t : std::max(shape * t - size, 0.0) / (shape - 1);
    }
    double value(double size, double t) const {
        if (!scad) {
            const double inside = std::min(size, shape * t);
            return inside * (t - inside / (2 * shape));
        }
        const double linear = std::min(size, t), bent = std::clamp(size - t, 0.0, (shape - 1) * t);
        return t * linear + bent * (t - bent / (2 * (shape - 1)));
    }
    // argmin over 0 <= w <= most of  h w^2 / 2 - z w + pen(w)  for z >= 0, h > 0.
    double best(double z, double h, double t, double most) const {
        const double soft = std::max(z - t, 0.0) / h, room = h - concavity();
        if (room > 1e-15 * h) {
            double w = z / h;
            if (!scad && z <= h * shape * t) w = std::min(std::max(z - t, 0.0) / room, shape * t);
            if (scad && z <= h * shape * t)
                w = z <= (h + 1) * t ? soft : std::min((z - shape * t / (shape - 1)) / room, shape * t);
            return std::min(w, most);
        }
        const double small = scad ? std::min({soft, t, most}) : 0.0, large = std::min(std::max(z / h, shape * t), most);
        const auto cost = [&](double w) { return w * (0.5 * h * w - z) + value(w, t); };
        return cost(large) < cost(small) ? large : small;
    }
    // 0: flat, 1: steepest, 2: bending.
    int piece(double size, double t) const { return size >= shape * t ? 0 : scad && size <= t ? 1 : 2; }
};

class FoldedLane {
public:
    FoldedLane(bool scad, double shape) : bend_{scad, shape} {}
    int size() const { return m_; }
    double tolerance = 1e-8;  // largest violation over the strength

    // Uses the caller's matrix without a copy; the caller keeps it alive.
    void bind(const double* gram, int m, int ld) {
        gram_ = gram;
        m_ = m, ld_ = ld;
        owned_.clear();
        solved_for_.forget();
    }

    // Adds k columns: block holds their Gram columns against old and new ones, (m + k) x k, column by column.
    void append(const double* block, int k) {
        const int old = m_, now = old + k;
        if (now > ld_) {
            const int room = std::max(now, ld_ + ld_ / 2 + 32);
            std::vector<double> fresh(static_cast<std::size_t>(room) * room);
            for (int j = 0; j < old; ++j) std::copy(column(j), column(j) + old, fresh.begin() + static_cast<std::size_t>(j) * room);
            owned_.swap(fresh);
            ld_ = room;
            gram_ = owned_.data();
        }
        for (int j = 0; j < k; ++j) {
            const double* from = block + static_cast<std::size_t>(j) * now;
            std::copy(from, from + now, owned_.begin() + static_cast<std::size_t>(old + j) * ld_);
            for (int i = 0; i < old; ++i) owned_[static_cast<std::size_t>(i) * ld_ + old + j] = from[i];
        }
        m_ = now;
    }

    void terms(const double* l1, const double* lower, const double* upper, int m) {
        if (m != m_) throw std::invalid_argument("penalty terms and Gram matrix differ in size");
        l1_.assign(l1, l1 + m);
        lower_.assign(lower, lower + m);
        upper_.assign(upper, upper + m);
        b_.resize(m, 0.0);
    }

    void warm(const double* b) { b_.assign(b, b + m_); }

    // Strengths one after another; slot k remembers where strength k ended (see keep).
    void solve(const double* strengths, int count, const double* c, double* b, double* grad, double* kkt, unsigned char* solved) {
        slots_.resize(count);
        start(c);
        for (int k = 0; k < count; ++k) {
            kkt[k] = one(strengths[k], c);
            solved[k] = kkt[k] <= tolerance;
            slots_[k] = b_;
            std::copy(b_.begin(), b_.end(), b + static_cast<std::size_t>(k) * m_);
            std::copy(g_.begin(), g_.end(), grad + static_cast<std::size_t>(k) * m_);
        }
    }

    void keep(int slot) {
        b_ = slots_.at(slot);
        b_.resize(m_, 0.0);
    }

private:
    static constexpr int sweeps = 20000, rounds = 200, patience = 3, few = 150, many = 64, products = 200;

    const double* column(int j) const { return gram_ + static_cast<std::size_t>(j) * ld_; }

    void start(const double* c) {  // g := c - G b
        g_.assign(c, c + m_);
        for (int j = 0; j < m_; ++j)
            if (b_[j] != 0) axpy(-b_[j], column(j), g_.data(), m_);
    }

    double violation(int j, double s) const {
        if (std::isinf(l1_[j])) return 0;
        const double b = b_[j], g = g_[j], t = s * l1_[j];
        if (b == 0) return std::max({upper_[j] > 0 ? g - t : 0, lower_[j] < 0 ? -g - t : 0, 0.0});
        const double slope = bend_.slope(std::fabs(b), t), rest = b > 0 ? g - slope : g + slope;
        if (b >= upper_[j]) return std::max(-rest, 0.0);
        if (b <= lower_[j]) return std::max(rest, 0.0);
        return std::fabs(rest);
    }

    double worst(double s) const {
        double most = 0;
        for (int j = 0; j < m_; ++j) most = std::max(most, violation(j, s));
        return most;
    }

    // The exact minimum along coordinate j, whose own curvature is h, with gradient g at b.
    double best(int j, double h, double g, double b, double s) const {
        if (std::isinf(l1_[j]) || !(h > 0)) return b;
        const double z = g + h * b, t = s * l1_[j];
        return z > 0 ? bend_.best(z, h, t, upper_[j]) : -bend_.best(-z, h, t, -lower_[j]);
    }

    // Rounds: columns that are pulled away from zero come in, then all that are in come to rest among themselves.
    double one(double s, const double* c) {
        const double target = tolerance * s;
        int left = sweeps;
        for (int round = 0; round < rounds && left > 0; ++round) {
            for (int j = 0; j < m_; ++j) {
                if (b_[j] != 0 || violation(j, s) <= 0.5 * target) continue;
                const double to = best(j, column(j)[j], g_[j], 0.0, s);
                if (to != 0) axpy(-to, column(j), g_.data(), m_);
                b_[j] = to;
            }
            if (!without_flat(s, target, left)) {
                pack();
                left = rest(s, target, left);
                for (std::size_t i = 0; i < in_.size(); ++i) b_[in_[i]] = x_[i];
            }
            start(c);
            if (worst(s) <= target) break;
        }
        return worst(s) / s;
    }

    // The same with the coefficients on the flat piece solved for: no penalty is more than its flat piece, so what lowers
    // the objective so lowers it, wherever they go.  False where there are too few of them for that, or one would cross a bound.
    bool without_flat(double s, double target, int& left) {
        flat_.assign(m_, 0);
        int count = 0;
        for (int j = 0; j < m_; ++j) {
            const double size = std::fabs(b_[j]), edge = bend_.shape * s * l1_[j];
            flat_[j] = b_[j] != 0 && b_[j] > lower_[j] && b_[j] < upper_[j] && size >= (solved_for_.has(j) ? edge : 1.1 * edge);
            count += flat_[j];
        }
        if (count < many) return false;
        const auto from = [this](int j) { return column(j); };
        solved_for_.take(flat_, from);
        in_.clear();
        for (int j = 0; j < m_; ++j)
            if (b_[j] != 0 && !solved_for_.has(j)) in_.push_back(j);
        const int a = static_cast<int>(in_.size());
        if (!solved_for_.left(in_, from, block_)) return false;
        x_.resize(a), gx_.resize(a);
        for (int i = 0; i < a; ++i) x_[i] = b_[in_[i]], gx_[i] = g_[in_[i]];
        solved_for_.reduce(g_.data(), a, gx_.data());
        left = rest(s, target, left);
        std::vector<double> steps(a);
        for (int i = 0; i < a; ++i) steps[i] = x_[i] - b_[in_[i]];
        const std::vector<double>& others = solved_for_.follow(steps.data(), a);
        const std::vector<int>& which = solved_for_.columns();
        for (std::size_t k = 0; k < which.size(); ++k) {
            const double to = b_[which[k]] + others[k];
            if (to < lower_[which[k]] || to > upper_[which[k]]) return false;
        }
        for (std::size_t k = 0; k < which.size(); ++k) b_[which[k]] += others[k];
        for (int i = 0; i < a; ++i) b_[in_[i]] = x_[i];
        return true;
    }

    // The block of the columns that are in, side by side in memory.
    void pack() {
        in_.clear();
        for (int j = 0; j < m_; ++j)
            if (b_[j] != 0) in_.push_back(j);
        const std::size_t a = in_.size();
        block_.resize(a * a);
        x_.resize(a);
        gx_.resize(a);
        for (std::size_t i = 0; i < a; ++i) {
            const double* from = column(in_[i]);
            for (std::size_t k = 0; k < a; ++k) block_[i * a + k] = from[in_[k]];
            x_[i] = b_[in_[i]];
            gx_[i] = g_[in_[i]];
        }
    }

    // Sweeps over the packed block until nothing in it is pulled; returns how many sweeps are left.
    int rest(double s, double target, int left) {
        const int a = static_cast<int>(in_.size());
        // A factor costs about a / 6 sweeps, products about twenty, and most strengths need fewer.
        int quiet = 0, wait = std::max(patience, std::min(a, few) / 12);
        for (; left > 0; --left) {
            bool changed = false;
            double most = 0;
            for (int i = 0; i < a; ++i) {
                const double* from = block_.data() + static_cast<std::size_t>(i) * a;
                const double old = x_[i], h = from[i], to = best(in_[i], h, gx_[i], old, s), t = s * l1_[in_[i]];
                if (to == old) continue;
                most = std::max(most, h * std::fabs(to - old));
                axpy(old - to, from, gx_.data(), a);
                x_[i] = to;
                changed |= (to > 0) != (old > 0) || (to < 0) != (old < 0) || bend_.piece(std::fabs(to), t) != bend_.piece(std::fabs(old), t);
            }
            if (most <= 0.1 * target) break;
            quiet = changed ? 0 : quiet + 1;
            if (quiet < wait) continue;
            quiet = 0;
            if (!jump(s, target)) wait *= 2;
        }
        return left;
    }

    // Solves for a step on the free block, whose diagonal is given: by a factor where it is small,
    bool factored(const double* diagonal, double* step, int a) {
        const int f = static_cast<int>(free_.size());
        factor_.clear();
        row_.resize(f);
        for (int i = 0; i < f; ++i) {
            const double* from = block_.data() + static_cast<std::size_t>(free_[i]) * a;
            for (int k = 0; k < i; ++k) row_[k] = from[free_[k]];
            if (!factor_.append(row_.data(), diagonal[i], 1e-10 * from[free_[i]], solved_)) return false;
        }
        factor_.solve(step);
        return true;
    }

    // by products where it is large.
    bool conjugate(const double* diagonal, double* step, int a, double target) {
        const int f = static_cast<int>(free_.size());
        std::vector<double> along(a, 0.0);
        const auto times = [&](const double* v, double* out) {
            for (int i = 0; i < f; ++i) along[free_[i]] = v[i];
            for (int i = 0; i < f; ++i) {
                const double* from = block_.data() + static_cast<std::size_t>(free_[i]) * a;
                out[i] = dot(from, along.data(), a) + (diagonal[i] - from[free_[i]]) * v[i];
            }
        };
        return conjugate_solve(times, diagonal, step, f, 0.1 * target, products);
    }

    // Towards the end of the present pieces where the objective is convex on them; all the way, or as far as all stay in
    // their own.
    bool jump(double s, double target) {
        const int a = static_cast<int>(in_.size());
        free_.clear();
        for (int i = 0; i < a; ++i)
            if (x_[i] != 0 && x_[i] > lower_[in_[i]] && x_[i] < upper_[in_[i]]) free_.push_back(i);
        const int f = static_cast<int>(free_.size());
        std::vector<double> step(f), diagonal(f);
        for (int i = 0; i < f; ++i) {
            const int at = free_[i], j = in_[at];
            const double t = s * l1_[j], size = std::fabs(x_[at]);
            diagonal[i] = block_[static_cast<std::size_t>(at) * a + at] - (bend_.piece(size, t) == 2 ? bend_.concavity() : 0);
            step[i] = gx_[at] - (x_[at] > 0 ? 1 : -1) * bend_.slope(size, t);
        }
        if (!(f <= few ? factored(diagonal.data(), step.data(), a) : conjugate(diagonal.data(), step.data(), a, target))) return false;
        if (leap(step.data(), s)) return true;
        double share = 1;
        for (int i = 0; i < f; ++i) share = std::min(share, reach(free_[i], step[i], s));
        if (!(share > 0)) return false;
        for (int i = 0; i < f; ++i) {
            const double moved = share * step[i];
            x_[free_[i]] += moved;
            axpy(-moved, block_.data() + static_cast<std::size_t>(free_[i]) * a, gx_.data(), a);
        }
        return true;
    }

    // The whole step into whatever pieces it leads, on the same side of zero and within bounds, if that lowers the objective.
    bool leap(const double* step, double s) {
        const std::size_t a = x_.size();
        before_ = x_;
        gradient_ = gx_;
        double change = 0;
        for (std::size_t i = 0; i < free_.size(); ++i) {
            const int at = free_[i], j = in_[at];
            const double old = x_[at], t = s * l1_[j];
            const double to = old > 0 ? std::clamp(old + step[i], 0.0, upper_[j]) : std::clamp(old + step[i], lower_[j], 0.0);
            axpy(old - to, block_.data() + at * a, gx_.data(), a);
            change += bend_.value(std::fabs(to), t) - bend_.value(std::fabs(old), t);
            x_[at] = to;
        }
        for (std::size_t i = 0; i < a; ++i) change -= 0.5 * (gradient_[i] + gx_[i]) * (x_[i] - before_[i]);
        if (change < 0) return true;
        x_ = before_;
        gx_ = gradient_;
        return false;
    }

    // The share of a step after which a coordinate would leave its piece, its side or its bounds.
    double reach(int i, double step, double s) const {
        const int j = in_[i];
        const double x = x_[i], t = s * l1_[j], size = std::fabs(x), growth = x > 0 ? step : -step;
        const double most = x > 0 ? upper_[j] : -lower_[j];
        const int piece = bend_.piece(size, t);
        double low = 0, high = most;
        if (piece == 0) low = bend_.shape * t;
        if (piece == 1) high = std::min(high, t);
        if (piece == 2) {
            low = bend_.scad ? t : 0;
            high = std::min(high, bend_.shape * t);
        }
        const double room = growth > 0 ? high - size : size - low;
        return std::fabs(growth) > room ? std::max(room, 0.0) / std::fabs(growth) : 1.0;
    }

    Bend bend_;
    int m_ = 0, ld_ = 0;
    const double* gram_ = nullptr;
    std::vector<double> owned_, l1_, lower_, upper_, b_, g_;
    std::vector<std::vector<double>> slots_;
    std::vector<int> in_, free_;                         // packed columns, and those of them that can move either way
    std::vector<double> block_, x_, gx_, before_, gradient_, row_, solved_;  // their Gram block, coefficients and gradient; workspace
    Cholesky factor_;
    std::vector<char> flat_;
    Eliminated solved_for_;  // columns on the flat piece
};

}  // namespace rf
