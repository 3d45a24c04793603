// Labels as a policy entry.
#include "policy/labels.hpp"

#include <algorithm>

#include "keepwell/model/awaited.hpp"
#include "keepwell/model/fact.hpp"
#include "policy/canonical/canonical.hpp"
#include "policy/document/json_line.hpp"
#include "policy/document/text.hpp"
#include "policy/document/tree.hpp"
#include "policy/entry.hpp"

namespace keepwell::policy {
namespace {

constexpr std::string_view prefix = "keepwell.";
constexpr std::string_view enable = "keepwell.enable";
constexpr std::string_view compose_depends_on = "com.docker.compose.depends_on";
constexpr std::string_view compose_project = "com.docker.compose.project";
constexpr std::string_view compose_service = "com.docker.compose.service";
constexpr std::string_view watchtower_depends_on = "com.centurylinklabs.watchtower.depends-on";
constexpr std::string_view watchtower_stop_signal = "com.centurylinklabs.watchtower.stop-signal";

/// How the value of a label is read.
enum class Takes : std::uint8_t {
    text,
    yes_or_no,
    rungs,     ///< words with commas between them
    test,      ///< a text for a shell, or a list in brackets
    services,  ///< names with commas between them, each `NAME[:CONDITION][:restart]`
    nothing,   ///< it is read by itself
};

struct OwnLabel {
    std::string_view name;
    std::string_view field;  ///< of a policy entry, with dots
    Takes takes = Takes::text;
};

constexpr OwnLabel own_table[] = {
    {enable, "", Takes::nothing},
    {"keepwell.policy", "", Takes::nothing},
    {"keepwell.on-unhealthy", "on_unhealthy", Takes::rungs},
    {"keepwell.verify", "verify"},
    {"keepwell.stop-timeout", "stop_grace_period"},
    {"keepwell.depends-on", "depends_on", Takes::services},
    {"keepwell.dry-run", "dry_run", Takes::yes_or_no},
    {"keepwell.restart", "deploy.restart_policy.condition"},
    {"keepwell.restart.delay", "deploy.restart_policy.delay"},
    {"keepwell.restart.max-attempts", "deploy.restart_policy.max_attempts"},
    {"keepwell.restart.window", "deploy.restart_policy.window"},
    {"keepwell.backoff.factor", "deploy.restart_policy.backoff.factor"},
    {"keepwell.backoff.max", "deploy.restart_policy.backoff.max"},
    {"keepwell.backoff.reset-after", "deploy.restart_policy.backoff.reset_after"},
    {"keepwell.quarantine.first", "quarantine.first"},
    {"keepwell.quarantine.max", "quarantine.max"},
    {"keepwell.probe.http", "healthcheck.http"},
    {"keepwell.probe.tcp", "healthcheck.tcp"},
    {"keepwell.probe.test", "healthcheck.test", Takes::test},
    {"keepwell.probe.interval", "healthcheck.interval"},
    {"keepwell.probe.timeout", "healthcheck.timeout"},
    {"keepwell.probe.retries", "healthcheck.retries"},
    {"keepwell.probe.start-period", "healthcheck.start_period"},
    {"keepwell.probe.start-interval", "healthcheck.start_interval"},
};

const OwnLabel* own_label(std::string_view name) {
    const auto* const found = std::find_if(std::begin(own_table), std::end(own_table),
                                           [&](const OwnLabel& label) { return label.name == name; });
    return found == std::end(own_table) ? nullptr : found;
}

bool is_own(std::string_view name) { return name.substr(0, prefix.size()) == prefix; }

/// What people write, whatever the case: the tools that these labels come from differ in it.
std::optional<bool> yes_or_no(std::string_view written) {
    const auto word = lower_case(written);
    if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
    if (word == "false" || word == "no" || word == "off" || word == "0") return false;
    return std::nullopt;
}

/// The parts between the separators, without the blanks around them; empty ones are left out.
std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto part = text.substr(0, text.find(separator));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
        while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
    }
    return parts;
}

std::string plain_name(std::string_view name) { return std::string{name.substr(name.substr(0, 1) == "/" ? 1 : 0)}; }

// ---- trees ------------------------------------------------------------------------------------------------------

NodePtr make_list(const Node& like, const std::vector<std::string>& texts) {
    auto list = std::make_shared<Node>();
    list->kind = Node::Kind::sequence;
    list->at = like.at;
    for (const auto& text : texts) list->items.push_back(make_text(like, text));
    return list;
}

