// A Compose project, read as far as it is ours.
#include "policy/compose/compose_file.hpp"

#include <array>
#include <map>
#include <set>

#include "policy/document/interpolate.hpp"
#include "policy/document/text.hpp"
#include "policy/document/tree.hpp"

namespace keepwell::policy {
namespace {

constexpr std::array<std::string_view, 2> settings_of_all{"guard", "mode"};

// ---- several files ----------------------------------------------------------------------------------------------

NodePtr appended(const NodePtr& base, const NodePtr& more) {
    auto both = std::make_shared<Node>(*base);
    both->items.insert(both->items.end(), more->items.begin(), more->items.end());
    return both;
}

/// One file over another, as Compose does it: mappings key by key, some lists one after the other, all else replaced.
NodePtr lay_over(const NodePtr& base, const NodePtr& over) {
    const bool merges = base && base->is_mapping() && over->is_mapping() && over->tag != Node::Tag::override;
    if (!merges) return over;
    auto result = std::make_shared<Node>(*base);
    auto& members = result->members;
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < members.size(); ++i) places.emplace(members[i].key->text, i);
    for (const auto& [key, value] : over->members) {
        const auto place = places.find(key->text);
        if (place == places.end()) {
            members.push_back(Member{key, value});
            continue;
        }
        auto& below = members[place->second].value;
        const bool appends = (key->text == "links" || key->text == "volumes_from") && value->tag == Node::Tag::none &&
                             below->is_sequence() && value->is_sequence();
        below = appends ? appended(below, value) : lay_over(below, value);
    }
    const auto is_reset = [](const Member& member) { return member.value->tag == Node::Tag::reset; };
    members.erase(std::remove_if(members.begin(), members.end(), is_reset), members.end());
    return result;
}

// ---- the project's name -----------------------------------------------------------------------------------------

/// docker-compose 1.29 (compose/cli/command.py get_project_name).
std::string name_of_compose_1(std::string_view written) {
    std::string name;
    for (const char c : lower_case(written)) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-') name += c;
    }
    return name;
}

