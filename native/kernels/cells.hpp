// The gradient of a step of a recurrent cell on a block: what it is made of is read once, and what
// it gives is written once.
//
// The formulas are those of annette/fused/cells.py, whose composites are the definition.
#pragma once

#include "optimizers.hpp"

namespace annette {
namespace ANNETTE_ISA {

// x: the gradients by the new state and cell, the gates and the cell before; y: the gradients by
// the sums of the gates, and by the cell before.
struct LstmSlopes {
    static constexpr int ins = 7, outs = 5;
    template <class V> static void of(const V *x, V *y) {
        const V dh = x[0], i = x[2], f = x[3], a = x[4], o = x[5], before = x[6];
        const V one = all<V>(1), t = vtanh(f * before + i * a);
        const V dc = x[1] + dh * o * (one - t * t);
        y[0] = dc * a * (i * (one - i));
        y[1] = dc * before * (f * (one - f));
        y[2] = dc * i * (one - a * a);
        y[3] = dh * t * (o * (one - o));
        y[4] = dc * f;
    }
};

template <class Rule, class T>
void run_cell(std::int64_t rows, std::int64_t cols, const Lane *in, const Lane *out,
              const double *) {
    constexpr int ins = Rule::ins, outs = Rule::outs;
    join<ins, outs>(rows, cols, in, out);
    for (std::int64_t r = 0; r < rows; ++r) {
        const T *from[ins];
        T *to[outs];
        for (int i = 0; i < ins; ++i)
            from[i] = row_of<const T>(in[i], r);
        for (int i = 0; i < outs; ++i)
            to[i] = row_of<T>(out[i], r);
        std::int64_t c = 0;
#if defined(__AVX512F__)
        if constexpr (std::is_same_v<T, float>) {
            for (Single x[ins], y[outs]; c < cols; c += 16) {
                const int rest = cols - c < 16 ? static_cast<int>(cols - c) : 0;
                for (int i = 0; i < ins; ++i)
                    x[i] = rest ? load_some(from[i] + c, rest) : load(from[i] + c);
                Rule::of(x, y);
                for (int i = 0; i < outs; ++i)
                    rest ? store_some(to[i] + c, y[i], rest) : store(to[i] + c, y[i]);
            }
        }
#endif
#pragma GCC ivdep
        for (; c < cols; ++c) {
            T x[ins], y[outs];
            for (int i = 0; i < ins; ++i)
                x[i] = from[i][c];
            Rule::of(x, y);
            for (int i = 0; i < outs; ++i)
                to[i][c] = y[i];
        }
    }
}

template <class Rule> inline constexpr MicroOp entry_cell(const char *name) {
    MicroOp m{name, Rule::ins, Rule::outs, true, {}, {}, {}};
    set(m, Type::float32, Type::float32, Type::float32, run_cell<Rule, float>);
    set(m, Type::float64, Type::float64, Type::float64, run_cell<Rule, double>);
    return m;
}

#define ANNETTE_CELL_TABLE entry_cell<LstmSlopes>("lstm_slopes")

} // namespace ANNETTE_ISA
} // namespace annette
