// Functions of one number, without branches, so that loops of them become vector code.
//
// Polynomials are Taylor's, as long as the precision needs them on the reduced interval.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "single.hpp"

namespace annette {
namespace ANNETTE_ISA {

template <class T> struct Float;
template <> struct Float<float> {
    using Int = std::int32_t;
    static constexpr int fraction = 23, bias = 127, exp_terms = 8, log_terms = 6;
    static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float most = 89.0f, least = -104.0f, expm1_least = -18.0f;
};
template <> struct Float<double> {
    using Int = std::int64_t;
    static constexpr int fraction = 52, bias = 1023, exp_terms = 14, log_terms = 12;
    static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
    static constexpr double most = 710.0, least = -746.0, expm1_least = -38.0;
};

// c ? a : b without a branch, which loops over bytes and wider numbers would keep.
template <class T> inline T choose(bool c, T a, T b) {
    if constexpr (std::is_same_v<T, bool>) {
        return (c & a) | (!c & b);
    } else {
        using Bits = std::conditional_t<
            sizeof(T) == 8, std::uint64_t,
            std::conditional_t<sizeof(T) == 4, std::uint32_t,
                               std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint8_t>>>;
        const Bits mask = static_cast<Bits>(-static_cast<Bits>(c));
        return std::bit_cast<T>(static_cast<Bits>(
            (std::bit_cast<Bits>(a) & mask) | (std::bit_cast<Bits>(b) & static_cast<Bits>(~mask))));
    }
}

// 2^n for n of normal exponents.
template <class T> inline T power_of_two(typename Float<T>::Int n) {
    using Int = typename Float<T>::Int;
    return std::bit_cast<T>(static_cast<Int>((n + Float<T>::bias) << Float<T>::fraction));
}

// e^r - 1 for |r| <= ln(2) / 2.
template <class T> inline T expm1_small(T r) {
    constexpr int terms = Float<T>::exp_terms;
    T p = 0;
#pragma GCC unroll 16
    for (int k = terms; k >= 2; --k) {
        double factorial = 1;
        for (int i = 2; i <= k; ++i)
            factorial *= i;
        p = fma1(p, r, static_cast<T>(1 / factorial));
    }
    return fma1(p, r * r, r);
}

// x - n ln(2) for the whole number n that makes it smallest. Where a number is so large that its
// last bit counts ones, adding it rounds: `whole` is n from the bits of that sum.
template <class T> inline T reduced(T x, T &n, typename Float<T>::Int &whole) {
    using Int = typename Float<T>::Int;
    constexpr T shift = static_cast<T>(Int{3} << (Float<T>::fraction - 1));
    const T sum = fma1(x, static_cast<T>(1.4426950408889634), shift);
    n = sum - shift;
    whole = std::bit_cast<Int>(sum) - std::bit_cast<Int>(shift);
    const T r = fma1(n, -Float<T>::ln2_high, x);
    return fma1(n, -Float<T>::ln2_low, r);
}

template <class T> inline T vexp(T x) {
    using Int = typename Float<T>::Int;
    T inside = x < Float<T>::least ? Float<T>::least : x;
    inside = inside > Float<T>::most ? Float<T>::most : inside;
    inside = inside == inside ? inside : T(0);
    T n;
    Int whole;
    const T y = expm1_small(reduced(inside, n, whole)) + T(1);
    // In two steps, since 2^n may have no normal exponent.
    const Int half = whole >> 1;
    const T result = y * power_of_two<T>(half) * power_of_two<T>(whole - half);
    return x == x ? result : x;
}

template <class T> inline T vexpm1(T x) {
    using Int = typename Float<T>::Int;
    T inside = x < Float<T>::expm1_least ? Float<T>::expm1_least : x;
    inside = inside > Float<T>::most ? Float<T>::most : inside;
    inside = inside == inside ? inside : T(0);
    T n;
    Int whole;
    const T p = expm1_small(reduced(inside, n, whole));
    const Int half = whole >> 1;
    const T low = power_of_two<T>(half), high = power_of_two<T>(whole - half);
    const T scaled = p * low * high, shift = low * high - T(1);
    const T result = inside >= Float<T>::most ? std::numeric_limits<T>::infinity() : scaled + shift;
    return x == x ? result : x;
}

template <class T> inline T vlog(T x) {
    using Int = typename Float<T>::Int;
    constexpr T tiny = std::numeric_limits<T>::min();
    const bool small = x < tiny;
    const T scale = power_of_two<T>(Float<T>::fraction + 2);
    const T normal = small ? x * scale : x;
    const Int bits = std::bit_cast<Int>(normal);
    // The mantissa is taken from [sqrt(1/2), sqrt(2)).
    const Int root = std::bit_cast<Int>(static_cast<T>(0.70710678118654752440));
    const Int exponent = (bits - root) >> Float<T>::fraction;
    const T m = std::bit_cast<T>(static_cast<Int>(bits - (exponent << Float<T>::fraction)));
    const T e = static_cast<T>(exponent) - (small ? static_cast<T>(Float<T>::fraction + 2) : T(0));
    const T f = m - T(1), s = f / (f + T(2)), z = s * s;
    T p = 0;
#pragma GCC unroll 16
    for (int k = Float<T>::log_terms; k >= 1; --k)
        p = fma1(p, z, static_cast<T>(2.0 / (2 * k + 1)));
    // 2 s = f - s f exactly; what is small is added first.
    const T tail = fma1(e, Float<T>::ln2_low, s * (p * z - f));
    const T result = fma1(e, Float<T>::ln2_high, f + tail);
    constexpr T infinity = std::numeric_limits<T>::infinity();
    T y = x == T(0) ? -infinity : result;
    y = x == infinity ? infinity : y;
    y = x < T(0) ? std::numeric_limits<T>::quiet_NaN() : y;
    return x == x ? y : x;
}

template <class T> inline T vlog1p(T x) {
    const T u = x + T(1);
    const T rest = (x - (u - T(1))) / u; // what rounding took from 1 + x
    const T y = vlog(u) + rest;
    const bool plain = u > T(0) && u < std::numeric_limits<T>::infinity();
    return plain ? (u == T(1) ? x : y) : vlog(u);
}

template <class T> inline T vtanh(T x) {
    const T size = x < T(0) ? -x : x;
    const T t = vexpm1(T(-2) * size);
    const T y = -t / (t + T(2));
    return x < T(0) ? -y : (x == T(0) ? x : y);
}

template <class T> inline T vsigmoid(T x) {
    const T e = vexp(x < T(0) ? x : -x);
    const T d = T(1) / (T(1) + e);
    return x < T(0) ? e * d : d;
}

// In single precision; by whole vectors where the compiler would not find the best instructions.
#if defined(__AVX512F__)
inline Single vexp(Single x) {
    return single_exp(x);
}
inline Single vtanh(Single x) {
    return single_tanh(x);
}
inline Single vsigmoid(Single x) {
    return single_sigmoid(x);
}
#else
template <> inline float vexp(float x) {
    return single_exp(x);
}
template <> inline float vtanh(float x) {
    return single_tanh(x);
}
template <> inline float vsigmoid(float x) {
    return single_sigmoid(x);
}
#endif

// --- the same names for whole numbers, whose rules are others ------------------------------------

template <class T> inline T maximum(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
        return a >= b || a != a ? a : b; // not-a-number wins
    else
        return a > b ? a : b;
}
template <class T> inline T minimum(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
        return a <= b || a != a ? a : b;
    else
        return a < b ? a : b;
}
template <class T> inline T absolute(T x) {
    if constexpr (std::is_floating_point_v<T>)
        return std::fabs(x);
    else if constexpr (std::is_signed_v<T>)
        return x < 0 ? static_cast<T>(-x) : x;
    else
        return x;
}
template <class T> inline T sign(T x) {
    const T s = static_cast<T>((x > T(0)) - (x < T(0)));
    if constexpr (std::is_floating_point_v<T>)
        return x == x ? s : x;
    else
        return s;
}
template <class T> inline bool finite(T x) {
    if constexpr (std::is_floating_point_v<T>)
        return std::fabs(x) <= std::numeric_limits<T>::max();
    else
        return true;
}
template <class T> inline T floor_divide(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
        const T rest = std::fmod(a, b);
        if (b == T(0) || !(rest == rest))
            return b == T(0) ? a / b : rest;
        T q = (a - rest) / b;
        q = rest != T(0) && ((b < T(0)) != (rest < T(0))) ? q - T(1) : q;
        const T low = std::floor(q);
        return q == T(0) ? std::copysign(T(0), a / b) : (q - low > T(0.5) ? low + T(1) : low);
    } else {
        if (b == 0)
            return 0;
        if constexpr (std::is_signed_v<T>) {
            if (b == -1)
                return static_cast<T>(-a); // the lowest number has no quotient
            const T q = a / b;
            return q - static_cast<T>((a % b != 0) && ((a < 0) != (b < 0)));
        } else {
            return a / b;
        }
    }
}
template <class T> inline T remainder(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
        const T rest = std::fmod(a, b);
        if (rest == T(0))
            return std::copysign(T(0), b);
        return (b < T(0)) != (rest < T(0)) ? rest + b : rest;
    } else {
        if (b == 0)
            return 0;
        if constexpr (std::is_signed_v<T>) {
            if (b == -1)
                return 0;
            const T rest = a % b;
            return rest != 0 && ((rest < 0) != (b < 0)) ? static_cast<T>(rest + b) : rest;
        } else {
            return a % b;
        }
    }
}
// The library's functions read the bits of subnormal numbers, and then compute with zeros.
template <class T> inline T flushed(T x) {
    return std::abs(x) < std::numeric_limits<T>::min() ? std::copysign(T(0), x) : x;
}

