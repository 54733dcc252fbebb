#include "py_training.hpp"

namespace annette {

PyTraining::PyTraining(PyProgram *step, PyProgram *tail, PyProgram &results, nb::sequence arrays,
                       std::int64_t rows, std::int64_t batch, bool shuffled, std::uint64_t seed,
                       nb::sequence step_variables, nb::sequence tail_variables,
                       nb::sequence results_variables, nb::sequence resets) {
    training_.rows = rows;
    training_.shuffled = shuffled;
    training_.seed = seed;
    if (step)
        prepare(training_.step, *step, arrays, rows, batch, step_variables);
    if (tail)
        prepare(training_.tail, *tail, arrays, rows, rows % batch, tail_variables);
    if ((!step && rows >= batch) || (!tail && rows % batch))
        throw PlanError("a program for some rows is missing");
    training_.results = results.program.get();
    training_.results_caller = results.caller();
    programs_.push_back(&results);
    results.bind_variables(results_variables, held_, training_.results_binding.variables);
    values_.resize(static_cast<std::size_t>(results.program->outputs()));
    for (std::size_t i = 0; i < values_.size(); ++i) {
        if (results.program->bound_bytes(Place::output, static_cast<int>(i)) != 4)
            throw PlanError("a result must be one float32");
        training_.results_binding.outputs.push_back(reinterpret_cast<char *>(&values_[i]));
    }
    for (nb::handle one : resets) {
        held_.emplace_back(one, false);
        training_.resets.emplace_back(held_.back().data(), held_.back().buffer().len);
    }
}

nb::tuple PyTraining::run(std::int64_t epoch, std::int64_t stop, double seconds) {
    std::vector<double> log;
    bool done;
    {
        nb::gil_scoped_release release;
        done = training_.run(epoch, stop, seconds, log);
    }
    if (!done) {
        for (PyProgram *one : programs_)
            one->raise_if_failed();
        throw PlanError("a run stopped without an error");
    }
    return nb::make_tuple(epoch, log);
}

void PyTraining::prepare(Training::Part &part, PyProgram &program, nb::sequence arrays,
                         std::int64_t rows, std::int64_t batch, nb::sequence variables) {
    part.program = program.program.get();
    part.caller = program.caller();
    programs_.push_back(&program);
    part.batches = program.batches_of(arrays, nb::none(), rows, batch, held_);
    part.binding.inputs.resize(program.program->inputs());
    program.bind_variables(variables, held_, part.binding.variables);
    if (program.program->outputs())
        throw PlanError("a step of many epochs has no outputs");
}

} // namespace annette
