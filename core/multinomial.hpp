// Newton's method for one multinomial lane whose rows fit the cache: strengths one after another, each proved before the next.
//     minimise over C   sum_i w_i (log sum_k e^eta_ik - sum_k y_ik eta_ik) + s pen(B),   eta_k = offset_k + X b_k + Z a_k
// Intercepts and free columns (Z) are eliminated from the model.  The proof is that of lockstep/several/proof.py.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "groups.hpp"
#include "jacobi.hpp"
#include "multinomial_look.hpp"
#include "quadratic.hpp"

namespace rf {

class MultinomialLane : MultinomialLook {
public:
    // start: (K x q) intercepts and free coefficients.
    MultinomialLane(const MultinomialRows& rows, const MultinomialColumns& columns, const double* start, double tol)
        : MultinomialLook(rows, columns, start), tol_(tol), G_(std::size_t(rows.K) * columns.p) {
        scores();
    }

    // Answers: B (count x K x p), A (count x K x q), facts (count x 3): mean loss, gap, violation.  Ends where the loss lies below
    // the floor; returns how many were done.
    int solve(const double* strengths, int count, double floor, double* B, double* A, double* facts) {
        for (int at_s = 0; at_s < count; ++at_s) {
            strength(strengths[at_s]);
            for (int k = 0; k < r_.K; ++k) {
                const double* from = C_.data() + std::size_t(k) * w_;
                std::copy_n(from, c_.p, B + (std::size_t(at_s) * r_.K + k) * c_.p);
                std::copy_n(from + c_.p, c_.q, A + (std::size_t(at_s) * r_.K + k) * c_.q);
            }
            facts[3 * at_s] = loss_, facts[3 * at_s + 1] = gap_, facts[3 * at_s + 2] = violation(strengths[at_s]);
            if (loss_ < floor) return at_s + 1;
        }
        return count;
    }

private:
    static constexpr int rounds = 60, more = 8;
    static constexpr double loose = 1e4, slow = 0.3, damping = 1e-8, inexact = 0.03;

    double g(int k, int j) const { return G_[std::size_t(k) * c_.p + j]; }

    void scores() {
        double tile[16];
        for (int j = 0; j < c_.p; j += 4)
            for (int k = 0; k < r_.K; k += 4) {
                const double *x[4], *r[4];
                for (int i = 0; i < 4; ++i) x[i] = column(std::min(j + i, c_.p - 1)), r[i] = R_.data() + at(std::min(k + i, r_.K - 1));
                dot4x4(x, r, r_.n, tile);
                for (int q = 0; q < 16; ++q)
                    if (j + q % 4 < c_.p && k + q / 4 < r_.K) G_[std::size_t(k + q / 4) * c_.p + j + q % 4] = tile[q];
            }
    }

    // ---- one strength -----------------------------------------------------------------------------------

    void strength(double s) {
        judge(s);
        double before = std::numeric_limits<double>::infinity();
        for (int turn = 0, extra = 0; turn < rounds; ++turn) {
            if (gap_ <= tol_ && (++extra > more || violation(s) <= loose * tol_)) return;
            const bool fresh = model(s, before);
            before = gap_;
            if (!step(s) && fresh) return;
            scores();
            judge(s);
        }
    }

    // Whether a new Hessian costs less than the steps which the old one would still need at the pace of the last.
    bool late(double before) const {
        const double m = wanted_.size(), fresh = m * m * (1 + 1.0 / r_.K), step = 8.0 * G_.size() + 150 * r_.K;
        if (!begun_ || fresh <= step) return true;
        if (!std::isfinite(before)) return false;
        const double pace = gap_ / before;
        return pace > slow || (std::log(tol_ / gap_) / std::log(pace) - 2) * step > fresh;
    }

    // A Hessian for the pairs that s may move.
    bool model(double s, double before) {
        wanted(s);
        const bool fresh = late(before);
        if (fresh) {
            begun_ = true;
            nuisance(h_);
            ends_count_ = h_.size();
            factor(h_, ends_count_, nuisance_factor_, nuisance_kept_);
            inside_.assign(G_.size(), 0);
            quadratic_.m = 0;
            state_ = State{};
        }
        extend();
        return fresh;
    }

    bool able(int k, int j) const { return g(k, j) > 0 ? c_.pen.upper[j] > 0 : c_.pen.lower[j] < 0; }

