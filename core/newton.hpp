// Newton's method for one lane: strengths one after another, each from the last one's solution.
//     minimise over b   sum_i weight_i loss(y_i, offset_i + (Zb)_i) + s * pen(b)
// Every look at the gradient is exact and covers all columns.  How the columns are stored and how the quadratic model is
// solved is for the two kinds of lanes: newton_dense.hpp keeps a Hessian, newton_sparse.hpp never forms one and lets lanes wait for each other.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "columns.hpp"
#include "simd.hpp"

namespace rf {

// A loss on the rows of a lane; the target is its own affair.
struct RowLoss {
    virtual ~RowLoss() = default;
    virtual void gradient(const double* eta, double* out) const = 0;
    virtual void curvature(const double* eta, double* out) const = 0;
    virtual void value(const double* eta, double* out) const = 0;
};

struct Rows {
    int n;
    const double *offset, *weight;  // weights sum to one; zero = held out
};

struct NewtonLimits {
    double tol;         // largest violation, over the unit of the strength, that counts as solved
    double loose;       // what the intercept and unpenalised columns may leave open of the objective
    // What they do leave open moves the scores of others: a unit of an open score moves them by 2 `sharp` / sqrt(mean curvature)
    // times the root of the largest curvature (if above 1) on the scale of the strength, and costs `norm` a unit of each coefficient; an open intercept costs `level` directly.
    double sharp;
    const double *spread, *norm, *level;  // (width); spread is from the common scale of a column to the lane's
    double loss_floor;  // the path ends at the first strength whose mean loss lies below
    int steps;          // looks at the gradient a strength may take
};

// Where the answers go: row k of B and G (width each), column k of E and R (n x count, row by row).
struct NewtonAnswers {
    double *B, *G, *error, *E, *R;
    std::size_t stride;
};

[[maybe_unused]] RF_CLONES static void weigh(const double* weight, double* r, int n) {
    for (int i = 0; i < n; ++i) r[i] *= -weight[i];
}

// The largest of the rows in use, at least `least`.
[[maybe_unused]] RF_CLONES static double largest(const double* weight, const double* h, int n, double least) {
    double top = least;
    for (int i = 0; i < n; ++i) top = weight[i] != 0 && h[i] > top ? h[i] : top;
    return top;
}

// Weighted curvatures: rows whose answer is certain weigh nothing, and a floor keeps the model bounded along them.
[[maybe_unused]] RF_CLONES static void bend(const double* weight, double* h, int n) {
    for (int i = 0; i < n; ++i) h[i] = weight[i] * (h[i] > 1e-9 ? h[i] : 1e-9);
}

// Distance of the gradient from the subdifferential of s * pen at coefficient b of column j; g is minus the loss's slope.
inline double violation(const Terms& pen, int j, double b, double g, double s) {
    const double t = s * pen.l1[j], pull = g - s * pen.l2[j] * b;
    if (b == 0) {
        const bool open = pull > 0 ? pen.upper[j] > 0 : pen.lower[j] < 0;
        return open && !(std::fabs(pull) <= t) ? std::fabs(pull) - t : 0;
    }
    const double rest = pull - (b > 0 ? t : -t);
    if (b >= pen.upper[j]) return rest < 0 ? -rest : 0;
    if (b <= pen.lower[j]) return rest > 0 ? rest : 0;
    return std::fabs(rest);
}

// Where a lane stands, and how good that is.
class NewtonPoint {
public:
    NewtonPoint(const Rows& rows, int width, const RowLoss& loss, const Terms& terms, const NewtonLimits& limits)
        : rows_(rows), width_(width), loss_(loss), pen_(terms), limits_(limits), b_(width), g_(width), eta_(rows.n), r_(rows.n), h_(rows.n), scratch_(rows.n) {}

protected:
    // The residuals at eta_.
    void residuals() {
        loss_.gradient(eta_.data(), r_.data());
        weigh(rows_.weight, r_.data(), rows_.n);
    }
    void curvatures() {
        loss_.curvature(eta_.data(), h_.data());
        bend(rows_.weight, h_.data(), rows_.n);
    }
    // Strength k of the answers; false where the path is to end there.
    bool answer(int k, double error, const NewtonAnswers& out) {
        out.error[k] = error;
        std::copy(b_.begin(), b_.end(), out.B + std::size_t(k) * width_);
        std::copy(g_.begin(), g_.end(), out.G + std::size_t(k) * width_);
        for (int i = 0; i < rows_.n; ++i) out.E[i * out.stride + k] = eta_[i], out.R[i * out.stride + k] = r_[i];
        return !(weighted_value(eta_) < limits_.loss_floor);
    }

    bool falls(const std::vector<double>& from, const std::vector<double>& eta, double s) {
        return objective(b_, eta_, s) <= objective(from, eta, s) * (1 + 1e-12) + 1e-300;
    }

