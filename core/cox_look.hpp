// The Cox partial likelihood at eight predictors side by side, row by row: what a running sum waits for, it waits for once.
// losses/_partial_likelihood.py has the formulas and losses/_risk_sets.py the two forms of risk sets; tests hold both together.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "blocks.hpp"
#include "losses.hpp"
#include "panel.hpp"

namespace rf {

// Rows that share event times, all vectors in the likelihood's order of rows.
struct CoxRows {
    int n, groups, terms;                          // terms: logarithms in the value
    const int *first, *last;                       // a row is at risk at the event times first <= g < last
    const double *offset, *log_weight, *event_weight;
    const int *event, *event_start, *term_start;   // rows with an event, time by time; where a time's events and terms begin
    const double *theta, *mass;                    // of a term; theta: the share of the tied events that has left already
    double best;
    bool nested;                                   // all are at risk from the beginning, and rows are sorted by `last`
    int size;                                      // of a binary tree over the event times
};

// How numbers of rows add up: eight side by side, or one that is given as its logarithm.
struct PlainSums {
    static constexpr int width = abreast;
    Octet sum{};
    RF_INLINE void add(const double* x) {
        Octet y;
        sum += load_into(y, x);
    }
    RF_INLINE void put(double* to) const { store(sum, to); }
};
struct LogSums {
    static constexpr int width = 1;
    double sum = -std::numeric_limits<double>::infinity();
    RF_INLINE void add(const double* x) {
        const double high = std::max(sum, *x), low = std::min(sum, *x);
        sum = std::isinf(low) ? high : high + std::log1p(std::exp(low - high));
    }
    RF_INLINE void put(double* to) const { *to = sum; }
};

// A row's event times as whole blocks of the tree: sums of positive numbers only, where differences would cancel.
template <class Use>
RF_INLINE void cover(const CoxRows& r, int row, Use use) {
    for (int low = r.first[row] + r.size, high = r.last[row] + r.size; low < high; low /= 2, high /= 2) {
        if (low % 2) use(low++);
        if (high % 2) use(--high);
    }
}

// out (groups): sums of v (n) over the rows at risk.
template <class Sums>
RF_INLINE void over_rows(const CoxRows& r, const double* v, double* out, std::vector<double>& tree) {
    constexpr std::size_t w = Sums::width;
    if (r.nested) {
        Sums sum;
        for (int g = r.groups - 1, i = r.n - 1; g >= 0; --g) {
            for (; i >= 0 && r.last[i] > g; --i) sum.add(v + i * w);
            sum.put(out + g * w);
        }
        return;
    }
    tree.resize(2 * r.size * w);
    for (int k = 0; k < 2 * r.size; ++k) Sums{}.put(tree.data() + k * w);
    const auto both = [&](int to, const double* from) {
        Sums sum;
        sum.add(tree.data() + to * w), sum.add(from), sum.put(tree.data() + to * w);
    };
    for (int i = 0; i < r.n; ++i) cover(r, i, [&](int node) { both(node, v + i * w); });
    for (int k = 2; k < 2 * r.size; ++k) both(k, tree.data() + (k / 2) * w);
    std::copy_n(tree.data() + r.size * w, r.groups * w, out);
}

// out (n): sums of a (groups) over the event times that a row was at risk at.
template <class Sums>
RF_INLINE void over_times(const CoxRows& r, const double* a, double* out, std::vector<double>& tree) {
    constexpr std::size_t w = Sums::width;
    if (r.nested) {
        Sums sum;
        for (int i = 0, g = 0; i < r.n; ++i) {
            for (; g < r.last[i]; ++g) sum.add(a + g * w);
            sum.put(out + i * w);
        }
        return;
    }
    tree.resize(2 * r.size * w);
    for (int k = 0; k < 2 * r.size; ++k) Sums{}.put(tree.data() + k * w);
    std::copy_n(a, r.groups * w, tree.data() + r.size * w);
    for (int k = r.size - 1; k > 0; --k) {
        Sums sum;
        sum.add(tree.data() + 2 * k * w), sum.add(tree.data() + (2 * k + 1) * w), sum.put(tree.data() + k * w);
    }
    for (int i = 0; i < r.n; ++i) {
        Sums sum;
        cover(r, i, [&](int node) { sum.add(tree.data() + node * w); });
        sum.put(out + i * w);
    }
}

// Logarithms of v: predictors less the largest, and weights; lowest: the least of them; direct: their sum over events.
RF_CLONES static void cox_logarithms(const CoxRows& r, const double* eta, double* log_v, double* lowest, double* direct) {
    double top[abreast], least[abreast] = {};
    std::copy_n(eta, abreast, top);
    for (std::size_t i = 1; i < std::size_t(r.n); ++i)
        for (int k = 0; k < abreast; ++k) top[k] = eta[i * abreast + k] > top[k] ? eta[i * abreast + k] : top[k];
    Octet sum{}, x;
    for (std::size_t i = 0; i < std::size_t(r.n); ++i) {
        for (int k = 0; k < abreast; ++k) {
            const double away = eta[i * abreast + k] - top[k] + r.log_weight[i];
            log_v[i * abreast + k] = away;
            least[k] = away < least[k] ? away : least[k];
        }
        sum += r.event_weight[i] * load_into(x, log_v + i * abreast);
    }
    std::copy_n(least, abreast, lowest), store(sum, direct);
}

// Sums over risk sets, less what tied events have left already: a row of eight a term.
RF_CLONES static void cox_terms(const CoxRows& r, const double* v, double* at_risk, double* terms, std::vector<double>& tree) {
    const bool plain = r.terms == r.groups;  // one a time: nothing has left
    over_rows<PlainSums>(r, v, plain ? terms : at_risk, tree);
    for (int g = 0; g < r.groups && !plain; ++g) {
        Octet own{}, x;
        for (int e = r.event_start[g]; e < r.event_start[g + 1]; ++e) own += load_into(x, v + std::size_t(r.event[e]) * abreast);
        for (int t = r.term_start[g]; t < r.term_start[g + 1]; ++t) {
            Octet sum = -r.theta[t] * own;
            sum += load_into(x, at_risk + std::size_t(g) * abreast);
            store(sum, terms + std::size_t(t) * abreast);
        }
    }
}

// Minus the slopes: events less how many were expected, from rates (terms x 8), mass over terms; weights the logarithms of terms into value.
RF_CLONES static void cox_slopes(const CoxRows& r, const double* v, const double* logs, double* rates, double* hazard, double* out, double* value, std::vector<double>& tree) {
    Octet sum{}, x, y;
    for (std::size_t t = 0; t < std::size_t(r.terms); ++t) {
        sum += r.mass[t] * load_into(x, logs + t * abreast);
        for (int k = 0; k < abreast; ++k) rates[t * abreast + k] = r.mass[t] / rates[t * abreast + k];
    }
    store(sum, value);
    const bool plain = r.terms == r.groups;
    for (int g = 0; g < r.groups && !plain; ++g) {
        PlainSums both;
        for (int t = r.term_start[g]; t < r.term_start[g + 1]; ++t) both.add(rates + std::size_t(t) * abreast);
        both.put(hazard + std::size_t(g) * abreast);
    }
    over_times<PlainSums>(r, plain ? rates : hazard, out, tree);
    for (std::size_t i = 0; i < std::size_t(r.n); ++i)
        for (int k = 0; k < abreast; ++k) out[i * abreast + k] = r.event_weight[i] - v[i * abreast + k] * out[i * abreast + k];
    for (int g = 0; g < r.groups && !plain; ++g) {
        Octet tied{};
        for (int t = r.term_start[g]; t < r.term_start[g + 1]; ++t) tied += r.theta[t] * load_into(x, rates + std::size_t(t) * abreast);
        for (int e = r.event_start[g]; e < r.event_start[g + 1]; ++e) {
            double* to = out + std::size_t(r.event[e]) * abreast;
            Octet more = load_into(x, v + std::size_t(r.event[e]) * abreast) * tied;
            more += load_into(y, to);
            store(more, to);
        }
    }
}

class CoxLook {
public:
    explicit CoxLook(const CoxRows& rows)
        : r(rows), v(std::size_t(r.n) * abreast), residual(v.size()), rates(std::size_t(r.terms) * abreast), at_risk(std::size_t(r.groups) * abreast), logs_(rates.size()) {}

