// Independent jobs on a few threads: the only parallelism in the core.
#pragma once
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rf {

// Runs job(0) .. job(count-1), each once, in any order; rethrows the first exception after all threads ended.
template <class Job>
void parallel_for(int count, int threads, Job&& job) {
    if (threads <= 1 || count <= 1) {
        for (int i = 0; i < count; ++i) job(i);
        return;
    }
    std::atomic<int> next{0};
    std::exception_ptr failure;
    std::mutex guard;
    auto work = [&] {
        try {
            for (int i = next++; i < count; i = next++) job(i);
        } catch (...) {
            std::lock_guard<std::mutex> lock(guard);
            if (!failure) failure = std::current_exception();
            next = count;
        }
    };
    std::vector<std::thread> pool;
    for (int t = 1; t < std::min(threads, count); ++t) pool.emplace_back(work);
    work();
    for (auto& thread : pool) thread.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace rf
