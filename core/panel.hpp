// Products of a few Gram columns with eight right-hand sides that lie side by side: what coordinate descent for eight
// strengths at once spends its time on. A Gram entry that was read serves eight strengths instead of one.
#pragma once
#include <cstddef>

namespace rf {

constexpr int abreast = 8;  // strengths side by side
constexpr int panel_rows = 4;

template <class T>
struct alignas(abreast * sizeof(T)) Pack {
    T v[abreast];
};

// out[r] = sum_i columns[r][index[i]] * b[i] for r < panel_rows
template <class T>
void panel_plain(const T* const* columns, const int* index, int count, const Pack<T>* b, Pack<T>* out) {
    for (int r = 0; r < panel_rows; ++r) {
        Pack<T> sum{};
        for (int i = 0; i < count; ++i) {
            const T g = columns[r][index[i]];
            for (int k = 0; k < abreast; ++k) sum.v[k] += g * b[i].v[k];
        }
        out[r] = sum;
    }
}

#if defined(__x86_64__) && defined(__GNUC__)
#define RF_WIDE_PANEL
// Sums must stay in registers, and loops that compilers vectorise on their own did not (a quarter of the speed): so the
// registers are named here, as vectors of the language extension, in functions compiled for that instruction set.
typedef double Doubles __attribute__((vector_size(32), may_alias));
typedef float Floats __attribute__((vector_size(32), may_alias));

__attribute__((target("avx2,fma"))) inline void panel_avx2(const double* const* columns, const int* index, int count,
                                                           const Pack<double>* b, Pack<double>* out) {
    const double *c0 = columns[0], *c1 = columns[1], *c2 = columns[2], *c3 = columns[3];
    Doubles s0{}, s1{}, s2{}, s3{}, t0{}, t1{}, t2{}, t3{};
    for (int i = 0; i < count; ++i) {
        const Doubles x = *reinterpret_cast<const Doubles*>(b[i].v), z = *reinterpret_cast<const Doubles*>(b[i].v + 4);
        const int at = index[i];
        s0 += c0[at] * x, s1 += c1[at] * x, s2 += c2[at] * x, s3 += c3[at] * x;
        t0 += c0[at] * z, t1 += c1[at] * z, t2 += c2[at] * z, t3 += c3[at] * z;
    }
    Doubles* to = reinterpret_cast<Doubles*>(out);
    to[0] = s0, to[1] = t0, to[2] = s1, to[3] = t1, to[4] = s2, to[5] = t2, to[6] = s3, to[7] = t3;
}

__attribute__((target("avx2,fma"))) inline void panel_avx2(const float* const* columns, const int* index, int count,
                                                           const Pack<float>* b, Pack<float>* out) {
    const float *c0 = columns[0], *c1 = columns[1], *c2 = columns[2], *c3 = columns[3];
    Floats s0{}, s1{}, s2{}, s3{}, t0{}, t1{}, t2{}, t3{};
    int i = 0;
    for (; i + 1 < count; i += 2) {  // two entries at a time: a sum waits four cycles for itself
        const Floats x = *reinterpret_cast<const Floats*>(b[i].v), z = *reinterpret_cast<const Floats*>(b[i + 1].v);
        const int at = index[i], next = index[i + 1];
        s0 += c0[at] * x, s1 += c1[at] * x, s2 += c2[at] * x, s3 += c3[at] * x;
        t0 += c0[next] * z, t1 += c1[next] * z, t2 += c2[next] * z, t3 += c3[next] * z;
    }
    if (i < count) {
        const Floats x = *reinterpret_cast<const Floats*>(b[i].v);
        const int at = index[i];
        s0 += c0[at] * x, s1 += c1[at] * x, s2 += c2[at] * x, s3 += c3[at] * x;
    }
    Floats* to = reinterpret_cast<Floats*>(out);
    to[0] = s0 + t0, to[1] = s1 + t1, to[2] = s2 + t2, to[3] = s3 + t3;
}
#endif

// The widest one that this machine runs.
template <class T>
auto choose_panel() {
    using Panel = void (*)(const T* const*, const int*, int, const Pack<T>*, Pack<T>*);
    Panel chosen = panel_plain<T>;
#ifdef RF_WIDE_PANEL
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) chosen = panel_avx2;
#endif
    return chosen;
}

}  // namespace rf
