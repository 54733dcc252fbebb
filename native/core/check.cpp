// Refuses a wrong plan before it runs: nothing below this line is ever asserted while running.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "program.hpp"
#include "scan.hpp"
#include "windows.hpp"

namespace annette {
namespace {

struct Checker {
    const Kernels &kernels;
    const std::vector<Value> &values;
    const Instruction &work;
    std::size_t number;
    int piece = -1; // the value in pieces that it may use

    [[noreturn]] void fail(const std::string &why) const {
        throw PlanError("Instruction " + std::to_string(number) + " (" + work.name + "): " + why);
    }
    void need(bool holds, const std::string &why) const {
        if (!holds)
            fail(why);
    }

    // Every place that shape and stride reach must lie in the value.
    void reach(int value, std::int64_t offset, int bytes, const std::int64_t *shape,
               const std::int64_t *stride, int rank) const {
        need(value >= 0 && value < static_cast<int>(values.size()), "reads an unknown value");
        need(values[value].place != Place::piece || value == piece, "uses what lies in pieces");
        std::int64_t low = offset, high = offset;
        for (int d = 0; d < rank; ++d) {
            need(shape[d] >= 0, "has an axis of negative size");
            if (shape[d] == 0)
                return;
            std::int64_t span = 0;
            need(!__builtin_mul_overflow(shape[d] - 1, stride[d], &span), "has a huge stride");
            std::int64_t &end = span < 0 ? low : high;
            need(!__builtin_add_overflow(end, span, &end), "has a huge stride");
        }
        std::int64_t top = 0;
        need(!__builtin_mul_overflow(high + 1, static_cast<std::int64_t>(bytes), &top),
             "reaches too far");
        need(low >= 0 && top <= values[value].bytes, "reaches outside a value's memory");
    }
    void reach(const View &x) const {
        need(x.shape.size() == x.stride.size(), "has shape and stride of different ranks");
        reach(x.value, x.offset, bytes_of(x.type), x.shape.data(), x.stride.data(),
              static_cast<int>(x.shape.size()));
    }
    void writable(int value) const {
        const Place place = values[value].place;
        need(place != Place::constant && place != Place::input, "writes to what is only read");
        need(place != Place::piece || work.pool, "writes to what lies in pieces");
    }
    void dense(const View &x) const {
        std::int64_t gap = 1;
        for (int d = static_cast<int>(x.shape.size()) - 1; d >= 0; --d) {
            need(x.shape[d] == 1 || x.stride[d] == gap, "needs values without gaps");
            gap *= x.shape[d];
        }
    }
    static std::int64_t size(const View &x, std::size_t from = 0, std::size_t to = 99) {
        std::int64_t n = 1;
        for (std::size_t d = from; d < std::min(to, x.shape.size()); ++d)
            n *= x.shape[d];
        return n;
    }
    bool real(Type t) const { return t == Type::float32 || t == Type::float64; }
    bool known(Type t) const {
        return real(t) || t == Type::int32 || t == Type::int64 || t == Type::uint32 ||
               t == Type::boolean;
    }
    bool place_type(Type t) const { return t == Type::int32 || t == Type::int64; }

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

    void matmul() const {
        need((work.in.size() == 2 || work.in.size() == 3) && work.has_loop, "needs two matrices");
        const View &a = work.in[0], &b = work.in[1];
        const std::size_t rank = a.shape.size();
        need(rank >= 2 && b.shape.size() == rank, "needs two matrices of one rank");
        need(real(a.type) && a.type == b.type, "needs matrices of one real dtype");
        need(a.shape[rank - 1] == b.shape[rank - 2], "has matrices that do not fit together");
        const Loop &l = work.loop;
        need(l.rank == static_cast<int>(rank) && l.shape[rank - 2] == a.shape[rank - 2] &&
                 l.shape[rank - 1] == b.shape[rank - 1] && l.registers > 0 && l.types[0] == a.type,
             "has a loop that does not fit its product");
        for (std::size_t d = 0; d + 2 < rank; ++d)
            need(a.shape[d] == l.shape[d] && b.shape[d] == l.shape[d], "has unequal batches");
        if (work.in.size() == 3)
            panels(b, work.in[2]);
    }

