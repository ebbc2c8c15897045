// A Cholesky factor that grows by a row and shrinks by any row, in O(a^2) each.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "simd.hpp"

namespace rf {

// Lower triangle L of a positive definite matrix, rows packed one after another (row i holds i+1 numbers),
// so that both triangular solves run over contiguous memory.
class Cholesky {
public:
    int size() const { return size_; }
    void clear() { size_ = 0; }

    // Appends a variable with off-diagonals v (size() numbers) and the given diagonal.  Returns false, and
    // leaves L^-1 v in `solved`, when the new pivot is below `floor`: the variable depends on the others.
    bool append(const double* v, double diagonal, double floor, std::vector<double>& solved) {
        solved.assign(v, v + size_);
        forward(solved.data());
        const double pivot = diagonal - dot(solved.data(), solved.data(), size_);
        if (!(pivot > floor)) return false;
        const std::size_t start = offset(size_);
        if (rows_.size() < start + size_ + 1) rows_.resize((start + size_ + 1) * 3 / 2 + 64);
        std::copy(solved.begin(), solved.end(), rows_.begin() + start);
        rows_[start + size_] = std::sqrt(pivot);
        inverse_.resize(size_);
        inverse_.push_back(1.0 / rows_[start + size_]);
        ++size_;
        return true;
    }

    // Removes variable k: its row goes, and Givens rotations restore the triangle.
    void remove(int k) {
        const int last = size_ - 1;
        cos_.resize(size_);
        sin_.resize(size_);
        for (int i = k; i < last; ++i) {
            const double* old = row(i + 1);
            double* fresh = row(i);
            std::copy(old, old + k, fresh);
            double carried = old[k];
            for (int j = k; j < i; ++j) {
                const double right = old[j + 1];
                fresh[j] = cos_[j] * carried + sin_[j] * right;
                carried = cos_[j] * right - sin_[j] * carried;
            }
            const double corner = old[i + 1], norm = std::sqrt(carried * carried + corner * corner);
            cos_[i] = carried / norm;
            sin_[i] = corner / norm;
            fresh[i] = norm;
            inverse_[i] = 1.0 / norm;
        }
        --size_;
    }

    // Four rows a pass: a call each would cost more than its few numbers.
    void forward(double* x) const {  // x := L^-1 x
        int i = 0;
        for (; i + 4 <= size_; i += 4) {
            double sums[4];
            dot4(row(i), row(i + 1), row(i + 2), row(i + 3), x, sums, i);
            for (int k = 0; k < 4; ++k) {
                double rest = x[i + k] - sums[k];
                for (int j = i; j < i + k; ++j) rest -= row(i + k)[j] * x[j];
                x[i + k] = rest * inverse_[i + k];
            }
        }
        for (; i < size_; ++i) x[i] = (x[i] - dot(row(i), x, i)) * inverse_[i];
    }
    double forward_at(int i, double rest, const double* x) const { return (rest - dot(row(i), x, i)) * inverse_[i]; }  // entry i, from those before
    void backward(double* x) const {  // x := L^-T x
        int i = size_;
        for (; i >= 4; i -= 4) {
            double found[4];
            for (int k = 3; k >= 0; --k) {
                double rest = x[i - 4 + k];
                for (int j = k + 1; j < 4; ++j) rest += found[j] * row(i - 4 + j)[i - 4 + k];
                x[i - 4 + k] = rest * inverse_[i - 4 + k];
                found[k] = -x[i - 4 + k];
            }
            axpy4(found, row(i - 4), row(i - 3), row(i - 2), row(i - 1), x, i - 4);
        }
        while (i-- > 0) {
            x[i] *= inverse_[i];
            axpy(-x[i], row(i), x, i);
        }
    }
    void solve(double* x) const {
        forward(x);
        backward(x);
    }

private:
    static std::size_t offset(int i) { return static_cast<std::size_t>(i) * (i + 1) / 2; }
    const double* row(int i) const { return rows_.data() + offset(i); }
    double* row(int i) { return rows_.data() + offset(i); }

    int size_ = 0;
    std::vector<double> rows_, inverse_, cos_, sin_;  // inverse_: of the diagonal, a division is slow
};

}  // namespace rf
