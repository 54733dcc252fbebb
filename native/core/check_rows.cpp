// Refuses what goes row by row, or place by place, over other operands than its kernel takes.
#include "check.hpp"

namespace annette {
namespace {

struct RowCheck : Checker {
    void reduction() const {
        need(work.in.size() == 1 && work.out.size() == 1 && work.ints.size() == 2,
             "needs one value and its axes");
        const View &x = work.in[0], &y = work.out[0];
        need(known(x.type), "cannot reduce this dtype");
        const auto kept = static_cast<std::size_t>(work.ints[0]);
        need(work.ints[0] >= 0 && work.ints[1] >= 0 &&
                 kept + static_cast<std::size_t>(work.ints[1]) == x.shape.size(),
             "has axes that do not add up");
        const bool places = work.kind == kArgmax || work.kind == kArgmin;
        if (places || work.kind == kCumsum)
            need(work.ints[1] == 1, "goes along one axis");
        if (places)
            need(elements(x, kept) > 0, "has no extreme among no values");
        if (work.kind == kCumsum) {
            need(y.shape == x.shape && y.type == x.type && x.type != Type::boolean,
                 "gives as many values as it gets");
            return;
        }
        need(y.type == (places ? Type::int32 : x.type), "gives another dtype");
        need(elements(y) == elements(x, 0, kept), "gives another number of values");
        dense(y);
    }

    void rows() const {
        const bool pair = work.kind == kSparseCrossEntropy || work.kind == kCrossEntropy;
        need(work.in.size() == (pair ? 2u : 1u) && work.out.size() == 1, "needs other operands");
        const View &x = work.in.back(), &y = work.out[0];
        need(!x.shape.empty() && x.shape.back() > 0, "needs a last axis");
        need(real(x.type) && y.type == x.type, "needs real numbers");
        for (const View &v : work.in)
            dense(v);
        dense(y);
        const std::int64_t height = elements(x) / x.shape.back();
        need(elements(y) == (pair ? height : elements(x)), "gives another number of values");
        if (work.kind == kSparseCrossEntropy)
            need(place_type(work.in[0].type) && elements(work.in[0]) == height,
                 "needs a class a row");
        if (work.kind == kCrossEntropy)
            need(work.in[0].type == x.type && elements(work.in[0]) == elements(x),
                 "needs targets as logits");
    }

    // Rows that are normalized, or the gradient and the rows; numbers for the places of a row.
    void norm() const {
        const bool back = work.kind == kLayerNormGradient;
        need(work.in.size() == 4 && work.out.size() == (back ? 3u : 1u), "needs other operands");
        const View &x = work.in[0];
        need(!x.shape.empty() && x.shape.back() > 0, "needs a last axis");
        const std::int64_t n = x.shape.back(), all = elements(x);
        need(real(x.type) && n <= static_cast<std::int64_t>(kScratchBytes) / 2 / bytes_of(x.type),
             "has rows that are too long");
        const std::int64_t in[] = {all, back ? all : n, n, 1}, out[] = {all, n, n};
        for (std::size_t i = 0; i < work.in.size(); ++i) {
            need(work.in[i].type == x.type && elements(work.in[i]) == in[i],
                 "has unequal operands");
            dense(work.in[i]);
        }
        for (std::size_t i = 0; i < work.out.size(); ++i) {
            need(work.out[i].type == x.type && elements(work.out[i]) == out[i],
                 "has other results");
            dense(work.out[i]);
        }
    }

    void index() const {
        need(work.in.size() == 2 && work.out.size() == 1 && work.ints.size() == 4,
             "needs values and places");
        const View &x = work.in[0], &at = work.in[1], &y = work.out[0];
        need(place_type(at.type) && x.type == y.type, "needs whole numbers as places");
        need(work.kind == kTake ||
                 (known(x.type) && x.type != Type::boolean && x.type != Type::uint32),
             "does not take this dtype");
        dense(x), dense(at), dense(y);
        const std::int64_t outer = work.ints[0], n = work.ints[1], inner = work.ints[2],
                           count = work.ints[3];
        need(outer >= 0 && n >= 0 && inner >= 0 && count >= 0, "has a negative size");
        const bool reads = work.kind == kTake || work.kind == kTakeAlong;
        const bool along = work.kind == kTakeAlong || work.kind == kPutAlong;
        need(elements(reads ? x : y) == outer * n * inner &&
                 elements(reads ? y : x) == outer * count * inner,
             "has sizes that do not fit");
        need(elements(at) == (along ? outer * count * inner : count), "has sizes that do not fit");
        need(n > 0 || outer * count * inner == 0, "looks for places where there are none");
    }

    void within() const {
        need(work.in.size() == 1 && work.out.size() == 1 && work.ints.size() == 2,
             "needs numbers and a bound");
        const View &x = work.in[0], &y = work.out[0];
        need(place_type(x.type) && x.type == y.type && elements(x) == elements(y) &&
                 elements(x) == work.ints[1],
             "gives other numbers than it is given");
        dense(x), dense(y);
    }

    void random() const {
        need(work.in.size() == 1 && work.out.size() == 1 && work.ints.size() == 1, "needs a key");
        need(work.in[0].type == Type::uint32 && elements(work.in[0]) == 2,
             "needs a key of two numbers");
        dense(work.in[0]), dense(work.out[0]);
        need(work.out[0].type == Type::uint32 && elements(work.out[0]) == work.ints[0],
             "gives another number of values");
    }
};

} // namespace

void check_rows(const Checker &all) {
    const RowCheck check{all};
    switch (all.work.kind) {
    case kSum:
    case kProd:
    case kMax:
    case kMin:
    case kArgmax:
    case kArgmin:
    case kCumsum: check.reduction(); break;
    case kSoftmax:
    case kLogSoftmax:
    case kSparseCrossEntropy:
    case kCrossEntropy: check.rows(); break;
    case kLayerNorm:
    case kLayerNormGradient: check.norm(); break;
    case kTake:
    case kScatterAdd:
    case kTakeAlong:
    case kPutAlong: check.index(); break;
    case kWithin: check.within(); break;
    default: check.random(); break;
    }
}

} // namespace annette
