// Refuses a wrong plan before it runs: nothing below this line is ever asserted while running.
#include "check.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace annette {

void Checker::fail(const std::string &why) const {
    throw PlanError("Instruction " + std::to_string(number) + " (" + work.name + "): " + why);
}

void Checker::reach(int value, std::int64_t offset, int bytes, const std::int64_t *shape,
                    const std::int64_t *stride, int rank) const {
    need(value >= 0 && value < static_cast<int>(values.size()), "reads an unknown value");
    need(values[value].place != Place::piece || value == piece, "uses what lies in pieces");
    std::int64_t low = offset, high = offset;
    for (int d = 0; d < rank; ++d) {
        need(shape[d] >= 0, "has an axis of negative size");
        if (shape[d] == 0)
            return;
        std::int64_t span = 0;
        need(!__builtin_mul_overflow(shape[d] - 1, stride[d], &span), "has a huge stride");
        std::int64_t &end = span < 0 ? low : high;
        need(!__builtin_add_overflow(end, span, &end), "has a huge stride");
    }
    std::int64_t top = 0;
    need(!__builtin_mul_overflow(high + 1, static_cast<std::int64_t>(bytes), &top),
         "reaches too far");
    need(low >= 0 && top <= values[value].bytes, "reaches outside a value's memory");
}

void Checker::reach(const View &x) const {
    need(x.shape.size() == x.stride.size(), "has shape and stride of different ranks");
    reach(x.value, x.offset, bytes_of(x.type), x.shape.data(), x.stride.data(),
          static_cast<int>(x.shape.size()));
}

void Checker::writable(int value) const {
    const Place place = values[value].place;
    need(place != Place::constant && place != Place::input, "writes to what is only read");
    need(place != Place::piece || work.pool, "writes to what lies in pieces");
}

void Checker::dense(const View &x) const {
    need(without_gaps(x.shape.data(), x.stride.data(), static_cast<int>(x.shape.size())),
         "needs values without gaps");
}

namespace {

void check_kind(const Checker &all) {
    switch (all.work.kind) {
    case kCall: all.need(all.work.call >= 0, "calls nothing"); break;
    case kLoop: all.need(all.work.has_loop, "has no steps"); break;
    case kMatmul:
    case kPack: check_product(all); break;
    case kConv:
    case kConvFilter:
    case kDepthwise:
    case kDepthwiseFilter:
    case kMaxPool:
    case kMaxUnpool: check_windows(all); break;
    case kScan: check_scan(all); break;
    default: check_rows(all); break;
    }
}

void check_instruction(Checker all) {
    const Instruction &work = all.work;
    all.need(work.kind >= 0 && work.kind < kKinds, "is of no known kind");
    if (work.pool) {
        all.piece = check_pooled(all);
        check_instruction({all.kernels, all.values, *work.pool, all.number, all.piece});
    }
    for (const View &x : work.in)
        all.reach(x);
    for (const View &y : work.out) {
        all.reach(y);
        all.writable(y.value);
        for (const View &x : work.in)
            all.need(work.kind == kCall || x.value != y.value, "writes what it still reads");
    }
    if (work.has_loop)
        check_loop(all);
    check_kind(all);
}

template <class F> void each_value(const Instruction &work, F f) {
    for (const View &x : work.in)
        f(x.value, false);
    for (const Operand &x : work.loop.in)
        f(x.value, false);
    for (const View &y : work.out)
        f(y.value, true);
    for (const Operand &y : work.loop.out)
        f(y.value, true);
    for (const Total &sum : work.loop.sums)
        f(sum.value, true);
    if (work.pool)
        each_value(*work.pool, f);
}

// No value of the arena is read before it is written, and none lies where another is still needed.
void check_lives(const std::vector<Value> &values, const std::vector<Instruction> &work,
                 std::int64_t arena_bytes) {
    const int none = -1, count = static_cast<int>(values.size());
    std::vector<int> first(count, none), last(count, none);
    for (std::size_t n = 0; n < work.size(); ++n)
        each_value(work[n], [&](int value, bool written) {
            if (values[value].place != Place::arena)
                return;
            if (!written && first[value] == none)
                throw PlanError("Instruction " + std::to_string(n) + " (" + work[n].name +
                                ") reads a value before it is computed");
            if (first[value] == none)
                first[value] = static_cast<int>(n);
            last[value] = static_cast<int>(n);
        });
    std::vector<int> live;
    for (int v = 0; v < count; ++v) {
        const Value &value = values[v];
        if (value.bytes < 0)
            throw PlanError("a value has a negative size");
        if (value.place != Place::arena)
            continue;
        std::int64_t end = 0;
        if (value.slot < 0 || value.slot % kAlign ||
            __builtin_add_overflow(value.slot, value.bytes, &end) || end > arena_bytes)
            throw PlanError("a value lies outside the arena");
        if (first[v] != none && value.bytes > 0)
            live.push_back(v);
    }
    std::sort(live.begin(), live.end(), [&](int a, int b) { return first[a] < first[b]; });
    std::vector<int> open;
    for (int v : live) {
        std::erase_if(open, [&](int o) { return last[o] < first[v]; });
        for (int o : open)
            if (values[o].slot < values[v].slot + values[v].bytes &&
                values[v].slot < values[o].slot + values[o].bytes)
                throw PlanError("two values that are needed at the same time share memory");
        open.push_back(v);
    }
}

// What lies in arrays from outside has one of its own: a shared one might have another size.
void check_slots(const std::vector<Value> &values) {
    std::vector<std::pair<Place, std::int64_t>> taken;
    for (const Value &value : values)
        if (value.place == Place::input || value.place == Place::variable ||
            value.place == Place::output)
            taken.emplace_back(value.place, value.slot);
    std::sort(taken.begin(), taken.end());
    if (std::adjacent_find(taken.begin(), taken.end()) != taken.end())
        throw PlanError("two values lie in the same array");
}

} // namespace

void check(const Kernels &kernels, const std::vector<Value> &values,
           const std::vector<Instruction> &work, std::int64_t arena_bytes) {
    for (std::size_t n = 0; n < work.size(); ++n)
        check_instruction({kernels, values, work[n], n});
    check_slots(values);
    check_lives(values, work, arena_bytes);
}

} // namespace annette
