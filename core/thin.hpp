// Products of a block of columns (column by column, rows x w) with few vectors at once (row by row, 8 to a register),
// the two halves of a Newton sweep; and of columns with columns.  BLAS is made for square matrices; with a handful of vectors it reaches half of this.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "simd.hpp"

namespace rf {

#if defined(__GNUC__)
using Eight = double __attribute__((vector_size(64)));
using EightAnywhere = double __attribute__((vector_size(64), aligned(8), may_alias));
RF_INLINE Eight& load_into(Eight& v, const double* p) { return v = *reinterpret_cast<const EightAnywhere*>(p); }
RF_INLINE void store(const Eight& v, double* p) { *reinterpret_cast<EightAnywhere*>(p) = v; }
#else
struct Eight {
    double v[8] = {};
    Eight& operator+=(const Eight& o) {
        for (int k = 0; k < 8; ++k) v[k] += o.v[k];
        return *this;
    }
};
inline Eight operator*(double a, const Eight& x) {
    Eight out;
    for (int k = 0; k < 8; ++k) out.v[k] = a * x.v[k];
    return out;
}
inline Eight& load_into(Eight& v, const double* p) {
    std::memcpy(v.v, p, sizeof v.v);
    return v;
}
inline void store(const Eight& v, double* p) { std::memcpy(p, v.v, sizeof v.v); }
#endif

// e (rows x 8, stride) += z (rows x w) b (w x 8, stride)
RF_CLONES static void forward8(const double* z, std::size_t ld, int rows, int w, const double* b, std::size_t bs, double* e, std::size_t es) {
    int j = 0;
    for (; j + 8 <= w; j += 8) {
        const double *c0 = z + j * ld, *c1 = c0 + ld, *c2 = c1 + ld, *c3 = c2 + ld, *c4 = c3 + ld, *c5 = c4 + ld, *c6 = c5 + ld, *c7 = c6 + ld;
        Eight b0, b1, b2, b3, b4, b5, b6, b7;
        const double* from = b + j * bs;
        load_into(b0, from), load_into(b1, from + bs), load_into(b2, from + 2 * bs), load_into(b3, from + 3 * bs);
        load_into(b4, from + 4 * bs), load_into(b5, from + 5 * bs), load_into(b6, from + 6 * bs), load_into(b7, from + 7 * bs);
        for (int i = 0; i < rows; ++i) {
            Eight x, y = c1[i] * b1;
            load_into(x, e + i * es);
            x += c0[i] * b0, x += c2[i] * b2, y += c3[i] * b3, x += c4[i] * b4, y += c5[i] * b5, x += c6[i] * b6, y += c7[i] * b7;
            x += y;
            store(x, e + i * es);
        }
    }
    for (; j < w; ++j) {
        const double* c = z + j * ld;
        Eight bj, x;
        load_into(bj, b + j * bs);
        for (int i = 0; i < rows; ++i) {
            load_into(x, e + i * es);
            x += c[i] * bj;
            store(x, e + i * es);
        }
    }
}

// g (w x 8, stride) += z' (w x rows) r (rows x 8, stride)
RF_CLONES static void backward8(const double* z, std::size_t ld, int rows, int w, const double* r, std::size_t rs, double* g, std::size_t gs) {
    int j = 0;
    const auto add = [&](const Eight& a, int at) {
        Eight x;
        load_into(x, g + at * gs);
        x += a;
        store(x, g + at * gs);
    };
    for (; j + 8 <= w; j += 8) {
        const double *c0 = z + j * ld, *c1 = c0 + ld, *c2 = c1 + ld, *c3 = c2 + ld, *c4 = c3 + ld, *c5 = c4 + ld, *c6 = c5 + ld, *c7 = c6 + ld;
        Eight a0{}, a1{}, a2{}, a3{}, a4{}, a5{}, a6{}, a7{}, x;
        for (int i = 0; i < rows; ++i) {
            load_into(x, r + i * rs);
            a0 += c0[i] * x, a1 += c1[i] * x, a2 += c2[i] * x, a3 += c3[i] * x, a4 += c4[i] * x, a5 += c5[i] * x, a6 += c6[i] * x, a7 += c7[i] * x;
        }
        add(a0, j), add(a1, j + 1), add(a2, j + 2), add(a3, j + 3), add(a4, j + 4), add(a5, j + 5), add(a6, j + 6), add(a7, j + 7);
    }
    for (; j < w; ++j) {
        const double* c = z + j * ld;
        Eight a{}, x;
        for (int i = 0; i < rows; ++i) {
            load_into(x, r + i * rs);
            a += c[i] * x;
        }
        add(a, j);
    }
}

// out (rows x m) = z b, or out (w x m) += z' r: whole registers first, the rest padded with zeros.
template <class Kernel>
void by_eights(Kernel kernel, const double* z, std::size_t ld, int rows, int w, const double* in, int in_rows, double* out, int out_rows, int m) {
    int k = 0;
    for (; k + 8 <= m; k += 8) kernel(z, ld, rows, w, in + k, m, out + k, m);
    if (k == m) return;
    const int left = m - k;
    std::vector<double> padded(static_cast<std::size_t>(in_rows) * 8, 0.0), answer(static_cast<std::size_t>(out_rows) * 8, 0.0);
    for (int i = 0; i < in_rows; ++i) std::copy_n(in + std::size_t(i) * m + k, left, padded.data() + std::size_t(i) * 8);
    kernel(z, ld, rows, w, padded.data(), 8, answer.data(), 8);
    for (int i = 0; i < out_rows; ++i)
        for (int l = 0; l < left; ++l) out[std::size_t(i) * m + k + l] += answer[std::size_t(i) * 8 + l];
}

// e (rows x m, row by row) = z b
inline void thin_forward(const double* z, std::size_t ld, int rows, int w, const double* b, double* e, int m) {
    std::fill(e, e + std::size_t(rows) * m, 0.0);
    if (m == 1) {
        for (int j = 0; j < w; ++j)
            if (b[j] != 0) axpy(b[j], z + j * ld, e, rows);
        return;
    }
    by_eights(forward8, z, ld, rows, w, b, w, e, rows, m);
}

// g (w x m, row by row) += z' r
inline void thin_backward(const double* z, std::size_t ld, int rows, int w, const double* r, double* g, int m) {
    if (m == 1) {
        for (int j = 0; j < w; ++j) g[j] += dot(z + j * ld, r, rows);
        return;
    }
    by_eights(backward8, z, ld, rows, w, r, rows, g, w, m);
}

// Four columns against four: out[j][i] = a_i'b_j
RF_CLONES static void dot4x4(const double* const a[4], const double* const b[4], int n, double* out) {
    Eight s00{}, s01{}, s02{}, s03{}, s10{}, s11{}, s12{}, s13{}, s20{}, s21{}, s22{}, s23{}, s30{}, s31{}, s32{}, s33{};
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        Eight x0, x1, x2, x3, y;
        load_into(x0, a[0] + i), load_into(x1, a[1] + i), load_into(x2, a[2] + i), load_into(x3, a[3] + i);
        load_into(y, b[0] + i), s00 += x0 * y, s01 += x1 * y, s02 += x2 * y, s03 += x3 * y;
        load_into(y, b[1] + i), s10 += x0 * y, s11 += x1 * y, s12 += x2 * y, s13 += x3 * y;
        load_into(y, b[2] + i), s20 += x0 * y, s21 += x1 * y, s22 += x2 * y, s23 += x3 * y;
        load_into(y, b[3] + i), s30 += x0 * y, s31 += x1 * y, s32 += x2 * y, s33 += x3 * y;
    }
    const Eight* sums[16] = {&s00, &s01, &s02, &s03, &s10, &s11, &s12, &s13, &s20, &s21, &s22, &s23, &s30, &s31, &s32, &s33};
    for (int q = 0; q < 16; ++q) {
        double part[8], sum = 0;
        store(*sums[q], part);
        for (double x : part) sum += x;
        for (int t = i; t < n; ++t) sum += a[q % 4][t] * b[q / 4][t];
        out[q] = sum;
    }
}

// Inner products of columns old .. now of a matrix (column by column, n rows) with all of 0 .. now, into a symmetric matrix.
inline void inner_products(const double* columns, int n, int old, int now, double* out, std::size_t ld) {
    const auto column = [&](int j) { return columns + std::size_t(std::min(j, now - 1)) * n; };
    double tile[16];
    for (int j = old; j < now; j += 4)
        for (int i = 0; i < j + 4 && i < now; i += 4) {
            const double* const a[4] = {column(i), column(i + 1), column(i + 2), column(i + 3)};
            const double* const b[4] = {column(j), column(j + 1), column(j + 2), column(j + 3)};
            dot4x4(a, b, n, tile);
            for (int q = 0; q < 16; ++q) {
                const int row = i + q % 4, col = j + q / 4;
                if (row < now && col < now) out[row + col * ld] = out[col + row * ld] = tile[q];
            }
        }
}

}  // namespace rf
