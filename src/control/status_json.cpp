// Every member is written here and nowhere else; tests/control holds the exact text.
#include "control/status_json.hpp"

#include <nlohmann/json.hpp>
#include <variant>

#include "journal/codec.hpp"
#include "keepwell/engine/explain.hpp"

namespace keepwell::control {
namespace {

using Json = nlohmann::ordered_json;

/// Translates moments of the monotonic clock into texts of the wall clock.
struct Clock {
    Instant now;
    WallTime wall;

    Json text(Instant at) const {
        if (at == never) return nullptr;
        return journal::rfc3339(wall + std::chrono::round<std::chrono::milliseconds>(at - now));
    }
};

struct ProbeKind {
    const char* operator()(const HttpProbe&) const { return "http"; }
    const char* operator()(const TcpProbe&) const { return "tcp"; }
    const char* operator()(const ExecProbe&) const { return "exec"; }
};

Json result_json(const ProbeResult& result, const Clock& clock) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    const auto microseconds = std::chrono::round<std::chrono::microseconds>(result.ended - result.started);
    return {{"at", clock.text(result.ended)},
            {"outcome", to_string(result.outcome)},
            {"duration_ms", Milliseconds{microseconds}.count()},
            {"exit_code", result.exit_code},
            {"output", result.output}};
}

Json probes_json(const TargetSpec& spec, const engine::ResultLog& log, const Clock& clock) {
    const bool engines_own = is_container(spec) && !spec.probe && log.size() > 0;
    if (!spec.probe && !engines_own) return Json::array();
    const char* kind = engines_own ? "container" : std::visit(ProbeKind{}, *spec.probe);
    Json recent = Json::array();
    for (std::size_t i = 0; i < log.size(); ++i) recent.push_back(result_json(log[i], clock));
    Json probe{{"name", kind}, {"kind", kind}, {"last", recent.empty() ? Json{} : recent.back()}};
    probe["recent"] = std::move(recent);
    return Json::array({std::move(probe)});
}

Json hold_json(const engine::HoldState& hold, const Clock& clock) {
    if (!hold.active) return nullptr;
    return {{"reason", to_string(hold.reason)},
            {"until", clock.text(hold.until)},
            {"would", to_string(hold.would)},
            {"detail", hold.detail}};
}

Json next_json(const engine::NextStep& next, const Clock& clock) {
    if (next.what.empty()) return nullptr;
    return {{"what", next.what}, {"at", clock.text(next.at)}};
}

Json exit_json(const engine::Target& target) {
    if (!target.has_exited) return nullptr;
    return to_string(target.last_exit);
}

Json target_json(const supervisor::Supervisor& supervisor, TargetIndex index, const Clock& clock) {
    const engine::Engine& engine = supervisor.engine();
    const engine::Target& target = engine.target(index);
    const TargetSpec& spec = engine.policy().targets[index];
    Json json{
        {"name", spec.name},
        {"service", engine.service_of(index).name},
        {"kind", is_container(spec) ? "container" : "process"},
        {"phase", to_string(target.phase)},
        {"health", to_string(target.shown_health)},
        {"well", well(engine, index)},
        {"failing_streak", target.health.failing_streak},
        {"restarts", target.restarts},
        {"remediation", {{"state", to_string(target.remediation)}, {"rung", target.rung}, {"attempt", target.attempt}}},
        {"since", clock.text(target.phase_since)},
        {"pid", nullptr},
        {"instance", nullptr}};
    if (target.instance.exists()) {
        if (is_container(spec)) {
            json["container_id"] = target.instance.subject();
        } else {
            json["pid"] = target.instance.pid;
        }
        json["instance"] = target.instance.id;
    }
    json["reason"] = to_string(target.phase_reason);
    json["detail"] = target.phase_detail;
    json["last_exit"] = exit_json(target);
    json["incident"] = target.incident == 0 ? Json{} : Json(target.incident);
    json["paused"] = target.paused;
    json["operator_stopped"] = target.operator_stopped;
    json["dry_run"] = engine.dry_run(index);
    json["taken_as_started"] = target.taken_as_started;
    json["hold"] = hold_json(target.hold, clock);
    json["next"] = next_json(engine::next_step(engine, index), clock);
    json["probes"] = probes_json(spec, target.health.log, clock);
    return json;
}

/// It shows no fault, and none of before is left to be proven over.
bool running_well(const engine::Target& target) {
    const bool shows_none = target.shown_health == Health::healthy || target.shown_health == Health::none;
    return shows_none && target.incident == 0 && target.remediation != Remediation::verifying;
}

}  // namespace

bool well(const engine::Engine& engine, TargetIndex index) {
    const engine::Target& target = engine.target(index);
    if (target.operator_stopped) return true;
    if (target.remediation == Remediation::quarantined) return false;
    if (target.taken_as_started) return running_well(target);
    switch (target.phase) {
        case Phase::running: return running_well(target);
        case Phase::completed: return target.has_exited && target.last_exit.success();
        case Phase::stopped: return engine.shutting_down();
        case Phase::waiting:
        case Phase::starting:
        case Phase::stopping:
        case Phase::backoff: return false;
    }
    return false;
}

Json status_json(const supervisor::Supervisor& supervisor, const About& about, std::span<const TargetIndex> targets) {
    const engine::Engine& engine = supervisor.engine();
    const Clock clock{supervisor.now(), supervisor.wall()};
    const auto text_or_null = [](const std::function<std::string()>& tell) {
        const std::string text = tell ? tell() : std::string{};
        return text.empty() ? Json{} : Json(text);
    };
    Json json{{"api", "keepwell/v1"},
              {"mode", engine.policy().mode == Mode::dry_run ? "dry-run" : "enforce"},
              {"brain_pid", about.pid},
              {"version", about.version},
              {"since", journal::rfc3339(about.started)},
              {"policy",
               {{"files", engine.policy().files},
                {"version", engine.policy().version},
                {"trouble", text_or_null(about.policy_trouble)}}},
              {"journal", {{"folder", about.journal}, {"trouble", text_or_null(about.journal_trouble)}}},
              {"storm", engine.storm()},
              {"stopping", engine.shutting_down()},
              {"targets", Json::array()}};
    for (const TargetIndex index : targets) json["targets"].push_back(target_json(supervisor, index, clock));
    return json;
}

Json explain_json(const engine::Engine& engine, TargetIndex index, Instant now) {
    const Policy& policy = engine.policy();
    Json sentences = Json::array();
    for (const engine::Sentence& sentence : engine::explain(engine, index, now)) {
        Json rule = nullptr;
        if (sentence.rule.written() && sentence.rule.file < policy.files.size()) {
            rule = {{"file", policy.files[sentence.rule.file]}, {"line", sentence.rule.line}};
        }
        sentences.push_back({{"topic", sentence.topic},
                             {"text", sentence.text},
                             {"rule", std::move(rule)},
                             {"default", sentence.by_default}});
    }
    return {{"api", "keepwell/v1"}, {"target", policy.targets[index].name}, {"sentences", std::move(sentences)}};
}

}  // namespace keepwell::control
