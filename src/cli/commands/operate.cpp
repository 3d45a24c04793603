// Nothing can be missed between asking and waiting: the answer names the record after which the events are read.
#include "cli/commands/operate.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/client.hpp"
#include "cli/exit_codes.hpp"
#include "cli/places.hpp"
#include "cli/story.hpp"
#include "cli/terminal.hpp"
#include "journal/codec.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

int fail(const Failure& failure) {
    complain(failure.text);
    return failure.exit_code;
}

/// A member's text, or nothing when it is missing or of another kind.
std::string text(const Json& json, const char* member) {
    const auto found = json.find(member);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// How far a target is on the way to what was asked.
struct Progress {
    enum class State { there, on_the_way, in_vain };
    State state = State::on_the_way;
    std::string why;
    std::chrono::milliseconds left{0};  ///< it is there after this time if nothing happens; 0: something has to happen
    int exit_code = exit_failure;       ///< of what is in vain
};

using enum Progress::State;

/// Up for so long it has started, where no healthcheck tells; supervisord's `startsecs`.
constexpr std::chrono::milliseconds proving_time{1000};

std::string ended_text(const std::string& how) { return (how.starts_with("could not") ? "it " : "it ended: ") + how; }

std::string reason_text(Reason reason, const std::string& detail) {
    return std::string{describe(reason)} + (detail.empty() ? "" : " (" + detail + ")");
}

Progress towards_stopped(const Json& target) {
    if (text(target, "phase") == "stopped") return {there, {}};
    return {on_the_way, "it is " + text(target, "phase")};
}

Progress towards_proof(const Json& target) {
    const std::string health = text(target, "health");
    if (health != "none") return {health == "healthy" ? there : on_the_way, "it is " + health};
    const auto since = journal::parse_rfc3339(text(target, "since"));
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto left = since ? proving_time - (now - *since) : std::chrono::milliseconds{0};
    return {left.count() > 0 ? on_the_way : there, "it has not yet stayed up for 1s", std::min(left, proving_time)};
}

Progress towards_running(const Json& target, const std::string& instance_before) {
    const std::string phase = text(target, "phase");
    if (target.value("/remediation/state"_json_pointer, "") == "quarantined")
        return {in_vain, "it was given up for now"};
    if (phase == "stopped") return {in_vain, "it was stopped"};
    if (phase == "completed") {
        const std::string how = text(target, "last_exit");
        return {how == "exit code 0" ? there : in_vain, ended_text(how)};
    }
    if (phase == "waiting" && text(target, "reason") == to_string(Reason::dependency_failed))
        return {in_vain, reason_text(Reason::dependency_failed, text(target, "detail"))};
    const bool is_new = instance_before.empty() || text(target, "instance") != instance_before;
    if (phase != "running" || !is_new) return {on_the_way, "it is " + phase};
    return towards_proof(target);
}

bool wants_it_to_run(event::Verb verb) {
    using enum event::Verb;
    return verb == start || verb == restart || verb == replace;
}

/// Why this change of its phase says that it did not stay up, whatever keepwell does about that; else empty.
std::string failure_text(const fact::PhaseChanged& changed) {
    if (changed.reason == Reason::rolled_back) return reason_text(changed.reason, changed.detail);
    const bool by_itself = changed.reason == Reason::exited || changed.reason == Reason::start_failed ||
                           changed.reason == Reason::engine_restarts;
    return changed.to == Phase::backoff && by_itself ? ended_text(changed.detail) : std::string{};
}

/// A target that is waited for.
struct Awaited {
    std::string name;
    std::string instance_before;  ///< which may not be the one that runs; empty: any may
    bool asked = false;           ///< keepwell has told that it was asked: what it tells now came after that
    Progress progress{};
    std::optional<Client::Time> look_at{};  ///< when it is there if nothing happens
    Json status{};                          ///< as last looked at
};

bool is_on_the_way(const Awaited& one) { return one.progress.state == on_the_way; }

class Waiting {
  public:
    Waiting(event::Verb verb, const OperateOptions& options, const Client& client, const std::vector<Json>& answers);

    int wait();

  private:
    std::string events_path(const char* follow, std::uint64_t since) const;
    Story story() const;
    bool follow();
    bool take(std::string_view line);
    void tell(const journal::Record& record);
    void tell_the_rest();
    void hear(Awaited& one, const fact::Body& body);
    void look(Awaited& one);
    void look_at_those_due();
    std::optional<Client::Time> next_look() const;
    int result() const;

    event::Verb verb_;
    const OperateOptions& options_;
    const Client& client_;
    std::vector<Awaited> awaited_;  ///< each name once
    std::string filter_;            ///< of the events, where one name was given
    std::optional<Client::Time> deadline_;
    std::optional<Client::Time> followed_until_;
    std::optional<Story> story_;
    std::uint64_t last_told_ = std::numeric_limits<std::uint64_t>::max();
    bool interrupted_ = false;          ///< take() has seen enough
    bool printed_ = true;               ///< all that was told
    Failure ending_{exit_failure, {}};  ///< what ended the waiting for those that are still on the way
};

Waiting::Waiting(event::Verb verb, const OperateOptions& options, const Client& client,
                 const std::vector<Json>& answers)
    : verb_(verb), options_(options), client_(client) {
    const bool must_be_new = verb == event::Verb::restart || verb == event::Verb::replace;
    for (const Json& answer : answers) {
        last_told_ = std::min(last_told_, answer.at("seq").get<std::uint64_t>());
        for (const Json& target : answer.at("targets")) {
            const std::string name = text(target, "name");
            if (std::ranges::find(awaited_, name, &Awaited::name) != awaited_.end()) continue;
            awaited_.push_back({name, must_be_new ? text(target, "instance_before") : std::string{}});
        }
    }
    if (options.targets.size() == 1) filter_ = "&target=" + escape(options.targets[0]);
    if (options.timeout.count() > 0) deadline_ = std::chrono::steady_clock::now() + options.timeout;
    story_ = story();
}

/// For the lines of the story: the policy's files and the widths of the names.
Story Waiting::story() const {
    StoryOptions options;
    options.colours = colours_wanted();
    for (const Awaited& one : awaited_) options.name_width = std::max(options.name_width, one.name.size());
    if (awaited_.empty()) return Story{std::move(options)};
    const auto status = client_.get_json("/v1/status?target=" + escape(awaited_[0].name));
    if (status) options.files = status->at("policy").at("files").get<std::vector<std::string>>();
    return Story{std::move(options)};
}

std::string Waiting::events_path(const char* follow, std::uint64_t since) const {
    return std::string{"/v1/events?"} + follow + "since=" + std::to_string(since) + filter_;
}

void Waiting::look(Awaited& one) {
    const auto status = client_.get_json("/v1/status?target=" + escape(one.name));
    one.look_at.reset();
    if (!status) {
        one.progress = {in_vain, status.error().text, {}, status.error().exit_code};
        return;
    }
    one.status = status->at("targets").at(0);
    if (one.status.value("dry_run", false)) {
        one.progress = {in_vain, "dry-run: nothing was done"};
    } else if (verb_ == event::Verb::stop) {
        one.progress = towards_stopped(one.status);
    } else {
        one.progress = towards_running(one.status, one.instance_before);
    }
    if (is_on_the_way(one) && one.progress.left.count() > 0)
        one.look_at = std::chrono::steady_clock::now() + one.progress.left;
}

/// Takes what keepwell tells of a target that is waited for.
void Waiting::hear(Awaited& one, const fact::Body& body) {
    const auto* acted = std::get_if<fact::OperatorActed>(&body);
    if (acted != nullptr && one.asked && verb_ == event::Verb::stop && wants_it_to_run(acted->verb)) {
        one.progress = {in_vain, "a person asked for its start meanwhile"};
        return;
    }
    if (acted != nullptr && acted->verb == verb_) one.asked = true;
    if (!one.asked || std::holds_alternative<fact::ProbeFailed>(body)) return;
    const auto* changed = std::get_if<fact::PhaseChanged>(&body);
    const bool may_fail = changed != nullptr && verb_ != event::Verb::stop;
    const std::string failure = may_fail ? failure_text(*changed) : std::string{};
    if (failure.empty()) return look(one);
    one.progress = {in_vain, failure};
}

void Waiting::tell(const journal::Record& record) {
    last_told_ = record.seq;
    const bool is_ours = !filter_.empty() || options_.all ||
                         std::ranges::find(awaited_, record.target, &Awaited::name) != awaited_.end();
    const std::string told = is_ours ? story_->tell(record) : std::string{};
    if (options_.format == Format::text) printed_ = printed_ && print(told);
}

/// False when nothing more need be read for now.
bool Waiting::take(std::string_view line) {
    const auto record = journal::decode(line);
    if (!record) return true;
    tell(*record);
    const auto* noted = std::get_if<journal::Noted>(&record->body);
    const auto one = std::ranges::find(awaited_, record->target, &Awaited::name);
    if (noted == nullptr || one == awaited_.end() || !is_on_the_way(*one)) return true;
    hear(*one, noted->fact.body);
    const bool sooner = one->look_at && (!followed_until_ || *one->look_at < *followed_until_);
    interrupted_ = sooner || std::ranges::none_of(awaited_, is_on_the_way);
    return !interrupted_;
}

std::optional<Client::Time> Waiting::next_look() const {
    std::optional<Client::Time> next = deadline_;
    for (const Awaited& one : awaited_) {
        if (is_on_the_way(one) && one.look_at && (!next || *one.look_at < *next)) next = one.look_at;
    }
    return next;
}

void Waiting::look_at_those_due() {
    const auto now = std::chrono::steady_clock::now();
    for (Awaited& one : awaited_) {
        if (is_on_the_way(one) && one.look_at && *one.look_at <= now) look(one);
    }
}

/// Reads what happens until nobody is on the way, or until somebody is to be looked at. False: the waiting has ended.
bool Waiting::follow() {
    Lines lines;
    interrupted_ = false;
    followed_until_ = next_look();
    const auto until_came = client_.stream(
        events_path("follow=1&", last_told_),
        [&](std::string_view bytes) { return lines.feed(bytes, [this](std::string_view line) { return take(line); }); },
        followed_until_);
    if (!until_came) {
        ending_ = {until_came.error().exit_code, "; " + until_came.error().text};
        return false;
    }
    if (interrupted_) return true;
    if (!*until_came) {
        ending_.text = "; keepwell ended meanwhile";
        return false;
    }
    look_at_those_due();
    const bool over = deadline_ && std::chrono::steady_clock::now() >= *deadline_;
    if (over) ending_.text = " after " + to_string(Duration{options_.timeout});
    return !over;
}

/// The state may be ahead of the events that were read.
void Waiting::tell_the_rest() {
    Lines lines;
    const auto rest = client_.get(events_path("", last_told_));
    if (!rest) return;
    lines.feed(*rest, [this](std::string_view line) {
        if (const auto record = journal::decode(line)) tell(*record);
        return true;
    });
}

/// The worst of all.
int Waiting::result() const {
    int worst = exit_ok;
    Json all = Json::array();
    for (const Awaited& one : awaited_) {
        all.push_back(one.status);
        if (one.progress.state == there) continue;
        const bool waited = is_on_the_way(one);
        complain(one.name + ": " + one.progress.why + (waited ? ending_.text : ""));
        worst = std::max(worst, waited ? ending_.exit_code : one.progress.exit_code);
    }
    const bool whole = printed_ && (worst != exit_ok || options_.format != Format::json || print(all.dump() + "\n"));
    return whole ? worst : std::max(worst, exit_failure);
}

int Waiting::wait() {
    bool more = true;
    while (more && std::ranges::any_of(awaited_, is_on_the_way)) more = follow();
    tell_the_rest();
    return result();
}

/// `whom` as on a command line.
std::string done_text(event::Verb verb, const std::string& whom) {
    switch (verb) {
        case event::Verb::start: return "asked to start";
        case event::Verb::stop: return "asked to stop";
        case event::Verb::restart: return "asked to restart";
        case event::Verb::replace: return "asked to replace";
        case event::Verb::pause: return "paused: watched, and not healed until `keepwell resume " + whom + "`";
        case event::Verb::resume: return "resumed";
        case event::Verb::reset: return "reset: its restarts and its quarantine are forgotten";
    }
    return "";
}

bool is_waited_for(event::Verb verb) {
    using enum event::Verb;
    return verb == start || verb == stop || verb == restart || verb == replace;
}

/// What is only asked for: the answer, or what it means.
bool acknowledge(event::Verb verb, const OperateOptions& options, const std::string& name, const std::string& answer) {
    if (options.format == Format::json) return print(answer);
    const std::string whom = options.all ? "--all" : name;
    return print((options.all ? "everything" : name) + ": " + done_text(verb, whom) + "\n");
}

}  // namespace

