// Newton's method for a Cox lane: up to eight strengths at once, all from the last solution, on one reading of the columns.
//     minimise over b   f(offset + Zb) + s pen(b)       f: half the deviance, of cox_look.hpp
// The first step takes the Hessian of the last eight; then one at the new point in the middle serves all, on the columns that the
// first look has shown to matter.  The gradient is exact at every look, so a stale Hessian costs looks, not accuracy.
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "cox_columns.hpp"
#include "cox_look.hpp"
#include "lane.hpp"
#include "newton.hpp"

namespace rf {

// A strength a row of B and G (width each), a column of R, whose rows are the caller's: `row` says which.
struct CoxAnswers {
    double *B, *G, *R, *value, *error;
    std::size_t stride;
    const int* row;
};

class CoxLane {
public:
    CoxLane(const CoxRows& rows, double target) : look_(rows), r_(look_.r), target_(target), E_(std::size_t(r_.n) * abreast), heavy_(E_.size()), terms_(look_.rates.size()), pull_rows_(r_.terms) {}

    // Strengths one after another from `start`; ends where the value lies below the floor.  Returns how many were done.
    int solve(const double* z, int width, const Terms& pen, const double* start, const double* strengths, const double* units, int count, double floor,
              const CoxAnswers& out) {
        begin(z, width, pen, start);
        for (int done = 0, most = abreast; done < count;) {
            const int m = std::min(most, count - done), stood = batch(strengths + done, units + done, m);
            if (stood < m) most = std::max(1, m / 2);
            else most = std::min(abreast, 2 * most);
            answer(stood, done, out);
            if (stood) settle(stood - 1);
            if (stood && !inner_.empty()) lane_.keep(stood - 1);
            done += stood;
            if (stood && value_ < floor) return done;
        }
        return count;
    }

    // Values, and minus the slopes (n x count) where they are wanted, at predictors eta (n x count) with the offset in.
    void looks(const double* eta, int count, double* value, double* residual) {
        for (int first = 0; first < count; first += abreast) {
            const int some = std::min(abreast, count - first);
            for (std::size_t i = 0; i < std::size_t(r_.n); ++i)
                for (int k = 0; k < abreast; ++k) E_[i * abreast + k] = eta[i * count + first + std::min(k, some - 1)];
            look_.look(E_.data());
            std::copy_n(look_.value, some, value + first);
            for (std::size_t i = 0; residual && i < std::size_t(r_.n); ++i) std::copy_n(look_.residual.data() + i * abreast, some, residual + i * count + first);
        }
    }

private:
    static constexpr int steps = 60, patience = 5, rows_at_once = 512, middle = 5;
    static constexpr double alike = 1.0 / 16, flat = 1e-9, near = 0.9, margin = 0.02, rounding = 1e-14;  // flat: curvature that no column falls short of

    const double* column(int j) const { return z_ + std::size_t(j) * r_.n; }
    double& x(int j, int k) { return X_[std::size_t(j) * abreast + k]; }
    double& g(int j, int k) { return G_[std::size_t(j) * abreast + k]; }

    // ---- where the lane stands --------------------------------------------------------------------------

    void begin(const double* z, int width, const Terms& pen, const double* start) {
        z_ = z, w_ = width, pen_ = pen;
        for (auto* part : {&X_, &G_, &last_}) part->resize(std::size_t(w_) * abreast);
        inside_.resize(w_, 0), loose_.resize(w_, 1.0);
        base_.assign(start, start + w_), slope_.resize(w_);
        stand();
        look();
        rest_.resize(w_);
        std::iota(rest_.begin(), rest_.end(), 0);
        slopes(rest_);
        settle(0);
        tell_terms();
    }
    // All strengths begin at the last solution.
    void stand() {
        for (int j = 0; j < w_; ++j) std::fill_n(&x(j, 0), abreast, base_[j]);
    }
    void settle(int k) {
        for (int j = 0; j < w_; ++j) base_[j] = x(j, k), slope_[j] = g(j, k);
        value_ = look_.value[k];
    }
    void answer(int count, std::size_t at, const CoxAnswers& out) {
        for (int j = 0; j < w_; ++j)
            for (int k = 0; k < count; ++k) out.B[(at + k) * w_ + j] = x(j, k), out.G[(at + k) * w_ + j] = g(j, k);
        for (std::size_t i = 0; i < std::size_t(r_.n); ++i) {
            std::copy_n(look_.residual.data() + i * abreast, count, out.R + out.row[i] * out.stride + at);
        }
        std::copy_n(look_.value, count, out.value + at), std::copy_n(error_, count, out.error + at);
    }

