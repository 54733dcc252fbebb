// Convolution without a copy of its windows: products of rows that are found through a table.
#pragma once

#include <vector>

#include "boxes.hpp"

namespace annette {
namespace ANNETTE_ISA {

// Elements of a sum that lie evenly: in the rows, and in the packed matrix.
struct Segment {
    std::ptrdiff_t a, b, count;
};

// to[i, :] (+)= sum over the segments of a[row i, :] b[:, :] for `Rows` rows, `Vectors` vectors.
template <class T, int Rows, int Vectors>
inline __attribute__((always_inline)) void
gathered_tile(const T *a, const std::ptrdiff_t *rows, std::ptrdiff_t step, const Segment *segment,
              const Segment *end, const T *b, std::ptrdiff_t b_row, bool first, T *to,
              const std::ptrdiff_t *to_rows) {
    constexpr int lanes = Simd<T>::lanes;
    Vec<T> sum[Rows][Vectors];
    const T *row[Rows];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
        row[i] = a + rows[i];
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j)
            sum[i][j] = Vec<T>{};
    }
    for (; segment != end; ++segment) {
        const T *right = b + segment->b * b_row;
        std::ptrdiff_t at = segment->a;
        for (std::ptrdiff_t k = segment->count; k > 0; --k, at += step, right += b_row) {
            Vec<T> line[Vectors];
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j)
                line[j] = load(right + j * lanes);
#pragma GCC unroll 8
            for (int i = 0; i < Rows; ++i) {
                const Vec<T> left = splat(row[i][at]);
#pragma GCC unroll 4
                for (int j = 0; j < Vectors; ++j)
                    sum[i][j] = fma(left, line[j], sum[i][j]);
            }
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) {
            T *place = to + to_rows[i] + j * lanes;
            // Blocks are summed for themselves first: a long chain would gather errors.
            store(place, first ? sum[i][j] : load(place) + sum[i][j]);
        }
}

template <class T, int Vectors, int Rows>
inline void gathered_rows(int count, const T *a, const std::ptrdiff_t *rows, std::ptrdiff_t step,
                          const Segment *segment, const Segment *end, const T *b,
                          std::ptrdiff_t b_row, bool first, T *to, const std::ptrdiff_t *to_rows) {
    if constexpr (Rows > 0) {
        if (count == Rows)
            gathered_tile<T, Rows, Vectors>(a, rows, step, segment, end, b, b_row, first, to,
                                            to_rows);
        else
            gathered_rows<T, Vectors, Rows - 1>(count, a, rows, step, segment, end, b, b_row, first,
                                                to, to_rows);
    }
}

// A product whose rows of A stand in a table.
template <class T> struct Gathered {
    const std::ptrdiff_t *rows, *to_rows;
    std::int64_t count;
    std::ptrdiff_t step; // of A from one element of a segment to the next

    template <int Vectors>
    void strip(const T *a, const Segment *from, const Segment *end, const T *b,
               std::ptrdiff_t b_row, bool first, T *to) const {
        constexpr int high = kTileRows;
        const std::int64_t tiles = (count + high - 1) / high;
        for (std::int64_t t = 0; t < tiles; ++t) {
            const std::int64_t r = count * t / tiles;
            gathered_rows<T, Vectors, high>(static_cast<int>(count * (t + 1) / tiles - r), a,
                                            rows + r, step, from, end, b, b_row, first, to,
                                            to_rows + r);
        }
    }

    // to[to_rows] (+)= sums over the segments, for `cols` columns.
    void run(const T *a, const Segment *from, const Segment *end, const T *b, std::ptrdiff_t b_row,
             std::int64_t cols, bool first, T *to) const {
        switch ((cols + Simd<T>::lanes - 1) / Simd<T>::lanes) {
        case 1: return strip<1>(a, from, end, b, b_row, first, to);
        case 2: return strip<2>(a, from, end, b, b_row, first, to);
        case 3: return strip<3>(a, from, end, b, b_row, first, to);
        default: return strip<4>(a, from, end, b, b_row, first, to);
        }
    }
};

