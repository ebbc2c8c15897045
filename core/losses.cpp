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

// e^x for x <= 0 (e^-708 below -708), to about one unit in the last place, without a branch.
RF_INLINE double exp_of_negative(double x) {
    x = x < -708.0 ? -708.0 : x;
    const double k = std::floor(x * 1.4426950408889634 + 0.5);
    const double r = (x - k * 0x1.62e42fefp-1) - k * 0x1.473de6af278edp-34;  // ln 2 in two parts: k times the first is exact
    const double sum = horner(r, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                              1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0);
    const std::int64_t bits = static_cast<std::int64_t>(static_cast<std::int32_t>(k) + 1023) << 52;
    double power;
    std::memcpy(&power, &bits, sizeof power);
    return sum * power;
}

// log(1 + t) for 0 <= t <= 1 as 2 atanh(t / (2 + t)): a series in at most 1/9, exact for small t too.
RF_INLINE double log_of_one_plus(double t) {
    const double u = t / (2.0 + t), square = u * u;
    return 2.0 * u * horner(square, 1.0 / 35, 1.0 / 33, 1.0 / 31, 1.0 / 29, 1.0 / 27, 1.0 / 25, 1.0 / 23, 1.0 / 21, 1.0 / 19,
                            1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0);
}

// Both class probabilities are formed from e^-|eta|, so that none is a difference of near equals.
RF_CLONES void logistic_gradient(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double t = exp_of_negative(-std::fabs(eta[i])), high = 1.0 / (1.0 + t), low = t * high;
        const double p = eta[i] >= 0 ? high : low, q = eta[i] >= 0 ? low : high;
        out[i] = (1.0 - y[i]) * p - y[i] * q;
    }
}

RF_CLONES void logistic_curvature(std::size_t n, const double*, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double t = exp_of_negative(-std::fabs(eta[i])), high = 1.0 / (1.0 + t);
        out[i] = t * high * high;
    }
}

RF_CLONES void logistic_value(std::size_t n, const double* y, const double* eta, double* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const double size = std::fabs(eta[i]), wrong = eta[i] >= 0 ? 1.0 - y[i] : y[i];
        out[i] = wrong * size + log_of_one_plus(exp_of_negative(-size));
    }
}

const Twin logistic{logistic_gradient, logistic_curvature, logistic_value};

}  // namespace

const Twin* find_twin(const char* name) { return std::strcmp(name, "logistic") == 0 ? &logistic : nullptr; }

}  // namespace rf
