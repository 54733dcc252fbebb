// The kinds of numbers a plan knows.
#pragma once

#include <cstdint>

namespace annette {

enum class Type : std::uint8_t {
    boolean,
    int8,
    uint8,
    int16,
    uint16,
    int32,
    uint32,
    int64,
    uint64,
    float16,
    float32,
    float64,
    count
};

constexpr int kTypes = static_cast<int>(Type::count);
constexpr const char *kTypeNames[kTypes] = {"bool",   "int8",    "uint8",   "int16",
                                            "uint16", "int32",   "uint32",  "int64",
                                            "uint64", "float16", "float32", "float64"};
constexpr int kTypeBytes[kTypes] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};

constexpr int bytes_of(Type t) {
    return kTypeBytes[static_cast<int>(t)];
}
constexpr const char *name_of(Type t) {
    return kTypeNames[static_cast<int>(t)];
}

template <class T> struct TypeOf;
template <> struct TypeOf<bool> {
    static constexpr Type value = Type::boolean;
};
template <> struct TypeOf<std::int8_t> {
    static constexpr Type value = Type::int8;
};
template <> struct TypeOf<std::uint8_t> {
    static constexpr Type value = Type::uint8;
};
template <> struct TypeOf<std::int16_t> {
    static constexpr Type value = Type::int16;
};
template <> struct TypeOf<std::uint16_t> {
    static constexpr Type value = Type::uint16;
};
template <> struct TypeOf<std::int32_t> {
    static constexpr Type value = Type::int32;
};
template <> struct TypeOf<std::uint32_t> {
    static constexpr Type value = Type::uint32;
};
template <> struct TypeOf<std::int64_t> {
    static constexpr Type value = Type::int64;
};
template <> struct TypeOf<std::uint64_t> {
    static constexpr Type value = Type::uint64;
};
template <> struct TypeOf<float> {
    static constexpr Type value = Type::float32;
};
template <> struct TypeOf<double> {
    static constexpr Type value = Type::float64;
};

} // namespace annette
