// What the numbers of a scan say.
//
// in: carries, sequences (the first axis is time), constants. out: last carries, stacked results,
// and two places for each carry that lies nowhere else. ints: carries, sequences, length, whether
// it goes backwards, parts; then for each carry its home, and the number of the result that it is.
//
// The rows (the first axis of carries and of the elements of sequences and results) are split into
// equal parts, each with a body of its own: they have nothing to do with each other.
#pragma once

#include "plan.hpp"

namespace annette {

// Where a carry lies between two steps: in two places of its own by turns; in a result that stacks
// what the step made of it; or in one that stacks what the step was given.
enum class Home : std::int64_t { rooms, made, saved };

struct Scan {
    explicit Scan(const Instruction &work)
        : ints(work.ints), carries(ints[0]), sequences(ints[1]), length(ints[2]),
          backwards(ints[3] != 0), parts(ints[4]) {}
    bool sequence(std::size_t i) const {
        const auto n = static_cast<std::int64_t>(i);
        return n >= carries && n < carries + sequences;
    }
    Home home(std::size_t carry) const { return static_cast<Home>(ints[5 + 2 * carry]); }
    std::int64_t where(std::size_t carry) const { return ints[6 + 2 * carry]; }

    const std::vector<std::int64_t> &ints;
    const std::int64_t carries, sequences, length;
    const bool backwards;
    const std::int64_t parts;
};

} // namespace annette
