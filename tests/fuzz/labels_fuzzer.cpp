// Any bytes as the labels of a container, a line each: reading them ends, and the entry that they stand for is one that
// a policy can hold.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/labels.hpp"
#include "policy/load.hpp"

namespace {

using namespace keepwell;

void require(bool promise) {
    if (!promise) std::abort();
}

policy::Labels labels_of(const std::string& text) {
    policy::Labels labels;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        const auto line = text.substr(begin, end - begin);
        const auto equals = std::min(line.find('='), line.size());
        labels[line.substr(0, equals)] = equals < line.size() ? line.substr(equals + 1) : "";
        begin = end + 1;
    }
    return labels;
}

policy::Environment holding(const std::string& content) {
    policy::Environment environment;
    environment.variable = [](std::string_view) { return std::nullopt; };
    environment.read = [&content](const std::string&) { return content; };
    environment.is_folder = [](const std::string&) { return false; };
    environment.list = [](const std::string&) { return std::vector<std::string>{}; };
    return environment;
}

/// What others are waited for is not in it.
bool stands_alone(const policy::LabelledService& labelled) { return labelled.depends_on.empty(); }

void check(const policy::LabelledService& labelled) {
    require(labelled.target.hooks.size() == labelled.service.on_unhealthy.size());
    require(labelled.target.probe.has_value() == labelled.service.healthcheck.has_value());
    require(labelled.target.selector.name == "web");
    require(labelled.entry.find('\n') == std::string::npos);
    for (const auto& dependency : labelled.depends_on) require(!dependency.names.empty());
    const auto policy = "services: " + labelled.entry;
    const auto loaded = policy::load({"policy.yaml"}, holding(policy));
    require(loaded.policy.has_value() || !stands_alone(labelled));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" const char* __lsan_default_suppressions();

/// libfyaml 0.7.12 loses 4 KiB when it refuses some unterminated quotes; nothing that its user could free.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = policy::read_labels("web", labels_of(std::string(data, data + size)));
    if (!read) {
        require(read.error().compare(0, 16, "container `web`:") == 0);
    } else if (*read) {
        check(**read);
    }
    return 0;
}
