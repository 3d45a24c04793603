// What every ProcessPort must do, held against the real end and against the fake that other tests build on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "runtime/process/real_world.hpp"
#include "simulation/world/loop.hpp"
#include "simulation/world/processes.hpp"

namespace keepwell {
namespace {

using ::testing::HasSubstr;

// How a target behaves, in words that both ends can make true.
enum class Behaviour { runs, exits_3, killed_by_9, cannot_execute, ignores_term, leaves_member };

class RealEnd {
  public:
    supervisor::ProcessPort& port() { return *world_.processes; }
    void restart() { world_.restart(); }

    TargetSpec target(Behaviour behaviour) {
        switch (behaviour) {
            case Behaviour::runs: return world_.target({"sleep", "1000"});
            case Behaviour::exits_3: return world_.shell("exit 3");
            case Behaviour::killed_by_9: return world_.shell("kill -9 $$");
            case Behaviour::cannot_execute: return world_.target({"/absent/program"});
            case Behaviour::ignores_term: return world_.shell("trap '' TERM; echo $$ > ready; exec sleep 1000");
            case Behaviour::leaves_member:
                return world_.shell("(trap '' TERM; echo 1 > ready; exec sleep 1000) & wait");
        }
        return {};
    }
    // The behaviour is established: its signal handling is set up.
    void settle(Behaviour behaviour) {
        if (behaviour == Behaviour::ignores_term || behaviour == Behaviour::leaves_member) world_.pid_from("ready");
    }
    void kill(const Instance& instance) { ::kill(static_cast<pid_t>(instance.pid), SIGKILL); }
    std::vector<std::string> hook(int code) { return {"/bin/sh", "-c", "echo said; exit " + std::to_string(code)}; }
    std::vector<std::string> endless_hook() { return {"sleep", "1000"}; }

    template <typename Kind>
    Kind next() {
        return world_.next<Kind>();
    }
    // Nothing but what was asked for has been delivered, nor comes within a turn of the loop.
    bool quiet() {
        bool turned = false;
        world_.loop.post([&] { turned = true; });
        return world_.run_until([&] { return turned; }) && world_.events.empty();
    }

  private:
    runtime::testing::RealWorld world_;
};

class FakeEnd {
  public:
    supervisor::ProcessPort& port() { return fake_; }
    void restart() {
        fake_.forget();
        events_.clear();
    }

    TargetSpec target(Behaviour behaviour) {
        using simulation::Life;
        auto life = simulation::Life::runs();
        switch (behaviour) {
            case Behaviour::runs: break;
            case Behaviour::exits_3: life = simulation::Life::exits(3); break;
            case Behaviour::killed_by_9: life = simulation::Life::killed(SIGKILL); break;
            case Behaviour::cannot_execute:
                life = simulation::Life::fails("cannot execute `/absent/program`: No such file or directory");
                break;
            case Behaviour::ignores_term: life = simulation::Life::ignores_stop(); break;
            case Behaviour::leaves_member: life.leaves_member = true; break;
        }
        fake_.lives("api", {life});
        TargetSpec spec;
        spec.name = "api";
        return spec;
    }
    void settle(Behaviour) {}
    void kill(const Instance&) { fake_.end("api", {ExitStatus::Kind::signal, SIGKILL, {}}); }
    std::vector<std::string> hook(int code) {
        fake_.hooks("api", {{{ExitStatus::Kind::code, code, {}}, 0s, "said\n"}});
        return {"hook"};
    }
    std::vector<std::string> endless_hook() {
        fake_.hooks("api", {{{}, 1000s, {}}});
        return {"hook"};
    }

    template <typename Kind>
    Kind next() {
        const auto is_kind = [](const Event& event) { return std::holds_alternative<Kind>(event); };
        for (;;) {
            const auto found = std::find_if(events_.begin(), events_.end(), is_kind);
            if (found != events_.end()) {
                const Kind event = std::get<Kind>(*found);
                events_.erase(found);
                return event;
            }
            if (!loop_.step()) throw std::runtime_error("the event did not come");
        }
    }
    bool quiet() {
        loop_.advance(0s);
        return events_.empty();
    }