    // `packed` has the panels of b, one after the other, the last one filled up.
    void panels(const View &b, const View &packed) const {
        need(b.shape.size() == 2 && real(b.type) && packed.type == b.type,
             "packs no matrix of real numbers");
        dense(packed);
        const std::int64_t panel = b.type == Type::float32 ? kernels.panel32 : kernels.panel64;
        std::int64_t wide = 0, all = 0;
        need(!__builtin_add_overflow(b.shape[1], panel - 1, &wide) &&
                 !__builtin_mul_overflow(wide / panel * panel, b.shape[0], &all) &&
                 size(packed) == all,
             "has panels of another size");
    }

    void packing() const {
        need(work.in.size() == 1 && work.out.size() == 1, "needs one matrix");
        panels(work.in[0], work.out[0]);
    }

    void reduction() const {
        need(work.in.size() == 1 && work.out.size() == 1 && work.ints.size() == 2,
             "needs one value and its axes");
        const View &x = work.in[0], &y = work.out[0];
        need(known(x.type), "cannot reduce this dtype");
        const auto kept = static_cast<std::size_t>(work.ints[0]);
        need(work.ints[0] >= 0 && work.ints[1] >= 0 &&
                 kept + static_cast<std::size_t>(work.ints[1]) == x.shape.size(),
             "has axes that do not add up");
        const bool places = work.kind == kArgmax || work.kind == kArgmin;
        if (places || work.kind == kCumsum)
            need(work.ints[1] == 1, "goes along one axis");
        if (places)
            need(size(x, kept) > 0, "has no extreme among no values");
        if (work.kind == kCumsum) {
            need(y.shape == x.shape && y.type == x.type && x.type != Type::boolean,
                 "gives as many values as it gets");
            return;
        }
        need(y.type == (places ? Type::int32 : x.type), "gives another dtype");
        need(size(y) == size(x, 0, kept), "gives another number of values");
        dense(y);
    }

    void rows() const {
        const bool pair = work.kind == kSparseCrossEntropy || work.kind == kCrossEntropy;
        need(work.in.size() == (pair ? 2u : 1u) && work.out.size() == 1, "needs other operands");
        const View &x = work.in.back(), &y = work.out[0];
        need(!x.shape.empty() && x.shape.back() > 0, "needs a last axis");
        need(real(x.type) && y.type == x.type, "needs real numbers");
        for (const View &v : work.in)
            dense(v);
        dense(y);
        const std::int64_t height = size(x) / x.shape.back();
        need(size(y) == (pair ? height : size(x)), "gives another number of values");
        if (work.kind == kSparseCrossEntropy)
            need(place_type(work.in[0].type) && size(work.in[0]) == height, "needs a class a row");
        if (work.kind == kCrossEntropy)
            need(work.in[0].type == x.type && size(work.in[0]) == size(x),
                 "needs targets as logits");
    }

    // Rows that are normalized, or the gradient and the rows; numbers for the places of a row.
    void norm() const {
        const bool back = work.kind == kLayerNormGradient;
        need(work.in.size() == 4 && work.out.size() == (back ? 3u : 1u), "needs other operands");
        const View &x = work.in[0];
        need(!x.shape.empty() && x.shape.back() > 0, "needs a last axis");
        const std::int64_t n = x.shape.back(), all = size(x);
        need(real(x.type) && n <= static_cast<std::int64_t>(kScratchBytes) / 2 / bytes_of(x.type),
             "has rows that are too long");
        const std::int64_t in[] = {all, back ? all : n, n, 1}, out[] = {all, n, n};
        for (std::size_t i = 0; i < work.in.size(); ++i) {
            need(work.in[i].type == x.type && size(work.in[i]) == in[i], "has unequal operands");
            dense(work.in[i]);
        }
        for (std::size_t i = 0; i < work.out.size(); ++i) {
            need(work.out[i].type == x.type && size(work.out[i]) == out[i], "has other results");
            dense(work.out[i]);
        }
    }

