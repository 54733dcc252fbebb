// Runs the steps of a loop block by block, so that what lies between them stays in the cache.
#pragma once

#include "elementwise.hpp"

namespace annette {
namespace ANNETTE_ISA {

extern const MicroOp kOps[];

template <class T>
inline void fill(char *to, const char *from, std::int64_t rows, std::int64_t cols, std::int64_t row,
                 std::int64_t col) {
    T *y = reinterpret_cast<T *>(to);
    const T *x = reinterpret_cast<const T *>(from);
    for (std::int64_t r = 0; r < rows; ++r, x += row, y += cols) {
        if (col == 0) {
            const T one = *x;
            for (std::int64_t c = 0; c < cols; ++c)
                y[c] = one;
        } else {
            for (std::int64_t c = 0; c < cols; ++c)
                y[c] = x[c * col];
        }
    }
}

inline void collect(int bytes, char *to, const char *from, std::int64_t rows, std::int64_t cols,
                    std::int64_t row, std::int64_t col) {
    switch (bytes) {
    case 1: fill<std::uint8_t>(to, from, rows, cols, row, col); break;
    case 2: fill<std::uint16_t>(to, from, rows, cols, row, col); break;
    case 4: fill<std::uint32_t>(to, from, rows, cols, row, col); break;
    default: fill<std::uint64_t>(to, from, rows, cols, row, col); break;
    }
}

template <class T>
inline void scatter(char *to, const Lane &from, std::int64_t rows, std::int64_t cols,
                    std::int64_t row, std::int64_t col) {
    T *y = reinterpret_cast<T *>(to);
    for (std::int64_t r = 0; r < rows; ++r, y += row) {
        const T *x = reinterpret_cast<const T *>(from.at) + from.row * r;
        if (col == 1)
            copy_bytes(y, x, cols * static_cast<std::int64_t>(sizeof(T)));
        else
            for (std::int64_t c = 0; c < cols; ++c)
                y[c * col] = x[c];
    }
}

inline void spread(int bytes, char *to, const Lane &from, std::int64_t rows, std::int64_t cols,
                   std::int64_t row, std::int64_t col) {
    switch (bytes) {
    case 1: scatter<std::uint8_t>(to, from, rows, cols, row, col); break;
    case 2: scatter<std::uint16_t>(to, from, rows, cols, row, col); break;
    case 4: scatter<std::uint32_t>(to, from, rows, cols, row, col); break;
    default: scatter<std::uint64_t>(to, from, rows, cols, row, col); break;
    }
}

// Rows of memory that are asked for in good time, row by row: all at once they would keep what is
// needed now waiting.
constexpr int kStreams = 4;
struct Soon {
    struct Stream {
        const char *at;
        std::ptrdiff_t row; // bytes from one row to the next
        int lines;          // of a row
    };
    int count = 0;
    Stream streams[kStreams];

    void fetch() {
        for (int i = 0; i < count; ++i) {
            for (int line = 0; line < streams[i].lines; ++line)
                __builtin_prefetch(streams[i].at + 64 * line, 1);
            streams[i].at += streams[i].row;
        }
    }
};

template <class T> inline void add_part(const T *part, std::int64_t size, bool first, T *to) {
    for (std::int64_t c = 0; c < size; ++c)
        to[c] = first ? part[c] : to[c] + part[c];
}

// Adds rows of a register to sums by columns; those of a block first for themselves.
template <class T>
inline void add_rows(const Lane &lane, std::int64_t rows, std::int64_t cols, T *to) {
    constexpr std::int64_t wide = 64;
    const T *x = reinterpret_cast<const T *>(lane.at);
    T part[wide];
    for (std::int64_t c = 0; c < cols; c += wide, x += wide, to += wide) {
        const std::int64_t n = cols - c < wide ? cols - c : wide;
        for (std::int64_t i = 0; i < n; ++i)
            part[i] = x[i];
        const T *line = x + lane.row;
        if (n == wide) {
            for (std::int64_t r = 1; r < rows; ++r, line += lane.row)
                for (std::int64_t i = 0; i < wide; ++i)
                    part[i] += line[i];
        } else {
            for (std::int64_t r = 1; r < rows; ++r, line += lane.row)
                for (std::int64_t i = 0; i < n; ++i)
                    part[i] += line[i];
        }
        for (std::int64_t i = 0; i < n; ++i)
            to[i] += part[i];
    }
}

// The registers of one task.
class Blocks {
  public:
    Blocks(const Loop &loop, const Context &context, char *scratch) : loop_(loop), at_(context.at) {
        for (int r = 0; r < loop.registers; ++r)
            if (loop.slot[r] >= 0)
                lane(r, scratch + loop.slot[r], 0);
    }

