// Newton lanes on sparse columns, which never form a Hessian: with thousands of columns it would cost far more than the few
// products that nearly orthogonal columns need.  The model is minimised by conjugate gradients on the columns that are free to
// move, whose signs are watched in between; coordinate descent steps in where clipped signs would make the model worse.
//
// Eight strengths of a lane go side by side on one panel: each runs until it needs a product with X and waits there; a product
// runs for all that wait for one of its kind (abreast.hpp).
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "newton.hpp"
#include "sparse_panel.hpp"
#include "task.hpp"

namespace rf {

// A lane at one of its strengths; it starts from where its answer will be.
struct SparseRun {
    Rows rows;
    Terms terms;
    NewtonLimits limits;
    double strength, unit;
    NewtonAnswers out;
    bool ended;  // whether the path is to end there
};

class SparseNewtonLane final : public NewtonPoint {
public:
    SparseNewtonLane(SparseRun& run, const SparseColumns& x, const RowLoss& loss, SparsePanel& panel, int slot)
        : NewtonPoint(run.rows, x.count + x.intercept, loss, run.terms, run.limits), run_(run), x_(x), panel_(panel), slot_(slot), shift_(x.intercept),
          curvature_(width_), lean_(width_), slope_(width_), rest_(width_), scaled_(width_), side_(width_), free_(width_), moved_(rows_.n), whole_(solve()),
          resume_(whole_.handle()) {
        panel_.clear(slot);
    }

    SparsePanel::Ask asked() const { return ask_; }
    // Goes on to the next product that it needs; false: there is none, this is the end.
    bool go_on() {
        ask_ = SparsePanel::nothing;
        resume_.resume();
        if (whole_.done()) whole_.check();
        return !whole_.done();
    }

private:
    struct Wait {
        SparseNewtonLane& lane;
        SparsePanel::Ask ask;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> at) { lane.ask_ = ask, lane.resume_ = at; }
        void await_resume() const {}
    };
    Wait product(SparsePanel::Ask ask) { return {*this, ask}; }

    // ---- the flow, as in newton.hpp
    Task solve() {
        std::copy_n(run_.out.B, width_, b_.data());
        co_await look();
        co_await strength(run_.strength, run_.unit);
        run_.ended = !answer(0, error_, run_.out);
    }

    Task look() {
        put(b_);
        co_await product(SparsePanel::times);
        for (int i = 0; i < rows_.n; ++i) eta_[i] = rows_.offset[i] + panel_.eta(i, slot_);
        residuals();
        for (int i = 0; i < rows_.n; ++i) panel_.r(i, slot_) = r_[i];
        co_await product(SparsePanel::back);
        take(g_);
    }

    Task strength(double s, double unit) {
        error_ = judge(s, unit);
        for (int looks = 0; looks < limits_.steps; ++looks) {
            if (error_ <= limits_.tol && closed(unit)) co_return;
            co_await model();
            const std::vector<double> from = b_, eta = eta_;
            const double last = error_;
            // The first step ends elsewhere than its model says, however well that is solved; the last one need not be sharper than asked for.
            co_await step(s, (last > limits_.tol ? std::max((looks ? 0.01 : 0.3) * last, 0.3 * limits_.tol) : 0.01 * last) * unit);
            co_await look();
            error_ = judge(s, unit);
            if (error_ <= 0.5 * last || falls(from, eta, s)) continue;
            co_await shorten(from, eta, s);
            error_ = judge(s, unit);
            if (b_ == from) co_return;
        }
    }

    // Halves the step until the objective falls; back where it began, when it does not.
    Task shorten(const std::vector<double>& from, const std::vector<double>& eta, double s) {
        for (int k = 0; k < 50; ++k) {
            for (int j = 0; j < width_; ++j) b_[j] = 0.5 * (b_[j] + from[j]);
            co_await look();
            if (falls(from, eta, s)) co_return;
        }
        b_ = from;
        co_await look();
    }

    Task model() {
        curvatures();
        for (int i = 0; i < rows_.n; ++i) panel_.h(i, slot_) = h_[i];
        co_await product(SparsePanel::squares);
        take(curvature_);
        for (int j = shift_; j < width_; ++j) lean_[j] = panel_.plain(j - shift_, slot_);
        if (shift_) lean_[0] = curvature_[0];
    }

    // Minimises  -g'(x - b) + 1/2 (x - b)'H(x - b) + s pen(x)  until no violation is above `goal`.
    Task step(double s, double goal) {
        slope_ = g_;  // minus the model's slope at b_
        for (int round = 0; round < 30; ++round) {
            settle();
            if (set_free(s) <= goal) co_return;
            co_await conjugate_gradients(s, 0.3 * goal);
            if (aim()) {
                put(shifted_);
                co_await product(SparsePanel::bend);
                take(turned_);
            }
            if (!move(s)) {
                descend(s);
                descend(s);
            }
        }
    }

