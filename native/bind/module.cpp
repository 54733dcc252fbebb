// The core as a Python module: plans are given as tuples, arrays by the buffer protocol.
#include "../core/windows.hpp"
#include "py_training.hpp"

using namespace nb::literals;

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
