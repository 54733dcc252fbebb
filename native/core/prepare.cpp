// From what an instruction says to how it runs: axes merged, registers placed, work split.
#include "prepare.hpp"

#include <algorithm>
#include <bit>

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

int tasks_for(double nanoseconds, std::int64_t most, double each) {
    if (nanoseconds < 2 * kTaskTime)
        return 1;
    const double wanted = std::min<double>(kMaxTasks, std::max(2.0, nanoseconds / each));
    // As many as two or four threads can share evenly: the last of three tasks leaves one waiting.
    auto count = static_cast<std::int64_t>(wanted);
    count = count < kEven ? static_cast<std::int64_t>(std::bit_ceil(static_cast<unsigned>(count)))
                          : count + count % 2;
    return static_cast<int>(std::max<std::int64_t>(1, std::min(count, most)));
}

void prepare(const Kernels &kernels, Instruction &work) {
    if (work.windows)
        for (const std::vector<View> *list : {&work.in, &work.out})
            for (const View &x : *list)
                work.bytes += static_cast<double>(elements(x)) * bytes_of(x.type);
    work.run = kernels.structured[work.kind];
    if (work.has_loop)
        prepare_loop(kernels, work);
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
        work.tasks =
            tasks_for(work.bytes * 0.1, kernels.panels(work.in[0].type, work.in[0].shape[1]));
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