    void index() const {
        need(work.in.size() == 2 && work.out.size() == 1 && work.ints.size() == 4,
             "needs values and places");
        const View &x = work.in[0], &at = work.in[1], &y = work.out[0];
        need(place_type(at.type) && x.type == y.type, "needs whole numbers as places");
        need(work.kind == kTake ||
                 (known(x.type) && x.type != Type::boolean && x.type != Type::uint32),
             "does not take this dtype");
        dense(x), dense(at), dense(y);
        const std::int64_t outer = work.ints[0], n = work.ints[1], inner = work.ints[2],
                           count = work.ints[3];
        need(outer >= 0 && n >= 0 && inner >= 0 && count >= 0, "has a negative size");
        const bool reads = work.kind == kTake || work.kind == kTakeAlong;
        const bool along = work.kind == kTakeAlong || work.kind == kPutAlong;
        need(size(reads ? x : y) == outer * n * inner &&
                 size(reads ? y : x) == outer * count * inner,
             "has sizes that do not fit");
        need(size(at) == (along ? outer * count * inner : count), "has sizes that do not fit");
        need(n > 0 || outer * count * inner == 0, "looks for places where there are none");
    }

    void within() const {
        need(work.in.size() == 1 && work.out.size() == 1 && work.ints.size() == 2,
             "needs numbers and a bound");
        const View &x = work.in[0], &y = work.out[0];
        need(place_type(x.type) && x.type == y.type && size(x) == size(y) &&
                 size(x) == work.ints[1],
             "gives other numbers than it is given");
        dense(x), dense(y);
    }

    // A view of n images, or of a kernel: five axes of these sizes.
    void sizes(const View &x, const std::array<std::int64_t, 5> &wanted) const {
        need(std::equal(x.shape.begin(), x.shape.end(), wanted.begin(), wanted.end()),
             "has sizes that do not fit its windows");
    }

    void windows() const {
        need(work.windows != nullptr, "has no windows");
        const Windows &w = *work.windows;
        const Axis &z = w.axis[0], &y = w.axis[1], &x = w.axis[2];
        const bool conv = work.kind == kConv;
        const bool filter = work.kind == kConvFilter || work.kind == kDepthwiseFilter;
        const bool one = work.kind != kConv && work.kind != kConvFilter; // channel for itself
        need(!one || (w.groups == w.channels && w.filters == w.channels),
             "has another channel for each filter");
        need(!work.in.empty() && real(work.in[0].type), "needs real numbers");
        sizes(work.in[0], {w.n, z.in, y.in, x.in, w.channels});
        if (conv) {
            need(work.in.size() == 2 && work.in[1].type == work.in[0].type, "needs a kernel");
            sizes(work.in[1], {z.taps, y.taps, x.taps, w.turned ? w.outer() : w.inner(),
                               w.turned ? w.channels : w.filters});
        } else if (filter) {
            need(work.in.size() == 2 && work.in[1].type == work.in[0].type, "needs a gradient");
            sizes(work.in[1], {w.n, z.out, y.out, x.out, w.filters});
            dense(work.in[1]);
            for (const Axis &a : w.axis)
                need(a.phases.size() == 1 &&
                         static_cast<std::int64_t>(a.phases[0].taps.size()) == a.taps,
                     "has a kernel with gaps");
        }
        if (one)
            dense(work.in[0]);
        if (feeds_loop(work.kind))
            results(w, filter);
        else
            pool(w);
        if (work.pool)
            need(work.pool->windows && can_pool(w, *work.pool->windows, bytes_of(work.in[0].type)),
                 "has a pooling of other lines");
    }

    void results(const Windows &w, bool filter) const {
        const Loop &l = work.loop;
        const std::int64_t last = w.filters;
        const std::int64_t rows =
            !filter ? w.n * w.places() : w.taps() * (work.kind == kConvFilter ? w.inner() : 1);
        need(work.has_loop && l.rank >= 2 && l.registers > 0 && l.types[0] == work.in[0].type &&
                 l.shape[l.rank - 1] == last && l.size == rows * last,
             "has a loop that does not fit its windows");
        if (work.kind == kDepthwise) {
            need(work.in.size() <= (w.turned ? 1u : 2u), "needs other operands");
            if (work.in.size() == 2) {
                need(work.in[1].type == work.in[0].type &&
                         size(work.in[1]) == w.taps() * w.channels,
                     "has a kernel of another size");
                dense(work.in[1]);
            }
        }
    }

