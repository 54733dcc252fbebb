// What is done row by row over the last axis: softmax and the cross-entropies from logits.
#pragma once

#include "reduce.hpp"

namespace annette {
namespace ANNETTE_ISA {

template <class T> inline T *values(const Context &context, const View &view) {
    return reinterpret_cast<T *>(context.at[view.value]) + view.offset;
}

// The part of the rows that a task does.
struct Share {
    Share(const Instruction &work, std::int64_t rows, int task)
        : from(rows * task / work.tasks), to(rows * (task + 1) / work.tasks) {}
    std::int64_t from, to;
};

inline std::int64_t width(const View &view) {
    return view.shape.back();
}
inline std::int64_t height(const View &view) {
    std::int64_t rows = 1;
    for (std::size_t d = 0; d + 1 < view.shape.size(); ++d)
        rows *= view.shape[d];
    return rows;
}

// y = e^(x - max); returns the sum. Any number of columns, in pieces for the cache.
template <class T> inline T powers(const T *x, T *y, std::int64_t n, T largest) {
    for (std::int64_t i = 0; i < n; ++i)
        y[i] = vexp(x[i] - largest);
    return fold_run<Sum>(y, n);
}

template <class T> inline T log_sum(const T *x, std::int64_t n, T largest) {
    constexpr std::int64_t piece = 512;
    T room[piece], total = 0;
    for (std::int64_t i = 0; i < n; i += piece)
        total += powers(x + i, room, n - i < piece ? n - i : piece, largest);
    return vlog(total);
}

template <class T> void softmax(const Instruction &work, const Context &context, int task) {
    const std::int64_t n = width(work.in[0]);
    const Share share(work, height(work.in[0]), task);
    const T *x = values<T>(context, work.in[0]) + share.from * n;
    T *y = values<T>(context, work.out[0]) + share.from * n;
    for (std::int64_t r = share.from; r < share.to; ++r, x += n, y += n) {
        const T share_of_one = T(1) / powers(x, y, n, fold_run<Max>(x, n));
        for (std::int64_t i = 0; i < n; ++i)
            y[i] *= share_of_one;
    }
}

template <class T> void log_softmax(const Instruction &work, const Context &context, int task) {
    const std::int64_t n = width(work.in[0]);
    const Share share(work, height(work.in[0]), task);
    const T *x = values<T>(context, work.in[0]) + share.from * n;
    T *y = values<T>(context, work.out[0]) + share.from * n;
    for (std::int64_t r = share.from; r < share.to; ++r, x += n, y += n) {
        const T largest = fold_run<Max>(x, n), shift = log_sum(x, n, largest);
        for (std::int64_t i = 0; i < n; ++i)
            y[i] = (x[i] - largest) - shift;
    }
}

template <class T, class I>
void sparse_rows(const Instruction &work, const Context &context, int task) {
    const std::int64_t n = width(work.in[1]);
    const Share share(work, height(work.in[1]), task);
    const I *target = values<I>(context, work.in[0]);
    const T *x = values<T>(context, work.in[1]) + share.from * n;
    T *y = values<T>(context, work.out[0]);
    for (std::int64_t r = share.from; r < share.to; ++r, x += n) {
        const T largest = fold_run<Max>(x, n);
        std::int64_t place = static_cast<std::int64_t>(target[r]);
        place = place < 0 ? 0 : place >= n ? n - 1 : place;
        y[r] = -((x[place] - largest) - log_sum(x, n, largest));
    }
}

template <class T>
void sparse_cross_entropy(const Instruction &work, const Context &context, int task) {
    if (work.in[0].type == Type::int32)
        sparse_rows<T, std::int32_t>(work, context, task);
    else
        sparse_rows<T, std::int64_t>(work, context, task);
}

template <class T> void cross_entropy(const Instruction &work, const Context &context, int task) {
    const std::int64_t n = width(work.in[1]);
    const Share share(work, height(work.in[1]), task);
    const T *target = values<T>(context, work.in[0]) + share.from * n;
    const T *x = values<T>(context, work.in[1]) + share.from * n;
    T *y = values<T>(context, work.out[0]);
    constexpr std::int64_t piece = 512;
    T room[piece];
    for (std::int64_t r = share.from; r < share.to; ++r, x += n, target += n) {
        const T largest = fold_run<Max>(x, n), shift = log_sum(x, n, largest);
        T total = 0;
        for (std::int64_t from = 0; from < n; from += piece) {
            const std::int64_t count = n - from < piece ? n - from : piece;
            for (std::int64_t i = 0; i < count; ++i)
                room[i] = target[from + i] * ((x[from + i] - largest) - shift);
            total += fold_run<Sum>(room, count);
        }
        y[r] = -total;
    }
}

#define ANNETTE_ROWS(name)                                                                         \
    inline void run_##name(const Instruction &work, const Context &context, int task) {            \
        if (work.out[0].type == Type::float32)                                                     \
            name<float>(work, context, task);                                                      \
        else                                                                                       \
            name<double>(work, context, task);                                                     \
    }
ANNETTE_ROWS(softmax)
ANNETTE_ROWS(log_softmax)
ANNETTE_ROWS(sparse_cross_entropy)
ANNETTE_ROWS(cross_entropy)
#undef ANNETTE_ROWS

} // namespace ANNETTE_ISA
} // namespace annette
