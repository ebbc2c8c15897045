// A Newton lane on sparse columns, which never forms a Hessian: with thousands of columns it would cost far more than the few
// products that nearly orthogonal columns need.  The model is minimised by conjugate gradients on the columns that are free to
// move, whose signs are watched in between; coordinate descent steps in where clipped signs would make the model worse.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "newton.hpp"

namespace rf {

// The columns of a lane, row by row: products then stream through memory once and scatter into a vector that fits the cache.
class SparseRows {
public:
    SparseRows(const Csc& x, int n, const std::int64_t* cols, int count, const double* scale, bool intercept)
        : n_(n), width_(count + intercept), intercept_(intercept), start_(n + 1, 0) {
        for (int c = 0; c < count; ++c)
            for (std::int64_t t = x.indptr[cols[c]]; t < x.indptr[cols[c] + 1]; ++t) ++start_[x.indices[t] + 1];
        for (int i = 0; i < n; ++i) start_[i + 1] += start_[i];
        index_.resize(start_[n]), value_.resize(start_[n]);
        std::vector<std::int64_t> at(start_.begin(), start_.end() - 1);
        for (int c = 0; c < count; ++c)
            for (std::int64_t t = x.indptr[cols[c]]; t < x.indptr[cols[c] + 1]; ++t) {
                const std::int64_t to = at[x.indices[t]]++;
                index_[to] = c + intercept, value_[to] = x.data[t] * scale[c];
            }
    }
    int n() const { return n_; }
    int width() const { return width_; }
    bool intercept() const { return intercept_; }

    double row_times(int i, const double* b) const {
        double sum = intercept_ ? b[0] : 0.0, s1 = 0, s2 = 0, s3 = 0;  // four at once: one running sum would wait for itself
        std::int64_t t = start_[i];
        for (const std::int64_t end = start_[i + 1] - 3; t < end; t += 4) {
            sum += value_[t] * b[index_[t]];
            s1 += value_[t + 1] * b[index_[t + 1]];
            s2 += value_[t + 2] * b[index_[t + 2]];
            s3 += value_[t + 3] * b[index_[t + 3]];
        }
        for (; t < start_[i + 1]; ++t) sum += value_[t] * b[index_[t]];
        return (sum + s1) + (s2 + s3);
    }
    void add_row(int i, double r, double* out) const {
        if (intercept_) out[0] += r;
        for (std::int64_t t = start_[i]; t < start_[i + 1]; ++t) out[index_[t]] += r * value_[t];
    }
    void add_row_squares(int i, double h, double* out, double* plain) const {
        if (intercept_) out[0] += h, plain[0] += h;
        for (std::int64_t t = start_[i]; t < start_[i + 1]; ++t) {
            const double one = h * value_[t];
            plain[index_[t]] += one, out[index_[t]] += one * value_[t];
        }
    }

private:
    int n_, width_;
    bool intercept_;
    std::vector<std::int64_t> start_;
    std::vector<std::int32_t> index_;
    std::vector<double> value_;
};

class SparseNewtonLane final : public NewtonLane {
public:
    SparseNewtonLane(SparseRows x, const Csc& by_column, const std::int64_t* cols, const double* scale, const Rows& rows, const RowLoss& loss,
                     const Terms& terms, const NewtonLimits& limits)
        : NewtonLane(rows, x.width(), loss, terms, limits), x_(std::move(x)), csc_(by_column), cols_(cols), scale_(scale), curvature_(width_), lean_(width_), slope_(width_),
          rest_(width_), scaled_(width_), side_(width_), free_(width_), moved_(rows.n) {}

protected:
    void predict() override {
        for (int i = 0; i < rows_.n; ++i) eta_[i] = rows_.offset[i] + x_.row_times(i, b_.data());
    }
    void against() override {
        std::fill(g_.begin(), g_.end(), 0.0);
        for (int i = 0; i < rows_.n; ++i)
            if (r_[i] != 0) x_.add_row(i, r_[i], g_.data());
    }
    bool model(double, bool) override {
        curvatures();
        std::fill(curvature_.begin(), curvature_.end(), 0.0);
        std::fill(lean_.begin(), lean_.end(), 0.0);
        for (int i = 0; i < rows_.n; ++i)
            if (h_[i] != 0) x_.add_row_squares(i, h_[i], curvature_.data(), lean_.data());
        return true;
    }

