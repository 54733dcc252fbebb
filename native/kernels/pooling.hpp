// What windows do for each channel alone: depthwise convolution, sums and maxima.
#pragma once

#include "winograd.hpp"

namespace annette {
namespace ANNETTE_ISA {

// A place of the input that a window covers.
struct Seen {
    std::ptrdiff_t at;     // elements from the window's base
    std::ptrdiff_t number; // of the place in its grid, from the base's number
    std::ptrdiff_t tap;
};

// Where a result stands: among those of its piece, and in its grid.
struct Place {
    std::int64_t index, number;
};

// Calls f(place, base, base's number, the places seen) for each result of a piece, line by line.
template <class F> void walk(const Windows &w, const View &x, const Piece &piece, const F &f) {
    const Axis &za = w.axis[0], &ya = w.axis[1], &xa = w.axis[2];
    const std::int64_t sz = x.stride[1], sy = x.stride[2], sx = x.stride[3];
    std::vector<Seen> rows, seen;
    for (std::int64_t z = piece.out[0].from; z < piece.out[0].to; ++z)
        for (std::int64_t y = piece.out[1].from; y < piece.out[1].to; ++y) {
            const Phase &zp = za.phases[static_cast<std::size_t>(z % za.out_step)];
            const Phase &yp = ya.phases[static_cast<std::size_t>(y % ya.out_step)];
            rows.clear();
            for (const Tap &zt : zp.taps)
                for (const Tap &yt : yp.taps) {
                    const std::int64_t pz = z / za.out_step * za.in_step + zt.offset;
                    const std::int64_t py = y / ya.out_step * ya.in_step + yt.offset;
                    if (pz >= 0 && pz < za.in && py >= 0 && py < ya.in)
                        rows.push_back({pz * sz + py * sy, (pz * ya.in + py) * xa.in,
                                        (zt.tap * ya.taps + yt.tap) * xa.taps});
                }
            const std::int64_t line =
                (z - piece.out[0].from) * piece.out[1].size() + y - piece.out[1].from;
            for (const Phase &xp : xa.phases) {
                const Range q = xp.within(piece.out[2], xa.out_step);
                bool whole = false; // `seen` serves all places where the window is inside
                for (std::int64_t k = q.from; k < q.to; ++k) {
                    const std::int64_t base = k * xa.in_step;
                    bool inside = true;
                    for (const Tap &xt : xp.taps)
                        inside = inside && base + xt.offset >= 0 && base + xt.offset < xa.in;
                    if (!inside || !whole) {
                        seen.clear();
                        for (const Seen &row : rows)
                            for (const Tap &xt : xp.taps)
                                if (base + xt.offset >= 0 && base + xt.offset < xa.in)
                                    seen.push_back({row.at + xt.offset * sx, row.number + xt.offset,
                                                    row.tap + xt.tap});
                        whole = inside;
                    }
                    const std::int64_t out = xp.start + k * xa.out_step;
                    f(Place{line * piece.out[2].size() + out - piece.out[2].from,
                            (z * ya.out + y) * xa.out + out},
                      base * sx, base, seen);
                }
            }
        }
}

// in: x [n, z, y, x, channels], and the kernel [taps, channels] or none: then the sum of each
// window, or (turned) its largest value.
template <class T> struct Depthwise {
    Depthwise(const Instruction &w, const Context &c)
        : work(w), context(c), windows(*w.windows),
          panels((windows.channels + kPanel<T> - 1) / kPanel<T>),
          wide(result_width<T>(windows.channels)) {}

    // Whole vectors of channels.
    template <int Vectors, bool Largest>
    static void window(const T *x, const T *w, std::int64_t gap, const std::vector<Seen> &seen,
                       T *to) {
        constexpr int lanes = Simd<T>::lanes;
        Vec<T> sum[Vectors] = {};
        if (Largest && !seen.empty())
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j)
                sum[j] = load(x + seen[0].at + j * lanes);
        for (const Seen &s : seen)
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j) {
                const Vec<T> v = load(x + s.at + j * lanes);
                if constexpr (Largest) // not-a-number is larger than all
                    sum[j] = (v > sum[j]) | ((v != v) & (sum[j] == sum[j])) ? v : sum[j];
                else
                    sum[j] = w ? fma(v, load(w + s.tap * gap + j * lanes), sum[j]) : sum[j] + v;
            }
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j)
            store(to + j * lanes, sum[j]);
    }

    static void any(bool largest, const T *x, const T *w, std::int64_t gap,
                    const std::vector<Seen> &seen, std::int64_t cols, T *to) {
        if (largest && !seen.empty()) {
            std::memcpy(to, x + seen[0].at, static_cast<std::size_t>(cols) * sizeof(T));
            for (const Seen &s : seen)
                for (std::int64_t c = 0; c < cols; ++c) {
                    const T v = x[s.at + c];
                    to[c] = (v > to[c]) | ((v != v) & (to[c] == to[c])) ? v : to[c];
                }
            return;
        }
        for (std::int64_t c = 0; c < cols; ++c)
            to[c] = T(0);
        for (const Seen &s : seen)
            for (std::int64_t c = 0; c < cols; ++c)
                to[c] = w ? fma1(x[s.at + c], w[s.tap * gap + c], to[c]) : to[c] + x[s.at + c];
    }

    void piece(const Piece &p, std::int64_t panel, T *results) const {
        const View &view = work.in[0];
        const std::int64_t gap = windows.channels, cols = cols_of<T>(windows.channels, panel);
        const T *x = values<T>(context, view) + p.image * view.stride[0] + panel * kPanel<T>;
        const T *w =
            work.in.size() > 1 ? values<T>(context, work.in[1]) + panel * kPanel<T> : nullptr;
        constexpr int lanes = Simd<T>::lanes;
        const auto each = [&](auto compute) {
            walk(windows, view, p,
                 [&](const Place &place, std::int64_t base, std::int64_t,
                     const std::vector<Seen> &seen) {
                     compute(x + base, w, gap, seen, results + place.index * wide);
                 });
        };
        const bool largest = windows.turned;
        if (cols == 4 * lanes)
            return largest ? each(window<4, true>) : each(window<4, false>);
        if (cols == 3 * lanes)
            return largest ? each(window<3, true>) : each(window<3, false>);
        if (cols == 2 * lanes)
            return largest ? each(window<2, true>) : each(window<2, false>);
        if (cols == lanes)
            return largest ? each(window<1, true>) : each(window<1, false>);
        each([cols, largest](const T *from, const T *kernel, std::int64_t step,
                             const std::vector<Seen> &seen,
                             T *to) { any(largest, from, kernel, step, seen, cols, to); });
    }

    void run(int task) const {
        const Room<T> room(context);
        Blocks blocks(work.loop, context, room.registers);
        blocks.constants(kBlock);
        blocks.repeat(kBlock / wide);
        blocks.totals(work, context.shared, task);
        Finish<T> finish{work.loop, blocks, wide};
        const Share share(work, windows.n * windows.pieces(), task);
        for (std::int64_t n = share.from; n < share.to; ++n) {
            const Piece p = piece_of(windows, n);
            for (std::int64_t panel = 0; panel < panels; ++panel) {
                piece(p, panel, room.results);
                finish.piece(windows, p, room.results, panel * kPanel<T>,
                             cols_of<T>(windows.channels, panel));
            }
        }
    }

    const Instruction &work;
    const Context &context;
    const Windows &windows;
    const std::int64_t panels, wide;
};

