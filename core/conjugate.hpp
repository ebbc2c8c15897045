// Linear systems with a positive definite matrix that is only multiplied with: conjugate gradients, scaled by the diagonal.
#pragma once
#include <cmath>
#include <vector>

#include "simd.hpp"

namespace rf {

// Solves A x = r, with r given in x, to a residual of at most `target` anywhere.  Returns false where a direction does not
// bend upwards or `most` products did not do; the x of a true answer never raises x'Ax / 2 - r'x.
template <class Times>
bool conjugate_solve(const Times& times, const double* diagonal, double* x, int m, double target, int most) {
    std::vector<double> r(x, x + m), z(m), p(m, 0.0), ap(m);
    std::fill(x, x + m, 0.0);
    double before = 0;
    for (int step = 0; step < most; ++step) {
        double largest = 0;
        for (int i = 0; i < m; ++i) {
            if (!(diagonal[i] > 0)) return false;
            largest = std::max(largest, std::fabs(r[i]));
            z[i] = r[i] / diagonal[i];
        }
        if (largest <= target) return true;
        const double now = dot(r.data(), z.data(), m), turn = step == 0 ? 0 : now / before;
        for (int i = 0; i < m; ++i) p[i] = z[i] + turn * p[i];
        times(p.data(), ap.data());
        const double bend = dot(p.data(), ap.data(), m);
        if (!(bend > 1e-14 * now)) return false;
        axpy(now / bend, p.data(), x, m);
        axpy(-now / bend, ap.data(), r.data(), m);
        before = now;
    }
    return false;
}

}  // namespace rf
