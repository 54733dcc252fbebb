// The core as a Python module: plans are given as tuples, arrays by the buffer protocol.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstring>
#include <exception>

#include "core/program.hpp"
#include "core/windows.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace annette {
namespace {

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

// A tuple of `size` parts at least: what is read of it unchecked.
nb::tuple tuple_of(nb::handle from, std::size_t size) {
    auto t = nb::cast<nb::tuple>(from);
    if (t.size() < size)
        throw PlanError("a part of a plan has too few numbers");
    return t;
}

bool side_by_side(const Py_buffer &b) {
    std::int64_t gap = b.itemsize;
    for (int d = b.ndim - 1; d >= 0; --d) {
        if (b.shape[d] > 1 && b.strides[d] != gap)
            return false;
        gap *= b.shape[d];
    }
    return true;
}

template <class T> std::vector<T> numbers(nb::handle from) {
    return nb::cast<std::vector<T>>(from);
}

Type type_at(int code) {
    if (code < 0 || code >= kTypes)
        throw PlanError("a dtype's code is unknown");
    return static_cast<Type>(code);
}

// (value, type, offset, shape, strides)
View view_of(nb::handle from) {
    const auto t = tuple_of(from, 5);
    View view{nb::cast<int>(t[0]), type_at(nb::cast<int>(t[1])), nb::cast<std::int64_t>(t[2]),
              numbers<std::int64_t>(t[3]), numbers<std::int64_t>(t[4])};
    if (view.shape.size() > kMaxRank || view.shape.size() != view.stride.size())
        throw PlanError("a view has too many axes, or strides for others");
    return view;
}

std::vector<View> views_of(nb::handle from) {
    std::vector<View> views;
    for (nb::handle one : nb::cast<nb::sequence>(from))
        views.push_back(view_of(one));
    return views;
}

// (register, view)
Operand operand_of(nb::handle from, const Loop &loop) {
    const auto t = tuple_of(from, 2);
    const View view = view_of(t[1]);
    Operand x{};
    x.reg = nb::cast<int>(t[0]);
    x.value = view.value;
    x.type = view.type;
    x.bytes = bytes_of(view.type);
    x.offset = view.offset;
    if (static_cast<int>(view.stride.size()) != loop.rank)
        throw PlanError("an operand of a loop has another rank");
    std::copy(view.stride.begin(), view.stride.end(), x.stride);
    return x;
}

// (op, type, inputs, outputs, params)
Micro micro_of(nb::handle from) {
    const auto t = tuple_of(from, 5);
    Micro m{};
    m.op = nb::cast<int>(t[0]);
    m.type = type_at(nb::cast<int>(t[1]));
    const auto in = numbers<int>(t[2]), out = numbers<int>(t[3]);
    const auto params = numbers<double>(t[4]);
    if (in.size() > kMaxInputs || out.size() > kMaxOutputs || params.size() > 4)
        throw PlanError("a step of a loop has too many operands");
    m.inputs = static_cast<int>(in.size());
    m.outputs = static_cast<int>(out.size());
    std::copy(in.begin(), in.end(), m.in);
    std::copy(out.begin(), out.end(), m.out);
    std::copy(params.begin(), params.end(), m.params);
    return m;
}

// (shape, register types, inputs, outputs, steps, sums)
Loop loop_of(nb::handle from) {
    const auto t = tuple_of(from, 6);
    Loop loop;
    const auto shape = numbers<std::int64_t>(t[0]);
    const auto types = numbers<int>(t[1]);
    if (shape.size() > kMaxRank || types.size() > kMaxRegisters)
        throw PlanError("a loop has too many axes or registers");
    loop.rank = static_cast<int>(shape.size());
    for (int d = 0; d < loop.rank; ++d) {
        loop.shape[d] = shape[static_cast<std::size_t>(d)];
        if (loop.shape[d] < 0)
            throw PlanError("a loop has an axis of negative size");
        if (__builtin_mul_overflow(loop.size, loop.shape[d], &loop.size))
            throw PlanError("a loop is too long");
    }
    loop.registers = static_cast<int>(types.size());
    for (std::size_t r = 0; r < types.size(); ++r)
        loop.types[r] = type_at(types[r]);
    for (nb::handle x : nb::cast<nb::sequence>(t[2]))
        loop.in.push_back(operand_of(x, loop));
    for (nb::handle y : nb::cast<nb::sequence>(t[3]))
        loop.out.push_back(operand_of(y, loop));
    for (nb::handle m : nb::cast<nb::sequence>(t[4]))
        loop.micro.push_back(micro_of(m));
    for (nb::handle one : nb::cast<nb::sequence>(t[5])) { // (register, view)
        const auto pair = tuple_of(one, 2);
        const View view = view_of(pair[1]);
        std::int64_t size = 1;
        for (std::size_t d = 0; d < view.shape.size(); ++d) {
            if (view.shape[d] != 1 && (size != 1 || view.stride[d] != 1))
                throw PlanError("a loop's sum goes to a vector side by side");
            size *= view.shape[d];
        }
        loop.sums.push_back({nb::cast<int>(pair[0]), view.type, view.value, view.offset, size});
    }
    return loop;
}

// (kind, name, inputs, outputs, ints, loop or None, call, pooling or None)
Instruction instruction_of(nb::handle from, bool inside = false) {
    const auto t = tuple_of(from, 8);
    Instruction work;
    work.kind = nb::cast<int>(t[0]);
    work.name = nb::cast<std::string>(t[1]);
    work.in = views_of(t[2]);
    work.out = views_of(t[3]);
    work.ints = numbers<std::int64_t>(t[4]);
    if (!t[5].is_none()) {
        work.loop = loop_of(t[5]);
        work.has_loop = true;
    }
    work.call = nb::cast<int>(t[6]);
    if (work.kind >= kConv && work.kind < kKinds)
        work.windows = std::make_shared<Windows>(windows_of(work.ints));
    if (!t[7].is_none()) {
        if (inside)
            throw PlanError("what is pooled is pooled again");
        work.pool = std::make_shared<Instruction>(instruction_of(t[7], true));
    }
    return work;
}

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

// A NumPy array that looks at a value's memory while a call lasts.
nb::object array_of(const View &view, char *const *at) {
    std::vector<std::size_t> shape(view.shape.begin(), view.shape.end());
    nb::ndarray<nb::numpy> array(at[view.value] + view.offset * bytes_of(view.type), shape.size(),
                                 shape.data(), nb::none(), view.stride.data(), dtype_of(view.type));
    return nb::cast(array, nb::rv_policy::reference);
}

class PyProgram {
  public:
    PyProgram(const std::string &isa, nb::sequence values, nb::sequence work, std::int64_t arena,
              const std::vector<int> &inputs, int variables, int outputs,
              std::vector<std::pair<std::int64_t, std::int64_t>> guards, nb::sequence calls,
              nb::sequence bodies) {
        std::vector<Value> parsed;
        for (nb::handle one : values) { // (place, slot, bytes or array)
            const auto t = tuple_of(one, 3);
            Value v{static_cast<Place>(nb::cast<int>(t[0])), nb::cast<std::int64_t>(t[1]), 0,
                    nullptr};
            if (v.place > Place::piece)
                throw PlanError("a value lies nowhere");
            if (v.place == Place::constant) {
                constants_.emplace_back(t[2], false);
                v.memory = constants_.back().data();
                v.bytes = constants_.back().buffer().len;
            } else {
                v.bytes = nb::cast<std::int64_t>(t[2]);
            }
            parsed.push_back(v);
        }
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
            if (one.kind == kScan) {
                const auto count = static_cast<std::int64_t>(bodies_.size());
                const std::int64_t parts = one.ints.size() > 4 ? one.ints[4] : 1;
                if (one.call < 0 || parts < 1 || parts > count || one.call > count - parts)
                    throw PlanError("a scan runs what is not given");
                for (std::int64_t i = one.call; i < one.call + parts; ++i) {
                    const auto &body = nb::cast<PyProgram &>(bodies_[static_cast<std::size_t>(i)]);
                    const auto &inside = body.program->instructions();
                    const bool leaves =
                        std::any_of(inside.begin(), inside.end(), [](const Instruction &x) {
                            return x.kind == kCall || x.kind == kScan;
                        });
                    if (body.calls_.size() > calls_.size() || (parts > 1 && leaves))
                        throw PlanError("the body of a scan calls what is not given");
                    one.bodies.push_back(body.program);
                }
            }
        }
        std::vector<Type> types;
        for (int code : inputs)
            types.push_back(type_at(code));
        constexpr int most = 1 << 20; // arrays that a plan may be given
        if (variables < 0 || variables > most || outputs < 0 || outputs > most)
            throw PlanError("a plan cannot be given so many arrays");
        program = std::make_shared<Program>(kernels_by_name(isa), std::move(parsed),
                                            std::move(instructions), arena, std::move(types),
                                            variables, outputs, std::move(guards));
        for (std::size_t i = 0; i < program->inputs(); ++i)
            input_bytes_.push_back(program->bound_bytes(Place::input, static_cast<int>(i)));
        for (int i = 0; i < variables; ++i)
            variable_bytes_.push_back(program->bound_bytes(Place::variable, i));
        for (int i = 0; i < outputs; ++i)
            output_bytes_.push_back(program->bound_bytes(Place::output, i));
    }

