// Convolutions with kernels of 3 x 3 by polynomials: 36 products for 16 results instead of 144.
//
// Tiles of 6 x 6 of the input give 4 x 4 results: y = A' [(G g G') * (B' d B)] A, where * goes
// element by element and is summed over the channels as 36 matrix products.
// Winograd, "Arithmetic complexity of computations" (1980); Lavin and Gray, "Fast algorithms for
// convolutional neural networks" (2016). The polynomials are taken at 0, +-sqrt(1/2), +-sqrt(2) and
// infinity: the symmetry keeps rounding errors near those of the plain sum, which whole numbers
// (0, +-1, +-2) do not.
#pragma once

#include "convolution.hpp"

namespace annette {
namespace ANNETTE_ISA {

constexpr int kOutTile = kWinogradTile, kTaps = kWinogradTaps, kInTile = kOutTile + kTaps - 1;
constexpr int kPlaces = kWinogradPlaces;
constexpr std::int64_t kTiles = kWinogradTiles, kSumRows = kWinogradRows;
constexpr float kHalfRoot = 0.70710678f; // the points, their squares being 1/2 and 2
constexpr float kRoot = 1.41421356f;

using F = float;
constexpr int kLanes = Simd<F>::lanes;

// In all of these: n vectors `step` apart become m vectors.

// B': what a line of the input is at the points.
struct OfInput {
    static constexpr int from = kInTile, to = kInTile;
    static inline __attribute__((always_inline)) void run(const Vec<F> *d, int step, Vec<F> *y,
                                                          int gap) {
        const Vec<F> d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
        const Vec<F> even1 = fma(splat(-2.0f), d2, d4), odd1 = fma(splat(-2.0f), d1, d3);
        const Vec<F> even2 = fma(splat(-0.5f), d2, d4), odd2 = fma(splat(-0.5f), d1, d3);
        y[0] = fma(splat(-2.5f), d2, d4 + d[0]);
        y[gap] = fma(splat(kHalfRoot), odd1, even1);
        y[2 * gap] = fma(splat(-kHalfRoot), odd1, even1);
        y[3 * gap] = fma(splat(kRoot), odd2, even2);
        y[4 * gap] = fma(splat(-kRoot), odd2, even2);
        y[5 * gap] = fma(splat(-2.5f), d3, d[5 * step] + d1);
    }
};

// G: what a line of the kernel is at the points, with the weights of the interpolation.
struct OfKernel {
    static constexpr int from = kTaps, to = kInTile;
    static inline __attribute__((always_inline)) void run(const Vec<F> *g, int step, Vec<F> *y,
                                                          int gap) {
        const Vec<F> g0 = g[0], g1 = g[step], g2 = g[2 * step];
        const Vec<F> even1 = fma(splat(0.5f), g2, g0) * splat(-2.0f / 3);
        const Vec<F> even2 = fma(splat(2.0f), g2, g0) * splat(1.0f / 6);
        y[0] = g0;
        y[gap] = fma(splat(kHalfRoot * -2 / 3), g1, even1);
        y[2 * gap] = fma(splat(kHalfRoot * 2 / 3), g1, even1);
        y[3 * gap] = fma(splat(kRoot / 6), g1, even2);
        y[4 * gap] = fma(splat(-kRoot / 6), g1, even2);
        y[5 * gap] = g2;
    }
};

// A': a line of results of the products.
struct ToResults {
    static constexpr int from = kInTile, to = kOutTile;
    static inline __attribute__((always_inline)) void run(const Vec<F> *m, int step, Vec<F> *y,
                                                          int gap) {
        const Vec<F> m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step];
        const Vec<F> sum1 = m1 + m2, odd1 = m1 - m2, sum2 = m3 + m4, odd2 = m3 - m4;
        y[0] = m[0] + (sum1 + sum2);
        y[gap] = fma(splat(kHalfRoot), odd1, splat(kRoot) * odd2);
        y[2 * gap] = fma(splat(0.5f), sum1, splat(2.0f) * sum2);
        y[3 * gap] = fma(splat(kHalfRoot / 2), odd1, fma(splat(kRoot * 2), odd2, m[5 * step]));
    }
};

// A, the gradient of the last.
struct OfGradient {
    static constexpr int from = kOutTile, to = kInTile;
    static inline __attribute__((always_inline)) void run(const Vec<F> *g, int step, Vec<F> *y,
                                                          int gap) {
        const Vec<F> g0 = g[0], g1 = g[step], g2 = g[2 * step], g3 = g[3 * step];
        const Vec<F> even1 = fma(splat(0.5f), g2, g0), odd1 = fma(splat(0.5f), g3, g1);
        const Vec<F> even2 = fma(splat(2.0f), g2, g0), odd2 = fma(splat(2.0f), g3, g1);
        y[0] = g0;
        y[gap] = fma(splat(kHalfRoot), odd1, even1);
        y[2 * gap] = fma(splat(-kHalfRoot), odd1, even1);
        y[3 * gap] = fma(splat(kRoot), odd2, even2);
        y[4 * gap] = fma(splat(-kRoot), odd2, even2);
        y[5 * gap] = g3;
    }
};

// G', the gradient of a line of the kernel.
struct ToKernel {
    static constexpr int from = kInTile, to = kTaps;
    static inline __attribute__((always_inline)) void run(const Vec<F> *s, int step, Vec<F> *y,
                                                          int gap) {
        const Vec<F> s1 = s[step], s2 = s[2 * step], s3 = s[3 * step], s4 = s[4 * step];
        const Vec<F> sum1 = s1 + s2, odd1 = s1 - s2, sum2 = s3 + s4, odd2 = s3 - s4;
        y[0] = fma(splat(1.0f / 6), sum2, fma(splat(-2.0f / 3), sum1, s[0]));
        y[gap] = fma(splat(kHalfRoot * -2 / 3), odd1, splat(kRoot / 6) * odd2);
        y[2 * gap] = fma(splat(1.0f / 3), sum2 - sum1, s[5 * step]);
    }
};

// A line at a time, and then across: `from` x `from` vectors become `to` x `to`.
template <class Line>
inline __attribute__((always_inline)) void both_ways(const Vec<F> *d, Vec<F> *y) {
    Vec<F> half[Line::to * Line::from];
#pragma GCC unroll 6
    for (int j = 0; j < Line::from; ++j)
        Line::run(d + j, Line::from, half + j, Line::from);
#pragma GCC unroll 6
    for (int i = 0; i < Line::to; ++i)
        Line::run(half + i * Line::from, 1, y + i * Line::to, 1);
}

// A square of an image that a tile reads: the part [top, bottom) x [left, right) of it is there.
struct Square {
    const F *at; // of its place (0, 0), there or not
    int top, bottom, left, right;

