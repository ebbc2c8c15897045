// X'R for few right-hand sides. BLAS packs X anew for every product, which costs as much as the product itself while R has
// few columns: here X is read as it lies, and R, small, is laid out so that sixteen sums a column stay in registers.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace rf {

constexpr int thin_width = 16, thin_columns = 8;

#if defined(__x86_64__) && defined(__GNUC__)
#define RF_THIN
typedef double Four __attribute__((vector_size(32), may_alias));
typedef double Eight __attribute__((vector_size(64), may_alias));

// out[c*16 + k] = sum_i columns[c][i] * r[i*16 + k] for eight columns
__attribute__((target("avx512f"))) inline void thin_avx512(const double* const* columns, int n, const double* r, double* out) {
    const double *c0 = columns[0], *c1 = columns[1], *c2 = columns[2], *c3 = columns[3], *c4 = columns[4], *c5 = columns[5],
                 *c6 = columns[6], *c7 = columns[7];
    Eight s0{}, s1{}, s2{}, s3{}, s4{}, s5{}, s6{}, s7{}, t0{}, t1{}, t2{}, t3{}, t4{}, t5{}, t6{}, t7{};
    for (int i = 0; i < n; ++i) {
        const Eight x = *reinterpret_cast<const Eight*>(r + thin_width * i), z = *reinterpret_cast<const Eight*>(r + thin_width * i + 8);
        s0 += c0[i] * x, s1 += c1[i] * x, s2 += c2[i] * x, s3 += c3[i] * x, s4 += c4[i] * x, s5 += c5[i] * x, s6 += c6[i] * x, s7 += c7[i] * x;
        t0 += c0[i] * z, t1 += c1[i] * z, t2 += c2[i] * z, t3 += c3[i] * z, t4 += c4[i] * z, t5 += c5[i] * z, t6 += c6[i] * z, t7 += c7[i] * z;
    }
    Eight* to = reinterpret_cast<Eight*>(out);
    to[0] = s0, to[1] = t0, to[2] = s1, to[3] = t1, to[4] = s2, to[5] = t2, to[6] = s3, to[7] = t3;
    to[8] = s4, to[9] = t4, to[10] = s5, to[11] = t5, to[12] = s6, to[13] = t6, to[14] = s7, to[15] = t7;
}

__attribute__((target("avx2,fma"))) inline void thin_avx2(const double* const* columns, int n, const double* r, double* out) {
    for (int part = 0; part < 4; ++part) {  // four columns by eight sums at a time: there are sixteen registers
        const double *c0 = columns[4 * (part / 2)], *c1 = columns[4 * (part / 2) + 1], *c2 = columns[4 * (part / 2) + 2],
                     *c3 = columns[4 * (part / 2) + 3], *half = r + 8 * (part % 2);
        Four s0{}, s1{}, s2{}, s3{}, t0{}, t1{}, t2{}, t3{};
        for (int i = 0; i < n; ++i) {
            const Four x = *reinterpret_cast<const Four*>(half + thin_width * i), z = *reinterpret_cast<const Four*>(half + thin_width * i + 4);
            s0 += c0[i] * x, s1 += c1[i] * x, s2 += c2[i] * x, s3 += c3[i] * x;
            t0 += c0[i] * z, t1 += c1[i] * z, t2 += c2[i] * z, t3 += c3[i] * z;
        }
        Four* to = reinterpret_cast<Four*>(out + 4 * (part / 2) * thin_width + 8 * (part % 2));
        to[0] = s0, to[1] = t0, to[4] = s1, to[5] = t1, to[8] = s2, to[9] = t2, to[12] = s3, to[13] = t3;
    }
}
#endif

// out[k*p + j] = sum_i x[i + j*n] * r[i*m + k]; false where this machine has no kernel for it.
inline bool thin_product(const double* x, int n, int p, const double* r, int m, double* out) {
#ifdef RF_THIN
    auto kernel = __builtin_cpu_supports("avx512f") ? thin_avx512 : thin_avx2;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return false;
    struct alignas(64) Line {
        double v[thin_width];
    };
    const int groups = (m + thin_width - 1) / thin_width;
    std::vector<Line> packed(static_cast<std::size_t>(groups) * n);
    for (int i = 0; i < n; ++i)
        for (int k = 0; k < m; ++k) packed[static_cast<std::size_t>(k / thin_width) * n + i].v[k % thin_width] = r[static_cast<std::size_t>(i) * m + k];
    constexpr int block = 64;  // columns that stay in the cache while all of R passes
    for (int start = 0; start < p; start += block)
        for (int g = 0; g < groups; ++g)
            for (int j = start; j < std::min(start + block, p); j += thin_columns) {
                const double* columns[thin_columns];
                Line sums[thin_columns];
                for (int c = 0; c < thin_columns; ++c) columns[c] = x + static_cast<std::size_t>(std::min(j + c, p - 1)) * n;
                kernel(columns, n, packed[static_cast<std::size_t>(g) * n].v, sums[0].v);
                for (int k = 0; k < std::min(thin_width, m - g * thin_width); ++k)
                    for (int c = 0; c < std::min(thin_columns, p - j); ++c)
                        out[static_cast<std::size_t>(g * thin_width + k) * p + j + c] = sums[c].v[k];
            }
    return true;
#else
    (void)x, (void)n, (void)p, (void)r, (void)m, (void)out;
    return false;
#endif
}

}  // namespace rf
