// Running over rows of the user's arrays, whatever their dtype, and over many epochs.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "program.hpp"

namespace annette {
namespace {

double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

constexpr std::int64_t kGatherBytes = 1 << 15; // below, one thread gathers

MicroKernel conversion(const Kernels &kernels, Type from, Type to) {
    const std::string name = std::string("cast_") + name_of(from);
    for (int i = 0; i < kernels.count; ++i)
        if (name == kernels.ops[i].name)
            return kernels.ops[i].run[static_cast<int>(to)];
    return nullptr;
}

struct Gather {
    const Rows *rows;
    const std::int64_t *order;
    std::int64_t place, count;
    int pieces;          // tasks share the rows' columns: the parts of a product's sums
    MicroKernel convert; // null: copy
    int from_bytes, to_bytes;
    char *to;
};

void gather_task(void *what, int task, char *) {
    const Gather &g = *static_cast<const Gather *>(what);
    const std::int64_t n = g.rows->elements;
    const std::int64_t from = n * task / g.pieces, count = n * (task + 1) / g.pieces - from;
    const char *x = g.rows->data + from * g.from_bytes;
    char *y = g.to + from * g.to_bytes;
    for (std::int64_t i = 0; i < g.count; ++i, y += n * g.to_bytes) {
        const std::int64_t row = g.order ? g.order[g.place + i] : g.place + i;
        const char *at = x + row * g.rows->row_bytes;
        if (g.convert) {
            const Lane in{const_cast<char *>(at), 0}, out{y, 0};
            g.convert(1, count, &in, &out, nullptr);
        } else {
            std::memcpy(y, at, static_cast<std::size_t>(count * g.to_bytes));
        }
    }
}

} // namespace

void Program::choose_conversions(Batches &batches) const {
    batches.convert.assign(batches.rows.size(), nullptr);
    for (std::size_t i = 0; i < batches.rows.size(); ++i)
        if (batches.rows[i].type != input_types_[i])
            batches.convert[i] = conversion(kernels_, batches.rows[i].type, input_types_[i]);
}

void Program::gather(const Batches &batches, std::int64_t place, Binding &binding, Lease &lease) {
    for (std::size_t i = 0; i < batches.rows.size(); ++i) {
        const Rows &rows = batches.rows[i];
        const Type type = input_types_[i];
        const std::int64_t bytes = rows.elements * bytes_of(rows.type);
        if (!batches.order && rows.type == type && rows.row_bytes == bytes) {
            binding.inputs[i] = const_cast<char *>(rows.data) + place * bytes;
            continue;
        }
        const std::int64_t size = rows.elements * batches.batch * bytes_of(type);
        if (!gathered_[i])
            gathered_[i] = std::make_unique<Memory>(
                static_cast<std::size_t>(std::max<std::int64_t>(size, 1)));
        binding.inputs[i] = gathered_[i]->data();
        const bool large = size >= kGatherBytes && rows.elements >= kLong;
        Gather work{&rows,  batches.order,     place, batches.batch, large ? int{kParts} : 1,
                    batches.convert[i], bytes_of(rows.type), bytes_of(type), gathered_[i]->data()};
        if (lease && large)
            lease.pool().run(work.pieces, gather_task, &work, scratch_.data());
        else
            for (int t = 0; t < work.pieces; ++t)
                gather_task(&work, t, nullptr);
    }
}

bool Program::batch(const Batches &batches, std::int64_t place, Binding &binding, Lease &lease,
                    const Caller &caller) {
    gather(batches, place, binding, lease);
    bind(binding);
    if (!execute(lease, caller))
        return false;
    for (std::size_t i = 0; i < batches.advance.size(); ++i)
        binding.outputs[i] += batches.advance[i];
    return true;
}

bool Program::run_rows(Batches &batches, std::int64_t &start, std::int64_t stop,
                       double seconds, Binding &binding, const Caller &caller) {
    const std::lock_guard<std::mutex> lock(running_);
    const FlushSubnormals flush;
    Lease lease(threaded_);
    choose_conversions(batches);
    const double deadline = now() + seconds;
    while (start + batches.batch <= stop) {
        if (!batch(batches, start, binding, lease, caller))
            return false;
        start += batches.batch;
        if (now() > deadline)
            break;
    }
    return true;
}

namespace {

std::uint32_t word(std::uint32_t seed, std::uint32_t epoch, std::uint32_t block, int which) {
    std::uint32_t x0 = block, x1 = 0, x2 = epoch, x3 = 0, k0 = seed, k1 = 0;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53u} * x0, b = std::uint64_t{0xCD9E8D57u} * x2;
        x0 = static_cast<std::uint32_t>(b >> 32) ^ x1 ^ k0;
        x1 = static_cast<std::uint32_t>(b);
        x2 = static_cast<std::uint32_t>(a >> 32) ^ x3 ^ k1;
        x3 = static_cast<std::uint32_t>(a);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return which == 0 ? x0 : which == 1 ? x1 : which == 2 ? x2 : x3;
}

} // namespace

