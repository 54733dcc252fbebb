// The one micro-kernel: a tile of a matrix product in registers, and the blocks around it.
//
// Every element of the result is a sum over k in rising order, in kParts parts where it is long,
// which are added in order: it depends on its row of A and its column of B alone, not on the tile,
// the thread or the rows beside it.
#pragma once

#include <algorithm>
#include <cstddef>

#include "loop.hpp"

namespace annette {
namespace ANNETTE_ISA {

constexpr int kTileVectors = 4; // vectors across a tile
#if defined(__AVX512F__)
constexpr int kTileRows = 6; // 24 sums of 32 registers
#elif defined(__ARM_NEON)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 3; // 12 sums of 16 registers
#endif
constexpr int kNarrowRows = 2 * kTileRows; // of a tile that is one vector wide
constexpr int kDepth = 128;         // a panel of B of this depth stays in the first-level cache
constexpr std::int64_t kNear = 512; // bytes
constexpr std::ptrdiff_t kRowsAhead = 12;

template <class T> constexpr int kPanel = kTileVectors * Simd<T>::lanes;

// to[i, :] = c[i, :] + sum over k of a[i, k] b[k, :] + plus[i, :] for `Rows` rows and `Vectors`
// vectors of columns; without c and plus where these are null.
template <class T, int Rows, int Vectors>
inline __attribute__((always_inline)) void
tile(std::ptrdiff_t depth, const T *a, std::ptrdiff_t row, std::ptrdiff_t step, const T *next,
     const T *b, std::ptrdiff_t b_row, const T *c, const T *plus, T *to, Soon *soon) {
    constexpr int lanes = Simd<T>::lanes;
    constexpr std::ptrdiff_t line = 64 / sizeof(T);
    Vec<T> sum[Rows][Vectors];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j)
            sum[i][j] = c ? load(c + i * kPanel<T> + j * lanes) : Vec<T>{};
    for (int fetched = 0; depth > 0; depth -= line) {
        const std::ptrdiff_t count = depth < line ? depth : line;
        if (row == 1) {
            for (std::ptrdiff_t k = 0; k < count; ++k)
                __builtin_prefetch(next + k * step);
        } else {
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i)
                __builtin_prefetch(next + i * row);
        }
        next += count * step;
        if (soon && fetched++ < Rows)
            soon->fetch();
        for (std::ptrdiff_t k = 0; k < count; ++k, a += step, b += b_row) {
            Vec<T> right[Vectors];
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j)
                right[j] = load(b + j * lanes);
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i) {
                const Vec<T> left = splat(a[i * row]);
#pragma GCC unroll 4
                for (int j = 0; j < Vectors; ++j)
                    sum[i][j] = fma(left, right[j], sum[i][j]);
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) {
            const std::ptrdiff_t at = i * kPanel<T> + j * lanes;
            store(to + at, plus ? load(plus + at) + sum[i][j] : sum[i][j]);
        }
}

template <class T, int Vectors, int Rows = kTileRows>
inline void tile_of(int rows, std::ptrdiff_t depth, const T *a, std::ptrdiff_t row,
                    std::ptrdiff_t step, const T *next, const T *b, std::ptrdiff_t b_row,
                    const T *c, const T *plus, T *to, Soon *soon) {
    if constexpr (Rows > 0) {
        if (rows == Rows)
            tile<T, Rows, Vectors>(depth, a, row, step, next, b, b_row, c, plus, to, soon);
        else
            tile_of<T, Vectors, Rows - 1>(rows, depth, a, row, step, next, b, b_row, c, plus, to,
                                          soon);
    }
}

inline std::ptrdiff_t tiles_of(std::ptrdiff_t rows) {
    return (rows + kTileRows - 1) / kTileRows;
}

// Where the tiles of a strip begin: their heights are nearly equal.
inline std::ptrdiff_t tile_start(std::ptrdiff_t rows, std::ptrdiff_t tile) {
    return rows * tile / tiles_of(rows);
}