    bool whole(int size) const { return top == 0 && left == 0 && bottom == size && right == size; }
};

inline Square square_of(const F *image, std::int64_t y, std::int64_t x, std::int64_t high,
                        std::int64_t wide, std::int64_t row, std::int64_t col, int size) {
    const auto part = [size](std::int64_t from, std::int64_t there) {
        return static_cast<int>(std::clamp<std::int64_t>(there - from, 0, size));
    };
    const int bottom = part(y, high), right = part(x, wide);
    return {image + y * row + x * col,
            std::min(bottom, static_cast<int>(std::max<std::int64_t>(0, -y))), bottom,
            std::min(right, static_cast<int>(std::max<std::int64_t>(0, -x))), right};
}

// What stands in for places that are not there.
alignas(64) constexpr F kZeros[kDepth] = {};

// Transforms `vectors` vectors of channels of a square; place p of the result goes to + p * gap.
template <class Line>
inline void transform(const Square &from, std::int64_t row, std::int64_t col, std::int64_t vectors,
                      F *to, std::int64_t gap) {
    constexpr int size = Line::from;
    Vec<F> d[size * size], y[kPlaces];
    const auto finish = [&](F *into) {
        both_ways<Line>(d, y);
#pragma GCC unroll 36
        for (int p = 0; p < kPlaces; ++p)
            store(into + p * gap, y[p]);
    };
    if (from.whole(size)) {
        const F *at = from.at;
        for (std::int64_t v = 0; v < vectors; ++v, to += kLanes, at += kLanes) {
#pragma GCC unroll 6
            for (int i = 0; i < size; ++i)
#pragma GCC unroll 6
                for (int j = 0; j < size; ++j)
                    d[i * size + j] = load(at + i * row + j * col);
            finish(to);
        }
        return;
    }
    const F *at[size * size];
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) {
            const bool there = i >= from.top && i < from.bottom && j >= from.left && j < from.right;
            at[i * size + j] = there ? from.at + i * row + j * col : kZeros;
        }
    for (std::int64_t v = 0; v < vectors; ++v, to += kLanes) {
#pragma GCC unroll 36
        for (int p = 0; p < size * size; ++p)
            d[p] = load(at[p] + v * kLanes);
        finish(to);
    }
}

