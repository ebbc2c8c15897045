// The one problem the core solves:   minimise over b   1/2 b'Gb - c'b + s * sum_j pen_j(b_j),
//     pen_j(b) = l1_j |b| + l2_j b^2 / 2  on  lower_j <= b <= upper_j   (lower <= 0 <= upper, l1 = inf keeps b = 0).
//
// Solved exactly by an active set whose Cholesky factor is maintained: with known support and signs the solution
// is linear, so a step towards it either ends there or at the first variable that reaches zero or a bound.
// Coordinate descent takes over where it is cheaper (a ridge part changes the factor at every strength) and
// where the exact road does not end (rounding on nearly singular G).
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cholesky.hpp"
#include "simd.hpp"

namespace rf {

enum Side : signed char { Zero = 0, Positive = 1, Negative = -1, Unsigned = 2, AtLower = 3, AtUpper = 4 };

// G, the penalty terms and bounds of one lane on its working set of m columns.
struct Quadratic {
    int m = 0, ld = 0;
    const double* gram = nullptr;  // column j at gram + j*ld; symmetric
    std::vector<double> l1, l2, lower, upper;
    bool ridge = false, all_ridge = true;  // any / every penalised column has l2 > 0
    bool round = false;                    // and there is no other column
    bool bounded = false, free = false;    // any column has a bound / no l1 part

    // Or rows Z of which G is Z'Z (height x m, row by row): a column is made in `room` when it is first asked for, which on
    // the first strengths of a path few are.
    const double* rows = nullptr;
    int height = 0;
    double* room = nullptr;
    mutable std::vector<char> made;

    const double* column(int j) const {
        if (rows && !made[j]) make(j);
        return gram + static_cast<std::size_t>(j) * ld;
    }
    void make(int j) const {
        double* out = room + static_cast<std::size_t>(j) * ld;
        std::fill(out, out + m, 0.0);
        const double *z = rows, *end = rows + static_cast<std::size_t>(height) * m;
        for (; end - z >= 4 * static_cast<std::ptrdiff_t>(m); z += 4 * m) {
            const double a[4] = {z[j], z[m + j], z[2 * m + j], z[3 * m + j]};
            axpy4(a, z, z + m, z + 2 * m, z + 3 * m, out, m);
        }
        for (; z < end; z += m) axpy(z[j], z, out, m);
        made[j] = 1;
    }
    void classify() {
        ridge = bounded = free = false;
        all_ridge = round = true;
        for (int j = 0; j < m; ++j) {
            if (std::isinf(l1[j])) continue;
            bounded |= std::isfinite(lower[j]) || std::isfinite(upper[j]);
            free |= l1[j] == 0;
            ridge |= l2[j] > 0;
            all_ridge &= l2[j] > 0 || l1[j] == 0;
            round &= l2[j] > 0;
        }
        round &= ridge;
    }
    // Distance of the gradient g from the subdifferential of coordinate j at b.
    double violation(int j, double b, double g, double s) const {
        const double t = s * l1[j], pull = g - s * l2[j] * b;
        if (b == 0) {
            const double up = upper[j] > 0 ? pull - t : 0, down = lower[j] < 0 ? -pull - t : 0;
            return std::max({up, down, 0.0});
        }
        const double rest = pull - (b > 0 ? t : -t);
        if (b >= upper[j]) return std::max(-rest, 0.0);
        if (b <= lower[j]) return std::max(rest, 0.0);
        return std::fabs(rest);
    }
    // Largest violation of the optimality conditions, divided by s.
    double kkt(const double* b, const double* grad, double s) const {
        double worst = 0;
        for (int j = 0; j < m; ++j) {
            if (b[j] == 0 && std::fabs(grad[j]) <= s * l1[j]) continue;  // most columns, and all that are excluded
            worst = std::max(worst, violation(j, b[j], grad[j], s));
        }
        return worst / s;
    }
    signed char side(int j, double b) const {
        if (l1[j] == 0 && b > lower[j] && b < upper[j]) return Unsigned;
        if (b == 0) return Zero;
        if (b >= upper[j]) return AtUpper;
        if (b <= lower[j]) return AtLower;
        return b > 0 ? Positive : Negative;
    }
    double penalty(int j, double b) const { return b == 0 ? 0 : l1[j] * std::fabs(b) + 0.5 * l2[j] * b * b; }
};

// Where a lane stands: coefficients, which of them are free, and the factor of their block of G + s*l2.
struct State {
    std::vector<double> b;
    std::vector<signed char> side;
    std::vector<int> free;  // in the order of the factor
    Cholesky factor;
    double factor_strength = -1;  // < 0: must be rebuilt
    double strength = 0;          // that b solves