// Rows of A: from one to the next, from one element to the next in the sum, and from one tile to
// the next where tiles were packed (0: nowhere).
template <class T> struct Left {
    const T *at;
    std::ptrdiff_t row, step, tile;

    const T *from(std::ptrdiff_t rows, std::ptrdiff_t which) const {
        return at + (tile ? which * tile : tile_start(rows, which) * row);
    }
};

// Rows [first, end) of a strip that is one vector wide: taller tiles, so that enough sums are under
// way at a time.
template <class T>
void narrow(std::ptrdiff_t first, std::ptrdiff_t end, std::ptrdiff_t depth, Left<T> a, const T *b,
            std::ptrdiff_t b_row, const T *c, const T *plus, T *to, Soon *soon) {
    const std::ptrdiff_t rows = end - first, tiles = (rows + kNarrowRows - 1) / kNarrowRows;
    for (std::ptrdiff_t t = 0; t < tiles; ++t) {
        const std::ptrdiff_t from = first + rows * t / tiles, next = first + rows * (t + 1) / tiles;
        const std::ptrdiff_t at = from * kPanel<T>;
        tile_of<T, 1, kNarrowRows>(static_cast<int>(next - from), depth, a.at + from * a.row, a.row,
                                   a.step, a.at + (t + 1 < tiles ? next : first) * a.row, b, b_row,
                                   c ? c + at : nullptr, plus ? plus + at : nullptr, to + at, soon);
    }
}

// Tiles [first, end) of a strip of the product.
template <class T, int Vectors>
void strip(std::ptrdiff_t rows, std::ptrdiff_t first, std::ptrdiff_t end, std::ptrdiff_t depth,
           Left<T> a, const T *b, std::ptrdiff_t b_row, const T *c, const T *plus, T *to,
           Soon *soon) {
    if constexpr (Vectors == 1)
        if (!a.tile) {
            narrow(tile_start(rows, first), tile_start(rows, end), depth, a, b, b_row, c, plus, to,
                   soon);
            return;
        }
    for (std::ptrdiff_t t = first; t < end; ++t) {
        const std::ptrdiff_t from = tile_start(rows, t), at = from * kPanel<T>;
        tile_of<T, Vectors>(static_cast<int>(tile_start(rows, t + 1) - from), depth,
                            a.from(rows, t), a.row, a.step,
                            a.from(rows, t + 1 < tiles_of(rows) ? t + 1 : 0), b, b_row,
                            c ? c + at : nullptr, plus ? plus + at : nullptr, to + at, soon);
    }
}

// The strip of so many columns.
template <class T> inline auto strip_of(std::int64_t cols) {
    const std::int64_t vectors = (cols + Simd<T>::lanes - 1) / Simd<T>::lanes;
    return vectors == 1   ? strip<T, 1>
           : vectors == 2 ? strip<T, 2>
           : vectors == 3 ? strip<T, 3>
                          : strip<T, 4>;
}

// Rows of A that lie side by side, tile after tile, so that each is read in one stream.
template <class T>
void pack_left(std::ptrdiff_t rows, std::ptrdiff_t depth, const T *a, std::ptrdiff_t step, T *to) {
    for (std::ptrdiff_t t = 0; t < tiles_of(rows); ++t) {
        const std::ptrdiff_t from = tile_start(rows, t);
        const int high = static_cast<int>(tile_start(rows, t + 1) - from);
        for (std::ptrdiff_t k = 0; k < depth; ++k, to += kTileRows)
            copy_some(to, a + from + k * step, high);
    }
}

template <class T> struct Four {
    typedef T Vector __attribute__((vector_size(4 * sizeof(T))));
};

