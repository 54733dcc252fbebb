// A plan: values in memory, and the instructions that make one from others, in order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "types.hpp"

namespace annette {

constexpr int kMaxRank = 8;
constexpr int kMaxRegisters = 64;
constexpr int kMaxInputs = 7; // of one step of a loop
constexpr int kMaxOutputs = 5;
constexpr int kBlock = 1024;             // elements that a step of a loop handles at a time
constexpr int kAlign = 64;               // bytes
constexpr std::int64_t kChunkRows = 512; // rows of a product's task at most
constexpr std::int64_t kLong = 512;      // a sum of so many terms is taken in kParts parts
constexpr std::int64_t kParts = 4;

struct PlanError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Where a value lies.
// What lies in a piece is made and used up by one instruction, in a thread's memory.
enum class Place : std::uint8_t { arena, constant, input, variable, output, piece };

struct Value {
    Place place;
    std::int64_t slot; // offset in the arena in bytes, or the number of the array bound to it
    std::int64_t bytes;
    const void *memory; // of a constant
};

// How an instruction looks at a value: strides and offset count elements.
struct View {
    int value;
    Type type;
    std::int64_t offset;
    std::vector<std::int64_t> shape, stride;
};

// One step of a loop: registers hold a block of each intermediate.
struct Micro {
    int op;
    Type type;
    int inputs, outputs;
    int in[kMaxInputs], out[kMaxOutputs];
    double params[4];
};

// An operand of a loop, its axes merged with those of the others.
struct Operand {
    int value;
    Type type;
    int bytes;
    int reg;
    std::int64_t offset;
    std::int64_t stride[kMaxRank];
    bool direct;   // the register is the memory itself
    bool constant; // one number throughout
    bool repeated; // the same row throughout, laid out once for a block
};

// The sum of a register over all axes but the last.
struct Total {
    int reg;
    Type type;
    int value; // where it goes, side by side
    std::int64_t offset;
    std::int64_t size;   // of the last axis
    std::int64_t at = 0; // bytes from where a task's part of the sums begins
};

// What runs elementwise over a space of `rank` axes: alone, or on the tiles of a product.
struct Loop {
    int rank = 0;
    std::int64_t shape[kMaxRank] = {};
    std::int64_t size = 1;
    int registers = 0;
    int scratch = 0; // registers that need memory of their own
    int slot[kMaxRegisters] = {};
    Type types[kMaxRegisters] = {};
    std::vector<Operand> in, out;
    std::vector<Micro> micro;
    std::vector<Total> sums;
    std::int64_t sum_bytes = 0; // of a task's part of them
};

struct Instruction;
struct Windows;
class Program;

// What kernels are given: where each value lies, and memory of their own.
// A number that must not be, from whatever thread saw it last.
struct Outside {
    std::atomic<bool> any{false};
    std::atomic<std::int64_t> value{0};
};

struct Context {
    char *const *at;
    std::size_t values; // that `at` has
    char *scratch;      // of the thread
    char *shared;       // of all tasks of an instruction, kept between its two halves
    Outside *outside;   // where a kernel tells of a number that must not be
};

using Kernel = void (*)(const Instruction &, const Context &, int task);

struct Instruction {
    std::string name;
    int kind = 0;
    Kernel run = nullptr;
    std::vector<View> in, out;
    std::vector<std::int64_t> ints;
    Loop loop;
    bool has_loop = false;
    int tasks = 1;         // how the work may be split, whatever the number of threads
    bool alone = false;    // too little work to be shared, whatever the number of tasks
    Kernel then = nullptr; // a second half, run when all tasks of the first are done
    int then_tasks = 0;
    Kernel join = nullptr;    // at last, adds up the parts of the loop's sums
    int sum_tasks = 0;        // that have such parts,
    std::int64_t sums_at = 0; // from here on in what the tasks share
    std::int64_t shared_bytes = 0;
    double flops = 0;                             // operations on numbers
    double bytes = 0;                             // read and written
    std::shared_ptr<Windows> windows;             // of a convolution or pooling
    std::shared_ptr<Instruction> pool;            // of each piece of a convolution
    std::vector<std::shared_ptr<Program>> bodies; // of a scan: what its steps run, for each part
    int call = -1; // number of the Python function that serves it, or of a scan's first body
};

// Structured kernels by number; their names are in kKinds.
enum Kind : int {
    kCall,
    kLoop,
    kMatmul,
    kSum,
    kProd,
    kMax,
    kMin,
    kArgmax,
    kArgmin,
    kSoftmax,
    kLogSoftmax,
    kSparseCrossEntropy,
    kCrossEntropy,
    kLayerNorm,
    kLayerNormGradient,
    kTake,
    kScatterAdd,
    kTakeAlong,
    kPutAlong,
    kRandomBits,
    kCumsum,
    kScan,
    kPack,
    kWithin,
    kConv,
    kConvFilter,
    kDepthwise,
    kDepthwiseFilter,
    kMaxPool,
    kMaxUnpool,
    kKinds
};
extern const char *const kKindNames[kKinds];

// Says whether a kind gives its results to a loop, in rows of a panel's width.
constexpr bool feeds_loop(int kind) {
    return kind == kMatmul || (kind >= kConv && kind <= kDepthwiseFilter);
}

// One step of a loop on `rows` rows of `cols` elements that lie side by side.
struct Lane {
    char *at;
    std::int64_t row; // elements from one row to the next
};
using MicroKernel = void (*)(std::int64_t rows, std::int64_t cols, const Lane *in, const Lane *out,
                             const double *params);

struct MicroOp {
    const char *name;
    int inputs, outputs;
    bool fused; // an operation of several results, or one whose definition is a composite
    Type result[kTypes];
    Type first[kTypes]; // type of the first input where it differs
    MicroKernel run[kTypes];
};

// What one instruction set offers.
struct Kernels {
    const char *name;
    const MicroOp *ops;
    int count;
    Kernel structured[kKinds];
    const Kernel *second; // by kind: the second half, of a product where its long sums were split
    int panel32, panel64; // columns of a tile

    int panel(Type type) const { return type == Type::float32 ? panel32 : panel64; }
    // Panels of a matrix of so many columns; the last may have fewer.
    std::int64_t panels(Type type, std::int64_t columns) const {
        return (columns + panel(type) - 1) / panel(type);
    }
};

constexpr std::int64_t kColumns = 64;    // that a reduction of rows does at a time
constexpr std::int64_t kInner = 2;       // of a reduction: columns after other axes that are kept
constexpr std::int64_t kGroupRows = 256; // of a chunk whose task does many panels
constexpr std::int64_t kResultBytes = std::int64_t{1} << 19; // of a task's part of a product
constexpr std::int64_t kBoxBytes = std::int64_t{5} << 17;    // of the input that a piece reads
constexpr std::int64_t kPiece = 512;                         // places of a convolution's result
constexpr std::int64_t kWinogradTiles = 48;                  // that are transformed together
constexpr std::int64_t kWinogradRows = 64; // channels of a kernel's gradient that a task does
constexpr std::int64_t kWorkBytes = std::int64_t{1} << 21;   // of a thread: room for every kernel
constexpr std::int64_t kPooledBytes = std::int64_t{1} << 19; // of pieces that are pooled
constexpr std::int64_t kPoolBytes = std::int64_t{3} << 19;   // of the pooling itself
constexpr std::size_t kScratchBytes = kWorkBytes + kPooledBytes + kPoolBytes;

} // namespace annette
