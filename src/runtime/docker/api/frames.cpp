// Headers and payloads out of bytes.
#include "runtime/docker/api/frames.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::runtime::docker {

std::string_view FrameDecoder::next(std::string_view& bytes) {
    if (malformed_) {
        bytes = {};
        return {};
    }
    if (framing_ == Framing::raw) return std::exchange(bytes, {});
    if (left_ == 0) {
        take_header(bytes);
        return {};
    }
    const std::string_view payload = bytes.substr(0, left_);
    bytes.remove_prefix(payload.size());
    left_ -= static_cast<std::uint32_t>(payload.size());
    return payload;
}

void FrameDecoder::take_header(std::string_view& bytes) {
    const std::size_t taken = std::min(whole_header - header_size_, bytes.size());
    std::copy_n(bytes.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
    bytes.remove_prefix(taken);
    header_size_ += taken;
    if (header_size_ < whole_header) return;
    header_size_ = 0;
    malformed_ = header_[0] > 3 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0;
    if (malformed_) return;
    channel_ = static_cast<Channel>(header_[0]);
    for (std::size_t i = 4; i < whole_header; ++i) left_ = (left_ << 8) | header_[i];
}

void FrameOutput::feed(std::string_view bytes) {
    decoder_.feed(bytes, [this](Channel channel, std::string_view piece) { take(channel, piece); });
}

void FrameOutput::take(Channel channel, std::string_view piece) {
    std::string& into = channel == Channel::engine ? engine_error_ : text_;
    const std::size_t room = std::min(keep_ - into.size(), piece.size());
    into.append(piece.substr(0, room));
    if (channel != Channel::engine) dropped_ += piece.size() - room;
}

}  // namespace keepwell::runtime::docker