    // Register 0 is the tile of a product.
    void given(char *tile, std::int64_t row) { lane(0, tile, row); }

    // Numbers that are the same throughout are spread out once.
    void constants(std::int64_t count) {
        for (const Operand &x : loop_.in)
            if (x.constant)
                collect(x.bytes, lies_[x.reg], source(x), 1, count, 0, 0);
    }

    // Rows that do not change are laid out side by side for a block of `rows`.
    void repeat(std::int64_t rows) {
        const std::int64_t cols = loop_.shape[loop_.rank - 1];
        for (const Operand &x : loop_.in)
            if (x.repeated)
                collect(x.bytes, lies_[x.reg], source(x), rows, cols, 0, 1);
    }

    // Where the task's part of the loop's sums is; they begin with nothing.
    void totals(const Instruction &work, char *shared, int task) {
        if (loop_.sums.empty())
            return;
        sums_ = shared + work.sums_at + task * loop_.sum_bytes;
        std::memset(sums_, 0, static_cast<std::size_t>(loop_.sum_bytes));
    }

    // `place`: coordinates of the block's first element on all axes.
    void run(const std::int64_t *place, std::int64_t rows, std::int64_t cols) {
        const int last = loop_.rank - 1;
        for (int r = 0; r < loop_.registers; ++r)
            if (loop_.slot[r] >= 0)
                row_[r] = cols;
        for (const Operand &x : loop_.in) {
            if (x.constant || x.repeated)
                continue;
            const std::int64_t row = last > 0 ? x.stride[last - 1] : 0;
            if (x.direct)
                lane(x.reg, source(x, place), row);
            else
                collect(x.bytes, lies_[x.reg], source(x, place), rows, cols, row, x.stride[last]);
        }
        for (const Operand &y : loop_.out)
            if (y.direct)
                lane(y.reg, source(y, place), last > 0 ? y.stride[last - 1] : 0);
        for (const Micro &m : loop_.micro)
            step(m, rows, cols);
        for (const Total &sum : loop_.sums) {
            char *to = sums_ + sum.at + place[last] * bytes_of(sum.type);
            if (sum.type == Type::float32)
                add_rows(lane(sum.reg), rows, cols, reinterpret_cast<float *>(to));
            else
                add_rows(lane(sum.reg), rows, cols, reinterpret_cast<double *>(to));
        }
        for (const Operand &y : loop_.out)
            if (!y.direct)
                spread(y.bytes, source(y, place), lane(y.reg), rows, cols,
                       last > 0 ? y.stride[last - 1] : 0, y.stride[last]);
    }

    // What rows from `place` on will read and write.
    Soon soon(const std::int64_t *place, std::int64_t cols) const {
        Soon found;
        for (const Operand &x : loop_.in)
            if (x.direct)
                add(found, x, place, cols);
        for (const Operand &y : loop_.out)
            add(found, y, place, cols);
        return found;
    }

  private:
    void add(Soon &to, const Operand &x, const std::int64_t *place, std::int64_t cols) const {
        const int last = loop_.rank - 1;
        const std::ptrdiff_t row = last > 0 ? x.stride[last - 1] * x.bytes : 0;
        const char *at = source(x, place);
        for (int i = 0; i < to.count; ++i)
            if (to.streams[i].at == at)
                return;
        if (row && to.count < kStreams)
            to.streams[to.count++] = {at, row, static_cast<int>((cols * x.bytes + 63) / 64)};
    }

