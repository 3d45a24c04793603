// A made-up world around one engine: it starts and ends instances, answers probes and runs hooks as a test says, on a
// virtual clock. It also watches the engine: two instances of one target, a command completed twice, or an impossible
// transition are failures of any test.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "keepwell/engine/engine.hpp"
#include "support/policies.hpp"
#include "support/trace.hpp"

namespace keepwell::testing {

/// How a probe is answered.
struct Answer {
    Outcome outcome = Outcome::passed;
    Duration after{0};
    std::string output{};
    int exit_code = 1;
};

/// Lengths in seconds, such as the moments at which a world was probed.
inline std::vector<Duration> seconds(std::initializer_list<int> list) {
    std::vector<Duration> all;
    for (const int one : list) all.push_back(std::chrono::seconds{one});
    return all;
}

inline Answer pass() { return {Outcome::passed, 0s, {}, 0}; }
inline Answer fail(std::string output = "no") { return {Outcome::failed, 0s, std::move(output), 1}; }
inline Answer hang(Duration timeout) {
    return {Outcome::failed, timeout, "Health check exceeded timeout (" + to_string(timeout) + ")", -1};
}
inline Answer cannot_ask() { return {Outcome::error, 0s, "no descriptors", -1}; }

class World {
  public:
    explicit World(Policy policy);
    World(World&&) = default;  ///< before it begins: what is due later points at it

    // ---- what a test says of a target ----
    struct Behaviour {
        std::function<Answer(World&)> answer = [](World&) { return pass(); };
        std::string start_failure;  ///< not empty: starts fail with it
        Duration start_takes{0};
        bool never_answers_starts = false;
        Duration stop_takes{0};  ///< at most the grace: then SIGKILL has ended it
        std::string survivors;
        int hook_exit = 0;
        Duration hook_takes = 1s;
        Duration lives = Duration::max();  ///< an instance ends by itself after so long
        ExitStatus exit{ExitStatus::Kind::code, 1, {}};
        bool leaves_something = false;  ///< its exits leave processes behind
        // Of a container:
        std::optional<Healthcheck> engines_check;
        bool engine_asks = false;  ///< it tells by itself, from `answer`; otherwise the test does
        bool engine_restarts = false, stop_removes = false, outdated = false, shares_namespace = false;
        bool was_outdated = false;    ///< before its replacement
        std::string replace_failure;  ///< not empty: replacements fail with it, and the old one runs on
        bool never_answers_replacements = false, never_settles = false;
        Duration replace_takes{0}, settle_takes{0};
    };
    Behaviour& of(const std::string& name) { return behaviours_[index(name)]; }

    void answers(const std::string& name, Answer answer);
    /// The n-th probe gets the n-th answer, the last one repeats.
    void answers(const std::string& name, std::vector<Answer> script);

    // ---- what happens ----
    void begin() { give(event::Begin{}); }
    void restore(const std::string& name, TargetMemory memory);
    void run_until(Duration at);
    /// A world in which so much happens at one moment has no next one.
    static constexpr std::uint32_t too_much_at_once = 10'000;
    void at(Duration when, std::function<void(World&)> what);
    void exit(const std::string& name, ExitStatus status = {ExitStatus::Kind::code, 1, {}});
    void operate(event::Verb verb, const std::string& name) { give(event::Operated{verb, index(name), "ann"}); }
    void operate_all(event::Verb verb) { give(event::Operated{verb, no_target, "ann"}); }
    void shutdown(bool at_once = false);

    void give(const Event& event);

    // ---- what a test says of containers ----
    /// A life of the target's container, as its engine tells; the first one of a target is "NAME1@1".
    Instance container(const std::string& name, int number = 1, int life = 1);
    void found(const std::string& name, const Instance& instance, bool frozen = false);
    void absent(const std::string& name, bool exists, std::string detail = {});
    void backend_lost();
    void backend_found();
    /// What most stories begin with: every container runs and is seen, then its engine is found.
    void begin_with_containers();
    void reports(const std::string& name, Health health, std::uint32_t streak = 0);
    /// The container's engine asks it anew, whatever was told before.
    void asks_anew(const std::string& name);
    /// A person pauses the container, or lets it go on: then its engine asks it anew.
    void freezes(const std::string& name, bool frozen);
    /// A person has another policy loaded.
    void reload(Policy policy);
    void join(const event::TargetJoined& joined);
    /// Ends by itself, or by somebody's hand; who starts it again?
    void container_exits(const std::string& name, event::Successor successor = event::Successor::keepwell);

