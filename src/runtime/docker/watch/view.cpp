// Reading inspect and the listing. Whatever an engine sends, something is made of it or nothing is: no shape of JSON
// is an error worth more than that.
// Sources: moby api/types/container, daemon/health.go (defaults), container/state.go (the status text);
// podman pkg/api/handlers/compat/containers.go.
#include "runtime/docker/watch/view.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "keepwell/model/state.hpp"
#include "runtime/docker/json/json_read.hpp"

namespace keepwell::runtime::docker {
namespace {

// ---- numbers and times --------------------------------------------------------------------------------------------

/// The next `count` digits of `text`, which is shortened by them.
std::optional<int> digits(std::string_view& text, std::size_t count) {
    int value = 0;
    if (text.size() < count) return std::nullopt;
    const char* const end = text.data() + count;
    if (std::any_of(text.data(), end, [](char c) { return c < '0' || c > '9'; })) return std::nullopt;
    std::from_chars(text.data(), end, value);
    text.remove_prefix(count);
    return value;
}

bool skip(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// ".123456789": of a second. Digits beyond the ninth say nothing to us.
std::optional<Duration> fraction(std::string_view& text) {
    if (!skip(text, ".")) return Duration{0};
    std::int64_t value = 0;
    std::int64_t unit = 1'000'000'000;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        unit /= 10;
        value += (text.front() - '0') * unit;
        text.remove_prefix(1);
    }
    return Duration{value};
}

/// "Z" or "+01:00", and nothing after it.
std::optional<std::chrono::minutes> offset(std::string_view& text) {
    if (skip(text, "Zz")) return text.empty() ? std::optional{std::chrono::minutes{0}} : std::nullopt;
    const bool west = !text.empty() && text.front() == '-';
    if (!skip(text, "+-")) return std::nullopt;
    const auto hours = digits(text, 2);
    if (!hours || !skip(text, ":")) return std::nullopt;
    const auto minutes = digits(text, 2);
    if (!minutes || !text.empty()) return std::nullopt;
    const std::chrono::minutes length{*hours * 60 + *minutes};
    return west ? -length : length;
}

std::optional<std::chrono::sys_days> date(std::string_view& text) {
    const auto year = digits(text, 4);
    if (!year || !skip(text, "-")) return std::nullopt;
    const auto month = digits(text, 2);
    if (!month || !skip(text, "-")) return std::nullopt;
    const auto day = digits(text, 2);
    if (!day || *year > 2200) return std::nullopt;  // nanoseconds end in 2262
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    return date.ok() && *year >= 1970 ? std::optional{std::chrono::sys_days{date}} : std::nullopt;
}

std::optional<std::chrono::seconds> time_of_day(std::string_view& text) {
    const auto hours = digits(text, 2);
    if (!hours || !skip(text, ":")) return std::nullopt;
    const auto minutes = digits(text, 2);
    if (!minutes || !skip(text, ":")) return std::nullopt;
    const auto seconds = digits(text, 2);
    if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
    return std::chrono::seconds{*hours * 3600 + *minutes * 60 + *seconds};
}

/// A whole number within these bounds; `missing` for anything else but one that is beyond them.
std::int64_t number(const Json& value, std::int64_t least, std::int64_t most, std::int64_t missing = 0) {
    if (!value.is_number_integer()) return missing;
    if (value.is_number_unsigned()) {
        const auto given = value.get<std::uint64_t>();
        return given > static_cast<std::uint64_t>(most) ? most : std::max(least, static_cast<std::int64_t>(given));
    }
    return std::clamp(value.get<std::int64_t>(), least, most);
}

constexpr std::int64_t largest_int = std::numeric_limits<int>::max();
constexpr std::int64_t largest_uint32 = std::numeric_limits<std::uint32_t>::max();

int exit_code(const Json& value) { return static_cast<int>(number(value, -largest_int, largest_int)); }
std::uint32_t count(const Json& value) { return static_cast<std::uint32_t>(number(value, 0, largest_uint32)); }

EngineTime time_at(const Json& value, std::string_view key) { return engine_time(json_text(value, key)); }

// ---- texts --------------------------------------------------------------------------------------------------------

std::string without_slash(std::string name) {
    if (!name.empty() && name.front() == '/') name.erase(0, 1);
    return name;
}

/// Links give a container further names, "/parent/alias".
std::string own_name(const Json& names) {
    for (auto& name : json_texts(names)) {
        auto plain = without_slash(std::move(name));
        if (!plain.empty() && plain.find('/') == std::string::npos) return plain;
    }
    return {};
}

std::map<std::string, std::string, std::less<>> labels_in(const Json& value) {
    std::map<std::string, std::string, std::less<>> labels;
    if (!value.is_object()) return labels;
    for (const auto& [key, text] : value.items()) {
        if (text.is_string()) labels.emplace(key, text.get<std::string>());
    }
    return labels;
}

/// Podman gives a number, or a number as text.
std::string signal_in(const Json& value) {
    return value.is_number_integer() ? std::to_string(number(value, 0, 128)) : json_text(value);
}

// ---- health -------------------------------------------------------------------------------------------------------

EngineProbe probe_in(const Json& value) {
    return {time_at(value, "Start"), time_at(value, "End"), exit_code(json_at(value, "ExitCode")), {}};
}

std::string output_in(const Json& value) {
    auto output = json_text(value, "Output");
    if (output.size() > kept_output + 3) output.resize(kept_output);
    return output;
}

std::optional<EngineHealth> health_in(const Json& value) {
    if (!value.is_object()) return std::nullopt;
    EngineHealth health;
    health.status = json_text(value, "Status");
    health.failing_streak = count(json_at(value, "FailingStreak"));
    const auto& log = json_at(value, "Log");
    if (!log.is_array() || log.empty()) return health;
    const auto first = log.size() - std::min<std::size_t>(log.size(), kept_results);
    for (auto at = first; at < log.size(); ++at) health.log.push_back(probe_in(log[at]));
    health.log.back().output = output_in(log.back());
    return health;
}

/// Lengths that can be added up and multiplied without a thought.
constexpr std::int64_t longest_length = Duration{std::chrono::hours{24 * 365}}.count();
constexpr std::int64_t longest_verify = 100 * longest_length;

/// Docker's timeoutWithDefault: only 0 stands for the default, and nothing below 0 is let in.
Duration length_in(const Json& value, std::string_view key, Duration fallback) {
    const auto given = number(json_at(value, key), 0, longest_length);
    return given == 0 ? fallback : Duration{given};
}

/// Nothing where no check runs: none given, NONE, or a first word that Docker warns of and leaves out.
std::optional<Healthcheck> healthcheck_in(const Json& value) {
    const auto& test = json_at(value, "Test");
    if (!test.is_array() || test.empty()) return std::nullopt;
    const auto kind = json_text(test.front());
    if (kind != "CMD" && kind != "CMD-SHELL") return std::nullopt;
    Healthcheck check;
    check.interval = length_in(value, "Interval", 30s);
    check.timeout = length_in(value, "Timeout", 30s);
    check.start_period = length_in(value, "StartPeriod", 0s);
    check.start_interval = length_in(value, "StartInterval", 5s);
    const auto most = longest_verify / (check.interval + check.timeout).count();
    const auto retries = number(json_at(value, "Retries"), 0, std::min(most, largest_int));
    check.retries = retries == 0 ? 3 : static_cast<std::uint32_t>(retries);
    return check;
}

/// The word in "Up 5 minutes (unhealthy)", for engines that list no Health of their own.
std::string health_in_text(std::string_view status) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> words{
        {{"(healthy)", "healthy"}, {"(unhealthy)", "unhealthy"}, {"(health: starting)", "starting"}}};
    for (const auto& [text, word] : words) {
        if (status.ends_with(text)) return std::string{word};
    }
    return {};
}

// ---- the parts of inspect -----------------------------------------------------------------------------------------

void read_state(const Json& state, ContainerView& view) {
    view.status = container_status(json_text(state, "Status"));
    view.started_text = json_text(state, "StartedAt");
    view.started_at = engine_time(view.started_text);
    view.finished_at = time_at(state, "FinishedAt");
    view.pid = number(json_at(state, "Pid"), 0, largest_int);
    view.exit_code = exit_code(json_at(state, "ExitCode"));
    view.oom_killed = json_true(json_at(state, "OOMKilled"));
    view.error = json_text(state, "Error");
    view.health = health_in(json_at(state, "Health"));
}

void read_config(const Json& config, ContainerView& view) {
    view.image = json_text(config, "Image");
    view.labels = labels_in(json_at(config, "Labels"));
    view.healthcheck = healthcheck_in(json_at(config, "Healthcheck"));
    view.stop_signal = signal_in(json_at(config, "StopSignal"));
    const auto& timeout = json_at(config, "StopTimeout");
    if (timeout.is_number_integer()) view.stop_timeout = number(timeout, -1, largest_int);
    view.user = json_text(config, "User");
    view.working_dir = json_text(config, "WorkingDir");
}

void read_host_config(const Json& host, ContainerView& view) {
    view.restart_policy = json_text(json_at(host, {"RestartPolicy", "Name"}));
    view.restart_retries = count(json_at(host, {"RestartPolicy", "MaximumRetryCount"}));
    view.auto_remove = json_true(json_at(host, "AutoRemove"));
    view.network_mode = json_text(host, "NetworkMode");
    view.ipc_mode = json_text(host, "IpcMode");
    view.pid_mode = json_text(host, "PidMode");
}

/// NetworkMode names it, by its name or its id; "default" is the bridge.
bool is_first_network(const std::string& mode, const std::string& name, const Json& endpoint) {
    if (mode == "default") return name == "bridge";
    return name == mode || (!mode.empty() && json_text(endpoint, "NetworkID") == mode);
}

void read_networks(const Json& networks, ContainerView& view) {
    if (!networks.is_object()) return;
    for (const auto& [name, endpoint] : networks.items()) {
        auto address = json_text(endpoint, "IPAddress");
        if (address.empty()) address = json_text(endpoint, "GlobalIPv6Address");
        const bool first = is_first_network(view.network_mode, name, endpoint);
        view.networks.insert(first ? view.networks.begin() : view.networks.end(), {name, std::move(address)});
    }
}

ListedContainer listed_in(const Json& entry) {
    ListedContainer container;
    container.id = json_text(entry, "Id");
    container.name = own_name(json_at(entry, "Names"));
    container.image = json_text(entry, "Image");
    container.state = json_text(entry, "State");
    container.status = json_text(entry, "Status");
    const auto& health = json_at(entry, {"Health", "Status"});
    container.health = health.is_string() ? json_text(health) : health_in_text(container.status);
    if (container.health == "none") container.health.clear();
    container.network_mode = json_text(json_at(entry, {"HostConfig", "NetworkMode"}));
    container.labels = labels_in(json_at(entry, "Labels"));
    return container;
}

/// "Up 12 seconds", "Up Less than a second", "Up About a minute": it was started within the last two minutes.
bool is_young(std::string_view status) {
    if (!status.starts_with("Up ")) return false;
    return status.find("second") != std::string_view::npos || status.starts_with("Up About a minute");
}

}  // namespace