// Cuts segments into blocks of nearly equal depth that the first-level cache holds.
struct Blocked {
    std::vector<Segment> segments;
    std::vector<std::size_t> starts; // of each block, and the end

    void set(const std::vector<Segment> &whole) {
        segments.clear();
        starts.clear();
        std::ptrdiff_t depth = 0;
        for (const Segment &s : whole)
            depth += s.count;
        const std::ptrdiff_t blocks = (depth + kDepth - 1) / kDepth;
        std::ptrdiff_t done = 0, block = 0;
        for (Segment s : whole)
            while (s.count > 0) {
                while (block < blocks && done == depth * block / blocks) {
                    starts.push_back(segments.size());
                    ++block;
                }
                const std::ptrdiff_t room = depth * block / blocks - done;
                const std::ptrdiff_t some = std::min(s.count, room);
                segments.push_back({s.a, s.b, some});
                s.a += some * step;
                s.b += some;
                s.count -= some;
                done += some;
            }
        starts.push_back(segments.size());
    }
    std::size_t blocks() const { return starts.size() - 1; }
    const Segment *begin(std::size_t block) const { return segments.data() + starts[block]; }
    const Segment *end(std::size_t block) const { return segments.data() + starts[block + 1]; }

    std::ptrdiff_t step = 1; // of A within a segment
};

// A thread's memory: the input of a piece, results, registers of the loop.
template <class T> struct Room {
    explicit Room(const Context &context)
        : box(reinterpret_cast<T *>(context.scratch)),
          results(reinterpret_cast<T *>(context.scratch + kBoxBytes)),
          registers(context.scratch + kBoxBytes + kResultBytes / 2) {}
    T *box, *results;
    char *registers;
};
static_assert(kBoxBytes + kResultBytes / 2 + kMaxRegisters * kBlock * 8 <= kWorkBytes,
              "a thread's memory is too small for a convolution");
static_assert(kPiece * kTileVectors * kVectorBytes <= kResultBytes / 2,
              "a piece of a convolution has too many places");

