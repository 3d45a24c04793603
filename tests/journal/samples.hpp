// One record of every type, with a value in every member: what the golden files show.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "journal/record.hpp"

namespace keepwell::journal::samples {

using namespace std::chrono_literals;

inline constexpr WallTime start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 2} + 3h + 4min + 5s + 678ms;
inline constexpr Instant start_at{81h + 123456789ns};

inline Instant in(Duration length) { return start_at + length; }

/// A record of the target "api.1", a second after the one before.
inline Record record(std::uint64_t seq, Body body) {
    Record record;
    record.seq = seq;
    record.at = start_at + seq * 1s;
    record.time = start + seq * 1s;
    record.target = "api.1";
    record.service = "api";
    record.body = std::move(body);
    return record;
}

inline Record of_host(Record record) {
    record.target.clear();
    record.service.clear();
    return record;
}

inline const Instance instance{"4711@8812345", 4711};

inline TargetMemory memory() {
    TargetMemory memory;
    memory.target = "api.1";
    memory.version = "9f86d081";
    memory.instance = instance;
    memory.started_at = in(-90s);
    memory.phase = Phase::running;
    memory.health = Health::unhealthy;
    memory.failing_streak = 3;
    memory.operator_stopped = true;
    memory.paused = true;
    memory.remediation = Remediation::verifying;
    memory.rung = 1;
    memory.attempt = 2;
    memory.in_a_row = 3;
    memory.restarts = 4;
    memory.history = {in(-80s), in(-40s)};
    memory.quarantines = 1;
    memory.retry_at = in(30min);
    memory.incident = 7;
    memory.incident_reason = "unhealthy";
    memory.last_exit = {ExitStatus::Kind::signal, 9, ""};
    memory.has_exited = true;
    memory.replacing = Replacing::proving;
    memory.previous = {"4f1c2ab3d9e0@2026-01-02T03:04:05Z", 0};
    memory.owes_start = true;
    memory.updated_to = "4f1c";
    memory.gave_up = "9ab3";
    return memory;
}

inline RunStarted run() {
    return {"0.1.0", "c0ffee", {"shop.yaml", "more.yaml"}, Mode::dry_run, "0f1e2d3c-boot", 4242, 3, 2, 6};
}

inline const Instance container{"4f1c2ab3d9e0@2026-01-02T03:04:05.5Z", 0};

inline event::Found found() {
    event::Found found;
    found.instance = container;
    found.started_at = in(-90s);
    found.healthcheck = Healthcheck{};
    found.engine_restarts = found.stop_removes = found.outdated = found.frozen = found.shares_namespace = true;
    return found;
}

inline std::vector<Event> events() {
    const TargetIndex none = no_target;
    const ExitStatus exit{ExitStatus::Kind::code, 1, ""};
    const ExitStatus no_exec{ExitStatus::Kind::exec_failed, 0, "/bin/nothing: No such file or directory"};
    return {
        event::Restored{none, memory()},
        event::Begin{},
        event::Tick{},
        event::StartFinished{12, none, instance, ""},
        event::StartFinished{12, none, {}, "no such user `nobdy`"},
        event::StopFinished{13, none, "4712 (sleep)"},
        event::Exited{none, instance, exit, true},
        event::ProbeFinished{14, none, Outcome::failed, -1, "line 1\nline \"2\" \\ \x01 caf\xc3\xa9 \xff."},
        event::HookFinished{15, none, no_exec, "collected"},
        event::BackendLost{"unix:///var/run/docker.sock: connection refused"},
        event::BackendFound{"Docker 20.10.24, API 1.41"},
        event::TargetJoined{none, nullptr, nullptr, "container: shop-web"},
        event::TargetLeft{none},
        found(),
        event::Absent{none, true, "exited (1)"},
        event::Frozen{none, container, true},
        event::HealthReported{none, container, Health::unhealthy, 3, {in(-3s), in(-2s), Outcome::failed, 1, "503"}},
        event::ReplaceFinished{16, none, {}, container, "no such image"},
        event::SettleFinished{17, none, container, ""},
        event::StepTaken{none, "stopping the old container"},
        event::OrphanSeen{"shop-old-1", container, 0, 10s},
        event::DiscardFinished{18, ""},
        event::PolicyChanged{nullptr, "uid 0"},
        event::Maintenance{0, true, in(1h)},
        event::Operated{event::Verb::restart, none, "uid 1000"},
        event::Shutdown{true},
    };
}

inline std::vector<Command> commands() {
    const TargetIndex none = no_target;
    return {
        command::Start{12, none},
        command::Stop{13, none, instance, 10s},
        command::RunProbe{14, none, instance},
        command::CancelProbe{14, none},
        command::RunHook{15, none, 1, 30s},
        command::KeepEvidence{none, 7},
        command::Restart{19, none, container, 10s},
        command::Replace{16, none, container, 10s, ReplaceOrder::start_first, command::MadeFrom::entry},
        command::Settle{17, none, container, {"0ld@1", 0}, true, 10s},
        command::Discard{18, none, container, 10s, 0},
        command::Look{none},
        command::Release{none},
    };
}

