// Wires the container ends, and turns labels into services by the policy's own tables.
#include "cli/container_ends.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "cli/log.hpp"
#include "policy/labels.hpp"
#include "runtime/docker/container_probes.hpp"

namespace keepwell::cli {
namespace {

using runtime::docker::ContainerView;
using runtime::docker::Labelled;
using runtime::docker::Seen;

std::string read_file(const char* path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// Keepwell may run in a container itself. Its id is in its mounts (hostname, hosts, resolv.conf come from the engine's
/// folder of that container) and, with cgroup v1, in its cgroup; the hostname is its short id unless it was set.
std::function<bool(const ContainerView&)> is_self() {
    char hostname[256] = {};
    ::gethostname(hostname, sizeof hostname - 1);
    const std::string traces = read_file("/proc/self/cgroup") + read_file("/proc/self/mountinfo");
    const bool contained = ::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0;
    return [traces, contained, name = std::string{hostname}](const ContainerView& container) {
        constexpr std::size_t short_id = 12;
        if (!contained) return false;
        const bool named = !name.empty() && container.id.substr(0, short_id) == name;
        return named || traces.find("/" + container.id) != std::string::npos;
    };
}

std::optional<Labelled> labelled(const std::string& container, const policy::Labels& labels,
                                 const policy::LabelOptions& options, const ContainerEnds::FindService& find_service) {
    auto read = policy::read_labels(container, labels, options);
    if (!read) {
        log_warning(container + " is left alone: " + read.error());
        return std::nullopt;
    }
    if (!*read) return std::nullopt;
    policy::LabelledService& service = **read;
    for (policy::LabelledDependency& dependency : service.depends_on) {
        for (const std::string& name : dependency.names) {
            const auto found = find_service(name);
            if (!found) continue;
            dependency.rules.service = *found;
            service.service.depends_on.push_back(dependency.rules);
            break;
        }
    }
    Labelled result;
    result.service = std::make_shared<ServiceSpec>(std::move(service.service));
    result.target = std::make_shared<TargetSpec>(std::move(service.target));
    result.entry = std::move(service.entry);
    result.messages = std::move(service.notes);
    return result;
}

std::shared_ptr<policy::LabelOptions> label_options(const LabelMode& mode) {
    if (!mode.on) return nullptr;
    auto options = std::make_shared<policy::LabelOptions>();
    options->named = mode.named;
    if (const char* label = std::getenv("AUTOHEAL_CONTAINER_LABEL")) options->autoheal_label = label;
    return options;
}

runtime::docker::ReadLabels label_reader(std::shared_ptr<policy::LabelOptions> options,
                                         ContainerEnds::FindService find_service) {
    if (!options) return {};
    return [options = std::move(options), find_service = std::move(find_service)](const std::string& container,
                                                                                  const auto& labels) {
        return labelled(container, labels, *options, find_service);
    };
}

}  // namespace

ContainerEnds::ContainerEnds(runtime::Loop& loop, const LabelMode& labels, supervisor::ProbePort& host_probes,
                             FindService find_service, const supervisor::EventSink& sink)
    : labels_{label_options(labels)} {
    runtime::docker::Containers::Options options;
    options.bindings.log = [](const std::string& line) { log_warning(line); };
    options.bindings.is_self = is_self();
    options.bindings.read_labels = label_reader(labels_, std::move(find_service));
    containers_ = std::make_unique<runtime::docker::Containers>(
        loop, runtime::docker::engine_address_from_environment(), sink, std::move(options));
    const auto lookup = [this](TargetIndex target) -> const ContainerView* {
        const Seen* seen = containers_->bindings().container_of(target);
        return seen ? &seen->view : nullptr;
    };
    probes_ =
        std::make_unique<runtime::docker::ContainerProbes>(loop, containers_->engine(), host_probes, lookup, sink);
}

ContainerEnds::~ContainerEnds() = default;

void ContainerEnds::name_entries(std::shared_ptr<const policy::NamedEntries> named) {
    if (labels_) labels_->named = std::move(named);
}

supervisor::ProbePort& ContainerEnds::probes() { return *probes_; }
supervisor::ContainerPort* ContainerEnds::port() const { return containers_.get(); }

}  // namespace keepwell::cli
