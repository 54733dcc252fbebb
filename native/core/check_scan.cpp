// Refuses scans whose body does not fit what its steps are given.
#include "check.hpp"
#include "scan.hpp"

namespace annette {
namespace {

struct ScanCheck : Checker {
    // Bytes from the first to behind the last element from axis `from` on.
    std::int64_t span(const View &x, std::size_t from) const {
        std::int64_t end = 1;
        for (std::size_t d = from; d < x.shape.size(); ++d) {
            need(x.stride[d] >= 0, "goes backwards through what its body reads");
            if (x.shape[d] == 0)
                return 0;
            end += (x.shape[d] - 1) * x.stride[d];
        }
        return end * bytes_of(x.type);
    }

    void scan() const {
        need(work.ints.size() >= 5, "needs its numbers");
        const Scan s(work);
        need(s.parts >= 1 && static_cast<std::int64_t>(work.bodies.size()) == s.parts,
             "has no body for each part");
        for (const auto &body : work.bodies)
            steps(s, *body);
    }

    void steps(const Scan &s, const Program &body) const {
        need(s.carries >= 0 && s.sequences >= 0 && s.length > 0 &&
                 s.carries <= static_cast<std::int64_t>(work.in.size()) &&
                 s.sequences <= static_cast<std::int64_t>(work.in.size()) - s.carries &&
                 static_cast<std::int64_t>(work.ints.size()) == 5 + 2 * s.carries,
             "has other operands than its numbers say");
        need(body.inputs() == work.in.size() && body.variables() == 0,
             "has a body of other operands");
        for (std::size_t i = 0; i < work.in.size(); ++i) {
            const View &x = work.in[i];
            const bool step = s.sequence(i);
            need(x.type == body.input_type(i), "has a body of other dtypes");
            need(!step || (!x.shape.empty() && x.shape[0] == s.length && x.stride[0] >= 0),
                 "has an operand of another length");
            const bool rows = i < static_cast<std::size_t>(s.carries + s.sequences);
            need(body.bound_bytes(Place::input, static_cast<int>(i)) <=
                     span(rows ? parted(x, s, step) : x, step),
                 "has a body that reads more than is given");
        }
        homes(s, body);
    }

    // One of the parts of what has rows.
    View parted(View x, const Scan &s, std::size_t axis) const {
        if (s.parts > 1) {
            need(x.shape.size() > axis && x.shape[axis] % s.parts == 0, "has rows left over");
            x.shape[axis] /= s.parts;
        }
        return x;
    }

    // Every carry has two places, or is among the results.
    void homes(const Scan &s, const Program &body) const {
        const auto count = static_cast<std::size_t>(s.carries);
        std::size_t rooms = 0;
        for (std::size_t i = 0; i < count; ++i)
            rooms += s.home(i) == Home::rooms;
        need(work.out.size() >= count + rooms, "lacks results");
        const std::size_t ys = work.out.size() - count - rooms;
        std::vector<int> lives(ys, 0);
        for (std::size_t j = 0; j < ys; ++j) {
            const View &y = work.out[count + j];
            dense(y);
            need(!y.shape.empty() && y.shape[0] == s.length, "has a result of another length");
        }
        std::size_t room = count + ys;
        for (std::size_t i = 0; i < count; ++i) {
            const View &first = work.in[i], &end = work.out[i];
            dense(first), dense(end);
            need(first.type == end.type && elements(first) == elements(end),
                 "has a carry that changes");
            const Home home = s.home(i);
            need(home >= Home::rooms && home <= Home::saved, "has a carry that lies nowhere");
            if (home == Home::rooms) {
                const View &own = work.out[room++];
                dense(own);
                need(own.type == first.type && elements(own) == 2 * elements(first),
                     "has no room for a carry");
                continue;
            }
            const std::int64_t y = s.where(i);
            need(y >= 0 && y < static_cast<std::int64_t>(ys), "has a carry that lies nowhere");
            const View &home_view = work.out[count + static_cast<std::size_t>(y)];
            need(home_view.type == first.type && elements(home_view, 1) == elements(first),
                 "has a carry that lies among other results");
            int &lived = lives[static_cast<std::size_t>(y)];
            need(lived == 0 || (home == Home::made && lived == 1), "has two carries in one place");
            lived = home == Home::made ? 1 : 2;
        }
        results(s, body, lives);
    }

    void results(const Scan &s, const Program &body, const std::vector<int> &lives) const {
        const auto count = static_cast<std::size_t>(s.carries);
        int slot = 0;
        const auto fits = [&](std::int64_t bytes) {
            need(slot < body.outputs() && body.bound_bytes(Place::output, slot) <= bytes,
                 "has a body that gives more than there is room for");
            ++slot;
        };
        for (std::size_t i = 0; i < count; ++i)
            if (s.home(i) != Home::made)
                fits(elements(parted(work.out[i], s, 0)) * bytes_of(work.out[i].type));
        for (std::size_t j = 0; j < lives.size(); ++j)
            if (lives[j] != 2)
                fits(elements(parted(work.out[count + j], s, 1), 1) *
                     bytes_of(work.out[count + j].type));
        need(slot == body.outputs(), "has a body of other results");
    }
};

} // namespace

void check_scan(const Checker &all) {
    ScanCheck{all}.scan();
}

} // namespace annette
