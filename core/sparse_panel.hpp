// Products of sparse columns with eight vectors side by side.  A number of X is loaded once and meets eight others
// in one register, where one vector would wait for a load of its own at every number.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "columns.hpp"
#include "simd.hpp"

namespace rf {

// Some columns of X, scaled, and an intercept before them or not.
struct SparseColumns {
    Csc x;
    const std::int64_t* cols;
    const double* scale;
    int count;
    bool intercept;

    template <class Use>
    void each(int c, Use use) const {
        for (std::int64_t t = x.indptr[cols[c]]; t < x.indptr[cols[c] + 1]; ++t) use(x.indices[t], x.data[t] * scale[c]);
    }
};

// The same row by row: products then stream through memory once and scatter into vectors that fit the cache.
struct SparseRows {
    int n, width;
    std::vector<std::int64_t> start;
    std::vector<std::int32_t> index;
    std::vector<double> value;

    SparseRows(const SparseColumns& x, int rows) : n(rows), width(x.count), start(rows + 1, 0) {
        for (int c = 0; c < width; ++c) x.each(c, [&](std::int32_t i, double) { ++start[i + 1]; });
        for (int i = 0; i < n; ++i) start[i + 1] += start[i];
        index.resize(start[n]), value.resize(start[n]);
        std::vector<std::int64_t> at(start.begin(), start.end() - 1);
        for (int c = 0; c < width; ++c)
            x.each(c, [&](std::int32_t i, double v) {
                const std::int64_t to = at[i]++;
                index[to] = c, value[to] = v;
            });
    }
};

// Where they lie: by value, so that nothing written can be thought to move it.  Rows without weight are left out of X'r.
struct RowView {
    int n;
    const std::int64_t* start;
    const std::int32_t* index;
    const double *value, *weight;
};

struct alignas(64) Line {
    double at[8];
};

RF_INLINE void scatter_row(const RowView& x, int i, const Octet& r, Line* out) {
    for (std::int64_t t = x.start[i]; t < x.start[i + 1]; ++t) add_to(x.value[t], r, out[x.index[t]].at);
}
RF_INLINE void gather_row(const RowView& x, int i, const Line* b, Octet& sum) {
    for (std::int64_t t = x.start[i]; t < x.start[i + 1]; ++t) add_scaled(x.value[t], b[x.index[t]].at, sum);
}

// out = level + X b
RF_CLONES static void panel_times(const RowView x, const Line* b, const Line& level, Line* out) {
    for (int i = 0; i < x.n; ++i) {
        Octet sum;
        load_into(sum, level.at);
        gather_row(x, i, b, sum);
        store(sum, out[i].at);
    }
}
// out += X' r;  total += sum of r
RF_CLONES static void panel_back(const RowView x, const Line* r, Line* out, Line& total) {
    Octet all;
    load_into(all, total.at);
    for (int i = 0; i < x.n; ++i) {
        if (x.weight[i] == 0) continue;
        Octet one;
        load_into(one, r[i].at);
        all += one;
        scatter_row(x, i, one, out);
    }
    store(all, total.at);
}
// out += X' (h * (level + X b));  total += the sum of what is in brackets
RF_CLONES static void panel_bend(const RowView x, const Line* b, const Line& level, const Line* h, Line* out, Line& total) {
    Octet all;
    load_into(all, total.at);
    for (int i = 0; i < x.n; ++i) {
        if (x.weight[i] == 0) continue;
        Octet sum, own;
        load_into(sum, level.at);
        gather_row(x, i, b, sum);
        sum = sum * load_into(own, h[i].at);
        all += sum;
        scatter_row(x, i, sum, out);
    }
    store(all, total.at);
}
// out += (X * X)' h;  plain += X' h;  total += sum of h
RF_CLONES static void panel_squares(const RowView x, const Line* h, Line* out, Line* plain, Line& total) {
    Octet all;
    load_into(all, total.at);
    for (int i = 0; i < x.n; ++i) {
        if (x.weight[i] == 0) continue;
        Octet one;
        load_into(one, h[i].at);
        all += one;
        for (std::int64_t t = x.start[i]; t < x.start[i + 1]; ++t) {
            const double v = x.value[t];
            add_to(v, one, plain[x.index[t]].at);
            add_to(v * v, one, out[x.index[t]].at);
        }
    }
    store(all, total.at);
}

// The vectors of eight, and the products that they ask for.
class SparsePanel {
public:
    enum Ask { nothing, times, back, bend, squares, kinds };

    SparsePanel(const SparseRows& x, const double* weight)
        : x_{x.n, x.start.data(), x.index.data(), x.value.data(), weight}, b_(x.width), out_(x.width), plain_(x.width), eta_(x.n), r_(x.n), h_(x.n) {}

    void run(Ask ask) {
        if (ask == times) return panel_times(x_, b_.data(), level_, eta_.data());
        std::fill(out_.begin(), out_.end(), Line{});
        total_ = Line{};
        if (ask == back) panel_back(x_, r_.data(), out_.data(), total_);
        if (ask == bend) panel_bend(x_, b_.data(), level_, h_.data(), out_.data(), total_);
        if (ask != squares) return;
        std::fill(plain_.begin(), plain_.end(), Line{});
        panel_squares(x_, h_.data(), out_.data(), plain_.data(), total_);
    }
    // Column k of what products read; what they leave stays until the next one runs.
    double& level(int k) { return level_.at[k]; }
    double& total(int k) { return total_.at[k]; }
    double& b(int j, int k) { return b_[j].at[k]; }
    double& r(int i, int k) { return r_[i].at[k]; }
    double& h(int i, int k) { return h_[i].at[k]; }
    double eta(int i, int k) const { return eta_[i].at[k]; }
    double out(int j, int k) const { return out_[j].at[k]; }
    double plain(int j, int k) const { return plain_[j].at[k]; }
    // Another run takes the place of one that has ended.
    void clear(int k) {
        for (Line& line : b_) line.at[k] = 0;
        for (Line& line : r_) line.at[k] = 0;
        for (Line& line : h_) line.at[k] = 0;
        level_.at[k] = 0;
    }

private:
    const RowView x_;
    Line level_{}, total_{};
    std::vector<Line> b_, out_, plain_, eta_, r_, h_;
};

}  // namespace rf
