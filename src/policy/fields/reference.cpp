// The field tables as a page for people.
#include <algorithm>

#include "policy/fields/blocks.hpp"
#include "policy/fields/schema.hpp"

namespace keepwell::policy {
namespace {

/// Text for a cell of a Markdown table.
std::string cell(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '|') result += '\\';
        result += c;
    }
    return result;
}

std::string code(std::string_view text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

std::string title_of(const BlockInfo& block) {
    const auto place = block.belongs.substr(0, 6) == "under " ? block.belongs.substr(6) : block.belongs;
    if (place == "at the top level") return "The top level";
    std::string title{place};
    if (title[0] == 'a') title[0] = 'A';
    return title;
}

/// Which entries a field is for.
std::string_view kinds_of(For kinds) {
    switch (kinds) {
        case For::all: return "";
        case For::process: return "process";
        case For::container: return "`image`";
        case For::created: return "process, `image`";
    }
    return "";
}

std::string block_page(const BlockInfo& block) {
    auto page = "\n## " + title_of(block) + "\n\n" + std::string{block.doc} + "\n\n";
    const auto is_for_some = [](const FieldInfo& field) { return field.kinds != For::all; };
    const bool kinds = std::any_of(block.fields.begin(), block.fields.end(), is_for_some);
    page += std::string{"| field |"} + (kinds ? " for |" : "") + " takes | default | meaning | example |\n|---|";
    page += std::string{kinds ? "---|" : ""} + "---|---|---|---|\n";
    for (const auto& field : block.fields) {
        page += "| " + code(field.name) + " | ";
        if (kinds) page += std::string{kinds_of(field.kinds)} + " | ";
        page += cell(field.shape->words) + " | " + cell(field.fallback) + " | " + cell(field.doc) + " | " +
                code(field.sample) + " |\n";
    }
    return page;
}

constexpr std::string_view introduction =
    R"(# The policy file

<!-- Generated from the field tables in src/policy/fields/ (KEEPWELL_UPDATE_DOCS=1 with the policy tests). Do not edit. -->

A policy is YAML or JSON: one file, several files, or folders of them (`*.yaml`, `*.yml`, `*.json`, sorted by name,
without those that begin with a dot).
`keepwell check FILE…` reports every mistake; `keepwell schema` prints the same rules for an editor.

- **Durations** have a unit: `500ms`, `30s`, `1h5m`, `1.5h`; units are ns, us, ms, s, m, h, d and w.
- **Variables** in values: `$NAME`, `${NAME}`, `${NAME:-default}` and Compose's other forms; `$$` is a plain `$`. An
  unset variable without a default is an error. Values are put in after parsing, so they can not become syntax.
- **Relative paths** start at the folder of the file in which they are written.
- **Aliases** and `<<` are read; tags, several documents in one file, and duplicate keys are errors. At most 1 MiB a
  file, 32 levels, 500,000 values; aliases stand for at most 100,000 of them.
- Keys that begin with `x-` are left alone.
)";

}  // namespace

std::string reference() { return std::string{introduction} + reference_of(all_blocks()); }

std::string reference_of(const std::vector<const BlockInfo*>& blocks) {
    std::string page;
    for (const auto* block : blocks) page += block_page(*block);
    return page;
}

}  // namespace keepwell::policy