// From one place of transformed rows to the next: not a power of two, for the cache's sake.
inline std::int64_t place_gap(std::int64_t rows, std::int64_t cols) {
    return rows * cols + 64 / static_cast<std::int64_t>(sizeof(F));
}

// The windows of an axis: where the first reads, and the taps in the order of their places.
struct Three {
    explicit Three(const Axis &axis) {
        const std::vector<Tap> &taps = axis.phases[0].taps;
        base = std::min(taps[0].offset, taps[2].offset);
        for (const Tap &t : taps)
            tap[t.offset - base] = t.tap;
    }
    std::int64_t base;
    std::int64_t tap[kTaps] = {};
};

// A product of rows of tiles, for one place: to = plus + sum over `depth` of a b.
inline void place_product(std::int64_t rows, std::int64_t cols, std::int64_t depth, Left<F> a,
                          const F *b, const F *plus, F *to) {
    strip_of<F>(cols)(rows, 0, tiles_of(rows), depth, a, b, kPanel<F>, nullptr, plus, to, nullptr);
}

// in: x [n, 1, y, x, channels] and the kernel [1, 3, 3, channels, filters], as for Conv.
struct Winograd {
    Winograd(const Instruction &w, const Context &c)
        : work(w), context(c), windows(*w.windows),
          panels((windows.filters + kPanel<F> - 1) / kPanel<F>),
          wide(result_width<F>(windows.filters)), inputs(reinterpret_cast<F *>(c.scratch)),
          products(inputs + kPlaces * place_gap(kTiles, kDepth)),
          results(products + kPlaces * place_gap(kTiles, kPanel<F>)),
          registers(reinterpret_cast<char *>(results + kPiece * kPanel<F>)),
          kernel(reinterpret_cast<F *>(c.shared)), rows(windows.axis[1]), cols(windows.axis[2]) {}

    // The kernel at the points, for each panel and place a matrix of channels by filters.
    void pack_kernel(int task) {
        const View &w = work.in[1];
        const std::int64_t row = w.stride[windows.turned ? 4 : 3];
        const std::int64_t col = w.stride[windows.turned ? 3 : 4];
        const std::int64_t deep = windows.channels, some = kWinogradChannels;
        const Share share(work, panels * (deep / some), task);
        for (std::int64_t n = share.from; n < share.to; ++n) {
            const std::int64_t panel = n % panels, channel = n / panels * some;
            const std::int64_t filters = cols_of<F>(windows.filters, panel);
            const F *from = values<F>(context, w) + channel * row + panel * kPanel<F> * col;
            for (int y = 0; y < kTaps; ++y)
                for (int x = 0; x < kTaps; ++x)
                    pack(some, filters,
                         from + rows.tap[y] * w.stride[1] + cols.tap[x] * w.stride[2], row, col,
                         inputs + (y * kTaps + x) * some * kPanel<F>);
            F *to = kernel + (panel * kPlaces * deep + channel) * kPanel<F>;
            for (std::int64_t at = 0; at < some * kPanel<F>; at += kLanes) {
                Vec<F> g[kTaps * kTaps], u[kPlaces];
                for (int t = 0; t < kTaps * kTaps; ++t)
                    g[t] = load(inputs + t * some * kPanel<F> + at);
                both_ways<OfKernel>(g, u);
                for (int p = 0; p < kPlaces; ++p)
                    store(to + p * deep * kPanel<F> + at, u[p]);
            }
        }
    }

