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

// A row's largest. One that is not a number need not be found: it makes the row's sum such.
struct Larger {
    template <class T> static T start() { return -std::numeric_limits<T>::infinity(); }
    template <class T> static T join(T a, T b) { return a > b ? a : b; }
};

template <class T> inline T largest_of(const T *x, std::int64_t n) {
    return fold_run<Larger>(x, n);
}

// y = e^(x - max); returns the sum. Any number of columns, in pieces for the cache.
template <class T> inline T powers(const T *x, T *y, std::int64_t n, T largest) {
    for (std::int64_t i = 0; i < n; ++i)
        y[i] = vexp(x[i] - largest);
    return fold_run<Sum>(y, n);
}

#if defined(__AVX512F__)
// The lanes of a vector joined, halves first.
template <class Rule> inline float across(Single v) {
    typedef float Eight __attribute__((vector_size(32)));
    typedef float Four __attribute__((vector_size(16)));
    const Eight a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
    const Eight b = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    const Eight half = Rule::join(a, b);
    const Four c = __builtin_shufflevector(half, half, 0, 1, 2, 3);
    const Four d = __builtin_shufflevector(half, half, 4, 5, 6, 7);
    const Four rest = Rule::join(c, d);
    return Rule::join(Rule::join(rest[0], rest[1]), Rule::join(rest[2], rest[3]));
}

inline float largest_of(const float *x, std::int64_t n) {
    Single most = splat(-std::numeric_limits<float>::infinity());
    std::int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        most = Larger::join(most, load(x + i));
    if (i < n)
        most = _mm512_mask_max_ps(most, first_lanes(n - i), most,
                                  load_some(x + i, static_cast<int>(n - i)));
    return across<Larger>(most);
}

// Sums of pieces are added up, so that the error grows with few terms only.
inline float powers(const float *x, float *y, std::int64_t n, float largest) {
    constexpr std::int64_t piece = 512;
    const Single shift = splat(largest);
    Single total = splat(0.0f);
    for (std::int64_t i = 0; i < n;) {
        const std::int64_t end = n - i < piece ? n : i + piece;
        Single part = splat(0.0f);
        for (; i + 16 <= end; i += 16) {
            const Single e = vexp(load(x + i) - shift);
            store(y + i, e);
            part += e;
        }
        if (i < end) {
            const int rest = static_cast<int>(end - i);
            const Single e = vexp(load_some(x + i, rest) - shift);
            store_some(y + i, e, rest);
            part = _mm512_mask_add_ps(part, first_lanes(rest), part, e);
            i = end;
        }
        total += part;
    }
    return across<Sum>(total);
}
#endif

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
        const T share_of_one = T(1) / powers(x, y, n, largest_of(x, n));
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
        const T largest = largest_of(x, n), shift = log_sum(x, n, largest);
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
        const T largest = largest_of(x, n);
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
        const T largest = largest_of(x, n), shift = log_sum(x, n, largest);
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

} // namespace ANNETTE_ISA
} // namespace annette
