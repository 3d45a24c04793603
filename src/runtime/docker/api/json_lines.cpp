// Lines out of bytes; what was looked at once is not looked at again.
#include "runtime/docker/api/json_lines.hpp"

namespace keepwell::runtime::docker {
namespace {

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

void JsonLines::feed(std::string_view piece) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
    if (skipping_) {
        const std::size_t end = piece.find('\n');
        if (end == std::string_view::npos) return;
        skipping_ = false;
        piece.remove_prefix(end + 1);
    }
    buffer_ += piece;
}

std::optional<std::string_view> JsonLines::next() {
    for (;;) {
        const std::size_t end = buffer_.find('\n', scanned_);
        const bool whole = end != std::string::npos;
        const std::string_view line{buffer_.data() + begin_, (whole ? end : buffer_.size()) - begin_};
        const bool too_long = line.size() > longest_;
        if (too_long) ++dropped_;
        if (!whole) {
            skipping_ = skipping_ || too_long;
            if (too_long) buffer_.resize(begin_);
            scanned_ = buffer_.size();
            return {};
        }
        begin_ = scanned_ = end + 1;
        const std::string_view content = trimmed(line);
        if (!too_long && !content.empty()) return content;
    }
}

std::string_view JsonLines::rest() const { return trimmed(std::string_view{buffer_}.substr(begin_)); }

}  // namespace keepwell::runtime::docker
