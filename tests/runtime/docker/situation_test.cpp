// The table of docs/replace.md: which step comes next, from everything that may be there. A small world of containers
// carries the steps out, so that each row is held to where it leads, and every way there ends.
#include "runtime/docker/commands/situation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string old_id(64, 'a');
const std::string new_id(64, 'b');
const std::string other_id(64, 'c');
const std::string fresh = "web.keepwell-new-aaaaaaaaaaaa";
const std::string parked = "web.keepwell-old-aaaaaaaaaaaa";

Look container(const std::string& id, const std::string& name, ContainerStatus status,
               const std::string& policy = "no") {
    Look look;
    look.exists = true;
    look.view.id = id;
    look.view.name = name;
    look.view.status = status;
    look.view.restart_policy = policy;
    if (status != ContainerStatus::created) {
        look.view.started_at = EngineTime{std::chrono::seconds{1000}};
        look.view.started_text = "t";
    }
    return look;
}
constexpr auto running = ContainerStatus::running;
constexpr auto exited = ContainerStatus::exited;
constexpr auto created = ContainerStatus::created;

std::string word(ContainerStatus status) { return std::string{to_string(status)}; }

/// Containers that do what the steps ask for.
class World {
  public:
    explicit World(std::vector<Look> there) : there_(std::move(there)) {}

    /// Takes steps until there are none, and returns them.
    std::vector<std::string> run(Goal goal, Progress progress = {}, const std::string& older = old_id,
                                 const std::string& newer = new_id) {
        std::vector<std::string> steps;
        for (int i = 0; i < 30; ++i) {
            const Situation now = situation("web", there_, older, newer);
            const Step step = next_step(now, goal, progress);
            if (step.move == Move::rest) return steps;
            ++progress.passed[step];
            steps.push_back(to_string(step));
            take(step, progress);
        }
        steps.emplace_back("and so on");
        return steps;
    }

