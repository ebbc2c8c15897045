// Lanes on a Gram matrix: one small quadratic after another, for every kind of penalty.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "../folded.hpp"
#include "../gram_errors.hpp"
#include "../groups.hpp"
#include "../lane.hpp"
#include "../rows.hpp"
#include "../slope.hpp"
#include "../threads.hpp"
#include "arrays.hpp"

namespace {

// One lane's request in a round: which strengths, which linear terms, and where the answers go.
struct Job {
    rf::Lane* lane;
    Vector strengths;
    Rows c;
    Out b, grad;
    OutVector kkt;
    Flags solved;
};

void check(const Job& job) {
    const std::size_t m = job.lane->size(), count = job.strengths.shape(0);
    need(job.c.shape(1) == m && job.b.shape(1) == m && job.grad.shape(1) == m, "lane: arrays must have one column per working-set column");
    need(job.c.shape(0) == 1 || job.c.shape(0) == count, "lane: c must have one row, or one per strength");
    need(job.b.shape(0) == count && job.grad.shape(0) == count && job.kkt.shape(0) == count && job.solved.shape(0) == count,
         "lane: results must have one row per strength");
}

Job job_from(nb::handle item) {
    nb::tuple t = nb::cast<nb::tuple>(item);
    need(t.size() == 7, "a job is (lane, strengths, c, b, grad, kkt, solved)");
    return {nb::cast<rf::Lane*>(t[0]), nb::cast<Vector>(t[1]), nb::cast<Rows>(t[2]), nb::cast<Out>(t[3]),
            nb::cast<Out>(t[4]), nb::cast<OutVector>(t[5]), nb::cast<Flags>(t[6])};
}

void solve_lanes(nb::list items, int threads, bool keep_slots) {
    std::vector<Job> jobs;
    for (nb::handle item : items) jobs.push_back(job_from(item));
    for (const Job& job : jobs) check(job);
    nb::gil_scoped_release release;
    rf::parallel_for(static_cast<int>(jobs.size()), threads, [&](int i) {
        const Job& j = jobs[i];
        const int count = static_cast<int>(j.strengths.shape(0));
        if (keep_slots)
            j.lane->solve(j.strengths.data(), count, j.c.data(), j.c.shape(0) == 1 ? 0 : j.c.shape(1), j.b.data(), j.grad.data(),
                          j.kkt.data(), j.solved.data());
        else
            j.lane->path(j.strengths.data(), count, j.c.data(), j.b.data(), j.grad.data(), j.kkt.data(), j.solved.data());
    });
}

using Grams = nb::ndarray<const double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using OutGrams = nb::ndarray<double, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using SlotRows = nb::ndarray<const int, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void gram_errors(Grams grams, Rows total, Rows shares, Vector whole, Vector weight, Vector yy, Rows inverse, Rows c, Rows mean,
                 std::vector<Vector> terms, Vector grid, SlotRows tests, double gap, OutGrams errors, OutGrams sums, Out kkt) {
    const std::size_t atoms = grams.shape(0), width = grams.shape(1), p = width - 2, lanes = shares.shape(0), count = grid.shape(0);
    need(width > 2 && grams.shape(2) == width && total.shape(0) == width && total.shape(1) == width, "gram_errors: Gram matrices are square");
    need(shares.shape(1) == atoms && whole.shape(0) == lanes && weight.shape(0) == lanes && yy.shape(0) == lanes, "gram_errors: one row a lane");
    need(inverse.shape(0) == lanes && inverse.shape(1) == p && c.shape(0) == lanes && c.shape(1) == p && mean.shape(0) == lanes && mean.shape(1) == p + 1, "gram_errors: one column a column of X");
    need(terms.size() == 4 && std::all_of(terms.begin(), terms.end(), [&](const Vector& t) { return t.shape(0) == p; }), "gram_errors: four terms a column");
    need(tests.shape(0) == lanes && errors.shape(0) == lanes && errors.shape(1) == count && errors.shape(2) == tests.shape(1), "gram_errors: errors are (lanes, strengths, tests)");
    need(sums.shape(0) == lanes && sums.shape(1) == count && sums.shape(2) == 5 && kkt.shape(0) == lanes && kkt.shape(1) == count, "gram_errors: sums are (lanes, strengths, 5)");
    const std::size_t groups = tests.shape(1);
    for (std::size_t i = 0; i < lanes * groups; ++i) need(tests.data()[i] >= 0 && tests.data()[i] < static_cast<int>(atoms), "gram_errors: no such atom");
    nb::gil_scoped_release release;
    rf::GramErrors solver({static_cast<int>(p), static_cast<int>(atoms), static_cast<int>(count), static_cast<int>(groups), grams.data(), total.data(),
                           terms[0].data(), terms[1].data(), terms[2].data(), terms[3].data(), grid.data(), gap});
    for (std::size_t k = 0; k < lanes; ++k)
        solver.run({whole.data()[k], weight.data()[k], yy.data()[k], shares.data() + k * atoms, inverse.data() + k * p, c.data() + k * p, mean.data() + k * (p + 1),
                    tests.data() + k * groups, errors.data() + k * count * groups, sums.data() + k * count * 5, kkt.data() + k * count});
}


}  // namespace

