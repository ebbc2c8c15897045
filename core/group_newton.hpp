// Newton's method for one lane under norms of groups:
//     minimise over b, b0   sum_i weight_i loss(y_i, eta_i) + s (l1 ||b||_1 + sum_g weight_g ||b_g||_2),   eta = offset + b0 + Zb
// strengths one after another, each from the last one's solution.  Every look at the gradient is exact and covers the whole
// working set; the quadratic model covers the groups that matter, and is kept while the optimality conditions improve
// quickly on it.  A model with more columns than rows has no Gram matrix: sweeps then keep a residual (GroupLane).
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "blocks.hpp"
#include "groups.hpp"
#include "newton.hpp"
#include "spectrum.hpp"

namespace rf {

// The working set, whole groups side by side: column j of the lane is scale_j times a column of the block, less shift_j.
struct GroupColumns {
    const double* block;
    std::size_t ld;
    const std::int64_t* positions;
    const double *scale, *shift, *away;  // away: what a unit of a coefficient takes from the intercept on the scale of X
    const int* starts;
    const double* weight;  // of every group
    int groups;

    const double* operator()(int j) const { return block + positions[j] * ld; }
    int width() const { return starts[groups]; }
};

struct GroupLimits {
    double strict;  // largest violation, over the strength, that counts as solved
    double gap;     // relative duality gap that does as well; 0: none is known
    bool intercept, quadratic;
};

struct GroupPoint {
    double *b, *level, *eta, *r;  // r: minus the gradient of the mean loss
};

class GroupNewton {
public:
    explicit GroupNewton(double l1) : l1_(l1) {}

    // Goes on from `at`, which is left at the last solution; rows k of B, E and R, and level k.  Returns how many strengths were solved.
    int solve(const GroupColumns& columns, const Rows& rows, const RowLoss& loss, const GroupLimits& limits, const double* strengths, int count,
              GroupPoint at, GroupPoint out) {
        column_ = columns, rows_ = rows, loss_ = &loss, limits_ = limits;
        const int m = column_.width(), n = rows_.n;
        b_.assign(at.b, at.b + m), eta_.assign(at.eta, at.eta + n), level_ = *at.level;
        g_.resize(m), r_.resize(n), h_.resize(n), scratch_.resize(n), inside_.resize(column_.groups, 0);
        look();
        int done = 0;
        for (; done < count && strength(strengths[done]); ++done) {
            std::copy_n(b_.begin(), m, out.b + std::size_t(done) * m);
            std::copy_n(eta_.begin(), n, out.eta + std::size_t(done) * n);
            std::copy_n(r_.begin(), n, out.r + std::size_t(done) * n);
            out.level[done] = level_;
        }
        std::copy_n(b_.begin(), m, at.b), std::copy_n(eta_.begin(), n, at.eta), *at.level = level_;
        return done;
    }

private:
    static constexpr int looks = 30, cheap = 48;
    static constexpr double stale = 0.05, grown = 0.3, inner = 0.02, near = 1e-2, floor = 1e-5;

    void look() {
        loss_->gradient(eta_.data(), r_.data());
        double sum = 0, size = 0;
        for (int i = 0; i < rows_.n; ++i) {
            r_[i] = rows_.weight[i] != 0 ? -rows_.weight[i] * r_[i] : 0.0;
            sum += r_[i], size += std::fabs(r_[i]);
        }
        noise_ = 4e-15 * size;
        const int m = column_.width();
        int j = 0;
        for (; j + 4 <= m; j += 4) dot4(column_(j), column_(j + 1), column_(j + 2), column_(j + 3), r_.data(), g_.data() + j, rows_.n);
        for (; j < m; ++j) g_[j] = dot(column_(j), r_.data(), rows_.n);
        for (j = 0; j < m; ++j) g_[j] = column_.scale[j] * g_[j] - column_.shift[j] * sum;
        g0_ = limits_.intercept ? sum : 0.0;
    }

    bool strength(double s) {
        double last = judge(s), before = std::numeric_limits<double>::infinity();
        for (int k = 0; k < looks; ++k) {
            if (last <= std::max(limits_.strict * s, noise_) || (last <= near * s && closed(s))) return true;
            if (!std::isfinite(last) || !model(s, last > stale * before)) return false;
            const std::vector<double> from = b_, eta = eta_;
            const double level = level_, was = limits_.quadratic ? 0.0 : objective(s);
            step(s, std::max(std::max(0.5 * limits_.strict * s, noise_), inner * last));
            look();
            double error = judge(s);
            learn();
            before = last;
            if (!limits_.quadratic && !(error <= 0.5 * last) && !(objective(s) <= was * (1 + 1e-14))) {
                if (!shorten(from, eta, level, was, s)) return false;
                error = judge(s);
                before = 0;  // a shortened step says that the model is wrong
            }
            last = error;
        }
        return false;
    }

