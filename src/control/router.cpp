// A name is a target's ("api.2") or a service's ("api": all its replicas); "*" is the whole host.
#include "control/router.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "control/status_json.hpp"
#include "control/suggest.hpp"
#include "journal/codec.hpp"

namespace keepwell::control {
namespace {

using Json = nlohmann::ordered_json;

Reply reply(int status, const Json& json) {
    return {status, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        unsigned byte = 0;
        const char* end = text.data() + std::min(text.size(), i + 3);
        const auto [stop, error] = std::from_chars(text.data() + i + 1, end, byte, 16);
        if (error != std::errc{} || stop != text.data() + i + 3 || byte == 0) return std::nullopt;
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

/// Calls `take` with each piece of `text` between separators; stops and returns false when it does.
template <typename Take>
bool each_piece(std::string_view text, char separator, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (!take(text.substr(0, end))) return false;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

const std::string* find(const std::map<std::string, std::string>& query, const std::string& key) {
    const auto found = query.find(key);
    return found == query.end() ? nullptr : &found->second;
}

bool flag(const Request& request, const std::string& key) {
    const std::string* value = find(request.query, key);
    return value != nullptr && *value != "0" && *value != "false";
}

std::optional<event::Verb> verb_from(std::string_view text) {
    using enum event::Verb;
    for (const event::Verb verb : {start, stop, restart, replace, pause, resume, reset}) {
        if (to_string(verb) == text) return verb;
    }
    return std::nullopt;
}

/// An empty query member means the same as none.
bool parse_since(const std::string* text, EventFilter& filter) {
    if (text == nullptr || text->empty()) return true;
    if (const auto seq = number(*text)) {
        filter.since = *seq;
        return true;
    }
    const auto time = journal::parse_rfc3339(*text);
    if (time) filter.since = *time;
    return time.has_value();
}

}  // namespace

std::optional<Request> parse_request(std::string_view method, std::string_view target, std::string user) {
    Request request{std::string{method}, {}, {}, std::move(user)};
    const std::size_t question = std::min(target.find('?'), target.size());
    if (target.empty() || target.front() != '/') return std::nullopt;
    const bool path_read = each_piece(target.substr(1, question - 1), '/', [&](std::string_view piece) {
        const auto part = decode(piece);
        if (part) request.path.push_back(*part);
        return part.has_value();
    });
    const bool query_read =
        each_piece(target.substr(std::min(question + 1, target.size())), '&', [&](std::string_view piece) {
            const std::size_t equals = std::min(piece.find('='), piece.size());
            const auto key = decode(piece.substr(0, equals));
            const auto value = decode(piece.substr(std::min(equals + 1, piece.size())));
            if (key && value) request.query[*key] = equals == piece.size() ? "1" : *value;
            return key && value;
        });
    if (!path_read || !query_read) return std::nullopt;
    return request;
}

Reply error_reply(int status, std::string_view code, const std::string& text) {
    return reply(status, {{"error", text}, {"code", code}});
}

Router::Router(supervisor::Supervisor& supervisor, const EventLog& events, About about)
    : supervisor_(supervisor), events_(events), about_(std::move(about)) {}

Answer Router::answer(const Request& request) {
    const auto& path = request.path;
    if (path.empty() || path[0] != "v1") return error_reply(404, "not_found", "no such path; see /v1/status");
    const bool acts = path.size() == 4 && path[1] == "targets";
    if (acts && request.method != "POST") return error_reply(405, "method_not_allowed", "this path wants POST");
    if (acts) return operate(path[2], path[3], request.user);
    const bool reloads = path.size() == 2 && path[1] == "reload";
    if (reloads && request.method != "POST") return error_reply(405, "method_not_allowed", "this path wants POST");
    if (reloads) return change_policy(request, true);
    if (request.method != "GET") return error_reply(405, "method_not_allowed", "this path wants GET");
    return answer_get(request);
}

Answer Router::answer_get(const Request& request) {
    const auto& path = request.path;
    if (path.size() == 2 && path[1] == "status") return status(request);
    if (path.size() == 2 && path[1] == "events") return events(request);
    if (path.size() == 2 && path[1] == "version") {
        return reply(200, {{"api", "keepwell/v1"}, {"version", about_.version}, {"brain_pid", about_.pid}});
    }
    if (path.size() == 2 && path[1] == "plan") return change_policy(request, false);
    if (path.size() == 3 && path[1] == "explain") return explain(path[2]);
    if (path.size() == 3 && path[1] == "logs") return logs(path[2], request);
    return error_reply(404, "not_found", "no such path; see /v1/status");
}

Answer Router::status(const Request& request) const {
    const std::string* name = find(request.query, "target");
    const std::vector<TargetIndex> targets = name ? resolve(*name) : all();
    if (name != nullptr && targets.empty()) return no_such_target(*name);
    return reply(200, status_json(supervisor_, about_, targets));
}

Answer Router::events(const Request& request) const {
    EventStream stream;
    stream.follow = flag(request, "follow");
    if (!parse_since(find(request.query, "since"), stream.filter)) {
        return error_reply(400, "bad_request", "since wants a sequence number or a time such as 2024-05-01T10:31:02Z");
    }
    if (const std::string* name = find(request.query, "target")) {
        if (resolve(*name).empty()) return no_such_target(*name);
        stream.filter.target = *name;
    }
    return stream;
}

Answer Router::explain(const std::string& name) const {
    const std::vector<TargetIndex> targets = resolve(name);
    if (targets.empty()) return no_such_target(name);
    Json all_of_them = Json::array();
    for (const TargetIndex target : targets) {
        all_of_them.push_back(explain_json(supervisor_.engine(), target, supervisor_.now()));
    }
    if (targets.size() == 1) return reply(200, all_of_them.front());
    return reply(200, {{"api", "keepwell/v1"}, {"targets", std::move(all_of_them)}});
}

Answer Router::logs(const std::string& name, const Request& request) const {
    const std::vector<TargetIndex> targets = resolve(name);
    if (targets.empty()) return no_such_target(name);
    if (targets.size() > 1) {
        const std::string& first = supervisor_.engine().policy().targets[targets.front()].name;
        return error_reply(400, "bad_request",
                           name + " has " + std::to_string(targets.size()) + " targets; name one, such as " + first);
    }
    constexpr std::uint64_t default_lines = 100;
    const std::string* tail = find(request.query, "tail");
    const auto lines = tail ? number(*tail) : default_lines;
    if (!lines) return error_reply(400, "bad_request", "tail wants a number of lines");
    const TargetSpec& target = supervisor_.engine().policy().targets[targets.front()];
    const bool follow = flag(request, "follow");
    if (is_container(target)) return ContainerStream{targets.front(), *lines, follow};
    return OutputStream{about_.output_file(target), *lines, follow};
}

std::unique_ptr<RemoteOutput> Router::open(const ContainerStream& log, std::function<void()> news) const {
    return about_.container_log(log.target, log.lines, log.follow, std::move(news));
}

Reply Router::cannot_open(const ContainerStream& log, const std::string& why) const {
    return error_reply(
        502, "container_engine",
        "the log of " + supervisor_.engine().policy().targets[log.target].name + " can not be read: " + why);
}

/// The files are named by absolute paths, one a line: they are read here, and not where is asked.
Answer Router::change_policy(const Request& request, bool apply) {
    if (!about_.change_policy) return error_reply(400, "bad_request", "this keepwell follows no policy files");
    PolicyRequest wanted{apply, {}, {}, request.user};
    if (const std::string* version = find(request.query, "expect")) wanted.expect = *version;
    const std::string* files = find(request.query, "files");
    const bool absolute = each_piece(files ? *files : std::string_view{}, '\n', [&](std::string_view file) {
        wanted.files.emplace_back(file);
        return file.starts_with('/');
    });
    if (!absolute) return error_reply(400, "bad_request", "files wants absolute paths");
    PolicyReply answer = about_.change_policy(wanted);
    return Reply{answer.status, std::move(answer.body)};
}

Answer Router::operate(const std::string& name, const std::string& verb_text, const std::string& user) {
    const auto verb = verb_from(verb_text);
    if (!verb) {
        return error_reply(
            404, "not_found",
            "nothing is called `" + verb_text + "`; there are start, stop, restart, replace, pause, resume and reset");
    }
    if (supervisor_.engine().shutting_down()) {
        return error_reply(503, "stopping", "this keepwell is stopping everything");
    }
    if (name == "*") return operate_host(*verb, user);
    const std::vector<TargetIndex> targets = resolve(name);
    if (targets.empty()) return no_such_target(name);
    const auto is_process = [this](TargetIndex target) {
        return !is_container(supervisor_.engine().policy().targets[target]);
    };
    if (*verb == event::Verb::replace && std::any_of(targets.begin(), targets.end(), is_process)) {
        return error_reply(400, "bad_request", name + " is a process, and only containers are replaced; restart it");
    }
    return acknowledge(targets, targets, *verb, user);
}

Answer Router::operate_host(event::Verb verb, const std::string& user) {
    using enum event::Verb;
    const TargetIndex host[] = {no_target};
    if (verb == pause || verb == resume) return acknowledge({}, host, verb, user);
    if (verb == replace) return error_reply(400, "bad_request", "replace wants the name of a target or service");
    const std::vector<TargetIndex> targets = all();
    if (verb == stop) return acknowledge(targets, host, verb, user);  // at once, so that they end in order
    return acknowledge(targets, targets, verb, user);
}

Reply Router::acknowledge(std::span<const TargetIndex> targets, std::span<const TargetIndex> asked, event::Verb verb,
                          const std::string& user) {
    const engine::Engine& engine = supervisor_.engine();
    Json json{{"api", "keepwell/v1"}, {"seq", events_.last_seq()}, {"targets", Json::array()}};
    for (const TargetIndex target : targets) {
        const Instance& instance = engine.target(target).instance;
        json["targets"].push_back({{"name", engine.policy().targets[target].name},
                                   {"instance_before", instance.exists() ? Json(instance.id) : Json{}}});
    }
    for (const TargetIndex target : asked) supervisor_.post(event::Operated{verb, target, user});
    return reply(202, json);
}

Reply Router::no_such_target(const std::string& name) const {
    if (const std::string why = why_without_targets(name); !why.empty()) {
        return error_reply(404, "no_such_target", "`" + name + "` has no targets " + why);
    }
    std::vector<std::string> names;
    for (const TargetIndex target : all()) {
        names.push_back(supervisor_.engine().policy().targets[target].name);
        names.push_back(supervisor_.engine().service_of(target).name);
    }
    const std::string near = closest(name, names);
    return error_reply(404, "no_such_target",
                       "no target or service is called `" + name + "`" +
                           (near.empty() ? std::string{} : "; did you mean `" + near + "`?"));
}

/// Of a service that the policy names; empty for any other name.
std::string Router::why_without_targets(const std::string& name) const {
    const Policy& policy = supervisor_.engine().policy();
    const auto service = service_called(policy, name);
    if (!service || !policy.services[*service].origin.written()) return {};  // or its entry is gone
    const bool waits = std::ranges::find(policy.templates, *service, &TargetSpec::service) != policy.templates.end();
    return waits ? "(no container is there that it selects)" : "(replicas: 0)";
}

std::vector<TargetIndex> Router::resolve(const std::string& name) const {
    const engine::Engine& engine = supervisor_.engine();
    if (const auto target = engine.find(name)) return {*target};
    std::vector<TargetIndex> replicas;
    for (TargetIndex i = 0; i < engine.policy().targets.size(); ++i) {
        if (engine.service_of(i).name == name && !engine.target(i).container.left) replicas.push_back(i);
    }
    return replicas;
}

/// By their services: what was added by scaling stands beside the others of its service, and not at the end.
std::vector<TargetIndex> Router::all() const {
    const engine::Engine& engine = supervisor_.engine();
    std::vector<TargetIndex> targets;
    for (TargetIndex i = 0; i < engine.policy().targets.size(); ++i) {
        if (!engine.target(i).container.left) targets.push_back(i);
    }
    const auto& specs = engine.policy().targets;
    std::stable_sort(targets.begin(), targets.end(),
                     [&specs](TargetIndex a, TargetIndex b) { return specs[a].service < specs[b].service; });
    return targets;
}

}  // namespace keepwell::control
