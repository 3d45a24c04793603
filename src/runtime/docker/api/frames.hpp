// The stream that the engine multiplexes stdout and stderr into, of exec, logs and attach without a terminal: frames of
// an 8-byte header [channel, 0, 0, 0, length big-endian] and their payload, split anywhere. With a terminal, or asked
// for raw, it has no frames.
// Source: moby pkg/stdcopy (api/pkg/stdcopy since 29). Pure. Threads: any, one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keepwell::runtime::docker {

enum class Framing : std::uint8_t {
    multiplexed,
    raw,  ///< a terminal's, or `application/vnd.docker.raw-stream`: all of it is stdout
};

enum class Channel : std::uint8_t {
    input = 0,   ///< what stdin echoes; the engine does not send it
    output = 1,  ///< stdout
    error = 2,   ///< stderr
    engine = 3,  ///< the engine's own words: why the stream broke
};

/// Cuts pieces, as they come, into pieces of one channel each.
class FrameDecoder {
  public:
    explicit FrameDecoder(Framing framing = Framing::multiplexed) : framing_(framing) {}

    /// Calls sink(Channel, std::string_view) for each piece of payload in `bytes`. Nothing is copied or allocated.
    template <typename Sink>
    void feed(std::string_view bytes, Sink&& sink) {
        while (!bytes.empty()) {
            const std::string_view payload = next(bytes);
            if (!payload.empty()) sink(channel_, payload);
        }
    }

    /// It may end here: neither a header nor a payload is incomplete, and nothing came that is no frame.
    bool complete() const { return !malformed_ && header_size_ == 0 && left_ == 0; }

  private:
    static constexpr std::size_t whole_header = 8;

    /// Takes the beginning of `bytes` away: a header, or a payload, which it returns.
    std::string_view next(std::string_view& bytes);
    void take_header(std::string_view& bytes);

    Framing framing_;
    Channel channel_ = Channel::output;
    std::array<unsigned char, whole_header> header_{};
    std::size_t header_size_ = 0;  ///< bytes of the header that came
    std::uint32_t left_ = 0;       ///< bytes of the payload that did not
    bool malformed_ = false;       ///< what came is no frame: nothing after it can be understood
};

/// What a command in a container printed: the beginning of stdout and stderr, as they came, and how much there was.
class FrameOutput {
  public:
    FrameOutput(Framing framing, std::size_t keep) : decoder_(framing), keep_(keep) {}

    void feed(std::string_view bytes);

    /// At most `keep` bytes.
    const std::string& text() const { return text_; }
    /// Bytes of stdout and stderr that are not in text().
    std::uint64_t dropped() const { return dropped_; }
    /// What the engine said in the stream, at most `keep` bytes; empty: nothing.
    const std::string& engine_error() const { return engine_error_; }
    const FrameDecoder& decoder() const { return decoder_; }

  private:
    void take(Channel channel, std::string_view piece);

    FrameDecoder decoder_;
    std::size_t keep_;
    std::string text_;
    std::string engine_error_;
    std::uint64_t dropped_ = 0;
};

}  // namespace keepwell::runtime::docker
