// One step of an optimizer on a block: weight, gradient and state are read once and written once.
//
// The formulas are those of annette/fused/optimizers.py, whose composites are the definition;
// params are their keyword arguments in order.
#pragma once

#include "elementwise.hpp"

namespace annette {
namespace ANNETTE_ISA {

template <class V> inline V square_root(V x) {
    for (int i = 0; i < static_cast<int>(sizeof x / sizeof x[0]); ++i)
        x[i] = __builtin_sqrt(x[i]);
    return x;
}

// sqrt(x), by the machine's estimate as a quotient is.
#if defined(__AVX512F__)
inline Vec<float> root(Vec<float> x) {
    const __mmask16 some = _mm512_cmp_ps_mask(x, _mm512_set1_ps(1.2e-38f), _CMP_NLT_UQ);
    const Vec<float> y = _mm512_maskz_rsqrt14_ps(some, x);
    const Vec<float> s = x * y;
    return fma(s * splat(0.5f), fma(-s, y, splat(1.0f)), s);
}
inline Vec<double> root(Vec<double> x) {
    return _mm512_maskz_sqrt_pd(0xff, x);
}
#elif defined(__AVX2__)
inline Vec<float> root(Vec<float> x) {
    return _mm256_sqrt_ps(x);
}
inline Vec<double> root(Vec<double> x) {
    return _mm256_sqrt_pd(x);
}
#else
template <class V> inline V root(V x) {
    return square_root(x);
}
#endif

// Runs Rule::step on vectors of the inputs.
template <class Rule, class T, int Ins, int Outs>
void update(std::int64_t rows, std::int64_t cols, const Lane *in, const Lane *out,
            const double *params) {
    constexpr int lanes = Simd<T>::lanes;
    join<Ins, Outs>(rows, cols, in, out);
    for (std::int64_t r = 0; r < rows; ++r) {
        const T *from[Ins];
        T *to[Outs];
        for (int i = 0; i < Ins; ++i)
            from[i] = row_of<const T>(in[i], r);
        for (int i = 0; i < Outs; ++i)
            to[i] = row_of<T>(out[i], r);
        Vec<T> x[Ins], y[Outs];
        std::int64_t c = 0;
        for (; c + lanes <= cols; c += lanes) {
            for (int i = 0; i < Ins; ++i)
                x[i] = load(from[i] + c);
            Rule::template step<T>(x, y, params);
            for (int i = 0; i < Outs; ++i)
                store(to[i] + c, y[i]);
        }
        if (c < cols) {
            const int rest = static_cast<int>(cols - c);
            for (int i = 0; i < Ins; ++i)
                x[i] = load_some(from[i] + c, rest);
            Rule::template step<T>(x, y, params);
            for (int i = 0; i < Outs; ++i)
                store_some(to[i] + c, y[i], rest);
        }
    }
}

template <class T> inline Vec<T> number(double x) {
    return splat(static_cast<T>(x));
}

// x: w, g, lr
struct Sgd {
    template <class T> static void step(const Vec<T> *x, Vec<T> *y, const double *) {
        y[0] = fma(-x[1], x[2], x[0]);
    }
};

// x: w, g, m, lr; params: momentum, nesterov
struct SgdMomentum {
    template <class T> static void step(const Vec<T> *x, Vec<T> *y, const double *p) {
        const Vec<T> move = x[1] * x[3], mu = number<T>(p[0]);
        const Vec<T> m = fma(x[2], mu, -move);
        y[0] = x[0] + (p[1] != 0 ? fma(m, mu, -move) : m);
        y[1] = m;
    }
};

// x: w, g, m, v, alpha; params: beta_1, beta_2, epsilon
struct Adam {
    template <class T> static void step(const Vec<T> *x, Vec<T> *y, const double *p) {
        const Vec<T> g = x[1];
        const Vec<T> m = fma(g - x[2], number<T>(1 - p[0]), x[2]);
        const Vec<T> v = fma(fma(g, g, -x[3]), number<T>(1 - p[1]), x[3]);
        y[0] = x[0] - quotient(m * x[4], root(v) + number<T>(p[2]));
        y[1] = m;
        y[2] = v;
    }
};

// x: w, g, v, lr; params: rho, epsilon
struct RmsProp {
    template <class T> static void step(const Vec<T> *x, Vec<T> *y, const double *p) {
        const Vec<T> g = x[1];
        const Vec<T> v = fma(g * g, number<T>(1 - p[0]), x[2] * number<T>(p[0]));
        y[0] = x[0] - quotient(g * x[3], root(v + number<T>(p[1])));
        y[1] = v;
    }
};

// x: w, g, s, lr; params: epsilon
struct AdaGrad {
    template <class T> static void step(const Vec<T> *x, Vec<T> *y, const double *p) {
        const Vec<T> g = x[1], s = fma(g, g, x[2]);
        y[0] = x[0] - quotient(g * x[3], root(s + number<T>(p[0])));
        y[1] = s;
    }
};

template <class Rule, int Ins, int Outs> inline constexpr MicroOp entry_update(const char *name) {
    MicroOp m{name, Ins, Outs, true, {}, {}, {}};
    set(m, Type::float32, Type::float32, Type::float32, update<Rule, float, Ins, Outs>);
    set(m, Type::float64, Type::float64, Type::float64, update<Rule, double, Ins, Outs>);
    return m;
}

#define ANNETTE_UPDATE_TABLE                                                                       \
    entry_update<Sgd, 3, 1>("sgd"), entry_update<SgdMomentum, 4, 2>("sgd_momentum"),               \
        entry_update<Adam, 5, 3>("adam"), entry_update<RmsProp, 4, 2>("rmsprop"),                  \
        entry_update<AdaGrad, 4, 2>("adagrad")

} // namespace ANNETTE_ISA
} // namespace annette
