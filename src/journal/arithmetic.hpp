// Sums of nanoseconds that stop at the ends of 64 bits: a journal can say anything, and nothing in it may overflow.
// May know: std. Private to this folder.
#pragma once

#include <cstdint>
#include <limits>

namespace keepwell::journal {

/// The end of the range on the side of `sign`.
constexpr std::int64_t end_towards(std::int64_t sign) {
    return sign < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? end_towards(a) : sum;
}

constexpr std::int64_t saturated_difference(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    return __builtin_sub_overflow(a, b, &difference) ? end_towards(a) : difference;
}

constexpr std::int64_t saturated_product(std::int64_t a, std::int64_t positive) {
    std::int64_t product = 0;
    return __builtin_mul_overflow(a, positive, &product) ? end_towards(a) : product;
}

}  // namespace keepwell::journal
