// The few vector loops everything else is made of.  Each carries clones for wider registers, chosen
// when the module loads, so that one wheel runs on every machine and is fast on new ones.
// The clones are named by feature level: naming a processor ("arch=haswell") serves that one only, newer ones get SSE2.
#pragma once
#include <cstddef>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#define RF_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define RF_CLONES
#endif
#if defined(__GNUC__)
#define RF_INLINE __attribute__((always_inline)) inline  // a helper must take on the registers of the clone that calls it
#else
#define RF_INLINE inline
#endif

namespace rf {

// Eight numbers side by side, in one register or several.
#if defined(__GNUC__)
using Octet = double __attribute__((vector_size(64)));
using OctetAnywhere = double __attribute__((vector_size(64), aligned(8), may_alias));
RF_INLINE Octet& load_into(Octet& v, const double* p) { return v = *reinterpret_cast<const OctetAnywhere*>(p); }
RF_INLINE void store(const Octet& v, double* p) { *reinterpret_cast<OctetAnywhere*>(p) = v; }
#else
struct Octet {
    double v[8] = {};
    Octet& operator+=(const Octet& o) {
        for (int k = 0; k < 8; ++k) v[k] += o.v[k];
        return *this;
    }
};
inline Octet operator*(double a, const Octet& x) {
    Octet out;
    for (int k = 0; k < 8; ++k) out.v[k] = a * x.v[k];
    return out;
}
inline Octet operator*(const Octet& a, const Octet& x) {
    Octet out;
    for (int k = 0; k < 8; ++k) out.v[k] = a.v[k] * x.v[k];
    return out;
}
inline Octet& load_into(Octet& v, const double* p) {
    std::memcpy(v.v, p, sizeof v.v);
    return v;
}
inline void store(const Octet& v, double* p) { std::memcpy(p, v.v, sizeof v.v); }
#endif
RF_INLINE void add_scaled(double x, const double* row, Octet& sum) {
    Octet own;
    sum += x * load_into(own, row);
}
RF_INLINE void add_to(double x, const Octet& r, double* row) {
    Octet own;
    load_into(own, row);
    store(own += x * r, row);
}

[[maybe_unused]] RF_CLONES static double dot(const double* a, const double* b, std::size_t n) {
    // Four quarters at once: one running sum would wait for itself.
    const std::size_t q = n / 4;
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
    for (std::size_t i = 0; i < q; ++i) {
        s0 += a[i] * b[i];
        s1 += a[q + i] * b[q + i];
        s2 += a[2 * q + i] * b[2 * q + i];
        s3 += a[3 * q + i] * b[3 * q + i];
    }
    for (std::size_t i = 4 * q; i < n; ++i) s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

// out[k] = x_k'r for four columns
[[maybe_unused]] RF_CLONES static void dot4(const double* x0, const double* x1, const double* x2, const double* x3, const double* r, double* out, std::size_t n) {
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        s0 += x0[i] * r[i];
        s1 += x1[i] * r[i];
        s2 += x2[i] * r[i];
        s3 += x3[i] * r[i];
    }
    out[0] = s0, out[1] = s1, out[2] = s2, out[3] = s3;
}

[[maybe_unused]] RF_CLONES static void axpy(double alpha, const double* x, double* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

// y += x0*a[0] + x1*a[1] + x2*a[2] + x3*a[3]: four columns a pass, a quarter of the traffic on y
[[maybe_unused]] RF_CLONES static void axpy4(const double* a, const double* x0, const double* x1, const double* x2,
                            const double* x3, double* y, std::size_t n) {
    const double a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
    for (std::size_t i = 0; i < n; ++i) y[i] += a0 * x0[i] + a1 * x1[i] + a2 * x2[i] + a3 * x3[i];
}

}  // namespace rf
