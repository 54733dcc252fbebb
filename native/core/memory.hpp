// Aligned memory with an owner, and the processor's mode for tiny numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace annette {

class Memory {
  public:
    explicit Memory(std::size_t bytes)
        : data_(bytes ? static_cast<char *>(::operator new(bytes, std::align_val_t{64}))
                      : nullptr) {}
    ~Memory() {
        if (data_)
            ::operator delete(data_, std::align_val_t{64});
    }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
    char *data() const { return data_; }

  private:
    char *data_;
};

// While it lives, numbers too small for full precision count as zero: they are many times slower,
// and averages of an optimizer that fade out would be full of them.
class FlushSubnormals {
  public:
#if defined(__x86_64__)
    FlushSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
    ~FlushSubnormals() { _mm_setcsr(before_); }

  private:
    unsigned before_;
#elif defined(__aarch64__)
    FlushSubnormals() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" ::"r"(before_ | std::uint64_t{1} << 24));
    }
    ~FlushSubnormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

  private:
    std::uint64_t before_;
#endif
};

// While it lives, tiny numbers are what they are elsewhere: for code that is not ours.
class KeepSubnormals {
  public:
#if defined(__x86_64__)
    KeepSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ & ~0x8040u); }
    ~KeepSubnormals() { _mm_setcsr(before_); }

  private:
    unsigned before_;
#elif defined(__aarch64__)
    KeepSubnormals() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" ::"r"(before_ & ~(std::uint64_t{1} << 24)));
    }
    ~KeepSubnormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

  private:
    std::uint64_t before_;
#endif
};

} // namespace annette
