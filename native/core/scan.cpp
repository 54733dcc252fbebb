// A loop over steps: its body is a program of its own, which finds the step's slices by pointers.
#include "scan.hpp"

#include <cstring>
#include <exception>

#include "program.hpp"
#include "views.hpp"

namespace annette {
namespace {

std::int64_t bytes_from(const View &x, std::size_t axis) {
    return elements(x, axis) * bytes_of(x.type);
}

// A pointer that moves from step to step and from part to part: an element of a sequence, or a
// place in a result.
struct Slice {
    char *at;
    std::int64_t step, part; // bytes
    char *of(std::int64_t t) const { return at + t * step; }
};

// A carry: where a step finds it, and where the step leaves it.
struct Carry {
    Home home;
    char *first, *last;
    Slice lives; // its two places, or the result that it is
    std::int64_t bytes;
};

} // namespace

// Everything that a scan's steps are given, by the number of the step.
struct Steps {
    Steps(const Instruction &work, char *const *at) : scan(work) {
        const auto count = static_cast<std::size_t>(scan.carries);
        const auto memory = [&](const View &x) { return memory_of(x, at); };
        std::vector<char> saved(work.out.size(), 0);
        std::size_t rooms = work.out.size();
        for (std::size_t i = 0; i < count; ++i)
            rooms -= scan.home(i) == Home::rooms;
        const std::size_t ys = rooms;
        for (std::size_t i = 0; i < count; ++i) {
            const Home home = scan.home(i);
            const std::int64_t bytes = bytes_from(work.in[i], 0);
            const std::size_t lives =
                home == Home::rooms ? rooms++ : count + static_cast<std::size_t>(scan.where(i));
            saved[lives] = home == Home::saved;
            carries.push_back({home,
                               memory(work.in[i]),
                               memory(work.out[i]),
                               {memory(work.out[lives]), bytes, bytes / scan.parts},
                               bytes});
        }
        for (std::size_t i = count; i < work.in.size(); ++i) {
            const View &x = work.in[i];
            const bool moves = scan.sequence(i), parted = moves && scan.parts > 1;
            const std::int64_t step = moves ? x.stride[0] * bytes_of(x.type) : 0;
            const std::int64_t rows = parted ? x.shape[1] / scan.parts : 0;
            reads.push_back({memory(x), step, parted ? rows * x.stride[1] * bytes_of(x.type) : 0});
        }
        for (std::size_t j = count; j < ys; ++j)
            if (!saved[j]) {
                const std::int64_t bytes = bytes_from(work.out[j], 1);
                writes.push_back({memory(work.out[j]), bytes, bytes / scan.parts});
            }
    }

    std::int64_t time(std::int64_t n) const { return scan.backwards ? scan.length - 1 - n : n; }

    char *before(const Carry &c, std::int64_t n) const {
        if (c.home == Home::saved)
            return c.lives.of(time(n));
        if (n == 0)
            return c.first;
        return c.lives.of(c.home == Home::rooms ? (n - 1) & 1 : time(n - 1));
    }
    char *after(const Carry &c, std::int64_t n) const {
        if (n == scan.length - 1)
            return c.last;
        return c.lives.of(c.home == Home::rooms ? n & 1 : time(n + 1));
    }

    void bind(Binding &to, std::int64_t n, std::int64_t part) const {
        to.inputs.clear(), to.outputs.clear();
        for (const Carry &c : carries) {
            to.inputs.push_back(before(c, n) + part * c.lives.part);
            if (c.home != Home::made)
                to.outputs.push_back(after(c, n) + part * c.lives.part);
        }
        for (const Slice &x : reads)
            to.inputs.push_back(x.of(time(n)) + part * x.part);
        for (const Slice &y : writes)
            to.outputs.push_back(y.of(time(n)) + part * y.part);
    }

    const Scan scan;
    std::vector<Carry> carries;
    std::vector<Slice> reads, writes;
};

namespace {

void copy(char *to, const char *from, std::int64_t bytes) {
    if (bytes)
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

} // namespace

// What threads go through the steps with, each with some of the rows.
struct Program::Parts {
    const Steps *steps;
    const Instruction *work;
    const Caller *caller;
    std::vector<std::exception_ptr> failed;
    std::atomic<bool> stopped{false};

    // One part, by a thread alone.
    static void run(void *what, int part, char *scratch) {
        Parts &all = *static_cast<Parts *>(what);
        const auto which = static_cast<std::size_t>(part);
        Lease alone(false);
        try {
            if (!all.work->bodies[which]->go_through(*all.steps, part, alone, *all.caller, scratch))
                all.stopped.store(true, std::memory_order_relaxed);
        } catch (...) {
            all.failed[which] = std::current_exception();
        }
    }
};

bool Program::go_through(const Steps &steps, int part, Lease &lease, const Caller &caller,
                         char *scratch) {
    for (std::int64_t n = 0; n < steps.scan.length; ++n) {
        steps.bind(step_, n, part);
        bind(step_);
        if (!execute(lease, caller, scratch))
            return false;
    }
    return true;
}

bool Program::scan(Lease &lease, const Instruction &work, const Caller &caller, char *scratch) {
    const Steps steps(work, at_.data());
    for (const Carry &c : steps.carries)
        if (c.home == Home::saved)
            copy(steps.before(c, 0), c.first, c.bytes);
    const int parts = static_cast<int>(steps.scan.parts);
    if (parts == 1) {
        if (!work.bodies[0]->go_through(steps, 0, lease, caller, scratch))
            return false;
    } else {
        Parts all{&steps, &work, &caller, std::vector<std::exception_ptr>(work.bodies.size())};
        if (lease && !work.alone)
            lease.pool().run(parts, Parts::run, &all, scratch);
        else
            for (int part = 0; part < parts; ++part)
                Parts::run(&all, part, scratch);
        for (const std::exception_ptr &one : all.failed)
            if (one)
                std::rethrow_exception(one);
        if (all.stopped)
            return false;
    }
    for (const Carry &c : steps.carries)
        if (c.home == Home::made)
            copy(c.last, c.lives.of(steps.time(steps.scan.length - 1)), c.bytes);
    return true;
}

} // namespace annette