/// `value` under a path with dots.
NodePtr with_path(const NodePtr& node, std::string_view path, const NodePtr& value) {
    const auto dot = path.find('.');
    const auto name = path.substr(0, dot);
    if (dot == std::string_view::npos) return with(node, name, value);
    auto below = child(node, name);
    if (!below || !below->is_mapping()) below = make_mapping(*value, {});
    return with(node, name, with_path(below, path.substr(dot + 1), value));
}

NodePtr at_path(const NodePtr& node, std::string_view path) {
    const auto dot = path.find('.');
    const auto below = child(node, path.substr(0, dot));
    return dot == std::string_view::npos || !below ? below : at_path(below, path.substr(dot + 1));
}

NodePtr moved_to(const NodePtr& node, const Position& at) {
    auto result = std::make_shared<Node>(*node);
    result->at = at;
    for (auto& item : result->items) item = moved_to(item, at);
    for (auto& member : result->members) member = Member{moved_to(member.key, at), moved_to(member.value, at)};
    return result;
}

/// Labels are lines of a source that nobody can open: what points at them points at nothing.
class Scrubber {
  public:
    explicit Scrubber(std::uint32_t source) : source_{source} {}

    void operator()(Origin& origin) const {
        if (origin.file == source_) origin = Origin{};
    }
    void operator()(ServiceSpec& spec) const {
        if (spec.healthcheck) (*this)(spec.healthcheck->origin);
        (*this)(spec.restart.origin);
        for (auto& rung : spec.on_unhealthy) (*this)(rung.origin);
        (*this)(spec.quarantine.origin);
        (*this)(spec.update.origin);
        (*this)(spec.origin);
        (*this)(spec.ladder_origin);
    }

  private:
    std::uint32_t source_;
};

// ---- one container ----------------------------------------------------------------------------------------------

class LabelReader {
  public:
    LabelReader(std::string_view container, const Labels& labels, const LabelOptions& options)
        : container_{plain_name(container)}, labels_{labels}, options_{options} {
        if (options.named) {
            for (const auto& source : options.named->sources) reporter_.add_source(source.name, source.path);
        }
        source_ = reporter_.add_source("labels of a container", "/");
        for (const auto& [key, value] : labels) keys_.push_back(key);
        nobody_.at = Position{source_, 0, 0, 1};
        base_ = foreign_ = template_ = own_ = make_mapping(nobody_, {});
    }

    tl::expected<std::optional<LabelledService>, std::string> run() {
        const bool asked = is_asked_for();
        if (reporter_.errors() > 0) return tl::unexpected(mistakes());
        if (!asked) return std::nullopt;
        refuse_what_is_no_text();
        read_foreign();
        read_own();
        find_template();
        note_conflicts();
        if (reporter_.errors() > 0) return tl::unexpected(mistakes());
        return decode();
    }

  private:
    // ---- places ---------------------------------------------------------------------------------------------------

    /// A node that stands for the label: line n is the n-th one.
    Node place(std::string_view key) const {
        const auto found = std::lower_bound(keys_.begin(), keys_.end(), key);
        Node node;
        node.at = Position{source_, static_cast<std::uint32_t>(found - keys_.begin()) + 1, 1, 1};
        return node;
    }

    bool is_from(const Position& at, std::string_view key) const {
        return at.file == source_ && at.line == place(key).at.line;
    }

    void error(std::string_view key, std::string message) { reporter_.error(place(key).at, std::move(message)); }

    const std::string* value_of(std::string_view key) const {
        const auto found = labels_.find(key);
        return found == labels_.end() ? nullptr : &found->second;
    }

    std::string describe(const Diagnostic& diagnostic, std::uint32_t line) const {
        if (line > 0) return "label " + quote(keys_[line - 1]) + ": " + diagnostic.message;
        if (diagnostic.line == 0) return diagnostic.message;
        return diagnostic.file + ":" + std::to_string(diagnostic.line) + ": " + diagnostic.message;
    }

    /// One line for each.
    std::string mistakes() const {
        std::string text;
        for (const auto& diagnostic : reporter_.diagnostics()) {
            if (diagnostic.severity != Diagnostic::Severity::error) continue;
            const bool ours = diagnostic.file == reporter_.name_of(source_);
            text += (text.empty() ? "" : "\n") + ("container " + quote(container_)) + ": " +
                    describe(diagnostic, ours ? diagnostic.line : 0);
        }
        return text;
    }

