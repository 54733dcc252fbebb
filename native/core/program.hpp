// A checked plan with its memory, and the ways to run it: once, over rows of data, over epochs.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "plan.hpp"
#include "threads.hpp"

namespace annette {

// The instruction sets compiled in that this machine has, best last.
std::vector<const Kernels *> available_kernels();
const Kernels &kernels_by_name(const std::string &name);

// The arrays bound to a plan for a run.
struct Binding {
    std::vector<char *> inputs, variables, outputs;
};

// One array whose rows make the batches.
struct Rows {
    const char *data;
    std::int64_t row_bytes; // from one row to the next
    std::int64_t elements;  // of one row, side by side
    Type type;
};

// Serves a call instruction; returns false to stop the run (an error is pending).
using Caller = std::function<bool(const Instruction &, char *const *at)>;

// Batches of rows, and where each batch's outputs go.
struct Batches {
    std::vector<Rows> rows;
    const std::int64_t *order = nullptr; // the row at each place, or null
    std::int64_t batch = 1;
    std::vector<std::int64_t> advance;     // bytes from one batch's output to the next one's
    std::vector<MicroKernel> convert = {}; // for each of `rows`, null where dtypes are equal
};

// Rows of an array copied side by side, in tasks that share columns (the parts of a product's
// sums, so that each thread has its own) and groups of rows.
struct Gather {
    const Rows *rows;
    const std::int64_t *order;
    std::int64_t place, count;
    int columns, groups;
    MicroKernel convert; // null: copy
    int from_bytes, to_bytes;
    char *to;
};

struct Steps; // of a scan

class Program {
  public:
    // guards: (offset, bytes) of arena memory that nothing may touch; looked at after each
    // instruction.
    Program(const Kernels &kernels, std::vector<Value> values, std::vector<Instruction> work,
            std::int64_t arena_bytes, std::vector<Type> inputs, int variables, int outputs,
            std::vector<std::pair<std::int64_t, std::int64_t>> guards);

    // Each returns false if a call asked to stop.
    bool run(const Binding &binding, const Caller &caller);
    // Runs whole batches from place `start` to `stop` or until `seconds` are over; `start` moves.
    bool run_rows(Batches &batches, std::int64_t &start, std::int64_t stop, double seconds,
                  Binding &binding, const Caller &caller);

    const std::vector<Instruction> &instructions() const { return work_; }
    std::size_t inputs() const { return input_types_.size(); }
    Type input_type(std::size_t i) const { return input_types_[i]; }
    int variables() const { return variables_; }
    int outputs() const { return outputs_; }
    // Bytes that the array bound to a slot must have.
    std::int64_t bound_bytes(Place place, int slot) const;

    // What the last run stopped for, if not for a call; "" if for nothing.
    std::string complaint();

    std::vector<double> seconds; // spent in each instruction while profiling
    bool profiling = false;

  private:
    friend class Training;
    void bind(const Binding &binding);
    void choose_conversions(Batches &batches) const;
    bool execute(Lease &lease, const Caller &caller, char *scratch);
    // Runs the body of a scan for each of its steps; see core/scan.cpp.
    bool scan(Lease &lease, const Instruction &work, const Caller &caller, char *scratch);
    // Runs this program, the body of a scan, for each step of a part of the rows.
    bool go_through(const Steps &steps, int part, Lease &lease, const Caller &caller,
                    char *scratch);
    struct Parts;
    bool batches(const Batches &batches, std::int64_t &start, std::int64_t stop, double deadline,
                 Binding &binding, Lease &lease, const Caller &caller);
    void gather(const Batches &batches, std::int64_t place, Lease &lease, Binding &binding);
    void gather_ahead(const Batches &batches, std::int64_t place, Lease &lease);
    void finish_ahead(Lease &lease);
    bool in_place(const Batches &batches, std::size_t input) const;
    Gather copy_of(const Batches &batches, std::size_t input, std::int64_t place);
    void spread(Lease &lease, const Instruction &work, Kernel kernel, int tasks, char *scratch);
    void look_at_guards(const Instruction &work) const;

    const Kernels &kernels_;
    std::vector<Value> values_;
    std::vector<Instruction> work_;
    std::int64_t arena_bytes_;
    std::vector<Type> input_types_;
    int variables_, outputs_;
    std::vector<std::pair<std::int64_t, std::int64_t>> guards_;
    Memory arena_, scratch_;
    std::unique_ptr<Memory> shared_; // for instructions of two halves
    std::vector<char *> at_;
    std::vector<int> bound_; // values that lie in arrays from outside
    // Rows copied for a batch, and for the one after it.
    std::vector<std::unique_ptr<Memory>> gathered_, ahead_;
    Binding step_;          // as the body of a scan: the arrays of the step at hand
    Gather coming_{};       // what helpers copy meanwhile,
    int coming_input_ = -1; // for this input
    bool threaded_ = false;
    Outside outside_;
    std::string complaint_;
    std::mutex running_; // the arena serves one run at a time
};

// Many epochs of training without a look outside: steps, the last short step, metrics.
class Training {
  public:
    struct Part {
        Program *program = nullptr;
        Caller caller; // each program numbers its calls for itself
        Binding binding;
        Batches batches;
    };
    Part step, tail;            // tail: for the rows that fill no batch
    Program *results = nullptr; // gives the metrics at the end of an epoch
    Caller results_caller;
    Binding results_binding;                             // its outputs are float32
    std::vector<std::pair<char *, std::int64_t>> resets; // set to zero before each epoch
    std::int64_t rows = 0;
    bool shuffled = false;
    std::uint64_t seed = 0;

    // Goes on from `epoch` to `stop` for at most `seconds`; appends the results of each epoch done.
    bool run(std::int64_t &epoch, std::int64_t stop, double seconds, std::vector<double> &log);

  private:
    std::int64_t place_ = 0; // within an epoch that was interrupted
    std::vector<std::int64_t> order_;
};

// The order of an epoch's rows: sorted by Philox words of (seed, epoch), as `epoch_order` of
// annette/training/data/order.py gives it.
void shuffled_order(std::uint64_t seed, std::uint64_t epoch, std::int64_t rows,
                    std::int64_t *order);

// Merges axes, chooses what needs scratch, splits the work.
void prepare(const Kernels &kernels, Instruction &work);
// Fails with PlanError on any mistake.
void check(const Kernels &kernels, const std::vector<Value> &values,
           const std::vector<Instruction> &work, std::int64_t arena_bytes);

} // namespace annette
