// Running over rows of the user's arrays, whatever their dtype, and over many epochs.
#include <algorithm>
#include <cstring>
#include <string>

#include "clock.hpp"
#include "program.hpp"

namespace annette {
namespace {

constexpr std::int64_t kGatherBytes = 1 << 15; // below, one thread gathers
constexpr std::int64_t kAheadBytes = 1 << 22;  // above, rows are not gathered ahead of their step
constexpr std::int64_t kPieceBytes = 1 << 13;  // of a task that must not hold up a step

MicroKernel conversion(const Kernels &kernels, Type from, Type to) {
    const std::string name = std::string("cast_") + name_of(from);
    for (int i = 0; i < kernels.count; ++i)
        if (name == kernels.ops[i].name)
            return kernels.ops[i].run[static_cast<int>(to)];
    return nullptr;
}

void gather_task(void *what, int task, char *) {
    const Gather &g = *static_cast<const Gather *>(what);
    const std::int64_t n = g.rows->elements;
    const int column = task / g.groups, group = task % g.groups;
    const std::int64_t from = n * column / g.columns, count = n * (column + 1) / g.columns - from;
    const std::int64_t first = g.count * group / g.groups, end = g.count * (group + 1) / g.groups;
    const char *x = g.rows->data + from * g.from_bytes;
    char *y = g.to + (first * n + from) * g.to_bytes;
    const auto row_at = [&](std::int64_t i) {
        return x + (g.order ? g.order[g.place + i] : g.place + i) * g.rows->row_bytes;
    };
    constexpr std::int64_t ahead = 2; // rows lie anywhere in memory: ask for them in time
    for (std::int64_t i = first; i < end; ++i, y += n * g.to_bytes) {
        if (i + ahead < end) {
            const char *soon = row_at(i + ahead);
            for (std::int64_t line = 0; line < count * g.from_bytes; line += 64)
                __builtin_prefetch(soon + line);
        }
        if (g.convert) {
            const Lane in{const_cast<char *>(row_at(i)), 0}, out{y, 0};
            g.convert(1, count, &in, &out, nullptr);
        } else {
            std::memcpy(y, row_at(i), static_cast<std::size_t>(count * g.to_bytes));
        }
    }
}

std::unique_ptr<Memory> room(std::int64_t bytes) {
    return std::make_unique<Memory>(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)));
}

} // namespace

void Program::choose_conversions(Batches &batches) const {
    batches.convert.assign(batches.rows.size(), nullptr);
    for (std::size_t i = 0; i < batches.rows.size(); ++i)
        if (batches.rows[i].type != input_types_[i])
            batches.convert[i] = conversion(kernels_, batches.rows[i].type, input_types_[i]);
}

// Rows that lie in the array as the plan wants them are read where they are.
bool Program::in_place(const Batches &batches, std::size_t input) const {
    const Rows &rows = batches.rows[input];
    return !batches.order && rows.type == input_types_[input] &&
           rows.row_bytes == rows.elements * bytes_of(rows.type);
}

Gather Program::copy_of(const Batches &batches, std::size_t i, std::int64_t place) {
    const Rows &rows = batches.rows[i];
    return {&rows,
            batches.order,
            place,
            batches.batch,
            1,
            1,
            batches.convert[i],
            bytes_of(rows.type),
            bytes_of(input_types_[i]),
            nullptr};
}

void Program::gather(const Batches &batches, std::int64_t place, Lease &lease, Binding &binding) {
    const int came = coming_input_;
    finish_ahead(lease);
    if (came >= 0) {
        gathered_[came].swap(ahead_[came]);
        binding.inputs[came] = gathered_[came]->data();
    }
    for (std::size_t i = 0; i < batches.rows.size(); ++i) {
        if (static_cast<int>(i) == came)
            continue;
        const Rows &rows = batches.rows[i];
        if (in_place(batches, i)) {
            binding.inputs[i] = const_cast<char *>(rows.data) + place * rows.row_bytes;
            continue;
        }
        Gather work = copy_of(batches, i, place);
        const std::int64_t size = rows.elements * batches.batch * work.to_bytes;
        if (!gathered_[i])
            gathered_[i] = room(size);
        binding.inputs[i] = work.to = gathered_[i]->data();
        if (lease && size >= kGatherBytes && rows.elements >= kLong) {
            work.columns = kParts;
            lease.pool().run(work.columns, gather_task, &work, scratch_.data());
        } else {
            gather_task(&work, 0, nullptr);
        }
    }
}

// Offers the largest input's next rows to helpers, which have little to do in parts of a step.
void Program::gather_ahead(const Batches &batches, std::int64_t place, Lease &lease) {
    std::int64_t most = kGatherBytes - 1;
    if (!lease)
        return;
    for (std::size_t i = 0; i < batches.rows.size(); ++i) {
        const std::int64_t size =
            batches.rows[i].elements * batches.batch * bytes_of(input_types_[i]);
        if (in_place(batches, i) || size > kAheadBytes || size <= most)
            continue;
        most = size;
        coming_input_ = static_cast<int>(i);
    }
    if (coming_input_ < 0)
        return;
    if (!ahead_[coming_input_])
        ahead_[coming_input_] = room(most);
    coming_ = copy_of(batches, coming_input_, place);
    coming_.to = ahead_[coming_input_]->data();
    coming_.groups = static_cast<int>(std::clamp<std::int64_t>(
        most / kPieceBytes, 1, std::min<std::int64_t>(batches.batch, 0xFFFF)));
    lease.pool().offer(coming_.groups, gather_task, &coming_);
}