    // Halves the step until the objective falls.
    bool shorten(const std::vector<double>& from, const std::vector<double>& eta, double level, double was, double s) {
        for (int k = 0; k < 12; ++k) {
            for (std::size_t j = 0; j < b_.size(); ++j) b_[j] = 0.5 * (b_[j] + from[j]);
            for (int i = 0; i < rows_.n; ++i) eta_[i] = 0.5 * (eta_[i] + eta[i]);
            level_ = 0.5 * (level_ + level);
            if (!(objective(s) <= was * (1 + 1e-14))) continue;
            look();
            return true;
        }
        b_ = from, eta_ = eta, level_ = level;
        return false;
    }

    double objective(double s) {
        loss_->value(eta_.data(), scratch_.data());
        double sum = 0;
        for (int i = 0; i < rows_.n; ++i)
            if (rows_.weight[i] != 0) sum += rows_.weight[i] * scratch_[i];
        return sum + s * size();
    }
    double size() const {
        double sum = 0;
        for (int k = 0; k < column_.groups; ++k) {
            double square = 0;
            for (int j = column_.starts[k]; j < column_.starts[k + 1]; ++j) square += b_[j] * b_[j], sum += l1_ * std::fabs(b_[j]);
            sum += column_.weight[k] * std::sqrt(square);
        }
        return sum;
    }

    // Largest violation of the working set and the intercept; NaN where there is one.
    double judge(double s) const {
        double most = std::fabs(g0_);
        for (int k = 0; k < column_.groups; ++k) {
            const int first = column_.starts[k];
            const double excess = distance(b_.data() + first, g_.data() + first, column_.starts[k + 1] - first, s * l1_, s * column_.weight[k]);
            if (!(excess <= most)) most = excess;
        }
        return most;
    }

    // Whether the duality gap is small enough.  With the gradient g on a dual point g / ratio the gap is s pen(b) - b'g / ratio, but for
    // terms of second order in ratio - 1; who asks for proof looks again.
    bool closed(double s) {
        if (!(limits_.gap > 0)) return false;
        double ratio = 1, along = 0, away = 0;
        for (int k = 0; k < column_.groups; ++k) {
            double soft = 0, most = 0;
            for (int j = column_.starts[k]; j < column_.starts[k + 1]; ++j) {
                const double rest = std::max(std::fabs(g_[j]) - s * l1_, 0.0);
                soft += rest * rest, most = std::max(most, std::fabs(g_[j]));
                along += b_[j] * g_[j], away += b_[j] * column_.away[j];
            }
            const double weight = s * column_.weight[k];
            if (soft > 0) ratio = std::max(ratio, weight > 0 ? std::sqrt(soft) / weight : most / (s * l1_));
        }
        return std::isfinite(ratio) && s * size() - along / ratio + std::fabs(g0_ * (level_ - away)) <= limits_.gap * objective(s);
    }

    // A model of the groups that are in or pulled; a new one where the old one is slow or a new one is cheap.
    bool model(double s, bool slow) {
        wanted_.clear();
        int all = 0, fresh = 0;
        for (int k = 0; k < column_.groups; ++k) {
            const int first = column_.starts[k], last = column_.starts[k + 1];
            bool in = false;
            double soft = 0;
            for (int j = first; j < last; ++j) {
                const double rest = std::max(std::fabs(g_[j]) - s * l1_, 0.0);
                in = in || b_[j] != 0, soft += rest * rest;
            }
            if (!in && !(std::sqrt(soft) > 0.98 * s * column_.weight[k])) continue;
            wanted_.push_back(k), all += last - first, fresh += inside_[k] ? 0 : last - first;
        }
        if (inner_.empty() || (!limits_.quadratic && (slow || all <= cheap || fresh > grown * all))) renew();
        extend();
        return !inner_.empty();
    }

    // How much more or less than the model says the gradient changed along the last step: by that the model bends from now on.
    void learn() {
        if (limits_.quadratic) return;
        double met = 0, said = 0;
        for (std::size_t i = 0; i < along_.size(); ++i) met += along_[i] * (pull_[i] - (g_[inner_[i]] - mean_[i] * g0_)), said += along_[i] * bent_[i];
        if (met > 0.3 * said && met < 3 * said) share_ = met / said;
    }

    void renew() {
        loss_->curvature(eta_.data(), h_.data());
        double mean = 0;
        for (int i = 0; i < rows_.n; ++i)
            if (rows_.weight[i] != 0) mean += rows_.weight[i] * h_[i];
        total_ = 0;
        for (int i = 0; i < rows_.n; ++i) {
            h_[i] = rows_.weight[i] != 0 ? rows_.weight[i] * std::max(h_[i], floor * mean) : 0.0;
            total_ += h_[i];
            h_[i] = std::sqrt(h_[i]);
        }
        inner_.clear(), of_.clear(), starts_.assign(1, 0), mean_.clear(), values_.clear(), blocks_.clear(), basis_.clear(), weight_.clear();
        std::fill(inside_.begin(), inside_.end(), 0);
        known_ = 0, share_ = 1;
    }

