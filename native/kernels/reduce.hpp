// Reductions: many elements make one. The order depends on the shape alone.
#pragma once

#include <algorithm>

#include "loop.hpp"

namespace annette {
namespace ANNETTE_ISA {

struct Sum {
    template <class T> static T start() { return T(0); }
    template <class T> static T join(T a, T b) { return static_cast<T>(a + b); }
};
struct Prod {
    template <class T> static T start() { return T(1); }
    template <class T> static T join(T a, T b) { return static_cast<T>(a * b); }
};
struct Max {
    template <class T> static T start() {
        return std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity()
                                           : std::numeric_limits<T>::lowest();
    }
    template <class T> static T join(T a, T b) { return maximum(a, b); }
};
struct Min {
    template <class T> static T start() {
        return std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity()
                                           : std::numeric_limits<T>::max();
    }
    template <class T> static T join(T a, T b) { return minimum(a, b); }
};

// Neighbours, in 64 partial results and then pairwise: the error grows with the logarithm.
template <class Rule, class T> T fold_run(const T *x, std::int64_t n) {
    constexpr int parts = 64;
    if (n > 2048) {
        const std::int64_t half = n / 2 / 1024 * 1024;
        return Rule::join(fold_run<Rule>(x, half), fold_run<Rule>(x + half, n - half));
    }
    T total = Rule::template start<T>();
    std::int64_t i = 0;
    if (n >= parts) {
        T part[parts];
        for (int p = 0; p < parts; ++p)
            part[p] = x[p];
        for (i = parts; i + parts <= n; i += parts)
            for (int p = 0; p < parts; ++p)
                part[p] = Rule::join(part[p], x[i + p]);
        // What is left joins the first of them: one after another it would wait for each sum.
        for (std::int64_t p = 0; p < n - i; ++p)
            part[p] = Rule::join(part[p], x[i + p]);
        i = n;
        for (int width = parts / 2; width; width /= 2)
            for (int p = 0; p < width; ++p)
                part[p] = Rule::join(part[p], part[p + width]);
        total = part[0];
    }
    for (; i < n; ++i)
        total = Rule::join(total, x[i]);
    return total;
}

template <class Rule, class T> T fold_steps(const T *x, std::int64_t n, std::int64_t gap) {
    if (gap == 1)
        return fold_run<Rule>(x, n);
    if (n > 64) {
        const std::int64_t half = n / 2;
        return Rule::join(fold_steps<Rule>(x, half, gap),
                          fold_steps<Rule>(x + half * gap, n - half, gap));
    }
    T total = Rule::template start<T>();
    for (std::int64_t i = 0; i < n; ++i)
        total = Rule::join(total, x[i * gap]);
    return total;
}

// Visits the places of some axes in row-major order.
class Walk {
  public:
    Walk(int rank, const std::int64_t *shape, const std::int64_t *stride)
        : rank_(rank), shape_(shape), stride_(stride) {}
    std::int64_t at(std::int64_t number) const {
        std::int64_t where = 0;
        for (int d = rank_ - 1; d >= 0; --d) {
            where += number % shape_[d] * stride_[d];
            number /= shape_[d];
        }
        return where;
    }

