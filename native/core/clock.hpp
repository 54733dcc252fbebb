// The time, for limits and profiles.
#pragma once

#include <chrono>

namespace annette {

// Seconds since some moment.
inline double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

} // namespace annette
