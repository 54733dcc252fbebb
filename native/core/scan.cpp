// A loop over steps: its body is a program of its own, which finds the step's slices by pointers.
#include "scan.hpp"

#include <cstring>

#include "program.hpp"

namespace annette {
namespace {

std::int64_t bytes_from(const View &x, std::size_t axis) {
    std::int64_t bytes = bytes_of(x.type);
    for (std::size_t d = axis; d < x.shape.size(); ++d)
        bytes *= x.shape[d];
    return bytes;
}

// A pointer that moves from step to step: an element of a sequence, or a place in a result.
struct Slice {
    char *at;
    std::int64_t step; // bytes
    char *of(std::int64_t t) const { return at + t * step; }
};

// A carry: where a step finds it, and where the step leaves it.
struct Carry {
    Home home;
    char *first, *last;
    Slice lives; // its two places, or the result that it is
    std::int64_t bytes;
};

// Everything that a scan's steps are given, by the number of the step.
struct Steps {
    Steps(const Instruction &work, char *const *at) : scan(work) {
        const auto count = static_cast<std::size_t>(scan.carries);
        const auto memory = [&](const View &x) {
            return at[x.value] + x.offset * bytes_of(x.type);
        };
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
                               {memory(work.out[lives]), bytes},
                               bytes});
        }
        for (std::size_t i = count; i < work.in.size(); ++i) {
            const View &x = work.in[i];
            const std::int64_t step = scan.sequence(i) ? x.stride[0] * bytes_of(x.type) : 0;
            reads.push_back({memory(x), step});
        }
        for (std::size_t j = count; j < ys; ++j)
            if (!saved[j])
                writes.push_back({memory(work.out[j]), bytes_from(work.out[j], 1)});
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

    void bind(Binding &to, std::int64_t n) const {
        to.inputs.clear(), to.outputs.clear();
        for (const Carry &c : carries) {
            to.inputs.push_back(before(c, n));
            if (c.home != Home::made)
                to.outputs.push_back(after(c, n));
        }
        for (const Slice &x : reads)
            to.inputs.push_back(x.of(time(n)));
        for (const Slice &y : writes)
            to.outputs.push_back(y.of(time(n)));
    }

    const Scan scan;
    std::vector<Carry> carries;
    std::vector<Slice> reads, writes;
};

void copy(char *to, const char *from, std::int64_t bytes) {
    if (bytes)
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

} // namespace

bool Program::scan(Lease &lease, const Instruction &work, const Caller &caller, char *scratch) {
    const Steps steps(work, at_.data());
    Program &body = *work.body;
    for (const Carry &c : steps.carries)
        if (c.home == Home::saved)
            copy(steps.before(c, 0), c.first, c.bytes);
    const std::int64_t length = steps.scan.length;
    for (std::int64_t n = 0; n < length; ++n) {
        steps.bind(body.step_, n);
        body.bind(body.step_);
        if (!body.execute(lease, caller, scratch))
            return false;
    }
    for (const Carry &c : steps.carries)
        if (c.home == Home::made)
            copy(c.last, c.lives.of(steps.time(length - 1)), c.bytes);
    return true;
}

} // namespace annette
