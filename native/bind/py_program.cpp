#include "py_program.hpp"

#include <algorithm>

namespace annette {

PyProgram::PyProgram(const std::string &isa, nb::sequence values, nb::sequence work,
                     std::int64_t arena, const std::vector<int> &inputs, int variables, int outputs,
                     std::vector<std::pair<std::int64_t, std::int64_t>> guards, nb::sequence calls,
                     nb::sequence bodies) {
    std::vector<Value> parsed;
    for (nb::handle one : values)
        parsed.push_back(value_of(one, constants_));
    std::vector<Instruction> instructions;
    for (nb::handle one : work)
        instructions.push_back(instruction_of(one));
    for (nb::handle call : calls)
        calls_.push_back(nb::borrow(call));
    for (nb::handle body : bodies)
        bodies_.push_back(nb::borrow(body));
    for (Instruction &one : instructions) {
        if (one.kind == kCall && one.call >= static_cast<int>(calls_.size()))
            throw PlanError("an instruction calls what is not given");
        if (one.kind == kScan)
            find_bodies(one);
    }
    std::vector<Type> types;
    for (int code : inputs)
        types.push_back(type_at(code));
    constexpr int most = 1 << 20; // arrays that a plan may be given
    if (variables < 0 || variables > most || outputs < 0 || outputs > most)
        throw PlanError("a plan cannot be given so many arrays");
    program =
        std::make_shared<Program>(kernels_by_name(isa), std::move(parsed), std::move(instructions),
                                  arena, std::move(types), variables, outputs, std::move(guards));
    for (std::size_t i = 0; i < program->inputs(); ++i)
        input_bytes_.push_back(program->bound_bytes(Place::input, static_cast<int>(i)));
    for (int i = 0; i < variables; ++i)
        variable_bytes_.push_back(program->bound_bytes(Place::variable, i));
    for (int i = 0; i < outputs; ++i)
        output_bytes_.push_back(program->bound_bytes(Place::output, i));
}

// Gives a scan what its steps run, which must call no more than the scan can.
void PyProgram::find_bodies(Instruction &scan) const {
    const auto count = static_cast<std::int64_t>(bodies_.size());
    const std::int64_t parts = scan.ints.size() > 4 ? scan.ints[4] : 1;
    if (scan.call < 0 || parts < 1 || parts > count || scan.call > count - parts)
        throw PlanError("a scan runs what is not given");
    for (std::int64_t i = scan.call; i < scan.call + parts; ++i) {
        const auto &body = nb::cast<PyProgram &>(bodies_[static_cast<std::size_t>(i)]);
        const auto &inside = body.program->instructions();
        const bool leaves = std::any_of(inside.begin(), inside.end(), [](const Instruction &x) {
            return x.kind == kCall || x.kind == kScan;
        });
        if (body.calls_.size() > calls_.size() || (parts > 1 && leaves))
            throw PlanError("the body of a scan calls what is not given");
        scan.bodies.push_back(body.program);
    }
}

void PyProgram::run(nb::sequence inputs, nb::sequence variables, nb::sequence outputs) {
    Binding binding;
    Arrays held;
    bind(inputs, input_bytes_, false, held, binding.inputs, "input");
    bind_variables(variables, held, binding.variables);
    bind(outputs, output_bytes_, true, held, binding.outputs, "output");
    bool done;
    {
        nb::gil_scoped_release release;
        done = program->run(binding, caller());
    }
    if (!done)
        raise();
}

std::int64_t PyProgram::run_rows(nb::sequence arrays, nb::handle order, std::int64_t start,
                                 std::int64_t stop, std::int64_t batch, double seconds,
                                 nb::sequence variables, nb::sequence outputs, bool collect) {
    Binding binding;
    Arrays held;
    Batches batches = batches_of(arrays, order, stop, batch, held);
    bind_variables(variables, held, binding.variables);
    binding.inputs.resize(program->inputs());
    const std::int64_t count = (stop - start) / batch;
    bind_batches(outputs, count, collect, held, binding.outputs, batches.advance);
    bool done;
    {
        nb::gil_scoped_release release;
        done = program->run_rows(batches, start, stop, seconds, binding, caller());
    }
    if (!done)
        raise();
    return start;
}

// Outputs, of which there is one for each of `count` batches where they are collected.
void PyProgram::bind_batches(nb::sequence outputs, std::int64_t count, bool collect, Arrays &held,
                             std::vector<char *> &to, std::vector<std::int64_t> &advance) const {
    std::size_t i = 0;
    for (nb::handle one : outputs) {
        held.emplace_back(one, true);
        const std::int64_t bytes = i < output_bytes_.size() ? output_bytes_[i] : -1;
        if (!side_by_side(held.back().buffer()))
            throw PlanError("an array for outputs has gaps");
        if (held.back().buffer().len != bytes * (collect ? count : 1) && bytes >= 0)
            throw PlanError("an array for outputs has another size");
        to.push_back(held.back().data());
        advance.push_back(collect && bytes > 0 ? bytes : 0);
        ++i;
    }
    if (i != output_bytes_.size())
        throw PlanError("arrays for other outputs are given");
}

Batches PyProgram::batches_of(nb::sequence arrays, nb::handle order, std::int64_t stop,
                              std::int64_t batch, Arrays &held) const {
    Batches batches;
    if (batch < 1)
        throw PlanError("a batch has a row at least");
    batches.batch = batch;
    std::int64_t least = INT64_MAX;
    for (nb::handle one : arrays) {
        const auto pair = tuple_of(one, 2);
        held.emplace_back(pair[0], false);
        batches.rows.push_back(
            rows_of(held.back(), type_at(nb::cast<int>(pair[1])), batches.rows.size(), batch));
        least = std::min<std::int64_t>(least, held.back().buffer().shape[0]);
    }
    if (batches.rows.size() != program->inputs())
        throw PlanError("rows for other inputs are given");
    if (!order.is_none()) {
        held.emplace_back(order, false);
        const Py_buffer &b = held.back().buffer();
        if (b.itemsize != 8 || b.len / 8 < stop || !side_by_side(b))
            throw PlanError("an order must have a place for each row");
        batches.order = reinterpret_cast<const std::int64_t *>(held.back().data());
        for (std::int64_t i = 0; i < stop; ++i)
            if (batches.order[i] < 0 || batches.order[i] >= least)
                throw PlanError("an order names rows that are not there");
    } else if (stop > least) {
        throw PlanError("there are not so many rows");
    }
    return batches;
}

// An input whose rows make the batches.
Rows PyProgram::rows_of(const Array &array, Type type, std::size_t input,
                        std::int64_t batch) const {
    const Py_buffer &b = array.buffer();
    Rows rows{array.data(), b.ndim ? b.strides[0] : 0, 1, type};
    for (int d = 1; d < b.ndim; ++d)
        rows.elements *= b.shape[d];
    std::int64_t gap = b.itemsize;
    for (int d = b.ndim - 1; d >= 1; --d) {
        if (b.shape[d] != 1 && b.strides[d] != gap)
            throw PlanError("a row does not lie side by side");
        gap *= b.shape[d];
    }
    if (b.ndim < 1 || b.itemsize != bytes_of(type) || input >= input_bytes_.size() ||
        (input_bytes_[input] >= 0 &&
         rows.elements * batch * bytes_of(program->input_type(input)) != input_bytes_[input]))
        throw PlanError("rows of another form are given");
    return rows;
}

void PyProgram::bind_variables(nb::sequence arrays, Arrays &held, std::vector<char *> &to) const {
    // Those that are only read may be read-only arrays.
    bind(arrays, variable_bytes_, false, held, to, "variable");
}

void PyProgram::bind(nb::sequence arrays, const std::vector<std::int64_t> &bytes, bool writable,
                     Arrays &held, std::vector<char *> &to, const char *what) const {
    std::size_t i = 0;
    for (nb::handle one : arrays) {
        held.emplace_back(one, writable);
        const Py_buffer &b = held.back().buffer();
        if (!side_by_side(b))
            throw PlanError(std::string("the array of an ") + what + " has gaps");
        if (reinterpret_cast<std::uintptr_t>(b.buf) % static_cast<std::size_t>(b.itemsize))
            throw PlanError(std::string("the array of an ") + what + " is not aligned");
        if (i >= bytes.size() || (bytes[i] >= 0 && b.len != bytes[i]))
            throw PlanError(std::string("the array of an ") + what + " has another size");
        to.push_back(held.back().data());
        ++i;
    }
    if (i != bytes.size())
        throw PlanError(std::string("arrays are missing for an ") + what);
}

Caller PyProgram::caller() {
    if (calls_.empty())
        return [](const Instruction &, char *const *) { return false; };
    return [this](const Instruction &work, char *const *at) {
        const KeepSubnormals plain;
        nb::gil_scoped_acquire acquire;
        try {
            nb::list in, out;
            for (const View &x : work.in)
                in.append(array_of(x, at));
            for (const View &y : work.out)
                out.append(array_of(y, at));
            calls_[static_cast<std::size_t>(work.call)](in, out);
            return true;
        } catch (...) {
            pending_ = std::current_exception();
            return false;
        }
    };
}

void PyProgram::raise() {
    raise_if_failed();
    throw PlanError("a run stopped without an error");
}

void PyProgram::raise_if_failed() {
    std::exception_ptr error;
    std::swap(error, pending_);
    if (error)
        std::rethrow_exception(error);
    complain();
}

// Raises what the program stopped for by itself, if it did.
void PyProgram::complain() {
    const std::string complaint = program->complaint();
    if (!complaint.empty())
        throw nb::value_error(complaint.c_str());
}

void PyProgram::profile(bool on) {
    program->profiling = on;
    program->seconds.assign(program->instructions().size(), 0.0);
}

nb::list PyProgram::costs() const {
    nb::list list;
    std::size_t n = 0;
    for (const Instruction &work : program->instructions()) {
        const double time = n < program->seconds.size() ? program->seconds[n] : 0;
        list.append(nb::make_tuple(work.tasks, work.flops, work.bytes, time));
        ++n;
    }
    return list;
}

} // namespace annette