bool is_container_id(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), plain);
}

EngineTime engine_time(std::string_view text) {
    const auto day = date(text);
    if (!day || !skip(text, "Tt ")) return {};
    const auto time = time_of_day(text);
    const auto part = fraction(text);
    const auto zone = offset(text);
    if (!time || !part || !zone) return {};
    return std::max(EngineTime{}, EngineTime{*day} + *time + *part - *zone);
}

namespace {

constexpr std::array<std::pair<ContainerStatus, std::string_view>, 8> statuses{{
    {ContainerStatus::created, "created"},
    {ContainerStatus::running, "running"},
    {ContainerStatus::paused, "paused"},
    {ContainerStatus::restarting, "restarting"},
    {ContainerStatus::removing, "removing"},
    {ContainerStatus::exited, "exited"},
    {ContainerStatus::dead, "dead"},
    {ContainerStatus::unknown, "unknown"},
}};

/// Podman's own words (libpod/define/containerstate.go), some of which its Docker API lets through.
constexpr std::array<std::pair<ContainerStatus, std::string_view>, 6> podman_statuses{{
    {ContainerStatus::created, "configured"},
    {ContainerStatus::created, "initialized"},
    {ContainerStatus::created, "init"},
    {ContainerStatus::running, "stopping"},
    {ContainerStatus::exited, "stopped"},
    {ContainerStatus::dead, "bad"},
}};

}  // namespace