    void wanted(double s) {
        wanted_.clear();
        for (int j = 0; j < c_.p; ++j) {
            const double bar = 0.95 * s * c_.pen.l1[j];
            if (std::isinf(bar)) continue;
            if (c_.rows) {
                double size = 0, pull = 0;
                for (int k = 0; k < r_.K; ++k) size += b(k, j) * b(k, j), pull += g(k, j) * g(k, j);
                for (int k = 0; k < r_.K && (size > 0 || std::sqrt(pull) >= bar); ++k) wanted_.push_back(k * c_.p + j);
            } else
                for (int k = 0; k < r_.K; ++k)
                    if (b(k, j) != 0 || (std::fabs(g(k, j)) >= bar && (bar == 0 || able(k, j)))) wanted_.push_back(k * c_.p + j);
        }
    }

    void extend() {
        const int old = h_.size(), first = ends_count_;
        for (int v : wanted_)
            if (!inside_[v]) inside_[v] = 1, h_.col.push_back(v % c_.p), h_.out.push_back(v / c_.p);
        const int now = h_.size(), m = now - first, before = quadratic_.m;
        if (now == old && m == before) return;
        h_.cover(c_.block, old);
        eliminate(before, m);
        for (auto* part : {&quadratic_.l1, &quadratic_.l2, &quadratic_.lower, &quadratic_.upper}) part->resize(m);
        for (int v = before; v < m; ++v) {
            const int j = h_.col[first + v];
            quadratic_.l1[v] = c_.pen.l1[j], quadratic_.l2[v] = c_.pen.l2[j], quadratic_.lower[v] = c_.pen.lower[j], quadratic_.upper[v] = c_.pen.upper[j];
        }
        quadratic_.classify();
        state_.resize(m);
        if (c_.rows) spectra(before, m);
    }

    // The model's matrix on new pairs: what is left of their Hessian when intercepts and free columns follow.
    void eliminate(int before, int m) {
        const int first = ends_count_, e = static_cast<int>(nuisance_kept_.size());
        across_.resize(e);
        std::vector<double> u(e);
        for (std::vector<double>& line : across_) line.resize(m);
        for (int v = before; v < m; ++v) {
            for (int i = 0; i < e; ++i) u[i] = h_.at(nuisance_kept_[i], first + v);
            nuisance_factor_.forward(u.data());
            for (int i = 0; i < e; ++i) across_[i][v] = u[i];
        }
        reserve(before, m);
        for (int v = before; v < m; ++v) {
            double* to = reduced_.data() + v * ld();
            std::copy_n(h_.column(first + v) + first, v + 1, to);
            for (int i = 0; i < e; ++i) axpy(-across_[i][v], across_[i].data(), to, v + 1);
            to[v] += damping * std::max(h_.at(first + v, first + v), 1e-300);
        }
        constexpr int tile = 16;  // mirrored in tiles: a column and a row at a time would miss the cache
        for (int v0 = before; v0 < m; v0 += tile)
            for (int u0 = 0; u0 < std::min(v0 + tile, m); u0 += tile)
                for (int v = v0; v < std::min(v0 + tile, m); ++v)
                    for (int u = u0; u < std::min(u0 + tile, v); ++u) reduced_[v + u * ld()] = reduced_[u + v * ld()];
    }

    std::size_t ld() const { return quadratic_.ld; }
    void reserve(int old, int now) {
        if (now > quadratic_.ld) {
            const int ld = std::max(now, quadratic_.ld + quadratic_.ld / 2 + 16);
            std::vector<double> fresh(std::size_t(ld) * ld);
            for (int j = 0; j < old; ++j) std::copy_n(reduced_.data() + std::size_t(j) * quadratic_.ld, old, fresh.data() + std::size_t(j) * ld);
            reduced_.swap(fresh);
            quadratic_.ld = ld;
        }
        quadratic_.gram = reduced_.data();
        quadratic_.m = now;
    }

    // Eigenvalues and -vectors of the new columns' blocks.
    void spectra(int old, int now) {
        const int K = r_.K;
        values_.resize(now), basis_.resize(std::size_t(now) * K);
        for (int v = old; v < now; v += K) {
            std::vector<double> corner(std::size_t(K) * K);
            for (int k = 0; k < K; ++k) std::copy_n(reduced_.data() + v + (v + k) * ld(), K, corner.data() + std::size_t(k) * K);
            jacobi(corner, K, values_.data() + v, basis_.data() + std::size_t(v) * K);
        }
    }

