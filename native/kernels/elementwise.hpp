// Loops over blocks: one for each elementwise operation and type, made from the registry's
// formulas.
#pragma once

#include "../core/plan.hpp"
#include "math.hpp"

namespace annette {
namespace ANNETTE_ISA {

// Rows that follow each other without gaps are one row.
template <int Ins, int Outs>
inline void join(std::int64_t &rows, std::int64_t &cols, const Lane *in, const Lane *out) {
    if (rows == 1)
        return;
    for (int i = 0; i < Ins; ++i)
        if (in[i].row != cols)
            return;
    for (int i = 0; i < Outs; ++i)
        if (out[i].row != cols)
            return;
    cols *= rows;
    rows = 1;
}

template <class T> inline T *row_of(const Lane &lane, std::int64_t r) {
    return reinterpret_cast<T *>(lane.at) + lane.row * r;
}

// Operations on whole vectors, with what is left of a line in one that is not full.
#if defined(__AVX512F__)
template <class Op> inline void map_vectors(const float *a, float *y, std::int64_t cols) {
    constexpr int lanes = Simd<float>::lanes;
    std::int64_t i = 0;
    for (; i + lanes <= cols; i += lanes)
        store(y + i, Op::of(load(a + i)));
    if (i < cols) {
        const int rest = static_cast<int>(cols - i);
        store_some(y + i, Op::of(load_some(a + i, rest)), rest);
    }
}
struct op_exp;
struct op_tanh;
struct op_sigmoid;
template <class Op, class R, class A>
constexpr bool kInVectors =
    std::is_same_v<R, float> && std::is_same_v<A, float> &&
    (std::is_same_v<Op, op_exp> || std::is_same_v<Op, op_tanh> || std::is_same_v<Op, op_sigmoid>);
#else
template <class Op, class R, class A> constexpr bool kInVectors = false;
template <class Op> void map_vectors(const float *, float *, std::int64_t);
#endif

template <class Op, class R, class A>
void map1(std::int64_t rows, std::int64_t cols, const Lane *in, const Lane *out, const double *) {
    join<1, 1>(rows, cols, in, out);
    for (std::int64_t r = 0; r < rows; ++r) {
        const A *a = row_of<const A>(in[0], r);
        R *y = row_of<R>(out[0], r);
        if constexpr (kInVectors<Op, R, A>) {
            map_vectors<Op>(a, y, cols);
            continue;
        }
#pragma GCC ivdep
        for (std::int64_t i = 0; i < cols; ++i)
            y[i] = static_cast<R>(Op::of(a[i]));
    }
}

template <class Op, class R, class A, class B>
void map2(std::int64_t rows, std::int64_t cols, const Lane *in, const Lane *out, const double *) {
    join<2, 1>(rows, cols, in, out);
    for (std::int64_t r = 0; r < rows; ++r) {
        const A *a = row_of<const A>(in[0], r);
        const B *b = row_of<const B>(in[1], r);
        R *y = row_of<R>(out[0], r);
#pragma GCC ivdep
        for (std::int64_t i = 0; i < cols; ++i)
            y[i] = static_cast<R>(Op::of(a[i], b[i]));
    }
}

template <class Op, class R, class A, class B, class C>
void map3(std::int64_t rows, std::int64_t cols, const Lane *in, const Lane *out, const double *) {
    join<3, 1>(rows, cols, in, out);
    for (std::int64_t r = 0; r < rows; ++r) {
        const A *a = row_of<const A>(in[0], r);
        const B *b = row_of<const B>(in[1], r);
        const C *c = row_of<const C>(in[2], r);
        R *y = row_of<R>(out[0], r);
#pragma GCC ivdep
        for (std::int64_t i = 0; i < cols; ++i)
            y[i] = static_cast<R>(Op::of(a[i], b[i], c[i]));
    }
}

template <class To> struct Cast {
    template <class T> static To of(T x) {
        if constexpr (std::is_same_v<To, bool>)
            return x != T(0);
        else
            return static_cast<To>(x);
    }
};

inline constexpr void set(MicroOp &m, Type type, Type result, Type first, MicroKernel run) {
    m.result[static_cast<int>(type)] = result;
    m.first[static_cast<int>(type)] = first;
    m.run[static_cast<int>(type)] = run;
}

#include "elementwise.inc"

} // namespace ANNETTE_ISA
} // namespace annette