    // Largest violation over the unit; NaN where there is one.
    double judge(double s, double unit) const {
        double worst = 0;
        for (int j = 0; j < width_; ++j) {
            const double excess = std::isinf(pen_.l1[j]) ? 0 : violation(pen_, j, b_[j], g_[j], s);
            if (!(excess <= worst)) worst = excess;
        }
        return worst / unit;
    }

    // Whether what the intercept and unpenalised columns leave open is small enough too.
    bool closed(double unit) {
        double open = 0, direct = 0, on_norm = 0, on_level = 0;
        for (int j = 0; j < width_; ++j) {
            on_norm += std::fabs(b_[j]) * limits_.norm[j], on_level += std::fabs(b_[j]) * limits_.level[j];
            if (pen_.l1[j] != 0 || pen_.l2[j] != 0 || !(limits_.spread[j] > 0) || !std::isinf(g_[j] > 0 ? pen_.upper[j] : pen_.lower[j])) continue;
            open = std::max(open, std::fabs(g_[j]) / limits_.spread[j]);
            direct += 2 * std::fabs(g_[j] * b_[j]);
        }
        if (open == 0) return true;
        loss_.curvature(eta_.data(), scratch_.data());
        const double steep = std::sqrt(largest(rows_.weight, scratch_.data(), rows_.n, 1.0));
        const double ends = 2 * steep * open / std::sqrt(std::max(dot(rows_.weight, scratch_.data(), rows_.n), 1e-15));
        return ends * limits_.sharp <= limits_.tol * unit && ends * on_norm + direct + open * on_level <= limits_.loose;
    }

    const Rows rows_;
    const int width_;
    const RowLoss& loss_;
    const Terms pen_;
    const NewtonLimits limits_;
    std::vector<double> b_, g_, eta_, r_, h_, scratch_;

private:
    double weighted_value(const std::vector<double>& eta) {
        loss_.value(eta.data(), scratch_.data());
        double sum = 0;
        for (int i = 0; i < rows_.n; ++i)
            if (rows_.weight[i] != 0) sum += rows_.weight[i] * scratch_[i];
        return sum;
    }
    double objective(const std::vector<double>& b, const std::vector<double>& eta, double s) {
        double penalty = 0;
        for (int j = 0; j < width_; ++j)
            if (b[j] != 0) penalty += pen_.l1[j] * std::fabs(b[j]) + 0.5 * pen_.l2[j] * b[j] * b[j];
        return weighted_value(eta) + s * penalty;
    }
};

class NewtonLane : public NewtonPoint {
public:
    using NewtonPoint::NewtonPoint;
    virtual ~NewtonLane() = default;

    // Returns how many strengths were done.
    int solve(const double* start, const double* strengths, const double* units, int count, const NewtonAnswers& out) {
        std::copy_n(start, width_, b_.data());
        look();
        for (int k = 0; k < count; ++k)
            if (!answer(k, strength(strengths[k], units[k]), out)) return k + 1;
        return count;
    }

protected:
    virtual void predict() = 0;                      // eta_ from b_ and the offset
    virtual void against() = 0;                      // g_ from r_
    virtual bool model(double s, bool slow) = 0;     // a model fit for s; a new one where the old one is slow
    virtual void step(double s, double error) = 0;   // b_ to where the model is best, as far as `error` makes it worth while
    virtual void restart() {}                        // b_ was moved by hand

    // Columns that s may move: those that have moved, and those at the boundary.
    void wanted(double s, std::vector<int>& out) const {
        out.clear();
        for (int j = 0; j < width_; ++j)
            if (!std::isinf(pen_.l1[j]) && pen_.lower[j] < pen_.upper[j] && (b_[j] != 0 || std::fabs(g_[j]) >= 0.95 * s * pen_.l1[j])) out.push_back(j);
    }

private:
    void look() {
        predict();
        residuals();
        against();
    }

    double strength(double s, double unit) {
        double last = judge(s, unit), before = std::numeric_limits<double>::infinity();  // errors now, and one look earlier
        for (int looks = 0; looks < limits_.steps; ++looks) {
            if (last <= limits_.tol && closed(unit)) break;
            if (!model(s, last > 0.1 * before)) break;
            const std::vector<double> from = b_, eta = eta_;
            step(s, last * unit);
            look();
            double error = judge(s, unit);
            before = last;
            if (!(error <= 0.5 * last) && !falls(from, eta, s)) {
                if (!shorten(from, eta, s)) return last;
                error = judge(s, unit);
                before = 0;  // a shortened step says that the model is wrong
            }
            last = error;
        }
        return last;
    }

    // Halves the step until the objective falls; false, and back where it began, when it does not.
    bool shorten(const std::vector<double>& from, const std::vector<double>& eta, double s) {
        restart();
        for (int k = 0; k < 50; ++k) {
            for (int j = 0; j < width_; ++j) b_[j] = 0.5 * (b_[j] + from[j]);
            look();
            if (falls(from, eta, s)) return true;
        }
        b_ = from;
        look();
        return false;
    }
};

}  // namespace rf