    // At predictors eta (n x 8).
    void look(const double* eta) {
        double lowest[abreast], direct[abreast];
        cox_logarithms(r, eta, v.data(), lowest, direct);
        exponentials(v.size(), v.data(), v.data());
        cox_terms(r, v.data(), at_risk.data(), rates.data(), tree);
        logarithms(rates.size(), rates.data(), logs_.data());
        cox_slopes(r, v.data(), logs_.data(), rates.data(), at_risk.data(), residual.data(), value, tree);
        for (int k = 0; k < abreast; ++k) {
            value[k] -= direct[k];
            wide[k] = lowest[k] < -widest;
            if (wide[k]) by_logarithms(k, log_v(eta, k));
            value[k] = std::max(value[k] - r.best, 0.0);
        }
    }
    // Logarithms of v (n) at one of the predictors.
    std::vector<double> log_v(const double* eta, int k) const {
        std::vector<double> out(r.n);
        for (int i = 0; i < r.n; ++i) out[i] = eta[std::size_t(i) * abreast + k];
        const double high = *std::max_element(out.begin(), out.end());
        for (int i = 0; i < r.n; ++i) out[i] += r.log_weight[i] - high;
        return out;
    }

    const CoxRows r;
    std::vector<double> v, residual, rates;  // (n x 8) w exp(eta - highest); events less how many were expected; (terms x 8) mass over risk
    double value[abreast];
    bool wide[abreast];                      // whether exp left the range of doubles: then v and rates are no good
    std::vector<double> at_risk, tree;       // scratch

private:
    static constexpr double widest = 600.0;