    static std::int64_t across(Range out) { return (out.size() + kOutTile - 1) / kOutTile; }

    // The squares of a piece's tiles.
    void add_squares(const Piece &piece) {
        const View &x = work.in[0];
        const F *image = values<F>(context, x) + piece.image * x.stride[0];
        for (std::int64_t r = piece.out[1].from; r < piece.out[1].to; r += kOutTile)
            for (std::int64_t c = piece.out[2].from; c < piece.out[2].to; c += kOutTile)
                squares.push_back(square_of(image, r + rows.base, c + cols.base, windows.axis[1].in,
                                            windows.axis[2].in, x.stride[2], x.stride[3], kInTile));
    }

    void transform_inputs(std::int64_t channel, std::int64_t deep) {
        const View &x = work.in[0];
        const std::int64_t gap = place_gap(kTiles, deep);
        F *to = inputs;
        for (Square s : squares) {
            s.at += channel;
            transform<OfInput>(s, x.stride[2], x.stride[3], deep / kLanes, to, gap);
            to += deep;
        }
    }

    void multiply(std::int64_t panel, std::int64_t channel, std::int64_t deep) {
        const std::int64_t gap = place_gap(kTiles, deep), gap_out = place_gap(kTiles, kPanel<F>);
        for (int p = 0; p < kPlaces; ++p) {
            F *to = products + p * gap_out;
            place_product(static_cast<std::int64_t>(squares.size()),
                          cols_of<F>(windows.filters, panel), deep, {inputs + p * gap, deep, 1, 0},
                          kernel + ((panel * kPlaces + p) * windows.channels + channel) * kPanel<F>,
                          channel ? to : nullptr, to);
        }
    }

    // The results of a piece, whose tiles are products from number `tile` on.
    void to_results(const Piece &piece, std::int64_t tile, std::int64_t filters, F *first) {
        const std::int64_t gap = place_gap(kTiles, kPanel<F>);
        const std::int64_t high = piece.out[1].size(), line = piece.out[2].size();
        for (std::int64_t r = 0; r < high; r += kOutTile)
            for (std::int64_t c = 0; c < line; c += kOutTile, ++tile)
                for (std::int64_t f = 0; f < filters; f += kLanes) {
                    Vec<F> m[kPlaces], y[kOutTile * kOutTile];
                    const F *from = products + tile * kPanel<F> + f;
#pragma GCC unroll 36
                    for (int p = 0; p < kPlaces; ++p)
                        m[p] = load(from + p * gap);
                    both_ways<ToResults>(m, y);
                    F *to = first + (r * line + c) * wide + f;
                    const std::int64_t some = std::min<std::int64_t>(kOutTile, high - r);
                    const std::int64_t few = std::min<std::int64_t>(kOutTile, line - c);
                    for (std::int64_t i = 0; i < some; ++i)
                        for (std::int64_t j = 0; j < few; ++j)
                            store(to + (i * line + j) * wide, y[i * kOutTile + j]);
                }
    }
    void run(int task) {
        Pooled pooled(work, context);
        Blocks blocks(work.loop, pooled.context(), registers);
        blocks.constants(kBlock);
        blocks.repeat(kBlock / wide);
        blocks.totals(work, context.shared, task);
        Finish<F> finish{work.loop, blocks, wide};
        const std::int64_t pieces = windows.n * windows.pieces(), each = windows.together;
        const std::int64_t groups = (pieces + each - 1) / each;
        const std::int64_t end = groups * (task + 1) / work.then_tasks;
        for (std::int64_t g = groups * task / work.then_tasks; g < end; ++g)
            group(g * each, std::min(pieces, (g + 1) * each), finish, pooled);
    }

