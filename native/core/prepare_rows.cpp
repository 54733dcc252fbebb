// Reductions, and what is normalized row by row.
#include <algorithm>

#include "prepare.hpp"

namespace annette {
namespace {

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

constexpr std::int64_t kFewRows = 128; // of a part of a reduction
constexpr std::int64_t kPartsOfRows = 16;
constexpr std::int64_t kManyColumns = 1024;
constexpr std::int64_t kFewColumns = 16;

} // namespace

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

} // namespace annette