    /// No engine has such labels: JSON is UTF-8. An entry of a policy could not hold them.
    void refuse_what_is_no_text() {
        for (const auto& [key, value] : labels_) {
            if (!is_utf8(key) || !is_utf8(value)) error(key, "this is not text; labels are written in UTF-8");
        }
    }

    // ---- is it asked for? -----------------------------------------------------------------------------------------

    bool is_asked_for() {
        std::string own;
        for (const auto& key : keys_) {
            if (!is_own(key)) continue;
            if (!own_label(key)) report_unknown(key);
            if (own.empty()) own = key;
        }
        if (const auto* written = value_of(enable)) {
            own = enable;
            const auto wanted = yes_or_no(*written);
            if (!wanted) error(own, "expected true or false, but this is " + quote(*written));
            if (!wanted.value_or(false)) return false;
        }
        const auto refusing = foreign_refusal();
        if (!own.empty() && refusing) note_won(own, *refusing);
        return !own.empty() || (!refusing && foreign_wish());
    }

    void report_unknown(const std::string& key) {
        error(key, "keepwell has no such label" + did_you_mean(key, own_labels()));
    }

    bool heals_all() const { return options_.autoheal_label == "all"; }
    std::string_view autoheal() const {
        const std::string_view name = options_.autoheal_label;
        return name.empty() || heals_all() ? "autoheal" : name;
    }

    std::optional<bool> switch_of(std::string_view key) {
        const auto* value = value_of(key);
        const auto word = value ? yes_or_no(*value) : std::nullopt;
        if (value && !word) note(quote(key) + " is neither true nor false, and has no effect");
        return word;
    }

    /// A foreign label that asks to be left alone.
    std::optional<std::string_view> foreign_refusal() {
        for (const auto key : {autoheal(), std::string_view{"autoheal.monitor.enable"}}) {
            if (!switch_of(key).value_or(true)) return key;
        }
        return std::nullopt;
    }

    bool foreign_wish() {
        const bool asked = switch_of(autoheal()).value_or(false) ||
                           switch_of("autoheal.monitor.enable").value_or(false) ||
                           switch_of("deunhealth.restart.on.unhealthy").value_or(false);
        return asked || heals_all();
    }

    // ---- layers ---------------------------------------------------------------------------------------------------

    void read_foreign() {
        if (const auto* timeout = value_of("autoheal.stop.timeout")) {
            const auto written = is_digits(*timeout) ? *timeout + "s" : *timeout;
            set_foreign("stop_grace_period", "autoheal.stop.timeout",
                        make_text(place("autoheal.stop.timeout"), written));
        }
        if (!switch_of("autoheal.restart.enable").value_or(true)) {
            set_foreign("on_unhealthy", "autoheal.restart.enable",
                        make_list(place("autoheal.restart.enable"), {"notify"}));
        }
        if (value_of(watchtower_stop_signal)) {
            note(quote(watchtower_stop_signal) + " has no effect: the container has a signal of its own");
        }
        read_foreign_dependencies(watchtower_depends_on, true);
        read_foreign_dependencies(compose_depends_on, false);
    }

    void read_foreign_dependencies(std::string_view key, bool restart) {
        const auto* value = value_of(key);
        if (!value) return;
        auto services = child(foreign_, "depends_on");
        if (!services) services = make_mapping(place(key), {});
        for (const auto& written : split(*value, ',')) {
            services = with_dependency(services, key, written, restart, false);
        }
        if (!services->members.empty()) set_foreign("depends_on", key, services);
    }

    void set_foreign(std::string_view path, std::string_view key, const NodePtr& value) {
        foreign_ = with_path(foreign_, path, value);
        foreign_paths_.emplace_back(path, key);
    }

    void read_own() {
        own_ = with(own_, "container", make_text(nobody_, container_));
        for (const auto& key : keys_) {
            const auto* label = own_label(key);
            if (label && label->takes != Takes::nothing) {
                own_ = with_path(own_, label->field, read_value(*label, labels_.find(key)->second));
            }
        }
    }

