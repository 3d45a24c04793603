// The reading end: libfyaml's events, turned into a tree. Nothing else includes libfyaml.
// The event interface is used, not its documents: it resolves no alias, so nothing grows before we have counted it.
#include "policy/document/document.hpp"

#include <libfyaml.h>

#include <algorithm>
#include <map>

#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

struct FreeParser {
    void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct FreeDiagnostics {
    void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};
struct FreeEvent {
    fy_parser* parser;
    void operator()(fy_event* event) const { fy_parser_event_free(parser, event); }
};
using Event = std::unique_ptr<fy_event, FreeEvent>;

/// A list or mapping that is still being read.
struct Open {
    std::shared_ptr<Node> node;
    NodePtr key;  ///< of a mapping: read, and waiting for its value
    std::string anchor;
    std::map<std::string, Position> keys;
    bool duplicate = false;  ///< the value to come belongs to a key that was given before
};

std::string token_text(fy_token* token) {
    std::size_t length = 0;
    const char* text = token ? fy_token_get_text(token, &length) : nullptr;
    return text ? std::string{text, length} : std::string{};
}

/// libfyaml's words for what people get wrong most, in ours.
std::string plain_words(std::string_view message) {
    struct Translation {
        std::string_view theirs;
        std::string_view ours;
    };
    static constexpr Translation table[] = {
        {"tab character may not be used as indentation", "a tab is used to indent; YAML wants spaces"},
        {"wrongly indented double-quoted scalar", "this double quote is never closed"},
        {"wrongly indented single-quoted scalar", "this single quote is never closed"},
        {"double-quoted scalar without closing quote", "this double quote is never closed"},
        {"single-quoted scalar without closing quote", "this single quote is never closed"},
        {"flow sequence without a closing bracket", "a `[` is never closed"},
        {"flow mapping without a closing brace", "a `{` is never closed"},
        {"missing comma in flow mapping", "a `,` or a closing `}` is missing before this"},
        {"missing comma in flow sequence", "a `,` or a closing `]` is missing before this"},
        {"mismatched flow mapping end", "this closes something else than what is open here"},
        {"mismatched flow sequence end", "this closes something else than what is open here"},
        {"invalid nested block mapping on the same line",
         "a second `: ` in one line; put quotes around the value if it belongs to it"},
        {"invalid indentation in mapping",
         "this line is indented less than its neighbours, but more than what is around"},
    };
    for (const auto& row : table) {
        if (row.theirs == message) return std::string{row.ours};
    }
    return std::string{message};
}

std::string name_of(Grammar grammar) {
    switch (grammar) {
        case Grammar::policy: return "a policy";
        case Grammar::compose: return "a Compose file";
        case Grammar::test: return "a test file";
        case Grammar::script: return "a script";
    }
    return {};
}

std::string needs_of(Grammar grammar) {
    switch (grammar) {
        case Grammar::policy:
        case Grammar::compose: return "`services:`";
        case Grammar::test: return "`policies:` and `tests:`";
        case Grammar::script: return "`targets:` or `events:`";
    }
    return {};
}

Node::Tag tag_of(std::string_view written) {
    if (written == "!reset") return Node::Tag::reset;
    return written == "!override" ? Node::Tag::override : Node::Tag::none;
}

class DocumentReader {
  public:
    DocumentReader(std::uint32_t file, Reporter& reporter, Grammar grammar)
        : file_{file}, reporter_{reporter}, grammar_{grammar} {}

    NodePtr read(std::string_view text) {
        fy_diag_cfg diag_config;
        fy_diag_cfg_default(&diag_config);
        const std::unique_ptr<fy_diag, FreeDiagnostics> diag{fy_diag_create(&diag_config)};
        if (!diag) return nullptr;
        fy_diag_set_collect_errors(diag.get(), true);
        fy_parse_cfg config{};
        config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
                                                       FYPCF_JSON_NONE);
        config.diag = diag.get();
        const std::unique_ptr<fy_parser, FreeParser> parser{fy_parser_create(&config)};
        if (!parser || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) return nullptr;
        while (!failed_) {
            const Event event{fy_parser_parse(parser.get()), FreeEvent{parser.get()}};
            if (!event) break;
            take(event.get());
        }
        if (!failed_) report_syntax_errors(diag.get());
        return failed_ ? nullptr : root_;
    }

  private:
    void take(fy_event* event) {
        switch (event->type) {
            case FYET_NONE:
            case FYET_STREAM_START:
            case FYET_STREAM_END:
            case FYET_DOCUMENT_END: return;
            case FYET_DOCUMENT_START: return begin_document(event);
            case FYET_SCALAR: return scalar(event);
            case FYET_ALIAS: return alias(event);
            case FYET_SEQUENCE_START: return open(event, Node::Kind::sequence);
            case FYET_MAPPING_START: return open(event, Node::Kind::mapping);
            case FYET_SEQUENCE_END:
            case FYET_MAPPING_END: return close();
        }
    }