void Program::finish_ahead(Lease &lease) {
    if (coming_input_ >= 0)
        lease.pool().finish(scratch_.data());
    coming_input_ = -1;
}

bool Program::batches(const Batches &batches, std::int64_t &start, std::int64_t stop,
                      double deadline, Binding &binding, Lease &lease, const Caller &caller) {
    const struct Finish {
        Program &program;
        Lease &lease;
        ~Finish() { program.finish_ahead(lease); }
    } however{*this, lease};
    while (start + batches.batch <= stop) {
        gather(batches, start, lease, binding);
        bind(binding);
        if (start + 2 * batches.batch <= stop)
            gather_ahead(batches, start + batches.batch, lease);
        if (!execute(lease, caller, scratch_.data()))
            return false;
        for (std::size_t i = 0; i < batches.advance.size(); ++i)
            binding.outputs[i] += batches.advance[i];
        start += batches.batch;
        if (now() > deadline)
            break;
    }
    return true;
}

bool Program::run_rows(Batches &rows, std::int64_t &start, std::int64_t stop, double limit,
                       Binding &binding, const Caller &caller) {
    const std::lock_guard<std::mutex> lock(running_);
    const FlushSubnormals flush;
    Lease lease(threaded_);
    choose_conversions(rows);
    return batches(rows, start, stop, now() + limit, binding, lease, caller);
}

namespace {

// Philox-4x64-10 (Salmon, Moraes, Dror & Shaw, 2011), whose blocks are numbered from 1.
void philox(std::uint64_t seed, std::uint64_t epoch, std::uint64_t block, std::uint64_t *words) {
    using Wide = unsigned __int128;
    std::uint64_t x0 = block + 1, x1 = 0, x2 = 0, x3 = 0, k0 = seed, k1 = epoch;
    for (int round = 0; round < 10; ++round) {
        const Wide a = Wide{0xD2E7470EE14C6C93u} * x0, b = Wide{0xCA5A826395121157u} * x2;
        x0 = static_cast<std::uint64_t>(b >> 64) ^ x1 ^ k0;
        x1 = static_cast<std::uint64_t>(b);
        x2 = static_cast<std::uint64_t>(a >> 64) ^ x3 ^ k1;
        x3 = static_cast<std::uint64_t>(a);
        k0 += 0x9E3779B97F4A7C15u;
        k1 += 0xBB67AE8584CAA73Bu;
    }
    words[0] = x0, words[1] = x1, words[2] = x2, words[3] = x3;
}

using Keyed = std::pair<std::uint64_t, std::int64_t>;

void sort_by_digits(std::vector<Keyed> &rows) {
    constexpr int bits = 11;
    constexpr std::uint64_t mask = (1 << bits) - 1;
    std::vector<Keyed> next(rows.size());
    for (int shift = 0; shift < 64; shift += bits) {
        std::vector<std::size_t> place(mask + 2, 0);
        for (const Keyed &x : rows)
            ++place[(x.first >> shift & mask) + 1];
        for (std::size_t k = 1; k < place.size(); ++k)
            place[k] += place[k - 1];
        for (const Keyed &x : rows)
            next[place[x.first >> shift & mask]++] = x;
        rows.swap(next);
    }
}

} // namespace

void shuffled_order(std::uint64_t seed, std::uint64_t epoch, std::int64_t rows,
                    std::int64_t *order) {
    const auto n = static_cast<std::size_t>(rows);
    std::vector<Keyed> keyed(n);
    std::uint64_t words[4] = {};
    for (std::size_t i = 0; i < n; ++i) {
        if (i % 4 == 0)
            philox(seed, epoch, i / 4, words);
        keyed[i] = {words[i % 4], static_cast<std::int64_t>(i)};
    }
    if (n < 1024)
        std::sort(keyed.begin(), keyed.end());
    else
        sort_by_digits(keyed);
    for (std::size_t i = 0; i < n; ++i)
        order[i] = keyed[i].second;
}

bool Training::run(std::int64_t &epoch, std::int64_t stop, double seconds,
                   std::vector<double> &log) {
    std::unique_lock<std::mutex> one(step.program ? step.program->running_
                                                  : tail.program->running_);
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
                shuffled_order(seed, static_cast<std::uint64_t>(epoch), rows, order_.data());
                step.batches.order = tail.batches.order = order_.data();
            }
        }
        while (place_ < rows) {
            Part &part = rows - place_ >= step.batches.batch && step.program ? step : tail;
            if (!part.program->batches(part.batches, place_, rows, deadline, part.binding, lease,
                                       part.caller))
                return false;
            if (place_ < rows && now() > deadline)
                return true;
        }
        place_ = 0;
        if (!results->execute(lease, results_caller, results->scratch_.data()))
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
