// Runs of a sparse Newton lane side by side: each goes on to the product that it needs next, and a product serves all that wait.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "newton_sparse.hpp"

namespace rf {

// All runs of a lane to their ends, eight at a time; a run that ends makes room for the next.
inline void solve_sparse(const SparseColumns& x, const RowLoss& loss, std::vector<SparseRun>& runs) {
    const SparseRows by_row(x, runs[0].rows.n);
    SparsePanel panel(by_row, runs[0].rows.weight);
    std::array<std::unique_ptr<SparseNewtonLane>, 8> lanes;
    std::size_t next = 0;
    const auto go_on = [&](int k) {
        while (!lanes[k] || !lanes[k]->go_on()) {
            lanes[k].reset();
            if (next == runs.size()) return;
            lanes[k] = std::make_unique<SparseNewtonLane>(runs[next++], x, loss, panel, k);
        }
    };
    for (int k = 0; k < 8; ++k) go_on(k);
    while (true) {
        std::array<int, SparsePanel::kinds> wanted{};
        for (const auto& lane : lanes)
            if (lane) ++wanted[lane->asked()];
        // Who has solved its model waits for those that have not: looks are then taken together.
        const auto most = wanted[SparsePanel::bend] ? wanted.begin() + SparsePanel::bend : std::max_element(wanted.begin(), wanted.end());
        if (*most == 0) return;
        const auto ask = static_cast<SparsePanel::Ask>(most - wanted.begin());
        panel.run(ask);
        for (int k = 0; k < 8; ++k)
            if (lanes[k] && lanes[k]->asked() == ask) go_on(k);
    }
}

}  // namespace rf
