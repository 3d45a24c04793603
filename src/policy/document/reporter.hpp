// Collects the mistakes of one load, and keeps the text of every file that they can point at.
// May know: diagnostic. It does not know what a policy is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "policy/document/diagnostic.hpp"

namespace keepwell::policy {

/// A place in a source. Lines and columns are 1-based; line 0 is the source as a whole.
struct Position {
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t length = 1;
};

class Reporter {
  public:
    /// Adds a source and returns its number. `name` is what people see; `path` is absolute.
    std::uint32_t add_source(std::string name, std::string path, std::string text = {});

    const std::string& name_of(std::uint32_t file) const { return sources_[file].name; }
    const std::string& path_of(std::uint32_t file) const { return sources_[file].path; }
    /// The folder that relative paths written in this source start from; absolute.
    std::string folder_of(std::uint32_t file) const;
    /// "shop.yaml:14", for messages that name a second place.
    std::string place(const Position& at) const;

    /// The same mistake at the same place is kept once.
    void error(const Position& at, std::string message);
    void warning(const Position& at, std::string message);
    void note(const Position& at, std::string message);
    std::size_t errors() const { return errors_; }

    /// A mistake that is not kept here, as it would be shown.
    Diagnostic shown(const Position& at, std::string message,
                     Diagnostic::Severity severity = Diagnostic::Severity::error) const;

    /// Everything, by file and position; the first hundred, and a word about the rest.
    std::vector<Diagnostic> diagnostics() const;

  private:
    struct Source {
        std::string name;
        std::string path;
        std::string text;
        std::vector<std::size_t> lines;  ///< where each line begins
    };
    using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::string>;

    void add(Diagnostic::Severity severity, const Position& at, std::string message);
    std::string source_line(const Position& at) const;

    struct Entry {
        Diagnostic::Severity severity;
        Position at;
        std::string message;
    };
    std::vector<Source> sources_;
    std::vector<Entry> entries_;
    std::set<Key> seen_;
    std::size_t errors_ = 0;
    std::size_t dropped_ = 0;
};

}  // namespace keepwell::policy