    void by_logarithms(int k, const std::vector<double>& log_v) {
        std::vector<double> sums(r.groups), rate(r.groups), tied(r.groups), out(r.n);
        over_rows<LogSums>(r, log_v.data(), sums.data(), tree);
        double total = 0;
        for (int g = 0; g < r.groups; ++g) {
            LogSums own, both, left;
            for (int e = r.event_start[g]; e < r.event_start[g + 1]; ++e) own.add(&log_v[r.event[e]]), total -= r.event_weight[r.event[e]] * log_v[r.event[e]];
            for (int t = r.term_start[g]; t < r.term_start[g + 1]; ++t) {
                const double log_term = sums[g] + std::log1p(-r.theta[t] * std::exp(own.sum - sums[g]));
                const double log_rate = std::log(r.mass[t]) - log_term, of_tied = std::log(r.theta[t]) + log_rate;
                total += r.mass[t] * log_term;
                both.add(&log_rate), left.add(&of_tied);
            }
            rate[g] = both.sum, tied[g] = left.sum;
        }
        over_times<LogSums>(r, rate.data(), out.data(), tree);
        for (int i = 0; i < r.n; ++i) out[i] = std::exp(log_v[i] + out[i]);
        for (int g = 0; g < r.groups; ++g)
            for (int e = r.event_start[g]; e < r.event_start[g + 1]; ++e) out[r.event[e]] -= std::exp(log_v[r.event[e]] + tied[g]);
        for (int i = 0; i < r.n; ++i) residual[std::size_t(i) * abreast + k] = r.event_weight[i] - std::max(out[i], 0.0);
        value[k] = total;
    }

    std::vector<double> logs_;
};

}  // namespace rf
