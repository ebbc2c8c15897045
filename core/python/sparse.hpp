// A sparse X as Python hands it over.
#pragma once
#include <algorithm>
#include <vector>

#include "../threads.hpp"
#include "arrays.hpp"

// Sparse columns, checked once: nothing after this can read outside.
class Sparse {
public:
    Sparse(Vector data, Index32 indices, Index indptr, int n) : data_(data), indices_(indices), indptr_(indptr), n_(n) {
        const std::int64_t nnz = data.shape(0);
        need(indptr.shape(0) >= 1 && (std::int64_t)indices.shape(0) == nnz && indptr.data()[0] == 0 && indptr.data()[p()] == nnz, "sparse: broken indptr");
        for (int j = 0; j < p(); ++j) need(indptr.data()[j] <= indptr.data()[j + 1], "sparse: indptr must not fall");
        for (std::int64_t t = 0; t < nnz; ++t) need(indices.data()[t] >= 0 && indices.data()[t] < n, "sparse: row index out of range");
    }
    int p() const { return static_cast<int>(indptr_.shape(0)) - 1; }

    void rmatmat(int first, int last, Rows r, Out out) const {
        need(0 <= first && first <= last && last <= p() && (int)r.shape(0) == n_ && out.shape(0) == r.shape(1) && (int)out.shape(1) == last - first,
             "sparse: shapes of a product differ");
        nb::gil_scoped_release release;
        rf::csc_rmatmat(view(), first, last, r.data(), static_cast<int>(r.shape(1)), out.data());
    }
    void rmatmat_on(Index cols, Rows r, Out out) const {  // out[c, k] = sum_i x_{i, cols[c]} r[i, k]
        inside(cols);
        need((int)r.shape(0) == n_ && out.shape(0) == cols.shape(0) && out.shape(1) == r.shape(1), "sparse: shapes of a product differ");
        const int m = static_cast<int>(r.shape(1));
        nb::gil_scoped_release release;
        for (std::size_t c = 0; c < cols.shape(0); ++c) rf::csc_column_times(view(), cols.data()[c], r.data(), m, out.data() + c * m);
    }
    void matmat(Index cols, Rows b, Out out) const {
        inside(cols);
        need(b.shape(0) == cols.shape(0) && (int)out.shape(0) == n_ && out.shape(1) == b.shape(1), "sparse: shapes of a product differ");
        nb::gil_scoped_release release;
        rf::csc_matmat(view(), cols.data(), static_cast<int>(cols.shape(0)), b.data(), static_cast<int>(b.shape(1)), out.data());
    }
    void gram(Vector weight, Index all, Index fresh, OutColumns out, int threads) const {
        inside(all);
        inside(fresh);
        need((int)weight.shape(0) == n_ && out.shape(0) == all.shape(0) && out.shape(1) == fresh.shape(0), "sparse: shapes of a Gram block differ");
        nb::gil_scoped_release release;
        const int count = static_cast<int>(fresh.shape(0)), rows = static_cast<int>(all.shape(0));
        const int parts = std::min((count + 7) / 8, std::max(1, threads));
        rf::parallel_for(parts, threads, [&](int part) {
            std::vector<double> scratch(std::size_t(8) * n_, 0.0);
            for (int j = 8 * part; j < count; j += 8 * parts)
                rf::csc_gram_eight(view(), weight.data(), all.data(), rows, fresh.data() + j, std::min(8, count - j), scratch.data(),
                                   out.data() + (std::size_t)j * rows);
        });
    }

    rf::Csc view() const { return {data_.data(), indices_.data(), indptr_.data()}; }
    int n() const { return n_; }
    void inside(const Index& cols) const {
        for (std::size_t c = 0; c < cols.shape(0); ++c) need(cols.data()[c] >= 0 && cols.data()[c] < p(), "sparse: column out of range");
    }

private:
    Vector data_;
    Index32 indices_;
    Index indptr_;
    int n_;
};