    // ---- looks ------------------------------------------------------------------------------------------

    // Eight of the listed columns, the last one again and again where they are fewer.
    void eight(const std::vector<int>& cols, std::size_t c, int row, const double** out) const {
        for (std::size_t q = 0; q < 8; ++q) out[q] = column(cols[std::min(c + q, cols.size() - 1)]) + row;
    }
    void look() {

        active_.clear();
        for (int j = 0; j < w_; ++j)
            if (std::any_of(&x(j, 0), &x(j, 0) + abreast, [](double b) { return b != 0; })) active_.push_back(j);
        const std::size_t count = active_.size();
        packed_.assign((count + 8) * abreast, 0.0);
        for (std::size_t c = 0; c < count; ++c) std::copy_n(&x(active_[c], 0), abreast, packed_.data() + c * abreast);
        const double* c8[8];
        for (int row = 0; row < r_.n; row += rows_at_once) {
            const int rows = std::min(rows_at_once, r_.n - row);
            double* e = E_.data() + std::size_t(row) * abreast;
            for (int i = 0; i < rows; ++i) std::fill_n(e + i * abreast, abreast, r_.offset[row + i]);
            for (std::size_t c = 0; c < count; c += 8) eight(active_, c, row, c8), add_columns(c8, packed_.data() + c * abreast, rows, e);
        }
        look_.look(E_.data());
    }
    // Minus the gradient on the listed columns.
    void slopes(const std::vector<int>& cols) {
        packed_.assign((cols.size() + 8) * abreast, 0.0);
        const double* c8[8];
        for (int row = 0; row < r_.n; row += rows_at_once)
            for (std::size_t c = 0; c < cols.size(); c += 8) {
                eight(cols, c, row, c8);
                times_columns(c8, look_.residual.data() + std::size_t(row) * abreast, std::min(rows_at_once, r_.n - row), packed_.data() + c * abreast);
            }
        for (std::size_t c = 0; c < cols.size(); ++c) std::copy_n(packed_.data() + c * abreast, abreast, &g(cols[c], 0));
    }

    // ---- the model --------------------------------------------------------------------------------------

    // Its Hessian is of column k of the last look.
    void refresh(int k) {

        bend_.resize(r_.n), v_.resize(r_.n), rate_.resize(r_.terms);
        for (std::size_t i = 0; i < std::size_t(r_.n); ++i) {
            bend_[i] = r_.event_weight[i] - look_.residual[i * abreast + k];
            v_[i] = look_.v[i * abreast + k];
        }
        for (std::size_t t = 0; t < std::size_t(r_.terms); ++t) rate_[t] = look_.rates[t * abreast + k];
        wide_ = look_.wide[k];
        if (wide_) v_ = look_.log_v(E_.data(), k);
        share_rows();
        H_.clear(), pulls_.clear();
        begun_ = true;
        extend(0);
    }

    // Nested risk sets that are nearly the same have nearly the same means: they share a row of Q.
    void share_rows() {
        double whole = 0;
        pull_mass_.clear();
        for (int t = 0; t < r_.terms; ++t) {
            const double sum = r_.mass[t] / rate_[t];
            if (!r_.nested || wide_ || t == 0 || sum < (1 - alike) * whole) pull_mass_.push_back(0), whole = sum;
            pull_mass_.back() += r_.mass[t];
            pull_rows_[t] = static_cast<int>(pull_mass_.size()) - 1;
        }
    }