    PyProgram(const PyProgram &) = delete;

    void run(nb::sequence inputs, nb::sequence variables, nb::sequence outputs) {
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

    // One (array, dtype code) for each input; order: int64 array or None.
    std::int64_t run_rows(nb::sequence arrays, nb::handle order, std::int64_t start,
                          std::int64_t stop, std::int64_t batch, double seconds,
                          nb::sequence variables, nb::sequence outputs, bool collect) {
        Binding binding;
        Arrays held;
        Batches batches = batches_of(arrays, order, stop, batch, held);
        bind_variables(variables, held, binding.variables);
        binding.inputs.resize(program->inputs());
        const std::int64_t count = (stop - start) / batch;
        std::size_t i = 0;
        for (nb::handle one : outputs) {
            held.emplace_back(one, true);
            const std::int64_t bytes = i < output_bytes_.size() ? output_bytes_[i] : -1;
            if (!side_by_side(held.back().buffer()))
                throw PlanError("an array for outputs has gaps");
            if (held.back().buffer().len != bytes * (collect ? count : 1) && bytes >= 0)
                throw PlanError("an array for outputs has another size");
            binding.outputs.push_back(held.back().data());
            batches.advance.push_back(collect && bytes > 0 ? bytes : 0);
            ++i;
        }
        if (i != output_bytes_.size())
            throw PlanError("arrays for other outputs are given");
        bool done;
        {
            nb::gil_scoped_release release;
            done = program->run_rows(batches, start, stop, seconds, binding, caller());
        }
        if (!done)
            raise();
        return start;
    }

    Batches batches_of(nb::sequence arrays, nb::handle order, std::int64_t stop, std::int64_t batch,
                       Arrays &held) const {
        Batches batches;
        if (batch < 1)
            throw PlanError("a batch has a row at least");
        batches.batch = batch;
        std::int64_t least = INT64_MAX;
        for (nb::handle one : arrays) {
            const auto pair = tuple_of(one, 2);
            held.emplace_back(pair[0], false);
            const Py_buffer &b = held.back().buffer();
            Rows rows{held.back().data(), b.ndim ? b.strides[0] : 0, 1,
                      type_at(nb::cast<int>(pair[1]))};
            for (int d = 1; d < b.ndim; ++d)
                rows.elements *= b.shape[d];
            std::int64_t gap = b.itemsize;
            for (int d = b.ndim - 1; d >= 1; --d) {
                if (b.shape[d] != 1 && b.strides[d] != gap)
                    throw PlanError("a row does not lie side by side");
                gap *= b.shape[d];
            }
            const std::size_t i = batches.rows.size();
            if (b.ndim < 1 || b.itemsize != bytes_of(rows.type) || i >= input_bytes_.size() ||
                (input_bytes_[i] >= 0 &&
                 rows.elements * batch * bytes_of(input_type(i)) != input_bytes_[i]))
                throw PlanError("rows of another form are given");
            least = std::min<std::int64_t>(least, b.shape[0]);
            batches.rows.push_back(rows);
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

    Type input_type(std::size_t i) const { return program->input_type(i); }

    void bind_variables(nb::sequence arrays, Arrays &held, std::vector<char *> &to) {
        bind(arrays, variable_bytes_, true, held, to, "variable");
    }

    void bind(nb::sequence arrays, const std::vector<std::int64_t> &bytes, bool writable,
              Arrays &held, std::vector<char *> &to, const char *what) const {
        std::size_t i = 0;
        for (nb::handle one : arrays) {
            held.emplace_back(one, writable && what[0] == 'o');
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

    Caller caller() {
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

    [[noreturn]] void raise() {
        raise_if_failed();
        throw PlanError("a run stopped without an error");
    }

    // Raises what the program, or a call of it, stopped for, if it did.
    void raise_if_failed() {
        std::exception_ptr error;
        std::swap(error, pending_);
        if (error)
            std::rethrow_exception(error);
        complain();
    }

    // Raises what the program stopped for by itself, if it did.
    void complain() {
        const std::string complaint = program->complaint();
        if (!complaint.empty())
            throw nb::value_error(complaint.c_str());
    }

    void profile(bool on) {
        program->profiling = on;
        program->seconds.assign(program->instructions().size(), 0.0);
    }

    // For each instruction: tasks, operations, bytes, seconds.
    nb::list costs() const {
        nb::list list;
        std::size_t n = 0;
        for (const Instruction &work : program->instructions()) {
            const double time = n < program->seconds.size() ? program->seconds[n] : 0;
            list.append(nb::make_tuple(work.tasks, work.flops, work.bytes, time));
            ++n;
        }
        return list;
    }

    std::shared_ptr<Program> program;

  private:
    Arrays constants_;
    std::vector<nb::object> bodies_; // whose constants the scans need
    std::vector<nb::object> calls_;
    std::exception_ptr pending_;
    std::vector<std::int64_t> input_bytes_, variable_bytes_, output_bytes_;
};

// See Training in core/program.hpp.
class PyTraining {
  public:
    PyTraining(PyProgram *step, PyProgram *tail, PyProgram &results, nb::sequence arrays,
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

    PyTraining(const PyTraining &) = delete;

    // Returns the epoch to go on with, and the results of the epochs done, one after the other.
    nb::tuple run(std::int64_t epoch, std::int64_t stop, double seconds) {
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

  private:
    void prepare(Training::Part &part, PyProgram &program, nb::sequence arrays, std::int64_t rows,
                 std::int64_t batch, nb::sequence variables) {
        part.program = program.program.get();
        part.caller = program.caller();
        programs_.push_back(&program);
        part.batches = program.batches_of(arrays, nb::none(), rows, batch, held_);
        part.binding.inputs.resize(program.program->inputs());
        program.bind_variables(variables, held_, part.binding.variables);
        if (program.program->outputs())
            throw PlanError("a step of many epochs has no outputs");
    }

    Training training_;
    std::vector<PyProgram *> programs_;
    Arrays held_;
    std::vector<float> values_;
};

} // namespace
} // namespace annette

NB_MODULE(_core, m) {
    using namespace annette;
    nb::set_leak_warnings(false);
    nb::exception<PlanError>(m, "PlanError", PyExc_RuntimeError);
    nb::class_<PyProgram>(m, "Program")
        .def(nb::init<const std::string &, nb::sequence, nb::sequence, std::int64_t,
                      const std::vector<int> &, int, int,
                      std::vector<std::pair<std::int64_t, std::int64_t>>, nb::sequence,
                      nb::sequence>(),
             "isa"_a, "values"_a, "work"_a, "arena"_a, "inputs"_a, "variables"_a, "outputs"_a,
             "guards"_a, "calls"_a, "bodies"_a = nb::make_tuple())
        .def("run", &PyProgram::run)
        .def("run_rows", &PyProgram::run_rows, "arrays"_a, "order"_a.none(), "start"_a, "stop"_a,
             "batch"_a, "seconds"_a, "variables"_a, "outputs"_a, "collect"_a)
        .def("profile", &PyProgram::profile)
        .def("costs", &PyProgram::costs);
    nb::class_<PyTraining>(m, "Training")
        .def(nb::init<PyProgram *, PyProgram *, PyProgram &, nb::sequence, std::int64_t,
                      std::int64_t, bool, std::uint64_t, nb::sequence, nb::sequence, nb::sequence,
                      nb::sequence>(),
             "step"_a.none(), "tail"_a.none(), "results"_a, "arrays"_a, "rows"_a, "batch"_a,
             "shuffled"_a, "seed"_a, "step_variables"_a, "tail_variables"_a, "results_variables"_a,
             "resets"_a, nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>(), nb::keep_alive<1, 4>())
        .def("run", &PyTraining::run);
    m.def("shuffled_order", [](std::uint64_t seed, std::uint64_t epoch, nb::handle into) {
        const Array array(into, true);
        if (array.buffer().itemsize != 8)
            throw PlanError("an order is made of 64-bit numbers");
        nb::gil_scoped_release release;
        shuffled_order(seed, epoch, array.buffer().len / 8,
                       reinterpret_cast<std::int64_t *>(array.data()));
    });
    m.def("instruction_sets", [] {
        std::vector<std::string> names;
        for (const Kernels *k : available_kernels())
            names.emplace_back(k->name);
        return names;
    });
    // Names, numbers of operands, and for each dtype that a step takes (type, first, result).
    m.def("steps", [](const std::string &isa) {
        const Kernels &k = kernels_by_name(isa);
        nb::list list;
        for (int i = 0; i < k.count; ++i) {
            const MicroOp &op = k.ops[i];
            nb::list types;
            for (int t = 0; t < kTypes; ++t)
                if (op.run[t])
                    types.append(nb::make_tuple(t, static_cast<int>(op.first[t]),
                                                static_cast<int>(op.result[t])));
            list.append(nb::make_tuple(op.name, op.inputs, op.outputs, op.fused, types));
        }
        return list;
    });
    m.def("kinds", [] { return std::vector<std::string>(kKindNames, kKindNames + kKinds); });
    // Columns of a panel of a product's second matrix, of float32 and of float64.
    m.def("panels", [](const std::string &isa) {
        const Kernels &k = kernels_by_name(isa);
        return std::make_pair(k.panel32, k.panel64);
    });
    // Whether a pooling can follow a convolution at once; both as their plan's numbers.
    m.def("pools", [](const std::vector<std::int64_t> &conv, const std::vector<std::int64_t> &pool,
                      int type) {
        return can_pool(windows_of(conv), windows_of(pool), bytes_of(type_at(type)));
    });
    m.def("box_bytes", [] { return kBoxBytes; });
    m.def("types", [] { return std::vector<std::string>(kTypeNames, kTypeNames + kTypes); });
    m.def("threads", [] { return Pool::get().threads(); });
    m.def("set_threads", &Pool::set_threads, nb::call_guard<nb::gil_scoped_release>());
}
