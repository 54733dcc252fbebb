// A pool of threads that stays: work is split into tasks, of which each thread has its share.
//
// A thread's share is the same from step to step, so that its part of the weights stays in its
// cache; who is done takes from the others' shares. Which thread does a task never changes its
// result, so results are the same on any number.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace annette {

constexpr int kMaxThreads = 256;

using Task = void (*)(void *what, int task, char *scratch);

class Pool {
  public:
    static Pool &get();

    // Threads that work, the caller's among them.
    int threads() const { return threads_.load(std::memory_order_relaxed); }
    static void set_threads(int count);
    static int default_threads();

    // Does tasks [0, count) and returns when all are done. Only for who holds a Lease.
    void run(int count, Task task, void *what, char *scratch);
    // Offers tasks to helpers that have nothing else to do, until `finish`.
    void offer(int count, Task task, void *what);
    // Does the tasks offered that nobody has begun and waits for the others.
    void finish(char *scratch);
    // Sends the helpers to sleep at once, for work that others' threads will do.
    void rest();

  private:
    friend class Lease;
    void start();
    void help(int me);
    bool claim_and_do(int me, char *scratch, bool late);
    bool take_offered(char *scratch);
    bool has_work() const;

    std::mutex owner_; // one plan at a time uses the helpers
    std::atomic<int> threads_{1};
    int started_ = 0;
    std::uint32_t generation_ = 0; // the number of the last work

    // Number of the work (32 bits), end of the share (16), next task of it (16).
    struct alignas(64) Share {
        std::atomic<std::uint64_t> ticket{0};
    };
    struct alignas(64) Work {
        void set(Task task, void *what);
        bool take(Share &share, char *scratch, int least, std::uint64_t number);
        std::atomic<int> done{0};
        std::atomic<Task> task{nullptr};
        std::atomic<void *> what{nullptr};
    };
    Share shares_[kMaxThreads];   // of each thread
    std::atomic<int> least_{0};   // tasks left in a share from which others may take
    std::atomic<int> parties_{1}; // threads that the present work is shared among
    std::atomic<int> resting_{0}; // raised to send helpers to sleep
    Work work_, offered_;
    Share offer_;
    int offers_ = 0; // tasks in it
    alignas(64) std::atomic<int> sleeping_{0};
    std::mutex bed_;
    std::condition_variable wake_;
};

// The right to use the helpers; without it, work is done by the caller alone.
class Lease {
  public:
    explicit Lease(bool wanted)
        : pool_(Pool::get()), held_(wanted && pool_.threads() > 1 && pool_.owner_.try_lock()) {
        if (held_)
            pool_.start();
    }
    ~Lease() {
        if (held_)
            pool_.owner_.unlock();
    }
    Lease(const Lease &) = delete;
    Lease &operator=(const Lease &) = delete;
    explicit operator bool() const { return held_; }
    Pool &pool() { return pool_; }

  private:
    Pool &pool_;
    bool held_;
};

} // namespace annette
