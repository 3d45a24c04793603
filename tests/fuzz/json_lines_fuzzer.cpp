// Any bytes as a stream of lines, whole and in pieces: the same lines come out, none longer than was asked for, and
// each can be shown as an error of the engine. The first byte is the size of the pieces, the second the longest line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/api/engine_message.hpp"
#include "runtime/docker/api/json_lines.hpp"

using namespace keepwell::runtime::docker;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

std::vector<std::string> feed(JsonLines& lines, std::string_view piece) {
    lines.feed(piece);
    std::vector<std::string> all;
    while (const auto line = lines.next()) all.emplace_back(*line);
    return all;
}

void check_line(const std::string& line, std::size_t longest) {
    check(!line.empty() && line.size() <= longest && line.find('\n') == std::string::npos);
    const std::string message = error_message(400, line);
    check(!message.empty() && message.size() <= 2048 && one_line(message) == message);
    if (const auto version = parse_version(line)) check(parse_version(to_string(*version)) == version);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view stream{static_cast<const char*>(static_cast<const void*>(data + 2)), size - 2};
    const std::size_t piece = data[0] + std::size_t{1};
    const std::size_t longest = data[1] * std::size_t{4};
    JsonLines whole{longest};
    const auto expected = feed(whole, stream);
    JsonLines split{longest};
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        for (auto& line : feed(split, stream.substr(at, piece))) lines.push_back(std::move(line));
    }
    check(lines == expected && split.dropped() == whole.dropped() && split.rest() == whole.rest());
    for (const auto& line : lines) check_line(line, longest);
    return 0;
}