    // The Hessian on the columns from `old` on: Z'diag(bend)Z - Q'Q, with a row of Q a mean of Z over a risk set.
    void extend(int old) {
        const int now = static_cast<int>(inner_.size()), rows = static_cast<int>(pull_mass_.size());
        if (now == old) return;
        std::vector<double> H(std::size_t(now) * now);
        for (int j = 0; j < old; ++j) std::copy_n(H_.data() + std::size_t(j) * old, old, H.data() + std::size_t(j) * now);
        H_.swap(H);
        add_products(old, H_.data());
        pulls_.resize(std::size_t(now) * rows);
        for (int c = old; c < now; c += 8) pull(c, std::min(8, now - c));
        std::vector<double> products(std::size_t(now) * now);
        inner_products(pulls_.data(), rows, old, now, products.data(), now);
        for (int j = old; j < now; ++j) {
            for (int i = 0; i <= j; ++i) H_[j + std::size_t(i) * now] = H_[i + std::size_t(j) * now] -= products[i + std::size_t(j) * now];
            const double bend = std::max(H_[j + std::size_t(j) * now], flat);
            H_[j + std::size_t(j) * now] += flat;
            const int at = inner_[j];
            if (pen_.l1[at] == 0 && pen_.l2[at] == 0) loose_[at] = std::max(1.0, 1 / std::sqrt(bend));
        }
        if (const int fresh = now - lane_.size(); fresh > 0) {
            const std::vector<double> room(std::size_t(now) * fresh);
            lane_.append(room.data(), fresh);
        }
        tell_terms();
        lane_.replace(H_.data());
    }
    // Z'diag(bend)Z on and above the diagonal, eight by eight; panels of rows stay in the cache.
    void add_products(int old, double* H) {
        const int now = static_cast<int>(inner_.size());
        const double *a[8], *b[8];
        for (int row = 0; row < r_.n; row += rows_at_once) {
            const int rows = std::min(rows_at_once, r_.n - row);
            for (int j = old; j < now; j += 8) {
                eight(inner_, j, row, b);
                pack(b, bend_.data() + row, rows, heavy_.data());
                for (int i = 0; i <= j + 7 && i < now; i += 8) {
                    double tile[64] = {};
                    eight(inner_, i, row, a);
                    times_columns(a, heavy_.data(), rows, tile);
                    for (int q = 0; q < 8 && j + q < now; ++q)
                        for (int p = 0; p < 8 && i + p <= j + q; ++p) H[i + p + std::size_t(j + q) * now] += tile[p * 8 + q];
                }
            }
        }
    }
    void pull(int first, int count) {
        const std::size_t rows = pull_mass_.size();
        std::vector<double> sums(rows * 8);
        const double* c8[8];
        eight(inner_, first, 0, c8);
        if (wide_ && r_.nested) means(c8, sums.data());
        else if (!wide_) {
            pack(c8, v_.data(), r_.n, heavy_.data());
            cox_terms(r_, heavy_.data(), look_.at_risk.data(), terms_.data(), look_.tree);
            add_rows(r_.terms, pull_rows_.data(), rate_.data(), terms_.data(), sums.data());
        }
        for (int q = 0; q < count; ++q)
            for (std::size_t row = 0; row < rows; ++row) pulls_[(first + q) * rows + row] = sums[row * 8 + q] / std::sqrt(pull_mass_[row]);
    }
    // Running means bear predictors of any width; ties are taken as Breslow's.
    void means(const double* const* z, double* sums) const {
        double mean[8] = {};
        LogSums sum;
        for (int g = r_.groups - 1, i = r_.n - 1; g >= 0; --g) {
            for (; i >= 0 && r_.last[i] > g; --i) {
                sum.add(&v_[i]);
                const double share = std::exp(v_[i] - sum.sum);
                for (int q = 0; q < 8; ++q) mean[q] += share * (z[q][i] - mean[q]);
            }
            for (int t = r_.term_start[g]; t < r_.term_start[g + 1]; ++t)
                for (int q = 0; q < 8; ++q) sums[std::size_t(pull_rows_[t]) * 8 + q] += r_.mass[t] * mean[q];
        }
    }
    void tell_terms() {
        const std::size_t m = inner_.size();
        std::vector<double> parts[4];
        const double* from[4] = {pen_.l1, pen_.l2, pen_.lower, pen_.upper};
        for (int q = 0; q < 4; ++q)
            for (int j : inner_) parts[q].push_back(from[q][j]);
        if (std::size_t(lane_.size()) == m) lane_.terms(parts[0].data(), parts[1].data(), parts[2].data(), parts[3].data(), static_cast<int>(m));
    }