// to[k][j] = from[j * gap + k] for four k and four j.
template <class T> inline void turn(const T *from, std::ptrdiff_t gap, T *to) {
    using V = typename Four<T>::Vector;
    V a, b, c, d;
    std::memcpy(&a, from, sizeof a);
    std::memcpy(&b, from + gap, sizeof a);
    std::memcpy(&c, from + 2 * gap, sizeof a);
    std::memcpy(&d, from + 3 * gap, sizeof a);
    const V ac0 = __builtin_shufflevector(a, c, 0, 4, 1, 5);
    const V ac1 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    const V bd0 = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    const V bd1 = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    const V rows[4] = {__builtin_shufflevector(ac0, bd0, 0, 4, 1, 5),
                       __builtin_shufflevector(ac0, bd0, 2, 6, 3, 7),
                       __builtin_shufflevector(ac1, bd1, 0, 4, 1, 5),
                       __builtin_shufflevector(ac1, bd1, 2, 6, 3, 7)};
    for (int k = 0; k < 4; ++k)
        std::memcpy(to + k * kPanel<T>, &rows[k], sizeof a);
}

// A panel of B, side by side and filled up with zeros, so that a tile reads it in one stream.
template <class T>
void pack(std::ptrdiff_t depth, std::ptrdiff_t cols, const T *b, std::ptrdiff_t row,
          std::ptrdiff_t col, T *to) {
    constexpr std::ptrdiff_t panel = kPanel<T>;
    if (col == 1) {
        const std::size_t bytes = static_cast<std::size_t>(cols) * sizeof(T);
        for (std::ptrdiff_t k = 0; k < depth; ++k, b += row, to += panel) {
            // The processor does not see by itself that the rows go on.
            for (std::ptrdiff_t line = 0; line < cols; line += 64 / sizeof(T))
                __builtin_prefetch(b + kRowsAhead * row + line);
            if (cols == panel) {
                std::memcpy(to, b, panel * sizeof(T));
            } else {
                std::memset(to + cols, 0, panel * sizeof(T) - bytes);
                std::memcpy(to, b, bytes);
            }
        }
        return;
    }
    const std::ptrdiff_t deep = row == 1 ? depth / 4 * 4 : 0, wide = cols / 4 * 4;
    for (std::ptrdiff_t j = 0; j < wide; j += 4)
        for (std::ptrdiff_t k = 0; k < deep; k += 4)
            turn(b + j * col + k, col, to + k * panel + j);
    for (std::ptrdiff_t k = 0; k < depth; ++k) {
        for (std::ptrdiff_t j = k < deep ? wide : 0; j < cols; ++j)
            to[k * panel + j] = b[k * row + j * col];
        std::memset(to + k * panel + cols, 0, static_cast<std::size_t>(panel - cols) * sizeof(T));
    }
}

// A long sum is taken in parts, which threads may share. It depends on the length alone.
inline std::int64_t parts_of(std::int64_t depth) {
    return depth >= kLong ? kParts : 1;
}

// One strip of a product: rows of A times a panel of B.
template <class T> struct Strip {
    Left<T> a;
    const T *b;
    std::int64_t b_row, b_col;
    std::int64_t rows, cols;
    T *packed;
    const T *ready = nullptr; // all of the panel, packed before
    const T *right = nullptr; // the block of B at hand
    std::int64_t right_row = 0;

    // Few rows read B but once or twice: packing it would take longer; so it would where B is
    // narrow and its rows lie so near that the first-level cache holds them.
    bool in_place() const {
        const bool near =
            cols <= 2 * Simd<T>::lanes && b_row * static_cast<std::int64_t>(sizeof(T)) <= kNear;
        return (rows <= 2 * kTileRows || near) && b_col == 1 && cols % Simd<T>::lanes == 0;
    }

    // Makes a block of B ready for `tiles`.
    void open(std::int64_t k, std::int64_t deep) {
        if (ready) {
            right = ready + k * kPanel<T>;
            right_row = kPanel<T>;
            return;
        }
        const T *block = b + k * b_row;
        const bool direct = in_place();
        if (!direct)
            pack(deep, cols, block, b_row, b_col, packed);
        right = direct ? block : packed;
        right_row = direct ? b_row : kPanel<T>;
    }

    // Tiles [first, end) of to = c + the sum over `deep` elements of rows of A + plus.
    void tiles(std::int64_t first, std::int64_t end, std::int64_t deep, Left<T> left, const T *c,
               const T *plus, T *to, Soon *soon = nullptr) const {
        strip_of<T>(cols)(rows, first, end, deep, left, right, right_row, c, plus, to, soon);
    }

    Left<T> left_at(std::int64_t k) const { return {a.at + k * a.step, a.row, a.step, a.tile}; }
};