  private:
    int rank_;
    const std::int64_t *shape_, *stride_;
};

// ints: number of kept axes, then of reduced ones; the view has the kept ones first, and each group
// is merged as far as it goes. The result lies without gaps in the order of the kept axes.
struct Reduction {
    explicit Reduction(const Instruction &work) {
        const View &x = work.in[0];
        kept_rank = static_cast<int>(work.ints[0]);
        rest_rank = static_cast<int>(work.ints[1]);
        shape = x.shape.data();
        stride = x.stride.data();
        for (int d = 0; d < kept_rank; ++d)
            kept *= shape[d];
        for (int d = kept_rank; d < kept_rank + rest_rank; ++d)
            rest *= shape[d];
    }
    int kept_rank, rest_rank;
    const std::int64_t *shape, *stride;
    std::int64_t kept = 1, rest = 1;
};

// Columns [from, to) of rows [first, end), in blocks of 64 rows.
template <class Rule, class T, int Wide>
void fold_columns(const Walk &rows, std::int64_t first, std::int64_t end, const T *x, T *y,
                  std::int64_t cols) {
    T total[Wide], part[Wide];
    std::fill(total, total + Wide, Rule::template start<T>());
    for (; first < end; first += 64) {
        const std::int64_t last = first + 64 < end ? first + 64 : end;
        std::fill(part, part + Wide, Rule::template start<T>());
        if (cols == Wide) {
            for (std::int64_t k = first; k < last; ++k) {
                const T *line = x + rows.at(k);
                for (int i = 0; i < Wide; ++i)
                    part[i] = Rule::join(part[i], line[i]);
            }
        } else {
            for (std::int64_t k = first; k < last; ++k) {
                const T *line = x + rows.at(k);
                for (std::int64_t i = 0; i < cols; ++i)
                    part[i] = Rule::join(part[i], line[i]);
            }
        }
        for (int i = 0; i < Wide; ++i)
            total[i] = Rule::join(total[i], part[i]);
    }
    std::memcpy(y, total, static_cast<std::size_t>(cols) * sizeof(T));
}

// What the kept columns of an instruction, side by side in memory, are made of.
template <class Rule, class T> struct Columns {
    Columns(const Instruction &w, const Context &c)
        : work(w), r(w), rows(r.rest_rank, r.shape + 1, r.stride + 1),
          x(reinterpret_cast<const T *>(c.at[w.in[0].value]) + w.in[0].offset),
          y(reinterpret_cast<T *>(c.at[w.out[0].value]) + w.out[0].offset),
          parts(reinterpret_cast<T *>(c.shared)) {}

    void fold(std::int64_t from, std::int64_t to, std::int64_t first, std::int64_t end,
              T *into) const {
        constexpr int wide = kColumns;
        while (to - from >= wide) {
            fold_columns<Rule, T, wide>(rows, first, end, x + from, into + from, wide);
            from += wide;
        }
        if (to - from >= wide / 2) {
            fold_columns<Rule, T, wide / 2>(rows, first, end, x + from, into + from, wide / 2);
            from += wide / 2;
        }
        if (to > from)
            fold_columns<Rule, T, wide / 2>(rows, first, end, x + from, into + from, to - from);
    }
    // A task has all rows of some columns, or some rows of all.
    void run(int task) const {
        const std::int64_t n = work.tasks;
        if (work.then) {
            fold(0, r.kept, r.rest * task / n, r.rest * (task + 1) / n, parts + task * r.kept);
            return;
        }
        const std::int64_t groups = (r.kept + kColumns - 1) / kColumns;
        fold(groups * task / n * kColumns, std::min(r.kept, groups * (task + 1) / n * kColumns), 0,
             r.rest, y);
    }
    void join() const {
        for (std::int64_t c = 0; c < r.kept; ++c) {
            T total = parts[c];
            for (std::int64_t p = 1; p < work.tasks; ++p)
                total = Rule::join(total, parts[p * r.kept + c]);
            y[c] = total;
        }
    }

    const Instruction &work;
    const Reduction r;
    const Walk rows;
    const T *x;
    T *y, *parts;
};

// Kept columns that lie side by side, for each place of the kept axes before them.
template <class Rule, class T>
void reduce_inner(const Instruction &work, const Context &context, int task) {
    constexpr int wide = kColumns;
    const Reduction r(work);
    const View &in = work.in[0], &out = work.out[0];
    const int outer = r.kept_rank - 1;
    const Walk places(outer, r.shape, r.stride);
    const Walk rows(r.rest_rank, r.shape + r.kept_rank, r.stride + r.kept_rank);
    const std::int64_t cols = r.shape[outer], count = r.kept / cols;
    const T *x = reinterpret_cast<const T *>(context.at[in.value]) + in.offset;
    T *y = reinterpret_cast<T *>(context.at[out.value]) + out.offset;
    for (std::int64_t p = count * task / work.tasks; p < count * (task + 1) / work.tasks; ++p) {
        const T *from = x + places.at(p);
        for (std::int64_t c = 0; c < cols; c += wide)
            fold_columns<Rule, T, wide>(rows, 0, r.rest, from + c, y + p * cols + c,
                                        std::min<std::int64_t>(wide, cols - c));
    }
}

template <class Rule, class T>
void reduce(const Instruction &work, const Context &context, int task) {
    if (work.ints[2] == kInner)
        return reduce_inner<Rule, T>(work, context, task);
    if (work.ints[2])
        return Columns<Rule, T>(work, context).run(task);
    const Reduction r(work);
    const View &in = work.in[0], &out = work.out[0];
    const T *x = reinterpret_cast<const T *>(context.at[in.value]) + in.offset;
    T *y = reinterpret_cast<T *>(context.at[out.value]) + out.offset;
    const std::int64_t from = r.kept * task / work.tasks, to = r.kept * (task + 1) / work.tasks;
    const Walk kept(r.kept_rank, r.shape, r.stride);
    const int last = r.kept_rank + r.rest_rank - 1;
    const std::int64_t run = r.rest_rank ? r.shape[last] : 1;
    const std::int64_t gap = r.rest_rank ? r.stride[last] : 1;
    const std::int64_t runs = run ? r.rest / run : 0;
    const Walk outer(r.rest_rank ? r.rest_rank - 1 : 0, r.shape + r.kept_rank,
                     r.stride + r.kept_rank);
    for (std::int64_t i = from; i < to; ++i) {
        const T *line = x + kept.at(i);
        T total = Rule::template start<T>();
        for (std::int64_t k = 0; k < runs; ++k)
            total = Rule::join(total, fold_steps<Rule>(line + outer.at(k), run, gap));
        y[i] = total;
    }
}

template <class Rule, class T>
void reduce_join(const Instruction &work, const Context &context, int) {
    Columns<Rule, T>(work, context).join();
}

#define ANNETTE_REDUCE(name)                                                                       \
    template <class Rule>                                                                          \
    void run_##name(const Instruction &work, const Context &context, int task) {                   \
        switch (work.in[0].type) {                                                                 \
        case Type::float32: return name<Rule, float>(work, context, task);                         \
        case Type::float64: return name<Rule, double>(work, context, task);                        \
        case Type::int32: return name<Rule, std::int32_t>(work, context, task);                    \
        case Type::int64: return name<Rule, std::int64_t>(work, context, task);                    \
        case Type::uint32: return name<Rule, std::uint32_t>(work, context, task);                  \
        default: return name<Rule, bool>(work, context, task);                                     \
        }                                                                                          \
    }
ANNETTE_REDUCE(reduce)
ANNETTE_REDUCE(reduce_join)
#undef ANNETTE_REDUCE

// The place of the largest (smallest) along one axis, the first of equals; not-a-number wins.
template <class T, bool Largest>
void place_of_extreme(const Instruction &work, const Context &context, int task) {
    const Reduction r(work);
    const View &in = work.in[0], &out = work.out[0];
    const T *x = reinterpret_cast<const T *>(context.at[in.value]) + in.offset;
    std::int32_t *y = reinterpret_cast<std::int32_t *>(context.at[out.value]) + out.offset;
    const Walk kept(r.kept_rank, r.shape, r.stride);
    const std::int64_t gap = r.stride[r.kept_rank];
    for (std::int64_t i = r.kept * task / work.tasks; i < r.kept * (task + 1) / work.tasks; ++i) {
        const T *line = x + kept.at(i);
        T best = line[0];
        std::int32_t where = 0;
        for (std::int64_t k = 1; k < r.rest && best == best; ++k) {
            const T value = line[k * gap];
            if ((Largest ? value > best : value < best) || value != value) {
                best = value;
                where = static_cast<std::int32_t>(k);
            }
        }
        y[i] = where;
    }
}

template <bool Largest> void run_argmax(const Instruction &work, const Context &context, int task) {
    switch (work.in[0].type) {
    case Type::float32: return place_of_extreme<float, Largest>(work, context, task);
    case Type::float64: return place_of_extreme<double, Largest>(work, context, task);
    case Type::int32: return place_of_extreme<std::int32_t, Largest>(work, context, task);
    case Type::int64: return place_of_extreme<std::int64_t, Largest>(work, context, task);
    case Type::uint32: return place_of_extreme<std::uint32_t, Largest>(work, context, task);
    default: return place_of_extreme<bool, Largest>(work, context, task);
    }
}

// Sums along one axis, each with those before it. ints as for a reduction of one axis.
template <class T> void running_sum(const Instruction &work, const Context &context, int task) {
    const Reduction r(work);
    const View &in = work.in[0], &out = work.out[0];
    const T *x = reinterpret_cast<const T *>(context.at[in.value]) + in.offset;
    T *y = reinterpret_cast<T *>(context.at[out.value]) + out.offset;
    const Walk from(r.kept_rank, r.shape, r.stride);
    const Walk to(r.kept_rank, r.shape, out.stride.data());
    const std::int64_t gap = r.stride[r.kept_rank], step = out.stride[r.kept_rank];
    for (std::int64_t i = r.kept * task / work.tasks; i < r.kept * (task + 1) / work.tasks; ++i) {
        T total = 0;
        for (std::int64_t k = 0; k < r.rest; ++k)
            y[to.at(i) + k * step] = total = static_cast<T>(total + x[from.at(i) + k * gap]);
    }
}

inline void run_cumsum(const Instruction &work, const Context &context, int task) {
    switch (work.in[0].type) {
    case Type::float32: return running_sum<float>(work, context, task);
    case Type::float64: return running_sum<double>(work, context, task);
    case Type::int32: return running_sum<std::int32_t>(work, context, task);
    case Type::int64: return running_sum<std::int64_t>(work, context, task);
    default: return running_sum<std::uint32_t>(work, context, task);
    }
}

} // namespace ANNETTE_ISA
} // namespace annette