    // ---- several strengths ------------------------------------------------------------------------------

    // Returns how many of the first strengths are solved; one alone is given up rather than refused.
    int batch(const double* s, const double* unit, int count) {
        s_ = s, unit_ = unit, count_ = count;
        int old = take_in([&](int j) { return base_[j] != 0 || std::fabs(slope_[j]) >= near * s[count - 1] * pen_.l1[j]; });
        begun_ ? extend(old) : refresh(0);
        lane_.open(count);
        stand();
        for (int k = 0; k < count; ++k) {
            for (int j = 0; j < w_; ++j) g(j, k) = slope_[j];
            error_[k] = error(k), objective_[k] = value_ + s[k] * penalty(k), live_[k] = true, stepped_[k] = false;
        }
        choose(false);
        step();
        for (int looks = 0;; ++looks) {
            look();
            slopes(inner_);
            if (looks == 0) slopes(rest_), old = take_in([&](int j) { return missed(j, margin); });
            const bool narrow = looks > 3 * patience;
            choose(narrow);
            const bool moved = judge(narrow);
            if (looks == steps || std::none_of(live_, live_ + count, [](bool live) { return live; })) {
                if (moved) look(), slopes(inner_);
                slopes(rest_);
                if (looks == steps || !outside()) break;
            } else if (which_.empty()) {  // all went too far
                if (looks == 0) extend(old);
            } else if (looks % patience == 0 || narrow) {
                refresh(which_[which_.size() * middle / 8]);
            }
            step();
        }
        int stood = 0;
        while (stood < count && !live_[stood]) ++stood;
        return std::max(stood, int(count == 1));
    }

    // More columns for the model; returns how many it had.
    template <class Wanted>
    int take_in(Wanted wanted) {
        const int old = static_cast<int>(inner_.size());
        rest_.clear();
        for (int j = 0; j < w_; ++j) {
            if (!inside_[j] && !std::isinf(pen_.l1[j]) && wanted(j)) inner_.push_back(j), inside_[j] = 1;
            if (!inside_[j]) rest_.push_back(j);
        }
        return old;
    }
    bool missed(int j, double margin) {
        for (int k = 0; k < count_; ++k)
            if (violation(pen_, j, 0.0, (1 + margin) * g(j, k), s_[k]) > target_ * unit_[k]) return true;
        return false;
    }

    double error(int k) {
        double worst = 0;
        for (int j : inner_) {
            const double excess = violation(pen_, j, x(j, k), g(j, k) * loose_[j], s_[k]);
            if (!(excess <= worst)) worst = excess;
        }
        return worst / unit_[k];
    }
    double penalty(int k) {
        double sum = 0;
        for (int j = 0; j < w_; ++j)
            if (const double b = x(j, k); b != 0) sum += pen_.l1[j] * std::fabs(b) + 0.5 * pen_.l2[j] * b * b;
        return sum;
    }

