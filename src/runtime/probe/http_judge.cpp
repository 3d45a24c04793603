// Statuses, bodies and their words.
#include "runtime/probe/http_judge.hpp"

#include <regex.h>

#include <algorithm>

namespace keepwell::runtime {
namespace {

/// Beyond this many patterns (a policy that is reloaded for ever) all are compiled anew.
constexpr std::size_t many_patterns = 256;

/// The body on one line: every run of white space and control characters is one space.
std::string one_line(std::string_view body) {
    std::string line;
    for (const char byte : body.substr(0, kept_output)) {
        const bool blank = static_cast<unsigned char>(byte) <= ' ' || byte == '\x7f';
        if (!blank) line += byte;
        if (blank && !line.empty() && line.back() != ' ') line += ' ';
    }
    if (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

std::string sentence(int status, const std::string& why, std::string_view body) {
    std::string text = "HTTP " + std::to_string(status) + why;
    const std::string line = one_line(body);
    return line.empty() ? text : text + ": " + line;
}

bool expected(const HttpProbe& probe, int status) {
    const auto& ranges = probe.expect_status;
    return std::any_of(ranges.begin(), ranges.end(),
                       [status](const StatusRange& range) { return range.first <= status && status <= range.last; });
}

}  // namespace

struct Patterns::Pattern {
    explicit Pattern(const std::string& text) : error(::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB)) {}
    ~Pattern() {
        if (error == 0) ::regfree(&compiled);
    }
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    regex_t compiled{};
    int error;
};

Patterns::Patterns() = default;
Patterns::~Patterns() = default;

const Patterns::Pattern& Patterns::compiled(const std::string& pattern) {
    if (patterns_.size() >= many_patterns && patterns_.find(pattern) == patterns_.end()) patterns_.clear();
    auto& slot = patterns_[pattern];
    if (!slot || slot->error == REG_ESPACE) slot = std::make_unique<Pattern>(pattern);
    return *slot;
}

Patterns::Match Patterns::search(const std::string& pattern, std::string_view text) {
    const Pattern& found = compiled(pattern);
    if (found.error != 0) return found.error == REG_ESPACE ? Match::no_memory : Match::bad_pattern;
    regmatch_t range{0, static_cast<regoff_t>(text.size())};  // REG_STARTEND: a body may hold zero bytes
    const int result = ::regexec(&found.compiled, text.data(), 1, &range, REG_STARTEND);
    if (result == 0) return Match::yes;
    return result == REG_ESPACE ? Match::no_memory : Match::no;
}

std::size_t wanted_body(const HttpProbe& probe) {
    const bool searches = !probe.expect_body_contains.empty() || !probe.expect_body_matches.empty();
    return searches ? searched_body : kept_output;
}

Verdict judge(const HttpProbe& probe, int status, std::string_view body, Patterns& patterns) {
    if (!expected(probe, status)) return failed(sentence(status, "", body));
    const std::string& wanted = probe.expect_body_contains;
    if (body.find(wanted) == std::string_view::npos) {
        return failed(sentence(status, ", but the body does not contain `" + wanted + "`", body));
    }
    const std::string& pattern = probe.expect_body_matches;
    if (!pattern.empty()) {
        switch (patterns.search(pattern, body)) {
            case Patterns::Match::yes: break;
            case Patterns::Match::no:
                return failed(sentence(status, ", but the body does not match `" + pattern + "`", body));
            case Patterns::Match::bad_pattern: return not_run("`" + pattern + "` is not a regular expression");
            case Patterns::Match::no_memory: return our_lack("no memory to search the body");
        }
    }
    return passed("HTTP " + std::to_string(status));
}

}  // namespace keepwell::runtime