void add_quadratics(nb::module_& m) {
    nb::class_<rf::Lane>(m, "Lane")
        .def(nb::init<>())
        .def("__len__", &rf::Lane::size)
        .def("bind", [](rf::Lane& lane, Columns gram) {
            need(gram.shape(0) == gram.shape(1), "bind: a Gram matrix is square");
            lane.bind(gram.data(), static_cast<int>(gram.shape(0)));
        }, nb::keep_alive<1, 2>(), "gram"_a.noconvert())
        .def("bind_rows", [](rf::Lane& lane, Rows rows) {
            lane.bind_rows(rows.data(), static_cast<int>(rows.shape(0)), static_cast<int>(rows.shape(1)));
        }, nb::keep_alive<1, 2>(), "rows"_a.noconvert())
        .def("append", [](rf::Lane& lane, Columns block) {
            need(block.shape(0) == lane.size() + block.shape(1), "append: a block has a row per old and new column");
            lane.append(block.data(), static_cast<int>(block.shape(1)));
        }, "block"_a.noconvert())
        .def("replace", [](rf::Lane& lane, Columns gram) {
            need((int)gram.shape(0) == lane.size() && gram.shape(0) == gram.shape(1), "replace: same size as the working set");
            lane.replace(gram.data());
        }, "gram"_a.noconvert())
        .def("terms", [](rf::Lane& lane, Vector l1, Vector l2, Vector lower, Vector upper) {
            const rf::Terms pen = terms(l1, l2, lower, upper);
            lane.terms(pen.l1, pen.l2, pen.lower, pen.upper, static_cast<int>(l1.shape(0)));
        })
        .def("newton", [](rf::Lane& lane, Slots which, Vector strengths, Rows from, Rows descent, Out b, Out grad, OutVector kkt, Flags solved) {
            const std::size_t m = lane.size(), count = which.shape(0);
            need(strengths.shape(0) == count && from.shape(0) == count && descent.shape(0) == count && b.shape(0) == count &&
                 grad.shape(0) == count && kkt.shape(0) == count && solved.shape(0) == count, "newton: one row per slot");
            need(from.shape(1) == m && descent.shape(1) == m && b.shape(1) == m && grad.shape(1) == m, "newton: one column per working-set column");
            nb::gil_scoped_release release;
            lane.newton(which.data(), strengths.data(), static_cast<int>(count), from.data(), descent.data(), b.data(), grad.data(), kkt.data(), solved.data());
        })
        .def("keep", &rf::Lane::keep, "slot"_a)
        .def("open", &rf::Lane::open, "count"_a)
        .def("tolerate", [](rf::Lane& lane, double gap, double yy) { lane.tolerances.gap = gap, lane.tolerances.yy = yy; }, "gap"_a, "yy"_a);
    nb::class_<rf::FoldedLane>(m, "FoldedLane")
        .def("__init__", [](rf::FoldedLane* lane, const std::string& kind, double shape) {
            need(kind == "mcp" || kind == "scad", "FoldedLane: the kind is mcp or scad");
            need(shape > 1, "FoldedLane: the shape is above 1");
            new (lane) rf::FoldedLane(kind == "scad", shape);
        }, "kind"_a, "shape"_a)
        .def("__len__", &rf::FoldedLane::size)
        .def("bind", [](rf::FoldedLane& lane, Square gram) { lane.bind(gram.data(), static_cast<int>(gram.shape(0)), leading(gram)); }, nb::keep_alive<1, 2>(), "gram"_a.noconvert())
        .def("append", [](rf::FoldedLane& lane, Columns block) {
            need(block.shape(0) == lane.size() + block.shape(1), "append: a block has a row per old and new column");
            lane.append(block.data(), static_cast<int>(block.shape(1)));
        }, "block"_a.noconvert())
        .def("terms", [](rf::FoldedLane& lane, Vector l1, Vector l2, Vector lower, Vector upper) {
            const rf::Terms pen = terms(l1, l2, lower, upper);
            lane.terms(pen.l1, pen.lower, pen.upper, static_cast<int>(l1.shape(0)));
        })
        .def("solve", [](rf::FoldedLane& lane, Vector strengths, Vector c, Out b, Out grad, OutVector kkt, Flags solved) {
            const std::size_t m = lane.size(), count = strengths.shape(0);
            need(c.shape(0) == m && b.shape(1) == m && grad.shape(1) == m, "solve: one column per working-set column");
            need(b.shape(0) == count && grad.shape(0) == count && kkt.shape(0) == count && solved.shape(0) == count, "solve: one row per strength");
            nb::gil_scoped_release release;
            lane.solve(strengths.data(), static_cast<int>(count), c.data(), b.data(), grad.data(), kkt.data(), solved.data());
        })
        .def("warm", [](rf::FoldedLane& lane, Vector b) {
            need((int)b.shape(0) == lane.size(), "warm: one coefficient a column");
            lane.warm(b.data());
        }, "b"_a)
        .def("keep", &rf::FoldedLane::keep, "slot"_a)
        .def("tolerate", [](rf::FoldedLane& lane, double violation, double) { lane.tolerance = violation; }, "violation"_a, "yy"_a);
    nb::class_<rf::GroupLane>(m, "GroupLane")
        .def("__init__", [](rf::GroupLane* lane, Square gram, Slots starts, Vector weight, Vector values, Vector basis, double l1) {
            const std::size_t groups = weight.shape(0), m = gram.shape(0);
            std::size_t size = 0;
            need(starts.shape(0) == groups + 1 && values.shape(0) == m, "GroupLane: one weight a group, one eigenvalue a column");
            need(starts.data()[0] == 0 && starts.data()[groups] == (int)m, "GroupLane: groups cover all columns");
            for (std::size_t k = 0; k < groups; ++k) {
                const int d = starts.data()[k + 1] - starts.data()[k];
                need(d > 0, "GroupLane: starts rise");
                size += static_cast<std::size_t>(d) * d;
            }
            need(basis.shape(0) == size, "GroupLane: as many eigenvectors as columns");
            new (lane) rf::GroupLane(gram.data(), static_cast<int>(m), leading(gram), starts.data(), static_cast<int>(groups), weight.data(), values.data(), basis.data(), l1);
        }, nb::keep_alive<1, 2>(), "gram"_a.noconvert(), "starts"_a, "weight"_a, "values"_a, "basis"_a, "l1"_a)
        .def("__len__", &rf::GroupLane::size)
        .def("fold", &rf::GroupLane::fold, "scad"_a, "shape"_a)
        .def("warm", [](rf::GroupLane& lane, Vector b) {
            need((int)b.shape(0) == lane.size(), "warm: one coefficient a column");
            lane.warm(b.data());
        }, "b"_a)
        .def("solve", [](rf::GroupLane& lane, Vector strengths, Vector c, double tolerance, Out b, Out grad, OutVector kkt) {
            const std::size_t m = lane.size(), count = strengths.shape(0);
            need(c.shape(0) == m && b.shape(1) == m && grad.shape(1) == m, "solve: one column per column");
            need(b.shape(0) == count && grad.shape(0) == count && kkt.shape(0) == count, "solve: one row per strength");
            nb::gil_scoped_release release;
            lane.solve(strengths.data(), static_cast<int>(count), c.data(), tolerance, b.data(), grad.data(), kkt.data());
        });
    nb::class_<rf::SlopeLane>(m, "SlopeLane")
        .def("__init__", [](rf::SlopeLane* lane, Square gram, Vector weights) {
            need(weights.shape(0) == gram.shape(0), "SlopeLane: one weight a column");
            new (lane) rf::SlopeLane(gram.data(), static_cast<int>(gram.shape(0)), leading(gram), weights.data());
        }, nb::keep_alive<1, 2>(), "gram"_a.noconvert(), "weights"_a)
        .def("warm", [](rf::SlopeLane& lane, Vector b) {
            need((int)b.shape(0) == lane.size(), "warm: one coefficient a column");
            lane.warm(b.data());
        }, "b"_a)
        .def("solve", [](rf::SlopeLane& lane, Vector strengths, Vector c, double violation, double gap, double yy, Out b, OutVector kkt) {
            const std::size_t m = lane.size(), count = strengths.shape(0);
            need(c.shape(0) == m && b.shape(1) == m, "solve: one column per column");
            need(b.shape(0) == count && kkt.shape(0) == count, "solve: one row per strength");
            nb::gil_scoped_release release;
            lane.solve(strengths.data(), static_cast<int>(count), c.data(), {violation, gap, yy}, b.data(), kkt.data());
        });
    m.def("sorted_violation", [](Vector b, Vector g, Vector weights, double s, OutVector out) {
        need(g.shape(0) == b.shape(0) && weights.shape(0) == b.shape(0) && out.shape(0) == b.shape(0), "sorted_violation: one entry a column");
        return rf::SortedNorm().violation(b.data(), g.data(), weights.data(), s, static_cast<int>(b.shape(0)), out.data());
    });
    m.def("gram_errors", &gram_errors, "grams"_a, "total"_a, "shares"_a, "whole"_a, "weight"_a, "yy"_a, "inverse"_a, "c"_a, "mean"_a, "terms"_a, "grid"_a,
          "tests"_a, "gap"_a, "errors"_a, "sums"_a, "kkt"_a);
    nb::class_<rf::RowLane>(m, "RowLane")
        .def("__init__", [](rf::RowLane* lane, Columns gram, int outputs, Vector l1, Vector l2) {
            const std::size_t m = l1.shape(0);
            need(gram.shape(0) == m && gram.shape(1) == m && l2.shape(0) == m && outputs > 0, "RowLane: one term a column");
            new (lane) rf::RowLane(gram.data(), static_cast<int>(m), outputs, l1.data(), l2.data());
        }, nb::keep_alive<1, 2>(), "gram"_a.noconvert(), "outputs"_a, "l1"_a, "l2"_a)
        .def("warm", [](rf::RowLane& lane, Vector b) {
            need(b.shape(0) == lane.size(), "warm: one coefficient a column and output");
            lane.warm(b.data());
        }, "b"_a)
        .def("solve", [](rf::RowLane& lane, Vector strengths, Vector c, double gap, double yy, Out b, Out grad) {
            const std::size_t count = strengths.shape(0);
            need(c.shape(0) == lane.size() && b.shape(1) == lane.size() && grad.shape(1) == lane.size(), "solve: one entry a column and output");
            need(b.shape(0) == count && grad.shape(0) == count, "solve: one row per strength");
            nb::gil_scoped_release release;
            lane.solve(strengths.data(), static_cast<int>(count), c.data(), gap, yy, b.data(), grad.data());
        });
    m.def("solve_lanes", &solve_lanes, "jobs"_a, "threads"_a, "keep_slots"_a);
}