    void resize(int m) {
        b.resize(m, 0.0);
        side.resize(m, Zero);
    }
    // The same without its factor, which is most of it.
    State mark() const {
        State out;
        out.b = b, out.side = side, out.free = free;
        out.factor_strength = factor_strength, out.strength = strength;
        return out;
    }
    // Adds column j to the factor of G + s*l2; false when it depends on those that are in.  The two vectors are scratch.
    bool push(const Quadratic& q, int j, double s, double pivot, std::vector<double>& row, std::vector<double>& solved) {
        const double* col = q.column(j);
        row.resize(free.size());
        for (std::size_t i = 0; i < row.size(); ++i) row[i] = col[free[i]];
        const double diagonal = col[j] + s * q.l2[j];
        if (!factor.append(row.data(), diagonal, pivot * diagonal, solved)) return false;
        free.push_back(j);
        return true;
    }
    void drop(int position) {
        factor.remove(position);
        free.erase(free.begin() + position);
    }
    // Goes to a marked state of the same lane: the few columns by which they differ leave or join the factor.
    void go_to(const Quadratic& q, const State& to, double pivot) {
        const bool usable = factor_strength >= 0 && to.factor_strength >= 0 && (!q.ridge || factor_strength == to.factor_strength);
        b = to.b, side = to.side, strength = to.strength;
        if (!usable) {
            free.clear();
            factor_strength = -1;
            return;
        }
        std::vector<char> wanted(q.m, 0);
        for (int j : to.free) wanted[j] = 1;
        for (int i = static_cast<int>(free.size()) - 1; i >= 0; --i) {
            if (!wanted[free[i]]) drop(i);
            else wanted[free[i]] = 0;
        }
        std::vector<double> row, solved;
        for (int j : to.free)
            if (wanted[j] && !push(q, j, strength, pivot, row, solved)) factor_strength = -1;
    }
    // At a solution that was found without the factor.
    void stand(const Quadratic& q, const double* solution, double s) {
        resize(q.m);
        if (solution != b.data()) std::copy(solution, solution + q.m, b.begin());
        for (int j = 0; j < q.m; ++j) side[j] = q.side(j, b[j]);
        free.clear();
        factor_strength = -1;
        strength = s;
    }
    // A factor that changes at every strength is cheap for few free columns only.
    bool many() const { return free.size() > few || std::size_t(std::count(b.begin(), b.end(), 0.0)) + few < b.size(); }
    static constexpr std::size_t few = 150;
};

struct Tolerances {
    double enter = 1e-9;   // a violation below enter*s*l1 is rounding
    double pivot = 1e-11;  // relative pivot below which a column depends on the free ones
    double gap = 0;        // coordinate descent stops at this duality gap, relative to yy-based objective
    double yy = 0;         // weighted sum of squares behind c: with it the objective is known
    int epochs = 60;       // of coordinate descent before the exact road is taken
};

class Solver {
public:
    Solver(const Quadratic& q, State& state, const double* c, double s, const Tolerances& tol)
        : q_(q), st_(state), c_(c), s_(s), tol_(tol) {
        double largest = 0;
        for (int j = 0; j < q.m; ++j) largest = std::max(largest, std::fabs(c[j]));
        noise_ = 1e-14 * largest;
        st_.resize(q.m);
    }

    // Returns true when the optimality conditions hold on the working set; the gradient c - Gb is left in `grad`.
    bool solve(std::vector<double>& grad) {
        grad.resize(q_.m);
        if (q_.ridge && q_.all_ridge && st_.many() && descend(grad, tol_.epochs, tol_.gap)) return true;
        if (exact(grad)) return true;
        return descend(grad, 20000, 0.0);
    }

private:
    double threshold(int j) const { return s_ * q_.l1[j]; }
    double slack(int j) const { return tol_.enter * s_ * q_.l1[j] + noise_; }

    double violation(int j, double g) const { return q_.violation(j, st_.b[j], g, s_); }

