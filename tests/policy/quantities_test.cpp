// The small grammars: durations, sizes, times of day, words, variables, templates, addresses.
#include <gtest/gtest.h>

#include "policy/document/interpolate.hpp"
#include "policy/document/text.hpp"
#include "policy/values/probe_address.hpp"
#include "policy/values/quantities.hpp"
#include "policy/values/templates.hpp"
#include "policy/values/words.hpp"

namespace keepwell::policy {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST(Durations, of_compose_are_read) {
    EXPECT_EQ(parse_duration("1h5m30s20ms").value(), 1h + 5min + 30s + 20ms);
    EXPECT_EQ(parse_duration("1.5h").value(), 90min);
    EXPECT_EQ(parse_duration(".5s").value(), 500ms);
    EXPECT_EQ(parse_duration("10us").value(), 10us);
    EXPECT_EQ(parse_duration("10µs").value(), 10us);
    EXPECT_EQ(parse_duration("7ns").value(), 7ns);
    EXPECT_EQ(parse_duration("2d").value(), 48h);
    EXPECT_EQ(parse_duration("1w").value(), 168h);
    EXPECT_EQ(parse_duration("0").value(), 0s);
    EXPECT_EQ(parse_duration("+3s").value(), 3s);
    EXPECT_EQ(parse_duration("0.1s").value(), 100ms);
    EXPECT_EQ(parse_duration("3660d").value(), longest_duration);
}

TEST(Durations, that_are_none_are_refused) {
    for (const auto* text : {"", "s", "-1s", "1", "1s2", "5 s", "1e3s", "..s", "9999999999999999999999999w", "1S"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
    EXPECT_EQ(parse_duration("30").error(), "missing unit; did you mean `30s`?");
}

TEST(Sizes, of_compose_are_read) {
    EXPECT_EQ(parse_size("10MB").value(), 10U * 1024 * 1024);
    EXPECT_EQ(parse_size("64k").value(), 65536U);
    EXPECT_EQ(parse_size("1.5kb").value(), 1536U);
    EXPECT_EQ(parse_size("2g").value(), 2147483648U);
    EXPECT_EQ(parse_size("4096b").value(), 4096U);
    EXPECT_EQ(parse_size("4096").value(), 4096U);
    EXPECT_FALSE(parse_size("10 mb"));
    EXPECT_FALSE(parse_size("mb"));
    EXPECT_FALSE(parse_size("99999999999999999999gb"));
}

TEST(TimesOfDay, are_read) {
    EXPECT_EQ(parse_time_of_day("22:30").value(), 22h + 30min);
    EXPECT_EQ(parse_time_of_day("7:05").value(), 7h + 5min);
    EXPECT_EQ(parse_time_of_day("24:00").value(), 24h);
    for (const auto* text : {"24:01", "22", "22:60", "22:5", "a:00", "022:00", ":30", ""}) {
        EXPECT_FALSE(parse_time_of_day(text)) << text;
    }
}

TEST(CommandWords, are_split_at_blanks) { EXPECT_EQ(split_words(" a  b\tc\n").value(), (Words{"a", "b", "c"})); }

TEST(CommandWords, quotes_keep_blanks_and_operators) {
    EXPECT_EQ(split_words(R"(sh -c 'a && b' "c d" e\ f '' "x\"y")").value(),
              (Words{"sh", "-c", "a && b", "c d", "e f", "", "x\"y"}));
    EXPECT_EQ(split_words(R"(a'b'"c"d)").value(), (Words{"abcd"}));
    EXPECT_EQ(split_words(R"('a\b')").value(), (Words{"a\\b"}));
}

TEST(CommandWords, of_a_shell_are_refused) {
    for (const auto* text : {"a && b", "a | b", "a > b", "a < b", "a; b", "a 'b", "a \\"}) {
        EXPECT_FALSE(split_words(text)) << text;
    }
}

std::optional<std::string> some_variables(std::string_view name) {
    if (name == "SET") return "value";
    if (name == "EMPTY") return "";
    return std::nullopt;
}

TEST(Interpolation, has_every_form_of_compose) {
    const std::pair<const char*, const char*> cases[] = {
        {"$SET", "value"},
        {"a${SET}b", "avalueb"},
        {"$SET-x", "value-x"},
        {"${SET:-d}", "value"},
        {"${EMPTY:-d}", "d"},
        {"${EMPTY-d}", ""},
        {"${UNSET-d}", "d"},
        {"${UNSET:-}", ""},
        {"${SET:?no}", "value"},
        {"${SET?no}", "value"},
        {"${EMPTY?no}", ""},
        {"${SET:+x}", "x"},
        {"${EMPTY:+x}", ""},
        {"${EMPTY+x}", "x"},
        {"${UNSET+x}", ""},
        {"${UNSET:-${SET}}", "value"},
        {"${UNSET:-a${UNSET:-b}c}", "abc"},
        {"${SET:-${UNSET}}", "value"},
        {"$$SET $${SET}", "$SET ${SET}"},
        {"${UNSET:-$$}", "$"},
        {"plain", "plain"},
        {"", ""},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(interpolate(text, some_variables).value(), expected) << text;
}

TEST(Interpolation, never_turns_a_mistake_into_nothing) {
    for (const auto* text : {"$UNSET", "${UNSET}", "${EMPTY:?no}", "${UNSET?no}", "$", "$1", "${", "${}", "${SET",
                             "${SET:}", "${SET:-", "${SET/x}", "${UNSET:-${UNSET}}"}) {
        EXPECT_FALSE(interpolate(text, some_variables)) << text;
    }
}

TEST(Templates, are_put_in) {
    const TemplateValues values{"api", "api.2", 2};
    EXPECT_EQ(expand_templates("{{.Service.Name}} {{.Task.Name}} {{ .Task.Slot }} {{.Target.Name}}", values).value(),
              "api api.2 2 api.2");
    EXPECT_EQ(expand_templates("{{.Task.Name}}", TemplateValues{"api", "api", 1}).value(), "api.1");
    EXPECT_EQ(expand_templates("{{ {a: {{b}} }}", values).value(), "{{ {a: {{b}} }}") << "no dot: not a template";
    EXPECT_EQ(expand_templates(R"(docker ps --format '{{"{{"}}.Names}}')", values).value(),
              "docker ps --format '{{.Names}}'");
    EXPECT_FALSE(expand_templates("{{.Task}}", values));
}

TEST(Addresses, of_probes_are_checked) {
    for (const auto* url :
         {"http://a", "HTTPS://a.b:65535/x?y=z", "http://[::1]:80/", "http://[fe80::1%eth0]/", "http://1.2.3.4"}) {
        EXPECT_EQ(check_url(url), std::nullopt) << url;
    }
    EXPECT_EQ(parse_tcp("[::1]:80")->host, "::1");
    EXPECT_EQ(parse_tcp("[::1]:80")->port, 80);
    EXPECT_EQ(parse_tcp("db.local:5432")->host, "db.local");
}

TEST(Text, that_a_terminal_would_obey_is_not_shown) {
    EXPECT_EQ(printable("a\x1b[31mb\xff\xc2\x9b"), "a?[31mb??");
    EXPECT_EQ(quote(std::string(100, 'x')), "`" + std::string(60, 'x') + "...`");
    EXPECT_EQ(find_not_text("zażółć\t\r\n"), std::nullopt);
    EXPECT_EQ(find_not_text(std::string_view{"a\0b", 3}), 1U);
    EXPECT_EQ(find_not_text("ab\xc0\xaf"), 2U) << "overlong";
}

}  // namespace
}  // namespace keepwell::policy
