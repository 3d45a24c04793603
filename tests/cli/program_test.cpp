// The `keepwell` program as a shell sees it: arguments, exit codes, stdout and stderr. No keepwell runs here.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include "support/folder.hpp"

namespace keepwell::cli {
namespace {

using testing::add_content;
using testing::content_of;
using testing::Folder;

struct Done {
    int code = -1;
    std::string out;
    std::string err;
};

struct ProgramTest : ::testing::Test {
    Done run(const std::string& arguments) {
        const std::string command = "cd " + folder.path() + " && KEEPWELL_SOCKET=" + (folder / "k.sock") +
                                    " " KEEPWELL_PROGRAM " " + arguments + " 2>" + (folder / "err");
        Done done;
        std::FILE* pipe = ::popen(command.c_str(), "r");
        std::array<char, 4096> bytes{};
        for (std::size_t got = 0; (got = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
            done.out.append(bytes.data(), got);
        }
        done.code = WEXITSTATUS(::pclose(pipe));
        done.err = content_of(folder / "err");
        return done;
    }

    Folder folder;
};

TEST_F(ProgramTest, without_a_command_shows_help_and_ends_with_2) {
    const Done done = run("");
    EXPECT_EQ(done.code, 2);
    EXPECT_EQ(done.out, "");
    EXPECT_NE(done.err.find("Examples:\n  keepwell run policy.yaml"), std::string::npos);
}

TEST_F(ProgramTest, help_is_on_stdout_and_has_examples_first) {
    for (const char* command : {"", "run", "check", "test", "status", "events", "explain", "start", "stop", "restart",
                                "pause", "resume", "reset", "logs", "ping", "schema", "version"}) {
        const Done done = run(std::string{command} + " --help");
        EXPECT_EQ(done.code, 0) << command;
        EXPECT_EQ(done.err, "") << command;
        EXPECT_LT(done.out.find("Examples:"), done.out.find("Usage:")) << command << done.out;
    }
}

TEST_F(ProgramTest, mistyped_command_is_suggested) {
    const Done done = run("statsu");
    EXPECT_EQ(done.code, 2);
    EXPECT_EQ(done.err,
              "keepwell: there is no command `statsu`; did you mean `status`?\nkeepwell: see `keepwell --help`\n");
}

TEST_F(ProgramTest, mistyped_option_is_suggested) {
    const Done done = run("run policy.yaml --dryrun");
    EXPECT_EQ(done.code, 2);
    EXPECT_EQ(done.err,
              "keepwell: not expected: `--dryrun`; did you mean `--dry-run`?\nkeepwell: see `keepwell run --help`\n");
}

TEST_F(ProgramTest, option_before_its_command_is_told_where_it_stands) {
    EXPECT_EQ(run("--socket x status").err,
              "keepwell: `--socket` stands after its command: `keepwell status --socket`\n"
              "keepwell: see `keepwell status --help`\n");
    EXPECT_EQ(run("-o json status").code, 2);
    EXPECT_EQ(run("--verion").err,
              "keepwell: not expected: `--verion`; did you mean `--version`?\nkeepwell: see `keepwell --help`\n");
}

TEST_F(ProgramTest, wrong_values_end_with_2) {
    EXPECT_EQ(run("logs api -n some").err,
              "keepwell: `some` is not a number of lines\nkeepwell: see `keepwell logs --help`\n");
    EXPECT_EQ(run("logs api -n -1").code, 2);
    EXPECT_EQ(run("explain api --journal x --incident first").code, 2);
    EXPECT_EQ(run("status -o yaml").err,
              "keepwell: --output wants json|text, not `yaml`\nkeepwell: see `keepwell status --help`\n");
    EXPECT_EQ(run("stop api --timeout 5").code, 2);
    EXPECT_EQ(run("stop").code, 2);
    EXPECT_EQ(run("stop api --all").code, 2);
    EXPECT_EQ(run("replace --all").code, 2);
    EXPECT_EQ(run("pause").code, 2);
    EXPECT_EQ(run("pause api --all").code, 2);
    EXPECT_EQ(run("events --since yesterday").code, 2);
    EXPECT_EQ(run("events -f --journal x").code, 2);
    EXPECT_EQ(run("ping").code, 2);
    EXPECT_EQ(run("ping gopher://x").code, 2);
    EXPECT_EQ(run("run").code, 2);
}

TEST_F(ProgramTest, without_a_keepwell_ends_with_5) {
    for (const char* command : {"status", "events", "explain api", "stop api", "stop a b", "pause --all", "logs api"}) {
        const Done done = run(command);
        EXPECT_EQ(done.code, 5) << command;
        EXPECT_EQ(done.out, "") << command;
        EXPECT_NE(done.err.find("no keepwell is running on " + (folder / "k.sock")), std::string::npos) << done.err;
    }
}

TEST_F(ProgramTest, version_is_told) {
    const Done text = run("version");
    EXPECT_EQ(text.code, 0);
    EXPECT_EQ(text.out.substr(0, 9), "keepwell ");
    EXPECT_EQ(run("--version").out, text.out);
    EXPECT_EQ(run("version -o json").out.substr(0, 33), "{\"api\":\"keepwell/v1\",\"version\":\"0");
}

TEST_F(ProgramTest, schemas_of_tests_and_of_scripts_are_others) {
    const std::string of_policies = run("schema").out;
    const std::string of_tests = run("schema --tests").out;
    const std::string of_scripts = run("schema --scripts").out;
    EXPECT_NE(of_tests.find("\"keepwell policy test\""), std::string::npos);
    EXPECT_NE(of_scripts.find("\"keepwell script\""), std::string::npos);
    EXPECT_EQ(of_policies.find("\"from_now\""), std::string::npos);
}

TEST_F(ProgramTest, schema_is_json) {
    const Done done = run("schema");
    EXPECT_EQ(done.code, 0);
    EXPECT_EQ(run("schema -o json").out, done.out);
    EXPECT_EQ(done.out.front(), '{');
    EXPECT_NE(done.out.find("\"healthcheck\""), std::string::npos);
}

TEST_F(ProgramTest, check_sums_up_a_good_policy) {
    add_content(folder / "p.yaml",
                "services:\n  a: {command: [sleep, '1'], deploy: {replicas: 2}}\n  b: {command: [sleep, '1']}\n");
    const Done done = run("check p.yaml");
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    EXPECT_EQ(done.out, "p.yaml: 2 services, 3 targets: ok\n");
    EXPECT_EQ(run("check p.yaml -o json").out, "{\"ok\":true,\"services\":2,\"targets\":3,\"diagnostics\":[]}\n");
}

TEST_F(ProgramTest, check_reads_standard_input) {
    add_content(folder / "p.yaml", "services: {a: {command: [sleep, '1']}}\n");
    EXPECT_EQ(run("check - < p.yaml").out, "/dev/stdin: 1 service, 1 target: ok\n");
}

TEST_F(ProgramTest, check_shows_every_mistake_in_three_ways) {
    add_content(folder / "p.yaml", "services:\n  a: {comand: [sleep, '1']}\n");
    const Done text = run("check p.yaml");
    EXPECT_EQ(text.code, 2);
    EXPECT_NE(text.out.find("p.yaml:2:7: error: unknown key `comand`"), std::string::npos) << text.out;
    EXPECT_NE(run("check p.yaml -o github").out.find("::error file=p.yaml,line=2,col=7::unknown key `comand`"),
              std::string::npos);
    EXPECT_NE(
        run("check p.yaml -o json").out.find("{\"severity\":\"error\",\"file\":\"p.yaml\",\"line\":2,\"column\":7,"),
        std::string::npos);
}

TEST_F(ProgramTest, test_tells_failures_and_mistakes_apart_and_annotates_a_pull_request) {
    add_content(folder / "p.yaml", "services:\n  a: {command: a}\n");
    const std::string head = "policies: p.yaml\ntests:\n  - name: a crashes\n    for: 1m\n    remedies: {a: []}\n";
    add_content(folder / "never.test.yaml", head + "    events: [{at: 3s after a unhealthy, a: exit 1}]\n");
    add_content(folder / "late.test.yaml", head + "    events: [{at: 5m, a: exit 1}]\n");
    const Done failed = run("test never.test.yaml -o github");
    EXPECT_EQ(failed.code, 1) << failed.err;
    EXPECT_EQ(failed.out.substr(0, failed.out.find("%0A")),
              "::error file=never.test.yaml,line=6,col=19::a crashes: this moment never comes: `a unhealthy` was not "
              "seen, and the event did not happen");
    const Done mistaken = run("test late.test.yaml");
    EXPECT_EQ(mistaken.code, 2) << mistaken.err;
    EXPECT_NE(mistaken.out.find("late.test.yaml:6:19: error: this moment is after the end"), std::string::npos)
        << mistaken.out;
    EXPECT_EQ(mistaken.out.find("0 tests"), std::string::npos) << mistaken.out;
}

TEST_F(ProgramTest, run_with_a_bad_policy_says_why_and_touches_nothing) {
    add_content(folder / "p.yaml", "services:\n  a: {comand: [sleep, '1']}\n");
    const Done done = run("run p.yaml --journal state");
    EXPECT_EQ(done.code, 2);
    EXPECT_EQ(done.out, "");
    EXPECT_NE(done.err.find("did you mean `command`?"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(folder / "state"));
    EXPECT_FALSE(std::filesystem::exists(folder / "k.sock"));
}

TEST_F(ProgramTest, output_that_nobody_reads_is_no_crash) {
    const Done done = run("schema | true");
    EXPECT_EQ(done.code, 0);
}

TEST_F(ProgramTest, output_that_finds_no_room_is_told_and_ends_with_1) {
    const Done done = run("version > /dev/full");
    EXPECT_EQ(done.code, 1);
    EXPECT_EQ(done.err, "keepwell: what is told can not be written: No space left on device\n");
    EXPECT_EQ(run("ping tcp://127.0.0.1:1 > /dev/full").code, 1);
}

TEST_F(ProgramTest, man_page_has_every_command_and_option) {
    std::string plain;
    for (const char c : content_of(KEEPWELL_MAN_PAGE)) {
        if (c != '\\') plain += c;
    }
    std::istringstream top{run("--help").out};
    bool in_commands = false;
    for (std::string line; std::getline(top, line);) {
        if (in_commands && line.substr(0, 2) == "  ") {
            const std::string command = line.substr(2, line.find(' ', 2) - 2);
            EXPECT_NE(plain.find(command), std::string::npos) << command;
            std::istringstream help{run(command + " --help").out};
            for (std::string word; help >> word;) {
                if (word.substr(0, 2) == "--" && word.size() > 3) {
                    word = word.substr(0, word.find_first_of(",.)`="));
                    EXPECT_NE(plain.find(word), std::string::npos) << command << " " << word;
                }
            }
        }
        if (line == "Subcommands:") in_commands = true;
    }
    EXPECT_TRUE(in_commands);
}

struct PlanCommand : ProgramTest {
    /// What `keepwell plan` says of two policies, without its last line.
    std::string plan_of(const std::string& before, const std::string& after) {
        std::ofstream{folder / "before.yaml"} << before;
        std::ofstream{folder / "after.yaml"} << after;
        const std::string told = run("plan --from before.yaml after.yaml").out;
        return told.substr(0, told.find(" (plan "));
    }
};

TEST_F(PlanCommand, tells_what_becomes_of_replicas_by_what_they_were) {
    EXPECT_EQ(plan_of("services: {a: {command: run, deploy: {replicas: 2}}}\n",
                      "services: {a: {command: run, deploy: {replicas: 0}}}\n"),
              "~ a\n"
              "    - a.1, a.2: stopped\n"
              "0 to add, 1 to change, 0 to remove");
    EXPECT_NE(run("plan --from before.yaml after.yaml -o json").out.find("\"kind\":\"process\""), std::string::npos);
    EXPECT_EQ(plan_of("services: {a: {image: i}}\n", "services: {a: {image: i, deploy: {replicas: 0}}}\n"),
              "~ a\n"
              "    - a: stopped and removed\n"
              "0 to add, 1 to change, 0 to remove");
    const std::string exchanged =
        plan_of("services: {a: {command: run, deploy: {replicas: 2}}}\n", "services: {a: {container: c}}\n");
    EXPECT_NE(exchanged.find("    - a.2: stopped\n"), std::string::npos) << exchanged;
}

TEST_F(PlanCommand, tells_of_a_service_without_replicas_that_nothing_becomes_of_it) {
    const std::string none = "services: {b: {command: run}, a: {command: run, deploy: {replicas: 0}}}\n";
    EXPECT_EQ(plan_of("services: {b: {command: run}}\n", none),
              "+ a  added: it has no replicas  after.yaml:1\n"
              "1 to add, 0 to change, 0 to remove");
    EXPECT_EQ(plan_of(none, "services: {b: {command: run}}\n"),
              "- a  removed: it has no replicas\n"
              "0 to add, 0 to change, 1 to remove");
}

TEST_F(PlanCommand, counts_what_changes_of_the_host) {
    const std::string quiet =
        plan_of("mode: dry-run\nservices: {a: {command: run}}\n", "mode: enforce\nservices: {a: {command: run}}\n");
    EXPECT_NE(quiet.find("\n0 to add, the host to change, 0 to remove"), std::string::npos) << quiet;
    const std::string both = plan_of("mode: dry-run\nservices: {a: {command: run}}\n",
                                     "mode: enforce\nservices: {a: {command: run, deploy: {replicas: 2}}}\n");
    EXPECT_NE(both.find("\n0 to add, the host and 1 to change, 0 to remove"), std::string::npos) << both;
}

TEST_F(PlanCommand, ends_with_1_for_whatever_is_wrong_where_2_would_mean_changes) {
    plan_of("services: {a: {command: run}}\n", "services: {a: {command: go}}\n");
    EXPECT_EQ(run("plan --from before.yaml after.yaml --exit-code").code, 2);
    EXPECT_EQ(run("plan --from before.yaml after.yaml --exit-code --sockt x").code, 1);
    EXPECT_EQ(run("plan --exit-code --from before.yaml ''").code, 1);
    EXPECT_EQ(run("plan --sockt x").code, 2);
    EXPECT_EQ(run("check --exit-code before.yaml").code, 2) << "no other command has that option";
    for (const char* command : {"plan ''", "reload ''", "check ''"}) {
        EXPECT_NE(run(command).err.find("the name of a file is empty"), std::string::npos) << run(command).err;
    }
}

struct TestCommand : ProgramTest {
    TestCommand() {
        std::ofstream{folder / "shop.yaml"} << "services:\n  web: {command: web, healthcheck: {tcp: \"a:1\"}}\n";
        std::ofstream{folder / "shop.test.yaml"}
            << "policies: [shop.yaml]\n"
               "tests:\n"
               "  - {name: all is well, remedies: {web: []}}\n"
               "  - {name: nothing helps, targets: {web: ok fail}, remedies: {web: []}}\n";
        std::ofstream{folder / "broken.test.yaml"} << "policies: [shop.yaml]\ntests: [{nam: a, remedies: {}}]\n";
    }
};

TEST_F(TestCommand, ends_with_0_when_all_pass_with_1_when_one_fails_and_with_2_when_a_file_is_not_valid) {
    EXPECT_EQ(run("test shop.test.yaml --run well").code, 0);
    EXPECT_EQ(run("test shop.test.yaml --run 'all*'").code, 0);
    EXPECT_EQ(run("test shop.test.yaml").code, 1);
    EXPECT_EQ(run("test .").code, 2);
    EXPECT_EQ(run("test broken.test.yaml").out.substr(0, 72),
              "broken.test.yaml:2:10: error: unknown key `nam` in a test; did you mean ");
}

TEST_F(TestCommand, says_when_no_test_has_the_name) {
    const Done done = run("test shop.test.yaml --run sick");
    EXPECT_EQ(done.code, 2);
    EXPECT_EQ(done.err, "keepwell: no test has this name: sick\n");
}

TEST_F(TestCommand, writes_junit_beside_what_it_prints) {
    EXPECT_EQ(run("test shop.test.yaml --junit results.xml").code, 1);
    const std::string xml = content_of(folder / "results.xml");
    EXPECT_NE(xml.find("<testsuite name=\"shop.test.yaml\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0."),
              std::string::npos)
        << xml;
    EXPECT_EQ(run("test shop.test.yaml --junit no/such/folder.xml").err, "keepwell: cannot write no/such/folder.xml\n");
}

TEST_F(TestCommand, fails_for_what_no_test_reaches_when_it_is_asked_to) {
    std::ofstream{folder / "well.test.yaml"} << "policies: [shop.yaml]\n"
                                                "tests: [{name: all is well, remedies: {web: []}}]\n";
    EXPECT_EQ(run("test well.test.yaml").code, 0);
    const Done done = run("test well.test.yaml --check-coverage");
    EXPECT_EQ(done.code, 1);
    EXPECT_EQ(done.err, "keepwell: tests leave something unreached\n");
    std::ofstream{folder / "sick.test.yaml"} << "policies: [shop.yaml]\n"
                                                "tests: [{name: a, targets: {web: fail}, expect: [{at: 10m, web: "
                                                "incident}]}]\n";
    EXPECT_EQ(run("test sick.test.yaml --check-coverage").code, 0) << run("test sick.test.yaml").out;
}

TEST_F(TestCommand, takes_a_seed_and_nothing_else_for_one) {
    EXPECT_EQ(run("test shop.test.yaml --run well --seed 7").code, 0);
    for (const char* wrong : {"-1", "seven", "7x", "99999999999999999999"}) {
        const Done done = run(std::string{"test shop.test.yaml --seed="} + wrong);
        EXPECT_EQ(done.code, 2) << wrong;
        EXPECT_NE(done.err.find("is not a seed such as 7"), std::string::npos) << done.err;
    }
}

struct SimulateCommand : ProgramTest {
    SimulateCommand() {
        std::ofstream{folder / "shop.yaml"}
            << "services:\n  web: {command: web, healthcheck: {tcp: \"a:1\", interval: 5s}, on_unhealthy: [restart]}\n";
        std::ofstream{folder / "script.yaml"} << "for: 1m\nevents: [{at: 10s, web: exit 1}]\n";
        std::ofstream{folder / "broken.yaml"} << "events: [{at: 10s, wbe: exit 1}]\n";
    }
};

TEST_F(SimulateCommand, tells_the_story_of_a_script_as_text_as_lines_and_as_a_picture) {
    const std::string of = "simulate shop.yaml --script script.yaml";
    const std::string told = run(of).out;
    EXPECT_NE(told.find("     10s web       pid 1000 ended: exit code 1"), std::string::npos) << told;
    EXPECT_NE(told.find("\n\nat the end, after 1m0s:\nTARGET "), std::string::npos) << told;
    EXPECT_NE(told.find("\nweb     process  running  healthy "), std::string::npos) << told;
    EXPECT_NE(run(of + " -o jsonl").out.find("\"type\":\"remedy.started\""), std::string::npos);
    const std::string document = run(of + " -o json").out;
    EXPECT_TRUE(document.starts_with("{\"api\":\"keepwell/v1\",\"played_ms\":60000,\"events\":[\n{\"seq\":"))
        << document;
    EXPECT_TRUE(document.ends_with("}\n]}\n")) << document;
    EXPECT_NE(document.find("},\n{\"seq\":"), std::string::npos) << document;
    const Done drawn = run(of + " -o svg");
    EXPECT_EQ(drawn.code, 0);
    EXPECT_EQ(drawn.out.substr(0, 5), "<svg ");
}

TEST_F(SimulateCommand, warns_of_an_event_that_did_not_happen_and_tells_the_story_all_the_same) {
    std::ofstream{folder / "never.yaml"} << "for: 1m\n"
                                            "events:\n"
                                            "  - {at: 3s after web quarantined, web: exit 1}\n"
                                            "  - {at: 5m, web: exit 1}\n"
                                            "  - {at: 3s after web healthy, web: exit 1}\n"
                                            "  - {at: 50s, web: [stop, exit 1]}\n"
                                            "  - {at: 55s, web: exit 2}\n";
    const Done done = run("simulate shop.yaml --script never.yaml");
    EXPECT_EQ(done.code, 0);
    EXPECT_NE(done.out.find("ended: exit code 1"), std::string::npos) << done.out;
    EXPECT_EQ(
        done.err,
        "never.yaml:3:10: warning: this moment never comes: `web quarantined` was not seen, and the event did not "
        "happen\n"
        "    3 |   - {at: 3s after web quarantined, web: exit 1}\n"
        "      |          ^~~~~~~~~~~~~~~~~~~~~~~~\n"
        "never.yaml:4:10: warning: this moment, 5m0s, is after the end of what is played, 1m0s; a longer `for` is "
        "needed, and the event did not happen\n"
        "    4 |   - {at: 5m, web: exit 1}\n"
        "      |          ^~\n"
        "never.yaml:7:20: warning: nothing of web was running at 55s, and the event did not happen\n"
        "    7 |   - {at: 55s, web: exit 2}\n"
        "      |                    ^~~~~~\n");
}

TEST_F(SimulateCommand, tells_the_same_of_one_seed_again_and_something_else_of_another) {
    const std::string of = "simulate shop.yaml --chaos --for 10d --seed ";
    const std::string first = run(of + "1").out;
    EXPECT_NE(first.find("availability"), std::string::npos) << first;
    EXPECT_EQ(first, run(of + "1").out);
    EXPECT_NE(first, run(of + "2").out);
}

TEST_F(SimulateCommand, refuses_what_it_can_not_draw_and_what_is_too_long) {
    const Done compared = run("simulate shop.yaml --chaos --compare shop.yaml -o svg");
    EXPECT_EQ(compared.code, 2);
    EXPECT_EQ(compared.err, "keepwell: --compare sets figures side by side: -o text or -o json\n");
    const Done endless = run("simulate shop.yaml --chaos --for 10000d");
    EXPECT_EQ(endless.code, 2);
    EXPECT_NE(endless.err.find("--for 10000d is too long"), std::string::npos) << endless.err;
}

TEST_F(SimulateCommand, shows_two_policies_that_are_the_same_as_equal) {
    const std::string json = run("simulate shop.yaml --chaos --for 5d --compare shop.yaml -o json").out;
    const std::string begin = "{\"policy\":\"shop.yaml\"";
    const std::size_t first = json.find(begin);
    const std::size_t second = json.find(begin, first + 1);
    ASSERT_NE(second, std::string::npos) << json;
    const std::string figures = json.substr(first, second - first - 1);
    EXPECT_EQ(json.substr(second, figures.size()), figures);
}

TEST_F(SimulateCommand, counts_one_seed_the_same_beside_a_policy_with_more_targets) {
    std::ofstream{folder / "more.yaml"} << "services: {web: {command: web}, worker: {command: worker}}\n";
    const auto drawn_of = [](const std::string& json) {
        const std::size_t begin = json.find("\"drawn\":");
        return begin == std::string::npos ? std::string{} : json.substr(begin, json.find('}', begin) - begin);
    };
    const std::string alone = drawn_of(run("simulate shop.yaml --chaos -o json").out);
    EXPECT_NE(alone.find("\"slow_starts\":"), std::string::npos) << alone;
    EXPECT_EQ(drawn_of(run("simulate shop.yaml --chaos --compare more.yaml -o json").out), alone);
}

TEST_F(SimulateCommand, says_where_nothing_can_notice_a_hang) {
    std::ofstream{folder / "blind.yaml"} << "services: {worker: {command: worker}}\n";
    const std::string text = run("simulate blind.yaml --chaos").out;
    EXPECT_TRUE(
        text.ends_with("\nblind.yaml: worker has no healthcheck: a hang is never noticed, and lasts until "
                       "something else ends it\n"))
        << text;
    EXPECT_EQ(run("simulate shop.yaml --chaos").out.find("no healthcheck"), std::string::npos);
}

TEST_F(SimulateCommand, leaves_out_a_heading_with_nothing_under_it) {
    const std::string quiet = run("simulate shop.yaml --chaos --crashes 0 --hangs 0 --outages 0 --slow-starts 0").out;
    EXPECT_NE(quiet.find("100.000 %"), std::string::npos) << quiet;
    EXPECT_EQ(quiet.find("remedies"), std::string::npos) << quiet;
    EXPECT_EQ(quiet.find("held back"), std::string::npos) << quiet;
}

TEST_F(SimulateCommand, keeps_a_journal_that_is_explained_and_decided_again) {
    EXPECT_EQ(run("simulate shop.yaml --script script.yaml --journal past").code, 0);
    const Done before = run("explain web --journal past --at +9s");
    EXPECT_EQ(before.code, 0) << before.err;
    EXPECT_NE(before.out.find("web at 1970-01-01T00:00:09.000Z\n  It runs as pid 1000 and is healthy"),
              std::string::npos)
        << before.out;
    EXPECT_EQ(run("explain wbe --journal past").err,
              "keepwell: no target or service was called `wbe` then; did you mean `web`?\n");
    const Done then = run("explain web --journal past --at +10001ms");
    EXPECT_NE(then.out.find("Its last instance ended: exit code 1.\n"), std::string::npos) << then.out;
    EXPECT_NE(then.out.find("Incident 1 is open: it ended by itself."), std::string::npos) << then.out;
    const Done incident = run("explain web --journal past --incident 1");
    EXPECT_EQ(incident.out.find("Incident 1 is of"), std::string::npos) << incident.out;
    EXPECT_EQ(then.out, run("explain web --journal past --at 1970-01-01T00:00:10.001Z").out);
    const Done again = run("replay past");
    EXPECT_EQ(again.code, 0) << again.out;
    EXPECT_NE(again.out.find("  decided again: records 1 to "), std::string::npos) << again.out;
    EXPECT_EQ(run("simulate shop.yaml --script script.yaml --journal past").code, 2);
    EXPECT_NE(run("explain web --journal past --at +5h").out.find("The journal ends at 1970-01-01T00:"),
              std::string::npos);
    EXPECT_EQ(before.out.find("The journal ends"), std::string::npos);
    EXPECT_EQ(run("explain web --journal past --at +soon").code, 2);
    EXPECT_EQ(run("explain web --journal past --at ''").code, 2);
    const Done none = run("explain web --journal past --incident 0");
    EXPECT_EQ(none.code, 1);
    EXPECT_EQ(none.err, "keepwell: the journal has no incident 0\n");
}

TEST_F(SimulateCommand, is_told_where_a_journal_is_that_only_a_dry_run_has_kept) {
    EXPECT_EQ(run("simulate shop.yaml --script script.yaml --journal past/dry-run").code, 0);
    for (const char* command : {"replay past", "events --journal past", "explain web --journal past"}) {
        const Done done = run(command);
        EXPECT_EQ(done.code, 1);
        EXPECT_EQ(done.err, "keepwell: there is no journal in past; that of a dry run is in past/dry-run\n");
    }
    EXPECT_EQ(run("replay past/dry-run").code, 0);
    EXPECT_EQ(run("replay nowhere").err, "keepwell: there is no journal in nowhere\n");
}

TEST_F(SimulateCommand, keeps_a_journal_of_chaos_beside_its_outcome) {
    const Done chaos = run("simulate shop.yaml --chaos --for 1d --crashes 1/1h --journal past");
    EXPECT_NE(chaos.out.find("availability"), std::string::npos) << chaos.err;
    EXPECT_EQ(run("replay past").code, 0);
    EXPECT_EQ(run("simulate shop.yaml --chaos --compare shop.yaml --journal other").code, 2);
}

TEST_F(SimulateCommand, ends_with_2_when_it_is_not_told_what_to_play_or_that_is_not_valid) {
    EXPECT_EQ(run("simulate shop.yaml").code, 2);
    EXPECT_EQ(run("simulate shop.yaml --script script.yaml --chaos").code, 2);
    EXPECT_EQ(run("simulate shop.yaml --script script.yaml --seed 3").code, 2);
    EXPECT_EQ(run("simulate shop.yaml --chaos --crashes often").code, 2);
    const Done broken = run("simulate shop.yaml --script broken.yaml");
    EXPECT_EQ(broken.code, 2);
    EXPECT_EQ(broken.err.substr(0, 25), "broken.yaml:1:20: error: ");
}

}  // namespace
}  // namespace keepwell::cli
