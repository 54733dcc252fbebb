#include "threads.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

#include "memory.hpp"
#include "plan.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace annette {
namespace {

// How long a helper looks for work before it sleeps (seconds).
constexpr double kPatience = 60e-6;
// How often the caller looks whether the others are done before it takes their tasks.
constexpr int kLate = 1000;
// How often it looks before it lends its core to a helper that lost its own.
constexpr int kLost = 20000;

std::atomic<Pool *> pool{nullptr};
std::atomic<int> wanted{0};

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

int number_from(const char *name) {
    const char *text = std::getenv(name);
    return text ? std::atoi(text) : 0;
}

// A child of fork() has none of its parent's helpers: it makes its own when it needs them.
void forget() {
    pool.store(nullptr);
}

} // namespace

int Pool::default_threads() {
    for (const char *name : {"ANNETTE_NUM_THREADS", "OMP_NUM_THREADS"})
        if (const int n = number_from(name); n > 0)
            return n < kMaxThreads ? n : kMaxThreads;
    int n = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
#endif
    return n < 1 ? 1 : n < kMaxThreads ? n : kMaxThreads;
}

Pool &Pool::get() {
    Pool *found = pool.load(std::memory_order_acquire);
    if (found)
        return *found;
#if defined(__unix__) || defined(__APPLE__)
    static const int once = pthread_atfork(nullptr, nullptr, forget);
    (void)once;
#endif
    // Never destroyed: helpers may look at it until the process ends.
    Pool *made = new Pool;
    made->threads_ = wanted.load() ? wanted.load() : default_threads();
    if (pool.compare_exchange_strong(found, made, std::memory_order_acq_rel))
        return *made;
    delete made;
    return *found;
}

void Pool::set_threads(int count) {
    wanted.store(count);
    Pool &now = get();
    const std::lock_guard<std::mutex> lock(now.owner_);
    now.threads_.store(count < 1 ? 1 : count < kMaxThreads ? count : kMaxThreads);
}

void Pool::start() {
    for (; started_ < threads() - 1; ++started_)
        std::thread([this, me = started_ + 1] { help(me); }).detach();
}

void Pool::run(int count, Task task, void *what, char *scratch) {
    const int parties = threads();
    work_.set(task, what);
    resting_.store(0, std::memory_order_relaxed);
    parties_.store(parties, std::memory_order_relaxed);
    least_.store(count / parties / 2, std::memory_order_relaxed);
    const std::uint64_t number = static_cast<std::uint64_t>(++generation_) << 32;
    for (int t = parties - 1; t >= 0; --t) {
        const std::uint64_t from = static_cast<std::uint64_t>(count) * t / parties;
        const std::uint64_t end = static_cast<std::uint64_t>(count) * (t + 1) / parties;
        shares_[t].ticket.store(number | end << 16 | from, std::memory_order_seq_cst);
    }
    if (sleeping_.load(std::memory_order_seq_cst) > 0) {
        const std::lock_guard<std::mutex> lock(bed_);
        wake_.notify_all();
    }
    for (int spins = 0; work_.done.load(std::memory_order_acquire) < count; ++spins) {
        if (claim_and_do(0, scratch, spins > kLate)) {
            spins = 0;
            continue;
        }
        pause();
        if (spins > kLost)
            std::this_thread::yield();
    }
}

void Pool::offer(int count, Task task, void *what) {
    offered_.set(task, what);
    offers_ = count;
    const std::uint64_t number = static_cast<std::uint64_t>(++generation_) << 32;
    offer_.ticket.store(number | static_cast<std::uint64_t>(count) << 16,
                        std::memory_order_release);
}

void Pool::finish(char *scratch) {
    while (take_offered(scratch))
        ;
    for (int spins = 0; offered_.done.load(std::memory_order_acquire) < offers_; ++spins) {
        pause();
        if (spins > kLost)
            std::this_thread::yield();
    }
    offers_ = 0;
}

void Pool::rest() {
    resting_.store(1, std::memory_order_relaxed);
}

// Its own share first. Others' tasks of the same work are only taken from who has hardly begun or,
// if `late`, has not come to an end for long: their data lies in the other's cache.
bool Pool::claim_and_do(int me, char *scratch, bool late) {
    const std::uint64_t number = shares_[me].ticket.load(std::memory_order_acquire) >> 32;
    if (work_.take(shares_[me], scratch, 0, number))
        return true;
    const int parties = parties_.load(std::memory_order_relaxed);
    const int least = late ? 0 : least_.load(std::memory_order_relaxed);
    for (int t = 0; t < parties; ++t)
        if (t != me && work_.take(shares_[t], scratch, least, number))
            return true;
    return false;
}

bool Pool::take_offered(char *scratch) {
    return offered_.take(offer_, scratch, 0, offer_.ticket.load(std::memory_order_acquire) >> 32);
}

void Pool::Work::set(Task next, void *on) {
    done.store(0, std::memory_order_relaxed);
    task.store(next, std::memory_order_relaxed);
    what.store(on, std::memory_order_relaxed);
}

// Takes the next task of a share in the work of that number, if there is one. A ticket of older
// work cannot be taken: all of its tasks were, or it would not have been replaced.
bool Pool::Work::take(Share &share, char *scratch, int least, std::uint64_t number) {
    std::uint64_t ticket = share.ticket.load(std::memory_order_acquire);
    for (;;) {
        const int next = static_cast<int>(ticket & 0xFFFF);
        if (ticket >> 32 != number || next + least >= static_cast<int>(ticket >> 16 & 0xFFFF))
            return false;
        const Task run = task.load(std::memory_order_relaxed);
        void *on = what.load(std::memory_order_relaxed);
        if (share.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                               std::memory_order_acquire)) {
            run(on, next, scratch);
            done.fetch_add(1, std::memory_order_release);
            return true;
        }
    }
}

bool Pool::has_work() const {
    const int parties = parties_.load(std::memory_order_seq_cst);
    for (int t = 0; t < parties; ++t) {
        const std::uint64_t ticket = shares_[t].ticket.load(std::memory_order_seq_cst);
        if ((ticket & 0xFFFF) < (ticket >> 16 & 0xFFFF))
            return true;
    }
    return false;
}

void Pool::help(int me) {
    const Memory scratch(kScratchBytes);
    const FlushSubnormals flush;
    for (;;) {
        double since = now();
        for (int spins = 0;; ++spins) {
            if (claim_and_do(me, scratch.data(), false) || take_offered(scratch.data())) {
                since = now();
                spins = 0;
                continue;
            }
            pause();
            if (spins % 64 == 63 &&
                (resting_.load(std::memory_order_relaxed) || now() - since > kPatience))
                break;
        }
        std::unique_lock<std::mutex> lock(bed_);
        sleeping_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [this] { return has_work(); });
        sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    }
}

} // namespace annette