    void pool(const Windows &w) const {
        const bool back = work.kind == kMaxUnpool;
        need(work.in.size() == (back ? 2u : 1u) && work.out.size() == (back ? 1u : 2u),
             "needs other operands");
        const View &where = back ? work.in[1] : work.out[1];
        const View &y = work.out[0];
        need(y.type == work.in[0].type && where.type == Type::int32, "needs places of int32");
        need(size(y) == w.n * w.places() * w.channels, "gives another number of values");
        need(size(where) == size(back ? work.in[0] : y), "needs a place for each value");
        need(w.places() <= 0x7FFFFFFF && w.axis[0].in * w.axis[1].in * w.axis[2].in <= 0x7FFFFFFF,
             "has too many places to be numbered");
        dense(where), dense(y);
    }

    // What a convolution makes for its pooling: all of one value, in order, that no other uses.
    void pooled() {
        const Instruction &pool = *work.pool;
        const Loop &l = work.loop;
        need(work.kind == kConv && l.out.size() == 1, "has no results that are pooled");
        need(pool.kind == kMaxPool || pool.kind == kDepthwise, "pools in another way");
        need(pool.in.size() == 1 && pool.loop.sums.empty(), "has a pooling with other operands");
        const Operand &y = l.out[0];
        need(!work.in.empty() && y.type == work.in[0].type && pool.in[0].type == y.type,
             "pools numbers of another dtype");
        piece = y.value;
        need(piece >= 0 && piece < static_cast<int>(values.size()) &&
                 values[piece].place == Place::piece && pool.in[0].value == piece,
             "pools what does not lie in pieces");
        std::int64_t gap = 1;
        for (int d = l.rank - 1; d >= 0; --d) {
            need(l.shape[d] == 1 || y.stride[d] == gap, "makes results with gaps");
            gap *= l.shape[d];
        }
        need(y.offset == 0 && pool.in[0].offset == 0, "makes results with gaps");
        for (const Operand &x : pool.loop.in)
            need(x.value != piece, "reads what lies in pieces");
        std::vector<int> given; // what pieces to come still read
        for (const View &x : work.in)
            given.push_back(x.value);
        for (const Operand &x : l.in)
            given.push_back(x.value);
        for (const int x : given) {
            need(x != piece, "reads what lies in pieces");
            for (const View &z : pool.out)
                need(x != z.value, "pools into what it still reads");
            for (const Operand &z : pool.loop.out)
                need(x != z.value, "pools into what it still reads");
        }
    }

    // Bytes from the first to behind the last element from axis `from` on.
    std::int64_t span(const View &x, std::size_t from) const {
        std::int64_t end = 1;
        for (std::size_t d = from; d < x.shape.size(); ++d) {
            need(x.stride[d] >= 0, "goes backwards through what its body reads");
            if (x.shape[d] == 0)
                return 0;
            end += (x.shape[d] - 1) * x.stride[d];
        }
        return end * bytes_of(x.type);
    }

    void scan() const {
        need(work.ints.size() >= 5, "needs its numbers");
        const Scan s(work);
        need(s.parts >= 1 && static_cast<std::int64_t>(work.bodies.size()) == s.parts,
             "has no body for each part");
        for (const auto &body : work.bodies)
            steps(s, *body);
    }

    void steps(const Scan &s, const Program &body) const {
        need(s.carries >= 0 && s.sequences >= 0 && s.length > 0 &&
                 s.carries <= static_cast<std::int64_t>(work.in.size()) &&
                 s.sequences <= static_cast<std::int64_t>(work.in.size()) - s.carries &&
                 static_cast<std::int64_t>(work.ints.size()) == 5 + 2 * s.carries,
             "has other operands than its numbers say");
        need(body.inputs() == work.in.size() && body.variables() == 0,
             "has a body of other operands");
        for (std::size_t i = 0; i < work.in.size(); ++i) {
            const View &x = work.in[i];
            const bool step = s.sequence(i);
            need(x.type == body.input_type(i), "has a body of other dtypes");
            need(!step || (!x.shape.empty() && x.shape[0] == s.length && x.stride[0] >= 0),
                 "has an operand of another length");
            const bool rows = i < static_cast<std::size_t>(s.carries + s.sequences);
            need(body.bound_bytes(Place::input, static_cast<int>(i)) <=
                     span(rows ? parted(x, s, step) : x, step),
                 "has a body that reads more than is given");
        }
        homes(s, body);
    }