// A long sum goes block by block, as deep as the cache likes.
struct Depths {
    Depths(std::int64_t first, std::int64_t last)
        : from(first), end(last), count((last - first + kDepth - 1) / kDepth) {}
    std::int64_t at(std::int64_t n) const { return from + (end - from) * n / count; }
    const std::int64_t from, end, count;
};

// in: A [..., M, K], B [..., K, N] and, if there, the packed panels of B; what becomes of the
// product is the loop's business. ints: chunks of rows, panels of columns, whether tasks share the
// parts of each sum, groups of panels of which a task does one, whether it packs its rows of A,
// whether what the loop reads and writes is far.
template <class T> struct Product {
    Product(const Instruction &w, const Context &c)
        : work(w), context(c), rank(static_cast<int>(w.in[0].shape.size())),
          m(w.in[0].shape[rank - 2]), depth(w.in[0].shape[rank - 1]), n(w.in[1].shape[rank - 1]),
          chunks(w.ints[0]), panels(w.ints[1]), packed(reinterpret_cast<T *>(c.scratch)),
          packed_left(packed + kDepth * kPanel<T>),
          results(packed_left + kDepth * (kGroupRows + kTileRows)),
          scratch(reinterpret_cast<char *>(results) + kResultBytes),
          ready(w.in.size() > 2 ? memory(w.in[2]) : nullptr) {}

    const T *memory(const View &x) const {
        return reinterpret_cast<const T *>(context.at[x.value]) + x.offset;
    }

    Strip<T> strip_at(std::int64_t chunk, std::int64_t panel) {
        const View &a = work.in[0], &b = work.in[1];
        const std::int64_t from = m * chunk / chunks, left = panel * kPanel<T>;
        const std::int64_t row = a.stride[rank - 2], col = b.stride[rank - 1];
        place[rank - 2] = from;
        place[rank - 1] = left;
        const T *pa = reinterpret_cast<const T *>(context.at[a.value]) + at_a + from * row;
        const T *pb = reinterpret_cast<const T *>(context.at[b.value]) + at_b + left * col;
        return {{pa, row, a.stride[rank - 1], 0},
                pb,
                b.stride[rank - 2],
                col,
                m * (chunk + 1) / chunks - from,
                n - left < kPanel<T> ? n - left : kPanel<T>,
                packed,
                ready ? ready + panel * depth * kPanel<T> : nullptr};
    }

    void enter_batch(std::int64_t batch) {
        const View &a = work.in[0], &b = work.in[1];
        at_a = a.offset, at_b = b.offset;
        for (int d = rank - 3; d >= 0; --d) {
            place[d] = batch % work.loop.shape[d];
            batch /= work.loop.shape[d];
            at_a += place[d] * a.stride[d];
            at_b += place[d] * b.stride[d];
        }
    }

    // The loop's steps on rows of the result, which start at `place`.
    void finish(T *tile, std::int64_t rows, std::int64_t cols, Blocks &blocks) {
        const std::int64_t high = kBlock / kPanel<T>;
        const std::int64_t first = place[rank - 2];
        for (std::int64_t r = 0; r < rows; r += high) {
            place[rank - 2] = first + r;
            blocks.given(reinterpret_cast<char *>(tile + r * kPanel<T>), kPanel<T>);
            blocks.run(place, rows - r < high ? rows - r : high, cols);
        }
    }

    static void add(T *to, const T *from, std::int64_t rows) {
        for (std::int64_t i = 0; i < rows * kPanel<T>; i += Simd<T>::lanes)
            store(to + i, load(to + i) + load(from + i));
    }

    // A chunk of rows and a group of panels.
    void whole(int task) {
        const std::int64_t groups = work.ints[3], grid = chunks * groups, rest = task % grid;
        const bool packs = work.ints[4] != 0;
        enter_batch(task / grid);
        const std::int64_t chunk = rest / groups, group = rest % groups;
        const std::int64_t first = panels * group / groups, end = panels * (group + 1) / groups;
        Blocks blocks(work.loop, context, scratch);
        blocks.constants(kBlock);
        const std::int64_t parts = parts_of(depth);
        const std::int64_t size = strip_at(chunk, first).rows * kPanel<T>;
        for (std::int64_t p = 0; p < parts; ++p) {
            const Depths depths(depth * p / parts, depth * (p + 1) / parts);
            for (std::int64_t i = 0; i < depths.count; ++i) {
                const std::int64_t k = depths.at(i), deep = depths.at(i + 1) - k;
                Left<T> left{};
                for (std::int64_t panel = first; panel < end; ++panel) {
                    Strip<T> s = strip_at(chunk, panel);
                    if (!left.at)
                        left = packs ? pack_rows(s, k, deep) : s.left_at(k);
                    s.open(k, deep);
                    T *result = results + (panel - first) * size;
                    T *more = result + (end - first) * size, *c = p ? more : result;
                    const bool joins = i + 1 == depths.count;
                    const Step step{deep, left, i ? c : nullptr, joins && p ? result : nullptr,
                                    joins ? result : c};
                    if (joins && p + 1 == parts)
                        last(s, step, blocks);
                    else
                        s.tiles(0, tiles_of(s.rows), deep, left, step.c, step.plus, step.to);
                }
            }
        }
        if (depth == 0)
            for (std::int64_t panel = first; panel < end; ++panel)
                nothing(strip_at(chunk, panel), blocks);
    }

    struct Step {
        std::int64_t deep;
        Left<T> left;
        const T *c, *plus;
        T *to;
    };

    Left<T> pack_rows(const Strip<T> &s, std::int64_t k, std::int64_t deep) {
        pack_left(s.rows, deep, s.a.at + k * s.a.step, s.a.step, packed_left);
        return {packed_left, 1, kTileRows, kTileRows * deep};
    }

    // The last step of a sum. Where the loop's memory is far, few rows at a time are finished, and
    // what that needs is fetched meanwhile.
    void last(const Strip<T> &s, const Step &step, Blocks &blocks) {
        const bool far = work.ints[5] != 0;
        const std::int64_t first = place[rank - 2], tiles = tiles_of(s.rows);
        const std::int64_t few =
            far ? std::max<std::int64_t>(1, kBlock / kPanel<T> / kTileRows) : tiles;
        for (std::int64_t t = 0; t < tiles; t += few) {
            const std::int64_t end = std::min(t + few, tiles);
            const std::int64_t row = tile_start(s.rows, t), rows = tile_start(s.rows, end) - row;
            place[rank - 2] = first + row;
            Soon soon = far ? blocks.soon(place, s.cols) : Soon{};
            s.tiles(t, end, step.deep, step.left, step.c, step.plus, step.to,
                    far ? &soon : nullptr);
            finish(step.to + row * kPanel<T>, rows, s.cols, blocks);
        }
        place[rank - 2] = first;
    }

    // Sums of no elements.
    void nothing(const Strip<T> &s, Blocks &blocks) {
        std::memset(results, 0, static_cast<std::size_t>(s.rows * kPanel<T>) * sizeof(T));
        finish(results, s.rows, s.cols, blocks);
    }

    T *partial(std::int64_t part, std::int64_t panel) {
        return reinterpret_cast<T *>(context.shared) + (part * panels + panel) * m * kPanel<T>;
    }

    void part(int task) {
        enter_batch(0);
        const std::int64_t p = task / panels, panel = task % panels;
        Strip<T> s = strip_at(0, panel);
        const Depths depths(depth * p / kParts, depth * (p + 1) / kParts);
        for (std::int64_t i = 0; i < depths.count; ++i) {
            const std::int64_t k = depths.at(i), deep = depths.at(i + 1) - k;
            s.open(k, deep);
            s.tiles(0, tiles_of(s.rows), deep, s.left_at(k), i ? partial(p, panel) : nullptr,
                    nullptr, partial(p, panel));
        }
    }

    void join(int task) {
        enter_batch(0);
        const std::int64_t high = kBlock / kPanel<T>, groups = (m + high - 1) / high;
        const std::int64_t panel = task / groups, from = task % groups * high;
        const std::int64_t rows = m - from < high ? m - from : high;
        Strip<T> s = strip_at(0, panel);
        place[rank - 2] = from;
        std::memcpy(results, partial(0, panel) + from * kPanel<T>,
                    static_cast<std::size_t>(rows * kPanel<T>) * sizeof(T));
        for (std::int64_t p = 1; p < kParts; ++p)
            add(results, partial(p, panel) + from * kPanel<T>, rows);
        Blocks blocks(work.loop, context, scratch);
        blocks.constants(kBlock);
        finish(results, rows, s.cols, blocks);
    }

    static_assert((kDepth * (kPanel<T> + kGroupRows + kTileRows)) * sizeof(T) + kResultBytes +
                          kMaxRegisters * kBlock * sizeof(double) <=
                      kWorkBytes,
                  "a thread's memory is too small for a product");
    const Instruction &work;
    const Context &context;
    const int rank;
    const std::int64_t m, depth, n, chunks, panels;
    T *packed, *packed_left, *results;
    char *scratch;
    const T *ready; // the panels of B, where they were packed before
    std::int64_t at_a = 0, at_b = 0;
    std::int64_t place[kMaxRank] = {};
};

