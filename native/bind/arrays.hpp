// Arrays of Python's whose memory a plan uses, and looks at a plan's memory as arrays.
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

#include "../core/plan.hpp"

namespace nb = nanobind;

namespace annette {

// An array of Python's whose memory is used for as long as this lives.
class Array {
  public:
    Array() = default;
    Array(nb::handle array, bool writable) {
        const int flags = PyBUF_STRIDES | (writable ? PyBUF_WRITABLE : 0);
        if (PyObject_GetBuffer(array.ptr(), &buffer_, flags) != 0)
            throw nb::python_error();
        held_ = true;
    }
    Array(Array &&other) noexcept : buffer_(other.buffer_), held_(other.held_) {
        other.held_ = false;
    }
    Array &operator=(Array &&other) noexcept {
        std::swap(buffer_, other.buffer_);
        std::swap(held_, other.held_);
        return *this;
    }
    Array(const Array &) = delete;
    ~Array() {
        if (held_)
            PyBuffer_Release(&buffer_);
    }
    char *data() const { return static_cast<char *>(buffer_.buf); }
    const Py_buffer &buffer() const { return buffer_; }

  private:
    Py_buffer buffer_{};
    bool held_ = false;
};

using Arrays = std::vector<Array>;

bool side_by_side(const Py_buffer &b);
// A NumPy array that looks at a value's memory while a call lasts.
nb::object array_of(const View &view, char *const *at);

} // namespace annette
