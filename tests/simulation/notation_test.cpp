// The small languages of scripts and tests: what they mean, and what is said about a slip.
#include "simulation/script/notation.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <regex>

#include "simulation/script/notation_patterns.hpp"

namespace keepwell::simulation {
namespace {

template <typename T>
std::string slip(const Read<T>& read) {
    if (read) return "none";
    return std::to_string(read.error().offset) + "+" + std::to_string(read.error().length) + ": " +
           read.error().message;
}

TEST(Notation, a_life_says_how_it_begins_and_ends) {
    const auto lives = read_lives("exit 137 after 10s x2, starts in 2s, ignores stop");
    ASSERT_TRUE(lives) << slip(lives);
    ASSERT_EQ(lives->size(), 2u);
    const Life& life = lives->front();
    EXPECT_EQ(life.exits_after, Duration{10s});
    EXPECT_EQ(life.exit.value, 137);
    EXPECT_EQ(life.starts_in, Duration{2s});
    EXPECT_EQ(life.stops_in, std::nullopt);
}

TEST(Notation, a_signal_that_is_written_as_its_number_is_told_by_its_name) {
    EXPECT_EQ(read_lives("signal 9").error().message, "expected a signal by its name, `KILL`, but this is `9`");
}

TEST(Notation, a_signal_may_be_written_with_or_without_sig) {
    EXPECT_EQ(read_lives("signal SEGV").value()[0].exit.value, SIGSEGV);
    EXPECT_EQ(read_lives("signal SIGSEGV").value()[0].exit.value, SIGSEGV);
}

TEST(Notation, a_moment_is_a_time_or_comes_after_something) {
    EXPECT_EQ(read_moment("1m30s")->length, Duration{90s});
    const auto after = read_moment("3s after redis is held dependency x2");
    ASSERT_TRUE(after) << slip(after);
    EXPECT_EQ(after->length, Duration{3s});
    EXPECT_EQ(after->after_target, "redis");
    EXPECT_EQ(describe(*after->after), "held dependency");
    EXPECT_EQ(after->after_times, 2u);
}

TEST(Notation, a_moment_comes_after_what_a_test_makes_happen_too) {
    for (const char* text :
         {"5s after api.1 exit", "5s after api.1 pause", "5s after api.1 resume", "5s after api.1 reset",
          "5s after api.1 stop", "5s after engine lost", "5s after engine found x2"}) {
        EXPECT_TRUE(read_moment(text)) << text << slip(read_moment(text));
    }
    EXPECT_EQ(read_moment("5s after engine lost")->after_target, "");
    EXPECT_EQ(describe(*read_moment("5s after engine lost")->after), "engine lost");
    EXPECT_TRUE(read_moment("5s after api.1 not healthy")->after_end);
    EXPECT_EQ(
        slip(read_moment("5s after api.1 not restart")),
        "19+7: expected a phase, a health, `incident` or `alert` after `not`: of nothing else the end is seen, but "
        "this is `restart`");
}

TEST(Notation, a_claim_can_be_turned_round) {
    EXPECT_TRUE(read_claim("no restart")->negated);
    EXPECT_TRUE(read_claim("not running")->negated);
    EXPECT_FALSE(read_claim("alert storm")->negated);
}

TEST(Notation, every_word_of_the_page_is_read) {
    for (const WordedSighting& one : worded_sightings()) {
        const auto claim = read_claim(one.words);
        ASSERT_TRUE(claim) << slip(claim);
        EXPECT_EQ(claim->sighting.index(), one.sighting.index());
    }
}

TEST(Notation, a_slip_is_pointed_at_with_what_was_meant) {
    EXPECT_EQ(slip(read_timeline("ok x5 fial x3")),
              "6+4: expected `ok`, `fail`, `timeout`, `error` or `exit N`, but this is `fial`; did you mean `fail`?");
    EXPECT_EQ(slip(read_timeline("")), "0+1: expected answers such as `ok x5 fail x3 ok`, but nothing follows");
    EXPECT_EQ(slip(read_timeline("ok x0")), "3+2: expected `x1` to `x9999999`, but this is `x0`");
    EXPECT_EQ(slip(read_lives("exit 300")), "5+3: expected an exit code from 0 to 255, but this is `300`");
    EXPECT_EQ(slip(read_lives("run, stop in 3s")),
              "5+4: expected `starts in`, `stops in` or `ignores stop`, but this is `stop`; did you mean `stops`?");
    EXPECT_EQ(slip(read_claim("held dependancy")),
              "5+10: expected why it is held, but this is `dependancy`; did you mean `dependency`?");
    EXPECT_EQ(slip(read_moment("3s after redis")),
              "14+1: expected a word for what is seen, such as `running`, `unhealthy` or `restart`, but nothing "
              "follows");
    EXPECT_EQ(slip(read_wall_time("tomorrow")),
              "0+8: expected a day and a time such as `2026-11-28 03:00`, but this is `tomorrow`");
}

/// Of these texts the pattern lets through what is read, and nothing else.
template <typename T>
void expect_same(const std::string& pattern, Read<T> (*read)(std::string_view), const std::vector<const char*>& texts) {
    const std::regex expression{pattern};
    for (const char* const text : texts) {
        const Read<T> value = read(text);
        EXPECT_EQ(std::regex_match(text, expression), value.has_value()) << text << ": " << slip(value);
    }
}

TEST(NotationPatterns, let_through_what_is_read) {
    expect_same(patterns::timeline(), read_timeline,
                {"ok", " ok  x5 fail x3 ", "fail for 2s ok", "ok in 300ms x2 exit 7 error", "", "x5 ok", "ok 5x",
                 "ok x0", "fial", "ok for", "exit", "ok,fail", "ok in 1.5s"});
    expect_same(patterns::lives(), read_lives,
                {"run", "exit 137 after 10s x2, starts in 2s,ignores stop", "signal SIGSEGV x3", "cannot start",
                 "run, stops in 1m30s", "exit 1 exit 2", "signal FOO", "run, stop in 3s", "run after 3s", "cannot"});
    expect_same(patterns::hook(), read_hook, {"exit 1", "signal KILL in 5s", "run", "exit 1 after 5s", "exit"});
    expect_same(patterns::action(), read_action,
                {"exit 1", "signal TERM", "docker rm", "pause", "reset", "docker", "docker kill", "crash", "exit"});
    expect_same(patterns::moment(), read_moment,
                {"90s", "0", "3s after redis unhealthy", "after api.1 is held dependency x2",
                 "1s after host alert storm", "5s after api not healthy", "5s after engine lost", "3s after redis sick",
                 "3s after redis", "10", "-5s", "5s after redis held bugdet"});
    expect_same(patterns::claim(), read_claim,
                {"healthy", "no restart", "not  running", "held", "held dependency", "alert storm", "nothing", "exit",
                 "helthy", "held bugdet", "alert strom", "no no healthy", "", "lost"});
    expect_same(patterns::remedy(), read_remedy, {"restart", "notify", "start", "reboot", ""});
}

}  // namespace
}  // namespace keepwell::simulation