inline void run_depthwise(const Instruction &work, const Context &context, int task) {
    by_type(work, [&](auto t) { Depthwise<decltype(t)>(work, context).run(task); });
}

// in: x and g, both [n, z, y, x, channels]; out of the loop: the kernel [taps, channels].
template <class T> struct DepthwiseFilter {
    DepthwiseFilter(const Instruction &w, const Context &c)
        : work(w), context(c), windows(*w.windows),
          sums(w, c, (windows.channels + kPanel<T> - 1) / kPanel<T>, windows.taps()) {}

    void partial(int task) const {
        const std::int64_t p = task / sums.panels, panel = task % sums.panels;
        const std::int64_t cols = cols_of<T>(windows.channels, panel);
        const View &view = work.in[0], &gs = work.in[1];
        T *to = sums.part(p, panel);
        std::memset(to, 0, static_cast<std::size_t>(sums.rows * kPanel<T>) * sizeof(T));
        const std::int64_t pieces = windows.n * windows.pieces();
        for (std::int64_t n = pieces * p / sums.parts; n < pieces * (p + 1) / sums.parts; ++n) {
            const Piece piece = piece_of(windows, n);
            const T *x =
                values<T>(context, view) + piece.image * view.stride[0] + panel * kPanel<T>;
            const T *g = values<T>(context, gs) + piece.image * gs.stride[0] + panel * kPanel<T>;
            walk(windows, view, piece,
                 [&](const Place &place, std::int64_t base, std::int64_t,
                     const std::vector<Seen> &seen) {
                     add(x + base, g + place.number * windows.channels, seen, cols, to);
                 });
        }
    }

    static void add(const T *x, const T *g, const std::vector<Seen> &seen, std::int64_t cols,
                    T *to) {
        for (const Seen &s : seen) {
            T *row = to + s.tap * kPanel<T>;
            std::int64_t c = 0;
            for (; c + Simd<T>::lanes <= cols; c += Simd<T>::lanes)
                store(row + c, fma(load(x + s.at + c), load(g + c), load(row + c)));
            for (; c < cols; ++c)
                row[c] = fma1(x[s.at + c], g[c], row[c]);
        }
    }

    void join(int task) const { join_parts<T>(work, context, sums, 1, windows.channels, task); }

    const Instruction &work;
    const Context &context;
    const Windows &windows;
    const Parts<T> sums;
};

