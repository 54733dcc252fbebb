// What the parts of the check share: one instruction, and ways to refuse it.
#pragma once

#include <string>

#include "program.hpp"
#include "views.hpp"

namespace annette {

struct Checker {
    const Kernels &kernels;
    const std::vector<Value> &values;
    const Instruction &work;
    std::size_t number;
    int piece = -1; // the value in pieces that it may use

    [[noreturn]] void fail(const std::string &why) const;
    void need(bool holds, const std::string &why) const {
        if (!holds)
            fail(why);
    }
    // Every place that shape and stride reach must lie in the value.
    void reach(int value, std::int64_t offset, int bytes, const std::int64_t *shape,
               const std::int64_t *stride, int rank) const;
    void reach(const View &x) const;
    void writable(int value) const;
    void dense(const View &x) const;

    static bool real(Type t) { return t == Type::float32 || t == Type::float64; }
    static bool place_type(Type t) { return t == Type::int32 || t == Type::int64; }
    static bool known(Type t) {
        return real(t) || place_type(t) || t == Type::uint32 || t == Type::boolean;
    }
};

void check_loop(const Checker &all);
void check_product(const Checker &all); // or the packing of a matrix for one
void check_rows(const Checker &all);    // and reductions, places, random bits
void check_windows(const Checker &all);
void check_scan(const Checker &all);
// Checks what a convolution makes for its pooling; returns the value that lies in pieces.
int check_pooled(const Checker &all);

} // namespace annette
