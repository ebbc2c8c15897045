// A lane of which only its errors are wanted, from the Gram matrices of its rows: its data stay in the cache from the
// subtraction to the last held-out error, which is what hundreds of small lanes (nested cross-validation) cost.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lane.hpp"

namespace rf {

[[maybe_unused]] RF_CLONES static void standardise(const double* row, const double* inverse, double factor, const double* centre, double own, double* out, int p) {
    for (int i = 0; i < p; ++i) out[i] = row[i] * inverse[i] * factor - own * centre[i];
}

// What all lanes share: Gram matrices (width x width, width = p + 2) of [X - centre, y - offset, 1] and the problem.
struct GramFamily {
    int p, atoms, strengths, tests;
    const double *grams, *total;         // per atom; of all of them
    const double *l1, *l2, *lower, *upper, *grid;
    double gap;

    int width() const { return p + 2; }
    const double* atom(int a) const { return grams + std::size_t(a) * width() * width(); }
};

struct GramLane {
    double whole, weight, yy;               // multiple of the total Gram matrix; sum of weights; weighted sum of squares
    const double *shares, *inverse, *c;     // of the atoms beside it; one over the scales; X'y, both standardised
    const double* mean;                     // p columns and y, about the family's centre
    const int* tests;                       // the atom of every group of held-out rows
    double *errors, *sums;                  // (strengths, tests); (strengths, 5): b'c, b'g, penalty, ratio, conjugate
    double* kkt;
};

class GramErrors {
public:
    explicit GramErrors(const GramFamily& family) : f_(family), gram_(std::size_t(f_.p) * f_.p), row_(f_.p), centre_(f_.p), v_(f_.width()) {
        const std::size_t path = std::size_t(f_.strengths) * f_.p;
        b_.resize(path), grad_.resize(path), solved_.resize(f_.strengths);
    }

    void run(const GramLane& lane) {
        matrix(lane);
        Lane solver;
        solver.bind(gram_.data(), f_.p);
        solver.terms(f_.l1, f_.l2, f_.lower, f_.upper, f_.p);
        solver.tolerances.gap = f_.gap, solver.tolerances.yy = lane.yy;
        solver.path(f_.grid, f_.strengths, lane.c, b_.data(), grad_.data(), lane.kkt, solved_.data());
        for (int k = 0; k < f_.strengths; ++k) {
            const double *b = b_.data() + std::size_t(k) * f_.p, *grad = grad_.data() + std::size_t(k) * f_.p;
            certify(lane, f_.grid[k], b, grad, lane.sums + std::size_t(k) * 5);
            errors(lane, b, lane.errors + std::size_t(k) * f_.tests);
        }
    }

private:
    void matrix(const GramLane& lane) {
        const int p = f_.p, width = f_.width();
        for (int j = 0; j < p; ++j) centre_[j] = lane.mean[j] * lane.inverse[j];
        for (int j = 0; j < p; ++j) {
            const std::size_t at = std::size_t(j) * width;
            for (int i = 0; i < p; ++i) row_[i] = lane.whole * f_.total[at + i];
            for (int a = 0; a < f_.atoms; ++a)
                if (lane.shares[a] != 0) axpy(lane.shares[a], f_.atom(a) + at, row_.data(), p);
            standardise(row_.data(), lane.inverse, lane.inverse[j] / lane.weight, centre_.data(), centre_[j], gram_.data() + std::size_t(j) * p, p);
        }
    }

    // The sums of which a duality gap is made (no bounds, every column penalised).
    void certify(const GramLane& lane, double s, const double* b, const double* grad, double* out) const {
        double bc = 0, bg = 0, penalty = 0, ratio = 0, conjugate = 0;
        for (int j = 0; j < f_.p; ++j) {
            if (std::isinf(f_.l1[j])) continue;
            const double limit = s * f_.l1[j], size = std::fabs(grad[j]);
            if (f_.l2[j] == 0) ratio = std::max(ratio, size / limit);
            else if (size > limit) conjugate += (size - limit) * (size - limit) / (2 * s * f_.l2[j]);
            if (b[j] == 0) continue;
            bc += b[j] * lane.c[j], bg += b[j] * grad[j];
            penalty += limit * std::fabs(b[j]) + 0.5 * s * f_.l2[j] * b[j] * b[j];
        }
        out[0] = bc, out[1] = bg, out[2] = penalty, out[3] = ratio, out[4] = conjugate;
    }

    // Squared errors are v'Gv of the held-out rows, v = (coefficients, -1, intercept).
    void errors(const GramLane& lane, const double* b, double* out) {
        const int p = f_.p, width = f_.width();
        double level = lane.mean[p];
        for (int j = 0; j < p; ++j) {
            v_[j] = b[j] * lane.inverse[j];
            level -= v_[j] * lane.mean[j];
        }
        v_[p] = -1, v_[p + 1] = level;
        for (int t = 0; t < f_.tests; ++t) {
            const double* gram = f_.atom(lane.tests[t]);
            double form = 0;
            for (int j = 0; j < width; ++j) {
                if (v_[j] == 0) continue;
                const double* row = gram + std::size_t(j) * width;
                form += v_[j] * (2 * dot(row, v_.data(), j) + row[j] * v_[j]);  // symmetric: half of it will do
            }
            const double total = gram[std::size_t(width) * width - 1];
            out[t] = total > 0 ? std::max(form, 0.0) / total : std::numeric_limits<double>::quiet_NaN();
        }
    }

    const GramFamily f_;
    std::vector<double> gram_, row_, centre_, v_, b_, grad_;
    std::vector<unsigned char> solved_;
};

}  // namespace rf