    NodePtr read_value(const OwnLabel& label, const std::string& value) {
        const auto at = place(label.name);
        switch (label.takes) {
            case Takes::nothing:
            case Takes::text: break;
            case Takes::yes_or_no:
                if (const auto word = yes_or_no(value)) return make_text(at, *word ? "true" : "false");
                break;
            case Takes::rungs: return make_list(at, value == "none" ? std::vector<std::string>{} : split(value, ','));
            case Takes::test: return read_test(at, value);
            case Takes::services: {
                auto services = make_mapping(at, {});
                for (const auto& written : split(value, ',')) {
                    services = with_dependency(services, label.name, written, false, true);
                }
                return services;
            }
        }
        return make_text(at, value);
    }

    /// `["CMD", "/bin/app", "--ping"]`, or a text for the container's shell.
    NodePtr read_test(const Node& at, const std::string& value) {
        if (value.substr(0, 1) != "[") return make_text(at, value);
        Reporter aside;
        const auto list = parse_document(aside.add_source("", "/"), value, aside);
        if (list && aside.errors() == 0) return moved_to(list, at.at);
        reporter_.error(at.at, "this list is not closed, or no list: write `[\"CMD\", \"/bin/app\", \"--ping\"]`");
        return make_text(at, value);
    }

    /// `NAME[:CONDITION][:RESTART]`, as Compose writes it into its label. Not `strict`: what is odd is not ours to
    /// judge.
    NodePtr with_dependency(const NodePtr& services, std::string_view key, const std::string& written, bool restart,
                            bool strict) {
        const auto at = place(key);
        const auto parts = split(written, ':');
        const auto name = parts.empty() ? std::string{} : plain_name(parts.front());
        if (name.empty() || name == container_) return services;
        auto rules = make_mapping(at, {});
        for (std::size_t i = 1; i < parts.size(); ++i) {
            const auto& word = parts[i];
            if (strict ? word.compare(0, 8, "service_") == 0 : dependency_condition_from(word).has_value()) {
                rules = with(rules, "condition", make_text(at, word));
            } else if (word == "restart" || yes_or_no(word)) {
                restart = word == "restart" || *yes_or_no(word);
            } else if (strict) {
                error(key, quote(word) + " after the name of a container is neither a condition, such as " +
                               "`service_healthy`, nor `restart`");
            }
        }
        if (restart) rules = with(rules, "restart", make_text(at, "true"));
        return with(services, Member{make_text(at, name), rules});
    }

    void find_template() {
        const auto* name = value_of("keepwell.policy");
        if (!name) {
            base_ = healing_as_autoheal_does();
            return;
        }
        if (!options_.named) return error("keepwell.policy", "no policy is given that could have " + quote(*name));
        const auto found = options_.named->entries.find(*name);
        if (found != options_.named->entries.end()) {
            template_ = with(found->second, "container", nullptr);
            return;
        }
        std::vector<std::string_view> names;
        for (const auto& [known, entry] : options_.named->entries) names.push_back(known);
        error("keepwell.policy",
              "no entry with `container` in the policy is called " + quote(*name) + did_you_mean(*name, names));
    }

    /// Unhealthy: restart, at once. Ends are the engine's business, unless a label asks for them.
    NodePtr healing_as_autoheal_does() const {
        auto base = make_mapping(nobody_, {});
        base = with(base, "on_unhealthy", make_list(nobody_, {"restart"}));
        if (value_of("keepwell.restart")) return base;
        base = with_path(base, "deploy.restart_policy.condition", make_text(nobody_, "none"));
        return with_path(base, "deploy.restart_policy.delay", make_text(nobody_, "0s"));
    }

    void note_won(std::string_view winner, std::string_view loser) {
        note(quote(winner) + " wins over " + quote(loser));
    }

    void note(std::string text) {
        if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(std::move(text));
    }

    void note_conflicts() {
        const auto* name = value_of("keepwell.policy");
        for (const auto& [path, key] : foreign_paths_) {
            if (const auto own = own_label_of(path)) {
                note_won(*own, key);
            } else if (name && at_path(template_, path)) {
                note("the policy's " + quote(*name) + " wins over " + quote(key));
            }
        }
        // Names are not laid over names: those of the one who wins are all that is meant.
        if (own_label_of("depends_on")) template_ = with(template_, "depends_on", nullptr);
        const bool replaced = own_label_of("depends_on") || child(template_, "depends_on");
        if (replaced) foreign_ = with(foreign_, "depends_on", nullptr);
    }