  private:
    simulation::Loop loop_;
    std::deque<Event> events_;
    simulation::Processes fake_{loop_, [this](Event event) { events_.push_back(std::move(event)); }};
};

template <typename End>
class ProcessPortContract : public ::testing::Test {
  protected:
    Instance start(Behaviour behaviour) {
        target_ = end_.target(behaviour);
        end_.port().start(7, 2, target_);
        const auto started = end_.template next<event::StartFinished>();
        EXPECT_EQ(started.id, 7u);
        EXPECT_EQ(started.target, 2u);
        EXPECT_EQ(started.failure, "");
        EXPECT_TRUE(started.instance.exists());
        end_.settle(behaviour);
        return started.instance;
    }
    event::Exited exited() { return end_.template next<event::Exited>(); }
    event::StopFinished stop_finished() { return end_.template next<event::StopFinished>(); }

    End end_;
    TargetSpec target_;
};

using Ends = ::testing::Types<RealEnd, FakeEnd>;
TYPED_TEST_SUITE(ProcessPortContract, Ends);

TYPED_TEST(ProcessPortContract, an_exit_is_told_with_its_code) {
    const auto instance = this->start(Behaviour::exits_3);
    const auto exited = this->exited();
    EXPECT_EQ(exited.target, 2u);
    EXPECT_EQ(exited.instance, instance);
    EXPECT_EQ(exited.status.kind, ExitStatus::Kind::code);
    EXPECT_EQ(exited.status.value, 3);
    EXPECT_FALSE(exited.remains);
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, an_end_by_a_signal_is_told_with_the_signal) {
    this->start(Behaviour::killed_by_9);
    const auto exited = this->exited();
    EXPECT_EQ(exited.status.kind, ExitStatus::Kind::signal);
    EXPECT_EQ(exited.status.value, SIGKILL);
}

TYPED_TEST(ProcessPortContract, a_command_that_can_not_be_executed_is_a_start_without_an_instance) {
    this->end_.port().start(8, 1, this->end_.target(Behaviour::cannot_execute));
    const auto started = this->end_.template next<event::StartFinished>();
    EXPECT_EQ(started.id, 8u);
    EXPECT_FALSE(started.instance.exists());
    EXPECT_EQ(started.failure, "cannot execute `/absent/program`: No such file or directory");
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, nothing_is_delivered_inside_a_call) {
    this->end_.port().start(8, 1, this->end_.target(Behaviour::cannot_execute));
    this->end_.port().stop(9, 1, Instance{"1@1", 1}, SIGTERM, 0s);
    EXPECT_EQ(this->stop_finished().id, 9u);
    EXPECT_EQ(this->end_.template next<event::StartFinished>().id, 8u);
}

TYPED_TEST(ProcessPortContract, a_stop_ends_the_instance_with_its_signal) {
    const auto instance = this->start(Behaviour::runs);
    this->end_.port().stop(9, 2, instance, SIGTERM, 20s);
    const auto exited = this->exited();
    EXPECT_EQ(exited.status.kind, ExitStatus::Kind::signal);
    EXPECT_EQ(exited.status.value, SIGTERM);
    const auto stopped = this->stop_finished();
    EXPECT_EQ(stopped.id, 9u);
    EXPECT_EQ(stopped.target, 2u);
    EXPECT_EQ(stopped.survivors, "");
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, what_ignores_the_stop_signal_is_killed_after_its_grace) {
    const auto instance = this->start(Behaviour::ignores_term);
    this->end_.port().stop(9, 2, instance, SIGTERM, 50ms);
    EXPECT_EQ(this->exited().status.value, SIGKILL);
    EXPECT_EQ(this->stop_finished().survivors, "");
}

TYPED_TEST(ProcessPortContract, without_grace_it_is_killed_at_once) {
    const auto instance = this->start(Behaviour::runs);
    this->end_.port().stop(9, 2, instance, SIGTERM, 0s);
    EXPECT_EQ(this->exited().status.value, SIGKILL);
    EXPECT_EQ(this->stop_finished().survivors, "");
}

TYPED_TEST(ProcessPortContract, a_member_of_the_group_that_outlives_its_leader_is_ended_before_the_stop_is_finished) {
    const auto instance = this->start(Behaviour::leaves_member);
    this->end_.port().stop(9, 2, instance, SIGTERM, 50ms);
    EXPECT_TRUE(this->exited().remains);
    EXPECT_EQ(this->stop_finished().survivors, "");
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, what_a_crash_leaves_behind_is_told_and_ended_by_a_later_stop) {
    const auto instance = this->start(Behaviour::leaves_member);
    this->end_.kill(instance);
    EXPECT_TRUE(this->exited().remains);
    this->end_.port().stop(9, 2, instance, SIGTERM, 50ms);
    EXPECT_EQ(this->stop_finished().survivors, "");
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, a_second_stop_hurries_the_first_and_both_are_finished) {
    const auto instance = this->start(Behaviour::ignores_term);
    this->end_.port().stop(9, 2, instance, SIGTERM, 1000s);
    this->end_.port().stop(10, 2, instance, SIGTERM, 0s);
    EXPECT_EQ(this->exited().status.value, SIGKILL);
    EXPECT_EQ(this->stop_finished().id, 9u);
    EXPECT_EQ(this->stop_finished().id, 10u);
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, a_stop_of_what_is_gone_is_finished_at_once) {
    const auto instance = this->start(Behaviour::exits_3);
    this->exited();
    this->end_.port().stop(9, 2, instance, SIGTERM, 1000s);
    const auto stopped = this->stop_finished();
    EXPECT_EQ(stopped.id, 9u);
    EXPECT_EQ(stopped.survivors, "");
}

TYPED_TEST(ProcessPortContract, what_lives_on_is_adopted_and_its_end_is_told_once) {
    const auto instance = this->start(Behaviour::runs);
    this->end_.restart();
    ASSERT_TRUE(this->end_.port().adopt(2, this->target_, instance));
    EXPECT_TRUE(this->end_.quiet());
    this->end_.kill(instance);
    const auto exited = this->exited();
    EXPECT_EQ(exited.instance, instance);
    EXPECT_FALSE(exited.remains);
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, an_adopted_instance_is_stopped_like_any_other) {
    const auto instance = this->start(Behaviour::ignores_term);
    this->end_.restart();
    ASSERT_TRUE(this->end_.port().adopt(2, this->target_, instance));
    this->end_.port().stop(9, 2, instance, SIGTERM, 50ms);
    EXPECT_EQ(this->exited().instance, instance);
    EXPECT_EQ(this->stop_finished().survivors, "");
}

TYPED_TEST(ProcessPortContract, an_instance_that_is_gone_is_not_adopted) {
    const auto instance = this->start(Behaviour::exits_3);
    this->exited();
    this->end_.restart();
    EXPECT_FALSE(this->end_.port().adopt(2, this->target_, instance));
    EXPECT_TRUE(this->end_.quiet());
}

TYPED_TEST(ProcessPortContract, what_an_instance_left_behind_is_adopted_as_remains) {
    const auto instance = this->start(Behaviour::leaves_member);
    this->end_.restart();
    ASSERT_TRUE(this->end_.port().adopt(2, this->target_, instance));
    this->end_.kill(instance);
    EXPECT_TRUE(this->exited().remains);
    this->end_.restart();
    ASSERT_TRUE(this->end_.port().adopt(2, this->target_, instance));
    EXPECT_TRUE(this->exited().remains);
    this->end_.port().stop(9, 2, instance, SIGTERM, 50ms);
    EXPECT_EQ(this->stop_finished().survivors, "");
}

TYPED_TEST(ProcessPortContract, a_later_one_finds_what_lives_without_being_told_of_it) {
    const auto instance = this->start(Behaviour::ignores_term);
    this->end_.restart();
    EXPECT_TRUE(this->end_.port().started_before({instance}).empty());
    const auto started = this->end_.port().started_before({});
    ASSERT_EQ(started.size(), 1u);
    EXPECT_EQ(started[0].target, this->target_.name);
    EXPECT_EQ(started[0].instance, instance);
    ASSERT_TRUE(this->end_.port().adopt(2, this->target_, instance));
    this->end_.kill(instance);
    this->exited();
    EXPECT_TRUE(this->end_.port().started_before({}).empty());
}

TYPED_TEST(ProcessPortContract, a_hook_tells_its_exit_code_and_its_output) {
    this->end_.port().run_hook(5, 2, this->end_.target(Behaviour::runs), this->end_.hook(4), 20s);
    const auto finished = this->end_.template next<event::HookFinished>();
    EXPECT_EQ(finished.id, 5u);
    EXPECT_EQ(finished.target, 2u);
    EXPECT_EQ(finished.status.kind, ExitStatus::Kind::code);
    EXPECT_EQ(finished.status.value, 4);
    EXPECT_EQ(finished.output, "said\n");
}

TYPED_TEST(ProcessPortContract, a_hook_that_outlives_its_timeout_is_killed_and_says_so) {
    this->end_.port().run_hook(5, 2, this->end_.target(Behaviour::runs), this->end_.endless_hook(), 50ms);
    const auto finished = this->end_.template next<event::HookFinished>();
    EXPECT_FALSE(finished.status.success());
    EXPECT_EQ(finished.output, "did not end within its timeout\n");
}

}  // namespace
}  // namespace keepwell
