// Compiled twins of losses: what a Newton step needs of every row, in one pass, vectorised by the compiler.
#pragma once
#include <cstddef>

namespace rf {

// The NumPy class of the same name defines what these compute; tests hold both together.
struct Twin {
    void (*gradient)(std::size_t n, const double* y, const double* eta, double* out);
    void (*curvature)(std::size_t n, const double* y, const double* eta, double* out);
    void (*value)(std::size_t n, const double* y, const double* eta, double* out);
};

void exponentials(std::size_t n, const double* x, double* out);
void logarithms(std::size_t n, const double* x, double* out);  // of positive numbers that are not subnormal

const Twin* find_twin(const char* name);  // nullptr when there is none

}  // namespace rf
