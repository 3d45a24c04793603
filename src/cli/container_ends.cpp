// Wires the container ends, and turns labels into services by the policy's own tables.
#include "cli/container_ends.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "cli/log.hpp"
#include "policy/labels.hpp"
#include "runtime/docker/commands/container_log.hpp"
#include "runtime/docker/probes/container_probes.hpp"
#include "runtime/docker/watch/claims.hpp"

namespace keepwell::cli {
namespace {

using runtime::docker::ContainerView;
using runtime::docker::Labelled;
using runtime::docker::Seen;

std::string read_file(const char* path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

/// Keepwell may run in a container itself.
runtime::docker::Surroundings surroundings() {
    char hostname[256] = {};
    ::gethostname(hostname, sizeof hostname - 1);
    const bool contained = ::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0;
    return {contained, hostname, read_file("/proc/self/cgroup") + read_file("/proc/self/mountinfo")};
}

Labelled labelled(policy::LabelledService service) {
    Labelled result;
    result.service = std::make_shared<ServiceSpec>(std::move(service.service));
    result.target = std::make_shared<TargetSpec>(std::move(service.target));
    result.entry = std::move(service.entry);
    result.messages = std::move(service.notes);
    result.names = std::move(service.names);
    result.depends_on = std::move(service.depends_on);
    result.maintenance = std::move(service.maintenance);
    return result;
}

/// Labels are read again at each listing: a mistake in them is said once, and again when it is another one.
class Mistakes {
  public:
    void say(const std::string& container, const std::string& mistake) {
        if (std::exchange(said_[container], mistake) != mistake) {
            log_warning(container + " is left alone: " + mistake);
        }
    }
    void forget(const std::string& container) { said_.erase(container); }

  private:
    std::map<std::string, std::string> said_;  ///< by container
};

std::shared_ptr<policy::LabelOptions> label_options(const LabelMode& mode) {
    if (!mode.on) return nullptr;
    auto options = std::make_shared<policy::LabelOptions>();
    options->named = mode.named;
    if (const char* label = std::getenv("AUTOHEAL_CONTAINER_LABEL")) options->autoheal_label = label;
    return options;
}

runtime::docker::ReadLabels label_reader(std::shared_ptr<policy::LabelOptions> options) {
    if (!options) return {};
    return [options = std::move(options), mistakes = std::make_shared<Mistakes>()](
               const std::string& container, const auto& labels) -> std::optional<Labelled> {
        auto read = policy::read_labels(container, labels, *options);
        if (!read) {
            mistakes->say(container, read.error());
            return std::nullopt;
        }
        mistakes->forget(container);
        if (!*read) return std::nullopt;
        return labelled(std::move(**read));
    };
}

/// A container's log, for the control API.
class LogOutput final : public control::RemoteOutput {
  public:
    using ContainerLog = runtime::docker::ContainerLog;

    LogOutput(runtime::Loop& loop, runtime::docker::EngineApi& api, ContainerLog::Container container,
              ContainerLog::Wanted wanted, std::function<void()> news)
        : log_{loop, api, std::move(container), wanted, std::move(news)} {}

    State state() const override {
        switch (log_.state()) {
            case ContainerLog::State::opening: return State::opening;
            case ContainerLog::State::open: return State::open;
            case ContainerLog::State::ended: return State::ended;
            case ContainerLog::State::failed: break;
        }
        return State::failed;
    }
    std::string failure() const override { return log_.failure(); }
    std::string read() override { return log_.read(); }

  private:
    ContainerLog log_;
};

}  // namespace

ContainerEnds::ContainerEnds(runtime::Loop& loop, const LabelMode& labels, const std::string& state,
                             supervisor::ProbePort& host_probes, const supervisor::EventSink& sink)
    : loop_{loop}, labels_{label_options(labels)} {
    runtime::docker::Containers::Options options;
    options.bindings.log = [](const std::string& line) { log_warning(line); };
    options.bindings.is_self = [here = surroundings()](const ContainerView& container) {
        return runtime::docker::is_self(here, container.id);
    };
    options.bindings.opts_out = policy::opts_out;
    options.predecessors = state + "/replaced";
    options.bindings.read_labels = label_reader(labels_);
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

std::unique_ptr<control::RemoteOutput> ContainerEnds::log(TargetIndex target, std::uint64_t lines, bool follow,
                                                          std::function<void()> news) const {
    return std::make_unique<LogOutput>(
        loop_, containers_->engine(), [this, target] { return containers_->bindings().container_of(target); },
        LogOutput::ContainerLog::Wanted{lines, follow}, std::move(news));
}

}  // namespace keepwell::cli
