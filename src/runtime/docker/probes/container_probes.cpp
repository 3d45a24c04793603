// Which end asks a target, and the book of commands under way in containers: each probe is answered once, and what is
// left running of a command is not forgotten.
#include "runtime/docker/probes/container_probes.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/probes/container_exec.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime::docker {
namespace {

std::string address_of(const ContainerView& view) {
    for (const auto& network : view.networks) {
        if (!network.address.empty()) return network.address;
    }
    return {};
}

const Verdict& no_container() {
    static const Verdict verdict = not_run("there is no container");
    return verdict;
}

Verdict no_address() {
    return not_run("the container has no address (is it on a network? network_mode: host needs 127.0.0.1)");
}

Verdict does_not_run(const ContainerView& view) {
    return our_lack("the container does not run: it is " + std::string{to_string(view.status)});
}

Verdict too_many_left(std::size_t count) {
    return our_lack(std::to_string(count) +
                    " timed-out probes still run in the container, where keepwell may not kill them; use the image's "
                    "HEALTHCHECK or an http probe");
}

// ---- the address --------------------------------------------------------------------------------------------------

std::string replaced(std::string text, const std::string& address) {
    for (auto at = text.find(container_ip_placeholder); at != std::string::npos;
         at = text.find(container_ip_placeholder, at)) {
        text.replace(at, container_ip_placeholder.size(), address);
        at += address.size();
    }
    return text;
}

/// An IPv6 address in a URL stands in brackets, which may be written there already.
std::string url_with_address(const std::string& url, const std::string& address) {
    const auto at = url.find(container_ip_placeholder);
    const bool in_brackets = at != std::string::npos && at > 0 && url[at - 1] == '[';
    const bool is_ipv6 = address.find(':') != std::string::npos;
    return replaced(url, is_ipv6 && !in_brackets ? '[' + address + ']' : address);
}

struct WithAddress {
    const std::string& address;

    Probe operator()(HttpProbe probe) const {
        probe.url = url_with_address(probe.url, address);
        return probe;
    }
    Probe operator()(TcpProbe probe) const {
        probe.host = replaced(std::move(probe.host), address);
        return probe;
    }
    Probe operator()(ExecProbe probe) const { return probe; }
};

struct WantsAddress {
    static bool is_in(const std::string& text) { return text.find(container_ip_placeholder) != std::string::npos; }

    bool operator()(const HttpProbe& probe) const { return is_in(probe.url); }
    bool operator()(const TcpProbe& probe) const { return is_in(probe.host); }
    bool operator()(const ExecProbe&) const { return false; }
};

}  // namespace

Probe with_address(const Probe& probe, const std::string& address) { return std::visit(WithAddress{address}, probe); }
bool wants_address(const Probe& probe) { return std::visit(WantsAddress{}, probe); }

// ---- the book -----------------------------------------------------------------------------------------------------

class ContainerProbes::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(Loop& loop, EngineApi& api, supervisor::ProbePort& host, Lookup lookup, supervisor::EventSink sink,
         const ExecTimes& times)
        : loop_(loop), api_(api), host_(host), lookup_(std::move(lookup)), sink_(std::move(sink)), times_(times) {}

    void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout);
    void cancel(CommandId id);

  private:
    /// A `test` that is not answered yet.
    struct Asked {
        TargetIndex index = no_target;
        std::string instance;
        std::shared_ptr<ContainerExec> exec;  ///< null while what is left of earlier ones is looked at
    };
    /// Commands that may still run in one life of a container.
    struct Left {
        std::string instance;
        std::vector<std::string> execs;
    };

    void ask_by_host(CommandId id, TargetIndex index, const TargetSpec& target, const ContainerView& view,
                     Duration timeout);
    void ask_inside(CommandId id, TargetIndex index, ExecCommand command, const std::string& instance);
    void begin(CommandId id, ExecCommand command);
    void over(TargetIndex index, const std::string& instance, const std::shared_ptr<ContainerExec>& exec,
              std::string still_runs);
    void look_at_left(CommandId id, const ExecCommand& command);
    void begin_unless_too_many(CommandId id, ExecCommand command);
    void finish(CommandId id, Verdict verdict);
    void deliver(CommandId id, TargetIndex index, Verdict verdict);

    Loop& loop_;
    EngineApi& api_;
    supervisor::ProbePort& host_;
    Lookup lookup_;
    supervisor::EventSink sink_;
    const ExecTimes times_;
    std::map<CommandId, Asked> asked_;
    std::set<std::shared_ptr<ContainerExec>> execs_;  ///< until each is over
    std::map<TargetIndex, Left> left_;
};

void ContainerProbes::Impl::run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) {
    if (!is_container(target)) return host_.run(id, index, target, timeout);
    if (!target.probe) return deliver(id, index, our_lack("no probe is configured"));
    const ContainerView* view = lookup_(index);
    if (!view) return deliver(id, index, no_container());
    if (!view->runs()) return deliver(id, index, does_not_run(*view));
    const auto* test = std::get_if<ExecProbe>(&*target.probe);
    if (!test) return ask_by_host(id, index, target, *view, timeout);
    ask_inside(id, index, {view->id, view->started_text, view->pid, test->command, timeout}, view->instance().id);
}