    // To the minimum of the model, or as far as the objective falls; false, and back where it began, when it does not.
    bool step(double s) {
        const int m = quadratic_.m, first = ends_count_;
        const std::vector<double> from = C_, predictors = E_;
        open_ = violation(s);
        start_.resize(m), linear_.resize(m);
        for (int v = 0; v < m; ++v) {
            start_[v] = b(h_.out[first + v], h_.col[first + v]);
            linear_[v] = g(h_.out[first + v], h_.col[first + v]);
        }
        for (int v = 0; v < m; ++v)
            if (start_[v] != 0) axpy(start_[v], quadratic_.column(v), linear_.data(), m);
        const double* x = c_.rows ? by_rows(s) : by_pairs(s);
        follow_.assign(first, 0.0);
        for (int v = 0; v < m; ++v) {
            const double by = x[v] - start_[v];
            b(h_.out[first + v], h_.col[first + v]) = x[v];
            for (int u = 0; u < first && by != 0; ++u) follow_[u] += by * h_.at(u, first + v);
        }
        inverse(nuisance_factor_, nuisance_kept_, follow_);
        for (int u = 0; u < first; ++u) b(h_.out[u], h_.col[u]) -= t_[u] + follow_[u];
        predict();
        return search(from, predictors, s);
    }

    // Halves a step until the objective falls.
    bool search(const std::vector<double>& from, const std::vector<double>& predictors, double s) {
        const double before = objective_ * (1 + 1e-13) + 1e-15;
        std::vector<double> to = C_, ahead = E_;
        for (int turn = 0; turn < 30; ++turn) {
            look();
            if (loss_ + s * penalty() <= before) return true;
            state_.factor_strength = -1;
            for (std::size_t e = 0; e < to.size(); ++e) to[e] = 0.5 * (to[e] + from[e]);
            for (std::size_t e = 0; e < ahead.size(); ++e) ahead[e] = 0.5 * (ahead[e] + predictors[e]);
            C_ = to, E_ = ahead;
        }
        C_ = from, E_ = predictors;
        look();
        return false;
    }

    const double* by_pairs(double s) {
        for (int v = 0; v < quadratic_.m; ++v) state_.b[v] = start_[v];
        if (state_.factor_strength < 0)
            for (int v = 0; v < quadratic_.m; ++v) state_.side[v] = quadratic_.side(v, start_[v]);
        Solver(quadratic_, state_, linear_.data(), s, Tolerances{}).solve(gradient_);
        return state_.b.data();
    }

    const double* by_rows(double s) {
        const int m = quadratic_.m, groups = m / r_.K;
        std::vector<int> starts(groups + 1);
        std::vector<double> weight(groups), values = values_;
        for (int k = 0; k <= groups; ++k) starts[k] = k * r_.K;
        for (int k = 0; k < groups; ++k) weight[k] = quadratic_.l1[starts[k]];
        for (int v = 0; v < m; ++v) values[v] += s * quadratic_.l2[v];
        if (quadratic_.ridge) {
            ridged_ = reduced_;
            for (int v = 0; v < m; ++v) ridged_[v + v * ld()] += s * quadratic_.l2[v];
        }
        GroupLane lane((quadratic_.ridge ? ridged_ : reduced_).data(), m, quadratic_.ld, starts.data(), groups, weight.data(), values.data(), basis_.data(), 0.0);
        lane.warm(start_.data());
        double kkt = 0;
        answer_.resize(m), gradient_.resize(m);
        lane.solve(&s, 1, linear_.data(), std::max({0.1 * tol_, 1e-10, inexact * open_}), answer_.data(), gradient_.data(), &kkt);
        return answer_.data();
    }

    // ---- proof ------------------------------------------------------------------------------------------

    double penalty() const {
        double sum = 0;
        for (int j = 0; j < c_.p; ++j) {
            double squares = 0, sizes = 0;
            for (int k = 0; k < r_.K; ++k) squares += b(k, j) * b(k, j), sizes += std::fabs(b(k, j));
            if (squares > 0) sum += c_.pen.l1[j] * (c_.rows ? std::sqrt(squares) : sizes) + 0.5 * c_.pen.l2[j] * squares;
        }
        return sum;
    }

