// The one micro-kernel: a tile of a matrix product in registers, and the blocks around it.
//
// Every element of the result is a sum over k in rising order, in kParts parts where it is long,
// which are added in order: it depends on its row of A and its column of B alone, not on the tile,
// the thread or the rows beside it.
#pragma once

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
constexpr int kDepth = 128; // a panel of B of this depth stays in the first-level cache

template <class T> constexpr int kPanel = kTileVectors * Simd<T>::lanes;

// c[i, :] (+)= sum over k of a[i, k] b[k, :] for `Rows` rows and `Vectors` vectors of columns.
// Meanwhile the rows from `next` on, of the tile after this one, are fetched into the cache, and
// some of what is packed afterwards.
struct Ahead {
    const char *at;
    std::ptrdiff_t row; // bytes from one row to the next
    int rows;           // to be fetched for each line of A
    int lines;          // of a row
};

inline void fetch(Ahead &ahead) {
    for (int r = 0; r < ahead.rows; ++r, ahead.at += ahead.row)
        for (int i = 0; i < ahead.lines; ++i)
            __builtin_prefetch(ahead.at + 64 * i, 0, 2);
}

template <class T, int Rows, int Vectors>
inline __attribute__((always_inline)) void
tile(std::ptrdiff_t depth, const T *a, std::ptrdiff_t row, std::ptrdiff_t step, const T *b,
     std::ptrdiff_t b_row, T *c, bool add, const T *next, Ahead &ahead) {
    constexpr int lanes = Simd<T>::lanes;
    constexpr std::ptrdiff_t line = 64 / sizeof(T);
    Vec<T> sum[Rows][Vectors];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j)
            sum[i][j] = add ? load(c + i * kPanel<T> + j * lanes) : Vec<T>{};
    while (depth > 0) {
        const std::ptrdiff_t count = depth < line ? depth : line;
        if (row == 1) {
            for (std::ptrdiff_t k = 0; k < count; ++k)
                __builtin_prefetch(next + k * step);
        } else {
#pragma GCC unroll 8
            for (int i = 0; i < Rows; ++i)
                __builtin_prefetch(next + i * row);
        }
        next += line * step;
        fetch(ahead);
        depth -= count;
        for (std::ptrdiff_t k = 0; k < count; ++k) {
            Vec<T> right[Vectors];
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j)
                right[j] = load(b + j * lanes);
#pragma GCC unroll 8
            for (int i = 0; i < Rows; ++i) {
                const Vec<T> left = splat(a[i * row]);
#pragma GCC unroll 4
                for (int j = 0; j < Vectors; ++j)
                    sum[i][j] = fma(left, right[j], sum[i][j]);
            }
            a += step;
            b += b_row;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j)
            store(c + i * kPanel<T> + j * lanes, sum[i][j]);
}

template <class T, int Vectors, int Rows = kTileRows>
inline void tile_of(int rows, std::ptrdiff_t depth, const T *a, std::ptrdiff_t row,
                    std::ptrdiff_t step, const T *b, std::ptrdiff_t b_row, T *c, bool add,
                    const T *next, Ahead &ahead) {
    if constexpr (Rows > 0) {
        if (rows == Rows)
            tile<T, Rows, Vectors>(depth, a, row, step, b, b_row, c, add, next, ahead);
        else
            tile_of<T, Vectors, Rows - 1>(rows, depth, a, row, step, b, b_row, c, add, next, ahead);
    }
}