    void gradient(std::vector<double>& grad) const {
        std::copy(c_, c_ + q_.m, grad.begin());
        nonzero_.clear();
        for (int j = 0; j < q_.m; ++j)
            if (st_.b[j] != 0) nonzero_.push_back(j);
        std::size_t k = 0;
        for (; k + 4 <= nonzero_.size(); k += 4) {
            const int* i = nonzero_.data() + k;
            const double a[4] = {-st_.b[i[0]], -st_.b[i[1]], -st_.b[i[2]], -st_.b[i[3]]};
            axpy4(a, q_.column(i[0]), q_.column(i[1]), q_.column(i[2]), q_.column(i[3]), grad.data(), q_.m);
        }
        for (; k < nonzero_.size(); ++k) axpy(-st_.b[nonzero_[k]], q_.column(nonzero_[k]), grad.data(), q_.m);
    }

    // ---- the exact road -------------------------------------------------------------------------------

    bool exact(std::vector<double>& grad) {
        if (st_.factor_strength < 0 || (q_.ridge && st_.factor_strength != s_)) refactor();
        blocked_.assign(q_.m, 0);
        for (int j = 0; q_.free && j < q_.m; ++j)
            if (q_.l1[j] == 0 && st_.side[j] == Zero && q_.lower[j] < q_.upper[j]) enter(j, Unsigned);
        const int limit = 20 * q_.m + 200;
        int batch = std::max<int>(8, st_.free.size() / 8);
        for (int step = 0; step < limit; ++step) {
            const double length = towards_target();
            if (length < 1.0) {
                if (length == 0.0) batch = 1;  // several entered at once got in each other's way
                continue;
            }
            gradient(grad);
            refine(grad);
            if (!admit(grad, batch)) return true;
        }
        return false;
    }

    void refactor() {
        st_.factor.clear();
        st_.free.clear();
        for (int j = 0; j < q_.m; ++j) {
            const signed char side = st_.side[j];
            if (side == Zero || side == AtLower || side == AtUpper) continue;
            if (!push(j)) {  // became dependent: it waits at zero until admitted again
                st_.b[j] = 0;
                st_.side[j] = Zero;
            }
        }
        st_.factor_strength = s_;
    }

    bool push(int j) { return st_.push(q_, j, s_, tol_.pivot, row_, solved_); }
    void drop(int position) { st_.drop(position); }

    // Moves the free coefficients towards the solution for their signs, as far as signs and bounds allow.
    double towards_target() {
        const int a = static_cast<int>(st_.free.size());
        target_.resize(a);
        for (int i = 0; i < a; ++i) {
            const int j = st_.free[i];
            const double sign = st_.side[j] == Unsigned ? 0.0 : st_.side[j];
            target_[i] = c_[j] - sign * threshold(j);
        }
        for (int j = 0; q_.bounded && j < q_.m; ++j)
            if (st_.side[j] == AtLower || st_.side[j] == AtUpper)
                for (int i = 0; i < a; ++i) target_[i] -= st_.b[j] * q_.column(j)[st_.free[i]];
        st_.factor.solve(target_.data());

        double length = 1.0;
        int first = -1;
        signed char becomes = Zero;
        for (int i = 0; i < a; ++i) {
            const int j = st_.free[i];
            const double b = st_.b[j], t = target_[i];
            const auto stop = [&](double value, signed char side) {
                const double step = b == t ? 0.0 : (value - b) / (t - b);
                if (first < 0 || step < length) length = std::max(step, 0.0), first = i, becomes = side;
            };
            if (st_.side[j] != Unsigned && st_.side[j] * t < 0) stop(0.0, Zero);
            else if (t > q_.upper[j]) stop(q_.upper[j], q_.upper[j] == 0 ? Zero : AtUpper);
            else if (t < q_.lower[j]) stop(q_.lower[j], q_.lower[j] == 0 ? Zero : AtLower);
        }
        if (first < 0) {
            for (int i = 0; i < a; ++i) st_.b[st_.free[i]] = target_[i];
            return 1.0;
        }
        for (int i = 0; i < a; ++i) {
            double& b = st_.b[st_.free[i]];
            b += length * (target_[i] - b);
        }
        settle(first, becomes);
        return std::min(length, std::nextafter(1.0, 0.0));
    }