int operate(event::Verb verb, const OperateOptions& options) try {
    const Client client{socket_path(options.socket)};
    const bool waits = is_waited_for(verb) && options.wait;
    const std::vector<std::string> names = options.all ? std::vector<std::string>{"*"} : options.targets;
    std::vector<Json> answers;
    int worst = exit_ok;
    for (const std::string& name : names) {
        if (name == "*" && !options.all) {  // the API's word for the whole host; here it was meant for the shell
            worst = std::max(worst, fail({exit_no_target, "no target or service is called `*`; --all is everything"}));
            continue;
        }
        const auto answer = client.post("/v1/targets/" + escape(name) + "/" + std::string{to_string(verb)});
        if (!answer) {
            worst = std::max(worst, fail(answer.error()));
            if (worst == exit_not_running || worst == exit_not_permitted) break;  // so it is for every name
            continue;
        }
        answers.push_back(Json::parse(*answer));
        if (!waits && !acknowledge(verb, options, name, *answer)) return exit_failure;
    }
    if (!waits || answers.empty()) return worst;
    return std::max(worst, Waiting{verb, options, client, answers}.wait());
} catch (const nlohmann::json::exception& error) {
    return fail({exit_failure, std::string{"what answers on the socket is not a keepwell: "} + error.what()});
}

}  // namespace keepwell::cli
