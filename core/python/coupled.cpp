// Newton lanes of losses that couple rows or classes: multinomial and Cox.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <utility>
#include <vector>

#include "../cox.hpp"
#include "../multinomial.hpp"
#include "arrays.hpp"

namespace {

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

}  // namespace

void add_coupled(nb::module_& m) {
    nb::class_<Multinomial>(m, "Multinomial")
        .def(nb::init<Columns, Rows, Rows, Vector, std::vector<Vector>, Vector, Rows, double, bool, double>(), "block"_a.noconvert(), "y"_a, "offset"_a, "weight"_a,
             "pen"_a, "ratio"_a, "start"_a, "at_rest"_a, "rows"_a, "tol"_a)
        .def("solve", &Multinomial::solve, "strengths"_a, "floor"_a, "B"_a.noconvert(), "A"_a.noconvert(), "facts"_a.noconvert());
    nb::class_<Cox>(m, "Cox")
        .def(nb::init<std::vector<Slots>, std::vector<Vector>, std::vector<Vector>, double, bool, double>(), "at"_a, "rows"_a, "terms"_a, "best"_a, "nested"_a, "target"_a)
        .def("solve", &Cox::solve, "z"_a.noconvert(), "pen"_a, "start"_a, "strengths"_a, "units"_a, "floor"_a, "B"_a.noconvert(), "G"_a.noconvert(),
             "value"_a.noconvert(), "error"_a.noconvert(), "R"_a.noconvert(), "first"_a)
        .def("looks", &Cox::looks, "eta"_a.noconvert(), "value"_a.noconvert(), "residual"_a.none());
}
