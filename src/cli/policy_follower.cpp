// Reads, compares, and follows.
#include "cli/policy_follower.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/plan_text.hpp"
#include "policy/plan.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;

control::PolicyReply reply(int status, const Json& json) {
    return {status, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

control::PolicyReply error(int status, const char* code, const std::string& text) {
    return reply(status, {{"error", text}, {"code", code}});
}

/// What dry-run holds, and `policy` would have done in earnest.
Json comes_due(const engine::Engine& engine, const Policy& policy) {
    Json due = Json::array();
    for (TargetIndex index = 0; index < engine.targets().size(); ++index) {
        const engine::Target& target = engine.target(index);
        const bool held = target.hold.active && target.hold.reason == Hold::dry_run;
        if (!engine.dry_run(index) || !(held || target.taken_as_started) || policy.mode == Mode::dry_run) continue;
        const auto service = service_called(policy, engine.service_of(index).name);
        if (service ? policy.services[*service].dry_run : !target.leaving) continue;
        const Remedy what = target.taken_as_started ? Remedy::start : target.hold.would;
        due.push_back({{"target", engine.policy().targets[index].name}, {"what", to_string(what)}});
    }
    return due;
}

/// A person's commands name files by absolute paths: as they are followed already, or from where keepwell was started.
std::vector<std::string> as_written(std::vector<std::string> files, const std::vector<std::string>& followed) {
    namespace fs = std::filesystem;
    std::error_code ignored;  // without a folder of its own every file keeps the name that came
    const fs::path here = fs::current_path(ignored);
    const auto place = [&here](const std::string& file) { return (here / file).lexically_normal(); };
    for (std::string& file : files) {
        const auto same = std::ranges::find(followed, place(file), place);
        const fs::path from_here = place(file).lexically_relative(here);
        const bool is_below = !from_here.empty() && *from_here.begin() != "..";
        if (same != followed.end())
            file = *same;
        else if (is_below)
            file = from_here.string();
    }
    return files;
}

}  // namespace

PolicyFollower::PolicyFollower(supervisor::Supervisor& supervisor, std::vector<std::string> files, bool forced_dry_run,
                               std::function<void(const policy::Loaded&)> followed)
    : supervisor_(supervisor),
      files_(std::move(files)),
      forced_dry_run_(forced_dry_run),
      followed_(std::move(followed)) {}

policy::Loaded PolicyFollower::load(const std::vector<std::string>& files) const {
    policy::Loaded loaded = policy::load(files, policy::host_environment());
    if (loaded.policy && forced_dry_run_) loaded.policy->mode = Mode::dry_run;
    return loaded;
}

control::PolicyReply PolicyFollower::answer(const control::PolicyRequest& request) {
    const std::vector<std::string> files = request.files.empty() ? files_ : as_written(request.files, files_);
    if (files.empty()) return error(400, "bad_request", "this keepwell follows labels, and no policy file");
    policy::Loaded loaded = load(files);
    if (!loaded.policy) return reply(200, mistakes_json(loaded.diagnostics));
    const std::string refusal = supervisor_.why_not(*loaded.policy);
    const std::string name = supervisor_.loaded().version + ".." + loaded.policy->version;
    Json json = plan_json(policy::make_plan(supervisor_.loaded(), *loaded.policy, loaded.places));
    json["comes_due"] = comes_due(supervisor_.engine(), *loaded.policy);
    json["refused"] = refusal.empty() ? Json{} : Json(refusal);
    json["applied"] = false;
    if (!request.apply) return reply(200, json);
    if (!refusal.empty()) return error(409, "refused", "the policy is not followed: " + refusal);
    const std::string& expect = request.expect;
    if (!expect.empty() && expect != name && expect != loaded.policy->version) {
        return error(409, "changed", "the plan is " + name + " by now, and not " + expect + "; nothing was done");
    }
    follow(std::move(loaded), files, request.user);
    json["applied"] = true;
    return reply(200, json);
}

std::pair<bool, std::string> PolicyFollower::reload() {
    if (files_.empty()) return {false, "there is no policy file to read again"};
    policy::Loaded loaded = load(files_);
    if (!loaded.policy) {
        std::string all;
        for (const policy::Diagnostic& one : loaded.diagnostics) all += "\n" + policy::render(one);
        trouble_ = "the changed one has mistakes (`keepwell plan` shows them), and the one before is followed still";
        return {false, "the changed policy has mistakes, and the one before is followed still:" + all};
    }
    const std::string refusal = supervisor_.why_not(*loaded.policy);
    if (!refusal.empty()) {
        trouble_ = "the changed one is not followed: " + refusal;
        return {false, "the policy is not followed: " + refusal};
    }
    const std::string version = loaded.policy->version;
    follow(std::move(loaded), files_, "SIGHUP");
    return {true, "version " + version + " of the policy is followed"};
}

void PolicyFollower::follow(policy::Loaded loaded, std::vector<std::string> files, const std::string& by) {
    followed_(loaded);
    files_ = std::move(files);
    trouble_.clear();
    supervisor_.reload(std::make_shared<const Policy>(std::move(*loaded.policy)), by);
}

}  // namespace keepwell::cli
