// Small quadratics with several right-hand sides and norms of rows:   minimise over B (m x K)
//     1/2 tr(B'GB) - tr(C'B) + s sum_j (l1_j ||B_j|| + l2_j ||B_j||^2 / 2),   B_j the row of column j, l1 = inf keeps it 0.
//
// Coordinate descent on rows, each in closed form: all outputs share G, so a row costs K passes over one of its columns.
// Every few sweeps the last ones are extrapolated (Anderson mixing); the step is kept where the objective falls.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "cholesky.hpp"
#include "simd.hpp"

namespace rf {

class RowLane {
public:
    // Vectors of one output lie side by side: B, C and gradients are K x m.
    RowLane(const double* gram, int m, int outputs, const double* l1, const double* l2)
        : gram_(gram), m_(m), K_(outputs), l1_(l1, l1 + m), l2_(l2, l2 + m), b_(std::size_t(m) * outputs, 0.0), g_(b_.size()) {}
    std::size_t size() const { return b_.size(); }
    void warm(const double* b) { b_.assign(b, b + size()); }

    // Strengths one after another, each from the end of the last, to a duality gap of `gap` of the objective, in which C
    // comes from targets whose squares sum to yy.
    void solve(const double* strengths, int count, const double* c, double gap, double yy, double* b, double* grad) {
        for (int k = 0; k < count; ++k) {
            one(strengths[k], c, gap, yy);
            std::copy(b_.begin(), b_.end(), b + k * size());
            std::copy(g_.begin(), g_.end(), grad + k * size());
        }
    }

private:
    static constexpr int sweeps = 20000, depth = 5, more = 100;
    static constexpr double loose = 1e4;

    const double* column(int j) const { return gram_ + static_cast<std::size_t>(j) * m_; }

    void start(const double* c) {
        std::copy(c, c + size(), g_.begin());
        for (int k = 0; k < K_; ++k)
            for (int j = 0; j < m_; ++j)
                if (const double b = b_[std::size_t(k) * m_ + j]; b != 0) axpy(-b, column(j), &g_[std::size_t(k) * m_], m_);
    }

    bool used(int j) const {
        for (int k = 0; k < K_; ++k)
            if (b_[std::size_t(k) * m_ + j] != 0) return true;
        return false;
    }

    void move(int j, double s) {
        const double own = column(j)[j], bend = own + s * l2_[j], limit = s * l1_[j];
        if (std::isinf(l1_[j]) || !(bend > 0)) return;
        double size = 0;
        for (int k = 0; k < K_; ++k) {
            const double v = g_[std::size_t(k) * m_ + j] + own * b_[std::size_t(k) * m_ + j];
            size += v * v;
        }
        size = std::sqrt(size);
        const double share = size > limit ? (1 - limit / size) / bend : 0.0;
        for (int k = 0; k < K_; ++k) {
            double &b = b_[std::size_t(k) * m_ + j], *g = &g_[std::size_t(k) * m_];
            const double by = share * (g[j] + own * b) - b;
            if (by == 0) continue;
            b += by;
            axpy(-by, column(j), g, m_);
        }
    }

