// Newton lanes of losses with one predictor a row: on dense and on sparse columns, and on groups.
#include <nanobind/stl/string.h>

#include <algorithm>
#include <vector>

#include "../abreast.hpp"
#include "../group_newton.hpp"
#include "../newton_dense.hpp"
#include "../newton_sparse.hpp"
#include "losses.hpp"
#include "sparse.hpp"

namespace {

// What every kind of Newton lane is given and gives back.
struct NewtonJob {
    Vector y, offset, weight, l1, l2, lower, upper, spread, norm, level;
    double sharp;
    Vector start, strengths, units;
    double tol, loose, loss_floor;
    int steps;
    Out B, G;
    OutVector error;
    Out E, R;
    int first;
};

NewtonJob newton_job(const nb::tuple& t) {
    need(t.size() == 24, "a newton job is (y, offset, weight, l1, l2, lower, upper, spread, norm, level, sharp, start, strengths, units, tol, loose, "
                         "loss_floor, steps, B, G, error, E, R, first)");
    const auto vector = [&](int k) { return nb::cast<Vector>(t[k]); };
    const auto number = [&](int k) { return nb::cast<double>(t[k]); };
    const auto out = [&](int k) { return nb::cast<Out>(t[k]); };
    NewtonJob job{vector(0), vector(1), vector(2), vector(3), vector(4), vector(5), vector(6), vector(7), vector(8), vector(9), number(10),
                  vector(11), vector(12), vector(13), number(14), number(15), number(16), nb::cast<int>(t[17]), out(18), out(19), nb::cast<OutVector>(t[20]),
                  out(21), out(22), nb::cast<int>(t[23])};
    const std::size_t n = job.y.shape(0), w = job.start.shape(0), count = job.strengths.shape(0);
    need(job.offset.shape(0) == n && job.weight.shape(0) == n && job.E.shape(0) == n && job.R.shape(0) == n && job.E.shape(1) == job.R.shape(1), "newton: one row a target");
    need(job.spread.shape(0) == w && job.norm.shape(0) == w && job.level.shape(0) == w, "newton: one scale, norm and level a column");
    need(job.l1.shape(0) == w && job.B.shape(1) == w && job.G.shape(1) == w, "newton: one term a column");
    need(job.units.shape(0) == count && job.B.shape(0) == count && job.G.shape(0) == count && job.error.shape(0) == count && job.first >= 0 &&
             job.first + count <= job.E.shape(1) && count > 0, "newton: one answer a strength");
    return job;
}

// A job as the core reads it, from strength k on.
struct NewtonCall {
    rf::Rows rows;
    rf::Terms terms;
    rf::NewtonLimits limits;
    rf::NewtonAnswers out;
};

NewtonCall newton_call(const NewtonJob& job, std::size_t k) {
    const std::size_t w = job.start.shape(0), first = job.first + k;
    return {{static_cast<int>(job.y.shape(0)), job.offset.data(), job.weight.data()},
            terms(job.l1, job.l2, job.lower, job.upper),
            {job.tol, job.loose, job.sharp, job.spread.data(), job.norm.data(), job.level.data(), job.loss_floor, job.steps},
            {job.B.data() + k * w, job.G.data() + k * w, job.error.data() + k, job.E.data() + first, job.R.data() + first, job.E.shape(1)}};
}

int newton_dense(Columns block, Index positions, Vector scale, nb::object loss, nb::tuple given) {
    const NewtonJob job = newton_job(given);
    const std::size_t w = positions.shape(0);
    need(block.shape(0) == job.y.shape(0) && scale.shape(0) == w && job.start.shape(0) == w, "newton: one scale and coefficient a column");
    for (std::size_t j = 0; j < w; ++j) need(positions.data()[j] >= 0 && positions.data()[j] < (std::int64_t)block.shape(1), "newton: column out of range");
    const rf::DenseColumns columns{block.data(), block.shape(0), positions.data(), scale.data()};
    const NewtonCall call = newton_call(job, 0);
    return with_rows(loss, job.y, [&](const rf::RowLoss& rowwise) {
        rf::DenseNewtonLane lane(columns, call.rows, static_cast<int>(w), rowwise, call.terms, call.limits);
        return lane.solve(job.start.data(), job.strengths.data(), job.units.data(), static_cast<int>(job.strengths.shape(0)), call.out);
    });
}

// Strengths go side by side, each from its row of B.
int newton_sparse(const Sparse& x, Index cols, Vector scale, bool intercept, nb::object loss, nb::tuple given) {
    const NewtonJob job = newton_job(given);
    x.inside(cols);
    const std::size_t count = cols.shape(0), w = count + intercept;
    need(x.n() == (int)job.y.shape(0) && scale.shape(0) == count && job.start.shape(0) == w, "newton: one scale and coefficient a column");
    std::vector<rf::SparseRun> runs;
    for (std::size_t k = 0; k < job.strengths.shape(0); ++k) {
        const NewtonCall call = newton_call(job, k);
        runs.push_back({call.rows, call.terms, call.limits, job.strengths.data()[k], job.units.data()[k], call.out, false});
    }
    return with_rows(loss, job.y, [&](const rf::RowLoss& rowwise) {
        rf::solve_sparse({x.view(), cols.data(), scale.data(), static_cast<int>(count), intercept}, rowwise, runs);
        const auto last = std::find_if(runs.begin(), runs.end(), [](const rf::SparseRun& run) { return run.ended; });
        return static_cast<int>(last - runs.begin()) + (last != runs.end());
    });
}

// A call of a group lane: (block, positions, scale, shift, away), (starts, weight), (y, weights), (strict, gap, intercept, quadratic), strengths, the point
// (b, level, eta), the answers (B, levels, E, R), row by row.
int group_newton(rf::GroupNewton& lane, nb::object loss, nb::tuple columns, nb::tuple groups, nb::tuple data, nb::tuple limits, Vector strengths, nb::tuple at,
                 nb::tuple into) {
    const auto vector = [](const nb::tuple& t, int k) { return nb::cast<Vector>(t[k]); };
    const auto out = [](const nb::tuple& t, int k) { return nb::cast<OutVector>(t[k]); };
    const Columns block = nb::cast<Columns>(columns[0]);
    const Index positions = nb::cast<Index>(columns[1]);
    const Vector scale = vector(columns, 2), shift = vector(columns, 3), away = vector(columns, 4), weight = vector(groups, 1), y = vector(data, 0), w = vector(data, 1);
    const Slots starts = nb::cast<Slots>(groups[0]);
    const OutVector b = out(at, 0), level = out(at, 1), eta = out(at, 2), levels = out(into, 1);
    const Out B = nb::cast<Out>(into[0]), E = nb::cast<Out>(into[2]), R = nb::cast<Out>(into[3]);
    const std::size_t m = positions.shape(0), n = y.shape(0), count = strengths.shape(0), size = weight.shape(0);
    need(starts.shape(0) == size + 1 && size > 0 && starts.data()[0] == 0 && starts.data()[size] == (int)m, "group_newton: groups cover all columns");
    for (std::size_t k = 0; k < size; ++k) need(starts.data()[k] < starts.data()[k + 1], "group_newton: starts rise");
    need(scale.shape(0) == m && shift.shape(0) == m && away.shape(0) == m && b.shape(0) == m && B.shape(1) == m, "group_newton: one coefficient a column");
    need(block.shape(0) == n && w.shape(0) == n && eta.shape(0) == n && E.shape(1) == n && R.shape(1) == n && level.shape(0) == 1, "group_newton: one row a target");
    need(B.shape(0) == count && E.shape(0) == count && R.shape(0) == count && levels.shape(0) == count, "group_newton: one answer a strength");
    for (std::size_t j = 0; j < m; ++j) need(positions.data()[j] >= 0 && positions.data()[j] < (std::int64_t)block.shape(1), "group_newton: column out of range");
    const rf::GroupLimits limit{nb::cast<double>(limits[0]), nb::cast<double>(limits[1]), nb::cast<bool>(limits[2]), nb::cast<bool>(limits[3])};
    const rf::GroupColumns view{block.data(), n, positions.data(), scale.data(), shift.data(), away.data(), starts.data(), weight.data(), static_cast<int>(size)};
    return with_rows(loss, y, [&](const rf::RowLoss& rowwise) {
        return lane.solve(view, rf::Rows{static_cast<int>(n), nullptr, w.data()}, rowwise, limit, strengths.data(), static_cast<int>(count),
                          {b.data(), level.data(), eta.data(), nullptr}, {B.data(), levels.data(), E.data(), R.data()});
    });
}

}  // namespace