    // ---- between the lane's vectors and the panel's
    void put(const std::vector<double>& v) {
        panel_.level(slot_) = shift_ ? v[0] : 0.0;
        for (int j = shift_; j < width_; ++j) panel_.b(j - shift_, slot_) = v[j];
    }
    void take(std::vector<double>& v) {
        if (shift_) v[0] = panel_.total(slot_);
        for (int j = shift_; j < width_; ++j) v[j] = panel_.out(j - shift_, slot_);
    }

    // The intercept goes where it is best for all others, now and along every direction: columns that share a mean with it (words
    // of documents of one length do) would be nearly dependent otherwise.  What is left of them is as if centred under h.
    void settle() {
        if (!shift_) return;
        const double by = slope_[0] / curvature_[0];
        b_[0] += by;
        for (int j = 0; j < width_; ++j) slope_[j] -= by * lean_[j];
    }
    void with_intercept(std::vector<double>& d) const {
        if (shift_) d[0] = 0, d[0] = -dot(lean_.data(), d.data(), width_) / curvature_[0];
    }
    double bend_of(int j, double s) const {
        const double own = curvature_[j];
        return (shift_ ? std::max(own - lean_[j] * lean_[j] / curvature_[0], 1e-9 * own) : own) + s * pen_.l2[j];
    }

    // Which coefficients may move, with which sign, and what is left of their optimality conditions.  -> the largest of it
    double set_free(double s) {
        double worst = 0;
        for (int j = 0; j < width_; ++j) {
            free_[j] = 0, rest_[j] = 0;
            if (j < shift_ || std::isinf(pen_.l1[j]) || !(curvature_[j] + s * pen_.l2[j] > 0)) continue;
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
    Task conjugate_gradients(double s, double goal) {
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
            if (worst <= goal) co_return;
            const double keep = k ? now / before : 0.0;
            for (int j = 0; j < width_; ++j) along_[j] = residual_[j] * scaled_[j] + keep * along_[j];
            with_intercept(along_);
            put(along_);
            co_await product(SparsePanel::bend);
            take(bent_);
            double bend = 0;
            for (int j = 0; j < width_; ++j) bend += along_[j] * (bent_[j] + s * pen_.l2[j] * along_[j]);
            if (!(bend > 0)) co_return;
            const double length = now / bend;
            for (int j = 0; j < width_; ++j) {
                direction_[j] += length * along_[j], turned_[j] += length * bent_[j];
                residual_[j] -= length * (bent_[j] + s * pen_.l2[j] * along_[j]);
            }
            before = now;
        }
    }

    // Where the step goes: along direction_, stopping coefficients at zero and at their bounds; true where any was stopped.
    bool aim() {
        bool stopped = false;
        trial_ = b_, shifted_.assign(width_, 0.0);
        for (int j = shift_; j < width_; ++j) {
            if (!free_[j]) continue;
            double to = b_[j] + direction_[j];
            if (side_[j] * to < 0) to = 0;
            to = std::min(std::max(to, pen_.lower[j]), pen_.upper[j]);
            stopped = stopped || to != b_[j] + direction_[j];
            trial_[j] = to, shifted_[j] = to - b_[j];
        }
        with_intercept(shifted_);
        if (shift_) trial_[0] = b_[0] + shifted_[0];
        return stopped;
    }

    // Goes there, where turned_ is H times the step; false, and back, where the model does not fall.
    bool move(double s) {
        double change = 0;
        for (int j = 0; j < width_; ++j)
            if (shifted_[j] != 0)
                change += s * (pen_.l1[j] * (std::fabs(trial_[j]) - std::fabs(b_[j])) + 0.5 * pen_.l2[j] * (trial_[j] * trial_[j] - b_[j] * b_[j])) +
                          (0.5 * turned_[j] - slope_[j]) * shifted_[j];
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
        for (int j = 0; j < width_; ++j) slope_[j] -= against_moved(j);
    }
    double against_moved(int j) const {
        double sum = 0;
        if (j < shift_) {
            for (double m : moved_) sum += m;
            return sum;
        }
        x_.each(j - shift_, [&](std::int32_t i, double x) { sum += x * moved_[i]; });
        return sum;
    }
    void move_one(int j, double by) {
        if (j < shift_)
            for (int i = 0; i < rows_.n; ++i) moved_[i] += h_[i] * by;
        else
            x_.each(j - shift_, [&](std::int32_t i, double x) { moved_[i] += by * h_[i] * x; });
    }

    SparseRun& run_;
    const SparseColumns x_;
    SparsePanel& panel_;
    const int slot_, shift_;
    double error_ = 0;
    // diagonal of H and its row of the intercept; minus the model's slope; what the free columns lack; one over the scale of their unknowns
    std::vector<double> curvature_, lean_, slope_, rest_, scaled_;
    std::vector<signed char> side_;
    std::vector<char> free_;
    std::vector<double> direction_, turned_, residual_, along_, bent_, trial_, shifted_, moved_;
    Task whole_;
    std::coroutine_handle<> resume_;
    SparsePanel::Ask ask_ = SparsePanel::nothing;
};

}  // namespace rf