    // Minimises  -g'(x - b) + 1/2 (x - b)'H(x - b) + s pen(x)  until no violation is above a small part of what there was.
    void step(double s, double error) override {
        const double goal = 0.03 * error;
        slope_ = g_;  // minus the model's slope at b_
        for (int round = 0; round < 30; ++round) {
            settle();
            if (set_free(s) <= goal) return;
            conjugate_gradients(s, 0.3 * goal);
            if (!move(s)) {
                descend(s);
                descend(s);
            }
        }
    }

private:
    // H d, with the rows that are held out left alone.
    void bend_along(const std::vector<double>& d, std::vector<double>& out) const {
        std::fill(out.begin(), out.end(), 0.0);
        for (int i = 0; i < rows_.n; ++i) {
            if (h_[i] == 0) continue;
            const double t = h_[i] * x_.row_times(i, d.data());
            if (t != 0) x_.add_row(i, t, out.data());
        }
    }

    // The intercept goes where it is best for all others, now and along every direction: columns that share a mean with it (words
    // of documents of one length do) would be nearly dependent otherwise.  What is left of them is as if centred under h.
    void settle() {
        if (!x_.intercept()) return;
        const double by = slope_[0] / curvature_[0];
        b_[0] += by;
        for (int j = 0; j < width_; ++j) slope_[j] -= by * lean_[j];
    }
    void with_intercept(std::vector<double>& d) const {
        if (x_.intercept()) d[0] = 0, d[0] = -dot(lean_.data(), d.data(), width_) / curvature_[0];
    }
    double bend_of(int j, double s) const {
        const double own = curvature_[j];
        return (x_.intercept() ? std::max(own - lean_[j] * lean_[j] / curvature_[0], 1e-9 * own) : own) + s * pen_.l2[j];
    }

    // Which coefficients may move, with which sign, and what is left of their optimality conditions.  -> the largest of it
    double set_free(double s) {
        double worst = 0;
        for (int j = 0; j < width_; ++j) {
            free_[j] = 0, rest_[j] = 0;
            if (j < x_.intercept() || std::isinf(pen_.l1[j]) || !(curvature_[j] + s * pen_.l2[j] > 0)) continue;
            const double t = s * pen_.l1[j], pull = slope_[j] - s * pen_.l2[j] * b_[j];
            const double sign = t == 0 ? 0 : b_[j] > 0 ? 1 : b_[j] < 0 ? -1 : pull > 0 ? 1 : -1;
            const double rest = pull - sign * t;
            if (b_[j] == 0 && t > 0 && sign * rest <= 0) continue;  // stays at zero
            if ((b_[j] >= pen_.upper[j] && rest > 0) || (b_[j] <= pen_.lower[j] && rest < 0)) continue;
            free_[j] = 1, side_[j] = static_cast<signed char>(sign), rest_[j] = rest;
            worst = std::max(worst, std::fabs(rest));
        }
        return worst;
    }

    // Solves H d = rest on the free columns, scaled by the diagonal; d is left in direction_, H d of all columns in turned_.
    void conjugate_gradients(double s, double goal) {
        direction_.assign(width_, 0.0), turned_.assign(width_, 0.0);
        residual_ = rest_, along_.assign(width_, 0.0), bent_.resize(width_);
        for (int j = 0; j < width_; ++j) scaled_[j] = free_[j] ? 1 / bend_of(j, s) : 0.0;
        double before = 0;
        for (int k = 0; k < 100; ++k) {
            double now = 0, worst = 0;
            for (int j = 0; j < width_; ++j) {
                if (!free_[j]) continue;
                now += residual_[j] * residual_[j] * scaled_[j];
                worst = std::max(worst, std::fabs(residual_[j]));
            }
            if (worst <= goal) return;
            const double keep = k ? now / before : 0.0;
            for (int j = 0; j < width_; ++j) along_[j] = residual_[j] * scaled_[j] + keep * along_[j];
            with_intercept(along_);
            bend_along(along_, bent_);
            double bend = 0;
            for (int j = 0; j < width_; ++j) bend += along_[j] * (bent_[j] + s * pen_.l2[j] * along_[j]);
            if (!(bend > 0)) return;
            const double length = now / bend;
            for (int j = 0; j < width_; ++j) {
                direction_[j] += length * along_[j], turned_[j] += length * bent_[j];
                residual_[j] -= length * (bent_[j] + s * pen_.l2[j] * along_[j]);
            }
            before = now;
        }
    }

