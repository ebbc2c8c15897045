// Column kernels: gathering, products, and what one X'R says of every column.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include "../blocks.hpp"
#include "../thin.hpp"
#include "sparse.hpp"

namespace {

using OutGathered = nb::ndarray<nb::ndim<2>, nb::f_contig, nb::device::cpu>;

template <class T>
void gather_as(nb::ndarray<nb::ndim<2>, nb::device::cpu, nb::ro> x, const Index& rows, const Index& cols, const double* centre,
               const double* scale, const double* weight, OutGathered& out) {
    const auto into = [&](auto* to) {
        rf::gather(static_cast<const T*>(x.data()), x.stride(0), x.stride(1), rows.data(), static_cast<int>(rows.shape(0)), cols.data(),
                   static_cast<int>(cols.shape(0)), centre, scale, weight, to);
    };
    if (out.dtype() == nb::dtype<float>()) into(static_cast<float*>(out.data()));
    else into(static_cast<double*>(out.data()));
}

void gather(nb::ndarray<nb::ndim<2>, nb::device::cpu, nb::ro> x, Index rows, Index cols, std::optional<Vector> centre,
            std::optional<Vector> scale, std::optional<Vector> weight, OutGathered out) {
    need(out.dtype() == nb::dtype<double>() || out.dtype() == nb::dtype<float>(), "gather: out must be float64 or float32");
    need(out.shape(0) == rows.shape(0) && out.shape(1) == cols.shape(0), "gather: out must be rows x cols");
    need(!centre || centre->shape(0) == cols.shape(0), "gather: one centre per column");
    need(!scale || scale->shape(0) == cols.shape(0), "gather: one scale per column");
    need(!weight || weight->shape(0) == rows.shape(0), "gather: one weight per row");
    for (std::size_t i = 0; i < rows.shape(0); ++i) need(rows.data()[i] >= 0 && rows.data()[i] < (std::int64_t)x.shape(0), "gather: row out of range");
    for (std::size_t j = 0; j < cols.shape(0); ++j) need(cols.data()[j] >= 0 && cols.data()[j] < (std::int64_t)x.shape(1), "gather: column out of range");
    const double *m = centre ? centre->data() : nullptr, *a = scale ? scale->data() : nullptr, *w = weight ? weight->data() : nullptr;
    nb::gil_scoped_release release;
    if (x.dtype() == nb::dtype<double>()) gather_as<double>(x, rows, cols, m, a, w, out);
    else if (x.dtype() == nb::dtype<float>()) gather_as<float>(x, rows, cols, m, a, w, out);
    else throw std::invalid_argument("gather: X must be float64 or float32");
}

bool thin_product(Columns x, Rows r, Out out) {
    need(r.shape(0) == x.shape(0) && out.shape(0) == r.shape(1) && out.shape(1) == x.shape(1), "thin_product: shapes differ");
    nb::gil_scoped_release release;
    return rf::thin_product(x.data(), static_cast<int>(x.shape(0)), static_cast<int>(x.shape(1)), r.data(), static_cast<int>(r.shape(1)), out.data());
}

// -> (ratio, conjugate, violation, violators, near_ratio, far_conjugate)
nb::tuple scan(Vector scores, int first, Vector mean, Vector inverse, double total, double s, Vector l1, Vector l2, Vector lower,
               Vector upper, double slack, double noise, Mask skip, std::optional<Floats> kept) {
    const std::size_t p = l1.shape(0), width = scores.shape(0);
    need(mean.shape(0) == p && inverse.shape(0) == p && skip.shape(0) == p && (!kept || kept->shape(0) == p) && first >= 0 && first + width <= p, "scan: lengths differ");
    const rf::Terms pen = terms(l1, l2, lower, upper);
    rf::Scan found;
    {
        nb::gil_scoped_release release;
        rf::scan(scores.data(), first, static_cast<int>(width), mean.data(), inverse.data(), total, s, pen, slack, noise, skip.data(),
                 kept ? kept->data() : nullptr, found);
    }
    return nb::make_tuple(found.ratio, found.conjugate, found.violation, found.violators, found.near_ratio, found.far_conjugate);
}

std::vector<std::int64_t> approaching(Floats now, Floats before, double s_now, double s_before, double s_end, double margin, Vector l1,
                                      Vector l2, Vector lower, Vector upper, Mask skip) {
    const std::size_t p = l1.shape(0);
    need(now.shape(0) == p && before.shape(0) == p && skip.shape(0) == p, "approaching: lengths differ");
    const rf::Terms pen = terms(l1, l2, lower, upper);
    std::vector<std::int64_t> out;
    nb::gil_scoped_release release;
    rf::approaching(now.data(), before.data(), s_now, s_before, s_end, margin, static_cast<int>(p), pen, skip.data(), out);
    return out;
}

// A block of columns times few vectors.
void forward(Columns z, Rows b, Out e) {
    need(b.shape(0) == z.shape(1) && e.shape(0) == z.shape(0) && e.shape(1) == b.shape(1), "forward: shapes differ");
    nb::gil_scoped_release release;
    rf::forward(z.data(), z.shape(0), static_cast<int>(z.shape(0)), static_cast<int>(z.shape(1)), b.data(), e.data(), static_cast<int>(b.shape(1)));
}

}  // namespace

void add_columns(nb::module_& m) {
    m.def("gather", &gather, "x"_a.noconvert(), "rows"_a, "cols"_a, "centre"_a.none(), "scale"_a.none(), "weight"_a.none(), "out"_a.noconvert());
    nb::class_<Sparse>(m, "Sparse")
        .def(nb::init<Vector, Index32, Index, int>(), "data"_a.noconvert(), "indices"_a.noconvert(), "indptr"_a.noconvert(), "n"_a)
        .def("rmatmat", &Sparse::rmatmat, "first"_a, "last"_a, "r"_a.noconvert(), "out"_a.noconvert())
        .def("rmatmat_on", &Sparse::rmatmat_on, "cols"_a, "r"_a.noconvert(), "out"_a.noconvert())
        .def("matmat", &Sparse::matmat, "cols"_a, "b"_a.noconvert(), "out"_a.noconvert())
        .def("gram", &Sparse::gram, "weight"_a, "all"_a, "fresh"_a, "out"_a.noconvert(), "threads"_a);
    m.def("scan", &scan, "scores"_a, "first"_a, "mean"_a, "inverse"_a, "total"_a, "s"_a, "l1"_a, "l2"_a, "lower"_a, "upper"_a, "slack"_a,
          "noise"_a, "skip"_a, "kept"_a.none());
    m.def("thin_product", &thin_product, "x"_a.noconvert(), "r"_a.noconvert(), "out"_a.noconvert());
    m.def("approaching", &approaching);
    m.def("forward", &forward, "z"_a.noconvert(), "b"_a.noconvert(), "e"_a.noconvert());
}
