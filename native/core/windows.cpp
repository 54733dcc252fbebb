#include "windows.hpp"

#include <cstdlib>

#include "plan.hpp"

namespace annette {
namespace {

struct Reader {
    const std::vector<std::int64_t> &ints;
    std::size_t at = 0;

    std::int64_t next(std::int64_t low, std::int64_t high) {
        if (at >= ints.size() || ints[at] < low || ints[at] > high)
            throw PlanError("a convolution's windows make no sense");
        return ints[at++];
    }
};

constexpr std::int64_t kMost = std::int64_t{1} << 40;

Axis axis_of(Reader &from) {
    Axis a;
    a.in = from.next(1, kMost);
    a.out = from.next(1, kMost);
    a.out_step = from.next(1, kMost);
    a.in_step = from.next(1, kMost);
    a.taps = from.next(1, kMost);
    // Each place of the result belongs to one phase.
    const std::int64_t phases = from.next(1, std::min(a.out_step, a.out));
    if (phases != std::min(a.out_step, a.out))
        throw PlanError("a convolution's phases do not cover its result");
    for (std::int64_t p = 0; p < phases; ++p) {
        Phase phase;
        phase.start = p;
        phase.count = (a.out - p + a.out_step - 1) / a.out_step;
        const std::int64_t taps = from.next(0, a.taps);
        for (std::int64_t t = 0; t < taps; ++t) {
            const std::int64_t tap = from.next(0, a.taps - 1);
            phase.taps.push_back({tap, from.next(-kMost, kMost)});
        }
        a.phases.push_back(std::move(phase));
    }
    return a;
}

// Bytes of the input that the largest chunk reads.
std::int64_t box_bytes(const Windows &w, int element) {
    std::int64_t bytes = w.channels * element;
    for (int d = 0; d < kSpatial; ++d) {
        std::int64_t most = 1;
        for (std::int64_t c = 0; c < w.chunks[d]; ++c)
            most = std::max(most, w.axis[d].reads(w.part(d, c)).size());
        if (__builtin_mul_overflow(bytes, most, &bytes))
            return kMost;
    }
    return bytes;
}

// A chunk has whole rounds of `round` places.
void split(Windows &w, int d, std::int64_t pieces, std::int64_t round) {
    const Axis &a = w.axis[d];
    const std::int64_t rounds = (a.out + round - 1) / round;
    pieces = std::min(pieces, rounds);
    w.chunk[d] = std::min(a.out, (rounds + pieces - 1) / pieces * round);
    w.chunks[d] = (a.out + w.chunk[d] - 1) / w.chunk[d];
}

// Three neighbours that move on by one place.
bool is_three(const Axis &axis) {
    if (axis.taps != 3 || axis.in_step != 1 || axis.out_step != 1 || axis.phases.size() != 1)
        return false;
    const std::vector<Tap> &taps = axis.phases[0].taps;
    if (taps.size() != 3)
        return false;
    const std::int64_t step = taps[1].offset - taps[0].offset;
    return std::abs(step) == 1 && taps[2].offset - taps[1].offset == step;
}

} // namespace

// It depends on the sizes of one image: the bits of a result do not depend on how many there are.
bool Windows::suits_winograd() const {
    const Axis &z = axis[0];
    const bool flat = z.in == 1 && z.out == 1 && z.taps == 1 && z.phases[0].taps.size() == 1 &&
                      z.phases[0].taps[0].offset == 0;
    if (!flat || groups != 1 || !is_three(axis[1]) || !is_three(axis[2]) ||
        channels % kWinogradChannels || filters < kWinogradChannels)
        return false;
    // Tiles reach over the edge: the products must become fewer by more than the transforms take.
    constexpr std::int64_t plain = kWinogradTaps * kWinogradTaps, each = kWinogradPlaces;
    const std::int64_t each_image = tiles(axis[1].out, axis[2].out);
    // A transformed kernel is four times as large: one that only a few tiles use is not worth it.
    const std::int64_t largest = each_image < 4 ? 1 << 16 : 1 << 18;
    return 10 * plain * places() >= 16 * each * each_image && channels * filters <= largest;
}

Windows windows_of(const std::vector<std::int64_t> &ints) {
    Reader from{ints};
    Windows w;
    w.n = from.next(1, kMost);
    w.channels = from.next(1, kMost);
    w.filters = from.next(1, kMost);
    w.groups = from.next(1, kMost);
    w.turned = from.next(0, 1) != 0;
    if (w.channels % w.groups || w.filters % w.groups)
        throw PlanError("a convolution's groups do not divide its channels");
    for (Axis &a : w.axis)
        a = axis_of(from);
    if (from.at != ints.size())
        throw PlanError("a convolution has numbers left over");
    for (int d = 0; d < kSpatial; ++d)
        split(w, d, 1, w.axis[d].out_step);
    return w;
}

bool can_pool(Windows w, const Windows &p, int element) {
    const Axis &y = p.axis[1];
    if (p.n != w.n || p.channels != w.filters || w.axis[0].out != 1 || p.axis[0].out != 1 ||
        y.out_step != 1 || y.in_step > kPiece || y.phases.size() != 1)
        return false;
    for (int d = 0; d < kSpatial; ++d)
        if (p.axis[d].in != w.axis[d].out)
            return false;
    // A thread has no room for more places than the piece has.
    if (p.axis[2].out > w.axis[2].out || y.out > (w.axis[1].out + y.in_step - 1) / y.in_step)
        return false;
    for (const Tap &tap : y.phases[0].taps)
        if (tap.offset < 0 || tap.offset >= y.in_step)
            return false;
    w.pooled = y.in_step;
    const bool tiles = w.suits_winograd();
    for (const bool winograd : {false, tiles}) { // whichever it comes to
        w.winograd = winograd;
        if (!w.choose_pieces(element))
            return false;
    }
    return true;
}

bool Windows::choose_pieces(int element) {
    const std::int64_t held = pooled > 0 ? kPooledBytes / (filters * element) : kPiece;
    choose_chunks(*this, std::clamp<std::int64_t>(held, 1, kPiece), winograd ? kMost : kBoxBytes,
                  element);
    if (pooled == 0)
        return true;
    return held > 0 && chunk[0] == axis[0].out && chunk[2] == axis[2].out &&
           (chunks[1] == 1 || chunk[1] % pooled == 0);
}

void choose_chunks(Windows &w, std::int64_t most, std::int64_t bytes, int element) {
    const auto fits = [&] { return w.chunk_places() <= most && box_bytes(w, element) <= bytes; };
    const auto cut = [&](int d, std::int64_t round) {
        std::int64_t low = 1, high = (w.axis[d].out + round - 1) / round; // the fewest that do
        while (low < high) {
            const std::int64_t middle = (low + high) / 2;
            split(w, d, middle, round);
            if (fits())
                high = middle;
            else
                low = middle + 1;
        }
        split(w, d, low, round);
    };
    // The first axes are cut first, so that lines stay whole where they can.
    for (int d = 0; d < kSpatial && !fits(); ++d)
        cut(d, w.round(d));
    // One round of all phases may be too much.
    for (int d = 0; d < kSpatial && !fits(); ++d)
        cut(d, 1);
    if (!fits())
        throw PlanError("a convolution's window reaches further than a thread's memory holds");
}

} // namespace annette