    // One of the parts of what has rows.
    View parted(View x, const Scan &s, std::size_t axis) const {
        if (s.parts > 1) {
            need(x.shape.size() > axis && x.shape[axis] % s.parts == 0, "has rows left over");
            x.shape[axis] /= s.parts;
        }
        return x;
    }

    // Every carry has two places, or is among the results.
    void homes(const Scan &s, const Program &body) const {
        const auto count = static_cast<std::size_t>(s.carries);
        std::size_t rooms = 0;
        for (std::size_t i = 0; i < count; ++i)
            rooms += s.home(i) == Home::rooms;
        need(work.out.size() >= count + rooms, "lacks results");
        const std::size_t ys = work.out.size() - count - rooms;
        std::vector<int> lives(ys, 0);
        for (std::size_t j = 0; j < ys; ++j) {
            const View &y = work.out[count + j];
            dense(y);
            need(!y.shape.empty() && y.shape[0] == s.length, "has a result of another length");
        }
        std::size_t room = count + ys;
        for (std::size_t i = 0; i < count; ++i) {
            const View &first = work.in[i], &end = work.out[i];
            dense(first), dense(end);
            need(first.type == end.type && size(first) == size(end), "has a carry that changes");
            const Home home = s.home(i);
            need(home >= Home::rooms && home <= Home::saved, "has a carry that lies nowhere");
            if (home == Home::rooms) {
                const View &own = work.out[room++];
                dense(own);
                need(own.type == first.type && size(own) == 2 * size(first),
                     "has no room for a carry");
                continue;
            }
            const std::int64_t y = s.where(i);
            need(y >= 0 && y < static_cast<std::int64_t>(ys), "has a carry that lies nowhere");
            const View &home_view = work.out[count + static_cast<std::size_t>(y)];
            need(home_view.type == first.type && size(home_view, 1) == size(first),
                 "has a carry that lies among other results");
            int &lived = lives[static_cast<std::size_t>(y)];
            need(lived == 0 || (home == Home::made && lived == 1), "has two carries in one place");
            lived = home == Home::made ? 1 : 2;
        }
        results(s, body, lives);
    }

    void results(const Scan &s, const Program &body, const std::vector<int> &lives) const {
        const auto count = static_cast<std::size_t>(s.carries);
        int slot = 0;
        const auto fits = [&](std::int64_t bytes) {
            need(slot < body.outputs() && body.bound_bytes(Place::output, slot) <= bytes,
                 "has a body that gives more than there is room for");
            ++slot;
        };
        for (std::size_t i = 0; i < count; ++i)
            if (s.home(i) != Home::made)
                fits(size(parted(work.out[i], s, 0)) * bytes_of(work.out[i].type));
        for (std::size_t j = 0; j < lives.size(); ++j)
            if (lives[j] != 2)
                fits(size(parted(work.out[count + j], s, 1), 1) *
                     bytes_of(work.out[count + j].type));
        need(slot == body.outputs(), "has a body of other results");
    }

    void random() const {
        need(work.in.size() == 1 && work.out.size() == 1 && work.ints.size() == 1, "needs a key");
        need(work.in[0].type == Type::uint32 && size(work.in[0]) == 2,
             "needs a key of two numbers");
        dense(work.in[0]), dense(work.out[0]);
        need(work.out[0].type == Type::uint32 && size(work.out[0]) == work.ints[0],
             "gives another number of values");
    }

