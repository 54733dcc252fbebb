// Where the windows of a convolution or pooling lie, on up to three spatial axes.
//
// A result's place o on an axis belongs to a phase, o = start + q * out_step, and reads the places
// q * in_step + offset of the input, one for each tap of its phase. A convolution has one phase
// with in_step = stride; its gradient by the input has `stride` phases with in_step = 1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace annette {

constexpr int kSpatial = 3;
constexpr int kWinogradTile = 4; // places of a tile of results, each way
constexpr int kWinogradTaps = 3; // of a kernel, each way
constexpr int kWinogradPlaces =
    (kWinogradTile + kWinogradTaps - 1) * (kWinogradTile + kWinogradTaps - 1);
constexpr int kWinogradChannels = 16; // channels come in multiples of these

struct Tap {
    std::int64_t tap, offset;
};

struct Range {
    std::int64_t from = 0, to = 0;
    std::int64_t size() const { return to - from; }
};

struct Phase {
    std::int64_t start = 0, count = 0;
    std::vector<Tap> taps;

    // The q of the results in [from, to).
    Range within(Range out, std::int64_t step) const {
        const auto first = [&](std::int64_t o) {
            return o <= start ? 0 : std::min(count, (o - start + step - 1) / step);
        };
        return {first(out.from), first(out.to)};
    }
};

struct Axis {
    std::int64_t in = 1, out = 1, out_step = 1, in_step = 1, taps = 1;
    std::vector<Phase> phases;

    // The places of the input that results in [from, to) read, also outside of it.
    Range reads(Range results) const {
        Range found{0, 0};
        bool any = false;
        for (const Phase &phase : phases) {
            const Range q = phase.within(results, out_step);
            if (q.size() <= 0)
                continue;
            for (const Tap &tap : phase.taps) {
                const std::int64_t low = q.from * in_step + tap.offset;
                const std::int64_t high = (q.to - 1) * in_step + tap.offset + 1;
                found = any ? Range{std::min(found.from, low), std::max(found.to, high)}
                            : Range{low, high};
                any = true;
            }
        }
        return found;
    }
};

struct Windows {
    std::int64_t n = 0;        // images
    std::int64_t channels = 0; // of the input
    std::int64_t filters = 0;  // channels of the result
    std::int64_t groups = 1;
    bool turned = false; // the kernel is read as filters by channels
    Axis axis[kSpatial];
    std::int64_t chunk[kSpatial] = {}; // places of the result that are computed together
    std::int64_t chunks[kSpatial] = {};
    std::int64_t parts = 1;    // of a sum over images, which are added in order
    std::int64_t slices = 1;   // of a kernel's places
    bool winograd = false;     // computed by transformed tiles
    std::int64_t together = 1; // pieces whose tiles are transformed together
    std::int64_t pooled = 0;   // lines of a result that are pooled together, where they are

    std::int64_t inner() const { return channels / groups; }
    std::int64_t outer() const { return filters / groups; }
    std::int64_t taps() const { return axis[0].taps * axis[1].taps * axis[2].taps; }
    std::int64_t places() const { return axis[0].out * axis[1].out * axis[2].out; }
    std::int64_t pieces() const { return chunks[0] * chunks[1] * chunks[2]; }
    bool padded() const;
    bool suits_winograd() const;
    // Pieces of a convolution's result; false where those that are pooled are not whole lines.
    bool choose_pieces(int element);

    // From one place to the next where a chunk may be cut.
    std::int64_t round(int d) const {
        const std::int64_t tile = winograd && d > 0 ? kWinogradTile : 1;
        return std::lcm(std::max(axis[d].out_step, tile), d == 1 && pooled ? pooled : 1);
    }
    // Places of a chunk, up to whole rounds.
    std::int64_t chunk_places() const {
        std::int64_t places = 1;
        for (int d = 0; d < kSpatial; ++d)
            places *= winograd ? (chunk[d] + round(d) - 1) / round(d) * round(d) : chunk[d];
        return places;
    }
    // Tiles of so many places of the result.
    static std::int64_t tiles(std::int64_t high, std::int64_t wide) {
        return ((high + kWinogradTile - 1) / kWinogradTile) *
               ((wide + kWinogradTile - 1) / kWinogradTile);
    }

    // The places of the result in a chunk.
    Range part(int d, std::int64_t which) const {
        return {which * chunk[d], std::min(axis[d].out, (which + 1) * chunk[d])};
    }
};

inline bool Windows::padded() const {
    for (const Axis &a : axis) {
        const Range r = a.reads({0, a.out});
        if (r.from < 0 || r.to > a.in)
            return true;
    }
    return false;
}

// Reads the numbers of a plan; fails with PlanError where they make no sense.
Windows windows_of(const std::vector<std::int64_t> &ints);
// Chooses chunks of at most `most` places whose input takes at most `bytes`.
void choose_chunks(Windows &windows, std::int64_t most, std::int64_t bytes, int element);

// Says whether pieces of a convolution's results are whole lines that can be pooled one by one.
bool can_pool(Windows windows, const Windows &pooling, int element);

} // namespace annette
