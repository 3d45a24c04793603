// Objects that are separated by line ends (events, the progress of a pull), out of a stream that is split anywhere.
//
//     lines.feed(piece);
//     while (const auto line = lines.next()) …;
//
// Sources: moby api/server/router/system (events: json.Encoder, "\n"), pkg/streamformatter ("\r\n").
// Pure. Threads: any, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keepwell::runtime::docker {

class JsonLines {
  public:
    /// A line of more than `longest` bytes, its end not counted, is dropped, and never kept whole.
    explicit JsonLines(std::size_t longest = 1024 * 1024) : longest_(longest) {}

    /// Invalidates what next() returned.
    void feed(std::string_view piece);

    /// The next whole line that is not blank, without its end and without blanks around it; nothing when more must come
    /// first. Valid until the next feed().
    std::optional<std::string_view> next();

    /// The line that the stream ended in, without its end: a stream's last line may lack it. Ask when next() has no
    /// more.
    std::string_view rest() const;

    /// Lines that were too long.
    std::uint64_t dropped() const { return dropped_; }

  private:
    const std::size_t longest_;
    std::string buffer_;
    std::size_t begin_ = 0;    ///< of the line that next() looks at
    std::size_t scanned_ = 0;  ///< before it there is no end of that line
    bool skipping_ = false;    ///< inside a line that is too long
    std::uint64_t dropped_ = 0;
};

}  // namespace keepwell::runtime::docker
