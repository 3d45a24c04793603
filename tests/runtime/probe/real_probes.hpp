// The real probes on a real loop, for tests: ask, and await what is delivered.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"

namespace keepwell::runtime {

/// Nothing here takes so long unless it hangs.
inline constexpr Duration patience = std::chrono::seconds{30};

class RealProbes {
  public:
    explicit RealProbes(Resolver::Options resolver = {})
        : probes_(
              loop_, runner_, [this](Event event) { take(std::move(event)); }, std::move(resolver)) {}

    Loop& loop() { return loop_; }
    supervisor::ProbePort& port() { return probes_; }
    const std::vector<event::ProbeFinished>& delivered() const { return delivered_; }

    /// Begins a probe; returns its id.
    CommandId begin(const Probe& probe, Duration timeout) {
        TargetSpec target = target_;
        target.probe = probe;
        const CommandId id = ++last_id_;
        probes_.run(id, static_cast<TargetIndex>(id + 100), target, timeout);
        return id;
    }

    /// Runs the loop until so many results have come in all.
    void await(std::size_t count) {
        wanted_ = count;
        Timer guard{loop_};
        guard.arm(later(loop_.now(), patience), [this] { loop_.stop(); });
        if (delivered_.size() < count) loop_.run();
        ASSERT_GE(delivered_.size(), count) << "probes do not answer";
    }

    /// Runs the loop for a while, whatever comes.
    void let_pass(Duration length) {
        wanted_ = SIZE_MAX;
        Timer end{loop_};
        end.arm(later(loop_.now(), length), [this] { loop_.stop(); });
        loop_.run();
    }

    event::ProbeFinished ask(const Probe& probe, Duration timeout = std::chrono::seconds{20}) {
        begin(probe, timeout);
        await(delivered_.size() + 1);
        return delivered_.empty() ? event::ProbeFinished{} : delivered_.back();
    }

    /// What the target that is asked looks like otherwise.
    TargetSpec& target() { return target_; }

  private:
    void take(Event event) {
        delivered_.push_back(std::get<event::ProbeFinished>(std::move(event)));
        if (delivered_.size() >= wanted_) loop_.stop();
    }

    Loop loop_;
    Children children_{loop_};
    CommandRunner runner_{loop_, children_};
    std::vector<event::ProbeFinished> delivered_;
    std::size_t wanted_ = SIZE_MAX;
    CommandId last_id_ = 0;
    TargetSpec target_;
    Probes probes_;
};

/// A GET of this URL.
HttpProbe http(const std::string& url);

/// No more descriptors than are open now, while it lives.
class NoMoreDescriptors {
  public:
    NoMoreDescriptors();
    ~NoMoreDescriptors();
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

  private:
    rlimit before_{};
};

/// Asserts the whole result.
#define EXPECT_RESULT(finished, expected_outcome, expected_code, expected_output) \
    do {                                                                          \
        const event::ProbeFinished& result_ = (finished);                         \
        EXPECT_EQ(to_string(result_.outcome), to_string(expected_outcome));       \
        EXPECT_EQ(result_.exit_code, expected_code);                              \
        EXPECT_EQ(result_.output, expected_output);                               \
    } while (false)

}  // namespace keepwell::runtime