    // Pieces [from, to), which are computed together.
    void group(std::int64_t from, std::int64_t to, Finish<F> &finish, Pooled &pooled) {
        squares.clear();
        for (std::int64_t n = from; n < to; ++n)
            add_squares(piece_of(windows, n));
        const std::int64_t deep = windows.channels;
        for (std::int64_t panel = 0; panel < panels; ++panel) {
            for (std::int64_t channel = 0; channel < deep; channel += kDepth) {
                const std::int64_t some = std::min<std::int64_t>(kDepth, deep - channel);
                if (panel == 0 || deep > kDepth)
                    transform_inputs(channel, some);
                multiply(panel, channel, some);
            }
            const std::int64_t filters = cols_of<F>(windows.filters, panel);
            std::int64_t tile = 0;
            for (std::int64_t n = from; n < to; ++n) {
                const Piece piece = piece_of(windows, n);
                F *plain = reinterpret_cast<F *>(pooled.begin(windows, piece, wide, n - from));
                to_results(piece, tile, filters, plain ? plain : results);
                tile += across(piece.out[1]) * across(piece.out[2]);
                if (!plain)
                    finish.piece(windows, piece, results, panel * kPanel<F>, filters);
            }
        }
        for (std::int64_t n = from; n < to; ++n) {
            pooled.begin(windows, piece_of(windows, n), wide, n - from);
            pooled.end(n);
        }
    }

    const Instruction &work;
    const Context &context;
    const Windows &windows;
    const std::int64_t panels, wide;
    F *inputs, *products, *results;
    char *registers;
    F *kernel;
    const Three rows, cols;
    std::vector<Square> squares;
};
static_assert(kPlaces * (kTiles * (kDepth + kPanel<F>)+2 * 64) * sizeof(F) +
                      kPiece * kPanel<F> * sizeof(F) + kMaxRegisters * kBlock * 8 <=
                  kWorkBytes,
              "a thread's memory is too small for transformed tiles");
static_assert(kPiece / (kOutTile * kOutTile) <= kTiles, "a piece has too many tiles");

// in: x [n, 1, y, x, channels] and g [n, 1, y, x, filters], as for ConvFilter.
struct WinogradFilter {
    WinogradFilter(const Instruction &w, const Context &c)
        : work(w), context(c), windows(*w.windows),
          panels((windows.filters + kPanel<F> - 1) / kPanel<F>),
          sums(w, c, panels, kTaps * kTaps * windows.channels),
          inputs(reinterpret_cast<F *>(c.scratch)),
          gradients(inputs + kPlaces * place_gap(kTiles, kSumRows)),
          totals(gradients + kPlaces * place_gap(kTiles, kPanel<F>)), rows(windows.axis[1]),
          cols(windows.axis[2]) {}

    void partial(int task) {
        const std::int64_t slices = windows.slices;
        const std::int64_t slice = task % slices, panel = task / slices % panels;
        const std::int64_t p = task / (slices * panels);
        // Channels in whole vectors.
        const std::int64_t units = windows.channels / kWinogradChannels;
        const std::int64_t from = units * slice / slices * kWinogradChannels;
        const std::int64_t to = units * (slice + 1) / slices * kWinogradChannels;
        const std::int64_t filters = cols_of<F>(windows.filters, panel);
        const std::int64_t high = (windows.axis[1].out + kOutTile - 1) / kOutTile;
        const std::int64_t line = (windows.axis[2].out + kOutTile - 1) / kOutTile;
        const std::int64_t all = windows.n * high * line;
        const std::int64_t first = all * p / windows.parts, end = all * (p + 1) / windows.parts;
        const std::int64_t blocks = (end - first + kTiles - 1) / kTiles;
        const std::int64_t gap = place_gap(kSumRows, kPanel<F>);
        for (std::int64_t b = 0; b < blocks; ++b) {
            const std::int64_t low = first + (end - first) * b / blocks;
            const std::int64_t count = first + (end - first) * (b + 1) / blocks - low;
            for (std::int64_t t = 0; t < count; ++t)
                transform_tile(low + t, t, high, line, from, to - from, panel * kPanel<F>, filters);
            for (int place = 0; place < kPlaces; ++place) {
                F *total = totals + place * gap;
                place_product(to - from, filters, count,
                              {inputs + place * place_gap(kTiles, kSumRows), 1, kSumRows, 0},
                              gradients + place * place_gap(kTiles, kPanel<F>), b ? total : nullptr,
                              total);
            }
        }
        to_part(p, panel, from, to - from, filters);
    }

