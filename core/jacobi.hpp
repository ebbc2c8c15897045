// Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi's rotations.
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace rf {

// a (d x d) is used up; values rise, vector i lies at basis + i * d.
inline void jacobi(std::vector<double>& a, int d, double* values, double* basis) {
    std::vector<double> v(std::size_t(d) * d, 0.0);
    for (int i = 0; i < d; ++i) v[i * d + i] = 1;
    for (int sweep = 0; sweep < 60; ++sweep) {
        bool quiet = true;
        for (int p = 0; p < d; ++p)
            for (int q = p + 1; q < d; ++q) {
                const double off = a[p * d + q];
                if (!(std::fabs(off) > 1e-16 * std::sqrt(std::fabs(a[p * d + p] * a[q * d + q])) && std::fabs(off) > 1e-300)) continue;
                quiet = false;
                const double theta = (a[q * d + q] - a[p * d + p]) / (2 * off);
                const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1)), c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (int i = 0; i < d; ++i) {
                    const double x = a[i * d + p], y = a[i * d + q];
                    a[i * d + p] = c * x - s * y, a[i * d + q] = s * x + c * y;
                }
                for (int i = 0; i < d; ++i) {
                    const double x = a[p * d + i], y = a[q * d + i];
                    a[p * d + i] = c * x - s * y, a[q * d + i] = s * x + c * y;
                    const double l = v[p * d + i], r = v[q * d + i];
                    v[p * d + i] = c * l - s * r, v[q * d + i] = s * l + c * r;
                }
            }
        if (quiet) break;
    }
    std::vector<int> order(d);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int x, int y) { return a[x * d + x] < a[y * d + y]; });
    for (int i = 0; i < d; ++i) {
        values[i] = a[order[i] * d + order[i]];
        std::copy_n(v.begin() + std::size_t(order[i]) * d, d, basis + std::size_t(i) * d);
    }
}

}  // namespace rf
