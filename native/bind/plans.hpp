// Plans, which Python gives as tuples.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.hpp"

namespace annette {

// A tuple of `size` parts at least: what is read of it unchecked.
nb::tuple tuple_of(nb::handle from, std::size_t size);
Type type_at(int code);
// (place, slot, bytes or array); the array of a constant is kept among `constants`.
Value value_of(nb::handle from, Arrays &constants);
// (kind, name, inputs, outputs, ints, loop or None, call, pooling or None)
Instruction instruction_of(nb::handle from, bool inside = false);

} // namespace annette