/// Compose 2 (compose-go loader.NormalizeProjectName).
std::string name_of_compose_2(std::string_view written) {
    const auto name = name_of_compose_1(written);
    const auto first = name.find_first_not_of("_-");
    return first == std::string::npos ? std::string{} : name.substr(first);
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string list_of(const std::set<std::string>& keys) {
    std::string text;
    for (const auto& key : keys) text += (text.empty() ? "" : ", ") + quote(key);
    return text;
}

// ---- the project ------------------------------------------------------------------------------------------------

class ComposeReader {
  public:
    ComposeReader(const std::vector<NodePtr>& files, DecodeContext& context)
        : context_{context}, reporter_{context.reporter}, decoder_{context, TemplateValues{}}, files_{files} {
        variables_ = [this](std::string_view name) -> std::optional<std::string> {
            if (auto value = context_.environment.variable(name)) return value;
            const auto found = dot_env_.find(std::string{name});
            return found == dot_env_.end() ? std::nullopt : std::optional{found->second};
        };
    }

    std::optional<ComposeProject> run() {
        read_dot_env();
        for (const auto& file : files_) read_file(file);
        if (!services_) return no_services();
        ComposeProject project;
        if (!find_name(project.name)) return std::nullopt;
        read_settings(project);
        for (const auto& service : services_->members) {
            auto read = read_compose_service(context_, project.name, service);
            if (read) project.services.push_back(std::move(*read));
        }
        drop_dependencies_on_strangers(project);
        leave_jobs_ended(project);
        say_who_restarts(project);
        return project;
    }

  private:
    static Position whole(const Node& file) { return Position{file.at.file, 0, 0, 1}; }

    std::optional<ComposeProject> no_services() {
        const auto& first = *files_.front();
        const bool told = !first.is_mapping() || first.find("services");
        if (told) return std::nullopt;
        const auto is_service = [](const Member& member) {
            return member.value->find("image") || member.value->find("build");
        };
        const bool old = std::all_of(first.members.begin(), first.members.end(), is_service);
        reporter_.error(whole(first), old ? "is a Compose file of version 1; write its services under `services:`"
                                          : "is no Compose file: it has no `services`");
        return std::nullopt;
    }

    /// Compose reads it from the project's folder. What cannot be made sense of there is not ours to refuse.
    void read_dot_env() {
        const auto& first = *files_.front();
        const auto path = resolve_path(reporter_.folder_of(first.at.file), ".env");
        if (!context_.environment.read(path)) return;
        Reporter aside;
        DecodeContext context{aside, context_.environment};
        Node name;
        name.text = ".env";
        name.at.file = aside.add_source(name.text, path);
        Decoder{context, TemplateValues{}}.env_file(name, dot_env_);
        for (const auto& one : aside.diagnostics()) {
            if (one.severity != Diagnostic::Severity::error) continue;
            const auto line = one.line > 0 ? " in line " + std::to_string(one.line) : "";
            return reporter_.warning(whole(first),
                                     "`.env` beside it is not all understood" + line + ": " + one.message);
        }
    }

    // ---- one file -----------------------------------------------------------------------------------------------

    void read_file(const NodePtr& file) {
        if (!file->is_mapping()) {
            return decoder_.error(*file, "expected a mapping at the top level of a Compose file, but this is " +
                                             std::string{describe_kind(*file)});
        }
        left_.clear();
        left_in_services_.clear();
        for (const auto& member : file->members) read_top(member);
        if (left_.empty() && left_in_services_.empty()) return;
        auto text = "left to Compose: " + list_of(left_);
        if (!left_in_services_.empty()) {
            text += std::string{left_.empty() ? "" : "; "} + "in services " + list_of(left_in_services_);
        }
        reporter_.note(whole(*file), std::move(text));
    }

    void read_top(const Member& member) {
        const auto& key = member.key->text;
        if (key == "services") {
            read_services(*member.value);
        } else if (key == "include") {
            includes_ = true;
            decoder_.warning(*member.key,
                             "`include` is not followed; name those files under `compose` as well, or let "
                             "`docker-compose config` write all into one");
        } else if (key == "name") {
            name_ = interpolate_compose(member.value, variables_, reporter_);
        } else if (key == compose_extension) {
            settings_ = lay_over(settings_, interpolate(member.value, variables_, reporter_));
        } else if (is_extension(key)) {
            suspect(*member.key);
        } else if (key != "version") {
            left_.insert(key);
        }
    }

    /// `x-keepwel`: nobody else would find that.
    void suspect(const Node& key) {
        const auto hint = did_you_mean(key.text, {compose_extension});
        if (!hint.empty()) decoder_.warning(key, "unknown key " + quote(key.text) + hint);
    }

    void read_services(const Node& written) {
        if (!written.is_mapping()) {
            return decoder_.error(
                written, "expected a mapping of names to services, but this is " + std::string{describe_kind(written)});
        }
        auto read = std::make_shared<Node>(written);
        read->members.clear();
        for (const auto& service : written.members) {
            if (auto value = read_service(service)) read->members.push_back(Member{service.key, std::move(value)});
        }
        services_ = lay_over(services_ ? services_ : make_mapping(written, {}), read);
    }

    /// What is ours of a service in one file; nullptr when it is no service.
    NodePtr read_service(const Member& service) {
        const auto& value = service.value;
        if (value->tag == Node::Tag::reset) return value;
        if (value->is_null()) return make_mapping(*service.key, {});
        if (!value->is_mapping()) {
            decoder_.error(*value, "expected a mapping in service " + quote(service.key->text) + ", but this is " +
                                       std::string{describe_kind(*value)});
            return nullptr;
        }
        auto result = std::make_shared<Node>(*value);
        result->members.clear();
        for (const auto& member : value->members) {
            if (auto read = read_field(*service.key, member)) result->members.push_back({member.key, std::move(read)});
        }
        return result;
    }

    NodePtr read_field(const Node& service, const Member& member) {
        const auto& key = member.key->text;
        if (key == compose_extension) return interpolate(member.value, variables_, reporter_);
        if (is_compose_service_key(key)) return read_known(member);
        if (key == "extends") {
            decoder_.warning(*member.key, "`extends` is not followed: what keepwell should know of " +
                                              quote(service.text) +
                                              " stands here; `docker-compose config` writes all of it out");
        } else if (is_extension(key)) {
            suspect(*member.key);
        } else {
            left_in_services_.insert(key);
        }
        return nullptr;
    }

    NodePtr read_known(const Member& member) {
        if (member.value->is_null() && member.value->tag == Node::Tag::none) return nullptr;
        const auto value = interpolate_compose(member.value, variables_, reporter_);
        if (member.key->text == "depends_on") return depends_on_as_mapping(value);
        if (member.key->text != "deploy") return value;
        for (const auto& one : value->members) {
            const auto& key = one.key->text;
            if (!is_compose_deploy_key(key) && !is_extension(key)) left_in_services_.insert("deploy." + key);
        }
        return value;
    }

    // ---- all of them --------------------------------------------------------------------------------------------

    /// Compose's order: COMPOSE_PROJECT_NAME, `name`, the folder of the first file.
    bool find_name(std::string& name) {
        const auto& first = *files_.front();
        auto given = variables_("COMPOSE_PROJECT_NAME").value_or("");
        if (given.empty() && name_ && name_->is_scalar() && !name_->is_null()) given = name_->text;
        const bool by_folder = given.empty();
        if (by_folder) given = last_part(reporter_.folder_of(first.at.file));
        name = name_of_compose_2(given);
        if (name.empty()) {
            reporter_.error(whole(first), "its project has no name: " + quote(given) +
                                              " has no letter or digit that one could have; give it a `name`");
            return false;
        }
        const auto other = name_of_compose_1(given);
        if (by_folder && other != name) {
            reporter_.warning(whole(first), "its project is " + quote(name) + " to Compose 2 and to keepwell, but " +
                                                quote(other) +
                                                " to docker-compose 1.29; set COMPOSE_PROJECT_NAME for all of them");
        }
        return true;
    }

    void read_settings(ComposeProject& project) {
        project.settings = make_mapping(*files_.front(), {});
        if (!settings_ || settings_->is_null()) return;
        if (!settings_->is_mapping()) {
            return decoder_.error(*settings_,
                                  "expected a mapping under the top-level `x-keepwell`, with `mode`, `guard` or "
                                  "`defaults`, but this is " +
                                      std::string{describe_kind(*settings_)});
        }
        project.settings = only(settings_, settings_of_all);
        project.defaults = child(settings_, "defaults");
        for (const auto& member : settings_->members) {
            const auto& key = member.key->text;
            if (key == "defaults" || is_one_of(key, settings_of_all) || is_extension(key)) continue;
            decoder_.error(*member.key, "unknown key " + quote(key) +
                                            " in the top-level `x-keepwell`, which holds `mode`, `guard` and "
                                            "`defaults`" +
                                            did_you_mean(key, {"mode", "guard", "defaults"}));
        }
    }

    /// Compose's own `depends_on` on a service that is left alone, or that an `include` brings.
    void drop_dependencies_on_strangers(ComposeProject& project) {
        std::set<std::string_view> kept;
        std::map<std::string_view, NodePtr> written;
        for (const auto& service : project.services) kept.insert(service.name);
        for (const auto& service : services_->members) written.emplace(service.key->text, service.value);
        for (auto& service : project.services) {
            const auto all = child(service.entry.value, "depends_on");
            if (!all || !all->is_mapping()) continue;
            auto own = child(child(written[service.name], compose_extension), "depends_on");
            if (own) own = depends_on_as_mapping(own);
            auto rest = all;
            for (const auto& one : all->members) {
                const auto& on = one.key->text;
                const bool stranger = kept.count(on) == 0 && (includes_ || written.count(on) > 0);
                if (stranger && !child(own, on)) rest = with(rest, on, nullptr);
            }
            service.entry.value = with(service.entry.value, "depends_on", rest);
        }
    }

    /// What others wait for until it has completed is not started again: it would never be done.
    static void leave_jobs_ended(ComposeProject& project) {
        std::map<std::string, NodePtr> jobs;
        for (const auto& service : project.services) {
            const auto depends_on = child(service.entry.value, "depends_on");
            for (const auto& one : depends_on ? depends_on->members : std::vector<Member>{}) {
                const auto condition = child(one.value, "condition");
                const bool waits = condition && condition->text == "service_completed_successfully";
                if (waits) jobs.emplace(one.key->text, make_text(*condition, "no"));
            }
        }
        for (auto& service : project.services) {
            const auto job = jobs.find(service.name);
            if (job != jobs.end()) service.entry.value = limit_restarts(service.entry.value, job->second);
        }
    }

    /// Two masters: what the engine starts again after an exit, keepwell does not.
    void say_who_restarts(const ComposeProject& project) {
        std::set<std::string> of_engine, of_both;
        for (const auto& service : project.services) {
            const auto written = services_->find(service.name)->value;
            const auto restart = child(written, "restart");
            const auto word = restart && restart->is_scalar() ? before_colon(restart->text) : "no";
            if (word == "no" || word == "false") continue;
            const auto own = child(child(written, compose_extension), "restart_policy");
            const bool goes_on = own || child(child(written, "deploy"), "restart_policy");
            (goes_on ? of_both : of_engine).insert(service.name);
        }
        const std::string what = "after an exit the container engine starts them again (`restart`), ";
        const auto at = whole(*files_.front());
        if (!of_engine.empty()) reporter_.note(at, what + "not keepwell: " + list_of(of_engine));
        if (!of_both.empty())
            reporter_.note(at, what + "and keepwell by `restart_policy` when it gives up: " + list_of(of_both));
    }

    DecodeContext& context_;
    Reporter& reporter_;
    Decoder decoder_;
    const std::vector<NodePtr>& files_;
    Variables variables_;
    VariableMap dot_env_;
    std::set<std::string> left_, left_in_services_;  ///< of the file that is read: the keys that are not ours
    NodePtr name_;
    NodePtr settings_;  ///< the top-level `x-keepwell`
    NodePtr services_;  ///< merged; nullptr: no file had any
    bool includes_ = false;
};

}  // namespace

std::optional<ComposeProject> read_compose(const std::vector<NodePtr>& files, DecodeContext& context) {
    return ComposeReader{files, context}.run();
}

ContainerSelector compose_selector(const std::string& project, const std::string& service, std::uint32_t slot) {
    ContainerSelector selector;
    selector.labels = {{"com.docker.compose.container-number", std::to_string(slot)},
                       {"com.docker.compose.oneoff", "False"},
                       {"com.docker.compose.project", project},
                       {"com.docker.compose.service", service}};
    return selector;
}

}  // namespace keepwell::policy
