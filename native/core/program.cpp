#include "program.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "clock.hpp"

namespace annette {

#if defined(__x86_64__) || defined(_M_X64)
namespace baseline {
extern const Kernels kTable;
}
namespace avx2 {
extern const Kernels kTable;
}
namespace avx512 {
extern const Kernels kTable;
}
#else
namespace neon {
extern const Kernels kTable;
}
#endif

std::vector<const Kernels *> available_kernels() {
#if defined(__x86_64__) || defined(_M_X64)
    std::vector<const Kernels *> found{&baseline::kTable};
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        found.push_back(&avx2::kTable);
    if (found.size() == 2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
        found.push_back(&avx512::kTable);
    return found;
#else
    return {&neon::kTable};
#endif
}

const Kernels &kernels_by_name(const std::string &name) {
    std::string names;
    const auto all = available_kernels();
    if (name.empty())
        return *all.back();
    for (const Kernels *k : all) {
        if (name == k->name)
            return *k;
        names += std::string(names.empty() ? "" : ", ") + k->name;
    }
    throw PlanError("This machine and build have no instruction set '" + name + "'; they have " +
                    names + ".");
}

namespace {

constexpr char kGuardByte = '\x5a';

} // namespace

Program::Program(const Kernels &kernels, std::vector<Value> values, std::vector<Instruction> work,
                 std::int64_t arena_bytes, std::vector<Type> inputs, int variables, int outputs,
                 std::vector<std::pair<std::int64_t, std::int64_t>> guards)
    : kernels_(kernels), values_(std::move(values)), work_(std::move(work)),
      arena_bytes_(arena_bytes), input_types_(std::move(inputs)), variables_(variables),
      outputs_(outputs), guards_(std::move(guards)),
      arena_(static_cast<std::size_t>(arena_bytes > 0 ? arena_bytes : 0)), scratch_(kScratchBytes),
      at_(values_.size(), nullptr), gathered_(input_types_.size()), ahead_(input_types_.size()) {
    check(kernels_, values_, work_, arena_bytes_);
    std::int64_t shared = 0;
    for (Instruction &one : work_) {
        prepare(kernels_, one);
        threaded_ = threaded_ || (std::max(one.tasks, one.then_tasks) > 1 && !one.alone);
        threaded_ = threaded_ || (one.bodies.size() == 1 && one.bodies[0]->threaded_);
        shared = std::max(shared, one.shared_bytes);
    }
    if (shared)
        shared_ = std::make_unique<Memory>(static_cast<std::size_t>(shared));
    for (std::size_t v = 0; v < values_.size(); ++v) {
        const Value &value = values_[v];
        if (value.place == Place::arena) {
            at_[v] = arena_.data() + value.slot;
        } else if (value.place == Place::constant) {
            at_[v] = const_cast<char *>(static_cast<const char *>(value.memory));
        } else if (value.place != Place::piece) {
            const std::int64_t slots = value.place == Place::input
                                           ? static_cast<std::int64_t>(input_types_.size())
                                       : value.place == Place::variable ? variables_
                                                                        : outputs_;
            if (value.slot < 0 || value.slot >= slots)
                throw PlanError("a value lies in an array that is not given");
            bound_.push_back(static_cast<int>(v));
        }
    }
    for (const auto &[offset, bytes] : guards_) {
        if (offset < 0 || bytes < 0 || offset + bytes > arena_bytes_)
            throw PlanError("a guard lies outside the arena");
        std::memset(arena_.data() + offset, kGuardByte, static_cast<std::size_t>(bytes));
    }
}

std::int64_t Program::bound_bytes(Place place, int slot) const {
    for (int v : bound_)
        if (values_[v].place == place && values_[v].slot == slot)
            return values_[v].bytes;
    return -1;
}

void Program::look_at_guards(const Instruction &work) const {
    for (const auto &[offset, bytes] : guards_)
        for (std::int64_t i = 0; i < bytes; ++i)
            if (arena_.data()[offset + i] != kGuardByte)
                throw PlanError("Instruction " + work.name + " wrote outside its values");
}

void Program::bind(const Binding &binding) {
    for (int v : bound_) {
        const Value &value = values_[v];
        const auto slot = static_cast<std::size_t>(value.slot);
        at_[v] = value.place == Place::input      ? binding.inputs[slot]
                 : value.place == Place::variable ? binding.variables[slot]
                                                  : binding.outputs[slot];
    }
}

namespace {

struct Job {
    const Instruction *work;
    Kernel kernel;
    Context context;
};

void do_task(void *what, int task, char *scratch) {
    const Job &job = *static_cast<const Job *>(what);
    const Context &all = job.context;
    job.kernel(*job.work, Context{all.at, all.values, scratch, all.shared, all.outside}, task);
}

} // namespace

void Program::spread(Lease &lease, const Instruction &work, Kernel kernel, int tasks,
                     char *scratch) {
    char *shared = shared_ ? shared_->data() : nullptr;
    Job job{&work, kernel, {at_.data(), at_.size(), scratch, shared, &outside_}};
    if (tasks > 1 && !work.alone && lease) {
        lease.pool().run(tasks, do_task, &job, scratch);
        return;
    }
    for (int task = 0; task < tasks; ++task)
        kernel(work, job.context, task);
}

bool Program::execute(Lease &lease, const Caller &caller, char *scratch) {
    for (std::size_t n = 0; n < work_.size(); ++n) {
        const Instruction &work = work_[n];
        const double before = profiling ? now() : 0;
        if (work.kind == kCall) {
            if (lease)
                lease.pool().rest();
            if (!caller(work, at_.data()))
                return false;
        } else if (work.kind == kScan) {
            if (!scan(lease, work, caller, scratch))
                return false;
        } else {
            spread(lease, work, work.run, work.tasks, scratch);
            if (work.then)
                spread(lease, work, work.then, work.then_tasks, scratch);
            if (work.join)
                spread(lease, work, work.join, 1, scratch);
            if (work.kind == kWithin && outside_.any.exchange(false, std::memory_order_relaxed)) {
                complaint_ = work.name;
                const std::size_t gap = complaint_.rfind("{}");
                const auto value = outside_.value.load(std::memory_order_relaxed);
                if (gap != std::string::npos)
                    complaint_.replace(gap, 2, std::to_string(value));
                return false;
            }
        }
        if (profiling)
            seconds[n] += now() - before;
        if (!guards_.empty())
            look_at_guards(work);
    }
    return true;
}

std::string Program::complaint() {
    std::string found;
    found.swap(complaint_);
    for (const Instruction &work : work_)
        for (const auto &body : work.bodies) {
            const std::string inside = body->complaint();
            found = found.empty() ? inside : found;
        }
    return found;
}

bool Program::run(const Binding &binding, const Caller &caller) {
    const std::lock_guard<std::mutex> lock(running_);
    const FlushSubnormals flush;
    Lease lease(threaded_);
    bind(binding);
    return execute(lease, caller, scratch_.data());
}

} // namespace annette
