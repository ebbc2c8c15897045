// Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations.
#pragma once
#include <cmath>
#include <utility>
#include <vector>

namespace rf {

// a (d x d) becomes its eigenvalues' diagonal; values: the largest last; basis: an eigenvector a row.
inline void spectrum(std::vector<double>& a, int d, double* values, double* basis) {
    for (int i = 0; i < d; ++i)
        for (int l = 0; l < d; ++l) basis[i * d + l] = i == l;
    for (int round = 0; round < 30; ++round) {
        double off = 0, whole = 0;
        for (int i = 0; i < d; ++i)
            for (int l = 0; l < d; ++l) (i == l ? whole : off) += a[i * d + l] * a[i * d + l];
        if (!(off > 1e-30 * whole)) break;
        for (int i = 0; i < d; ++i)
            for (int l = i + 1; l < d; ++l) {
                const double x = a[i * d + l];
                if (x == 0) continue;
                const double half = (a[l * d + l] - a[i * d + i]) / (2 * x);
                const double t = (half >= 0 ? 1 : -1) / (std::fabs(half) + std::sqrt(half * half + 1));
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                const auto turn = [&](double& u, double& v) {
                    const double before = u;
                    u = c * u - s * v, v = s * before + c * v;
                };
                for (int k = 0; k < d; ++k) turn(a[i * d + k], a[l * d + k]);
                for (int k = 0; k < d; ++k) turn(a[k * d + i], a[k * d + l]);
                for (int k = 0; k < d; ++k) turn(basis[i * d + k], basis[l * d + k]);
            }
    }
    int top = 0;
    for (int i = 0; i < d; ++i)
        if ((values[i] = a[i * d + i]) > values[top]) top = i;
    std::swap(values[top], values[d - 1]);
    for (int k = 0; top != d - 1 && k < d; ++k) std::swap(basis[top * d + k], basis[(d - 1) * d + k]);
}

}  // namespace rf
