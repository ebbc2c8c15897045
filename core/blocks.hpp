// Products of a block of columns (column by column, rows x w) with few vectors at once (row by row, 8 to a register), the first
// half of a Newton sweep, and of columns with columns.  BLAS is made for square matrices; with a handful of vectors it reaches
// half of this.  The second half, X'R, is in thin.hpp.
#pragma once
#include <algorithm>
#include <vector>

#include "simd.hpp"

namespace rf {

// e (rows x 8, stride) += z (rows x w) b (w x 8, stride)
RF_CLONES static void forward8(const double* z, std::size_t ld, int rows, int w, const double* b, std::size_t bs, double* e, std::size_t es) {
    int j = 0;
    for (; j + 8 <= w; j += 8) {
        const double *c0 = z + j * ld, *c1 = c0 + ld, *c2 = c1 + ld, *c3 = c2 + ld, *c4 = c3 + ld, *c5 = c4 + ld, *c6 = c5 + ld, *c7 = c6 + ld;
        Octet b0, b1, b2, b3, b4, b5, b6, b7;
        const double* from = b + j * bs;
        load_into(b0, from), load_into(b1, from + bs), load_into(b2, from + 2 * bs), load_into(b3, from + 3 * bs);
        load_into(b4, from + 4 * bs), load_into(b5, from + 5 * bs), load_into(b6, from + 6 * bs), load_into(b7, from + 7 * bs);
        for (int i = 0; i < rows; ++i) {
            Octet x, y = c1[i] * b1;
            load_into(x, e + i * es);
            x += c0[i] * b0, x += c2[i] * b2, y += c3[i] * b3, x += c4[i] * b4, y += c5[i] * b5, x += c6[i] * b6, y += c7[i] * b7;
            x += y;
            store(x, e + i * es);
        }
    }
    for (; j < w; ++j) {
        const double* c = z + j * ld;
        Octet bj, x;
        load_into(bj, b + j * bs);
        for (int i = 0; i < rows; ++i) {
            load_into(x, e + i * es);
            x += c[i] * bj;
            store(x, e + i * es);
        }
    }
}

// e (rows x m, row by row) = z b (w x m): whole registers first, the rest padded with zeros.  A few columns of a few rows stay
// in the first cache while all registers' worth of vectors pass.
inline void forward(const double* z, std::size_t ld, int rows, int w, const double* b, double* e, int m) {
    constexpr int tile = 256, panel = 8;
    std::fill(e, e + std::size_t(rows) * m, 0.0);
    const int k = m / 8 * 8;
    if (k == 8) forward8(z, ld, rows, w, b, m, e, m);
    for (int i = 0; k > 8 && i < rows; i += tile)
        for (int j = 0; j < w; j += panel)
            for (int at = 0; at < k; at += 8)
                forward8(z + i + j * ld, ld, std::min(tile, rows - i), std::min(panel, w - j), b + std::size_t(j) * m + at, m, e + std::size_t(i) * m + at, m);
    if (k == m) return;
    std::vector<double> padded(std::size_t(w) * 8, 0.0), answer(std::size_t(rows) * 8, 0.0);
    for (int j = 0; j < w; ++j) std::copy_n(b + std::size_t(j) * m + k, m - k, padded.data() + std::size_t(j) * 8);
    forward8(z, ld, rows, w, padded.data(), 8, answer.data(), 8);
    for (int i = 0; i < rows; ++i) std::copy_n(answer.data() + std::size_t(i) * 8, m - k, e + std::size_t(i) * m + k);
}

// Four columns against four: out[j][i] = a_i'b_j
RF_CLONES static void dot4x4(const double* const a[4], const double* const b[4], int n, double* out) {
    Octet s00{}, s01{}, s02{}, s03{}, s10{}, s11{}, s12{}, s13{}, s20{}, s21{}, s22{}, s23{}, s30{}, s31{}, s32{}, s33{};
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        Octet x0, x1, x2, x3, y;
        load_into(x0, a[0] + i), load_into(x1, a[1] + i), load_into(x2, a[2] + i), load_into(x3, a[3] + i);
        load_into(y, b[0] + i), s00 += x0 * y, s01 += x1 * y, s02 += x2 * y, s03 += x3 * y;
        load_into(y, b[1] + i), s10 += x0 * y, s11 += x1 * y, s12 += x2 * y, s13 += x3 * y;
        load_into(y, b[2] + i), s20 += x0 * y, s21 += x1 * y, s22 += x2 * y, s23 += x3 * y;
        load_into(y, b[3] + i), s30 += x0 * y, s31 += x1 * y, s32 += x2 * y, s33 += x3 * y;
    }
    const Octet* sums[16] = {&s00, &s01, &s02, &s03, &s10, &s11, &s12, &s13, &s20, &s21, &s22, &s23, &s30, &s31, &s32, &s33};
    for (int q = 0; q < 16; ++q) {
        double part[8], sum = 0;
        store(*sums[q], part);
        for (double x : part) sum += x;
        for (int t = i; t < n; ++t) sum += a[q % 4][t] * b[q / 4][t];
        out[q] = sum;
    }
}

// Inner products of columns old .. now of a matrix (column by column, n rows) with all of 0 .. now, into a symmetric matrix.
// Rows go in parts of which all columns fit the cache.
inline void inner_products(const double* columns, int n, int old, int now, double* out, std::size_t ld) {
    const int part = std::max(64, std::min(n, (1 << 17) / std::max(now, 1) / 8 * 8));
    double tile[16];
    for (int first = 0; first < n; first += part) {
        const int rows = std::min(part, n - first);
        const auto column = [&](int j) { return columns + std::size_t(std::min(j, now - 1)) * n + first; };
        for (int j = old; j < now; j += 4)
            for (int i = 0; i < j + 4 && i < now; i += 4) {
                const double* const a[4] = {column(i), column(i + 1), column(i + 2), column(i + 3)};
                const double* const b[4] = {column(j), column(j + 1), column(j + 2), column(j + 3)};
                dot4x4(a, b, rows, tile);
                for (int q = 0; q < 16; ++q) {
                    const int row = i + q % 4, col = j + q / 4;
                    if (row >= now || col >= now || row > col) continue;
                    double& to = out[row + col * ld];
                    to = first == 0 ? tile[q] : to + tile[q];
                }
            }
    }
    for (int j = old; j < now; ++j)
        for (int i = 0; i < j; ++i) out[j + i * ld] = out[i + j * ld];
}

}  // namespace rf