    std::optional<std::string_view> own_label_of(std::string_view field) const {
        for (const auto& label : own_table) {
            if (label.field == field && value_of(label.name)) return label.name;
        }
        return std::nullopt;
    }

    // ---- the entry ------------------------------------------------------------------------------------------------

    tl::expected<std::optional<LabelledService>, std::string> decode() {
        DecodeContext context{reporter_, options_.named ? options_.named->environment : nowhere()};
        const auto below = merge(merge(base_, foreign_), template_);
        // Paths of an entry of the policy start where it stands.
        const bool has_template = !template_->members.empty();
        const Member service{make_text(has_template ? *template_ : nobody_, container_), own_};
        auto entry = decode_entry(context, service, below);
        if (reporter_.errors() > 0) return tl::unexpected(mistakes());
        LabelledService result;
        result.service = std::move(entry.draft.spec);
        result.target = std::move(entry.targets.front());
        result.maintenance = std::move(entry.draft.maintenance);
        result.names = names_of(container_, value_of(compose_service));
        for (const auto& draft : entry.draft.depends_on) result.depends_on.push_back(dependency(draft));
        result.entry = json_line(*make_mapping(nobody_, {Member{service.key, entry.whole}}));
        result.notes = std::move(notes_);
        for (const auto& diagnostic : reporter_.diagnostics()) {
            const bool ours = diagnostic.file == reporter_.name_of(source_);
            result.notes.push_back(describe(diagnostic, ours ? diagnostic.line : 0));
        }
        Scrubber{source_}(result.service);
        result.service.version = version_of(result);
        return result;
    }

    static const Environment& nowhere() {
        static const Environment environment{
            [](std::string_view) { return std::nullopt; },
            [](const std::string&) { return tl::unexpected<std::string>("labels read no files"); },
            [](const std::string&) { return false; },
            [](const std::string&) { return tl::unexpected<std::string>("labels read no files"); }};
        return environment;
    }

    /// The container's own name, and the one that Compose has for what is in it.
    std::vector<std::string> names_of(const std::string& name, const std::string* service) const {
        std::vector<std::string> names{name};
        const auto* project = value_of(compose_project);
        if (project && service) names.push_back(*project + "/" + *service);
        return names;
    }

    NamedDependency dependency(const DependencyDraft& draft) const {
        NamedDependency result{names_of(draft.name, &draft.name), draft.dependency};
        const bool by_compose = is_from(draft.at, compose_depends_on) && result.names.size() > 1;
        if (by_compose) result.names.erase(result.names.begin());
        Scrubber{source_}(result.rules.origin);
        return result;
    }

    static std::string version_of(const LabelledService& labelled) {
        Policy policy;
        policy.services.push_back(labelled.service);
        policy.targets.push_back(labelled.target);
        policy.maintenance.push_back(labelled.maintenance);
        auto text = canonical(policy, 0);
        for (const auto& dependency : labelled.depends_on) {
            text += "depends_on " + dependency.names.front() + " " +
                    std::string{to_string(dependency.rules.condition)} + (dependency.rules.restart ? " restart" : "") +
                    "\n";
        }
        return stable_hash(text);
    }

    std::string container_;
    const Labels& labels_;
    const LabelOptions& options_;
    std::vector<std::string> keys_;  ///< of the labels, sorted
    Reporter reporter_;
    std::uint32_t source_ = 0;
    Node nobody_;                                                               ///< the place of what no label says
    NodePtr base_, foreign_, template_, own_;                                   ///< from below
    std::vector<std::pair<std::string_view, std::string_view>> foreign_paths_;  ///< field, label
    std::vector<std::string> notes_;
};

}  // namespace

tl::expected<std::optional<LabelledService>, std::string> read_labels(std::string_view container, const Labels& labels,
                                                                      const LabelOptions& options) {
    return LabelReader{container, labels, options}.run();
}

bool opts_out(const Labels& labels) {
    const auto written = labels.find(enable);
    return written != labels.end() && !yes_or_no(written->second).value_or(true);
}

std::vector<std::string_view> own_labels() {
    std::vector<std::string_view> names;
    for (const auto& label : own_table) names.push_back(label.name);
    return names;
}

Policy label_policy(Mode mode) {
    Policy policy;
    policy.name = "keepwell";
    policy.mode = mode;
    policy.version = stable_hash(canonical(policy));
    return policy;
}

}  // namespace keepwell::policy