    /// "web=new running no; …"
    std::vector<std::string> there() const {
        std::vector<std::string> lines;
        for (const auto& look : there_) {
            const auto& view = look.view;
            const std::string who = view.id == old_id ? "old" : view.id == new_id ? "new" : "other";
            lines.push_back(view.name + ": " + who + ", " + word(view.status) + ", " + view.restart_policy);
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    }

  private:
    void take(const Step& step, Progress& progress) {
        const auto at = std::find_if(there_.begin(), there_.end(), [&](const Look& l) { return l.view.id == step.id; });
        if (step.move == Move::create) return there_.push_back(container(new_id, step.name, created, "always"));
        if (at == there_.end()) throw std::runtime_error("a step for a container that is not there");
        auto& view = at->view;
        switch (step.move) {
            case Move::rest:
            case Move::create:
            case Move::dependants:
            case Move::drain: break;
            case Move::attach: progress.aliases_missing = false; break;
            case Move::silence: view.restart_policy = "no"; break;
            case Move::restore: view.restart_policy = step.name; break;
            case Move::stop: view.status = exited; break;
            case Move::start:
                view.status = running;
                view.started_at = EngineTime{std::chrono::seconds{2000}};
                break;
            case Move::rename: view.name = step.name; break;
            case Move::remove: there_.erase(at); break;
        }
    }

    std::vector<Look> there_;
};

// ---- names ----------------------------------------------------------------------------------------------------------

TEST(ReplacementNames, they_say_of_whom_they_are) {
    EXPECT_EQ(fresh_name("web", old_id), fresh);
    EXPECT_EQ(parked_name("web", old_id), parked);
    EXPECT_EQ(role_of(fresh).part, Role::Part::fresh);
    EXPECT_EQ(role_of(fresh).name, "web");
    EXPECT_EQ(role_of(fresh).old_id, "aaaaaaaaaaaa");
    EXPECT_EQ(role_of(parked).part, Role::Part::parked);
    for (const std::string name : {"web", "web.keepwell-new-", "web.keepwell-new-aaaaaaaaaaa", "",
                                   "web.keepwell-old-AAAAAAAAAAAA", ".keepwell-new-aaaaaaaaaaaa"}) {
        EXPECT_EQ(role_of(name).part, Role::Part::named) << name;
        EXPECT_EQ(role_of(name).name, name);
    }
    EXPECT_EQ(role_of("a.keepwell-old-bbbbbbbbbbbb.keepwell-new-aaaaaaaaaaaa").name, "a.keepwell-old-bbbbbbbbbbbb");
}

// ---- commit ---------------------------------------------------------------------------------------------------------

TEST(Commit, after_stop_first_the_old_one_is_removed_when_its_dependants_are_looked_after) {
    World world({container(old_id, parked, exited), container(new_id, "web", running, "always")});
    EXPECT_THAT(world.run(Goal::commit), ElementsAre("look after what depends on " + parked, "remove " + parked));
    EXPECT_THAT(world.there(), ElementsAre("web: new, running, always"));
}

TEST(Commit, after_start_first_the_new_one_takes_over_the_aliases_and_the_name_before_the_old_one_stops) {
    Progress progress;
    progress.aliases_missing = true;
    World world({container(old_id, "web", running, "always"), container(new_id, fresh, running, "always")});
    EXPECT_THAT(world.run(Goal::commit, progress),
                ElementsAre("give " + fresh + " its network aliases", "take the restart policy of web away",
                            "rename web to " + parked, "rename " + fresh + " to web",
                            "look after what depends on " + parked, "stop " + parked, "remove " + parked));
    EXPECT_THAT(world.there(), ElementsAre("web: new, running, always"));
}

TEST(Commit, clients_that_have_the_old_ones_address_are_answered_for_a_while_when_the_new_one_has_its_dependants) {
    Progress progress;
    progress.has_clients = true;
    World world({container(old_id, parked, running), container(new_id, "web", running, "always")});
    EXPECT_THAT(world.run(Goal::commit, progress), ElementsAre("look after what depends on " + parked,
                                                               "let " + parked + " answer who still has its address",
                                                               "stop " + parked, "remove " + parked));
}

TEST(Commit, a_crash_between_the_two_renames_is_gone_on_from) {
    World world({container(old_id, parked, running), container(new_id, fresh, running)});
    EXPECT_EQ(world.run(Goal::commit).front(), "rename " + fresh + " to web");
    EXPECT_THAT(world.there(), ElementsAre("web: new, running, no"));
}

TEST(Commit, what_is_finished_rests) {
    World world({container(new_id, "web", running)});
    EXPECT_THAT(world.run(Goal::commit), IsEmpty());
    EXPECT_THAT(world.run(Goal::commit, {}, "", ""), IsEmpty());
}

TEST(Commit, an_old_one_that_its_stop_removed_is_no_hindrance) {
    World world({container(new_id, fresh, running)});
    EXPECT_THAT(world.run(Goal::commit), ElementsAre("rename " + fresh + " to web"));
}

TEST(Commit, a_new_one_that_is_gone_leaves_the_old_one_under_its_name_and_as_it_is) {
    World world({container(old_id, parked, exited)});
    EXPECT_THAT(world.run(Goal::commit), ElementsAre("rename " + parked + " to web"));
    EXPECT_THAT(world.there(), ElementsAre("web: old, exited, no"));
}

TEST(Commit, nothing_at_all_is_nothing_to_do) { EXPECT_THAT(World({}).run(Goal::commit), IsEmpty()); }

TEST(Commit, a_stranger_with_the_name_is_left_alone) {
    const std::vector<Look> looks{container(old_id, parked, exited), container(other_id, "web", running)};
    const Situation now = situation("web", looks, old_id, new_id);
    EXPECT_EQ(now.stranger, "web (cccccccccccc)");
    World world(looks);
    world.run(Goal::commit);
    world.run(Goal::roll_back);
    EXPECT_THAT(world.there(), ::testing::Contains("web: other, running, no"));
}

// ---- roll back ------------------------------------------------------------------------------------------------------

TEST(RollBack, from_a_new_one_that_was_only_made) {
    World world({container(old_id, "web", running, "always"), container(new_id, fresh, created, "always")});
    EXPECT_THAT(world.run(Goal::roll_back), ElementsAre("look after what depends on web", "remove " + fresh));
    EXPECT_THAT(world.there(), ElementsAre("web: old, running, always"));
}

TEST(RollBack, from_an_old_one_whose_policy_was_taken_and_that_was_stopped) {
    World world({container(old_id, "web", exited), container(new_id, fresh, created, "always")});
    EXPECT_THAT(world.run(Goal::roll_back), ElementsAre("give web its restart policy `always` back", "start web",
                                                        "look after what depends on web", "remove " + fresh));
    EXPECT_THAT(world.there(), ElementsAre("web: old, running, always"));
}

TEST(RollBack, from_between_the_two_renames) {
    World world({container(old_id, parked, exited), container(new_id, fresh, created, "always")});
    EXPECT_EQ(world.run(Goal::roll_back).front(), "rename " + parked + " to web");
    EXPECT_THAT(world.there(), ElementsAre("web: old, running, always"));
}

TEST(RollBack, from_a_new_one_that_runs_under_the_name) {
    World world({container(old_id, parked, exited), container(new_id, "web", running, "always")});
    EXPECT_THAT(world.run(Goal::roll_back),
                ElementsAre("stop web", "rename web to " + fresh, "rename " + parked + " to web",
                            "give web its restart policy `always` back", "start web", "look after what depends on web",
                            "remove " + fresh));
    EXPECT_THAT(world.there(), ElementsAre("web: old, running, always"));
}

TEST(RollBack, from_start_first_the_old_one_never_stops) {
    World world({container(old_id, "web", running, "always"), container(new_id, fresh, running, "always")});
    EXPECT_THAT(world.run(Goal::roll_back),
                ElementsAre("stop " + fresh, "look after what depends on web", "remove " + fresh));
    EXPECT_THAT(world.there(), ElementsAre("web: old, running, always"));
}

TEST(RollBack, an_old_one_that_did_not_run_is_not_started) {
    Progress progress;
    progress.was_up = false;
    World world({container(old_id, parked, exited), container(new_id, "web", exited)});
    world.run(Goal::roll_back, progress);
    EXPECT_THAT(world.there(), ElementsAre("web: old, exited, no"));
}

TEST(RollBack, what_is_finished_rests) {
    World world({container(old_id, "web", running)});
    EXPECT_THAT(world.run(Goal::roll_back), IsEmpty());
}

TEST(RollBack, an_old_one_that_nobody_here_touched_is_not_started) {
    World world({container(old_id, "web", exited)});
    EXPECT_THAT(world.run(Goal::roll_back), IsEmpty());
}

TEST(RollBack, where_the_old_one_is_gone_the_new_one_is_kept_and_runs) {
    World world({container(new_id, fresh, created)});
    EXPECT_THAT(world.run(Goal::roll_back), ElementsAre("rename " + fresh + " to web", "start web"));
    EXPECT_THAT(world.there(), ElementsAre("web: new, running, no"));
}

TEST(RollBack, where_the_new_one_is_gone_the_old_one_comes_back) {
    World world({container(old_id, parked, exited)});
    EXPECT_THAT(world.run(Goal::roll_back), ElementsAre("rename " + parked + " to web", "start web"));
}

// ---- a dependant ----------------------------------------------------------------------------------------------------

TEST(Renew, a_dependant_is_made_anew_before_it_is_stopped) {
    World world({container(old_id, "web", running, "always")});
    EXPECT_THAT(world.run(Goal::renew, {}, old_id, ""),
                ElementsAre("create " + fresh, "take the restart policy of web away", "stop web",
                            "rename web to " + parked, "rename " + fresh + " to web", "start web",
                            "look after what depends on " + parked, "remove " + parked));
    EXPECT_THAT(world.there(), ElementsAre("web: new, running, always"));
}

TEST(Renew, one_that_did_not_run_is_made_anew_and_not_started) {
    Progress progress;
    progress.was_up = false;
    World world({container(old_id, "web", exited)});
    world.run(Goal::renew, progress, old_id, "");
    EXPECT_THAT(world.there(), ElementsAre("web: new, created, always"));
}

// ---- all of it ------------------------------------------------------------------------------------------------------

/// Nobody, or this container under each of the names in each of the states.
std::vector<std::vector<Look>> nobody_or(const std::string& id, const std::vector<std::string>& names,
                                         const std::vector<ContainerStatus>& states, const std::string& policy) {
    std::vector<std::vector<Look>> all{{}};
    for (const auto& name : names) {
        for (const auto state : states) all.push_back({container(id, name, state, policy)});
    }
    return all;
}

std::string in_words(const std::vector<Look>& looks) {
    std::string text;
    for (const auto& look : looks) text += look.view.name + " " + word(look.view.status) + ", ";
    return text;
}

void comes_to_rest(const std::vector<Look>& old_one, const std::vector<Look>& new_one, Goal goal) {
    std::vector<Look> looks = old_one;
    looks.insert(looks.end(), new_one.begin(), new_one.end());
    SCOPED_TRACE(in_words(looks));
    World world(looks);
    const auto steps = world.run(goal);
    ASSERT_EQ(world.there().size(), 1U);
    EXPECT_TRUE(world.there()[0].starts_with("web: ")) << world.there()[0];
    const bool old_stays = new_one.empty() || (goal == Goal::roll_back && !old_one.empty());
    EXPECT_TRUE(world.there()[0].starts_with(old_stays ? "web: old" : "web: new"));
    EXPECT_LT(steps.size(), 10U);
    EXPECT_THAT(world.run(goal), IsEmpty());
}

// Who is there under which name, in which state: from each of them each goal comes to rest, with one container under
// the name and nothing beside it.
TEST(EverySituation, comes_to_rest_with_one_container_under_the_name) {
    for (const auto& old_one : nobody_or(old_id, {"web", parked}, {running, exited}, "no")) {
        for (const auto& new_one : nobody_or(new_id, {"web", fresh}, {running, exited, created}, "always")) {
            const bool nobody = old_one.empty() && new_one.empty();
            const bool same_name = !old_one.empty() && !new_one.empty() && old_one[0].view.name == new_one[0].view.name;
            if (nobody || same_name) continue;
            comes_to_rest(old_one, new_one, Goal::commit);
            comes_to_rest(old_one, new_one, Goal::roll_back);
        }
    }
}

// A step that fails each time is not the last one.
TEST(EverySituation, comes_to_rest_when_every_step_is_in_vain) {
    for (const auto goal : {Goal::commit, Goal::roll_back, Goal::renew}) {
        for (const auto& [old_name, new_name] :
             {std::pair{parked, std::string{"web"}}, {std::string{"web"}, fresh}, {parked, fresh}}) {
            const std::vector<Look> looks{container(old_id, old_name, running, "always"),
                                          container(new_id, new_name, running, "no")};
            Progress progress;
            progress.aliases_missing = true;
            int steps = 0;
            for (Step step; steps < 30; ++steps) {
                step = next_step(situation("web", looks, old_id, new_id), goal, progress);
                if (step.move == Move::rest) break;
                ++progress.passed[step];
            }
            EXPECT_LT(steps, 20);
        }
    }
}

}  // namespace
}  // namespace keepwell::runtime::docker