    void extend() {
        const int n = rows_.n;
        for (int k : wanted_) {
            if (inside_[k]) continue;
            inside_[k] = 1, of_.push_back(k), weight_.push_back(column_.weight[k]);
            for (int j = column_.starts[k]; j < column_.starts[k + 1]; ++j) append(j);
            starts_.push_back(static_cast<int>(inner_.size()));
            resolve(starts_[of_.size() - 1], starts_[of_.size()]);
        }
        const int now = static_cast<int>(inner_.size());
        if (now > n || known_ == now) return;
        if (now > ld_) {
            const int ld = now + now / 4 + 16;
            std::vector<double> larger(std::size_t(ld) * ld);
            for (int j = 0; j < known_; ++j) std::copy_n(gram_.data() + std::size_t(j) * ld_, known_, larger.data() + std::size_t(j) * ld);
            gram_.swap(larger), ld_ = ld;
        }
        inner_products(weighted_.data(), n, known_, now, gram_.data(), ld_);
        known_ = now;
    }

    // A weighted copy of column j, free of the intercept under the model's own weights.
    void append(int j) {
        const int n = rows_.n;
        const std::size_t at = inner_.size() * n;
        if (weighted_.size() < at + n) weighted_.resize(std::max(at + n, weighted_.size() + weighted_.size() / 2));
        const double *from = column_(j), scale = column_.scale[j];
        double* to = weighted_.data() + at;
        double mean = column_.shift[j];
        if (limits_.intercept) {
            mean = 0;
            for (int i = 0; i < n; ++i) mean += h_[i] * h_[i] * from[i];
            mean *= scale / total_;
        }
        for (int i = 0; i < n; ++i) to[i] = h_[i] * (scale * from[i] - mean);
        mean_.push_back(limits_.intercept ? mean - column_.shift[j] : 0.0), inner_.push_back(j);
    }

    // The block of a group and its eigenvectors.
    void resolve(int first, int last) {
        const int n = rows_.n, d = last - first;
        const std::size_t corner = blocks_.size();
        blocks_.resize(corner + std::size_t(d) * d), basis_.resize(blocks_.size()), values_.resize(last);
        for (int i = 0; i < d; ++i)
            for (int l = 0; l <= i; ++l)
                blocks_[corner + i * d + l] = blocks_[corner + l * d + i] =
                    dot(weighted_.data() + std::size_t(first + i) * n, weighted_.data() + std::size_t(first + l) * n, n);
        scratch_.assign(blocks_.begin() + corner, blocks_.end());
        spectrum(scratch_, d, values_.data() + first, basis_.data() + corner);
        scratch_.resize(n);
    }

    void step(double s, double tolerance) {
        const int a = static_cast<int>(inner_.size()), n = rows_.n, groups = static_cast<int>(of_.size());
        std::vector<double> c(a), start(a), along(n, 0.0), grad(a);
        pull_.resize(a), along_.resize(a), bent_.resize(a);
        s /= share_;  // of a model that is share_ times the one that is kept
        for (int i = 0; i < a; ++i) {
            pull_[i] = g_[inner_[i]] - mean_[i] * g0_;
            start[i] = b_[inner_[i]], c[i] = pull_[i] / share_;
            if (start[i] == 0) continue;
            if (known_ < a) axpy(start[i], weighted_.data() + std::size_t(i) * n, along.data(), n);
        }
        for (int i = 0; i < a; ++i) {
            if (known_ < a) c[i] += dot(weighted_.data() + std::size_t(i) * n, along.data(), n);
            else if (start[i] != 0) axpy(start[i], gram_.data() + std::size_t(i) * ld_, c.data(), a);
        }
        GroupLane small(gram_.data(), a, ld_, starts_.data(), groups, weight_.data(), values_.data(), basis_.data(), l1_);
        if (known_ < a) small.by_rows(weighted_.data(), n, blocks_.data());
        small.warm(start.data());
        double kkt;
        std::vector<double> end(a);
        small.solve(&s, 1, c.data(), tolerance / (s * share_), end.data(), grad.data(), &kkt);
        double level = limits_.intercept ? g0_ / (total_ * share_) : 0.0, all = 0;
        for (int i = 0; i < a; ++i) {
            const int j = inner_[i];
            const double by = end[i] - start[i];
            along_[i] = by, bent_[i] = pull_[i] / share_ - grad[i];
            if (by == 0) continue;
            b_[j] = end[i];
            level -= mean_[i] * by, all -= column_.shift[j] * by;
            axpy(column_.scale[j] * by, column_(j), eta_.data(), n);
        }
        level_ += level, all += level;
        for (int i = 0; i < n; ++i) eta_[i] += all;
    }

    const double l1_;
    GroupColumns column_{};
    Rows rows_{};
    const RowLoss* loss_ = nullptr;
    GroupLimits limits_{};
    std::vector<double> b_, g_, eta_, r_, h_, scratch_;
    std::vector<double> along_, bent_, pull_;  // the last step, the change of the gradient that the model saw in it, and the gradient before
    double level_ = 0, g0_ = 0, total_ = 0, noise_ = 0, share_ = 1;
    // the model: its columns and groups (places in the working set), weighted copies, means, Gram matrix of the first `known_`, blocks
    std::vector<int> inner_, of_, wanted_, starts_;
    std::vector<char> inside_;
    std::vector<double> weighted_, mean_, gram_, values_, blocks_, basis_, weight_;
    int known_ = 0, ld_ = 0;
};

}  // namespace rf
