// From what an instruction says to how it runs: axes merged, registers placed, work split.
#include <algorithm>
#include <array>
#include <bit>

#include "program.hpp"
#include "windows.hpp"

namespace annette {

const char *const kKindNames[kKinds] = {"call",
                                        "loop",
                                        "matmul",
                                        "sum",
                                        "prod",
                                        "max",
                                        "min",
                                        "argmax",
                                        "argmin",
                                        "softmax",
                                        "log_softmax",
                                        "sparse_cross_entropy",
                                        "cross_entropy",
                                        "layer_norm",
                                        "layer_norm_gradient",
                                        "take",
                                        "scatter_add",
                                        "take_along_axis",
                                        "put_along_axis",
                                        "random_bits",
                                        "cumsum",
                                        "scan",
                                        "pack",
                                        "within",
                                        "conv",
                                        "conv_filter",
                                        "depthwise",
                                        "depthwise_filter",
                                        "max_pool",
                                        "max_unpool"};

namespace {

// A task should last this long at least, and work below twice that is not split (nanoseconds):
// moving its data between cores would cost more.
constexpr double kTaskTime = 16000;
constexpr int kMaxTasks = 64;
constexpr std::int64_t kEven = 8;       // tasks, of which so few are a power of two
constexpr double kProductTime = 12000;  // of a product's task, which packs a panel of its own
constexpr std::int64_t kLeastRows = 24; // of it
// Rows of A so many bytes apart fall on the same lines of the cache and on a page each: tasks pack
// them, and do several panels for it.
constexpr std::int64_t kFar = 3200;
constexpr std::int64_t kLeastGroup = 4;
constexpr std::int64_t kFarPitch = 2048;
constexpr double kFarBytes = 1e6;
// A chunk's rows of A stay in the second-level cache while its panels are gone through.
constexpr std::int64_t kLeftBytes = 1 << 20;
constexpr std::int64_t kLeastChunk = 96;
constexpr std::int64_t kSplitSize = 1 << 15; // elements of a product whose sums threads share

int tasks_for(double nanoseconds, std::int64_t most, double each = kTaskTime) {
    if (nanoseconds < 2 * kTaskTime)
        return 1;
    const double wanted = std::min<double>(kMaxTasks, std::max(2.0, nanoseconds / each));
    // As many as two or four threads can share evenly: the last of three tasks leaves one waiting.
    auto count = static_cast<std::int64_t>(wanted);
    count = count < kEven ? static_cast<std::int64_t>(std::bit_ceil(static_cast<unsigned>(count)))
                          : count + count % 2;
    return static_cast<int>(std::max<std::int64_t>(1, std::min(count, most)));
}

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

double step_time(const Kernels &kernels, const Loop &loop) {
    double time = 0; // nanoseconds an element
    for (const Micro &m : loop.micro)
        time += kernels.ops[m.op].fused ? 0.4 : 0.1;
    return time + 0.08 * static_cast<double>(loop.in.size() + loop.out.size());
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

// Says whether what the loop of a product reads and writes lies beyond the second-level cache in
// rows that the processor does not fetch ahead by itself.
bool far(const Loop &loop) {
    double bytes = 0;
    for (const std::vector<Operand> *list : {&loop.in, &loop.out})
        for (const Operand &x : *list)
            if (x.stride[loop.rank - 2] * x.bytes >= kFarPitch)
                bytes += static_cast<double>(loop.size) * x.bytes;
    return bytes > kFarBytes;
}

void prepare_matmul(const Kernels &kernels, Instruction &work) {
    const View &a = work.in[0], &b = work.in[1];
    const std::size_t rank = a.shape.size();
    const std::int64_t m = a.shape[rank - 2], k = a.shape[rank - 1], n = b.shape[rank - 1];
    std::int64_t batch = 1;
    for (std::size_t d = 0; d + 2 < rank; ++d)
        batch *= work.loop.shape[d];
    const int panel = a.type == Type::float32 ? kernels.panel32 : kernels.panel64;
    const std::int64_t panels = (n + panel - 1) / panel;
    const double flops = 2.0 * static_cast<double>(batch * m * n) * static_cast<double>(k);
    work.flops += flops;
    work.bytes += static_cast<double>(batch * (m * k + k * n)) * bytes_of(a.type);
    const double time = flops / (a.type == Type::float32 ? 100 : 50) +
                        static_cast<double>(work.loop.size) * step_time(kernels, work.loop);
    if (batch == 1 && k >= kLong && m <= kChunkRows && m * n <= kSplitSize &&
        time >= 2 * kTaskTime) {
        // Threads share the sums: each keeps to its rows of B, which a later step of training
        // changes on the same thread.
        work.ints = {1, panels, 1, panels, 0, 0};
        work.tasks = static_cast<int>(kParts * panels);
        work.then = kernels.second[kMatmul];
        const std::int64_t high = kBlock / panel;
        work.then_tasks = static_cast<int>(panels * ((m + high - 1) / high));
        work.shared_bytes = kParts * panels * m * panel * bytes_of(a.type);
        return;
    }
    // Each task packs a panel of its own: no more of them than keep the threads busy.
    const std::int64_t wanted =
        std::min<std::int64_t>(tasks_for(time, 1 << 14, kProductTime), 2 * Pool::get().threads());
    const bool updates = std::any_of(work.loop.micro.begin(), work.loop.micro.end(),
                                     [&](const Micro &step) { return kernels.ops[step.op].fused; });
    const bool packs = panels >= kLeastGroup && a.stride[rank - 2] == 1 &&
                       a.stride[rank - 1] * bytes_of(a.type) >= kFar;
    const std::int64_t fits = kLeftBytes / std::max<std::int64_t>(1, k * bytes_of(a.type));
    const std::int64_t most =
        std::clamp<std::int64_t>(fits, kLeastChunk, packs ? kGroupRows : kChunkRows);
    const std::int64_t strip = most * panel * bytes_of(a.type) * (k >= kLong ? 2 : 1);
    const std::int64_t group = packs ? kResultBytes / strip : 1;
    const std::int64_t groups = (panels + group - 1) / group;
    const std::int64_t grid = std::max<std::int64_t>(1, batch * groups);
    std::int64_t least = (wanted + grid - 1) / grid;
    // An update is split by rows, so that what a thread changes lies together: into the parts of
    // the forward product's sums.
    if (updates && wanted > 1)
        least = (least + kParts - 1) / kParts * kParts;
    std::int64_t chunks = std::max((m + most - 1) / most, std::min(least, m / kLeastRows));
    // What threads cannot share evenly leaves some of them waiting for the last task.
    const std::int64_t threads = Pool::get().threads();
    while (wanted > 1 && grid * chunks % threads && grid * chunks < kEven * threads &&
           chunks < m / kLeastRows)
        ++chunks;
    work.ints = {chunks, panels, 0, groups, packs ? 1 : 0, far(work.loop) ? 1 : 0};
    work.alone = wanted == 1;
    if (batch * chunks * groups > 0xFFFF)
        throw PlanError("a product of so many parts cannot be split into 65535 tasks");
    work.tasks = static_cast<int>(batch * chunks * groups);
}

// Joins axes [from, to) of a view where they can be crossed in one stride.
int merge_view(View &x, int from, int to) {
    int end = from;
    for (int d = from; d < to; ++d) {
        if (x.shape[d] == 1)
            continue;
        if (end > from && x.stride[end - 1] == x.stride[d] * x.shape[d]) {
            x.shape[end - 1] *= x.shape[d];
            x.stride[end - 1] = x.stride[d];
        } else {
            x.shape[end] = x.shape[d];
            x.stride[end] = x.stride[d];
            ++end;
        }
    }
    x.shape.erase(x.shape.begin() + end, x.shape.begin() + to);
    x.stride.erase(x.stride.begin() + end, x.stride.begin() + to);
    return end - from;
}

std::int64_t elements(const View &x, std::size_t from = 0) {
    std::int64_t n = 1;
    for (std::size_t d = from; d < x.shape.size(); ++d)
        n *= x.shape[d];
    return n;
}

constexpr std::int64_t kFewRows = 128; // of a part of a reduction
constexpr std::int64_t kPartsOfRows = 16;
constexpr std::int64_t kManyColumns = 1024;
constexpr std::int64_t kFewColumns = 16;

void prepare_reduction(const Kernels &kernels, Instruction &work) {
    View &x = work.in[0];
    const double size = static_cast<double>(elements(x));
    const int rank = static_cast<int>(x.shape.size());
    const int kept = static_cast<int>(work.ints[0]);
    const int rest = merge_view(x, kept, rank);
    work.ints = {merge_view(x, 0, kept), rest};
    work.flops = size;
    work.bytes = size * bytes_of(x.type);
    const std::int64_t rows = elements(x, work.ints[0]);
    const std::int64_t columns = elements(x) / std::max<std::int64_t>(1, rows);
    const bool side_by_side =
        work.ints[0] == 1 && x.stride[0] == 1 && (rest != 1 || x.stride[1] != 1);
    const auto last = static_cast<std::size_t>(work.ints[0]) - 1; // of the kept axes
    const bool inner = work.ints[0] > 1 && rest > 0 && x.stride[last] == 1 &&
                       x.shape[last] >= kFewColumns && x.stride.back() != 1;
    work.ints.push_back(inner ? kInner : side_by_side);
    if (inner) {
        work.tasks =
            tasks_for(size * 0.2, elements(x) / std::max<std::int64_t>(1, elements(x, last)));
    } else if (!side_by_side) {
        work.tasks = tasks_for(size * 0.3, columns);
    } else if (columns >= kManyColumns || rows < 2 * kFewRows) {
        work.tasks = tasks_for(size * 0.2, (columns + kColumns - 1) / kColumns);
    } else {
        work.tasks = tasks_for(size * 0.2, std::min(kPartsOfRows, rows / kFewRows));
        if (work.tasks > 1) {
            work.then = kernels.second[work.kind];
            work.then_tasks = 1;
            work.shared_bytes = work.tasks * columns * bytes_of(x.type);
        }
    }
}

// The gradient sums over rows, in a part for each task.
void prepare_norm(const Kernels &kernels, Instruction &work) {
    const View &x = work.in[0];
    const bool back = work.kind == kLayerNormGradient;
    const std::int64_t n = x.shape.back(), rows = elements(x) / n;
    const double size = static_cast<double>(elements(x));
    work.flops = (back ? 20 : 9) * size;
    work.bytes = (back ? 3 : 2) * size * bytes_of(x.type);
    work.tasks = tasks_for((back ? 0.8 : 0.4) * size, std::max<std::int64_t>(1, rows));
    if (back) {
        work.then = kernels.second[kLayerNormGradient];
        work.then_tasks = 1;
        work.shared_bytes = work.tasks * 2 * n * bytes_of(x.type);
    }
}

// Operations of a convolution: two for each place, tap, channel and filter.
double conv_flops(const Windows &w) {
    double taps = 1;
    for (const Axis &a : w.axis) {
        double seen = 0;
        for (const Phase &phase : a.phases)
            seen += static_cast<double>(phase.count) * static_cast<double>(phase.taps.size());
        taps *= seen;
    }
    return 2.0 * static_cast<double>(w.n * w.inner() * w.filters) * taps;
}

// Tasks for `pieces` that can be done alone.
int piece_tasks(Instruction &work, double time, std::int64_t pieces) {
    const int tasks = tasks_for(time, pieces);
    work.alone = tasks == 1;
    return tasks;
}

constexpr double kWinogradGain = 2.5; // in time

// Says whether a convolution, or its gradient by the kernel, is computed by transformed tiles.
bool uses_winograd(const Instruction &work) {
    const Windows &w = *work.windows;
    const View &x = work.in[0];
    return x.type == Type::float32 && x.stride[4] == 1 && w.suits_winograd();
}

// Bytes of a piece's results, all filters side by side.
std::int64_t piece_bytes(const Instruction &work) {
    const Windows &w = *work.windows;
    return w.chunk[0] * w.chunk[1] * w.chunk[2] * w.filters * bytes_of(work.in[0].type);
}

// The pooling of the same pieces: whole lines, whose number goes up with theirs.
void prepare_pooled(const Kernels &kernels, Instruction &work) {
    Windows &w = *work.windows, &p = *work.pool->windows;
    Instruction &pool = *work.pool;
    prepare(kernels, pool);
    for (int d = 0; d < kSpatial; ++d) {
        p.chunk[d] = d == 1 && w.chunks[d] > 1 ? w.chunk[d] / w.pooled : p.axis[d].out;
        p.chunks[d] = (p.axis[d].out + p.chunk[d] - 1) / p.chunk[d];
    }
    pool.tasks = static_cast<int>(p.n * p.pieces());
    work.flops += pool.flops;
    work.bytes += pool.bytes;
}

void prepare_conv(const Kernels &kernels, Instruction &work) {
    Windows &w = *work.windows;
    const Type type = work.in[0].type;
    const int panel = type == Type::float32 ? kernels.panel32 : kernels.panel64;
    const std::int64_t panels = w.groups * ((w.outer() + panel - 1) / panel);
    w.winograd = uses_winograd(work);
    if (work.pool)
        w.pooled = work.pool->windows->axis[1].in_step;
    if (!w.choose_pieces(bytes_of(type)))
        throw PlanError("what is pooled is no whole line");
    if (work.pool)
        prepare_pooled(kernels, work);
    work.flops += conv_flops(w);
    double time = work.flops / (type == Type::float32 ? 80 : 40);
    std::int64_t taps = w.taps(), packs = panels;
    if (w.winograd) {
        w.together =
            std::max<std::int64_t>(1, kWinogradTiles / Windows::tiles(w.chunk[1], w.chunk[2]));
        if (work.pool)
            w.together =
                std::min(w.together, std::max<std::int64_t>(1, kPooledBytes / piece_bytes(work)));
        time /= kWinogradGain;
        taps = kWinogradPlaces;
        packs *= w.channels / kWinogradChannels;
    }
    work.tasks = piece_tasks(work, time, packs);
    work.then = kernels.second[kConv];
    work.then_tasks = piece_tasks(work, time, (w.n * w.pieces() + w.together - 1) / w.together);
    work.shared_bytes = panels * taps * w.inner() * panel * bytes_of(type);
}

constexpr std::int64_t kPartBytes = std::int64_t{1} << 23; // of the parts of sums over images
constexpr std::int64_t kFewParts = 8;
constexpr std::int64_t kPiecesOfPart = 32; // more in a row would gather rounding errors
constexpr std::int64_t kLeastRowsOfPart = 48;

void prepare_conv_filter(const Kernels &kernels, Instruction &work) {
    Windows &w = *work.windows;
    const Type type = work.in[0].type;
    const bool depthwise = work.kind == kDepthwiseFilter;
    const int panel = type == Type::float32 ? kernels.panel32 : kernels.panel64;
    const std::int64_t columns =
        depthwise ? (w.channels + panel - 1) / panel : w.groups * ((w.outer() + panel - 1) / panel);
    const std::int64_t rows = depthwise ? w.taps() : w.taps() * w.inner();
    w.winograd = !depthwise && w.filters % kWinogradChannels == 0 && uses_winograd(work);
    choose_chunks(w, std::int64_t{1} << 40, kBoxBytes, bytes_of(type));
    work.flops += conv_flops(w);
    const double time = work.flops / (type == Type::float32 ? 80 : 40) * (depthwise ? 8 : 1);
    const std::int64_t each = columns * rows * panel * bytes_of(type);
    // How a sum is cut depends on its sizes alone.
    const std::int64_t pieces = w.n * w.pieces();
    w.parts = std::min({std::max(kFewParts, pieces / kPiecesOfPart), pieces,
                        std::max<std::int64_t>(1, kPartBytes / each)});
    const std::int64_t lacking = (kFewParts + w.parts * columns - 1) / (w.parts * columns);
    w.slices = depthwise ? 1 : std::clamp<std::int64_t>(rows / kLeastRowsOfPart, 1, lacking);
    if (w.winograd)
        w.slices = (w.channels + kWinogradRows - 1) / kWinogradRows;
    work.tasks = static_cast<int>(w.parts * columns * w.slices);
    work.then = kernels.second[work.kind];
    const std::int64_t high = kBlock / panel;
    work.alone = tasks_for(time, 2) == 1;
    work.then_tasks =
        static_cast<int>(std::min<std::int64_t>(kMaxTasks, columns * ((rows + high - 1) / high)));
    work.shared_bytes = w.parts * each;
}

void prepare_windows(Instruction &work) {
    Windows &w = *work.windows;
    choose_chunks(w, kPiece, std::int64_t{1} << 40, bytes_of(work.in[0].type));
    const double flops = conv_flops(w) * (work.kind == kDepthwise ? 1 : 0.5);
    work.flops += flops;
    work.tasks = piece_tasks(work, flops / 8, w.n * w.pieces());
}

// Each task sums for itself; the parts are added in the order of the tasks.
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

std::int64_t panels_of(const Kernels &kernels, const View &b) {
    const int panel = b.type == Type::float32 ? kernels.panel32 : kernels.panel64;
    return (b.shape[1] + panel - 1) / panel;
}

std::int64_t whole_panel(const Kernels &kernels, const Instruction &work) {
    return work.in[0].type == Type::float32 ? kernels.panel32 : kernels.panel64;
}

} // namespace

void prepare(const Kernels &kernels, Instruction &work) {
    if (work.windows)
        for (const std::vector<View> *list : {&work.in, &work.out})
            for (const View &x : *list)
                work.bytes += static_cast<double>(elements(x)) * bytes_of(x.type);
    work.run = kernels.structured[work.kind];
    if (work.has_loop) {
        const bool tile = feeds_loop(work.kind);
        if (work.kind != kMatmul)
            merge_axes(work.loop, tile || !work.loop.sums.empty());
        const std::int64_t wide = work.loop.rank ? work.loop.shape[work.loop.rank - 1] : 0;
        const bool panels =
            (work.kind == kConv && work.windows->groups == 1) || work.kind == kDepthwise;
        const bool repeats = work.loop.rank > 1 && (panels ? wide <= whole_panel(kernels, work)
                                                           : !tile && 2 * wide <= kBlock);
        choose_direct(work.loop, tile, repeats);
        place_registers(work.loop, tile);
        count_loop(kernels, work);
    }
    switch (work.kind) {
    case kLoop: {
        const Loop &loop = work.loop;
        const std::int64_t cols = loop.shape[loop.rank - 1];
        const std::int64_t lines = cols ? loop.size / cols : 0;
        work.tasks = tasks_for(static_cast<double>(loop.size) * step_time(kernels, loop),
                               lines == 1 ? (cols + kBlock - 1) / kBlock : lines);
        break;
    }
    case kMatmul: prepare_matmul(kernels, work); break;
    case kSum:
    case kProd:
    case kMax:
    case kMin: prepare_reduction(kernels, work); break;
    case kSoftmax:
    case kLogSoftmax:
    case kSparseCrossEntropy:
    case kCrossEntropy: {
        const View &x = work.in.back();
        const double size = static_cast<double>(elements(x));
        work.flops = 10 * size;
        work.bytes = 2 * size * bytes_of(x.type);
        work.tasks = tasks_for(5 * size, elements(x) / std::max<std::int64_t>(1, x.shape.back()));
        break;
    }
    case kLayerNorm:
    case kLayerNormGradient: prepare_norm(kernels, work); break;
    case kWithin:
        work.bytes = 2.0 * static_cast<double>(elements(work.in[0])) * bytes_of(work.in[0].type);
        break;
    case kTake:
    case kTakeAlong:
    case kPutAlong:
    case kScatterAdd: {
        const bool by_inner = work.kind == kScatterAdd;
        const double bytes = static_cast<double>(elements(work.out[0]) + elements(work.in[0])) *
                             bytes_of(work.in[0].type);
        work.bytes = bytes;
        work.tasks = tasks_for(bytes * 0.1, by_inner             ? work.ints[2] / 16
                                            : work.kind == kTake ? work.ints[0] * work.ints[3]
                                                                 : work.ints[0]);
        break;
    }
    case kConv: prepare_conv(kernels, work); break;
    case kConvFilter:
    case kDepthwiseFilter: prepare_conv_filter(kernels, work); break;
    case kDepthwise:
    case kMaxPool:
    case kMaxUnpool: prepare_windows(work); break;
    case kRandomBits:
        work.bytes = 4.0 * static_cast<double>(work.ints[0]);
        work.tasks = tasks_for(2.0 * static_cast<double>(work.ints[0]), (work.ints[0] + 3) / 4);
        break;
    case kPack:
        work.bytes = static_cast<double>(elements(work.in[0]) + elements(work.out[0])) *
                     bytes_of(work.in[0].type);
        work.tasks = tasks_for(work.bytes * 0.1, panels_of(kernels, work.in[0]));
        break;
    case kScan:
        work.tasks = static_cast<int>(work.ints[4]);
        for (const Instruction &one : work.bodies[0]->instructions()) {
            work.flops += static_cast<double>(work.ints[2] * work.ints[4]) * one.flops;
            work.bytes += static_cast<double>(work.ints[2] * work.ints[4]) * one.bytes;
        }
        work.alone = tasks_for(work.flops / 100 + work.bytes / 10, 2) == 1;
        break;
    default: break;
    }
    if (!work.loop.sums.empty())
        prepare_sums(kernels, work);
}

} // namespace annette
