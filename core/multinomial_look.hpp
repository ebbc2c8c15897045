// One look at the rows of a multinomial lane: its probabilities, and residuals made orthogonal to intercepts and free columns, as
// the proof needs them (lockstep/several/look.py says why).  The last class's intercept and free coefficients are held: one number
// added to all classes changes nothing.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "cholesky.hpp"
#include "columns.hpp"
#include "losses.hpp"
#include "pairs.hpp"

namespace rf {

// Arrays class by class: Y and offset (K x n).
struct MultinomialRows {
    int n, K;
    const double *Y, *offset, *weight;
    double at_rest;  // minus the mean loss of a perfect prediction
};

// p penalised columns and then q free ones, column by column; ratio: from their scale to the lane's own.
struct MultinomialColumns {
    int p, q;
    const double* block;
    Terms pen;
    const double* ratio;
    bool rows;  // whether a column's coefficients are penalised by their norm
};

class MultinomialLook {
protected:
    // start: (K x q) intercepts and free coefficients.
    MultinomialLook(const MultinomialRows& rows, const MultinomialColumns& columns, const double* start)
        : r_(rows), c_(columns), w_(columns.p + columns.q), C_(std::size_t(rows.K) * w_), E_(size()), P_(size()), R_(size()), t_(std::size_t(rows.K - 1) * columns.q),
          logs_(size()), WY_(size()), moved_(size()), row_(rows.n) {
        for (int k = 0; k < r_.K; ++k) {
            std::copy_n(start + std::size_t(k) * c_.q, c_.q, C_.data() + std::size_t(k) * w_ + c_.p);
            for (int i = 0; i < r_.n; ++i) WY_[at(k) + i] = r_.weight[i] * r_.Y[at(k) + i];
        }
        predict();
        look();
    }

    std::size_t size() const { return std::size_t(r_.K) * r_.n; }
    std::size_t at(int k) const { return std::size_t(k) * r_.n; }
    const double* column(int j) const { return c_.block + std::size_t(j) * r_.n; }
    double& b(int k, int j) { return C_[std::size_t(k) * w_ + j]; }
    double b(int k, int j) const { return C_[std::size_t(k) * w_ + j]; }
    // Norm over the classes, `stride` apart.
    double length(const double* from, std::size_t stride) const {
        double sum = 0;
        for (int k = 0; k < r_.K; ++k) sum += from[k * stride] * from[k * stride];
        return std::sqrt(sum);
    }

    void predict() {
        std::copy_n(r_.offset, size(), E_.data());
        columns_.clear();
        for (int j = 0; j < w_; ++j)
            if (length(C_.data() + j, w_) > 0) columns_.push_back(j);
        std::size_t c = 0;
        for (; c + 4 <= columns_.size(); c += 4) {
            const int* j = columns_.data() + c;
            for (int k = 0; k < r_.K; ++k) {
                const double by[4] = {b(k, j[0]), b(k, j[1]), b(k, j[2]), b(k, j[3])};
                axpy4(by, column(j[0]), column(j[1]), column(j[2]), column(j[3]), E_.data() + at(k), r_.n);
            }
        }
        for (; c < columns_.size(); ++c)
            for (int k = 0; k < r_.K; ++k) axpy(b(k, columns_[c]), column(columns_[c]), E_.data() + at(k), r_.n);
    }

    void softmax() {
        const int n = r_.n;
        std::copy_n(E_.data(), n, row_.data());
        for (int k = 1; k < r_.K; ++k)
            for (int i = 0; i < n; ++i) row_[i] = std::max(row_[i], E_[at(k) + i]);
        for (int k = 0; k < r_.K; ++k)
            for (int i = 0; i < n; ++i) logs_[at(k) + i] = E_[at(k) + i] - row_[i];
        exponentials(size(), logs_.data(), P_.data());
        std::copy_n(P_.data(), n, row_.data());
        for (int k = 1; k < r_.K; ++k) axpy(1.0, P_.data() + at(k), row_.data(), n);
        for (int k = 0; k < r_.K; ++k)
            for (int i = 0; i < n; ++i) P_[at(k) + i] /= row_[i];
        for (int i = 0; i < n; ++i) row_[i] = std::log(row_[i]);
        for (int k = 0; k < r_.K; ++k) axpy(-1.0, row_.data(), logs_.data() + at(k), n);
        loss_ = -dot(WY_.data(), logs_.data(), size());
    }

