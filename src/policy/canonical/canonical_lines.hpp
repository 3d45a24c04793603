// How values stand in the canonical text of a policy. May know: model.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keepwell/model/spec.hpp"

namespace keepwell::policy::lines {

inline std::string show(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c == '\n' ? std::string{"\\n"} : std::string{c};
    }
    return result + "\"";
}
inline std::string show(const std::string& text) { return show(std::string_view{text}); }
inline std::string show(bool value) { return value ? "true" : "false"; }
inline std::string show(std::uint32_t value) { return std::to_string(value); }
inline std::string show(int value) { return std::to_string(value); }
inline std::string show(std::int64_t value) { return std::to_string(value); }
inline std::string show(std::uint64_t value) { return std::to_string(value); }
inline std::string show(Duration value) { return std::to_string(value.count()) + "ns"; }
inline std::string show(std::chrono::minutes value) { return std::to_string(value.count()) + "min"; }
inline std::string show(double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    return text.data();
}
inline std::string show(const std::pair<std::string, std::string>& pair) {
    return show(pair.first) + "=" + show(pair.second);
}

std::string show(const StatusRange& range);
std::string show(const MaintenanceWindow& window);
std::string show(const PublishedPort& port);
std::string show(const Mount& mount);
std::string show(const NetworkAttachment& network);
std::string show(const Ulimit& limit);
std::string show(const Device& device);
std::string show(const ContainerSelector::Label& label);

template <typename T>
std::string show(const std::vector<T>& values) {
    std::string result = "[";
    for (const auto& value : values) result += show(value) + " ";
    return result + "]";
}

/// "name value" lines.
class Lines {
  public:
    template <typename T>
    void add(std::string_view name, const T& value) {
        text_ += name;
        text_ += " " + show(value) + "\n";
    }
    void add_block(std::string_view block) { text_ += block; }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

}  // namespace keepwell::policy::lines
