// Products of eight columns, which need not be neighbours, with eight vectors that lie side by side, and of columns among themselves.
#pragma once
#include <cstddef>

#include "blocks.hpp"
#include "panel.hpp"

namespace rf {

// e (n x 8) += eight columns times b (8 x 8)
RF_CLONES static void add_columns(const double* const* c, const double* b, int n, double* e) {
    const double *c0 = c[0], *c1 = c[1], *c2 = c[2], *c3 = c[3], *c4 = c[4], *c5 = c[5], *c6 = c[6], *c7 = c[7];
    Octet b0, b1, b2, b3, b4, b5, b6, b7, x;
    load_into(b0, b), load_into(b1, b + 8), load_into(b2, b + 16), load_into(b3, b + 24), load_into(b4, b + 32), load_into(b5, b + 40), load_into(b6, b + 48), load_into(b7, b + 56);
    for (int i = 0; i < n; ++i) {
        Octet y = c1[i] * b1;
        load_into(x, e + std::size_t(i) * abreast);
        x += c0[i] * b0, x += c2[i] * b2, y += c3[i] * b3, x += c4[i] * b4, y += c5[i] * b5, x += c6[i] * b6, y += c7[i] * b7;
        x += y;
        store(x, e + std::size_t(i) * abreast);
    }
}

// out (8 x 8) += eight columns' products with r (n x 8)
RF_CLONES static void times_columns(const double* const* c, const double* r, int n, double* out) {
    const double *c0 = c[0], *c1 = c[1], *c2 = c[2], *c3 = c[3], *c4 = c[4], *c5 = c[5], *c6 = c[6], *c7 = c[7];
    Octet s0{}, s1{}, s2{}, s3{}, s4{}, s5{}, s6{}, s7{}, x;
    for (int i = 0; i < n; ++i) {
        load_into(x, r + std::size_t(i) * abreast);
        s0 += c0[i] * x, s1 += c1[i] * x, s2 += c2[i] * x, s3 += c3[i] * x, s4 += c4[i] * x, s5 += c5[i] * x, s6 += c6[i] * x, s7 += c7[i] * x;
    }
    const Octet* sums[8] = {&s0, &s1, &s2, &s3, &s4, &s5, &s6, &s7};
    for (int q = 0; q < 8; ++q) {
        load_into(x, out + q * abreast);
        x += *sums[q];
        store(x, out + q * abreast);
    }
}

// Eight columns side by side (n x 8), times weights.
RF_CLONES static void pack(const double* const* c, const double* weight, int n, double* out) {
    const double *c0 = c[0], *c1 = c[1], *c2 = c[2], *c3 = c[3], *c4 = c[4], *c5 = c[5], *c6 = c[6], *c7 = c[7];
    for (int i = 0; i < n; ++i, out += 8) {
        const double w = weight[i];
        out[0] = w * c0[i], out[1] = w * c1[i], out[2] = w * c2[i], out[3] = w * c3[i], out[4] = w * c4[i], out[5] = w * c5[i], out[6] = w * c6[i], out[7] = w * c7[i];
    }
}

// out[rows[t]] += weight[t] x[t], rows of eight; rows do not fall
RF_CLONES static void add_rows(int count, const int* rows, const double* weight, const double* x, double* out) {
    Octet sum, y;
    for (int t = 0; t < count;) {
        double* to = out + std::size_t(rows[t]) * 8;
        load_into(sum, to);
        for (const int row = rows[t]; t < count && rows[t] == row; ++t) sum += weight[t] * load_into(y, x + std::size_t(t) * 8);
        store(sum, to);
    }
}

}  // namespace rf
