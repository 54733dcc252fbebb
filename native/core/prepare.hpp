// What the parts of the preparation share.
#pragma once

#include "program.hpp"
#include "views.hpp"

namespace annette {

// A task should last this long at least, and work below twice that is not split (nanoseconds):
// moving its data between cores would cost more.
constexpr double kTaskTime = 16000;
constexpr int kMaxTasks = 64;
constexpr std::int64_t kEven = 8; // tasks; fewer are a power of two

// Tasks for what takes so long and has `most` parts, of `each` nanoseconds.
int tasks_for(double nanoseconds, std::int64_t most, double each = kTaskTime);
// Nanoseconds of a loop's steps for an element.
double step_time(const Kernels &kernels, const Loop &loop);

// The loop of any instruction that has one: axes, registers, what it counts.
void prepare_loop(const Kernels &kernels, Instruction &work);
// Each task sums for itself; the parts are added in the order of the tasks.
void prepare_sums(const Kernels &kernels, Instruction &work);
void prepare_matmul(const Kernels &kernels, Instruction &work);
void prepare_reduction(const Kernels &kernels, Instruction &work);
void prepare_norm(const Kernels &kernels, Instruction &work);
void prepare_conv(const Kernels &kernels, Instruction &work);
void prepare_conv_filter(const Kernels &kernels, Instruction &work); // or a depthwise one's
void prepare_windows(Instruction &work);

} // namespace annette
