// e^x, tanh and the sigmoid in single precision, where networks spend their time: formulas for a
// number and for a vector at once.
//
// The polynomial is a minimax fit of e^r on |r| <= ln(2) / 2 to 3e-9. With what rounding adds, e^x
// is within 1, the sigmoid and tanh are within 3 units in the last place.
#pragma once

#include <bit>
#include <cstddef>
#include <type_traits>

#include "simd.hpp"

namespace annette {
namespace ANNETTE_ISA {

// The limit where x is beyond it; not-a-number stays.
inline float at_most(float x, float limit) {
    return limit < x ? limit : x;
}
inline float at_least(float x, float limit) {
    return limit > x ? limit : x;
}
inline float quotient(float a, float b) {
    return a / b;
}
inline float fused(float a, float b, float c) {
    return fma1(a, b, c);
}
inline float minus_size(float x) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) | 0x80000000u);
}
inline float with_sign(float size, float x) {
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(size) & 0x7FFFFFFFu) |
                                (std::bit_cast<std::uint32_t>(x) & 0x80000000u));
}
// 2^n from n + 127 in the last bits of a number.
inline float power_from(float sum) {
    return std::bit_cast<float>(std::bit_cast<std::int32_t>(sum) << 23);
}
// x 2^n, in two steps, since 2^n may be no normal number.
inline float times_power(float x, float, float sum) {
    constexpr auto none = std::bit_cast<std::int32_t>(12582912.0f + 127.0f);
    const std::int32_t n = std::bit_cast<std::int32_t>(sum) - none, half = n >> 1;
    return x * std::bit_cast<float>((half + 127) << 23) *
           std::bit_cast<float>((n - half + 127) << 23);
}

#if defined(__AVX512F__)
using Single = Vec<float>;

inline Single at_most(Single x, float limit) {
    return _mm512_maskz_min_ps(0xffff, splat(limit), x);
}
inline Single at_least(Single x, float limit) {
    return _mm512_maskz_max_ps(0xffff, splat(limit), x);
}
inline Single fused(Single a, Single b, Single c) {
    return fma(a, b, c);
}
inline Single minus_size(Single x) {
    return _mm512_or_ps(x, splat(-0.0f));
}
inline Single with_sign(Single size, Single x) {
    const __m512i sign = _mm512_set1_epi32(INT32_MIN);
    return _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(sign, _mm512_castps_si512(x), _mm512_castps_si512(size), 0xCA));
}
inline Single power_from(Single sum) {
    return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xffff, _mm512_castps_si512(sum), 23));
}
inline Single times_power(Single x, Single n, Single) {
    return _mm512_maskz_scalef_ps(0xffff, x, n);
}
#endif

template <class V> inline V all(float x) {
    if constexpr (std::is_floating_point_v<V>)
        return x;
    else
        return splat(x);
}

// A polynomial, the highest power first.
template <class V, std::size_t N> inline V polynomial(V x, const float (&c)[N]) {
    V p = all<V>(c[0]);
#pragma GCC unroll 8
    for (std::size_t k = 1; k < N; ++k)
        p = fused(p, x, all<V>(c[k]));
    return p;
}

// e^x = (1 + slope r) 2^n, and n + 127 in the last bits of `sum`; for |x| < 2^15.
template <class V> struct Power {
    V slope, r, n, sum;
    explicit Power(V x) {
        constexpr float shift = 12582912 + 127; // adding it rounds, since its last bit counts ones
        constexpr float fit[] = {1.3814540e-3f, 8.3687452e-3f, 4.1668391e-2f, 1.6666520e-1f,
                                 4.9999993e-1f};
        sum = fused(x, all<V>(1.44269504f), all<V>(shift));
        n = sum - all<V>(shift);
        r = fused(n, all<V>(2.12194440e-4f), fused(n, all<V>(-0.693359375f), x));
        slope = fused(polynomial(r, fit), r, all<V>(1));
    }
    V scaled() const { return fused(slope, r, all<V>(1)); }
};

template <class V> inline V single_sigmoid(V x) {
    // Beyond these it is 0 or 1, and powers that are no normal numbers are not met.
    const V inside = at_least(at_most(x, 80.0f), -88.0f);
    const Power<V> e(-inside);
    return quotient(all<V>(1), fused(e.scaled(), power_from(e.sum), all<V>(1)));
}

// Of t = e^(-2 |x|) - 1, since t / (t + 2) is its size.
template <class V> inline V single_tanh(V x) {
    const Power<V> e(at_least(minus_size(x) * all<V>(2), -20.0f)); // beyond it is 1
    const V scale = power_from(e.sum);
    const V t = fused(e.slope * e.r, scale, scale - all<V>(1));
    return with_sign(quotient(t, t + all<V>(2)), x);
}

template <class V> inline V single_exp(V x) {
    const Power<V> e(at_least(at_most(x, 89.0f), -104.0f));
    return times_power(e.scaled(), e.n, e.sum);
}

} // namespace ANNETTE_ISA
} // namespace annette
