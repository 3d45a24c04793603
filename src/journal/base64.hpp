// Bytes as base64 (RFC 4648, with padding), and back. May know: std. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace keepwell::journal {

inline constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t k) {
            return i + k < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[i + k])) : 0U;
        };
        const unsigned three = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (unsigned k = 0; k < 4; ++k) {
            text += i + k <= bytes.size() ? base64_digits[three >> (18 - 6 * k) & 63U] : '=';
        }
    }
    return text;
}

/// nullopt: it is none.
inline std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    unsigned gathered = 0;
    for (std::size_t i = 0; i < text.size() - padding; ++i) {
        const std::size_t digit = base64_digits.find(text[i]);
        if (digit == std::string_view::npos) return std::nullopt;
        gathered = (gathered << 6 | static_cast<unsigned>(digit)) & 0xffffffU;
        if (i % 4 != 0) bytes += static_cast<char>(gathered >> (6 - 2 * (i % 4)) & 0xffU);
    }
    return bytes;
}

}  // namespace keepwell::journal