    void begin_document(fy_event* event) {
        if (++documents_ == 1) return;
        const std::string what = grammar_ == Grammar::policy ? "a policy file" : name_of(grammar_);
        fail(position(event), "a second document begins here; " + what + " is one document");
    }

    void scalar(fy_event* event) {
        if (!accept_tag(event)) return;
        if (++scalars_ > max_nodes) return fail(position(event), "this file holds too much");
        auto node = std::make_shared<Node>();
        node->tag = tag_of(token_text(fy_event_get_tag_token(event)));
        node->at = scalar_position(event);
        node->text = token_text(event->scalar.value);
        if (node->text.find('\0') != std::string::npos) {
            return fail(node->at, "this text holds a NUL, and no program can be given one: take it out");
        }
        node->plain = !event->scalar.value || fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
        add(node, token_text(event->scalar.anchor));
    }

    void alias(fy_event* event) {
        auto at = position(event);
        const auto name = token_text(event->alias.anchor);
        at.column = at.column > 1 ? at.column - 1 : 1;
        at.length = static_cast<std::uint32_t>(count_characters(name)) + 1;
        const auto found = anchors_.find(name);
        if (found == anchors_.end())
            return fail(at, quote("*" + name) + " refers to nothing that is defined before it");
        if (is_key()) return fail(at, "a key must be text, not an alias");
        aliased_ += found->second->size;
        if (aliased_ > max_aliased_nodes) return fail(at, "the aliases of this file expand to too much");
        add(found->second, {});
    }

    void open(fy_event* event, Node::Kind kind) {
        const bool mapping = kind == Node::Kind::mapping;
        const auto at = position(event);
        if (!accept_tag(event)) return;
        if (is_key()) return fail(at, "a key must be text, not " + std::string{mapping ? "a mapping" : "a list"});
        if (open_.size() == max_depth) return fail(at, too_deep);
        auto node = std::make_shared<Node>();
        node->kind = kind;
        node->tag = tag_of(token_text(fy_event_get_tag_token(event)));
        node->at = at;
        auto* anchor = mapping ? event->mapping_start.anchor : event->sequence_start.anchor;
        open_.push_back(Open{std::move(node), nullptr, token_text(anchor), {}, false});
    }

    void close() {
        auto done = std::move(open_.back());
        open_.pop_back();
        if (done.node->is_mapping()) merge_in(*done.node);
        measure(*done.node);
        if (done.node->size > max_nodes) return fail(done.node->at, "this holds too much");
        if (done.node->depth + open_.size() > max_depth) return fail(done.node->at, too_deep);
        add(std::move(done.node), done.anchor);
    }

    void add(NodePtr node, const std::string& anchor) {
        if (failed_) return;
        if (!anchor.empty()) anchors_[anchor] = node;
        if (node->depth + open_.size() > max_depth) return fail(node->at, too_deep);
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (open_.back().node->is_sequence()) {
            open_.back().node->items.push_back(std::move(node));
        } else if (!open_.back().key) {
            add_key(std::move(node));
        } else {
            add_value(std::move(node));
        }
    }

    void add_key(NodePtr key) {
        auto& parent = open_.back();
        const auto [first, is_new] = parent.keys.emplace(key->text, key->at);
        if (!is_new) {
            reporter_.error(key->at, "duplicate key " + quote(key->text) + "; it was given before at " +
                                         reporter_.place(first->second));
        }
        parent.duplicate = !is_new;
        parent.key = std::move(key);
    }

    void add_value(NodePtr value) {
        auto& parent = open_.back();
        if (value->at.line == 0) {  // nothing was written: libfyaml gives no mark
            auto placed = std::make_shared<Node>(*value);
            placed->at = parent.key->at;
            value = std::move(placed);
        }
        if (!parent.duplicate) parent.node->members.push_back(Member{parent.key, std::move(value)});
        parent.key = nullptr;
    }

    /// `<<: *base` or `<<: [*a, *b]`, as Compose files have it; what the mapping says itself wins.
    void merge_in(Node& node) {
        const auto is_merge = [](const Member& member) { return member.key->plain && member.key->text == "<<"; };
        const auto found = std::find_if(node.members.begin(), node.members.end(), is_merge);
        if (found == node.members.end()) return;
        const auto source = found->value;
        node.members.erase(found);
        const auto sources = source->is_sequence() ? source->items : std::vector<NodePtr>{source};
        for (const auto& one : sources) {
            if (!one->is_mapping()) return fail(source->at, "`<<` takes a mapping, or a list of mappings");
            for (const auto& member : one->members) {
                if (!node.find(member.key->text)) node.members.push_back(member);
            }
        }
    }

    static void measure(Node& node) {
        const auto count = [&](const Node& child) {
            node.size += child.size;
            node.depth = std::max(node.depth, child.depth + 1);
        };
        for (const auto& item : node.items) count(*item);
        for (const auto& member : node.members) count(*member.value);
        node.size += node.members.size();
    }

    bool is_key() const { return !open_.empty() && open_.back().node->is_mapping() && !open_.back().key; }

