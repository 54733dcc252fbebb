// Rows brought to mean 0 and variance 1, and the gradient of that: a row is read from the cache as
// often as its sums need it, and from memory once.
#pragma once

#include <cmath>

#include "rows.hpp"

namespace annette {
namespace ANNETTE_ISA {

// The first `count` lanes, the others 0.
template <class T> inline Vec<T> only_first(Vec<T> v, std::int64_t count) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_maskz_mov_ps(first_lanes(count), v);
    else
        return _mm512_maskz_mov_pd(static_cast<__mmask8>(first_lanes(count)), v);
#else
    for (std::int64_t i = count; i < Simd<T>::lanes; ++i)
        v[i] = 0;
    return v;
#endif
}

// What a vector of a row is found by: its place, and how many of its lanes are there.
struct Lanes {
    std::int64_t at;
    int count; // 0: all
};

template <class T> inline Vec<T> load(const T *from, Lanes p) {
    return p.count ? load_some(from + p.at, p.count) : load(from + p.at);
}
template <class T> inline void store(T *to, Vec<T> v, Lanes p) {
    p.count ? store_some(to + p.at, v, p.count) : store(to + p.at, v);
}

// Calls `f` with the vectors of a row, in order.
template <class T, class F> inline void each_lanes(std::int64_t n, F f) {
    constexpr int lanes = Simd<T>::lanes;
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        f(Lanes{i, 0});
    if (i < n)
        f(Lanes{i, static_cast<int>(n - i)});
}

// Sums of what `term` gives for the vectors of a row. Some dozens are added up at a time, so
// that the error grows with few terms only.
template <class T> struct RowSum {
    Vec<T> total{}, part{};
    int count = 0;
    void add(Vec<T> v, Lanes p) {
        part += p.count ? only_first<T>(v, p.count) : v;
        if (++count == 64) {
            total += part;
            part = Vec<T>{};
            count = 0;
        }
    }
    T sum() const {
        constexpr int lanes = Simd<T>::lanes;
        T lane[lanes];
        store(lane, total + part);
        for (int wide = lanes / 2; wide; wide /= 2)
            for (int i = 0; i < wide; ++i)
                lane[i] += lane[i + wide];
        return lane[0];
    }
};

// The mean of a row, and one by its deviation.
template <class T> struct Spread {
    Vec<T> mean;
    T inverse;
    Spread(const T *x, std::int64_t n, T epsilon) {
        RowSum<T> first, second;
        each_lanes<T>(n, [&](Lanes p) { first.add(load(x, p), p); });
        mean = splat(first.sum() / static_cast<T>(n));
        each_lanes<T>(n, [&](Lanes p) {
            const Vec<T> centred = load(x, p) - mean;
            second.add(centred * centred, p);
        });
        inverse = T(1) / std::sqrt(second.sum() / static_cast<T>(n) + epsilon);
    }
};

// in: x (rows, n), gamma and beta (n), epsilon (1).
template <class T> void layer_norm(const Instruction &work, const Context &context, int task) {
    const std::int64_t n = width(work.in[0]);
    const Share share(work, height(work.in[0]), task);
    const T *x = values<T>(context, work.in[0]) + share.from * n;
    const T *gamma = values<T>(context, work.in[1]), *beta = values<T>(context, work.in[2]);
    const T epsilon = *values<T>(context, work.in[3]);
    T *y = values<T>(context, work.out[0]) + share.from * n;
    for (std::int64_t r = share.from; r < share.to; ++r, x += n, y += n) {
        const Spread<T> spread(x, n, epsilon);
        const Vec<T> inverse = splat(spread.inverse);
        each_lanes<T>(n, [&](Lanes p) {
            const Vec<T> normal = (load(x, p) - spread.mean) * inverse;
            store(y, fma(normal, load(gamma, p), load(beta, p)), p);
        });
    }
}

// in: the gradient by the result (rows, n), x (rows, n), gamma (n), epsilon (1); out: those by x,
// gamma and beta. A task sums the last two for its rows, some rows at a time.
template <class T> struct NormGradient {
    static constexpr std::int64_t kRowsOfPart = 64;

    NormGradient(const Instruction &w, const Context &c)
        : work(w), n(width(w.in[0])), g(values<T>(c, w.in[0])), x(values<T>(c, w.in[1])),
          gamma(values<T>(c, w.in[2])), epsilon(*values<T>(c, w.in[3])), dx(values<T>(c, w.out[0])),
          sums(reinterpret_cast<T *>(c.shared)), part(reinterpret_cast<T *>(c.scratch)) {}

    void run(int task) const {
        const Share share(work, height(work.in[0]), task);
        const std::size_t bytes = static_cast<std::size_t>(2 * n) * sizeof(T);
        T *total = sums + task * 2 * n;
        std::memset(total, 0, bytes);
        for (std::int64_t from = share.from; from < share.to; from += kRowsOfPart) {
            std::memset(part, 0, bytes);
            const std::int64_t end = std::min(from + kRowsOfPart, share.to);
            for (std::int64_t r = from; r < end; ++r)
                row(g + r * n, x + r * n, dx + r * n);
            for (std::int64_t i = 0; i < 2 * n; ++i)
                total[i] += part[i];
        }
    }

    void row(const T *slope, const T *from, T *to) const {
        const Spread<T> spread(from, n, epsilon);
        const Vec<T> inverse = splat(spread.inverse);
        T *by_gamma = part, *by_beta = part + n;
        RowSum<T> plain, along;
        each_lanes<T>(n, [&](Lanes p) {
            const Vec<T> gy = load(slope, p), normal = (load(from, p) - spread.mean) * inverse;
            const Vec<T> d = gy * load(gamma, p);
            plain.add(d, p);
            along.add(d * normal, p);
            store(by_gamma, fma(gy, normal, load(by_gamma, p)), p);
            store(by_beta, load(by_beta, p) + gy, p);
        });
        const T share = T(1) / static_cast<T>(n);
        const Vec<T> shift = splat(plain.sum() * share), turn = splat(along.sum() * share);
        each_lanes<T>(n, [&](Lanes p) {
            const Vec<T> normal = (load(from, p) - spread.mean) * inverse;
            const Vec<T> d = load(slope, p) * load(gamma, p);
            store(to, (d - shift - normal * turn) * inverse, p);
        });
    }

    // Adds the tasks' sums, in their order.
    void join(const Context &context) const {
        for (int which = 0; which < 2; ++which) {
            T *to = values<T>(context, work.out[1 + which]);
            const T *from = sums + which * n;
            for (std::int64_t i = 0; i < n; ++i)
                to[i] = from[i];
            for (int task = 1; task < work.tasks; ++task)
                for (std::int64_t i = 0; i < n; ++i)
                    to[i] += from[task * 2 * n + i];
        }
    }

    const Instruction &work;
    const std::int64_t n;
    const T *g, *x, *gamma;
    const T epsilon;
    T *dx, *sums, *part;
};

template <class T>
void layer_norm_gradient(const Instruction &work, const Context &context, int task) {
    NormGradient<T>(work, context).run(task);
}
template <class T>
void layer_norm_gradient_join(const Instruction &work, const Context &context, int) {
    NormGradient<T>(work, context).join(context);
}

ANNETTE_ROWS(layer_norm)
ANNETTE_ROWS(layer_norm_gradient)
ANNETTE_ROWS(layer_norm_gradient_join)
#undef ANNETTE_ROWS

} // namespace ANNETTE_ISA
} // namespace annette
