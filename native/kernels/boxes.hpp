// A chunk of a convolution or pooling: the part of the input that it reads, in one box, and what
// becomes of its results.
#pragma once

#include <vector>

#include "../core/windows.hpp"
#include "gemm.hpp"

namespace annette {
namespace ANNETTE_ISA {

// A chunk of the result of one image.
struct Piece {
    std::int64_t image = 0;
    Range out[kSpatial];
    std::int64_t places() const { return out[0].size() * out[1].size() * out[2].size(); }
};

// Pieces in an order in which neighbours differ in the image alone.
inline Piece piece_of(const Windows &w, std::int64_t number) {
    Piece piece;
    piece.image = number % w.n;
    std::int64_t rest = number / w.n;
    for (int d = kSpatial - 1; d >= 0; --d) {
        piece.out[d] = w.part(d, rest % w.chunks[d]);
        rest /= w.chunks[d];
    }
    return piece;
}

// The input that a piece reads: in its own memory where all of it is there, channels side by side;
// else copied, with zeros for what lies outside.
template <class T> struct Box {
    const T *at = nullptr; // of the place (from, from, from)
    std::int64_t stride[kSpatial] = {};
    Range reads[kSpatial];

    Box(const Windows &w, const View &view, const Context &context, const Piece &piece, T *room) {
        bool inside = view.stride[4] == 1 || w.channels == 1;
        for (int d = 0; d < kSpatial; ++d) {
            reads[d] = w.axis[d].reads(piece.out[d]);
            inside = inside && reads[d].from >= 0 && reads[d].to <= w.axis[d].in;
            stride[d] = view.stride[static_cast<std::size_t>(d) + 1];
        }
        const T *image = reinterpret_cast<const T *>(context.at[view.value]) + view.offset +
                         piece.image * view.stride[0];
        if (inside) {
            at = image + reads[0].from * stride[0] + reads[1].from * stride[1] +
                 reads[2].from * stride[2];
            return;
        }
        copy(w, view, image, room);
        at = room;
        stride[2] = w.channels;
        stride[1] = reads[2].size() * stride[2];
        stride[0] = reads[1].size() * stride[1];
    }

    // Where an axis' place stands, from `at` on.
    std::int64_t offset(int d, std::int64_t place) const {
        return (place - reads[d].from) * stride[d];
    }

  private:
    void copy(const Windows &w, const View &view, const T *image, T *to) const {
        const std::int64_t wide = reads[2].size() * w.channels, step = view.stride[4];
        const std::int64_t first = std::clamp<std::int64_t>(0, reads[2].from, reads[2].to);
        const std::int64_t end = std::clamp<std::int64_t>(w.axis[2].in, first, reads[2].to);
        for (std::int64_t z = reads[0].from; z < reads[0].to; ++z)
            for (std::int64_t y = reads[1].from; y < reads[1].to; ++y, to += wide) {
                if (z < 0 || z >= w.axis[0].in || y < 0 || y >= w.axis[1].in || first == end) {
                    zero(to, wide);
                    continue;
                }
                T *line = to + (first - reads[2].from) * w.channels;
                zero(to, line - to);
                const T *from = image + z * stride[0] + y * stride[1] + first * stride[2];
                if (step == 1 && stride[2] == w.channels) {
                    std::memcpy(line, from,
                                static_cast<std::size_t>((end - first) * w.channels) * sizeof(T));
                } else {
                    for (std::int64_t x = first; x < end; ++x, from += stride[2])
                        for (std::int64_t c = 0; c < w.channels; ++c)
                            line[(x - first) * w.channels + c] = from[c * step];
                }
                T *rest = line + (end - first) * w.channels;
                zero(rest, to + wide - rest);
            }
    }
    static void zero(T *to, std::int64_t count) {
        std::memset(to, 0, static_cast<std::size_t>(count) * sizeof(T));
    }
};

// Calls f with a number of the type that an instruction computes in.
template <class F> inline void by_type(const Instruction &work, const F &f) {
    work.in[0].type == Type::float32 ? f(float{}) : f(double{});
}

// The columns of a panel, of `columns` in all.
template <class T> inline std::int64_t cols_of(std::int64_t columns, std::int64_t panel) {
    return std::min<std::int64_t>(kPanel<T>, columns - panel * kPanel<T>);
}

// From one row of results to the next: as little as their vectors take.
template <class T> inline std::int64_t result_width(std::int64_t columns) {
    constexpr std::int64_t lanes = Simd<T>::lanes;
    return std::min<std::int64_t>(kPanel<T>, (columns + lanes - 1) / lanes * lanes);
}

// The loop's steps on rows of results, which lie `wide` apart.
template <class T> struct Finish {
    const Loop &loop;
    Blocks &blocks;
    std::int64_t wide = kPanel<T>;

    // `rows` results that follow each other from number `first` on.
    void rows(T *results, std::int64_t first, std::int64_t count, std::int64_t col,
              std::int64_t cols) {
        const int last = loop.rank - 1;
        const std::int64_t high = kBlock / wide;
        std::int64_t place[kMaxRank] = {};
        place[last] = col;
        while (count > 0) {
            std::int64_t rest = first;
            for (int d = last - 1; d >= 0; --d) {
                place[d] = rest % loop.shape[d];
                rest /= loop.shape[d];
            }
            const std::int64_t left = loop.shape[last - 1] - place[last - 1];
            const std::int64_t some = std::min(std::min(count, high), left);
            blocks.given(reinterpret_cast<char *>(results), wide);
            blocks.run(place, some, cols);
            results += some * wide;
            first += some;
            count -= some;
        }
    }

    // The results of a piece.
    void piece(const Windows &w, const Piece &p, T *results, std::int64_t col, std::int64_t cols) {
        const std::int64_t line = w.axis[2].out, high = w.axis[1].out;
        const bool lines = p.out[2].size() == line, planes = lines && p.out[1].size() == high;
        // Results that follow each other in memory, as many as there are.
        const std::int64_t run =
            p.out[2].size() * (lines ? p.out[1].size() : 1) * (planes ? p.out[0].size() : 1);
        for (std::int64_t at = 0; at < p.places(); at += run) {
            const std::int64_t z = at / (p.out[2].size() * p.out[1].size());
            const std::int64_t y = at / p.out[2].size() % p.out[1].size();
            const std::int64_t number =
                ((p.image * w.axis[0].out + p.out[0].from + z) * high + p.out[1].from + y) * line +
                p.out[2].from;
            rows(results + at * wide, number, run, col, cols);
        }
    }
};

// The pooling of a convolution's pieces. Their results lie in the thread's memory, which poses as
// part of the whole.
class Pooled {
  public:
    Pooled(const Instruction &work, const Context &context)
        : context_(context), pool_(work.pool.get()) {
        if (!pool_)
            return;
        at_.assign(context.at, context.at + context.values);
        value_ = pool_->in[0].value;
        filters_ = pool_->windows->channels;
        bytes_ = bytes_of(pool_->in[0].type);
        plain_ = work.loop.micro.empty() && work.loop.sums.empty();
        const Windows &w = *work.windows;
        piece_bytes_ = w.chunk[0] * w.chunk[1] * w.chunk[2] * filters_ * bytes_;
        pieces_ = pool_->windows->n * pool_->windows->pieces();
        context_.at = at_.data();
    }
    Pooled(const Pooled &) = delete;

