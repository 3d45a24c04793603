// One service of a Compose file as a policy entry.
#include "policy/compose/compose_service.hpp"

#include <array>

#include "policy/document/text.hpp"
#include "policy/document/tree.hpp"

namespace keepwell::policy {
namespace {

constexpr std::uint32_t most_replicas = 1000;

constexpr std::array<std::string_view, 14> service_keys{
    "depends_on", "links",  "volumes_from", "network_mode", "ipc",     "pid",      "uts",
    "cgroup",     "deploy", "scale",        "healthcheck",  "restart", "profiles", "stop_grace_period"};
/// Those that make a container share something with another one, which is gone when that one starts anew.
constexpr std::array<std::string_view, 5> shared_keys{"network_mode", "ipc", "pid", "uts", "cgroup"};
constexpr std::array<std::string_view, 3> deploy_keys{"mode", "replicas", "restart_policy"};
constexpr std::array<std::string_view, 4> restart_policy_keys{"condition", "delay", "max_attempts", "window"};
constexpr std::array<std::string_view, 5> timing_keys{"interval", "timeout", "retries", "start_period",
                                                      "start_interval"};
constexpr std::array<std::string_view, 3> asking_keys{"http", "tcp", "test"};
/// What only Compose can say: these would make another container of it.
constexpr std::array<std::string_view, 5> keys_of_compose{"command", "container", "image", "labels", "scale"};

// ---- dependencies -----------------------------------------------------------------------------------------------

std::string service_shared_by(const Node& node) {
    constexpr std::string_view prefix = "service:";
    return node.is_scalar() && node.text.compare(0, prefix.size(), prefix) == 0 ? node.text.substr(prefix.size()) : "";
}

/// What one service depends on: `depends_on`, and what Compose concludes from other keys.
class Dependencies {
  public:
    explicit Dependencies(const NodePtr& service) : result_{child(service, "depends_on")} {
        if (result_ && !result_->is_mapping()) return;
        for (const auto key : shared_keys) {
            if (const auto node = child(service, key)) shares(*node, service_shared_by(*node));
        }
        for (const auto& item : items(service, "links")) implies(*item, before_colon(item->text), true);
        for (const auto& item : items(service, "volumes_from")) implies(*item, before_colon(item->text), false);
    }

    NodePtr take() { return std::move(result_); }

  private:
    static std::vector<NodePtr> items(const NodePtr& service, std::string_view key) {
        const auto list = child(service, key);
        return list ? list->items : std::vector<NodePtr>{};
    }

    /// Compose lets an entry under `depends_on` hide this one, `restart` with it. What is shared is gone all the same.
    void shares(const Node& by, const std::string& service) {
        const auto written = child(result_, service);
        const bool silent = written && written->is_mapping() && !written->find("restart");
        if (silent) {
            result_ = with(result_, service, with(written, "restart", make_text(by, "true")));
        } else {
            implies(by, service, true);
        }
    }

    void implies(const Node& by, const std::string& service, bool restart) {
        if (service.empty() || service == "container" || child(result_, service)) return;
        auto on = make_mapping(by, {{make_text(by, "condition"), make_text(by, "service_started")}});
        if (restart) on = with(on, "restart", make_text(by, "true"));
        result_ = with(result_ ? result_ : make_mapping(by, {}), Member{make_text(by, service), on});
    }

    NodePtr result_;
};

// ---- health and restarts ----------------------------------------------------------------------------------------

/// `deploy.restart_policy` in Swarm's words, where Compose takes those of `restart` as well.
std::optional<Member> restart_policy_of(const NodePtr& service) {
    const auto deploy = child(service, "deploy");
    const auto* written = deploy ? deploy->find("restart_policy") : nullptr;
    if (!written || written->value->is_null()) return std::nullopt;
    if (!written->value->is_mapping()) return *written;
    auto policy = only(written->value, restart_policy_keys);
    const auto condition = child(policy, "condition");
    const auto word = condition ? condition->text : "";
    if (word == "always" || word == "unless-stopped") policy = with(policy, "condition", make_text(*condition, "any"));
    if (word == "no") policy = with(policy, "condition", make_text(*condition, "none"));
    return Member{written->key, policy};
}

/// `restart` is the engine's to do. But what it does not start again is not started by us either: nobody asked for it.
NodePtr limit_of(const NodePtr& service) {
    const auto restart = child(service, "restart");
    if (!restart || !restart->is_scalar()) return nullptr;
    const auto word = before_colon(restart->text);
    if (word == "no" || word == "false") return make_text(*restart, "no");
    return word == "on-failure" ? make_text(*restart, word) : nullptr;
}

bool is_disabled(const NodePtr& check) {
    const auto disable = child(check, "disable");
    const auto test = child(check, "test");
    const bool none = test && test->is_sequence() && test->items.size() == 1 && test->items[0]->text == "NONE";
    return none || (disable && lower_case(disable->text) == "true");
}

/// The engine runs Compose's `test` itself. Its timings hold for a probe of ours that stands in its place.
NodePtr healthcheck_of(const NodePtr& service, const NodePtr& own) {
    const auto written = child(service, "healthcheck");
    if (!written || !written->is_mapping()) return own;
    if (!own && is_disabled(written)) {
        return make_mapping(*written, {{make_text(*written, "disable"), make_text(*written, "true")}});
    }
    const auto asks = [&](std::string_view key) { return own->find(key) != nullptr; };
    if (!own || !own->is_mapping() || !std::any_of(asking_keys.begin(), asking_keys.end(), asks)) return own;
    return merge(only(written, timing_keys), own);
}

// ---- the service ------------------------------------------------------------------------------------------------

class ServiceReader {
  public:
    ServiceReader(DecodeContext& context, const std::string& project, const Member& service)
        : decoder_{context, TemplateValues{}}, project_{project}, service_{service} {}

