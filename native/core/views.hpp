// What a view looks at: how many elements, where they lie, whether they lie without gaps.
#pragma once

#include <algorithm>

#include "plan.hpp"

namespace annette {

// Elements of the axes [from, to).
inline std::int64_t elements(const View &x, std::size_t from = 0, std::size_t to = kMaxRank) {
    std::int64_t n = 1;
    for (std::size_t d = from; d < std::min(to, x.shape.size()); ++d)
        n *= x.shape[d];
    return n;
}

inline bool without_gaps(const std::int64_t *shape, const std::int64_t *stride, int rank) {
    std::int64_t gap = 1;
    for (int d = rank - 1; d >= 0; --d) {
        if (shape[d] != 1 && stride[d] != gap)
            return false;
        gap *= shape[d];
    }
    return true;
}

// `at`: where each value lies.
inline char *memory_of(const View &x, char *const *at) {
    return at[x.value] + x.offset * bytes_of(x.type);
}

} // namespace annette