// in: x [n, z, y, x, channels] and the kernel [taps..., channels, filters], in float32 or float64.
template <class T> struct Conv {
    Conv(const Instruction &w, const Context &c)
        : work(w), context(c), windows(*w.windows),
          panels((windows.outer() + kPanel<T> - 1) / kPanel<T>),
          depth(windows.taps() * windows.inner()), wide(result_width<T>(windows.outer())),
          packed(reinterpret_cast<T *>(c.shared)) {}

    // Panels of the kernel, side by side.
    void pack_kernel(int task) {
        const View &w = work.in[1];
        const std::int64_t row = w.stride[windows.turned ? 4 : 3];
        const std::int64_t col = w.stride[windows.turned ? 3 : 4];
        const Share share(work, windows.groups * panels, task);
        const std::int64_t each = windows.turned ? windows.inner() : windows.outer();
        for (std::int64_t n = share.from; n < share.to; ++n) {
            const std::int64_t panel = n % panels;
            const T *from =
                values<T>(context, w) + n / panels * each * w.stride[4] + panel * kPanel<T> * col;
            T *to = packed + n * depth * kPanel<T>;
            for (std::int64_t z = 0; z < windows.axis[0].taps; ++z)
                for (std::int64_t y = 0; y < windows.axis[1].taps; ++y)
                    for (std::int64_t x = 0; x < windows.axis[2].taps; ++x) {
                        const T *tap = from + z * w.stride[0] + y * w.stride[1] + x * w.stride[2];
                        pack(windows.inner(), cols_of<T>(windows.outer(), panel), tap, row, col,
                             to);
                        to += windows.inner() * kPanel<T>;
                    }
        }
    }

    // The places of a piece that belong to one phase on each axis.
    struct Part {
        std::vector<std::ptrdiff_t> rows, to_rows;
        Blocked sums;
    };

    void part_of(const Box<T> &box, const Piece &piece, const Phase *const phase[kSpatial],
                 Part &part) const {
        Range q[kSpatial];
        for (int d = 0; d < kSpatial; ++d)
            q[d] = phase[d]->within(piece.out[d], windows.axis[d].out_step);
        const Axis *axis = windows.axis;
        if (q[0].size() <= 0 || q[1].size() <= 0 || q[2].size() <= 0)
            return;
        const auto places = static_cast<std::size_t>(q[0].size() * q[1].size() * q[2].size());
        part.rows.reserve(places);
        part.to_rows.reserve(places);
        // Where a result stands on an axis among those of the piece.
        const auto out = [&](int d, std::int64_t at) {
            return phase[d]->start + at * axis[d].out_step - piece.out[d].from;
        };
        const std::int64_t step = axis[2].in_step * box.stride[2], gap = axis[2].out_step * wide;
        for (std::int64_t z = q[0].from; z < q[0].to; ++z)
            for (std::int64_t y = q[1].from; y < q[1].to; ++y) {
                std::int64_t row = z * axis[0].in_step * box.stride[0] +
                                   y * axis[1].in_step * box.stride[1] + q[2].from * step;
                std::int64_t to =
                    ((out(0, z) * piece.out[1].size() + out(1, y)) * piece.out[2].size() +
                     out(2, q[2].from)) *
                    wide;
                for (std::int64_t x = q[2].from; x < q[2].to; ++x, row += step, to += gap) {
                    part.rows.push_back(row);
                    part.to_rows.push_back(to);
                }
            }
        std::vector<Segment> whole;
        for (const Tap &z : phase[0]->taps)
            for (const Tap &y : phase[1]->taps)
                for (const Tap &x : phase[2]->taps) {
                    const std::int64_t tap = (z.tap * axis[1].taps + y.tap) * axis[2].taps + x.tap;
                    const Segment s{box.offset(0, z.offset) + box.offset(1, y.offset) +
                                        box.offset(2, x.offset),
                                    tap * windows.inner(), windows.inner()};
                    Segment *last = whole.empty() ? nullptr : &whole.back();
                    if (last && s.a == last->a + last->count && s.b == last->b + last->count)
                        last->count += s.count;
                    else
                        whole.push_back(s);
                }
        part.sums.set(whole);
    }

    void lay_out(const Box<T> &box, const Piece &piece) {
        parts.clear();
        for (const Phase &z : windows.axis[0].phases)
            for (const Phase &y : windows.axis[1].phases)
                for (const Phase &x : windows.axis[2].phases) {
                    const Phase *const phase[kSpatial] = {&z, &y, &x};
                    parts.emplace_back();
                    part_of(box, piece, phase, parts.back());
                    if (parts.back().rows.empty())
                        parts.pop_back();
                }
    }

    void products(const Box<T> &box, std::int64_t group, std::int64_t panel, T *results) const {
        const T *right = packed + (group * panels + panel) * depth * kPanel<T>;
        const T *left = box.at + group * windows.inner();
        for (const Part &part : parts) {
            const Gathered<T> product{part.rows.data(), part.to_rows.data(),
                                      static_cast<std::int64_t>(part.rows.size()), 1};
            if (part.sums.segments.empty())
                for (std::ptrdiff_t to : part.to_rows)
                    std::memset(results + to, 0, static_cast<std::size_t>(wide) * sizeof(T));
            for (std::size_t b = 0; b < part.sums.blocks(); ++b)
                product.run(left, part.sums.begin(b), part.sums.end(b), right, kPanel<T>,
                            cols_of<T>(windows.outer(), panel), b == 0, results);
        }
    }

    void run(int task) {
        const Room<T> room(context);
        Pooled pooled(work, context);
        Blocks blocks(work.loop, pooled.context(), room.registers);
        blocks.constants(kBlock);
        blocks.repeat(kBlock / wide);
        blocks.totals(work, context.shared, task);
        Finish<T> finish{work.loop, blocks, wide};
        const std::int64_t pieces = windows.n * windows.pieces();
        const std::int64_t end = pieces * (task + 1) / work.then_tasks;
        std::int64_t known = -1;
        for (std::int64_t n = pieces * task / work.then_tasks; n < end; ++n) {
            const Piece piece = piece_of(windows, n);
            const Box<T> box(windows, work.in[0], context, piece, room.box);
            if (known != n / windows.n)
                lay_out(box, piece);
            known = n / windows.n;
            T *plain = reinterpret_cast<T *>(pooled.begin(windows, piece, wide));
            for (std::int64_t group = 0; group < windows.groups; ++group)
                for (std::int64_t panel = 0; panel < panels; ++panel) {
                    products(box, group, panel, plain ? plain : room.results);
                    if (!plain)
                        finish.piece(windows, piece, room.results,
                                     group * windows.outer() + panel * kPanel<T>,
                                     cols_of<T>(windows.outer(), panel));
                }
            pooled.end(n);
        }
    }

    const Instruction &work;
    const Context &context;
    const Windows &windows;
    const std::int64_t panels, depth, wide;
    T *packed;
    std::vector<Part> parts;
};