    // Probabilities, and residuals that intercepts and free columns cannot explain; those go towards their best values.
    void look() {
        softmax();
        std::fill(moved_.begin(), moved_.end(), 0.0);
        std::fill(t_.begin(), t_.end(), 0.0);
        double chi = 0;
        feasible_ = true;
        for (int turn = 0; turn < polishes && !t_.empty(); ++turn) {
            const double reach = pull();
            if (reach <= polished || turn == polishes - 1 || !polish(std::min(1.0, far / reach))) {
                for (int k = 0; k < r_.K; ++k)
                    for (int i = 0; i < r_.n; ++i) {
                        const double t = moved_[at(k) + i];
                        moved_[at(k) + i] *= P_[at(k) + i];
                        chi += r_.weight[i] * moved_[at(k) + i] * t;
                    }
                feasible_ = reach <= 1.0;
                break;
            }
        }
        entropy_ = chi;
        for (int k = 0; k < r_.K; ++k)
            for (int i = 0; i < r_.n; ++i) {
                const std::size_t e = at(k) + i;
                const double q = P_[e] - moved_[e];
                R_[e] = WY_[e] - r_.weight[i] * q;
                entropy_ += r_.weight[i] * q * logs_[e];
            }
        on_offset_ = -dot(R_.data(), r_.offset, size());
    }

    // Newton's move t of intercepts and free columns, what it does to the predictors (moved_), and the largest such move.
    double pull() {
        const int n = r_.n;
        nuisance(ends_);
        factor(ends_, ends_.size(), ends_factor_, ends_kept_);
        for (int v = 0; v < ends_.size(); ++v) {
            const double *x = column(ends_.col[v]), *p = P_.data() + at(ends_.out[v]), *y = WY_.data() + at(ends_.out[v]);
            double sum = 0;
            for (int i = 0; i < n; ++i) sum += x[i] * (r_.weight[i] * p[i] - y[i]);
            t_[v] = sum;
        }
        inverse(ends_factor_, ends_kept_, t_);
        std::fill(moved_.begin(), moved_.end(), 0.0);
        for (int v = 0; v < ends_.size(); ++v) axpy(t_[v], column(ends_.col[v]), moved_.data() + at(ends_.out[v]), n);
        std::fill(row_.begin(), row_.end(), 0.0);
        for (int k = 0; k < r_.K; ++k)
            for (int i = 0; i < n; ++i) row_[i] += P_[at(k) + i] * moved_[at(k) + i];
        double reach = 0;
        for (int k = 0; k < r_.K; ++k)
            for (int i = 0; i < n; ++i) {
                moved_[at(k) + i] -= row_[i];
                if (r_.weight[i] > 0) reach = std::max(reach, std::fabs(moved_[at(k) + i]));
            }
        return reach;
    }

    // Takes that move, shortened until the loss falls; false when it does not.
    bool polish(double length) {
        const double before = loss_;
        const std::vector<double> from = E_;
        for (; length > 1e-6; length /= 2) {
            E_ = from;
            for (int v = 0; v < ends_.size(); ++v) axpy(-length * t_[v], column(ends_.col[v]), E_.data() + at(ends_.out[v]), r_.n);
            softmax();
            if (!(loss_ <= before)) continue;
            for (int v = 0; v < ends_.size(); ++v) b(ends_.out[v], ends_.col[v]) -= length * t_[v];
            std::fill(t_.begin(), t_.end(), 0.0);
            return true;
        }
        E_ = from;
        softmax();
        return false;
    }

    // Pairs of free columns and all classes but the last, for the probabilities of now.
    void nuisance(PairHessian& h) {
        h.begin(P_.data(), r_.weight, r_.n, r_.K);
        for (int k = 0; k + 1 < r_.K; ++k)
            for (int j = c_.p; j < w_; ++j) h.col.push_back(j), h.out.push_back(k);
        h.cover(c_.block, 0);
    }

    // The factor of the first pairs; those that depend on others are left out.
    void factor(const PairHessian& h, int count, Cholesky& out, std::vector<int>& kept) {
        out.clear();
        kept.clear();
        for (int v = 0; v < count; ++v) {
            line_.clear();
            for (int u : kept) line_.push_back(h.at(u, v));
            if (out.append(line_.data(), h.at(v, v), 1e-11 * h.at(v, v), solved_)) kept.push_back(v);
        }
    }
    void inverse(const Cholesky& factor, const std::vector<int>& kept, std::vector<double>& x) {
        line_.clear();
        for (int v : kept) line_.push_back(x[v]);
        factor.solve(line_.data());
        std::fill(x.begin(), x.end(), 0.0);
        for (std::size_t i = 0; i < kept.size(); ++i) x[kept[i]] = line_[i];
    }

    const MultinomialRows r_;
    const MultinomialColumns c_;
    const int w_;
    std::vector<double> C_;          // (K x (p + q)) coefficients
    std::vector<double> E_, P_, R_;  // (K x n) predictors, probabilities, residuals
    std::vector<double> t_;          // how far Newton would still move the free ones back
    double loss_ = 0, entropy_ = 0, on_offset_ = 0;
    bool feasible_ = true;
    std::vector<double> line_;

private:
    static constexpr int polishes = 30;
    static constexpr double polished = 0.05, far = 4.0;

    std::vector<double> logs_, WY_, moved_, row_;  // logs of probabilities, weighted targets, moves; one number a row
    PairHessian ends_;                             // of intercepts and free columns now
    Cholesky ends_factor_;
    std::vector<int> ends_kept_, columns_;
    std::vector<double> solved_;
};

}  // namespace rf
