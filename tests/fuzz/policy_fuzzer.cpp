// Any bytes as a policy file, and as a Compose file that one adopts: loading ends, says something about it, and keeps
// its promises.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/canonical/canonical.hpp"
#include "policy/load.hpp"

namespace {

using namespace keepwell;

/// One file with these bytes; every other path is missing, every variable that begins with A is set.
policy::Environment only(const std::string& content) {
    policy::Environment environment;
    environment.variable = [](std::string_view name) -> std::optional<std::string> {
        return !name.empty() && name[0] == 'A' ? std::optional<std::string>{"a b"} : std::nullopt;
    };
    environment.read = [&content](const std::string& path) -> tl::expected<std::string, std::string> {
        if (path == "/policy.yaml") return content;
        if (path == "/a.env") return content.substr(0, content.find(':'));
        return tl::unexpected<std::string>("No such file or directory");
    };
    environment.is_folder = [](const std::string&) { return false; };
    environment.list = [](const std::string&) { return std::vector<std::string>{}; };
    return environment;
}

/// A policy that adopts the services of a Compose file with these bytes; the `.env` beside it has them as well.
policy::Environment adopting(const std::string& content) {
    auto environment = only(content);
    environment.folder = "/shop";
    environment.read = [&content](const std::string& path) -> tl::expected<std::string, std::string> {
        if (path == "/shop/policy.yaml") return "compose: docker-compose.yml";
        return content;
    };
    return environment;
}

void require(bool promise) {
    if (!promise) std::abort();
}

void check(const Policy& policy) {
    require(!policy.services.empty());
    require(policy.maintenance.size() == policy.services.size());
    for (const auto& target : policy.targets) {
        require(target.service < policy.services.size());
        const auto& service = policy.services[target.service];
        require(is_container(target) != !target.process.command.empty());
        require(target.hooks.size() == service.on_unhealthy.size());
        require(target.probe.has_value() == service.healthcheck.has_value());
    }
    for (const auto& service : policy.services) {
        for (const auto& dependency : service.depends_on) require(dependency.service < policy.services.size());
        if (service.healthcheck) require(default_verify(*service.healthcheck) >= Duration{0});
        if (service.healthcheck) require(service.healthcheck->retries >= 1);
    }
    require(!policy::canonical(policy).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" const char* __lsan_default_suppressions();

/// libfyaml 0.7.12 loses 4 KiB when it refuses some unterminated quotes; nothing that its user could free.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string content(data, data + size);
    const auto loaded = policy::load({"policy.yaml"}, only(content));
    bool errors = false;
    for (const auto& diagnostic : loaded.diagnostics) {
        errors |= diagnostic.severity == policy::Diagnostic::Severity::error;
        require(!policy::render(diagnostic).empty());
    }
    require(loaded.policy.has_value() != errors);
    if (loaded.policy) check(*loaded.policy);
    const auto adopted = policy::load({"policy.yaml"}, adopting(content));
    if (adopted.policy) check(*adopted.policy);
    return 0;
}