    void all() {
        need(work.kind >= 0 && work.kind < kKinds, "is of no known kind");
        if (work.pool) {
            pooled();
            Checker{kernels, values, *work.pool, number, piece}.all();
        }
        for (const View &x : work.in)
            reach(x);
        for (const View &y : work.out) {
            reach(y);
            writable(y.value);
            for (const View &x : work.in)
                need(work.kind == kCall || x.value != y.value, "writes what it still reads");
        }
        if (work.has_loop)
            loop();
        switch (work.kind) {
        case kCall: need(work.call >= 0, "calls nothing"); break;
        case kLoop: need(work.has_loop, "has no steps"); break;
        case kMatmul: matmul(); break;
        case kSum:
        case kProd:
        case kMax:
        case kMin:
        case kArgmax:
        case kArgmin:
        case kCumsum: reduction(); break;
        case kSoftmax:
        case kLogSoftmax:
        case kSparseCrossEntropy:
        case kCrossEntropy: rows(); break;
        case kLayerNorm:
        case kLayerNormGradient: norm(); break;
        case kTake:
        case kScatterAdd:
        case kTakeAlong:
        case kPutAlong: index(); break;
        case kWithin: within(); break;
        case kConv:
        case kConvFilter:
        case kDepthwise:
        case kDepthwiseFilter:
        case kMaxPool:
        case kMaxUnpool: windows(); break;
        case kScan: scan(); break;
        case kPack: packing(); break;
        default: random(); break;
        }
    }
};

template <class F> void each_value(const Instruction &work, F f) {
    for (const View &x : work.in)
        f(x.value, false);
    for (const Operand &x : work.loop.in)
        f(x.value, false);
    for (const View &y : work.out)
        f(y.value, true);
    for (const Operand &y : work.loop.out)
        f(y.value, true);
    for (const Total &sum : work.loop.sums)
        f(sum.value, true);
    if (work.pool)
        each_value(*work.pool, f);
}

// No value of the arena is read before it is written, and none lies where another is still needed.
void check_lives(const std::vector<Value> &values, const std::vector<Instruction> &work,
                 std::int64_t arena_bytes) {
    const int none = -1, count = static_cast<int>(values.size());
    std::vector<int> first(count, none), last(count, none);
    for (std::size_t n = 0; n < work.size(); ++n)
        each_value(work[n], [&](int value, bool written) {
            if (values[value].place != Place::arena)
                return;
            if (!written && first[value] == none)
                throw PlanError("Instruction " + std::to_string(n) + " (" + work[n].name +
                                ") reads a value before it is computed");
            if (first[value] == none)
                first[value] = static_cast<int>(n);
            last[value] = static_cast<int>(n);
        });
    std::vector<int> live;
    for (int v = 0; v < count; ++v) {
        const Value &value = values[v];
        if (value.bytes < 0)
            throw PlanError("a value has a negative size");
        if (value.place != Place::arena)
            continue;
        std::int64_t end = 0;
        if (value.slot < 0 || value.slot % kAlign ||
            __builtin_add_overflow(value.slot, value.bytes, &end) || end > arena_bytes)
            throw PlanError("a value lies outside the arena");
        if (first[v] != none && value.bytes > 0)
            live.push_back(v);
    }
    std::sort(live.begin(), live.end(), [&](int a, int b) { return first[a] < first[b]; });
    std::vector<int> open;
    for (int v : live) {
        std::erase_if(open, [&](int o) { return last[o] < first[v]; });
        for (int o : open)
            if (values[o].slot < values[v].slot + values[v].bytes &&
                values[v].slot < values[o].slot + values[o].bytes)
                throw PlanError("two values that are needed at the same time share memory");
        open.push_back(v);
    }
}

// What lies in arrays from outside has one of its own: a shared one might have another size.
void check_slots(const std::vector<Value> &values) {
    std::vector<std::pair<Place, std::int64_t>> taken;
    for (const Value &value : values)
        if (value.place == Place::input || value.place == Place::variable ||
            value.place == Place::output)
            taken.emplace_back(value.place, value.slot);
    std::sort(taken.begin(), taken.end());
    if (std::adjacent_find(taken.begin(), taken.end()) != taken.end())
        throw PlanError("two values lie in the same array");
}

} // namespace

void check(const Kernels &kernels, const std::vector<Value> &values,
           const std::vector<Instruction> &work, std::int64_t arena_bytes) {
    for (std::size_t n = 0; n < work.size(); ++n)
        Checker{kernels, values, work[n], n}.all();
    check_slots(values);
    check_lives(values, work, arena_bytes);
}

} // namespace annette
