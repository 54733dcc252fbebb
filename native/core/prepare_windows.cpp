// Convolutions and poolings: the pieces of their results, and the tasks that do them.
#include <algorithm>

#include "prepare.hpp"
#include "windows.hpp"

namespace annette {
namespace {

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

// Nanoseconds of what it computes with the micro-kernel.
double product_time(const Instruction &work) {
    return work.flops / (work.in[0].type == Type::float32 ? 80 : 40);
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

constexpr std::int64_t kPartBytes = std::int64_t{1} << 23; // of the parts of sums over images
constexpr std::int64_t kFewParts = 8;
constexpr std::int64_t kPiecesOfPart = 32; // more in a row would gather rounding errors
constexpr std::int64_t kLeastRowsOfPart = 48;

} // namespace

void prepare_conv(const Kernels &kernels, Instruction &work) {
    Windows &w = *work.windows;
    const Type type = work.in[0].type;
    const int panel = kernels.panel(type);
    const std::int64_t panels = w.groups * kernels.panels(type, w.outer());
    w.winograd = uses_winograd(work);
    if (work.pool)
        w.pooled = work.pool->windows->axis[1].in_step;
    if (!w.choose_pieces(bytes_of(type)))
        throw PlanError("what is pooled is no whole line");
    if (work.pool)
        prepare_pooled(kernels, work);
    work.flops += conv_flops(w);
    double time = product_time(work);
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

void prepare_conv_filter(const Kernels &kernels, Instruction &work) {
    Windows &w = *work.windows;
    const Type type = work.in[0].type;
    const bool depthwise = work.kind == kDepthwiseFilter;
    const int panel = kernels.panel(type);
    const std::int64_t columns =
        depthwise ? kernels.panels(type, w.channels) : w.groups * kernels.panels(type, w.outer());
    const std::int64_t rows = depthwise ? w.taps() : w.taps() * w.inner();
    w.winograd = !depthwise && w.filters % kWinogradChannels == 0 && uses_winograd(work);
    choose_chunks(w, std::int64_t{1} << 40, kBoxBytes, bytes_of(type));
    work.flops += conv_flops(w);
    const double time = product_time(work) * (depthwise ? 8 : 1);
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

} // namespace annette