    // The objective without yy / 2, the duality gap, and the largest violation in a row that is not zero, over s; from the
    // gradients that are kept.
    struct Value { double objective, gap, violation; };
    Value value(const double* c, double s, double yy) const {
        double bc = 0, bg = 0, pen = 0, conjugate = 0, ratio = 1, worst = 0;
        for (std::size_t i = 0; i < size(); ++i) bc += b_[i] * c[i], bg += b_[i] * g_[i];
        for (int j = 0; j < m_; ++j) {
            if (std::isinf(l1_[j])) continue;
            double bb = 0, gg = 0, open = 0;
            for (int k = 0; k < K_; ++k) {
                const double b = b_[std::size_t(k) * m_ + j], g = g_[std::size_t(k) * m_ + j];
                bb += b * b, gg += g * g, open += std::fabs(b * g);
            }
            const double limit = s * l1_[j], length = std::sqrt(gg);
            pen += limit * std::sqrt(bb) + 0.5 * s * l2_[j] * bb;
            if (bb > 0) worst = std::max(worst, miss(j, limit / std::sqrt(bb) + s * l2_[j]));
            if (l2_[j] > 0) conjugate += length > limit ? 0.5 * (length - limit) * (length - limit) / (s * l2_[j]) : 0.0;
            else if (limit > 0) ratio = std::max(ratio, length / limit);
            else conjugate += 2 * open;
        }
        const double rr = std::max(yy - bc - bg, 0.0), share = 1 / ratio;
        return {pen - 0.5 * (bc + bg), 0.5 * rr * (1 - share) * (1 - share) + pen + conjugate - share * bg, worst / s};
    }
    double miss(int j, double bend) const {
        double most = 0;
        for (int k = 0; k < K_; ++k) most = std::max(most, std::fabs(g_[std::size_t(k) * m_ + j] - bend * b_[std::size_t(k) * m_ + j]));
        return most;
    }

    void one(double s, const double* c, double gap, double yy) {
        start(c);
        std::vector<std::vector<double>> trail;
        double last = HUGE_VAL;
        int quiet = 0;
        for (int sweep = 0; sweep < sweeps; ++sweep) {
            const bool whole = sweep % 10 == 0;
            for (int j = 0; j < m_; ++j)
                if (whole || used(j)) move(j, s);
            const Value now = value(c, s, yy);
            const double enough = gap * std::max(now.objective + 0.5 * yy, 1e-9 * yy);
            // A gap bounds the violation by its root only: sharp fits go on, unless rounding holds them.
            if (now.gap <= enough && (now.violation <= loose * gap || ++quiet > more)) {
                start(c);  // what rounding has added up is taken off before it counts
                if (value(c, s, yy).gap <= 1.01 * enough) return;
            } else if (now.gap >= last && now.gap <= 1e-14 * yy && ++quiet > more) return;  // no digits left
            last = now.gap;
            trail.push_back(b_);
            if (trail.size() == depth + 1) {
                if (mix(trail, s)) {
                    start(c);
                    if (value(c, s, yy).objective > now.objective) {
                        b_ = trail.back();
                        start(c);
                    }
                }
                trail.clear();
            }
        }
    }

    // The combination of the last iterates, with weights that sum to one, whose last steps would cancel best.
    bool mix(const std::vector<std::vector<double>>& trail, double s) {
        std::vector<double> row(depth), solved, weights(depth, 1.0);
        Cholesky factor;
        for (int i = 0; i < depth; ++i) {
            for (int l = 0; l <= i; ++l) row[l] = cross(trail, i, l);
            const double own = row[i] * (1 + 1e-10) + 1e-300;
            if (!factor.append(row.data(), own, 1e-14 * own, solved)) return false;
        }
        factor.solve(weights.data());
        double total = 0;
        for (double w : weights) total += w;
        if (!std::isfinite(total) || total == 0) return false;
        std::fill(b_.begin(), b_.end(), 0.0);
        for (int i = 0; i < depth; ++i) axpy(weights[i] / total, trail[i + 1].data(), b_.data(), size());
        for (int j = 0; j < m_; ++j) {  // rows that the last sweep left at zero stay there
            bool zero = s * l1_[j] > 0;
            for (int k = 0; k < K_ && zero; ++k) zero = trail.back()[std::size_t(k) * m_ + j] == 0;
            for (int k = 0; k < K_ && zero; ++k) b_[std::size_t(k) * m_ + j] = 0;
        }
        return true;
    }
    double cross(const std::vector<std::vector<double>>& trail, int i, int l) const {
        double sum = 0;
        for (std::size_t q = 0; q < size(); ++q) sum += (trail[i + 1][q] - trail[i][q]) * (trail[l + 1][q] - trail[l][q]);
        return sum;
    }

    const double* gram_;
    int m_, K_;
    std::vector<double> l1_, l2_, b_, g_;
};

}  // namespace rf
