// Refuses loops that read, step or store what they must not.
#include <algorithm>

#include "check.hpp"

namespace annette {
namespace {

struct LoopCheck : Checker {
    void operands(const std::vector<Operand> &list, bool written) const {
        for (const Operand &x : list) {
            need(x.reg >= 0 && x.reg < work.loop.registers, "names an unknown register");
            need(work.loop.types[x.reg] == x.type, "mixes dtypes in a register");
            reach(x.value, x.offset, x.bytes, work.loop.shape, x.stride, work.loop.rank);
            if (written)
                writable(x.value);
        }
    }

    void loop() const {
        const Loop &l = work.loop;
        need(l.rank >= 0 && l.rank <= kMaxRank, "has too many axes");
        need(l.registers >= 0 && l.registers <= kMaxRegisters, "has too many registers");
        operands(l.in, false);
        operands(l.out, true);
        std::vector<char> filled(kMaxRegisters, 0);
        for (const Operand &x : l.in)
            filled[x.reg] = 1;
        if (feeds_loop(work.kind))
            filled[0] = 1;
        for (const Micro &m : l.micro)
            step(m, filled);
        for (const Operand &y : l.out)
            need(filled[y.reg], "stores a register that nothing fills");
        for (const Total &sum : l.sums)
            total(sum, filled);
        aliases();
    }

    void total(const Total &sum, const std::vector<char> &filled) const {
        const Loop &l = work.loop;
        need(work.kind == kLoop || work.kind == kConv || work.kind == kDepthwise,
             "cannot sum what it makes");
        need(sum.reg >= 0 && sum.reg < l.registers && filled[sum.reg],
             "sums a register that nothing fills");
        need(real(sum.type) && l.types[sum.reg] == sum.type, "sums to another dtype");
        need(l.rank >= 2 && sum.size == l.shape[l.rank - 1], "sums to another number of values");
        const std::int64_t one = 1;
        reach(sum.value, sum.offset, bytes_of(sum.type), &sum.size, &one, 1);
        writable(sum.value);
        for (const std::vector<Operand> *list : {&l.in, &l.out})
            for (const Operand &x : *list)
                need(x.value != sum.value, "sums to what it reads or writes");
        for (const View &x : work.in)
            need(x.value != sum.value, "sums to what it reads or writes");
    }

    void step(const Micro &m, std::vector<char> &filled) const {
        const Loop &l = work.loop;
        need(m.op >= 0 && m.op < kernels.count, "has an unknown step");
        const MicroOp &op = kernels.ops[m.op];
        const int type = static_cast<int>(m.type);
        need(op.inputs == m.inputs && op.outputs == m.outputs, "gives a step too many operands");
        need(op.run[type] != nullptr, std::string("has no ") + op.name + " of " + name_of(m.type));
        for (int i = 0; i < m.inputs; ++i) {
            need(m.in[i] >= 0 && m.in[i] < l.registers && filled[m.in[i]],
                 std::string(op.name) + " reads a register that nothing fills");
            const Type wanted = i == 0 ? op.first[type] : m.type;
            need(l.types[m.in[i]] == wanted, std::string(op.name) + " reads another dtype");
        }
        for (int i = 0; i < m.outputs; ++i) {
            need(m.out[i] >= 0 && m.out[i] < l.registers && !filled[m.out[i]],
                 std::string(op.name) + " fills a register twice");
            need(l.types[m.out[i]] == op.result[type],
                 std::string(op.name) + " makes another dtype");
            filled[m.out[i]] = 1;
        }
    }

    // What is read and written in one loop must be read and written place by place.
    void aliases() const {
        const Loop &l = work.loop;
        if (l.size == 0) // nothing is written
            return;
        for (const Operand &y : l.out) {
            for (const Operand &x : l.in)
                need(x.value != y.value || (x.offset == y.offset && x.bytes == y.bytes &&
                                            std::equal(x.stride, x.stride + l.rank, y.stride)),
                     "reads a value at other places than it writes it");
            for (int d = 0; d < l.rank; ++d)
                need(l.shape[d] <= 1 || y.stride[d] != 0, "writes one place several times");
            for (const View &x : work.in)
                need(x.value != y.value, "writes what its product still reads");
        }
    }
};

} // namespace

void check_loop(const Checker &all) {
    LoopCheck{all}.loop();
}

} // namespace annette
