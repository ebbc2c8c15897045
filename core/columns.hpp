// Column kernels that NumPy and BLAS do not do well: gathering standardised blocks, sparse products for many
// lanes at once, and the scan that turns products X'R into certificates.
#pragma once
#include <cmath>
#include <cstddef>
#include <algorithm>
#include <cstdint>
#include <vector>

#include "simd.hpp"

namespace rf {

// out[i + j*rows] = weight[i] * (x[row_i, col_j] - centre_j) * scale_j
template <class T, class Out>
void gather(const T* x, std::ptrdiff_t row_stride, std::ptrdiff_t col_stride, const std::int64_t* rows, int row_count,
            const std::int64_t* cols, int col_count, const double* centre, const double* scale, const double* weight,
            Out* out) {
    // Row-major data is read row by row and written in tiles, so that neither side strides through memory.
    constexpr int tile = 32;
    const int step = col_stride == 1 ? tile : row_count;
    for (int start = 0; start < row_count; start += step) {
        const int end = start + step < row_count ? start + step : row_count;
        for (int j = 0; j < col_count; ++j) {
            const T* column = x + cols[j] * col_stride;
            Out* target = out + static_cast<std::size_t>(j) * row_count;
            const double m = centre ? centre[j] : 0.0, a = scale ? scale[j] : 1.0;
            if (weight)
                for (int i = start; i < end; ++i) target[i] = static_cast<Out>(weight[i] * a * (column[rows[i] * row_stride] - m));
            else
                for (int i = start; i < end; ++i) target[i] = static_cast<Out>(a * (column[rows[i] * row_stride] - m));
        }
    }
}

struct Csc {
    const double* data;
    const std::int32_t* indices;
    const std::int64_t* indptr;
};

RF_CLONES static void add_scaled_rows(double x, const double* row, double* sum, int m) {
    for (int k = 0; k < m; ++k) sum[k] += x * row[k];
}

// sum[k] = sum_i x_ij r[i*m + k]
inline void csc_column_times(const Csc& x, std::int64_t j, const double* r, int m, double* sum) {
    std::fill(sum, sum + m, 0.0);
    for (std::int64_t t = x.indptr[j]; t < x.indptr[j + 1]; ++t)
        add_scaled_rows(x.data[t], r + static_cast<std::size_t>(x.indices[t]) * m, sum, m);
}

// Eight of the m columns of r, in registers while a column of x is gone through.
RF_CLONES static void csc_rmatmat_eight(const Csc& x, int first, int last, const double* r, int m, double* out) {
    const std::size_t width = last - first;
    for (int j = first; j < last; ++j) {
        Octet sum{};
        for (std::int64_t t = x.indptr[j]; t < x.indptr[j + 1]; ++t) add_scaled(x.data[t], r + static_cast<std::size_t>(x.indices[t]) * m, sum);
        double found[8];
        store(sum, found);
        for (int k = 0; k < 8; ++k) out[k * width + (j - first)] = found[k];
    }
}

// out[k*width + (j - first)] = sum_i x_ij r[i*m + k]: all lanes' residuals against each sparse column in one visit, or one for
// eight where there are as many
inline void csc_rmatmat(const Csc& x, int first, int last, const double* r, int m, double* out) {
    const std::size_t width = last - first;
    int done = 0;
    for (; done + 8 <= m; done += 8) csc_rmatmat_eight(x, first, last, r + done, m, out + done * width);
    if (done == m) return;
    std::vector<double> sum(m - done);
    for (int j = first; j < last; ++j) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::int64_t t = x.indptr[j]; t < x.indptr[j + 1]; ++t)
            add_scaled_rows(x.data[t], r + static_cast<std::size_t>(x.indices[t]) * m + done, sum.data(), m - done);
        for (int k = done; k < m; ++k) out[k * width + (j - first)] = sum[k - done];
    }
}

// out[i*m + k] += sum_j x_ij b[j*m + k] over the listed columns
inline void csc_matmat(const Csc& x, const std::int64_t* cols, int count, const double* b, int m, double* out) {
    for (int c = 0; c < count; ++c)
        for (std::int64_t t = x.indptr[cols[c]]; t < x.indptr[cols[c] + 1]; ++t)
            add_scaled_rows(x.data[t], b + static_cast<std::size_t>(c) * m, out + static_cast<std::size_t>(x.indices[t]) * m, m);
}