    bool accept_tag(fy_event* event) {
        auto* tag = fy_event_get_tag_token(event);
        if (!tag || grammar_ == Grammar::compose) return true;
        fail(position(event), "tags such as `!name` are not read in a policy");
        return false;
    }

    Position position(fy_event* event) const {
        const auto* mark = fy_event_start_mark(event);
        if (!mark) return Position{file_, 0, 0, 1};
        return Position{file_, static_cast<std::uint32_t>(mark->line) + 1, static_cast<std::uint32_t>(mark->column) + 1,
                        1};
    }

    Position scalar_position(fy_event* event) const {
        auto at = position(event);
        const auto* end = fy_event_end_mark(event);
        if (at.line == 0 || !end || !event->scalar.value) return Position{file_, 0, 0, 1};
        const auto style = fy_token_scalar_style(event->scalar.value);
        const bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
        const bool one_line = static_cast<std::uint32_t>(end->line) + 1 == at.line;
        const auto end_column = static_cast<std::uint32_t>(end->column) + 1;
        if (one_line && end_column > at.column) at.length = end_column - at.column;
        if (quoted && at.column > 1) {  // the mark is inside the quotes
            --at.column;
            if (one_line) at.length = end_column - at.column + 1;
        }
        return at;
    }

    void report_syntax_errors(fy_diag* diag) {
        void* iterator = nullptr;
        while (const auto* error = fy_diag_errors_iterate(diag, &iterator)) {
            const auto line = static_cast<std::uint32_t>(std::max(error->line, 1));
            const auto column = static_cast<std::uint32_t>(std::max(error->column, 1));
            fail(Position{file_, line, column, 1}, plain_words(error->msg ? error->msg : "not YAML"));
            return;  // what follows the first is noise
        }
    }

    void fail(const Position& at, std::string message) {
        failed_ = true;
        reporter_.error(at, std::move(message));
    }

    static constexpr const char* too_deep = "this is nested too deeply";

    std::uint32_t file_;
    Reporter& reporter_;
    Grammar grammar_;
    std::vector<Open> open_;
    std::map<std::string, NodePtr> anchors_;
    NodePtr root_;
    std::size_t documents_ = 0;
    std::size_t scalars_ = 0;
    std::size_t aliased_ = 0;
    bool failed_ = false;
};

Position position_of(std::uint32_t file, std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return Position{file, line, static_cast<std::uint32_t>(count_characters(before.substr(start))) + 1, 1};
}

bool starts_with_utf16(std::string_view text) {
    return text.size() >= 2 && (text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff");
}

}  // namespace

bool Node::is_null() const {
    return is_scalar() && plain && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

const Member* Node::find(std::string_view name) const {
    for (const auto& member : members) {
        if (member.key->text == name) return &member;
    }
    return nullptr;
}

NodePtr parse_document(std::uint32_t file, std::string_view text, Reporter& reporter, Grammar grammar) {
    const auto what = name_of(grammar);
    const Position whole{file, 0, 0, 1};
    const auto refuse = [&](const Position& at, std::string message) {
        reporter.error(at, std::move(message));
        return nullptr;
    };
    if (text.size() > max_file_size) return refuse(whole, "is larger than 1 MiB; no " + what.substr(2) + " is");
    if (starts_with_utf16(text)) return refuse(whole, "is UTF-16; save it as UTF-8");
    if (const auto bad = find_not_text(text)) {
        return refuse(position_of(file, text, *bad), "this byte is not text; " + what + " is written in UTF-8");
    }
    const auto errors = reporter.errors();
    const auto root = DocumentReader{file, reporter, grammar}.read(text);
    if (root && !root->is_null()) return root;
    if (reporter.errors() == errors) return refuse(whole, "is empty; " + what + " needs " + needs_of(grammar));
    return nullptr;
}

NodePtr make_mapping(const Node& like, std::vector<Member> members) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::mapping;
    node->at = like.at;
    node->members = std::move(members);
    return node;
}

NodePtr merge(const NodePtr& base, const NodePtr& over) {
    if (!base || !base->is_mapping() || !over->is_mapping()) return over;
    std::vector<Member> members = over->members;
    for (auto& member : members) {
        const auto* below = base->find(member.key->text);
        if (below) member.value = merge(below->value, member.value);
    }
    for (const auto& member : base->members) {
        if (!over->find(member.key->text)) members.push_back(member);
    }
    return make_mapping(*over, std::move(members));
}

bool same_content(const Node& a, const Node& b) {
    if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() ||
        a.members.size() != b.members.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.items.size(); ++i) {
        if (!same_content(*a.items[i], *b.items[i])) return false;
    }
    return std::all_of(a.members.begin(), a.members.end(), [&](const Member& member) {
        const auto* other = b.find(member.key->text);
        return other && same_content(*member.value, *other->value);
    });
}

std::string_view describe_kind(const Node& node) {
    if (node.is_null()) return "nothing";
    switch (node.kind) {
        case Node::Kind::scalar: return "text";
        case Node::Kind::sequence: return "a list";
        case Node::Kind::mapping: return "a mapping";
    }
    return "?";
}

}  // namespace keepwell::policy
