// Sorted L1,   sum_i w_i |b|_(i)   with decreasing w: how far a point is from optimal, and what makes its dual norm.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

namespace rf {

// The nearest decreasing vector: neighbours out of order are pooled to their mean, `count` (or nullptr) weighing.
class Pool {
public:
    // Whether anything was pooled.
    bool operator()(double* v, const double* count, int n) {
        int sorted = 1;
        while (sorted < n && v[sorted] <= v[sorted - 1]) ++sorted;
        if (sorted >= n) return false;
        blocks_.clear();
        for (int i = 0; i < n; ++i) {
            Block now{v[i], count ? count[i] : 1.0, i};
            for (; !blocks_.empty() && blocks_.back().mean <= now.mean; blocks_.pop_back()) {
                const Block& last = blocks_.back();
                const double both = last.weight + now.weight;
                now = {last.mean + (now.mean - last.mean) * (now.weight / both), both, last.first};
            }
            blocks_.push_back(now);
        }
        int end = n;
        for (std::size_t k = blocks_.size(); k-- > 0; end = blocks_[k].first) std::fill(v + blocks_[k].first, v + end, blocks_[k].mean);
        return true;
    }

private:
    struct Block {
        double mean, weight;
        int first;
    };
    std::vector<Block> blocks_;
};

// Sorts places by decreasing key.  Keys of neighbouring steps are nearly in order, so neighbours are exchanged as long as few of them are not.
inline void sort_down(std::vector<int>& order, const double* key) {
    const int n = static_cast<int>(order.size());
    long left = 4L * n;
    for (int i = 1; i < n; ++i) {
        const int at = order[i];
        int k = i;
        for (; k > 0 && key[order[k - 1]] < key[at]; --k, --left) order[k] = order[k - 1];
        order[k] = at;
        if (left < 0) return std::sort(order.begin(), order.end(), [key](int i, int j) { return key[i] > key[j]; });
    }
}

class SortedNorm {
public:
    // Distance of the descent g (minus the gradient) to the subdifferential of s sum_i w_i |b|_(i) at b, (m); returns the largest, or NaN.
    // The subdifferential is a product over the sets of equal |b|, and the distance to each an isotonic regression.
    double violation(const double* b, const double* g, const double* w, double s, int m, double* out) {
        key_.resize(m), in_.clear(), out_.clear();
        const double least = m > 0 ? s * w[m - 1] : 0.0;
        double bad = 0;
        for (int j = 0; j < m; ++j) {
            out[j] = 0, key_[j] = std::fabs(b[j]);
            if (!std::isfinite(g[j]) || !std::isfinite(b[j])) bad = std::nan("");
            if (b[j] != 0) in_.push_back(j);
            else if (std::fabs(g[j]) > least) out_.push_back(j);  // what is pulled less has no share in what leaves zero
        }
        if (bad != 0) return bad;
        sort_down(in_, key_.data());
        int at = 0;
        const int inside = static_cast<int>(in_.size());
        for (int first = 0; first < inside; first = at) {
            while (at < inside && key_[in_[at]] == key_[in_[first]]) ++at;
            bad = std::max(bad, among(in_.data() + first, at - first, b, g, w + first, s, out));
        }
        return std::max(bad, among(out_.data(), static_cast<int>(out_.size()), b, g, w + inside, s, out));
    }

    // The dual norm of g over s, or 1 where it is below: the largest ratio of the sums of the largest entries and of the first weights.
    double ratio(const double* g, const double* w, double s, int m) {
        rest_.clear();
        for (int j = 0; j < m; ++j)
            if (!(std::fabs(g[j]) <= s * w[m - 1])) rest_.push_back(std::fabs(g[j]));  // smaller ones only draw it to 1
        std::sort(rest_.begin(), rest_.end(), std::greater<>());
        double most = 1, sum = 0, weights = 0;
        for (std::size_t k = 0; k < rest_.size(); ++k) {
            sum += rest_[k], weights += s * w[k];
            if (!(sum <= most * weights)) most = sum / weights;
        }
        return most;
    }

    // sum_i w_i |b|_(i)
    double value(const double* b, const double* w, int m) {
        rest_.clear();
        for (int j = 0; j < m; ++j)
            if (b[j] != 0) rest_.push_back(std::fabs(b[j]));
        std::sort(rest_.begin(), rest_.end(), std::greater<>());
        double sum = 0;
        for (std::size_t k = 0; k < rest_.size(); ++k) sum += w[k] * rest_[k];
        return sum;
    }

private:
    // One set of equal |b|, at the weights w.
    double among(int* set, int size, const double* b, const double* g, const double* w, double s, double* out) {
        if (size == 0) return 0;
        const bool zero = b[set[0]] == 0;
        const auto pull = [&](int j) { return zero ? std::fabs(g[j]) : b[j] > 0 ? g[j] : -g[j]; };
        pulls_.clear(), rest_.resize(size);
        for (int k = 0; k < size; ++k) pulls_.emplace_back(pull(set[k]), set[k]);
        if (size > 1) std::sort(pulls_.begin(), pulls_.end(), std::greater<>());
        for (int k = 0; k < size; ++k) set[k] = pulls_[k].second, rest_[k] = pulls_[k].first - s * w[k];
        pool_(rest_.data(), nullptr, size);
        double most = 0;
        for (int k = 0; k < size; ++k) {
            const double far = zero ? std::max(rest_[k], 0.0) : std::fabs(rest_[k]);
            out[set[k]] = far, most = std::max(most, far);
        }
        return most;
    }

    std::vector<double> key_, rest_;
    std::vector<std::pair<double, int>> pulls_;
    std::vector<int> in_, out_;
    Pool pool_;
};

}  // namespace rf