    void settle(int position, signed char side) {
        const int j = st_.free[position];
        st_.side[j] = side;
        st_.b[j] = side == AtUpper ? q_.upper[j] : side == AtLower ? q_.lower[j] : 0.0;
        drop(position);
        std::fill(blocked_.begin(), blocked_.end(), 0);  // what depended on the one that left may stand by itself now
    }

    // One step of iterative refinement where the factor has lost digits.
    void refine(std::vector<double>& grad) {
        const int a = static_cast<int>(st_.free.size());
        target_.resize(a);
        double worst = 0, scale = noise_;
        for (int i = 0; i < a; ++i) {
            const int j = st_.free[i];
            const double sign = st_.side[j] == Unsigned ? 0.0 : st_.side[j];
            target_[i] = grad[j] - s_ * q_.l2[j] * st_.b[j] - sign * threshold(j);
            worst = std::max(worst, std::fabs(target_[i]));
            scale = std::max(scale, 1e-10 * threshold(j));
        }
        if (worst <= scale) return;
        st_.factor.solve(target_.data());
        for (int i = 0; i < a; ++i) {
            const int j = st_.free[i];
            const double moved = st_.b[j] + target_[i];
            if (st_.side[j] != Unsigned && moved * st_.side[j] <= 0) continue;  // a sign change is for the next step
            st_.b[j] = std::clamp(moved, q_.lower[j], q_.upper[j]);
        }
        gradient(grad);
    }

    // Frees the worst violators; false when there are none.
    bool admit(const std::vector<double>& grad, int batch) {
        candidates_.clear();
        const double margin = 1.0 + tol_.enter;
        for (int j = 0; j < q_.m; ++j) {
            const signed char side = st_.side[j];
            if (side == Zero && std::fabs(grad[j]) <= margin * threshold(j) + noise_) continue;  // most columns
            if (blocked_[j] || std::isinf(q_.l1[j]) || side == Positive || side == Negative || side == Unsigned) continue;
            const double excess = violation(j, grad[j]);
            if (excess > slack(j)) candidates_.push_back({excess / (q_.l1[j] > 0 ? q_.l1[j] : 1.0), j});
        }
        if (candidates_.empty()) return false;
        const std::size_t take = std::min<std::size_t>(candidates_.size(), batch);
        std::partial_sort(candidates_.begin(), candidates_.begin() + take, candidates_.end(),
                          [](const auto& x, const auto& y) { return x.first > y.first; });
        bool any = false;
        for (std::size_t k = 0; k < take; ++k) {
            const int j = candidates_[k].second;
            const double pull = grad[j] - s_ * q_.l2[j] * st_.b[j];
            signed char side = Unsigned;
            if (q_.l1[j] > 0) side = st_.b[j] > 0 ? Positive : st_.b[j] < 0 ? Negative : pull > 0 ? Positive : Negative;
            any |= enter(j, side);
        }
        return any || take < candidates_.size();
    }

    // False when nothing came of it.
    bool enter(int j, signed char side) {
        // A variable that leaves a bound goes back from there; one at zero goes where it is pulled.
        const double direction = st_.side[j] == AtUpper ? -1.0 : st_.side[j] == AtLower ? 1.0 : side == Unsigned ? 0.0 : side;
        while (!push(j)) {
            const Slide end = slide(j, direction);
            if (end == Slide::Arrived) return true;
            if (end == Slide::Stuck) {
                blocked_[j] = 1;
                return false;
            }
        }
        st_.side[j] = side;
        return true;
    }

    enum class Slide { MadeRoom, Arrived, Stuck };

