// Loops: axes merged, registers placed, what is memory itself found, sums given their parts.
#include <algorithm>
#include <array>

#include "prepare.hpp"
#include "windows.hpp"

namespace annette {
namespace {

std::vector<Operand *> operands(Loop &loop) {
    std::vector<Operand *> all;
    for (Operand &x : loop.in)
        all.push_back(&x);
    for (Operand &y : loop.out)
        all.push_back(&y);
    return all;
}

// Leaves out axes of size 1 and joins neighbours that every operand crosses evenly. The last axis
// stays by itself where a kernel gives rows to the loop.
void merge_axes(Loop &loop, bool rows) {
    const auto all = operands(loop);
    const int end = rows ? loop.rank - 1 : loop.rank;
    int rank = 0;
    for (int d = 0; d < end; ++d) {
        if (loop.shape[d] == 1)
            continue;
        const std::int64_t size = loop.shape[d];
        const bool joins = rank > 0 && std::all_of(all.begin(), all.end(), [&](Operand *x) {
                               return x->stride[rank - 1] == x->stride[d] * size;
                           });
        const int to = joins ? rank - 1 : rank++;
        loop.shape[to] = joins ? loop.shape[to] * size : size;
        for (Operand *x : all)
            x->stride[to] = x->stride[d];
    }
    if (rank == 0) {
        loop.shape[rank++] = 1;
        for (Operand *x : all)
            x->stride[0] = 1;
    }
    if (rows) {
        loop.shape[rank] = loop.shape[end];
        for (Operand *x : all)
            x->stride[rank] = x->stride[end];
        ++rank;
    }
    loop.rank = rank;
}

bool same_layout(const Loop &loop, const Operand &a, const Operand &b) {
    if (a.offset != b.offset || a.bytes != b.bytes)
        return false;
    return std::equal(a.stride, a.stride + loop.rank, b.stride);
}

// Says whether a step after the one that makes register `made` reads register `read`.
bool read_later(const Loop &loop, int made, int read) {
    bool after = false;
    for (const Micro &m : loop.micro) {
        if (after && std::find(m.in, m.in + m.inputs, read) != m.in + m.inputs)
            return true;
        after = after || std::find(m.out, m.out + m.outputs, made) != m.out + m.outputs;
    }
    return false;
}

// `repeats`: a block has whole rows, so that one that does not change can be laid out for all.
void choose_direct(Loop &loop, bool tile, bool repeats) {
    const int last = loop.rank - 1;
    const auto side_by_side = [&](const Operand &x) {
        return x.stride[last] == 1 || loop.shape[last] == 1;
    };
    std::array<bool, kMaxRegisters> made{}, taken{};
    for (const Micro &m : loop.micro)
        for (int i = 0; i < m.outputs; ++i)
            made[m.out[i]] = true;
    for (Operand &x : loop.in) {
        x.constant = loop.size > 1 &&
                     std::all_of(x.stride, x.stride + loop.rank, [](auto s) { return s == 0; });
        x.repeated = repeats && !x.constant && x.stride[last] == 1 &&
                     std::all_of(x.stride, x.stride + last, [](auto s) { return s == 0; });
        x.direct = !x.constant && !x.repeated && side_by_side(x);
    }
    for (Operand &y : loop.out) {
        y.constant = y.repeated = false;
        y.direct = made[y.reg] && !taken[y.reg] && side_by_side(y) && !(tile && y.reg == 0);
        for (const Operand &x : loop.in)
            if (x.value == y.value && (!same_layout(loop, x, y) || read_later(loop, y.reg, x.reg)))
                y.direct = false;
        taken[y.reg] = taken[y.reg] || y.direct;
    }
    // What is stored as it was read is kept aside if another store overwrites it before.
    for (Operand &x : loop.in)
        for (const Operand &y : loop.out)
            for (const Operand &z : loop.out)
                if (y.reg == x.reg && z.value == x.value && &y != &z)
                    x.direct = false;
}

// Gives each register that is not memory itself a place in the scratch; places are used again.
void place_registers(Loop &loop, bool tile) {
    std::array<int, kMaxRegisters> last{};
    std::array<bool, kMaxRegisters> outside{}, kept{};
    for (std::size_t n = 0; n < loop.micro.size(); ++n)
        for (int i = 0; i < loop.micro[n].inputs; ++i)
            last[loop.micro[n].in[i]] = static_cast<int>(n);
    for (const Operand &x : loop.in) {
        outside[x.reg] = x.direct;
        kept[x.reg] = true; // filled before the steps, for every block or once
    }
    for (const Operand &y : loop.out) {
        outside[y.reg] = outside[y.reg] || y.direct;
        kept[y.reg] = true;
    }
    for (const Total &sum : loop.sums)
        kept[sum.reg] = true;
    if (tile)
        outside[0] = true;
    std::vector<int> free[2]; // of 4 bytes an element and fewer, of 8
    int end = 0;
    const auto place = [&](int r) {
        const int wide = bytes_of(loop.types[r]) > 4;
        if (!free[wide].empty()) {
            loop.slot[r] = free[wide].back();
            free[wide].pop_back();
        } else {
            loop.slot[r] = end;
            end += kBlock * (wide ? 8 : 4);
        }
    };
    std::fill(loop.slot, loop.slot + kMaxRegisters, -1);
    for (const Operand &x : loop.in)
        if (!outside[x.reg] && loop.slot[x.reg] < 0)
            place(x.reg);
    for (std::size_t n = 0; n < loop.micro.size(); ++n) {
        const Micro &m = loop.micro[n];
        for (int i = 0; i < m.outputs; ++i)
            if (!outside[m.out[i]] && loop.slot[m.out[i]] < 0)
                place(m.out[i]);
        for (int i = 0; i < m.inputs; ++i) {
            const int r = m.in[i];
            if (loop.slot[r] >= 0 && !kept[r] && last[r] == static_cast<int>(n)) {
                auto &list = free[bytes_of(loop.types[r]) > 4];
                if (std::find(list.begin(), list.end(), loop.slot[r]) == list.end())
                    list.push_back(loop.slot[r]);
            }
        }
    }
    loop.scratch = end;
}

void count_loop(const Kernels &kernels, Instruction &work) {
    const Loop &loop = work.loop;
    const double size = static_cast<double>(loop.size);
    for (const Micro &m : loop.micro)
        work.flops += size * (kernels.ops[m.op].fused ? 10 : 1);
    for (const std::vector<Operand> *list : {&loop.in, &loop.out})
        for (const Operand &x : *list) {
            double touched = x.bytes;
            for (int d = 0; d < loop.rank; ++d)
                touched *= x.stride[d] ? static_cast<double>(loop.shape[d]) : 1;
            work.bytes += touched;
        }
}

} // namespace

double step_time(const Kernels &kernels, const Loop &loop) {
    double time = 0; // nanoseconds an element
    for (const Micro &m : loop.micro)
        time += kernels.ops[m.op].fused ? 0.4 : 0.1;
    return time + 0.08 * static_cast<double>(loop.in.size() + loop.out.size());
}

void prepare_loop(const Kernels &kernels, Instruction &work) {
    Loop &loop = work.loop;
    const bool tile = feeds_loop(work.kind);
    if (work.kind != kMatmul)
        merge_axes(loop, tile || !loop.sums.empty());
    const std::int64_t wide = loop.rank ? loop.shape[loop.rank - 1] : 0;
    const bool panels =
        (work.kind == kConv && work.windows->groups == 1) || work.kind == kDepthwise;
    const bool repeats = loop.rank > 1 && (panels ? wide <= kernels.panel(work.in[0].type)
                                                  : !tile && 2 * wide <= kBlock);
    choose_direct(loop, tile, repeats);
    place_registers(loop, tile);
    count_loop(kernels, work);
}

void prepare_sums(const Kernels &kernels, Instruction &work) {
    Loop &loop = work.loop;
    const auto aligned = [](std::int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; };
    for (Total &sum : loop.sums) {
        sum.at = loop.sum_bytes;
        loop.sum_bytes += aligned(sum.size * bytes_of(sum.type));
        work.flops += static_cast<double>(loop.size);
    }
    work.join = kernels.second[kLoop];
    work.sum_tasks = work.then ? work.then_tasks : work.tasks;
    work.sums_at = aligned(work.shared_bytes);
    work.shared_bytes = work.sums_at + work.sum_tasks * loop.sum_bytes;
}

} // namespace annette
