// Many epochs of training as Python sees them; see Training in core/program.hpp.
#pragma once

#include "py_program.hpp"

namespace annette {

class PyTraining {
  public:
    PyTraining(PyProgram *step, PyProgram *tail, PyProgram &results, nb::sequence arrays,
               std::int64_t rows, std::int64_t batch, bool shuffled, std::uint64_t seed,
               nb::sequence step_variables, nb::sequence tail_variables,
               nb::sequence results_variables, nb::sequence resets);
    PyTraining(const PyTraining &) = delete;

    // Returns the epoch to go on with, and the results of the epochs done, one after the other.
    nb::tuple run(std::int64_t epoch, std::int64_t stop, double seconds);

  private:
    void prepare(Training::Part &part, PyProgram &program, nb::sequence arrays, std::int64_t rows,
                 std::int64_t batch, nb::sequence variables);

    Training training_;
    std::vector<PyProgram *> programs_;
    Arrays held_;
    std::vector<float> values_;
};

} // namespace annette