// Sums over images and places in parts, which are added in order: panel after panel of columns,
// `rows` rows each.
template <class T> struct Parts {
    Parts(const Instruction &work, const Context &context, std::int64_t panel_count,
          std::int64_t row_count)
        : panels(panel_count), rows(row_count), parts(work.windows->parts),
          at(reinterpret_cast<T *>(context.shared)) {}

    T *part(std::int64_t which, std::int64_t panel) const {
        return at + (which * panels + panel) * rows * kPanel<T>;
    }
    // The sum of the parts of some rows.
    void join(std::int64_t panel, std::int64_t from, std::int64_t count, T *to) const {
        std::memcpy(to, part(0, panel) + from * kPanel<T>,
                    static_cast<std::size_t>(count * kPanel<T>) * sizeof(T));
        for (std::int64_t p = 1; p < parts; ++p)
            for (std::int64_t i = 0; i < count * kPanel<T>; i += Simd<T>::lanes)
                store(to + i, load(to + i) + load(part(p, panel) + from * kPanel<T> + i));
    }

    const std::int64_t panels, rows, parts;
    T *at;
};

// The second half of such sums: rows of a kernel, whose filters stand in groups.
template <class T>
void join_parts(const Instruction &work, const Context &context, const Parts<T> &sums,
                std::int64_t groups, std::int64_t filters, int task) {
    const Room<T> room(context);
    Blocks blocks(work.loop, context, room.registers);
    blocks.constants(kBlock);
    Finish<T> finish{work.loop, blocks};
    const std::int64_t panels = sums.panels / groups, high = kBlock / kPanel<T>;
    const std::int64_t heights = (sums.rows + high - 1) / high, all = sums.panels * heights;
    const std::int64_t end = all * (task + 1) / work.then_tasks;
    for (std::int64_t n = all * task / work.then_tasks; n < end; ++n) {
        const std::int64_t at = n / heights, from = n % heights * high;
        const std::int64_t panel = at % panels;
        const std::int64_t count = std::min(high, sums.rows - from);
        sums.join(at, from, count, room.results);
        finish.rows(room.results, from, count, at / panels * filters + panel * kPanel<T>,
                    cols_of<T>(filters, panel));
    }
}

