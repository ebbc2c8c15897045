// A quadratic  1/2 b'Gb - c'b  with some columns F solved for: what is left is a quadratic in the others, N, with the matrix
// G_NN - V'V,  V = L^-1 G_FN,  L the Cholesky factor of G_FF.  L and V are kept, and grow by a row where a column joins F.
#pragma once
#include <vector>

#include "blocks.hpp"
#include "cholesky.hpp"
#include "simd.hpp"

namespace rf {

class Eliminated {
public:
    const std::vector<int>& columns() const { return in_; }
    bool has(int j) const { return j < static_cast<int>(inside_.size()) && inside_[j]; }
    void forget() { in_.clear(), inside_.clear(), rows_.clear(), factor_.clear(); }

    // Sees to it that the wanted columns are solved for, and no others; those that depend on others are left out.
    template <class Column>
    void take(const std::vector<char>& wanted, const Column& column) {
        const int m = static_cast<int>(wanted.size());
        inside_.resize(m, 0), rows_.resize(m);
        for (int k = static_cast<int>(in_.size()) - 1; k >= 0; --k) {
            if (wanted[in_[k]]) continue;
            factor_.remove(k);
            inside_[in_[k]] = 0, in_.erase(in_.begin() + k);
            for (auto& row : rows_) row.clear();
        }
        for (int j = 0; j < m; ++j) {
            if (!wanted[j] || inside_[j]) continue;
            gather(column(j));
            if (!factor_.append(gathered_.data(), column(j)[j], 1e-6 * column(j)[j], solved_)) continue;
            inside_[j] = 1, in_.push_back(j), rows_[j].clear();
        }
    }

    // The matrix that is left to some columns, (a x a) without gaps; false where one of them nearly depends on those solved for.
    template <class Column>
    bool left(const std::vector<int>& others, const Column& column, std::vector<double>& out) {
        const std::size_t a = others.size(), f = in_.size();
        v_.resize(a * f), out.resize(a * a);
        for (std::size_t i = 0; i < a; ++i) std::copy_n(row(others[i], column(others[i])), f, v_.data() + i * f);
        inner_products(v_.data(), static_cast<int>(f), 0, static_cast<int>(a), out.data(), a);
        for (std::size_t i = 0; i < a; ++i) {
            const double* from = column(others[i]);
            for (std::size_t k = 0; k < a; ++k) out[i * a + k] = from[others[k]] - out[i * a + k];
            if (!(out[i * a + i] > 1e-6 * from[others[i]])) return false;
        }
        return true;
    }

    // With g = c - Gb: u := L^-1 g_F, and what solving for F takes from the gradient of the others.
    void reduce(const double* g, int others, double* rest) {
        const std::size_t f = in_.size();
        gather(g), u_ = gathered_;
        factor_.forward(u_.data());
        for (int i = 0; i < others; ++i) rest[i] -= dot(v_.data() + i * f, u_.data(), f);
    }

    // The steps of F that go with steps of the others.
    const std::vector<double>& follow(const double* steps, int others) {
        const std::size_t f = in_.size();
        for (int i = 0; i < others; ++i)
            if (steps[i] != 0) axpy(-steps[i], v_.data() + i * f, u_.data(), f);
        factor_.backward(u_.data());
        return u_;
    }

private:
    void gather(const double* from) {
        gathered_.resize(in_.size());
        for (std::size_t k = 0; k < in_.size(); ++k) gathered_[k] = from[in_[k]];
    }

    // Row j of V'.
    const double* row(int j, const double* column) {
        std::vector<double>& v = rows_[j];
        if (v.empty()) {
            gather(column), v = gathered_;
            factor_.forward(v.data());
        }
        for (int k = static_cast<int>(v.size()); k < static_cast<int>(in_.size()); ++k) v.push_back(factor_.forward_at(k, column[in_[k]], v.data()));
        return v.data();
    }

    std::vector<int> in_;
    std::vector<char> inside_;
    std::vector<std::vector<double>> rows_;  // of V', as far as they have been asked for
    std::vector<double> gathered_, solved_, v_, u_;
    Cholesky factor_;
};

}  // namespace rf