    // For the convolution's own loop.
    const Context &context() const { return context_; }

    // What is written next is of this piece, the `slot`-th of those held. Returns its memory where
    // nothing is to be done with rows of results that are `wide` apart.
    char *begin(const Windows &w, const Piece &piece, std::int64_t wide, std::int64_t slot = 0) {
        if (!pool_)
            return nullptr;
        const std::int64_t line = piece.image * w.axis[1].out + piece.out[1].from;
        char *memory = context_.scratch + kWorkBytes + slot * piece_bytes_;
        at_[static_cast<std::size_t>(value_)] = memory - line * w.axis[2].out * filters_ * bytes_;
        return plain_ && wide == filters_ ? memory : nullptr;
    }

    // The piece is whole. The last lines may be too few for a window.
    void end(std::int64_t number) const {
        if (!pool_ || number >= pieces_)
            return;
        Context inner = context_;
        inner.scratch += kWorkBytes + kPooledBytes;
        pool_->run(*pool_, inner, static_cast<int>(number));
    }

  private:
    Context context_;
    const Instruction *pool_;
    std::vector<char *> at_;
    int value_ = 0;
    bool plain_ = false;
    std::int64_t filters_ = 0, bytes_ = 0, piece_bytes_ = 0, pieces_ = 0;
};

} // namespace ANNETTE_ISA
} // namespace annette
