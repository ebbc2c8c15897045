// The Hessian of the multinomial loss on pairs of a column and a class:
//     H[(j,k),(l,k')] = sum_i w_i p_ik ([k = k'] - p_ik') x_ij x_il.
// Pairs may be added later, for the probabilities it was begun with.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "blocks.hpp"

namespace rf {

[[maybe_unused]] RF_CLONES static void weighed_column(const double* heavy, const double* x, double* out, int n) {
    for (int i = 0; i < n; ++i) out[i] = heavy[i] * x[i];
}

class PairHessian {
public:
    std::vector<int> col, out;

    int size() const { return static_cast<int>(col.size()); }
    // Entries with i <= j; the others are not kept.
    double at(int i, int j) const { return h_[i + j * ld_]; }
    const double* column(int j) const { return h_.data() + j * ld_; }

    // For probabilities P (K x n, class by class) and weights; without pairs.
    void begin(const double* P, const double* weight, int n, int K) {
        n_ = n;
        col.clear(), out.clear();
        apart_.resize(std::size_t(K) * n), own_.resize(std::size_t(K) * n);
        columns_.resize(K), members_.resize(K);
        for (int k = 0; k < K; ++k) {
            columns_[k].clear(), members_[k].clear();
            for (int i = 0; i < n; ++i) {
                const double p = P[std::size_t(k) * n + i];
                apart_[std::size_t(k) * n + i] = std::sqrt(weight[i]) * p;
                own_[std::size_t(k) * n + i] = std::sqrt(weight[i] * p * (1 - p));
            }
        }
    }

    // Covers the pairs that were appended to `col` and `out`; block: X, column by column.
    void cover(const double* block, int old) {
        const int now = size();
        reserve(old, now);
        between_.resize(std::size_t(now) * n_);
        const std::size_t n = n_;
        for (int v = old; v < now; ++v) weighed_column(apart_.data() + out[v] * n, block + col[v] * n, between_.data() + v * n, n_);
        inner_products(between_.data(), n_, old, now, h_.data(), ld_);
        for (int v = old; v < now; ++v)
            for (int u = 0; u <= v; ++u) h_[u + v * ld_] = -h_[u + v * ld_];
        for (std::size_t k = 0; k < members_.size(); ++k) inside(block, static_cast<int>(k), old, now);
    }

private:
    // Entries within class k: their own products, as a difference would lose digits where p is near one.
    void inside(const double* block, int k, int old, int now) {
        std::vector<int>& own = members_[k];
        const int before = static_cast<int>(own.size());
        for (int v = old; v < now; ++v)
            if (out[v] == k) own.push_back(v);
        const int after = static_cast<int>(own.size());
        if (after == before) return;
        const std::size_t n = n_;
        columns_[k].resize(after * n);
        for (int c = before; c < after; ++c) weighed_column(own_.data() + k * n, block + col[own[c]] * n, columns_[k].data() + c * n, n_);
        part_.resize(std::size_t(after) * after);
        inner_products(columns_[k].data(), n_, before, after, part_.data(), after);
        for (int c = before; c < after; ++c)
            for (int d = 0; d <= c; ++d) h_[own[d] + own[c] * ld_] = part_[d + std::size_t(c) * after];
    }

    void reserve(int old, int now) {
        if (std::size_t(now) <= ld_) return;
        const std::size_t ld = std::max<std::size_t>(now, ld_ + ld_ / 2 + 16);
        std::vector<double> fresh(ld * ld);
        for (int j = 0; j < old; ++j) std::copy_n(h_.data() + j * ld_, old, fresh.data() + j * ld);
        h_.swap(fresh);
        ld_ = ld;
    }

    int n_ = 0;
    std::size_t ld_ = 0;
    std::vector<double> apart_, own_, between_, h_, part_;
    std::vector<std::vector<double>> columns_;  // class by class
    std::vector<std::vector<int>> members_;
};

}  // namespace rf
