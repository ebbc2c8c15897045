// Losses as lanes read them: compiled ones, and those that call back into Python.
#pragma once
#include <algorithm>
#include <string>

#include "../look.hpp"
#include "../losses.hpp"
#include "../newton.hpp"
#include "arrays.hpp"

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
