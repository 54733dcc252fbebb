// Vectors of the widest kind that the instruction set at hand has, and the few things done with
// them.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace annette {
namespace ANNETTE_ISA {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T> struct Simd {
    typedef T Vector __attribute__((vector_size(kVectorBytes)));
    static constexpr int lanes = kVectorBytes / static_cast<int>(sizeof(T));
};

template <class T> using Vec = typename Simd<T>::Vector;

template <class T> inline Vec<T> load(const T *from) {
    Vec<T> v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <class T> inline void store(T *to, Vec<T> v) {
    std::memcpy(to, &v, sizeof v);
}

template <class T> inline Vec<T> splat(T x) {
    return x - Vec<T>{};
}

// The first `count` lanes; the others are 1, and stay unwritten.
#if defined(__AVX512F__)
inline __mmask16 first_lanes(std::int64_t count) {
    return static_cast<__mmask16>((1u << count) - 1);
}
inline Vec<float> load_some(const float *from, int count) {
    return _mm512_mask_loadu_ps(_mm512_set1_ps(1), static_cast<__mmask16>((1u << count) - 1), from);
}
inline Vec<double> load_some(const double *from, int count) {
    return _mm512_mask_loadu_pd(_mm512_set1_pd(1), static_cast<__mmask8>((1u << count) - 1), from);
}
inline void store_some(float *to, Vec<float> v, int count) {
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), v);
}
inline void store_some(double *to, Vec<double> v, int count) {
    _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << count) - 1), v);
}
inline void copy_some(float *to, const float *from, int count) {
    const auto some = static_cast<__mmask16>((1u << count) - 1);
    _mm512_mask_storeu_ps(to, some, _mm512_maskz_loadu_ps(some, from));
}
inline void copy_some(double *to, const double *from, int count) {
    const auto some = static_cast<__mmask8>((1u << count) - 1);
    _mm512_mask_storeu_pd(to, some, _mm512_maskz_loadu_pd(some, from));
}
#else
template <class T> inline void copy_some(T *to, const T *from, int count) {
    for (int i = 0; i < count; ++i)
        to[i] = from[i];
}
template <class T> inline Vec<T> load_some(const T *from, int count) {
    Vec<T> v = splat(T(1));
    std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(T));
    return v;
}
template <class T> inline void store_some(T *to, Vec<T> v, int count) {
    std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(T));
}
#endif

// Memory in few lines, for which a call would take longer than the copy.
inline void copy_bytes(void *to, const void *from, std::int64_t bytes) {
#if defined(__AVX512BW__)
    char *y = static_cast<char *>(to);
    const char *x = static_cast<const char *>(from);
    if (bytes <= 512) {
        for (; bytes >= 64; bytes -= 64, x += 64, y += 64)
            _mm512_storeu_si512(y, _mm512_loadu_si512(x));
        if (bytes > 0) {
            const auto some = static_cast<__mmask64>((std::uint64_t{1} << bytes) - 1);
            _mm512_mask_storeu_epi8(y, some, _mm512_maskz_loadu_epi8(some, x));
        }
        return;
    }
#endif
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

// a * b + c, rounded once where the machine can.
#if defined(__AVX512F__)
inline Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
    return _mm512_fmadd_ps(a, b, c);
}
inline Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
    return _mm512_fmadd_pd(a, b, c);
}
#elif defined(__AVX2__)
inline Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
    return _mm256_fmadd_ps(a, b, c);
}
inline Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
    return _mm256_fmadd_pd(a, b, c);
}
#elif defined(__ARM_NEON)
inline Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
    return vfmaq_f32(c, a, b);
}
inline Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
    return vfmaq_f64(c, a, b);
}
#else
template <class V> inline V fma(V a, V b, V c) {
    return a * b + c;
}
#endif

// a / b, where the machine has an estimate by that and one step of Newton's method: half a bit
// worse than exact, several times faster.
#if defined(__AVX512F__)
inline Vec<float> quotient(Vec<float> a, Vec<float> b) {
    const Vec<float> y = _mm512_maskz_rcp14_ps(0xffff, b);
    const Vec<float> q = a * y;
    return fma(fma(-q, b, a), y, q);
}
#else
inline Vec<float> quotient(Vec<float> a, Vec<float> b) {
    return a / b;
}
#endif
inline Vec<double> quotient(Vec<double> a, Vec<double> b) {
    return a / b;
}

// fma for single numbers, so that a lone element is computed as one in a vector is.
#if defined(__FMA__) || defined(__ARM_NEON)
inline float fma1(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
}
inline double fma1(double a, double b, double c) {
    return __builtin_fma(a, b, c);
}
#else
inline float fma1(float a, float b, float c) {
    return a * b + c;
}
inline double fma1(double a, double b, double c) {
    return a * b + c;
}
#endif

} // namespace ANNETTE_ISA
} // namespace annette