    // Goes along direction_, stopping coefficients at zero and at their bounds; false, and back, where the model does not fall.
    bool move(double s) {
        bool whole = true;
        trial_ = b_, shift_.assign(width_, 0.0);
        for (int j = x_.intercept(); j < width_; ++j) {
            if (!free_[j]) continue;
            double to = b_[j] + direction_[j];
            if (side_[j] * to < 0) to = 0;
            to = std::min(std::max(to, pen_.lower[j]), pen_.upper[j]);
            whole = whole && to == b_[j] + direction_[j];
            trial_[j] = to, shift_[j] = to - b_[j];
        }
        with_intercept(shift_);
        if (x_.intercept()) trial_[0] = b_[0] + shift_[0];
        if (!whole) bend_along(shift_, turned_);
        double change = 0;
        for (int j = 0; j < width_; ++j)
            if (shift_[j] != 0)
                change += s * (pen_.l1[j] * (std::fabs(trial_[j]) - std::fabs(b_[j])) + 0.5 * pen_.l2[j] * (trial_[j] * trial_[j] - b_[j] * b_[j])) +
                          (0.5 * turned_[j] - slope_[j]) * shift_[j];
        if (!(change < 0)) return false;
        b_.swap(trial_);
        for (int j = 0; j < width_; ++j) slope_[j] -= turned_[j];
        return true;
    }

    // One epoch of coordinate descent on the model, over all columns of the lane.
    void descend(double s) {
        std::fill(moved_.begin(), moved_.end(), 0.0);  // h times what the predictor moved by
        trial_ = b_;
        for (int j = 0; j < width_; ++j) {
            const double t = s * pen_.l1[j], bend = curvature_[j] + s * pen_.l2[j];
            if (std::isinf(t) || !(bend > 0)) continue;
            const double z = slope_[j] - against_moved(j) + curvature_[j] * trial_[j];
            double to = z > t ? (z - t) / bend : z < -t ? (z + t) / bend : 0.0;
            to = std::min(std::max(to, pen_.lower[j]), pen_.upper[j]);
            if (to == trial_[j]) continue;
            move_one(j, to - trial_[j]);
            trial_[j] = to;
        }
        b_.swap(trial_);
        bent_.assign(width_, 0.0);
        for (int i = 0; i < rows_.n; ++i)
            if (moved_[i] != 0) x_.add_row(i, moved_[i], bent_.data());
        for (int j = 0; j < width_; ++j) slope_[j] -= bent_[j];
    }
    double against_moved(int j) const {
        double sum = 0;
        if (j < x_.intercept()) {
            for (double m : moved_) sum += m;
            return sum;
        }
        const std::int64_t c = cols_[j - x_.intercept()];
        for (std::int64_t t = csc_.indptr[c]; t < csc_.indptr[c + 1]; ++t) sum += csc_.data[t] * moved_[csc_.indices[t]];
        return sum * scale_[j - x_.intercept()];
    }
    void move_one(int j, double by) {
        if (j < x_.intercept()) {
            for (int i = 0; i < rows_.n; ++i) moved_[i] += h_[i] * by;
            return;
        }
        const std::int64_t c = cols_[j - x_.intercept()];
        by *= scale_[j - x_.intercept()];
        for (std::int64_t t = csc_.indptr[c]; t < csc_.indptr[c + 1]; ++t) moved_[csc_.indices[t]] += by * h_[csc_.indices[t]] * csc_.data[t];
    }

    const SparseRows x_;
    const Csc csc_;
    const std::int64_t* cols_;
    const double* scale_;
    // diagonal of H and its row of the intercept; minus the model's slope; what the free columns lack; one over the scale of their unknowns
    std::vector<double> curvature_, lean_, slope_, rest_, scaled_;
    std::vector<signed char> side_;
    std::vector<char> free_;
    std::vector<double> direction_, turned_, residual_, along_, bent_, trial_, shift_, moved_;
};

}  // namespace rf
