// A function that may be put aside where it waits, and taken up again there: what lets many lanes of one algorithm, each at a
// place of its own in it, wait for one product that serves them all.
#pragma once
#include <coroutine>
#include <exception>
#include <utility>

namespace rf {

class [[nodiscard]] Task {
public:
    struct promise_type {
        std::coroutine_handle<> caller;
        std::exception_ptr failure;

        Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct Back {  // to whom waited for it; to whoever took it up where nobody did
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> own) noexcept {
                return own.promise().caller ? own.promise().caller : std::noop_coroutine();
            }
            void await_resume() noexcept {}
        };
        Back final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { failure = std::current_exception(); }
    };

    Task() = default;
    Task(Task&& other) noexcept : own_(std::exchange(other.own_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(own_, other.own_);
        return *this;
    }
    ~Task() {
        if (own_) own_.destroy();
    }

    // Within another task: runs this one to its end.
    bool await_ready() const { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        own_.promise().caller = caller;
        return own_;
    }
    void await_resume() const { check(); }

    std::coroutine_handle<> handle() const { return own_; }
    bool done() const { return own_.done(); }
    void check() const {
        if (own_.promise().failure) std::rethrow_exception(own_.promise().failure);
    }

private:
    explicit Task(std::coroutine_handle<promise_type> own) : own_(own) {}
    std::coroutine_handle<promise_type> own_;
};

}  // namespace rf