    std::optional<ComposeService> run() {
        if (!read_rules()) return std::nullopt;
        return ComposeService{name().text, Member{service_.key, entry()}, replicas()};
    }

  private:
    const Node& name() const { return *service_.key; }

    /// What stands under `x-keepwell`, as the fields of an entry. False: the service asks to be left alone.
    bool read_rules() {
        rules_ = make_mapping(name(), {});
        const auto written = child(service_.value, compose_extension);
        if (!written || written->is_null()) return true;
        if (written->is_scalar()) return decoder_.boolean(*written).value_or(true);
        if (!written->is_mapping()) {
            decoder_.error(*written, "expected a mapping, or `false`, under `x-keepwell`, but this is a list");
            return true;
        }
        rules_ = with(written, "enable", nullptr);
        refuse_what_is_composes();
        lift_restart_policy();
        if (const auto depends_on = child(rules_, "depends_on")) {
            rules_ = with(rules_, "depends_on", depends_on_as_mapping(depends_on));
        }
        const auto enable = child(written, "enable");
        return !enable || decoder_.boolean(*enable).value_or(true);
    }

    void refuse_what_is_composes() {
        for (const auto key : keys_of_compose) {
            refuse(rules_->find(key));
            rules_ = with(rules_, key, nullptr);
        }
        const auto deploy = child(rules_, "deploy");
        if (!deploy || !deploy->is_mapping()) return;
        refuse(deploy->find("replicas"));
        rules_ = with(rules_, "deploy", with(deploy, "replicas", nullptr));
    }

    void refuse(const Member* member) {
        if (!member) return;
        decoder_.error(*member->key, quote(member->key->text) +
                                         " is not read under `x-keepwell`: it is Compose's, and stands beside it");
    }

    /// `restart_policy` without a `deploy` around it, which has nothing else to hold here.
    void lift_restart_policy() {
        const auto* found = rules_->find("restart_policy");
        if (!found) return;
        const Member policy = *found;
        auto deploy = child(rules_, "deploy");
        if (deploy && deploy->find("restart_policy")) {
            decoder_.error(*policy.key, "`restart_policy` is given twice: here, and under `deploy`");
        }
        if (!deploy || !deploy->is_mapping()) deploy = make_mapping(*policy.key, {});
        rules_ = with(with(rules_, "restart_policy", nullptr), "deploy", with(deploy, policy));
    }

    NodePtr entry() {
        const auto& service = service_.value;
        NodePtr result = make_mapping(name(), {});
        result = with(result, "container", make_text(name(), project_ + "-" + name().text));
        result = with(result, "depends_on", Dependencies{service}.take());
        if (const auto policy = restart_policy_of(service)) {
            result = with(result, "deploy", make_mapping(*policy->key, {*policy}));
        }
        result = merge(result, rules_);
        result = with(result, "healthcheck", healthcheck_of(service, child(rules_, "healthcheck")));
        return limit_restarts(result, limit_of(service));
    }

    std::uint32_t replicas() {
        const auto deploy = child(service_.value, "deploy");
        const auto mode = child(deploy, "mode");
        if (mode && mode->text == "global") return 1;
        auto count = child(deploy, "replicas");
        if (!count) count = child(service_.value, "scale");
        return count ? decoder_.count(*count, 0, most_replicas).value_or(1) : 1;
    }

    Decoder decoder_;
    const std::string& project_;
    const Member& service_;
    NodePtr rules_;
};

}  // namespace

bool is_compose_service_key(std::string_view key) { return is_one_of(key, service_keys); }

bool is_compose_deploy_key(std::string_view key) { return is_one_of(key, deploy_keys); }

NodePtr depends_on_as_mapping(const NodePtr& node) {
    if (node->is_scalar()) return node;
    auto result = std::make_shared<Node>(*node);
    result->kind = Node::Kind::mapping;
    result->items.clear();
    for (const auto& item : node->items) {
        if (item->is_scalar() && !result->find(item->text)) result->members.push_back({item, make_mapping(*item, {})});
    }
    for (auto& member : result->members) {
        if (member.value->is_null()) member.value = make_mapping(*member.key, {});
    }
    return result;
}

std::optional<ComposeService> read_compose_service(DecodeContext& context, const std::string& project,
                                                   const Member& service) {
    return ServiceReader{context, project, service}.run();
}

NodePtr limit_restarts(const NodePtr& entry, const NodePtr& limit) {
    if (!limit || entry->find("restart")) return entry;
    const auto deploy = child(entry, "deploy");
    const auto policy = child(deploy, "restart_policy");
    if (!policy || !policy->is_mapping()) return with(entry, "restart", limit);
    if (policy->find("condition")) return entry;
    const auto word = make_text(*limit, limit->text == "no" ? "none" : limit->text);
    return with(entry, "deploy", with(deploy, "restart_policy", with(policy, "condition", word)));
}

}  // namespace keepwell::policy