    // Column j depends on the free ones: along the direction that leaves the fit unchanged the penalty falls, so go until a free
    // variable reaches zero or a bound, and let it make room, or until j does itself.
    Slide slide(int j, double direction) {
        st_.factor.backward(solved_.data());  // now G_FF^-1 G_Fj
        if (direction == 0) {  // nothing pulls an unpenalised column itself: go where the others' penalty falls
            double fall = 0;
            for (std::size_t i = 0; i < st_.free.size(); ++i)
                if (st_.side[st_.free[i]] != Unsigned) fall += st_.side[st_.free[i]] * q_.l1[st_.free[i]] * solved_[i];
            if (std::fabs(fall) < 1e-9) return Slide::Stuck;
            direction = fall > 0 ? 1.0 : -1.0;
        }
        double length = std::numeric_limits<double>::infinity();
        int first = -1;
        signed char becomes = Zero;
        const auto reach = [&](int k, double move, double sign, int position) {  // sign: which it may not change
            const double b = st_.b[k], value = sign * move < 0 ? 0.0 : move > 0 ? q_.upper[k] : q_.lower[k];
            if (std::isinf(value)) return;
            const double step = std::max((value - b) / move, 0.0);
            if (step < length) length = step, first = position, becomes = value == 0 ? Zero : move > 0 ? AtUpper : AtLower;
        };
        const int own = static_cast<int>(st_.free.size());
        for (int i = 0; i < own; ++i)
            if (std::fabs(solved_[i]) >= 1e-9) reach(st_.free[i], -direction * solved_[i], st_.side[st_.free[i]] == Unsigned ? 0 : st_.side[st_.free[i]], i);
        reach(j, direction, q_.l1[j] > 0 ? st_.b[j] : 0, own);
        if (first < 0) return Slide::Stuck;
        for (int i = 0; i < own; ++i) st_.b[st_.free[i]] -= length * direction * solved_[i];
        if (first == own) {
            st_.side[j] = becomes;
            st_.b[j] = becomes == AtUpper ? q_.upper[j] : becomes == AtLower ? q_.lower[j] : 0.0;
            return Slide::Arrived;
        }
        st_.b[j] = std::clamp(st_.b[j] + length * direction, q_.lower[j], q_.upper[j]);
        settle(first, becomes);
        return Slide::MadeRoom;
    }

    // ---- coordinate descent ---------------------------------------------------------------------------

    bool descend(std::vector<double>& grad, int epochs, double gap) {
        gradient(grad);
        st_.factor_strength = -1;
        for (int epoch = 0; epoch < epochs; ++epoch) {
            if (epoch % 64 == 63) gradient(grad);  // wash out the rounding of many updates
            const bool all = epoch % 4 == 0;
            for (int j = 0; j < q_.m; ++j)
                if (all || st_.b[j] != 0 || q_.l1[j] == 0) update(j, grad);
            if (all ? finished(grad, gap) : false) break;
        }
        st_.stand(q_, st_.b.data(), s_);
        return finished(grad, gap);
    }

    void update(int j, std::vector<double>& grad) {
        const double t = threshold(j), b = st_.b[j];
        if (std::isinf(t) || (b == 0 && std::fabs(grad[j]) <= t)) return;
        const double* col = q_.column(j);
        const double curvature = col[j] + s_ * q_.l2[j];
        if (!(curvature > 0)) return;
        const double z = grad[j] + col[j] * b;
        double moved = z > t ? (z - t) / curvature : z < -t ? (z + t) / curvature : 0.0;
        moved = std::clamp(moved, q_.lower[j], q_.upper[j]);
        if (moved == b) return;
        st_.b[j] = moved;
        axpy(b - moved, col, grad.data(), q_.m);
    }

    // With a gap allowed: the Fenchel-Young gap of ridge coordinates.  Without: violations no larger than rounding.
    bool finished(const std::vector<double>& grad, double gap) const {
        double total = 0;
        for (int j = 0; j < q_.m; ++j) {
            if (std::isinf(q_.l1[j])) continue;
            const double excess = violation(j, grad[j]);
            if (gap <= 0 || q_.l2[j] == 0) {
                if (excess > std::max(10 * slack(j), 1e-9 * s_ * q_.l1[j])) return false;
            } else {
                total += excess * excess / (2 * (s_ * q_.l2[j]));
            }
        }
        return gap <= 0 || total <= gap * objective(grad);
    }

    // 1/2 |y - Xb|^2 + s pen(b), from the numbers at hand.
    double objective(const std::vector<double>& grad) const {
        double residual = tol_.yy, penalty = 0;
        for (int j = 0; j < q_.m; ++j)
            if (st_.b[j] != 0) {
                residual -= st_.b[j] * (c_[j] + grad[j]);
                penalty += q_.penalty(j, st_.b[j]);
            }
        return 0.5 * std::max(residual, 0.0) + s_ * penalty;
    }

    const Quadratic& q_;
    State& st_;
    const double* c_;
    const double s_;
    const Tolerances tol_;
    double noise_ = 0;
    std::vector<double> target_, row_, solved_;
    std::vector<char> blocked_;
    std::vector<std::pair<double, int>> candidates_;
    mutable std::vector<int> nonzero_;
};

}  // namespace rf