    // One strength at a time in the end: plain Newton.
    void choose(bool narrow) {
        which_.clear();
        for (int k = 0; k < count_ && (!narrow || which_.empty()); ++k)
            if (live_[k]) which_.push_back(k);
    }
    // Solved strengths stop, a step that went too far is taken back by half, the others go on.  Whether any was taken back.
    bool judge(bool narrow) {
        bool moved = false;
        std::vector<int> on;
        for (int k : which_) {
            const double found = error(k), objective = look_.value[k] + s_[k] * penalty(k);
            if (narrow && stepped_[k] && found >= error_[k] && error_[k] * unit_[k] < rounding) {  // no step will do better than the last
                for (int j = 0; j < w_; ++j) x(j, k) = last_[std::size_t(j) * abreast + k];
                live_[k] = false, moved = true;
                continue;
            }
            if (!(found <= 0.5 * error_[k]) && !(objective <= objective_[k] * (1 + 1e-12) + 1e-300) && !(found <= target_)) {
                double change = 0, size = 0;
                for (int j = 0; j < w_; ++j) {
                    const double from = last_[std::size_t(j) * abreast + k];
                    x(j, k) = 0.5 * (x(j, k) + from);
                    change = std::max(change, std::fabs(x(j, k) - from)), size = std::max(size, std::fabs(from));
                }
                live_[k] = change > 1e-14 * size;
                moved = true;
                continue;
            }
            error_[k] = found, objective_[k] = objective, live_[k] = found > target_, stepped_[k] = false;
            if (live_[k]) on.push_back(k);
        }
        which_ = on;
        return moved;
    }
    // Whether columns that were left out belong in; the strengths that miss them go on.
    bool outside() {
        which_.clear();
        for (int k = 0; k < count_; ++k)
            if (std::any_of(rest_.begin(), rest_.end(), [&](int j) { return !std::isinf(pen_.l1[j]) && violation(pen_, j, 0.0, g(j, k), s_[k]) > target_ * unit_[k]; }))
                live_[k] = true, error_[k] = HUGE_VAL, which_.push_back(k);
        if (which_.empty()) return false;
        extend(take_in([&](int j) { return missed(j, 0.0); }));
        return true;
    }
    void step() {
        if (inner_.empty() || which_.empty()) return;
        const std::size_t m = which_.size(), a = inner_.size();
        std::vector<double> from(m * a), descent(m * a), to(m * a), grad(m * a), kkt(m), s(m);
        std::vector<unsigned char> solved(m);
        for (std::size_t q = 0; q < m; ++q) {
            s[q] = s_[which_[q]], stepped_[which_[q]] = true;
            for (std::size_t c = 0; c < a; ++c) from[q * a + c] = x(inner_[c], which_[q]), descent[q * a + c] = g(inner_[c], which_[q]);
        }
        lane_.newton(which_.data(), s.data(), static_cast<int>(m), from.data(), descent.data(), to.data(), grad.data(), kkt.data(), solved.data());
        for (std::size_t q = 0; q < m; ++q)
            for (std::size_t c = 0; c < a; ++c) last_[std::size_t(inner_[c]) * abreast + which_[q]] = from[q * a + c], x(inner_[c], which_[q]) = to[q * a + c];
    }

    CoxLook look_;
    const CoxRows& r_;
    const double target_;
    std::vector<double> E_, heavy_, terms_;  // (n x 8) predictors; scratch
    std::vector<int> pull_rows_;          // of a term: its row of Q
    std::vector<double> pull_mass_;

    const double* z_ = nullptr;
    int w_ = 0, count_ = 0;
    Terms pen_{};
    const double *s_ = nullptr, *unit_ = nullptr;
    std::vector<double> X_, last_, G_, packed_, loose_;  // (w x 8) coefficients, those before the last step, minus the gradients
    std::vector<double> base_, slope_;                   // the last solution, minus its gradient
    double value_ = 0;
    double error_[abreast], objective_[abreast];
    bool live_[abreast], stepped_[abreast];
    std::vector<int> which_, inner_, rest_, active_;     // strengths at work; columns of the model, others, those with a coefficient
    std::vector<char> inside_;

    Lane lane_;
    std::vector<double> H_, pulls_, bend_, v_, rate_;  // the Hessian and what it is made of
    bool wide_ = false, begun_ = false;
};

}  // namespace rf
