// Arrays as Python hands them over, and what all doors check.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <stdexcept>

#include "../columns.hpp"

namespace nb = nanobind;
using namespace nb::literals;

using Vector = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Rows = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Columns = nb::ndarray<const double, nb::ndim<2>, nb::f_contig, nb::device::cpu>;
using Square = nb::ndarray<const double, nb::ndim<2>, nb::device::cpu>;  // by columns, which may lie further apart
using Index = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Index32 = nb::ndarray<const std::int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Slots = nb::ndarray<const int, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Mask = nb::ndarray<const unsigned char, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OutColumns = nb::ndarray<double, nb::ndim<2>, nb::f_contig, nb::device::cpu>;
using OutVector = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Flags = nb::ndarray<unsigned char, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Floats = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

inline void need(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

inline int leading(const Square& gram) {
    need(gram.shape(0) == gram.shape(1) && (gram.shape(0) < 2 || gram.stride(0) == 1), "a Gram matrix is square and lies by columns");
    return gram.shape(0) < 2 ? 1 : static_cast<int>(gram.stride(1));
}

inline rf::Terms terms(const Vector& l1, const Vector& l2, const Vector& lower, const Vector& upper) {
    need(l2.shape(0) == l1.shape(0) && lower.shape(0) == l1.shape(0) && upper.shape(0) == l1.shape(0), "penalty terms differ in length");
    return {l1.data(), l2.data(), lower.data(), upper.data()};
}

// The doors, one a file: each adds its names to the module.
void add_columns(nb::module_& m);
void add_quadratics(nb::module_& m);
void add_newton(nb::module_& m);
void add_coupled(nb::module_& m);
