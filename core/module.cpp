// The door between Python and the core: arrays in, arrays out, the GIL released, no logic.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>

#include "abreast.hpp"
#include "blocks.hpp"
#include "columns.hpp"
#include "cox.hpp"
#include "folded.hpp"
#include "gram_errors.hpp"
#include "group_newton.hpp"
#include "lane.hpp"
#include "losses.hpp"
#include "look.hpp"
#include "multinomial.hpp"
#include "newton_dense.hpp"
#include "rows.hpp"
#include "slope.hpp"
#include "thin.hpp"
#include "threads.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

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

void need(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

int leading(const Square& gram) {
    need(gram.shape(0) == gram.shape(1) && (gram.shape(0) < 2 || gram.stride(0) == 1), "a Gram matrix is square and lies by columns");
    return gram.shape(0) < 2 ? 1 : static_cast<int>(gram.stride(1));
}

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

rf::Terms terms(const Vector& l1, const Vector& l2, const Vector& lower, const Vector& upper) {
    need(l2.shape(0) == l1.shape(0) && lower.shape(0) == l1.shape(0) && upper.shape(0) == l1.shape(0), "penalty terms differ in length");
    return {l1.data(), l2.data(), lower.data(), upper.data()};
}

// Sparse columns, checked once: nothing after this can read outside.
class Sparse {
public:
    Sparse(Vector data, Index32 indices, Index indptr, int n) : data_(data), indices_(indices), indptr_(indptr), n_(n) {
        const std::int64_t nnz = data.shape(0);
        need(indptr.shape(0) >= 1 && (std::int64_t)indices.shape(0) == nnz && indptr.data()[0] == 0 && indptr.data()[p()] == nnz, "sparse: broken indptr");
        for (int j = 0; j < p(); ++j) need(indptr.data()[j] <= indptr.data()[j + 1], "sparse: indptr must not fall");
        for (std::int64_t t = 0; t < nnz; ++t) need(indices.data()[t] >= 0 && indices.data()[t] < n, "sparse: row index out of range");
    }
    int p() const { return static_cast<int>(indptr_.shape(0)) - 1; }

    void rmatmat(int first, int last, Rows r, Out out) const {
        need(0 <= first && first <= last && last <= p() && (int)r.shape(0) == n_ && out.shape(0) == r.shape(1) && (int)out.shape(1) == last - first,
             "sparse: shapes of a product differ");
        nb::gil_scoped_release release;
        rf::csc_rmatmat(view(), first, last, r.data(), static_cast<int>(r.shape(1)), out.data());
    }
    void rmatmat_on(Index cols, Rows r, Out out) const {  // out[c, k] = sum_i x_{i, cols[c]} r[i, k]
        inside(cols);
        need((int)r.shape(0) == n_ && out.shape(0) == cols.shape(0) && out.shape(1) == r.shape(1), "sparse: shapes of a product differ");
        const int m = static_cast<int>(r.shape(1));
        nb::gil_scoped_release release;
        for (std::size_t c = 0; c < cols.shape(0); ++c) rf::csc_column_times(view(), cols.data()[c], r.data(), m, out.data() + c * m);
    }
    void matmat(Index cols, Rows b, Out out) const {
        inside(cols);
        need(b.shape(0) == cols.shape(0) && (int)out.shape(0) == n_ && out.shape(1) == b.shape(1), "sparse: shapes of a product differ");
        nb::gil_scoped_release release;
        rf::csc_matmat(view(), cols.data(), static_cast<int>(cols.shape(0)), b.data(), static_cast<int>(b.shape(1)), out.data());
    }
    void gram(Vector weight, Index all, Index fresh, OutColumns out, int threads) const {
        inside(all);
        inside(fresh);
        need((int)weight.shape(0) == n_ && out.shape(0) == all.shape(0) && out.shape(1) == fresh.shape(0), "sparse: shapes of a Gram block differ");
        nb::gil_scoped_release release;
        const int count = static_cast<int>(fresh.shape(0)), rows = static_cast<int>(all.shape(0));
        const int parts = std::min((count + 7) / 8, std::max(1, threads));
        rf::parallel_for(parts, threads, [&](int part) {
            std::vector<double> scratch(std::size_t(8) * n_, 0.0);
            for (int j = 8 * part; j < count; j += 8 * parts)
                rf::csc_gram_eight(view(), weight.data(), all.data(), rows, fresh.data() + j, std::min(8, count - j), scratch.data(),
                                   out.data() + (std::size_t)j * rows);
        });
    }

    rf::Csc view() const { return {data_.data(), indices_.data(), indptr_.data()}; }
    int n() const { return n_; }
    void inside(const Index& cols) const {
        for (std::size_t c = 0; c < cols.shape(0); ++c) need(cols.data()[c] >= 0 && cols.data()[c] < p(), "sparse: column out of range");
    }

private:
    Vector data_;
    Index32 indices_;
    Index indptr_;
    int n_;
};

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

// A compiled loss on rows: targets and predictors of one length.
class TwinLoss {
public:
    explicit TwinLoss(const std::string& name) : twin_(rf::find_twin(name.c_str())) { need(twin_, "no compiled loss of that name"); }
    using Rowwise = void (*)(std::size_t, const double*, const double*, double*);

    void rowwise(Rowwise run, Vector y, Vector eta, OutVector out) const {
        need(y.shape(0) == eta.shape(0) && out.shape(0) == y.shape(0), "loss: one target, predictor and answer a row");
        nb::gil_scoped_release release;
        run(y.shape(0), y.data(), eta.data(), out.data());
    }
    void gradient(Vector y, Vector eta, OutVector out) const { rowwise(twin_->gradient, y, eta, out); }
    void curvature(Vector y, Vector eta, OutVector out) const { rowwise(twin_->curvature, y, eta, out); }
    void value(Vector y, Vector eta, OutVector out) const { rowwise(twin_->value, y, eta, out); }

    // Rows of a sweep: eta (rows x m) gains the offset, r = weight * gradient; both are kept in the listed columns of E and R.  bends gains the sums
    // of weight * curvature, tops the largest curvature of the rows that weigh.
    void residual(Vector y, Vector offset, Rows weights, Slots lanes, Slots columns, Out eta, Out r, Out E, Out R, OutVector bends, OutVector tops) const {
        const std::size_t rows = y.shape(0), m = lanes.shape(0);
        need(offset.shape(0) == rows && weights.shape(0) == rows && eta.shape(0) == rows && r.shape(0) == rows && E.shape(0) == rows && R.shape(0) == rows,
             "residual: one row a target");
        need(columns.shape(0) == m && eta.shape(1) == m && r.shape(1) == m && R.shape(1) == E.shape(1) && bends.shape(0) == m && tops.shape(0) == m,
             "residual: one column a lane");
        for (std::size_t k = 0; k < m; ++k)
            need(lanes.data()[k] >= 0 && lanes.data()[k] < (int)weights.shape(1) && columns.data()[k] >= 0 && columns.data()[k] < (int)E.shape(1),
                 "residual: column out of range");
        nb::gil_scoped_release release;
        rf::Look look{*twin_, m, lanes.data(), columns.data(), weights.shape(1), E.shape(1)};
        look.residual(rows, y.data(), offset.data(), weights.data(), eta.data(), r.data(), E.data(), R.data(), bends.data(), tops.data());
    }

    // out[k] += sum_i weights[i, owner_k] loss(y_i, E[i, k])
    void means(Vector y, Rows weights, Slots owner, Rows E, OutVector out) const {
        const std::size_t rows = y.shape(0), m = owner.shape(0);
        need(weights.shape(0) == rows && E.shape(0) == rows && E.shape(1) == m && out.shape(0) == m, "means: shapes differ");
        for (std::size_t k = 0; k < m; ++k) need(owner.data()[k] >= 0 && owner.data()[k] < (int)weights.shape(1), "means: lane out of range");
        nb::gil_scoped_release release;
        rf::Look look{*twin_, m, owner.data(), nullptr, weights.shape(1), 0};
        look.means(rows, y.data(), weights.data(), E.data(), out.data());
    }

    const rf::Twin* get() const { return twin_; }

private:
    const rf::Twin* twin_;
};

class TwinRows final : public rf::RowLoss {
public:
    TwinRows(const rf::Twin* twin, std::size_t n, const double* y) : twin_(twin), n_(n), y_(y) {}
    void gradient(const double* eta, double* out) const override { twin_->gradient(n_, y_, eta, out); }
    void curvature(const double* eta, double* out) const override { twin_->curvature(n_, y_, eta, out); }
    void value(const double* eta, double* out) const override { twin_->value(n_, y_, eta, out); }

private:
    const rf::Twin* twin_;
    std::size_t n_;
    const double* y_;
};

// Any loss written in Python: vectors out, vectors in, once a look.
class PythonRows final : public rf::RowLoss {
public:
    PythonRows(nb::handle loss, nb::handle y, std::size_t n) : loss_(loss), y_(y), n_(n) {}
    void gradient(const double* eta, double* out) const override { call("gradient", eta, out); }
    void curvature(const double* eta, double* out) const override { call("curvature", eta, out); }
    void value(const double* eta, double* out) const override { call("value", eta, out); }

private:
    void call(const char* method, const double* eta, double* out) const {
        nb::gil_scoped_acquire acquire;
        nb::object view = nb::cast(nb::ndarray<nb::numpy, const double, nb::ndim<1>>(eta, {n_}, nb::handle()), nb::rv_policy::copy);
        const Vector answer = nb::cast<Vector>(loss_.attr(method)(y_, view));
        need(answer.shape(0) == n_, "a loss must return one number a row");
        std::copy_n(answer.data(), n_, out);
    }
    nb::handle loss_, y_;
    std::size_t n_;
};

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

// What `use` returns of a loss's rows, without the lock of Python.
template <class Use>
int with_rows(nb::handle loss, const Vector& y, Use use) {
    const std::size_t n = y.shape(0);
    const bool compiled = nb::isinstance<TwinLoss>(loss);
    const TwinRows twin(compiled ? nb::cast<const TwinLoss&>(loss).get() : nullptr, n, y.data());
    const nb::object target = compiled ? nb::object() : nb::cast(y);
    const PythonRows python(loss, target, n);
    nb::gil_scoped_release release;
    return use(compiled ? static_cast<const rf::RowLoss&>(twin) : python);
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

// A multinomial lane with the arrays it reads.
class Multinomial {
public:
    Multinomial(Columns block, Rows y, Rows offset, Vector weight, std::vector<Vector> pen, Vector ratio, Rows start, double at_rest, bool rows, double tol)
        : block_(block), y_(y), offset_(offset), weight_(weight), ratio_(ratio), pen_(std::move(pen)) {
        const std::size_t n = block.shape(0), K = y.shape(0), p = ratio.shape(0), q = start.shape(1);
        need(K > 1 && y.shape(1) == n && offset.shape(0) == K && offset.shape(1) == n && weight.shape(0) == n, "multinomial: one target, offset and weight a row");
        need(block.shape(1) == p + q && start.shape(0) == K, "multinomial: one column a coefficient");
        need(pen_.size() == 4 && pen_[0].shape(0) == p, "multinomial: four terms a column");
        lane_ = std::make_unique<rf::MultinomialLane>(
            rf::MultinomialRows{static_cast<int>(n), static_cast<int>(K), y_.data(), offset_.data(), weight_.data(), at_rest},
            rf::MultinomialColumns{static_cast<int>(p), static_cast<int>(q), block_.data(), terms(pen_[0], pen_[1], pen_[2], pen_[3]), ratio_.data(), rows},
            start.data(), tol);
        K_ = K, p_ = p, q_ = q;
    }
    int solve(Vector strengths, double floor, Out B, Out A, Out facts) {
        const std::size_t count = strengths.shape(0);
        need(B.shape(0) == count && B.shape(1) == K_ * p_ && A.shape(0) == count && A.shape(1) == K_ * q_ && facts.shape(0) == count && facts.shape(1) == 3,
             "multinomial: one answer a strength");
        nb::gil_scoped_release release;
        return lane_->solve(strengths.data(), static_cast<int>(count), floor, B.data(), A.data(), facts.data());
    }

private:
    Columns block_;
    Rows y_, offset_;
    Vector weight_, ratio_;
    std::vector<Vector> pen_;
    std::size_t K_ = 0, p_ = 0, q_ = 0;
    std::unique_ptr<rf::MultinomialLane> lane_;
};
// A Cox lane with the arrays it reads, all in the likelihood's order of rows.
class Cox {
public:
    Cox(std::vector<Slots> at, std::vector<Vector> rows, std::vector<Vector> terms, double best, bool nested, double target) : at_(std::move(at)), of_(std::move(rows)), terms_(std::move(terms)) {
        need(at_.size() == 6 && of_.size() == 3 && terms_.size() == 2, "cox: (first, last, event, event_start, term_start, row), (offset, log_weight, event_weight), (theta, mass)");
        const auto size = [&](int k) { return static_cast<int>(at_[k].shape(0)); };
        n_ = size(0);
        const int groups = size(3) - 1, events = size(2), count = static_cast<int>(terms_[0].shape(0));
        need(n_ > 0 && groups > 0 && size(1) == n_ && size(4) == groups + 1 && size(5) == n_, "cox: lengths differ");
        for (const Vector& part : of_) need((int)part.shape(0) == n_, "cox: one number a row");
        need((int)terms_[1].shape(0) == count, "cox: one mass a term");
        for (int i = 0; i < n_; ++i) need(0 <= at_[0].data()[i] && at_[0].data()[i] <= at_[1].data()[i] && at_[1].data()[i] <= groups, "cox: event time out of range");
        for (int i = 0; nested && i < n_; ++i) need(at_[0].data()[i] == 0 && (i == 0 || at_[1].data()[i - 1] <= at_[1].data()[i]), "cox: nested rows are sorted");
        for (int e = 0; e < events; ++e) need(at_[2].data()[e] >= 0 && at_[2].data()[e] < n_, "cox: event out of range");
        for (const auto& [k, end] : {std::pair{3, events}, std::pair{4, count}}) {
            need(at_[k].data()[0] == 0 && at_[k].data()[groups] == end, "cox: times cover all events and terms");
            for (int g = 0; g < groups; ++g) need(at_[k].data()[g] < at_[k].data()[g + 1], "cox: a time has an event and a term");
        }
        int tree = 1;
        while (tree < groups) tree *= 2;
        lane_ = std::make_unique<rf::CoxLane>(
            rf::CoxRows{n_, groups, count, at_[0].data(), at_[1].data(), of_[0].data(), of_[1].data(), of_[2].data(), at_[2].data(), at_[3].data(), at_[4].data(), terms_[0].data(),
                        terms_[1].data(), best, nested, tree}, target);
    }
    // Minus the slopes go into columns of R from `first` on.
    int solve(Columns z, std::vector<Vector> pen, Vector start, Vector strengths, Vector units, double floor, Out B, Out G, OutVector value, OutVector error, Out R, int first) {
        const std::size_t count = strengths.shape(0), w = start.shape(0);
        need((int)z.shape(0) == n_ && z.shape(1) == w && pen.size() == 4 && pen[0].shape(0) == w && count > 0 && units.shape(0) == count, "cox: one start and term a column");
        need(B.shape(0) == count && B.shape(1) == w && G.shape(0) == count && G.shape(1) == w && value.shape(0) == count && error.shape(0) == count, "cox: one answer a strength");
        need(error.shape(0) == count && first >= 0 && first + count <= R.shape(1), "cox: one column a strength");
        for (int i = 0; i < n_; ++i) need(at_[5].data()[i] >= 0 && at_[5].data()[i] < (int)R.shape(0), "cox: row out of range");
        const rf::Terms own = terms(pen[0], pen[1], pen[2], pen[3]);
        nb::gil_scoped_release release;
        return lane_->solve(z.data(), static_cast<int>(w), own, start.data(), strengths.data(), units.data(), static_cast<int>(count), floor,
                            {B.data(), G.data(), R.data() + first, value.data(), error.data(), R.shape(1), at_[5].data()});
    }
    void looks(Rows eta, OutVector value, std::optional<Out> residual) {
        need((int)eta.shape(0) == n_ && value.shape(0) == eta.shape(1) && (!residual || (residual->shape(0) == eta.shape(0) && residual->shape(1) == eta.shape(1))), "cox: shapes differ");
        nb::gil_scoped_release release;
        lane_->looks(eta.data(), static_cast<int>(eta.shape(1)), value.data(), residual ? residual->data() : nullptr);
    }

private:
    std::vector<Slots> at_;
    std::vector<Vector> of_, terms_;
    int n_ = 0;
    std::unique_ptr<rf::CoxLane> lane_;
};

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

NB_MODULE(_core, m) {
    m.doc() = "regularfit's compiled core: small quadratics along strengths, many lanes at once, and column kernels.";

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
    nb::class_<rf::GroupNewton>(m, "GroupNewton").def(nb::init<double>(), "l1"_a).def("solve", &group_newton);
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
    m.def("newton_dense", &newton_dense, "block"_a.noconvert(), "positions"_a, "scale"_a, "loss"_a, "job"_a);
    m.def("newton_sparse", &newton_sparse, "x"_a, "cols"_a, "scale"_a, "intercept"_a, "loss"_a, "job"_a);
    nb::class_<Multinomial>(m, "Multinomial")
        .def(nb::init<Columns, Rows, Rows, Vector, std::vector<Vector>, Vector, Rows, double, bool, double>(), "block"_a.noconvert(), "y"_a, "offset"_a, "weight"_a,
             "pen"_a, "ratio"_a, "start"_a, "at_rest"_a, "rows"_a, "tol"_a)
        .def("solve", &Multinomial::solve, "strengths"_a, "floor"_a, "B"_a.noconvert(), "A"_a.noconvert(), "facts"_a.noconvert());
    nb::class_<Cox>(m, "Cox")
        .def(nb::init<std::vector<Slots>, std::vector<Vector>, std::vector<Vector>, double, bool, double>(), "at"_a, "rows"_a, "terms"_a, "best"_a, "nested"_a, "target"_a)
        .def("solve", &Cox::solve, "z"_a.noconvert(), "pen"_a, "start"_a, "strengths"_a, "units"_a, "floor"_a, "B"_a.noconvert(), "G"_a.noconvert(),
             "value"_a.noconvert(), "error"_a.noconvert(), "R"_a.noconvert(), "first"_a)
        .def("looks", &Cox::looks, "eta"_a.noconvert(), "value"_a.noconvert(), "residual"_a.none());
    nb::class_<TwinLoss>(m, "TwinLoss")
        .def(nb::init<std::string>())
        .def("residual", &TwinLoss::residual, "y"_a.noconvert(), "offset"_a.noconvert(), "weights"_a.noconvert(), "lanes"_a.noconvert(), "columns"_a.noconvert(),
             "eta"_a.noconvert(), "r"_a.noconvert(), "E"_a.noconvert(), "R"_a.noconvert(), "bends"_a.noconvert(), "tops"_a.noconvert())
        .def("means", &TwinLoss::means, "y"_a.noconvert(), "weights"_a.noconvert(), "owner"_a.noconvert(), "E"_a.noconvert(), "out"_a.noconvert())
        .def("gradient", &TwinLoss::gradient, "y"_a.noconvert(), "eta"_a.noconvert(), "out"_a.noconvert())
        .def("curvature", &TwinLoss::curvature, "y"_a.noconvert(), "eta"_a.noconvert(), "out"_a.noconvert())
        .def("value", &TwinLoss::value, "y"_a.noconvert(), "eta"_a.noconvert(), "out"_a.noconvert());
}