    void lane(int reg, char *at, std::int64_t row) {
        lies_[reg] = at;
        row_[reg] = row;
    }
    Lane lane(int reg) const { return {lies_[reg], row_[reg]}; }

    void step(const Micro &m, std::int64_t rows, std::int64_t cols) {
        Lane in[kMaxInputs], out[kMaxOutputs];
        for (int i = 0; i < m.inputs; ++i)
            in[i] = lane(m.in[i]);
        for (int i = 0; i < m.outputs; ++i)
            out[i] = lane(m.out[i]);
        kOps[m.op].run[static_cast<int>(m.type)](rows, cols, in, out, m.params);
    }

    char *source(const Operand &x) const { return at_[x.value] + x.offset * x.bytes; }
    char *source(const Operand &x, const std::int64_t *place) const {
        std::int64_t where = x.offset;
        for (int d = 0; d < loop_.rank; ++d) {
            where += place[d] * x.stride[d];
            asm("" : "+r"(where)); // vectors would take longer for so few
        }
        return at_[x.value] + where * x.bytes;
    }

    const Loop &loop_;
    char *const *at_;
    char *sums_ = nullptr;
    // A register's memory and the distance of its rows; not as one structure, which would be read
    // as a whole right after it is written by halves, and wait for both.
    char *lies_[kMaxRegisters];
    std::int64_t row_[kMaxRegisters];
};

// Adds the parts of a loop's sums, task by task.
inline void run_loop_join(const Instruction &work, const Context &context, int) {
    for (const Total &sum : work.loop.sums) {
        const char *part = context.shared + work.sums_at + sum.at;
        char *to = context.at[sum.value] + sum.offset * bytes_of(sum.type);
        for (int task = 0; task < work.sum_tasks; ++task, part += work.loop.sum_bytes)
            if (sum.type == Type::float32)
                add_part(reinterpret_cast<const float *>(part), sum.size, task == 0,
                         reinterpret_cast<float *>(to));
            else
                add_part(reinterpret_cast<const double *>(part), sum.size, task == 0,
                         reinterpret_cast<double *>(to));
    }
}

// A loop alone: lines along the last axis, as many at a time as fill a block.
inline void run_loop(const Instruction &work, const Context &context, int task) {
    const Loop &loop = work.loop;
    Blocks blocks(loop, context, context.scratch);
    blocks.totals(work, context.shared, task);
    if (loop.size == 0)
        return;
    const int last = loop.rank - 1;
    const std::int64_t cols = loop.shape[last];
    const std::int64_t inner = last > 0 ? loop.shape[last - 1] : 1;
    const std::int64_t lines = loop.size / cols;
    std::int64_t place[kMaxRank] = {};
    if (lines == 1) {
        const std::int64_t chunks = (cols + kBlock - 1) / kBlock;
        const std::int64_t from = chunks * task / work.tasks * kBlock;
        const std::int64_t end = chunks * (task + 1) / work.tasks * kBlock;
        const std::int64_t to = end < cols ? end : cols;
        blocks.constants(to - from < kBlock ? to - from : kBlock);
        for (std::int64_t c = from; c < to; c += kBlock) {
            place[last] = c;
            blocks.run(place, 1, to - c < kBlock ? to - c : kBlock);
        }
        return;
    }
    const std::int64_t from = lines * task / work.tasks, to = lines * (task + 1) / work.tasks;
    const std::int64_t wide = cols < kBlock ? cols : kBlock;
    const std::int64_t high = kBlock / wide;
    blocks.constants(kBlock);
    blocks.repeat(high);
    for (std::int64_t line = from; line < to;) {
        std::int64_t rest = line;
        for (int d = last - 1; d >= 0; --d) {
            place[d] = rest % loop.shape[d];
            rest /= loop.shape[d];
        }
        std::int64_t rows = inner - place[last - 1];
        rows = rows < to - line ? rows : to - line;
        rows = rows < high ? rows : high;
        for (std::int64_t c = 0; c < cols; c += wide) {
            place[last] = c;
            blocks.run(place, rows, cols - c < wide ? cols - c : wide);
        }
        line += rows;
    }
}

} // namespace ANNETTE_ISA
} // namespace annette