    // What an entry (or the norm of a row) of scores leaves to the conjugate of s pen.
    double conjugate(int j, double g, double b, double s) const {
        const double l1 = s * c_.pen.l1[j], l2 = s * c_.pen.l2[j], rest = g - std::clamp(g, -l1, l1);
        if (rest == 0) return 0;
        const double best = std::clamp(l2 > 0 ? rest / l2 : std::copysign(std::numeric_limits<double>::infinity(), rest), c_.pen.lower[j], c_.pen.upper[j]);
        if (!std::isinf(best)) return best * (rest - 0.5 * l2 * best);
        return l1 > 0 ? std::fabs(rest * b) : 2 * std::fabs(b * g);
    }

    void judge(double s) {
        const std::size_t p = c_.p;
        double over = 1;  // how many times too large the scores are for the dual ball
        for (int j = 0; j < c_.p; ++j) {
            const double l1 = c_.pen.l1[j];
            if (std::isinf(l1) || l1 == 0 || c_.pen.l2[j] != 0) continue;
            if (c_.rows) over = std::max(over, length(G_.data() + j, p) / (s * l1));
            else
                for (int k = 0; k < r_.K; ++k)
                    if (std::isinf(g(k, j) > 0 ? c_.pen.upper[j] : c_.pen.lower[j])) over = std::max(over, std::fabs(g(k, j)) / (s * l1));
        }
        const double share = 1 / over;
        double reached = 0;
        for (int j = 0; j < c_.p; ++j) {
            if (std::isinf(c_.pen.l1[j])) continue;
            if (c_.rows) reached += conjugate(j, share * length(G_.data() + j, p), length(C_.data() + j, w_), s);
            else
                for (int k = 0; k < r_.K; ++k) reached += conjugate(j, share * g(k, j), b(k, j), s);
        }
        objective_ = loss_ + s * penalty();
        const double dual = -share * entropy_ - (1 - share) * r_.at_rest + share * on_offset_ - reached;
        const double unit = std::max(objective_, 1e-7 * std::log(double(r_.K)));
        gap_ = (feasible_ ? std::min(std::max(objective_ - dual, 0.0), objective_) : objective_) / unit;
    }

    // Largest distance of the scores from the subdifferential, on the lane's own scale, over the strength.
    double violation(double s) const {
        double worst = 0;
        for (int j = 0; j < c_.p; ++j) {
            const double l1 = s * c_.pen.l1[j], l2 = s * c_.pen.l2[j];
            if (std::isinf(l1)) continue;
            const double size = c_.rows ? length(C_.data() + j, w_) : 0;
            double most = 0;
            for (int k = 0; k < r_.K; ++k) {
                const double x = b(k, j), pull = g(k, j) - l2 * x;
                if (c_.rows) {
                    most = std::max(most, size > 0 ? std::fabs(pull - l1 * x / size) : 0.0);
                    continue;
                }
                const double least = x <= c_.pen.lower[j] ? -std::numeric_limits<double>::infinity() : x > 0 ? l1 : -l1;
                const double highest = x >= c_.pen.upper[j] ? std::numeric_limits<double>::infinity() : x < 0 ? -l1 : l1;
                most = std::max({most, least - pull, pull - highest});
            }
            if (c_.rows && size == 0) most = std::max(0.0, length(G_.data() + j, c_.p) - l1);
            worst = std::max(worst, most / c_.ratio[j]);
        }
        return worst / s;
    }

    const double tol_;
    std::vector<double> G_;  // (K x p) scores
    double gap_ = 0, objective_ = 0, open_ = 0;
    bool begun_ = false;

    PairHessian h_;  // of intercepts and free columns, and then the pairs at work, as the model has them
    Cholesky nuisance_factor_;
    std::vector<int> nuisance_kept_, wanted_;
    std::vector<char> inside_;
    int ends_count_ = 0;
    std::vector<std::vector<double>> across_;  // a row for every eliminated pair
    std::vector<double> reduced_, ridged_, values_, basis_;
    std::vector<double> start_, linear_, follow_, gradient_, answer_;
    Quadratic quadratic_;
    State state_;
};

}  // namespace rf