// Rows [0, rows) of a strip of the product, in tiles of nearly equal height.
template <class T, int Vectors>
void strip(std::ptrdiff_t rows, std::ptrdiff_t depth, const T *a, std::ptrdiff_t row,
           std::ptrdiff_t step, const T *b, std::ptrdiff_t b_row, T *c, bool add, Ahead ahead) {
    const std::ptrdiff_t tiles = (rows + kTileRows - 1) / kTileRows;
    for (std::ptrdiff_t t = 0; t < tiles; ++t) {
        const std::ptrdiff_t from = rows * t / tiles, to = rows * (t + 1) / tiles;
        const T *next = t + 1 < tiles ? a + to * row : a;
        tile_of<T, Vectors>(static_cast<int>(to - from), depth, a + from * row, row, step, b, b_row,
                            c + from * kPanel<T>, add, next, ahead);
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
    const T *a, *b;
    std::int64_t row, step;    // of A
    std::int64_t b_row, b_col; // of B
    std::int64_t rows, cols;
    T *packed;

    // Few rows read B but once or twice: packing it would take longer.
    bool in_place() const {
        return rows <= 2 * kTileRows && b_col == 1 && cols % Simd<T>::lanes == 0;
    }

    void tiles(std::int64_t count, std::int64_t deep, const T *from_a, const T *from_b,
               std::int64_t gap, T *c, bool add, Ahead next) const {
        const int vectors = static_cast<int>((cols + Simd<T>::lanes - 1) / Simd<T>::lanes);
        const auto run = vectors == 1   ? strip<T, 1>
                         : vectors == 2 ? strip<T, 2>
                         : vectors == 3 ? strip<T, 3>
                                        : strip<T, 4>;
        run(count, deep, from_a, row, step, from_b, gap, c, add, next);
    }

    // c (rows x panel) = the sum over k in [from, end).
    void sum(std::int64_t from, std::int64_t end, T *c) const {
        const std::int64_t blocks = (end - from + kDepth - 1) / kDepth;
        const bool direct = in_place();
        for (std::int64_t n = 0; n < blocks; ++n) {
            const std::int64_t k = from + (end - from) * n / blocks;
            const std::int64_t deep = from + (end - from) * (n + 1) / blocks - k;
            const T *from_b = b + k * b_row;
            if (!direct)
                pack(deep, cols, from_b, b_row, b_col, packed);
            tiles(rows, deep, a + k * step, direct ? from_b : packed, direct ? b_row : kPanel<T>, c,
                  n > 0, n + 1 < blocks ? ahead(k + deep, deep) : Ahead{});
        }
        if (blocks == 0)
            std::memset(c, 0, static_cast<std::size_t>(rows * kPanel<T>) * sizeof(T));
    }

    // What to fetch of the block of B that comes after k. Never beyond what this thread reads: it
    // would take lines away from the thread that changes them.
    Ahead ahead(std::int64_t k, std::int64_t deep) const {
        constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
        const std::int64_t steps = (rows + kTileRows - 1) / kTileRows * ((deep + line - 1) / line);
        const bool down = b_col == 1;
        const std::int64_t count = down ? deep : cols, wide = down ? cols : deep;
        return {reinterpret_cast<const char *>(b + k * b_row),
                (down ? b_row : b_col) * static_cast<std::int64_t>(sizeof(T)),
                static_cast<int>((count + steps - 1) / steps),
                static_cast<int>((wide + line - 1) / line)};
    }
};

// in: A [..., M, K] and B [..., K, N]; what becomes of the product is the loop's business.
// ints: chunks of rows, panels of columns, whether tasks go through the panels of a chunk first,
// whether tasks share the parts of each sum.
template <class T> struct Product {
    Product(const Instruction &w, const Context &c)
        : work(w), context(c), rank(static_cast<int>(w.in[0].shape.size())),
          m(w.in[0].shape[rank - 2]), depth(w.in[0].shape[rank - 1]), n(w.in[1].shape[rank - 1]),
          chunks(w.ints[0]), panels(w.ints[1]), packed(reinterpret_cast<T *>(c.scratch)),
          result(packed + kDepth * kPanel<T>), more(result + kChunkRows * kPanel<T>),
          scratch(reinterpret_cast<char *>(more + kChunkRows * kPanel<T>)) {}

    Strip<T> strip_at(std::int64_t chunk, std::int64_t panel) {
        const View &a = work.in[0], &b = work.in[1];
        const std::int64_t from = m * chunk / chunks, left = panel * kPanel<T>;
        const std::int64_t row = a.stride[rank - 2], col = b.stride[rank - 1];
        place[rank - 2] = from;
        place[rank - 1] = left;
        const T *pa = reinterpret_cast<const T *>(context.at[a.value]) + at_a + from * row;
        const T *pb = reinterpret_cast<const T *>(context.at[b.value]) + at_b + left * col;
        return {pa,
                pb,
                row,
                a.stride[rank - 1],
                b.stride[rank - 2],
                col,
                m * (chunk + 1) / chunks - from,
                n - left < kPanel<T> ? n - left : kPanel<T>,
                packed};
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

    void whole(int task) {
        const std::int64_t grid = chunks * panels, rest = task % grid;
        enter_batch(task / grid);
        const bool row_first = work.ints[2] != 0;
        const std::int64_t chunk = row_first ? rest / panels : rest % chunks;
        const Strip<T> s = strip_at(chunk, row_first ? rest % panels : rest / chunks);
        Blocks blocks(work.loop, context, scratch);
        blocks.constants(kBlock);
        if (depth <= kDepth / 2 && depth > 0) {
            short_sums(s, blocks);
            return;
        }
        const std::int64_t parts = parts_of(depth);
        for (std::int64_t p = 0; p < parts; ++p) {
            s.sum(depth * p / parts, depth * (p + 1) / parts, p ? more : result);
            if (p)
                add(result, more, s.rows);
        }
        finish(result, s.rows, s.cols, blocks);
    }

    // Where one panel holds all of B: each few rows are finished while they are in the cache, and
    // what that needs is fetched meanwhile.
    void short_sums(const Strip<T> &s, Blocks &blocks) {
        constexpr std::int64_t few = 2 * kTileRows;
        const bool in_place = s.in_place();
        if (!in_place)
            pack(depth, s.cols, s.b, s.b_row, s.b_col, packed);
        const std::int64_t first = place[rank - 2];
        const std::int64_t groups = (s.rows + few - 1) / few;
        for (std::int64_t g = 0; g < groups; ++g) {
            const std::int64_t from = s.rows * g / groups, rows = s.rows * (g + 1) / groups - from;
            place[rank - 2] = first + from;
            blocks.fetch(place, rows, s.cols);
            s.tiles(rows, depth, s.a + from * s.row, in_place ? s.b : packed,
                    in_place ? s.b_row : kPanel<T>, result, false, {});
            finish(result, rows, s.cols, blocks);
        }
    }

    T *partial(std::int64_t part, std::int64_t panel) {
        return reinterpret_cast<T *>(context.shared) + (part * panels + panel) * m * kPanel<T>;
    }

    void part(int task) {
        enter_batch(0);
        const std::int64_t p = task / panels, panel = task % panels;
        strip_at(0, panel).sum(depth * p / kParts, depth * (p + 1) / kParts, partial(p, panel));
    }

    void join(int task) {
        enter_batch(0);
        const std::int64_t high = kBlock / kPanel<T>, groups = (m + high - 1) / high;
        const std::int64_t panel = task / groups, from = task % groups * high;
        const std::int64_t rows = m - from < high ? m - from : high;
        Strip<T> s = strip_at(0, panel);
        place[rank - 2] = from;
        std::memcpy(result, partial(0, panel) + from * kPanel<T>,
                    static_cast<std::size_t>(rows * kPanel<T>) * sizeof(T));
        for (std::int64_t p = 1; p < kParts; ++p)
            add(result, partial(p, panel) + from * kPanel<T>, rows);
        Blocks blocks(work.loop, context, scratch);
        blocks.constants(kBlock);
        finish(result, rows, s.cols, blocks);
    }

    const Instruction &work;
    const Context &context;
    const int rank;
    const std::int64_t m, depth, n, chunks, panels;
    T *packed, *result, *more;
    char *scratch;
    std::int64_t at_a = 0, at_b = 0;
    std::int64_t place[kMaxRank] = {};
};

inline void run_matmul(const Instruction &work, const Context &context, int task) {
    const bool split = work.ints[3] != 0;
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