inline std::vector<fact::Body> facts() {
    using enum Reason;
    return {
        fact::PhaseChanged{Phase::running, Phase::backoff, exited, "signal 9 (SIGKILL)", in(5500ms)},
        fact::HealthChanged{Health::healthy, Health::unhealthy, unhealthy, 3, "503"},
        fact::ProbeFailed{Outcome::error, 2, 3, false, -1, "too many open files"},
        fact::RemedyDue{Remedy::restart, 1, 2, unhealthy},
        fact::RemedyHeld{Remedy::restart, 1, 2, Hold::dependency, in(30s), "redis is unhealthy"},
        fact::RemedyStarted{Remedy::run, 1, 2, remedy_failed},
        fact::RemedyFinished{Remedy::run, 1, false, "exit code 3"},
        fact::RemedyVerified{Remedy::restart, 1, false},
        fact::IncidentOpened{7, exited, "exit code 1"},
        fact::IncidentClosed{7, recovered, 61s + 5ms + 7ns},
        fact::Quarantined{attempts_used_up, 5, in(30min)},
        fact::AlertRaised{"storm", "2 of 3"},
        fact::AlertResolved{"storm", "1 of 3"},
        fact::OperatorActed{event::Verb::start, "uid 0"},
        fact::OperatorActed{event::Verb::stop, "uid 0"},
        fact::OperatorActed{event::Verb::restart, "uid 0"},
        fact::OperatorActed{event::Verb::pause, "uid 0"},
        fact::OperatorActed{event::Verb::resume, "uid 0"},
        fact::OperatorActed{event::Verb::reset, "uid 0"},
        fact::MaintenanceChanged{true, in(1h)},
        fact::MaintenanceChanged{false, never},
        fact::OperatorActed{event::Verb::replace, "uid 0"},
        fact::StepTaken{"stopping the old container"},
        fact::BackendChanged{true, "connection refused"},
        fact::BackendChanged{false, "Docker 20.10.24, API 1.41"},
        fact::Membership{true, "container: shop-web"},
        fact::Membership{false, ""},
        fact::UpdateChanged{fact::UpdateChanged::Step::started, "cache", ""},
        fact::UpdateChanged{fact::UpdateChanged::Step::paused, "cache", "cache.1 did not become healthy"},
        fact::UpdateChanged{fact::UpdateChanged::Step::completed, "cache", ""},
        fact::UpdateChanged{fact::UpdateChanged::Step::rollback_started, "cache", "cache.2 did not become healthy"},
        fact::UpdateChanged{fact::UpdateChanged::Step::rollback_completed, "cache", ""},
        fact::OrphanChanged{"shop-old-1", true, "dry-run"},
        fact::OrphanChanged{"shop-old-1", false, ""},
        fact::PolicyReloaded{"1f", "2e", "uid 0", {"api: restart", "web: added"}},
        fact::Unexpected{"start 12 finished twice"},
    };
}

/// A service with everything that can be said of one.
inline ServiceRules service_rules() {
    ServiceRules rules;
    ServiceSpec& spec = rules.spec;
    spec.name = "api";
    spec.version = "9f86d081";
    spec.container_version = "884c7d65";
    spec.healthcheck = Healthcheck{};
    spec.healthcheck->start_period = 20s;
    spec.healthcheck->origin = {0, 7};
    spec.restart = {RestartCondition::on_failure, 1s, 5, 1min, Backoff{1.5, 1min, 10s}, {0, 12}};
    spec.on_unhealthy = {{RestartRung{}, {0, 9}},
                         {ReplaceRung{ReplaceOrder::start_first}, {0, 10}},
                         {RunRung{5s}, {}},
                         {StopRung{}, {}},
                         {NotifyRung{}, {}}};
    spec.verify = 30s;
    spec.depends_on = {{0, DependencyCondition::service_healthy, true, false, {0, 6}}};
    spec.stop_grace_written = spec.engine_health = spec.dry_run = true;
    spec.update = {2, 1s, 2s, UpdateConfig::FailureAction::go_on, ReplaceOrder::start_first, {0, 20}};
    spec.origin = {0, 5};
    spec.ladder_origin = {0, 8};
    rules.targets = {{"api.1", 1, TargetKind::process, {}, {}, {}},
                     {"api.2", 2, TargetKind::adopted, "shop-api-2", "shop", "api"}};
    return rules;
}

inline HostRules host_rules() {
    Guard guard;
    guard.max_unhealthy = MaxUnhealthy{true, 40};
    guard.max_parallel = 1;
    guard.max_actions = MaxActions{10, 10min};
    guard.origin = {0, 30};
    return {guard, 1ms, true};
}

inline event::TargetJoined joined() {
    const auto rules = service_rules();
    TargetSpec spec;
    spec.name = "api.1";
    spec.kind = TargetKind::adopted;
    spec.slot = 2;
    spec.selector.name = "shop-api-1";
    return {no_target, std::make_shared<const TargetSpec>(spec), std::make_shared<const ServiceSpec>(rules.spec),
            R"({"api": {"container": "api.1"}})",
            std::make_shared<const event::LabelledService>(event::LabelledService{
                {"shop/api"}, {{{"shop/db", "db"}, {0, DependencyCondition::service_healthy, true, false, {}}}}, {}})};
}

inline Probes probes() { return {3, {"api.1", "db"}, {"PONG"}, "AAEFAgA="}; }

inline std::vector<Record> all() {
    std::vector<Record> all;
    const auto add = [&all](Body body) { all.push_back(record(all.size() + 1, std::move(body))); };
    add(run());
    all.back() = of_host(all.back());
    for (const Event& event : events()) add(Input{event});
    for (const Command& command : commands()) add(Asked{command});
    for (const fact::Body& body : facts()) add(Noted{Fact{no_target, instance, 7, Origin{1, 14}, body}});
    add(State{memory()});
    all.back().repeated = true;
    add(Evidence{7, R"({"Id":"4f1c"})", "the last lines\n", {{in(-3s), in(-2s), Outcome::failed, 22, "503"}}});
    add(RunEnded{});
    all.back() = of_host(all.back());
    add(host_rules());
    all.back() = of_host(all.back());
    add(service_rules());
    all.back().target.clear();
    add(Input{joined()});
    add(probes());
    all.back() = of_host(all.back());
    return all;
}

}  // namespace keepwell::journal::samples