inline void run_depthwise_filter(const Instruction &work, const Context &context, int task) {
    by_type(work, [&](auto t) { DepthwiseFilter<decltype(t)>(work, context).partial(task); });
}
inline void run_depthwise_filter_rest(const Instruction &work, const Context &context, int task) {
    by_type(work, [&](auto t) { DepthwiseFilter<decltype(t)>(work, context).join(task); });
}

// Not-a-number is larger than all; the first of equals stays.
template <class T>
inline void larger(const T *__restrict x, std::int32_t number, std::int64_t channels,
                   T *__restrict best, std::int32_t *__restrict where) {
    for (std::int64_t c = 0; c < channels; ++c) {
        const bool wins = (x[c] > best[c]) | ((x[c] != x[c]) & (best[c] == best[c]));
        best[c] = wins ? x[c] : best[c];
        where[c] = wins ? number : where[c];
    }
}

// in: x; out: the largest of each window, and the number of its place.
template <class T> void max_pool(const Instruction &work, const Context &context, int task) {
    const Windows &windows = *work.windows;
    const View &view = work.in[0];
    const std::int64_t channels = windows.channels;
    const Share share(work, windows.n * windows.pieces(), task);
    for (std::int64_t n = share.from; n < share.to; ++n) {
        const Piece piece = piece_of(windows, n);
        const T *x = values<T>(context, view) + piece.image * view.stride[0];
        const std::int64_t to = piece.image * windows.places() * channels;
        T *best = values<T>(context, work.out[0]) + to;
        std::int32_t *where = values<std::int32_t>(context, work.out[1]) + to;
        walk(windows, view, piece,
             [&](const Place &place, std::int64_t base, std::int64_t number,
                 const std::vector<Seen> &seen) {
                 T *y = best + place.number * channels;
                 std::int32_t *at = where + place.number * channels;
                 if (seen.empty()) {
                     std::fill(y, y + channels, T(0));
                     std::fill(at, at + channels, -1);
                     return;
                 }
                 std::memcpy(y, x + base + seen[0].at,
                             static_cast<std::size_t>(channels) * sizeof(T));
                 std::fill(at, at + channels, static_cast<std::int32_t>(number + seen[0].number));
                 for (std::size_t s = 1; s < seen.size(); ++s)
                     larger(x + base + seen[s].at,
                            static_cast<std::int32_t>(number + seen[s].number), channels, y, at);
             });
    }
}

// to += from, where a number is `mine`. Read whatever is chosen: branches would be guessed wrong.
template <class T>
inline void add_where(const T *__restrict from, const std::int32_t *__restrict number,
                      std::int32_t mine, std::int64_t channels, T *__restrict to) {
    for (std::int64_t c = 0; c < channels; ++c) {
        const T value = from[c], here = to[c];
        to[c] = here + (number[c] == mine ? value : T(0));
    }
}

// in: g and the number of the place that each came from; out: what each place gets.
template <class T> void max_unpool(const Instruction &work, const Context &context, int task) {
    const Windows &windows = *work.windows;
    const View &view = work.in[0];
    const std::int64_t channels = windows.channels;
    const Share share(work, windows.n * windows.pieces(), task);
    for (std::int64_t n = share.from; n < share.to; ++n) {
        const Piece piece = piece_of(windows, n);
        const T *g = values<T>(context, view) + piece.image * view.stride[0];
        const std::int32_t *where =
            values<std::int32_t>(context, work.in[1]) + piece.image * view.stride[0];
        T *x = values<T>(context, work.out[0]) + piece.image * windows.places() * channels;
        walk(windows, view, piece,
             [&](const Place &place, std::int64_t base, std::int64_t,
                 const std::vector<Seen> &seen) {
                 T *to = x + place.number * channels;
                 std::memset(to, 0, static_cast<std::size_t>(channels) * sizeof(T));
                 for (const Seen &s : seen)
                     add_where(g + base + s.at, where + base + s.at,
                               static_cast<std::int32_t>(place.number), channels, to);
             });
    }
}

inline void run_max_pool(const Instruction &work, const Context &context, int task) {
    by_type(work, [&](auto t) { max_pool<decltype(t)>(work, context, task); });
}
inline void run_max_unpool(const Instruction &work, const Context &context, int task) {
    by_type(work, [&](auto t) { max_unpool<decltype(t)>(work, context, task); });
}

} // namespace ANNETTE_ISA
} // namespace annette