// Panels of a matrix, one after the other, for products that are done many times.
template <class T> inline void pack_panels(const Instruction &work, const Context &c, int task) {
    const View &b = work.in[0], &y = work.out[0];
    const std::int64_t depth = b.shape[0], n = b.shape[1];
    const std::int64_t panels = (n + kPanel<T> - 1) / kPanel<T>;
    const T *from = reinterpret_cast<const T *>(c.at[b.value]) + b.offset;
    T *to = reinterpret_cast<T *>(c.at[y.value]) + y.offset;
    for (std::int64_t p = panels * task / work.tasks; p < panels * (task + 1) / work.tasks; ++p) {
        const std::int64_t left = p * kPanel<T>;
        pack(depth, n - left < kPanel<T> ? n - left : kPanel<T>, from + left * b.stride[1],
             b.stride[0], b.stride[1], to + p * depth * kPanel<T>);
    }
}

inline void run_pack(const Instruction &work, const Context &context, int task) {
    if (work.in[0].type == Type::float32)
        pack_panels<float>(work, context, task);
    else
        pack_panels<double>(work, context, task);
}

inline void run_matmul(const Instruction &work, const Context &context, int task) {
    const bool split = work.ints[2] != 0;
    if (work.in[0].type == Type::float32) {
        Product<float> product(work, context);
        split ? product.part(task) : product.whole(task);
    } else {
        Product<double> product(work, context);
        split ? product.part(task) : product.whole(task);
    }
}

// The second half of a product whose sums were split.
inline void run_matmul_join(const Instruction &work, const Context &context, int task) {
    if (work.in[0].type == Type::float32)
        Product<float>(work, context).join(task);
    else
        Product<double>(work, context).join(task);
}

} // namespace ANNETTE_ISA
} // namespace annette
