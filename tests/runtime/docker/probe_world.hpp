// Probes of containers on a real loop, for tests: name a container, ask, and await what is delivered.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/api_client.hpp"
#include "runtime/docker/probes/container_exec.hpp"
#include "runtime/docker/probes/container_probes.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"
#include "support/await.hpp"

namespace keepwell::testing {

class ProbeWorld {
  public:
    /// `host` as DOCKER_HOST has it.
    explicit ProbeWorld(const std::string& host) : ProbeWorld(std::make_unique<runtime::Loop>(), nullptr, host) {}
    /// On a loop that something else is on already.
    ProbeWorld(runtime::Loop& loop, const std::string& host, const runtime::docker::ExecTimes& times)
        : ProbeWorld(nullptr, &loop, host, times) {}

    runtime::Loop& loop() { return loop_; }
    runtime::docker::EngineApi& api() { return api_; }
    supervisor::ProbePort& port() { return *probes_; }
    const std::vector<event::ProbeFinished>& delivered() const { return delivered_; }

    /// The target's container as the engine says it is now; what the probes go by until the next refresh.
    void refresh(const std::string& container, TargetIndex index = 0) {
        const auto answer = ask(loop_, api_, "GET", "/containers/" + container + "/json");
        const auto view = runtime::docker::container_view(answer.body);
        EXPECT_TRUE(view.has_value()) << answer.body << answer.error;
        if (view) views_[index] = *view;
    }
    /// The same as the test says it is.
    runtime::docker::ContainerView& view(TargetIndex index = 0) { return views_[index]; }

    CommandId begin(Probe probe, Duration timeout, TargetIndex index = 0) {
        TargetSpec target;
        target.name = "web";
        target.kind = TargetKind::container;
        target.probe = std::move(probe);
        probes_->run(++last_id_, index, target, timeout);
        return last_id_;
    }

    void await_delivered(std::size_t count) {
        EXPECT_TRUE(await(loop_, [&] { return delivered_.size() >= count; }))
            << delivered_.size() << " of " << count << " were delivered";
    }

    event::ProbeFinished ask_for(Probe probe, Duration timeout = std::chrono::seconds{20}, TargetIndex index = 0) {
        const std::size_t before = delivered_.size();
        begin(std::move(probe), timeout, index);
        EXPECT_EQ(delivered_.size(), before) << "delivered from inside run()";
        await_delivered(before + 1);
        return delivered_.size() > before ? delivered_.back() : event::ProbeFinished{};
    }

    /// Runs the loop for a while, whatever comes.
    void let_pass(Duration length) {
        bool over = false;
        runtime::Timer end{loop_};
        end.arm(later(loop_.now(), length), [&] { over = true; });
        EXPECT_TRUE(await(loop_, [&] { return over; }));
    }

    /// The probes are destroyed, with whatever is under way.
    void end() { probes_.reset(); }

  private:
    ProbeWorld(std::unique_ptr<runtime::Loop> own, runtime::Loop* other, const std::string& host,
               const runtime::docker::ExecTimes& times = {})
        : own_(std::move(own)),
          loop_(other == nullptr ? *own_ : *other),
          api_(loop_, runtime::docker::engine_address(host, false, "")),
          probes_(std::make_unique<runtime::docker::ContainerProbes>(
              loop_, api_, host_, [this](TargetIndex index) { return find(index); },
              [this](Event event) { take(std::move(event)); }, times)) {}

    void take(Event event) { delivered_.push_back(std::get<event::ProbeFinished>(std::move(event))); }
    const runtime::docker::ContainerView* find(TargetIndex index) const {
        const auto found = views_.find(index);
        return found == views_.end() ? nullptr : &found->second;
    }

    const std::unique_ptr<runtime::Loop> own_;
    runtime::Loop& loop_;
    runtime::docker::EngineApi api_;
    runtime::Children children_{loop_};
    runtime::CommandRunner runner_{loop_, children_};
    runtime::Probes host_{loop_, runner_, [this](Event event) { take(std::move(event)); }};
    std::map<TargetIndex, runtime::docker::ContainerView> views_;
    std::vector<event::ProbeFinished> delivered_;
    CommandId last_id_ = 0;
    std::unique_ptr<runtime::docker::ContainerProbes> probes_;
};

/// Commands as `test:` has them.
inline ExecProbe test_command(std::vector<std::string> command) { return {std::move(command)}; }
inline ExecProbe test_shell(const std::string& text) { return {{"/bin/sh", "-c", text}}; }

/// Asserts the whole result.
#define EXPECT_PROBE(finished, expected_outcome, expected_code, expected_output) \
    do {                                                                         \
        const event::ProbeFinished& result_ = (finished);                        \
        EXPECT_EQ(to_string(result_.outcome), expected_outcome);                 \
        EXPECT_EQ(result_.exit_code, expected_code);                             \
        EXPECT_EQ(result_.output, expected_output);                              \
    } while (false)

}  // namespace keepwell::testing
