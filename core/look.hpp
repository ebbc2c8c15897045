// A look at a compiled loss on some rows, for several lanes at once: predictors lie row by row, one column a lane. Rows go in
// tiles, so that the loss's vectors are long whatever the number of lanes, and stay in the cache.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "losses.hpp"
#include "simd.hpp"

namespace rf {

RF_CLONES static void add_offsets(const double* offset, std::size_t rows, std::size_t m, double* eta) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t k = 0; k < m; ++k) eta[i * m + k] += offset[i];
}

RF_CLONES static void weigh_all(const double* weight, std::size_t count, double* r) {
    for (std::size_t i = 0; i < count; ++i) r[i] *= weight[i];
}

// sums[k] += |weight| h, tops[k] = max(tops[k], h where there is a weight)
RF_CLONES static void gather_bends(const double* weight, const double* h, std::size_t rows, std::size_t m, double* __restrict sums, double* __restrict tops) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t k = 0; k < m; ++k) {
            const double w = weight[i * m + k], x = h[i * m + k], own = w != 0 ? x : 0.0;
            sums[k] += (w < 0 ? -w : w) * own;
            tops[k] = own > tops[k] ? own : tops[k];
        }
}

// A row that weighs nothing counts for nothing, however large its loss.
RF_CLONES static void add_values(const double* weight, const double* value, std::size_t rows, std::size_t m, double* __restrict sums) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t k = 0; k < m; ++k) sums[k] += weight[i * m + k] * (weight[i * m + k] != 0 ? value[i * m + k] : 0.0);
}

RF_CLONES static void spread(const double* y, const double* weights, const int* lane, std::size_t rows, std::size_t m, std::size_t stride, double* __restrict target,
                                  double* __restrict weight) {
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t k = 0; k < m; ++k) target[i * m + k] = y[i], weight[i * m + k] = weights[i * stride + lane[k]];
}

class Look {
public:
    // lane: column of the weights (stride) that each predictor has; column: where it is kept in E and R (width), or null.
    Look(const Twin& twin, std::size_t m, const int* lane, const int* column, std::size_t stride, std::size_t width)
        : twin_(twin), m_(m), lane_(lane), column_(column), stride_(stride), width_(width), tile_(std::max<std::size_t>(1, numbers / std::max<std::size_t>(m, 1))),
          target_(tile_ * m), weight_(tile_ * m), found_(tile_ * m) {
        for (std::size_t k = 1; column && k < m; ++k) together_ &= column[k] == column[0] + static_cast<int>(k);
    }

    void residual(std::size_t rows, const double* y, const double* offset, const double* weights, double* eta, double* r, double* E, double* R, double* bends, double* tops) {
        for (std::size_t i = 0; i < rows; i += tile_) {
            const std::size_t count = std::min(tile_, rows - i), at = i * m_;
            spread(y + i, weights + i * stride_, lane_, count, m_, stride_, target_.data(), weight_.data());
            add_offsets(offset + i, count, m_, eta + at);
            twin_.gradient(count * m_, target_.data(), eta + at, r + at);
            weigh_all(weight_.data(), count * m_, r + at);
            twin_.curvature(count * m_, target_.data(), eta + at, found_.data());
            gather_bends(weight_.data(), found_.data(), count, m_, bends, tops);
            keep(count, eta + at, E + i * width_);
            keep(count, r + at, R + i * width_);
        }
    }

    void means(std::size_t rows, const double* y, const double* weights, const double* eta, double* out) {
        for (std::size_t i = 0; i < rows; i += tile_) {
            const std::size_t count = std::min(tile_, rows - i);
            spread(y + i, weights + i * stride_, lane_, count, m_, stride_, target_.data(), weight_.data());
            twin_.value(count * m_, target_.data(), eta + i * m_, found_.data());
            add_values(weight_.data(), found_.data(), count, m_, out);
        }
    }

private:
    static constexpr std::size_t numbers = 1024;  // of a tile

    void keep(std::size_t rows, const double* from, double* into) const {
        for (std::size_t i = 0; i < rows; ++i) {
            if (together_) std::memcpy(into + i * width_ + column_[0], from + i * m_, m_ * sizeof(double));
            else
                for (std::size_t k = 0; k < m_; ++k) into[i * width_ + column_[k]] = from[i * m_ + k];
        }
    }

    const Twin& twin_;
    const std::size_t m_;
    const int *lane_, *column_;
    const std::size_t stride_, width_, tile_;
    std::vector<double> target_, weight_, found_;
    bool together_ = true;
};

}  // namespace rf
