#include "plans.hpp"

#include <algorithm>

#include "../core/windows.hpp"

namespace annette {
namespace {

template <class T> std::vector<T> numbers(nb::handle from) {
    return nb::cast<std::vector<T>>(from);
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

// (register, view)
Total total_of(nb::handle from) {
    const auto t = tuple_of(from, 2);
    const View view = view_of(t[1]);
    std::int64_t size = 1;
    for (std::size_t d = 0; d < view.shape.size(); ++d) {
        if (view.shape[d] != 1 && (size != 1 || view.stride[d] != 1))
            throw PlanError("a loop's sum goes to a vector side by side");
        size *= view.shape[d];
    }
    return {nb::cast<int>(t[0]), view.type, view.value, view.offset, size};
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
    for (nb::handle sum : nb::cast<nb::sequence>(t[5]))
        loop.sums.push_back(total_of(sum));
    return loop;
}

} // namespace

nb::tuple tuple_of(nb::handle from, std::size_t size) {
    auto t = nb::cast<nb::tuple>(from);
    if (t.size() < size)
        throw PlanError("a part of a plan has too few numbers");
    return t;
}

Type type_at(int code) {
    if (code < 0 || code >= kTypes)
        throw PlanError("a dtype's code is unknown");
    return static_cast<Type>(code);
}

Value value_of(nb::handle from, Arrays &constants) {
    const auto t = tuple_of(from, 3);
    Value v{static_cast<Place>(nb::cast<int>(t[0])), nb::cast<std::int64_t>(t[1]), 0, nullptr};
    if (v.place > Place::piece)
        throw PlanError("a value lies nowhere");
    if (v.place == Place::constant) {
        constants.emplace_back(t[2], false);
        v.memory = constants.back().data();
        v.bytes = constants.back().buffer().len;
    } else {
        v.bytes = nb::cast<std::int64_t>(t[2]);
    }
    return v;
}

Instruction instruction_of(nb::handle from, bool inside) {
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

} // namespace annette