void shuffled_order(std::uint32_t seed, std::uint32_t epoch, std::int64_t rows,
                    std::int64_t *order) {
    const auto n = static_cast<std::size_t>(rows);
    std::vector<std::pair<std::uint32_t, std::int64_t>> now_(n), next(n);
    for (std::size_t i = 0; i < n; ++i)
        now_[i] = {word(seed, epoch, static_cast<std::uint32_t>(i / 4), static_cast<int>(i % 4)),
                   static_cast<std::int64_t>(i)};
    if (n < 256) {
        std::sort(now_.begin(), now_.end());
    } else {
        constexpr int bits = 11; // three stable passes over 32 bits
        for (int shift = 0; shift < 32; shift += bits) {
            std::vector<std::size_t> place((1 << bits) + 1, 0);
            for (const auto &x : now_)
                ++place[(x.first >> shift & ((1 << bits) - 1)) + 1];
            for (std::size_t k = 1; k < place.size(); ++k)
                place[k] += place[k - 1];
            for (const auto &x : now_)
                next[place[x.first >> shift & ((1 << bits) - 1)]++] = x;
            now_.swap(next);
        }
    }
    for (std::size_t i = 0; i < n; ++i)
        order[i] = now_[i].second;
}

bool Training::run(std::int64_t &epoch, std::int64_t stop, double seconds, std::vector<double> &log,
                   const Caller &caller) {
    std::unique_lock<std::mutex> one(step.program ? step.program->running_ : tail.program->running_);
    std::unique_lock<std::mutex> two;
    if (step.program && tail.program)
        two = std::unique_lock<std::mutex>(tail.program->running_);
    const std::lock_guard<std::mutex> three(results->running_);
    const FlushSubnormals flush;
    Lease lease((step.program && step.program->threaded_) ||
                (tail.program && tail.program->threaded_));
    const double deadline = now() + seconds;
    results->bind(results_binding);
    for (Part *part : {&step, &tail})
        if (part->program)
            part->program->choose_conversions(part->batches);
    for (; epoch < stop; ++epoch) {
        if (place_ == 0) {
            for (const auto &[at, bytes] : resets)
                std::memset(at, 0, static_cast<std::size_t>(bytes));
            if (shuffled) {
                order_.resize(static_cast<std::size_t>(rows));
                shuffled_order(seed, static_cast<std::uint32_t>(epoch), rows, order_.data());
                step.batches.order = tail.batches.order = order_.data();
            }
        }
        while (place_ < rows) {
            Part &part = rows - place_ >= step.batches.batch && step.program ? step : tail;
            if (!part.program->batch(part.batches, place_, part.binding, lease, caller))
                return false;
            place_ += part.batches.batch;
            if (place_ < rows && now() > deadline)
                return true;
        }
        place_ = 0;
        if (!results->execute(lease, caller))
            return false;
        for (const char *out : results_binding.outputs) {
            float value;
            std::memcpy(&value, out, sizeof value);
            log.push_back(static_cast<double>(value));
        }
        if (now() > deadline) {
            ++epoch;
            break;
        }
    }
    return true;
}

} // namespace annette
