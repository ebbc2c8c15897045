// Compiled without reassociation (see CMakeLists.txt): the range reduction of exp relies on the order of its operations.
#include "losses.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "simd.hpp"

namespace rf {
namespace {

RF_INLINE double horner(double, double sum) { return sum; }
template <class... Terms>
RF_INLINE double horner(double x, double sum, double term, Terms... rest) {
    return horner(x, sum * x + term, rest...);
}

// e^x for |x| <= 708, and as at that end beyond, to about one unit in the last place, without a branch.
RF_INLINE double exp_of(double x) {
    x = x < -708.0 ? -708.0 : x > 708.0 ? 708.0 : x;
    const double k = std::floor(x * 1.4426950408889634 + 0.5);
    const double r = (x - k * 0x1.62e42fefp-1) - k * 0x1.473de6af278edp-34;  // ln 2 in two parts: k times the first is exact
    const double sum = horner(r, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                              1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0);
    const std::int64_t bits = static_cast<std::int64_t>(static_cast<std::int32_t>(k) + 1023) << 52;
    double power;
    std::memcpy(&power, &bits, sizeof power);
    return sum * power;
}

// log(1 + t) for -1/2 <= t <= 1 as 2 atanh(t / (2 + t)): a series in at most 1/9, exact for small t too.
RF_INLINE double log_of_one_plus(double t) {
    const double u = t / (2.0 + t), square = u * u;
    return 2.0 * u * horner(square, 1.0 / 35, 1.0 / 33, 1.0 / 31, 1.0 / 29, 1.0 / 27, 1.0 / 25, 1.0 / 23, 1.0 / 21, 1.0 / 19,
                            1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0);
}

// log y for y > 0 that is not subnormal: 2^k (1 + t) with 0 <= t < 1.
RF_INLINE double log_of(double y) {
    std::int64_t bits;
    std::memcpy(&bits, &y, sizeof bits);
    const double k = static_cast<double>(static_cast<std::int32_t>(bits >> 52) - 1023);
    bits = (bits & 0xfffffffffffff) | (std::int64_t{1023} << 52);
    double part;
    std::memcpy(&part, &bits, sizeof part);
    return k * 0x1.62e42fefp-1 + (log_of_one_plus(part - 1.0) + k * 0x1.473de6af278edp-34);
}

// Both class probabilities are formed from e^-|eta|, so that none is a difference of near equals.
RF_CLONES void logistic_gradient(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double t = exp_of(-std::fabs(eta[i])), high = 1.0 / (1.0 + t), low = t * high;
        const double p = eta[i] >= 0 ? high : low, q = eta[i] >= 0 ? low : high;
        out[i] = (1.0 - y[i]) * p - y[i] * q;
    }
}

RF_CLONES void logistic_curvature(std::size_t n, const double*, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double t = exp_of(-std::fabs(eta[i])), high = 1.0 / (1.0 + t);
        out[i] = t * high * high;
    }
}

RF_CLONES void logistic_value(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double size = std::fabs(eta[i]), wrong = eta[i] >= 0 ? 1.0 - y[i] : y[i];
        out[i] = wrong * size + log_of_one_plus(exp_of(-size));
    }
}

// Losses with a log link: exponents stop at a cap, and the loss goes on in a straight line.
constexpr double cap = 600.0, far = 1e20;

RF_INLINE double capped_exp(double x) { return exp_of(x > cap ? cap : x); }
RF_INLINE double grown(double x) { return capped_exp(x) * (1.0 + (x > cap ? (x - cap < far ? x - cap : far) : 0.0)); }

// e^x - 1 - x, exact for small x too.
RF_INLINE double excess(double x) {
    const double near = x < -0.5 ? -0.5 : x > 0.5 ? 0.5 : x;
    const double series = near * near * horner(near, 1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                                               1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5);
    return near == x ? series : grown(x) - 1.0 - x;
}

RF_CLONES void poisson_gradient(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = capped_exp(eta[i]) - y[i];
}

RF_CLONES void poisson_curvature(std::size_t n, const double*, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = capped_exp(eta[i]);
}

RF_CLONES void poisson_value(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double size = y[i] > 0 ? y[i] : 1.0;
        out[i] = y[i] > 0 ? size * excess(eta[i] - log_of(size)) : grown(eta[i]);
    }
}

RF_CLONES void gamma_gradient(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = 1.0 - y[i] * capped_exp(-eta[i]);
}

RF_CLONES void gamma_curvature(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = y[i] * capped_exp(-eta[i]);
}

RF_CLONES void gamma_value(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = excess(log_of(y[i]) - eta[i]);
}

const Twin poisson{poisson_gradient, poisson_curvature, poisson_value};
const Twin gamma_twin{gamma_gradient, gamma_curvature, gamma_value};
const Twin logistic{logistic_gradient, logistic_curvature, logistic_value};

}  // namespace

RF_CLONES void exponentials(std::size_t n, const double* x, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = exp_of(x[i]);
}

RF_CLONES void logarithms(std::size_t n, const double* x, double* out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = log_of(x[i]);
}

const Twin* find_twin(const char* name) {
    const auto is = [&](const char* other) { return std::strcmp(name, other) == 0; };
    return is("logistic") ? &logistic : is("poisson") ? &poisson : is("gamma") ? &gamma_twin : nullptr;
}

}  // namespace rf
