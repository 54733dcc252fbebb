#include "arrays.hpp"

#include <nanobind/ndarray.h>

#include "../core/views.hpp"

namespace annette {
namespace {

nb::dlpack::dtype dtype_of(Type type) {
    const auto bits = static_cast<std::uint8_t>(8 * bytes_of(type));
    switch (type) {
    case Type::boolean: return nb::dtype<bool>();
    case Type::int8:
    case Type::int16:
    case Type::int32:
    case Type::int64: return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Int), bits, 1};
    case Type::float16:
    case Type::float32:
    case Type::float64: return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), bits, 1};
    default: return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::UInt), bits, 1};
    }
}

} // namespace

bool side_by_side(const Py_buffer &b) {
    std::int64_t gap = b.itemsize;
    for (int d = b.ndim - 1; d >= 0; --d) {
        if (b.shape[d] > 1 && b.strides[d] != gap)
            return false;
        gap *= b.shape[d];
    }
    return true;
}

nb::object array_of(const View &view, char *const *at) {
    std::vector<std::size_t> shape(view.shape.begin(), view.shape.end());
    nb::ndarray<nb::numpy> array(memory_of(view, at), shape.size(), shape.data(), nb::none(),
                                 view.stride.data(), dtype_of(view.type));
    return nb::cast(array, nb::rv_policy::reference);
}

} // namespace annette