// out[k*count + i] = sum_r w_r x_{r,all_i} x_{r,fresh_k}: Gram columns of up to eight against `count`, which are gone through once
// for all of them; `scratch` has eight zeros a row and is left so.
[[maybe_unused]] RF_CLONES static void csc_gram_eight(const Csc& x, const double* weight, const std::int64_t* all, int count, const std::int64_t* fresh, int width,
                                     double* scratch, double* out) {
    for (int k = 0; k < width; ++k)
        for (std::int64_t t = x.indptr[fresh[k]]; t < x.indptr[fresh[k] + 1]; ++t)
            scratch[std::size_t(8) * x.indices[t] + k] = weight[x.indices[t]] * x.data[t];
    for (int i = 0; i < count; ++i) {
        Octet sum{};
        for (std::int64_t t = x.indptr[all[i]]; t < x.indptr[all[i] + 1]; ++t) add_scaled(x.data[t], scratch + std::size_t(8) * x.indices[t], sum);
        double found[8];
        store(sum, found);
        for (int k = 0; k < width; ++k) out[std::size_t(k) * count + i] = found[k];
    }
    for (int k = 0; k < width; ++k)
        for (std::int64_t t = x.indptr[fresh[k]]; t < x.indptr[fresh[k] + 1]; ++t) scratch[std::size_t(8) * x.indices[t] + k] = 0;
}

constexpr double near_excess = 1e-6;  // share of the threshold: shrinking the dual point by it costs less than a bound may

// What one pass over the scores of one (lane, strength) learns about columns first .. first+width.
struct Scan {
    double ratio = 0;      // largest |g_j| / (s l1_j) where only that bounds the dual
    double conjugate = 0;  // sum of the finite conjugates
    // The same for a dual point that is shrunk for all l1 columns but those whose excess is more than rounding.
    double near_ratio = 0, far_conjugate = 0;
    double violation = 0;  // largest violation of a zero coefficient, over s
    std::vector<std::int64_t> violators;
};

struct Terms {
    const double *l1, *l2, *lower, *upper;
};

// out[i] = (scores[i] - mean[i] * total) * inverse[i]
RF_CLONES static void standardise(const double* scores, const double* mean, const double* inverse, double total, int count,
                                  double* out) {
    for (int i = 0; i < count; ++i) out[i] = (scores[i] - mean[i] * total) * inverse[i];
}

// scores: X'r on raw columns; g_j = (score_j - mean_j * total) * inverse_j.  Columns of the working set (skip) are
// the solver's business and count for the dual point only.
inline void scan(const double* scores, int first, int width, const double* mean, const double* inverse, double total,
                 double s, const Terms& pen, double slack, double noise, const unsigned char* skip, float* kept, Scan& found) {
    constexpr int chunk = 256;
    double pulls[chunk];
    for (int i = 0; i < width; ++i) {
        const int j = first + i;
        if (i % chunk == 0) {
            const int count = std::min(chunk, width - i);
            standardise(scores + i, mean + j, inverse + j, total, count, pulls);
            if (kept) std::copy(pulls, pulls + count, kept + j);
        }
        const double g = pulls[i % chunk], l1 = pen.l1[j], t = s * l1;
        if (std::fabs(g) <= t * std::min(found.ratio, 1.0)) continue;  // nearly all: below the boundary, and not the nearest
        if (std::isinf(l1) || inverse[j] == 0) continue;
        const double excess = std::fabs(g) - t;
        const double bound = g > 0 ? pen.upper[j] : pen.lower[j];
        if (bound == 0) continue;
        if (pen.l2[j] > 0 || !std::isinf(bound)) {
            // sup over b of excess |b| - s l2 b^2 / 2, up to the bound: bounds are on the penalised scale already
            const double bend = s * pen.l2[j], best = std::min(bend > 0 ? excess / bend : HUGE_VAL, std::fabs(bound));
            if (excess > 0) {
                const double cost = best * (excess - 0.5 * bend * best);
                found.conjugate += cost;
                if (excess <= near_excess * t) found.near_ratio = std::max(found.near_ratio, std::fabs(g) / t);
                else found.far_conjugate += cost;
            }
        } else if (t > 0 && std::fabs(g) > found.ratio * t) {
            found.ratio = std::fabs(g) / t;
        }
        if (skip[j] || excess <= slack * t + noise) continue;
        found.violation = std::max(found.violation, excess / s);
        found.violators.push_back(j);
    }
}

// Columns that a straight line through their last two gradients brings near the boundary before strength s_end.
inline void approaching(const float* now, const float* before, double s_now, double s_before, double s_end, double margin,
                        int p, const Terms& pen, const unsigned char* skip, std::vector<std::int64_t>& out) {
    const double slope = s_before > s_now ? 1.0 / (s_before - s_now) : 0.0;
    for (int j = 0; j < p; ++j) {
        if (skip[j] || std::isinf(pen.l1[j])) continue;
        const double g = now[j], change = (g - before[j]) * slope * (s_now - s_end);
        const double t = pen.l1[j] * s_end * (1 - margin);
        const double ahead = g + change;
        if ((ahead > t && pen.upper[j] > 0) || (-ahead > t && pen.lower[j] < 0) || std::fabs(g) > pen.l1[j] * s_now * (1 - margin / 4))
            out.push_back(j);
    }
}

}  // namespace rf