void add_newton(nb::module_& m) {
    m.def("newton_dense", &newton_dense, "block"_a.noconvert(), "positions"_a, "scale"_a, "loss"_a, "job"_a);
    m.def("newton_sparse", &newton_sparse, "x"_a, "cols"_a, "scale"_a, "intercept"_a, "loss"_a, "job"_a);
    nb::class_<rf::GroupNewton>(m, "GroupNewton").def(nb::init<double>(), "l1"_a).def("solve", &group_newton);
    nb::class_<TwinLoss>(m, "TwinLoss")
        .def(nb::init<std::string>())
        .def("residual", &TwinLoss::residual, "y"_a.noconvert(), "offset"_a.noconvert(), "weights"_a.noconvert(), "lanes"_a.noconvert(), "columns"_a.noconvert(),
             "eta"_a.noconvert(), "r"_a.noconvert(), "E"_a.noconvert(), "R"_a.noconvert(), "bends"_a.noconvert(), "tops"_a.noconvert())
        .def("means", &TwinLoss::means, "y"_a.noconvert(), "weights"_a.noconvert(), "owner"_a.noconvert(), "E"_a.noconvert(), "out"_a.noconvert())
        .def("gradient", &TwinLoss::gradient, "y"_a.noconvert(), "eta"_a.noconvert(), "out"_a.noconvert())
        .def("curvature", &TwinLoss::curvature, "y"_a.noconvert(), "eta"_a.noconvert(), "out"_a.noconvert())
        .def("value", &TwinLoss::value, "y"_a.noconvert(), "eta"_a.noconvert(), "out"_a.noconvert());
}
