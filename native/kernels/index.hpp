// Reading and adding at computed places; places outside mean the nearest one inside.
#pragma once

#include "rows.hpp"

namespace annette {
namespace ANNETTE_ISA {

template <class I> inline std::int64_t inside(I place, std::int64_t size) {
    const std::int64_t p = static_cast<std::int64_t>(place);
    return p < 0 ? 0 : p >= size ? size - 1 : p;
}

// ints: outer, places along the axis, inner, number of indices.
// out[o, k, i] = in[o, index[k], i]
template <class I> void take(const Instruction &work, const Context &context, int task) {
    const std::int64_t outer = work.ints[0], size = work.ints[1], inner = work.ints[2],
                       count = work.ints[3];
    const std::int64_t bytes = inner * bytes_of(work.in[0].type);
    const I *index = values<I>(context, work.in[1]);
    const char *x = context.at[work.in[0].value] + work.in[0].offset * bytes_of(work.in[0].type);
    char *y = context.at[work.out[0].value] + work.out[0].offset * bytes_of(work.in[0].type);
    const Share share(work, outer * count, task);
    for (std::int64_t n = share.from; n < share.to; ++n) {
        const std::int64_t o = n / count, k = inside(index[n % count], size);
        std::memcpy(y + n * bytes, x + (o * size + k) * bytes, static_cast<std::size_t>(bytes));
    }
}

// out[o, index[k], i] += in[o, k, i], k rising; a task does its share of the inner places.
template <class T, class I>
void scatter_add(const Instruction &work, const Context &context, int task) {
    const std::int64_t outer = work.ints[0], size = work.ints[1], inner = work.ints[2],
                       count = work.ints[3];
    const I *index = values<I>(context, work.in[1]);
    const T *x = values<T>(context, work.in[0]);
    T *y = values<T>(context, work.out[0]);
    const Share share(work, inner, task);
    const std::int64_t wide = share.to - share.from;
    for (std::int64_t o = 0; o < outer; ++o) {
        for (std::int64_t k = 0; k < size; ++k)
            std::memset(y + (o * size + k) * inner + share.from, 0,
                        static_cast<std::size_t>(wide) * sizeof(T));
        for (std::int64_t k = 0; k < count; ++k) {
            const T *from = x + (o * count + k) * inner;
            T *to = y + (o * size + inside(index[k], size)) * inner;
            for (std::int64_t i = share.from; i < share.to; ++i)
                to[i] = static_cast<T>(to[i] + from[i]);
        }
    }
}

// As above with an index for each element: out[o, k, i] = in[o, index[o, k, i], i].
template <class T, class I>
void take_along(const Instruction &work, const Context &context, int task) {
    const std::int64_t outer = work.ints[0], size = work.ints[1], inner = work.ints[2],
                       count = work.ints[3];
    const I *index = values<I>(context, work.in[1]);
    const T *x = values<T>(context, work.in[0]);
    T *y = values<T>(context, work.out[0]);
    const Share share(work, outer, task);
    for (std::int64_t o = share.from; o < share.to; ++o)
        for (std::int64_t k = 0; k < count; ++k)
            for (std::int64_t i = 0; i < inner; ++i) {
                const std::int64_t n = (o * count + k) * inner + i;
                y[n] = x[(o * size + inside(index[n], size)) * inner + i];
            }
}

template <class T, class I>
void put_along(const Instruction &work, const Context &context, int task) {
    const std::int64_t outer = work.ints[0], size = work.ints[1], inner = work.ints[2],
                       count = work.ints[3];
    const I *index = values<I>(context, work.in[1]);
    const T *x = values<T>(context, work.in[0]);
    T *y = values<T>(context, work.out[0]);
    const Share share(work, outer, task);
    std::memset(y + share.from * size * inner, 0,
                static_cast<std::size_t>((share.to - share.from) * size * inner) * sizeof(T));
    for (std::int64_t o = share.from; o < share.to; ++o)
        for (std::int64_t k = 0; k < count; ++k)
            for (std::int64_t i = 0; i < inner; ++i) {
                const std::int64_t n = (o * count + k) * inner + i;
                T *to = y + (o * size + inside(index[n], size)) * inner + i;
                *to = static_cast<T>(*to + x[n]);
            }
}

inline void run_take(const Instruction &work, const Context &context, int task) {
    if (work.in[1].type == Type::int32)
        take<std::int32_t>(work, context, task);
    else
        take<std::int64_t>(work, context, task);
}

#define ANNETTE_INDEX(name)                                                                        \
    template <class T>                                                                             \
    inline void name##_by(const Instruction &work, const Context &context, int task) {             \
        if (work.in[1].type == Type::int32)                                                        \
            name<T, std::int32_t>(work, context, task);                                            \
        else                                                                                       \
            name<T, std::int64_t>(work, context, task);                                            \
    }                                                                                              \
    inline void run_##name(const Instruction &work, const Context &context, int task) {            \
        switch (work.in[0].type) {                                                                 \
        case Type::float32: return name##_by<float>(work, context, task);                          \
        case Type::float64: return name##_by<double>(work, context, task);                         \
        case Type::int32: return name##_by<std::int32_t>(work, context, task);                     \
        default: return name##_by<std::int64_t>(work, context, task);                              \
        }                                                                                          \
    }
ANNETTE_INDEX(scatter_add)
ANNETTE_INDEX(take_along)
ANNETTE_INDEX(put_along)
#undef ANNETTE_INDEX

// out = in, ints[1] numbers, which must be from 0 to ints[0] - 1.
template <class I> void within(const Instruction &work, const Context &context) {
    const I *x = values<I>(context, work.in[0]);
    I *y = values<I>(context, work.out[0]);
    const std::int64_t size = work.ints[0], count = work.ints[1];
    for (std::int64_t i = count - 1; i >= 0; --i) {
        y[i] = x[i];
        if (x[i] < 0 || x[i] >= size) {
            context.outside->value.store(x[i], std::memory_order_relaxed);
            context.outside->any.store(true, std::memory_order_relaxed);
        }
    }
}
inline void run_within(const Instruction &work, const Context &context, int) {
    work.in[0].type == Type::int32 ? within<std::int32_t>(work, context)
                                   : within<std::int64_t>(work, context);
}

// Philox-4x32-10 (Salmon, Moraes, Dror & Shaw, 2011); in: the key (seed, counter).
inline void run_random_bits(const Instruction &work, const Context &context, int task) {
    const std::uint32_t *key = values<std::uint32_t>(context, work.in[0]);
    std::uint32_t *y = values<std::uint32_t>(context, work.out[0]);
    const std::int64_t size = work.ints[0];
    const Share share(work, (size + 3) / 4, task);
    for (std::int64_t block = share.from; block < share.to; ++block) {
        std::uint32_t x0 = static_cast<std::uint32_t>(block), x1 = 0, x2 = key[1], x3 = 0;
        std::uint32_t k0 = key[0], k1 = 0;
        for (int round = 0; round < 10; ++round) {
            const std::uint64_t a = std::uint64_t{0xD2511F53u} * x0;
            const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * x2;
            x0 = static_cast<std::uint32_t>(b >> 32) ^ x1 ^ k0;
            x1 = static_cast<std::uint32_t>(b);
            x2 = static_cast<std::uint32_t>(a >> 32) ^ x3 ^ k1;
            x3 = static_cast<std::uint32_t>(a);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        const std::uint32_t words[4] = {x0, x1, x2, x3};
        for (std::int64_t i = 0; i < 4 && block * 4 + i < size; ++i)
            y[block * 4 + i] = words[i];
    }
}

} // namespace ANNETTE_ISA
} // namespace annette
