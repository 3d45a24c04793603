// Nothing can be missed between asking and waiting: the answer names the record after which the events are read.
#include "cli/commands/operate.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

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
};

using enum Progress::State;

Progress towards_stopped(const Json& target) {
    if (text(target, "phase") == "stopped") return {there, {}};
    return {on_the_way, "it is " + text(target, "phase")};
}

Progress towards_running(const Json& target, const std::string& instance_before, bool must_be_new) {
    const std::string phase = text(target, "phase");
    const std::string health = text(target, "health");
    if (target.value("/remediation/state"_json_pointer, "") == "quarantined")
        return {in_vain, "it was given up for now"};
    if (phase == "stopped") return {in_vain, "it was stopped"};
    if (phase == "completed") {
        const std::string ended = text(target, "last_exit");
        return {ended == "exit code 0" ? there : in_vain, "it ended: " + ended};
    }
    const bool is_new = !must_be_new || text(target, "instance") != instance_before;
    if (phase != "running" || !is_new) return {on_the_way, "it is " + phase};
    const bool proven = target.at("probes").empty() || health == "healthy";
    return {proven ? there : on_the_way, "it is " + health};
}

class Waiting {
  public:
    Waiting(event::Verb verb, const OperateOptions& options, const Client& client, const Json& asked, Story story)
        : verb_(verb), options_(options), client_(client), asked_(asked), story_(std::move(story)) {}

    int wait();

  private:
    bool take(std::string_view line);
    void tell_the_rest();
    bool look();
    Progress progress_of(const Json& target) const;

    event::Verb verb_;
    const OperateOptions& options_;
    const Client& client_;
    const Json& asked_;  ///< the answer to the request
    Story story_;
    Json status_;
    std::optional<Failure> failure_;
    std::string missing_;  ///< what is not there yet
    bool done_ = false;
    std::uint64_t last_told_ = 0;
};

Progress Waiting::progress_of(const Json& target) const {
    if (target.value("dry_run", false)) return {in_vain, "dry-run: nothing was done"};
    if (verb_ == event::Verb::stop) return towards_stopped(target);
    const std::string name = text(target, "name");
    std::string before;
    for (const Json& one : asked_.at("targets")) {
        if (text(one, "name") == name) before = text(one, "instance_before");
    }
    const bool must_be_new = verb_ == event::Verb::restart || verb_ == event::Verb::replace;
    return towards_running(target, before, must_be_new && !before.empty());
}

/// Looks at all targets; false when there is nothing more to wait for.
bool Waiting::look() {
    const auto status = client_.get_json("/v1/status?target=" + escape(options_.target));
    if (!status) {
        failure_ = status.error();
        return false;
    }
    status_ = *status;
    missing_.clear();
    for (const Json& target : status_.at("targets")) {
        const Progress progress = progress_of(target);
        if (progress.state == there) continue;
        missing_ = text(target, "name") + ": " + progress.why;
        if (progress.state != in_vain) continue;
        failure_ = Failure{exit_failure, missing_};
        return false;
    }
    done_ = missing_.empty();
    return !done_;
}

bool Waiting::take(std::string_view line) {
    const auto record = journal::decode(line);
    if (!record) return true;
    const std::string told = story_.tell(*record);
    if (options_.format == Format::text) print(told);
    last_told_ = record->seq;
    if (done_ || failure_) return true;
    const auto* noted = std::get_if<journal::Noted>(&record->body);
    const bool may_matter = noted != nullptr && !std::holds_alternative<fact::ProbeFailed>(noted->fact.body);
    return !may_matter || look();
}

/// The state may be ahead of the events that were read.
void Waiting::tell_the_rest() {
    Lines lines;
    const auto rest =
        client_.get("/v1/events?since=" + std::to_string(last_told_) + "&target=" + escape(options_.target));
    if (rest) lines.feed(*rest, [this](std::string_view line) { return take(line); });
}

int Waiting::wait() {
    std::optional<Client::Time> until;
    if (options_.timeout.count() > 0) until = std::chrono::steady_clock::now() + options_.timeout;
    Lines lines;
    const std::string path =
        "/v1/events?follow=1&since=" + asked_.at("seq").dump() + "&target=" + escape(options_.target);
    const auto ended = client_.stream(
        path,
        [&](std::string_view bytes) { return lines.feed(bytes, [this](std::string_view line) { return take(line); }); },
        until);
    if (done_ || failure_) tell_the_rest();
    if (failure_) return fail(*failure_);
    if (!ended) return fail(ended.error());
    if (!done_) {
        const std::string why =
            *ended ? " after " + to_string(Duration{options_.timeout}) : "; keepwell ended meanwhile";
        return fail({exit_failure, missing_ + why});
    }
    if (options_.format == Format::json) print(status_.at("targets").dump() + "\n");
    return exit_ok;
}

/// For the lines of the story: the policy's files and the widths of the names.
Story story_for(const Client& client, const Json& asked) {
    StoryOptions options;
    options.colours = colours_wanted();
    for (const Json& target : asked.at("targets")) {
        options.name_width = std::max(options.name_width, text(target, "name").size());
    }
    const auto version = client.get_json("/v1/status?target=" + escape(text(asked.at("targets").at(0), "name")));
    if (version) options.files = version->at("policy").at("files").get<std::vector<std::string>>();
    return Story{std::move(options)};
}

const char* done_text(event::Verb verb) {
    switch (verb) {
        case event::Verb::start: return "asked to start";
        case event::Verb::stop: return "asked to stop";
        case event::Verb::restart: return "asked to restart";
        case event::Verb::replace: return "asked to replace";
        case event::Verb::pause: return "paused: watched, and not healed until `keepwell resume`";
        case event::Verb::resume: return "resumed";
        case event::Verb::reset: return "reset: its restarts and its quarantine are forgotten";
    }
    return "";
}

bool is_waited_for(event::Verb verb) {
    using enum event::Verb;
    return verb == start || verb == stop || verb == restart || verb == replace;
}

}  // namespace

int operate(event::Verb verb, const OperateOptions& options) try {
    const Client client{socket_path(options.socket)};
    const std::string name = options.all ? "*" : options.target;
    const auto answer = client.post("/v1/targets/" + escape(name) + "/" + std::string{to_string(verb)});
    if (!answer) return fail(answer.error());
    const Json asked = Json::parse(*answer, nullptr, false);
    if (is_waited_for(verb) && options.wait)
        return Waiting{verb, options, client, asked, story_for(client, asked)}.wait();
    if (options.format == Format::json) return print(*answer) ? exit_ok : exit_failure;
    print((options.all ? "everything" : options.target) + ": " + done_text(verb) + "\n");
    return exit_ok;
} catch (const nlohmann::json::exception& error) {
    return fail({exit_failure, std::string{"what answers on the socket is not a keepwell: "} + error.what()});
}

}  // namespace keepwell::cli