ContainerStatus container_status(std::string_view text) {
    for (const auto& [status, word] : statuses) {
        if (word == text) return status;
    }
    for (const auto& [status, word] : podman_statuses) {
        if (word == text) return status;
    }
    return ContainerStatus::unknown;
}

std::string_view to_string(ContainerStatus status) {
    const auto found =
        std::find_if(statuses.begin(), statuses.end(), [&](const auto& one) { return one.first == status; });
    return found == statuses.end() ? "unknown" : found->second;
}

Instance ContainerView::instance() const {
    if (!lives()) return {};
    return {id + "@" + started_text, 0};
}

std::optional<ContainerView> container_view(std::string_view inspect) {
    const auto json = json_object(inspect);
    if (!json) return std::nullopt;
    ContainerView view;
    view.id = json_text(*json, "Id");
    if (!is_container_id(view.id) || !json_at(*json, "State").is_object()) return std::nullopt;
    view.name = without_slash(json_text(*json, "Name"));
    view.image_id = json_text(*json, "Image");
    view.created = time_at(*json, "Created");
    view.restart_count = count(json_at(*json, "RestartCount"));
    read_state(json_at(*json, "State"), view);
    read_config(json_at(*json, "Config"), view);
    read_host_config(json_at(*json, "HostConfig"), view);
    read_networks(json_at(*json, {"NetworkSettings", "Networks"}), view);
    return view;
}