template <class T> inline T arctan2(T a, T b) {
    return std::atan2(flushed(a), flushed(b));
}

template <class T> inline T power(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
        return std::pow(flushed(a), flushed(b));
    } else {
        T result = 1, base = a;
        for (T n = b; n > 0; n = static_cast<T>(n / 2)) {
            if (n % 2)
                result = static_cast<T>(result * base);
            base = static_cast<T>(base * base);
        }
        return result;
    }
}
template <class T> inline T left_shift(T a, T b) {
    constexpr T bits = sizeof(T) * 8;
    return b >= 0 && b < bits ? static_cast<T>(a << b) : T(0);
}
template <class T> inline T right_shift(T a, T b) {
    constexpr T bits = sizeof(T) * 8;
    return b >= 0 && b < bits ? static_cast<T>(a >> b) : static_cast<T>(a < 0 ? -1 : 0);
}
template <class T> inline T invert(T a) {
    if constexpr (std::is_same_v<T, bool>)
        return !a;
    else
        return static_cast<T>(~a);
}
template <class T> inline T common_divisor(T a, T b) {
    a = absolute(a), b = absolute(b);
    while (b != 0) {
        const T rest = static_cast<T>(a % b);
        a = b, b = rest;
    }
    return a;
}

} // namespace ANNETTE_ISA
} // namespace annette
