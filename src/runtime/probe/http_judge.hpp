// What an HTTP answer means for a probe: passed or failed, and in which words. Pure but for the compiled patterns.
// May know: model, regcomp(3). It does not know where the answer came from.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "keepwell/model/spec.hpp"
#include "runtime/probe/attempt.hpp"

namespace keepwell::runtime {

/// Bytes of a body that `contains` and `matches` look at; a longer body is not read further.
inline constexpr std::size_t searched_body = 64 * 1024;

/// POSIX extended regular expressions, each compiled once. (std::regex overflows the stack on long bodies.)
class Patterns {
  public:
    Patterns();
    ~Patterns();
    Patterns(const Patterns&) = delete;
    Patterns& operator=(const Patterns&) = delete;

    enum class Match : std::uint8_t { yes, no, bad_pattern, no_memory };
    Match search(const std::string& pattern, std::string_view text);

  private:
    struct Pattern;
    const Pattern& compiled(const std::string& pattern);

    std::map<std::string, std::unique_ptr<Pattern>> patterns_;
};

/// Judges status and body by what the probe expects.
Verdict judge(const HttpProbe& probe, int status, std::string_view body, Patterns& patterns);

/// Bytes of the body that must be read in order to judge, and to show why.
std::size_t wanted_body(const HttpProbe& probe);

}  // namespace keepwell::runtime