std::optional<std::vector<ListedContainer>> container_list(std::string_view body) {
    const auto json = json_value(body);
    if (!json || !json->is_array()) return std::nullopt;
    std::vector<ListedContainer> containers;
    containers.reserve(json->size());
    for (const auto& entry : *json) {
        auto container = listed_in(entry);
        if (is_container_id(container.id)) containers.push_back(std::move(container));
    }
    return containers;
}

ListedContainer listed(const ContainerView& container) {
    ListedContainer listed;
    listed.id = container.id;
    listed.name = container.name;
    listed.image = container.image;
    listed.state = to_string(container.status);
    if (container.health && container.runs() && container.health->status != "none") {
        listed.health = container.health->status;
    }
    listed.network_mode = container.network_mode;
    listed.labels = container.labels;
    return listed;
}

ContainerView view_of(const ListedContainer& container) {
    ContainerView view;
    view.id = container.id;
    view.name = container.name;
    view.image = container.image;
    view.network_mode = container.network_mode;
    view.labels = container.labels;
    return view;
}

bool differs(const ListedContainer& listed, const ContainerView& known, EngineTime now) {
    if (listed.name != known.name || container_status(listed.state) != known.status) return true;
    if (!known.runs()) return false;  // the health of what does not run means nothing
    if (!listed.health.empty() && known.health && listed.health != known.health->status) return true;
    return is_young(listed.status) && now - known.started_at > std::chrono::minutes{4};  // another life than the known
}

}  // namespace keepwell::runtime::docker
