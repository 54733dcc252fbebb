// Refuses convolutions and poolings whose operands do not fit their windows.
#include <algorithm>
#include <array>

#include "check.hpp"
#include "windows.hpp"

namespace annette {
namespace {

struct WindowCheck : Checker {
    // A view of n images, or of a kernel: five axes of these sizes.
    void sizes(const View &x, const std::array<std::int64_t, 5> &wanted) const {
        need(std::equal(x.shape.begin(), x.shape.end(), wanted.begin(), wanted.end()),
             "has sizes that do not fit its windows");
    }

    void windows() const {
        need(work.windows != nullptr, "has no windows");
        const Windows &w = *work.windows;
        const Axis &z = w.axis[0], &y = w.axis[1], &x = w.axis[2];
        const bool conv = work.kind == kConv;
        const bool filter = work.kind == kConvFilter || work.kind == kDepthwiseFilter;
        const bool one = work.kind != kConv && work.kind != kConvFilter; // channel for itself
        need(!one || (w.groups == w.channels && w.filters == w.channels),
             "has another channel for each filter");
        need(!work.in.empty() && real(work.in[0].type), "needs real numbers");
        sizes(work.in[0], {w.n, z.in, y.in, x.in, w.channels});
        if (conv) {
            need(work.in.size() == 2 && work.in[1].type == work.in[0].type, "needs a kernel");
            sizes(work.in[1], {z.taps, y.taps, x.taps, w.turned ? w.outer() : w.inner(),
                               w.turned ? w.channels : w.filters});
        } else if (filter) {
            need(work.in.size() == 2 && work.in[1].type == work.in[0].type, "needs a gradient");
            sizes(work.in[1], {w.n, z.out, y.out, x.out, w.filters});
            dense(work.in[1]);
            for (const Axis &a : w.axis)
                need(a.phases.size() == 1 &&
                         static_cast<std::int64_t>(a.phases[0].taps.size()) == a.taps,
                     "has a kernel with gaps");
        }
        if (one)
            dense(work.in[0]);
        if (feeds_loop(work.kind))
            results(w, filter);
        else
            pool(w);
        if (work.pool)
            need(work.pool->windows && can_pool(w, *work.pool->windows, bytes_of(work.in[0].type)),
                 "has a pooling of other lines");
    }

    void results(const Windows &w, bool filter) const {
        const Loop &l = work.loop;
        const std::int64_t last = w.filters;
        const std::int64_t rows =
            !filter ? w.n * w.places() : w.taps() * (work.kind == kConvFilter ? w.inner() : 1);
        need(work.has_loop && l.rank >= 2 && l.registers > 0 && l.types[0] == work.in[0].type &&
                 l.shape[l.rank - 1] == last && l.size == rows * last,
             "has a loop that does not fit its windows");
        if (work.kind == kDepthwise) {
            need(work.in.size() <= (w.turned ? 1u : 2u), "needs other operands");
            if (work.in.size() == 2) {
                need(work.in[1].type == work.in[0].type &&
                         elements(work.in[1]) == w.taps() * w.channels,
                     "has a kernel of another size");
                dense(work.in[1]);
            }
        }
    }

    void pool(const Windows &w) const {
        const bool back = work.kind == kMaxUnpool;
        need(work.in.size() == (back ? 2u : 1u) && work.out.size() == (back ? 1u : 2u),
             "needs other operands");
        const View &where = back ? work.in[1] : work.out[1];
        const View &y = work.out[0];
        need(y.type == work.in[0].type && where.type == Type::int32, "needs places of int32");
        need(elements(y) == w.n * w.places() * w.channels, "gives another number of values");
        need(elements(where) == elements(back ? work.in[0] : y), "needs a place for each value");
        need(w.places() <= 0x7FFFFFFF && w.axis[0].in * w.axis[1].in * w.axis[2].in <= 0x7FFFFFFF,
             "has too many places to be numbered");
        dense(where), dense(y);
    }

    // What a convolution makes for its pooling: all of one value, in order, that no other uses.
    int pooled() const {
        const Instruction &pool = *work.pool;
        const Loop &l = work.loop;
        need(work.kind == kConv && l.out.size() == 1, "has no results that are pooled");
        need(pool.kind == kMaxPool || pool.kind == kDepthwise, "pools in another way");
        need(pool.in.size() == 1 && pool.loop.sums.empty(), "has a pooling with other operands");
        const Operand &y = l.out[0];
        need(!work.in.empty() && y.type == work.in[0].type && pool.in[0].type == y.type,
             "pools numbers of another dtype");
        const int made = y.value;
        need(made >= 0 && made < static_cast<int>(values.size()) &&
                 values[made].place == Place::piece && pool.in[0].value == made,
             "pools what does not lie in pieces");
        need(without_gaps(l.shape, y.stride, l.rank) && y.offset == 0 && pool.in[0].offset == 0,
             "makes results with gaps");
        for (const Operand &x : pool.loop.in)
            need(x.value != made, "reads what lies in pieces");
        std::vector<int> given; // what pieces to come still read
        for (const View &x : work.in)
            given.push_back(x.value);
        for (const Operand &x : l.in)
            given.push_back(x.value);
        for (const int x : given) {
            need(x != made, "reads what lies in pieces");
            for (const View &z : pool.out)
                need(x != z.value, "pools into what it still reads");
            for (const Operand &z : pool.loop.out)
                need(x != z.value, "pools into what it still reads");
        }
        return made;
    }
};

} // namespace

void check_windows(const Checker &all) {
    WindowCheck{all}.windows();
}

int check_pooled(const Checker &all) {
    return WindowCheck{all}.pooled();
}

} // namespace annette
