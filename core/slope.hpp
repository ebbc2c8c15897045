// SLOPE along strengths on a Gram matrix:   minimise over b   1/2 b'Gb - c'b + s sum_i w_i |b|_(i)
// Rounds: columns that are pulled away from zero come in, then all that are in come to rest among themselves (SlopeBlock).
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "simd.hpp"
#include "slope_face.hpp"
#include "sorted.hpp"

namespace rf {

struct SlopeLimits {
    double violation;  // largest, over the strength, that counts as solved
    double gap;        // relative duality gap that does as well; 0: none is asked for
    double yy;         // the mean square of the target, for the gap
};

class SlopeLane {
public:
    SlopeLane(const double* gram, int m, int ld, const double* weights) : gram_(gram), m_(m), ld_(ld), w_(weights, weights + m), b_(m, 0.0), g_(m), out_(m) {}
    int size() const { return m_; }
    void warm(const double* b) { b_.assign(b, b + m_); }

    // Strengths one after another; row k of b, and the violation over the strength.
    void solve(const double* strengths, int count, const double* c, const SlopeLimits& limits, double* b, double* kkt) {
        look(c);
        for (int k = 0; k < count; ++k) {
            kkt[k] = one(strengths[k], c, limits) / strengths[k];
            std::copy(b_.begin(), b_.end(), b + std::size_t(k) * m_);
        }
    }

private:
    static constexpr int rounds = 60, few = 64;
    static constexpr double near = 1e-2, inner = 1e-5, negligible = 0.3;

    void look(const double* c) {  // g := c - G b
        g_.assign(c, c + m_);
        for (int j = 0; j < m_; ++j)
            if (b_[j] != 0) axpy(-b_[j], gram_ + std::size_t(j) * ld_, g_.data(), m_);
    }

    double one(double s, const double* c, const SlopeLimits& limits) {
        const double target = limits.violation * s;
        double worst = 0;
        for (int round = 0; round < rounds; ++round) {
            worst = norm_.violation(b_.data(), g_.data(), w_.data(), s, m_, out_.data());
            if (!(worst > target) || (worst <= near * s && closed(s, c, limits))) break;
            pack(s, negligible * target);
            const std::vector<double> before = block_.x;
            if (round == 0) block_.face();
            block_.rest(std::max(0.5 * target, inner * worst));
            if (block_.x == before) break;  // rounding is all that is left
            for (std::size_t i = 0; i < in_.size(); ++i) b_[in_[i]] = block_.x[i];
            look(c);
        }
        return worst;
    }

    // Whether the duality gap is small enough; g / ratio is a dual point.
    bool closed(double s, const double* c, const SlopeLimits& limits) {
        if (!(limits.gap > 0)) return false;
        const double bg = dot(b_.data(), g_.data(), m_), rest = 0.5 * std::max(limits.yy - dot(c, b_.data(), m_) - bg, 0.0);
        const double size = s * norm_.value(b_.data(), w_.data(), m_), ratio = norm_.ratio(g_.data(), w_.data(), s, m_), off = 1 - 1 / ratio;
        return rest * off * off + size - bg / ratio <= limits.gap * (rest + size);
    }

    // The block of the columns that are in: all that are not zero, and the worst violators.
    void pack(double s, double least) {
        in_.clear(), pulled_.clear();
        for (int j = 0; j < m_; ++j) {
            if (b_[j] != 0) in_.push_back(j);
            else if (out_[j] > least) pulled_.push_back(j);
        }
        const std::size_t most = std::max<std::size_t>(few, in_.size());
        if (pulled_.size() > most) {
            std::nth_element(pulled_.begin(), pulled_.begin() + most, pulled_.end(), [this](int i, int j) { return out_[i] > out_[j]; });
            pulled_.resize(most);
        }
        in_.insert(in_.end(), pulled_.begin(), pulled_.end());
        const std::size_t a = in_.size();
        block_.H.resize(a * a), block_.x.resize(a), block_.g.resize(a), block_.w.resize(a);
        for (std::size_t i = 0; i < a; ++i) {
            const double* from = gram_ + std::size_t(in_[i]) * ld_;
            for (std::size_t k = 0; k < a; ++k) block_.H[i * a + k] = from[in_[k]];
            block_.x[i] = b_[in_[i]], block_.g[i] = g_[in_[i]], block_.w[i] = s * w_[i];
        }
    }

    const double* gram_;
    const int m_, ld_;
    std::vector<double> w_, b_, g_, out_;
    std::vector<int> in_, pulled_;
    SlopeBlock block_;
    SortedNorm norm_;
};

}  // namespace rf
