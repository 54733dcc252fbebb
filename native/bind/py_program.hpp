// A program as Python sees it.
#pragma once

#include <exception>

#include "../core/program.hpp"
#include "plans.hpp"

namespace annette {

class PyProgram {
  public:
    PyProgram(const std::string &isa, nb::sequence values, nb::sequence work, std::int64_t arena,
              const std::vector<int> &inputs, int variables, int outputs,
              std::vector<std::pair<std::int64_t, std::int64_t>> guards, nb::sequence calls,
              nb::sequence bodies);
    PyProgram(const PyProgram &) = delete;

    void run(nb::sequence inputs, nb::sequence variables, nb::sequence outputs);
    // One (array, dtype code) for each input; order: int64 array or None.
    std::int64_t run_rows(nb::sequence arrays, nb::handle order, std::int64_t start,
                          std::int64_t stop, std::int64_t batch, double seconds,
                          nb::sequence variables, nb::sequence outputs, bool collect);
    void profile(bool on);
    // For each instruction: tasks, operations, bytes, seconds.
    nb::list costs() const;

    // For what runs it along with others; the arrays are kept in `held`.
    Batches batches_of(nb::sequence arrays, nb::handle order, std::int64_t stop, std::int64_t batch,
                       Arrays &held) const;
    void bind_variables(nb::sequence arrays, Arrays &held, std::vector<char *> &to) const;
    Caller caller();
    // Raises what the program, or a call of it, stopped for, if it did.
    void raise_if_failed();

    std::shared_ptr<Program> program;

  private:
    void find_bodies(Instruction &scan) const;
    Rows rows_of(const Array &array, Type type, std::size_t input, std::int64_t batch) const;
    void bind(nb::sequence arrays, const std::vector<std::int64_t> &bytes, bool writable,
              Arrays &held, std::vector<char *> &to, const char *what) const;
    void bind_batches(nb::sequence outputs, std::int64_t count, bool collect, Arrays &held,
                      std::vector<char *> &to, std::vector<std::int64_t> &advance) const;
    [[noreturn]] void raise();
    void complain();

    Arrays constants_;
    std::vector<nb::object> bodies_; // whose constants the scans need
    std::vector<nb::object> calls_;
    std::exception_ptr pending_;
    std::vector<std::int64_t> input_bytes_, variable_bytes_, output_bytes_;
};

} // namespace annette
