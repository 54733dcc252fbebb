// Products of matrices: how rows, panels and sums are shared among tasks.
#include <algorithm>

#include "prepare.hpp"

namespace annette {
namespace {

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

} // namespace

void prepare_matmul(const Kernels &kernels, Instruction &work) {
    const View &a = work.in[0], &b = work.in[1];
    const std::size_t rank = a.shape.size();
    const std::int64_t m = a.shape[rank - 2], k = a.shape[rank - 1], n = b.shape[rank - 1];
    std::int64_t batch = 1;
    for (std::size_t d = 0; d + 2 < rank; ++d)
        batch *= work.loop.shape[d];
    const int panel = kernels.panel(a.type);
    const std::int64_t panels = kernels.panels(a.type, n);
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

} // namespace annette