    // ---- what a test asks ----
    TargetIndex index(const std::string& name) const;
    const engine::Target& target(const std::string& name) const;
    /// The trace lines that contain `part`.
    std::vector<std::string> lines(std::string_view part) const;
    std::size_t living(const std::string& name) const;
    std::size_t living(TargetIndex target) const;

    engine::Engine engine;
    Instant now{};
    bool tells = true;  ///< trace and commands in words; that is most of what a world costs
    std::vector<std::string> trace;
    std::vector<std::pair<Instant, Fact>> facts;
    std::vector<TargetIndex> changed;
    std::vector<Duration> starts, probes;  ///< when any was asked for
    std::vector<std::string> commands;     ///< "0s start api"
    bool backend_is_there() const { return backend_is_there_; }
    std::size_t open_commands() const { return open_.size(); }
    bool tolerant = false;                ///< the test does what can not be
    std::vector<std::string> violations;  ///< of what always holds
    bool tells_stories = false;           ///< a violation comes with what led to it
    std::function<void(World&)> after_each_event = [](World&) {};
    std::function<void(const Event&, const engine::Decisions&)> on_decisions = [](const auto&, const auto&) {};

    void violation(const std::string& what);

  private:
    using Due = std::multimap<Instant, std::function<void()>>;

    void after(Duration wait, std::function<void()> what);
    void say(std::string_view what, TargetIndex target);
    void asked(CommandId id);
    bool answered(CommandId id) { return open_.erase(id) == 1; }

    void execute(const command::Start& start);
    bool is_container(TargetIndex target) const;
    static bool is_container(const TargetSpec& target) { return keepwell::is_container(target); }
    Instance new_container(TargetIndex target);
    /// What its container would be made of now.
    const std::string& entry_of(TargetIndex target) const;
    /// The same container, started once more.
    Instance next_life(const Instance& instance);
    void tell_found(TargetIndex target, const Instance& instance, bool frozen = false);
    /// The engine's own check, round after round; only what changes, and each failure once it is unhealthy, is told.
    void ask_as_the_engine(TargetIndex target, const Instance& instance, std::uint32_t streak, bool news);
    void execute(const command::Restart& restart);
    void execute(const command::Replace& replace);
    void execute(const command::Settle& settle);
    void execute(const command::Discard& discard);
    void finish(const command::Start& start, const std::string& entry);
    void end_by_itself(TargetIndex target, const Instance& instance, const ExitStatus& status);
    void execute(const command::Stop& stop);
    void execute(const command::RunProbe& probe);
    void execute(const command::CancelProbe& cancel);
    void execute(const command::RunHook& hook);
    void execute(const command::Look& look);
    /// A container of ours whose target has left.
    void nobody_wants(TargetIndex target, const Instance& instance);
    void answer_look(TargetIndex index);
    void execute(const command::Release& release);
    void execute(const command::KeepEvidence& keep);

    std::vector<Behaviour> behaviours_;
    std::map<TargetIndex, std::set<std::string>> live_;
    std::set<std::string> ended_;  ///< instances whose exit was told
    std::map<std::string, std::string>
        made_of_;  ///< containers of this world, by their name; of others `outdated` says
    std::set<CommandId> open_;
    std::set<TargetIndex> looks_due_;  ///< asked for while the container engine is away
    Due due_;
    std::int64_t last_pid_ = 100;
    bool backend_is_there_ = false;
    std::map<TargetIndex, std::uint64_t> asking_;  ///< rounds of the engine's own check
};

}  // namespace keepwell::testing