    void transform_tile(std::int64_t number, std::int64_t tile, std::int64_t high,
                        std::int64_t line, std::int64_t channel, std::int64_t channels,
                        std::int64_t filter, std::int64_t filters) {
        const View &x = work.in[0], &g = work.in[1];
        const std::int64_t image = number / (high * line);
        const std::int64_t r = number / line % high * kOutTile, c = number % line * kOutTile;
        const Square read = square_of(values<F>(context, x) + image * x.stride[0] + channel,
                                      r + rows.base, c + cols.base, windows.axis[1].in,
                                      windows.axis[2].in, x.stride[2], x.stride[3], kInTile);
        transform<OfInput>(read, x.stride[2], x.stride[3], channels / kLanes,
                           inputs + tile * kSumRows, place_gap(kTiles, kSumRows));
        const Square given =
            square_of(values<F>(context, g) + image * g.stride[0] + filter, r, c,
                      windows.axis[1].out, windows.axis[2].out, g.stride[2], g.stride[3], kOutTile);
        transform<OfGradient>(given, g.stride[2], g.stride[3], filters / kLanes,
                              gradients + tile * kPanel<F>, place_gap(kTiles, kPanel<F>));
    }

    void to_part(std::int64_t p, std::int64_t panel, std::int64_t from, std::int64_t channels,
                 std::int64_t filters) {
        const std::int64_t gap = place_gap(kSumRows, kPanel<F>);
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t f = 0; f < filters; f += kLanes) {
                Vec<F> s[kPlaces], g[kTaps * kTaps];
                const F *at = totals + c * kPanel<F> + f;
                for (int place = 0; place < kPlaces; ++place)
                    s[place] = load(at + place * gap);
                both_ways<ToKernel>(s, g);
                for (int y = 0; y < kTaps; ++y)
                    for (int x = 0; x < kTaps; ++x) {
                        const std::int64_t tap = rows.tap[y] * kTaps + cols.tap[x];
                        store(sums.part(p, panel) +
                                  (tap * windows.channels + from + c) * kPanel<F> + f,
                              g[y * kTaps + x]);
                    }
            }
    }

    void join(int task) { join_parts<F>(work, context, sums, 1, windows.filters, task); }

    const Instruction &work;
    const Context &context;
    const Windows &windows;
    const std::int64_t panels;
    const Parts<F> sums;
    F *inputs, *gradients, *totals;
    const Three rows, cols;
};
static_assert(kPlaces * (kTiles * (kSumRows + kPanel<F>)+kSumRows * kPanel<F> + 3 * 64) *
                      sizeof(F) <=
                  kWorkBytes,
              "a thread's memory is too small for a kernel's sums");

inline void run_conv(const Instruction &work, const Context &context, int task) {
    if (work.windows->winograd)
        return Winograd(work, context).pack_kernel(task);
    by_type(work, [&](auto t) { Conv<decltype(t)>(work, context).pack_kernel(task); });
}
inline void run_conv_rest(const Instruction &work, const Context &context, int task) {
    if (work.windows->winograd)
        return Winograd(work, context).run(task);
    by_type(work, [&](auto t) { Conv<decltype(t)>(work, context).run(task); });
}
inline void run_conv_filter(const Instruction &work, const Context &context, int task) {
    if (work.windows->winograd)
        return WinogradFilter(work, context).partial(task);
    by_type(work, [&](auto t) { ConvFilter<decltype(t)>(work, context).partial(task); });
}
inline void run_conv_filter_rest(const Instruction &work, const Context &context, int task) {
    if (work.windows->winograd)
        return WinogradFilter(work, context).join(task);
    by_type(work, [&](auto t) { ConvFilter<decltype(t)>(work, context).join(task); });
}

} // namespace ANNETTE_ISA
} // namespace annette