void ContainerProbes::Impl::ask_by_host(CommandId id, TargetIndex index, const TargetSpec& target,
                                        const ContainerView& view, Duration timeout) {
    const std::string address = address_of(view);
    const bool wanted = wants_address(*target.probe);
    if (wanted && address.empty()) return deliver(id, index, no_address());
    TargetSpec asked;  // of a target that is asked from outside nothing else is read
    asked.name = target.name;
    asked.probe = wanted ? with_address(*target.probe, address) : *target.probe;
    host_.run(id, index, asked, timeout);
}

void ContainerProbes::Impl::ask_inside(CommandId id, TargetIndex index, ExecCommand command,
                                       const std::string& instance) {
    asked_[id] = {index, instance, nullptr};
    Left& left = left_[index];
    if (left.instance != instance) left = {instance, {}};  // they went with the life that they were in
    if (left.execs.size() < most_left_running) return begin(id, std::move(command));
    look_at_left(id, command);
}

void ContainerProbes::Impl::begin(CommandId id, ExecCommand command) {
    Asked& asked = asked_.at(id);
    asked.exec = std::make_shared<ContainerExec>(loop_, api_, std::move(command), times_);
    execs_.insert(asked.exec);
    asked.exec->begin([this, id](Verdict verdict) { finish(id, std::move(verdict)); },
                      [this, index = asked.index, instance = asked.instance, exec = std::weak_ptr{asked.exec}](
                          std::string still_runs) { over(index, instance, exec.lock(), std::move(still_runs)); });
}

void ContainerProbes::Impl::over(TargetIndex index, const std::string& instance,
                                 const std::shared_ptr<ContainerExec>& exec, std::string still_runs) {
    execs_.erase(exec);
    Left& left = left_[index];
    if (!still_runs.empty() && left.instance == instance) left.execs.push_back(std::move(still_runs));
}

/// Asks the engine which of them have ended; only when they are too many otherwise.
void ContainerProbes::Impl::look_at_left(CommandId id, const ExecCommand& command) {
    const Asked& asked = asked_.at(id);
    const auto execs = left_.at(asked.index).execs;
    const auto open = std::make_shared<std::size_t>(execs.size());
    for (const auto& exec : execs) {
        const auto looked = [weak = weak_from_this(), id, command, exec, open, index = asked.index,
                             instance = asked.instance](const Answer& answer) {
            const auto self = weak.lock();
            if (!self) return;
            const auto body = json_object(answer.ok() ? answer.body : "");
            const bool runs = body && json_true(json_at(*body, "Running"));
            const bool ended = answer.is(404) || (body && !runs);
            Left& left = self->left_[index];
            if (ended && left.instance == instance) std::erase(left.execs, exec);
            if (--*open == 0) self->begin_unless_too_many(id, command);
        };
        api_.call("GET", "/exec/" + url_encode(exec) + "/json", "", times_.look_timeout, looked);
    }
}

void ContainerProbes::Impl::begin_unless_too_many(CommandId id, ExecCommand command) {
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) return;  // cancelled
    const std::size_t count = left_[asked->second.index].execs.size();
    if (count >= most_left_running) return finish(id, too_many_left(count));
    begin(id, std::move(command));
}

void ContainerProbes::Impl::cancel(CommandId id) {
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) return host_.cancel(id);
    const auto exec = asked->second.exec;
    finish(id, our_lack("cancelled"));
    if (exec) exec->cancel();
}

void ContainerProbes::Impl::finish(CommandId id, Verdict verdict) {
    const auto node = asked_.extract(id);
    if (!node.empty()) deliver(id, node.mapped().index, std::move(verdict));
}

void ContainerProbes::Impl::deliver(CommandId id, TargetIndex index, Verdict verdict) {
    event::ProbeFinished event{id, index, verdict.outcome, verdict.exit_code, cut_output(std::move(verdict.output))};
    loop_.post([weak = weak_from_this(), event = std::move(event)]() mutable {
        if (const auto self = weak.lock()) self->sink_(std::move(event));
    });
}

ContainerProbes::ContainerProbes(Loop& loop, EngineApi& api, supervisor::ProbePort& host, Lookup lookup,
                                 supervisor::EventSink sink)
    : ContainerProbes(loop, api, host, std::move(lookup), std::move(sink), ExecTimes{}) {}
ContainerProbes::ContainerProbes(Loop& loop, EngineApi& api, supervisor::ProbePort& host, Lookup lookup,
                                 supervisor::EventSink sink, const ExecTimes& times)
    : impl_(std::make_shared<Impl>(loop, api, host, std::move(lookup), std::move(sink), times)) {}
ContainerProbes::~ContainerProbes() = default;

void ContainerProbes::run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) {
    impl_->run(id, index, target, timeout);
}

void ContainerProbes::cancel(CommandId id) { impl_->cancel(id); }

}  // namespace keepwell::runtime::docker