// in: x [n, z, y, x, channels] and g [n, z, y, x, filters]; out of the loop: the kernel.
template <class T> struct ConvFilter {
    ConvFilter(const Instruction &w, const Context &c)
        : work(w), context(c), windows(*w.windows),
          panels((windows.outer() + kPanel<T> - 1) / kPanel<T>),
          rows(windows.taps() * windows.inner()), sums(w, c, windows.groups * panels, rows) {}

    // The rows of A: a tap's channels, from the first result's place on.
    void table(const Box<T> &box, std::int64_t from, std::int64_t to) {
        left.clear();
        into.clear();
        const Axis *axis = windows.axis;
        const std::vector<Tap> *taps[kSpatial];
        for (int d = 0; d < kSpatial; ++d)
            taps[d] = &axis[d].phases[0].taps;
        for (std::int64_t m = from; m < to; ++m) {
            std::int64_t tap = m / windows.inner(), at = m % windows.inner();
            for (int d = kSpatial - 1; d >= 0; --d) {
                const auto which = static_cast<std::size_t>(tap % axis[d].taps);
                at += box.offset(d, (*taps[d])[which].offset);
                tap /= axis[d].taps;
            }
            left.push_back(at);
            into.push_back(m * kPanel<T>);
        }
    }

    // Lines of results: where their first place reads, and where they stand in g.
    void lines(const Box<T> &box, const Piece &piece) {
        const Axis *axis = windows.axis;
        const View &g = work.in[1];
        std::vector<Segment> whole;
        for (std::int64_t z = piece.out[0].from; z < piece.out[0].to; ++z)
            for (std::int64_t y = piece.out[1].from; y < piece.out[1].to; ++y) {
                const std::int64_t x = piece.out[2].from;
                const std::int64_t at = z * axis[0].in_step * box.stride[0] +
                                        y * axis[1].in_step * box.stride[1] +
                                        x * axis[2].in_step * box.stride[2];
                const std::int64_t row =
                    (z * g.shape[2] + y) * g.shape[3] + x; // g lies side by side
                whole.push_back({at, row, piece.out[2].size()});
            }
        blocked.step = axis[2].in_step * box.stride[2];
        blocked.set(whole);
    }

    // A block of g as the product reads it, and the segments that fit it.
    const T *right(const T *g, std::int64_t panel, std::size_t block, T *packed,
                   std::ptrdiff_t &b_row, std::vector<Segment> &segments) const {
        const std::int64_t cols = cols_of<T>(windows.outer(), panel), gap = windows.filters;
        segments.assign(blocked.begin(block), blocked.end(block));
        if (cols % Simd<T>::lanes == 0) {
            b_row = gap;
            return g;
        }
        std::ptrdiff_t done = 0;
        for (Segment &s : segments) {
            pack(s.count, cols, g + s.b * gap, gap, std::int64_t{1}, packed + done * kPanel<T>);
            s.b = done;
            done += s.count;
        }
        b_row = kPanel<T>;
        return packed;
    }

    void partial(int task) {
        const Room<T> room(context);
        const std::int64_t columns = windows.groups * panels, slices = windows.slices;
        const std::int64_t slice = task % slices, at = task / slices % columns;
        const std::int64_t p = task / (slices * columns), group = at / panels, panel = at % panels;
        const std::int64_t pieces = windows.n * windows.pieces(), parts = windows.parts;
        const std::int64_t from = rows * slice / slices, to = rows * (slice + 1) / slices;
        const View &view = work.in[1];
        std::vector<Segment> segments;
        std::int64_t known = -1;
        bool first = true;
        for (std::int64_t n = pieces * p / parts; n < pieces * (p + 1) / parts; ++n) {
            const Piece piece = piece_of(windows, n);
            const Box<T> box(windows, work.in[0], context, piece, room.box);
            if (known != n / windows.n) {
                table(box, from, to);
                lines(box, piece);
            }
            known = n / windows.n;
            const T *g = values<T>(context, view) + piece.image * view.stride[0] +
                         group * windows.outer() + panel * kPanel<T>;
            const Gathered<T> product{left.data(), into.data(), to - from, blocked.step};
            for (std::size_t b = 0; b < blocked.blocks(); ++b) {
                std::ptrdiff_t b_row = 0;
                const T *block = right(g, panel, b, room.results, b_row, segments);
                product.run(box.at + group * windows.inner(), segments.data(),
                            segments.data() + segments.size(), block, b_row,
                            cols_of<T>(windows.outer(), panel), first, sums.part(p, at));
                first = false;
            }
        }
    }

    void join(int task) {
        join_parts<T>(work, context, sums, windows.groups, windows.outer(), task);
    }

    const Instruction &work;
    const Context &context;
    const Windows &windows;
    const std::int64_t panels, rows;
    const Parts<T> sums;
    std::vector<std::ptrdiff_t> left, into;
    Blocked blocked;
};

} // namespace ANNETTE_ISA
} // namespace annette
