// The tables of `healthcheck:` and what stands under it. Grammar: Compose's, with `http` and `tcp` beside `test`.
#include <regex.h>

#include <algorithm>

#include "policy/document/text.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/fields/shapes.hpp"
#include "policy/values/probe_address.hpp"

namespace keepwell::policy {
namespace {

constexpr Duration longest_timing = std::chrono::hours{24} * 30;  // keeps retries * (interval + timeout) in range
constexpr std::uint32_t most_retries = 1000;

/// Docker's reading: 0 stands for the default, and what is not 0 is at least a millisecond.
void timing(Decoder& decoder, const Member& member, Duration& into, Duration at_zero) {
    const auto value = decoder.duration(*member.value, longest_timing);
    if (!value) return;
    if (*value > 0s && *value < 1ms) {
        return decoder.error(*member.value, quote(member.key->text) + " is 0 or at least `1ms`");
    }
    into = *value == 0s ? at_zero : *value;
}

void set_probe(HealthDraft& draft, Probe probe) { draft.probe = std::move(probe); }

void decode_url(Decoder& decoder, const Member& member, HttpProbe& probe) {
    const auto url = decoder.address(*member.value, "a URL");
    if (!url) return;
    if (const auto wrong = check_url(*url)) decoder.error(*member.value, *wrong);
    probe.url = *url;
}

void decode_http(Decoder& decoder, const Member& member, HealthDraft& draft) {
    HttpProbe probe;
    if (member.value->is_scalar()) {
        decode_url(decoder, member, probe);
    } else {
        decode_block(decoder, *member.value, http_block(), probe);
    }
    set_probe(draft, std::move(probe));
}

void decode_tcp(Decoder& decoder, const Member& member, HealthDraft& draft) {
    const auto address = decoder.address(*member.value, "`host:port`");
    const auto probe = address ? decoder.accept(*member.value, parse_tcp(*address)) : std::nullopt;
    set_probe(draft, probe.value_or(TcpProbe{}));
}

std::optional<ExecProbe> test_list(Decoder& decoder, const Node& node, HealthDraft& draft) {
    std::vector<std::string> words;
    for (const auto& item : node.items) {
        auto word = decoder.text(*item, "text");
        if (!word) return std::nullopt;
        words.push_back(std::move(*word));
    }
    const auto kind = words.empty() ? std::string{} : words.front();
    if (kind == "NONE" && words.size() == 1) {
        draft.disabled = true;
        return std::nullopt;
    }
    if (kind == "CMD" && words.size() > 1 && !words[1].empty()) {
        return ExecProbe{std::vector<std::string>(words.begin() + 1, words.end())};
    }
    if (kind == "CMD-SHELL" && words.size() == 2 && !words[1].empty()) return ExecProbe{{"/bin/sh", "-c", words[1]}};
    if (kind == "CMD" || kind == "CMD-SHELL" || kind == "NONE") {
        const auto* takes = kind == "CMD" ? "a command and its arguments" : kind == "NONE" ? "nothing" : "one text";
        decoder.error(node, quote(kind) + " is followed by " + takes);
    } else {
        decoder.error(node, "a list under `test` begins with `CMD`, `CMD-SHELL` or `NONE`");
    }
    return std::nullopt;
}

void decode_test(Decoder& decoder, const Member& member, HealthDraft& draft) {
    std::optional<ExecProbe> probe;
    if (member.value->is_sequence()) {
        probe = test_list(decoder, *member.value, draft);
    } else {
        const auto text = decoder.text(*member.value, "a command");
        if (text && text->empty()) decoder.error(*member.value, "this command is empty");
        if (text) probe = ExecProbe{{"/bin/sh", "-c", *text}};
    }
    set_probe(draft, probe.value_or(ExecProbe{}));
}

void decode_retries(Decoder& decoder, const Member& member, HealthDraft& draft) {
    const auto value = decoder.count(*member.value, 0, most_retries);
    if (value) draft.timings.retries = *value == 0 ? Healthcheck{}.retries : *value;
}

bool is_token(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

void decode_headers(Decoder& decoder, const Member& member, HttpProbe& probe) {
    if (!member.value->is_mapping()) {
        return decoder.error(*member.value, "expected a mapping of names to values, but this is " +
                                                std::string{describe_kind(*member.value)});
    }
    for (const auto& header : member.value->members) {
        if (!is_token(header.key->text)) {
            decoder.error(*header.key, quote(header.key->text) + " can not be the name of a header");
        }
        const auto value = decoder.text(*header.value, "text");
        if (value && value->find_first_of("\r\n") != std::string::npos) {
            decoder.error(*header.value, "the value of a header is one line");
        }
        if (value) probe.headers.emplace_back(header.key->text, *value);
    }
}

std::optional<StatusRange> status_range(Decoder& decoder, const Node& node) {
    const auto text = decoder.plain(node, "a status such as `200` or `200-399`");
    if (!text) return std::nullopt;
    const auto dash = text->find('-');
    const auto first = text->substr(0, dash);
    const auto last = dash == std::string::npos ? first : text->substr(dash + 1);
    const auto is_status = [](const std::string& word) {
        return word.size() == 3 && is_digits(word) && word >= "100" && word <= "599";
    };
    if (is_status(first) && is_status(last) && first <= last) return StatusRange{std::stoi(first), std::stoi(last)};
    decoder.error(node, "expected a status such as `200` or `200-399`, but this is " + quote(*text));
    return std::nullopt;
}

void decode_status(Decoder& decoder, const Member& member, HttpProbe& probe) {
    const auto items = decoder.list(member.value, "a status such as `200` or `200-399`, or a list of them", true);
    if (!items) return;
    if (items->empty()) return decoder.error(*member.value, "this list is empty: no status would be healthy");
    probe.expect_status.clear();
    for (const auto& item : *items) {
        if (const auto range = status_range(decoder, *item)) probe.expect_status.push_back(*range);
    }
}

/// glibc unrolls `x{n}`; nested, that takes memory without limit.
bool repeats_too_much(std::string_view pattern) {
    double product = 1;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '{') continue;
        double most = 1, number = 0;
        for (; i < pattern.size() && pattern[i] != '}'; ++i) {
            number = pattern[i] >= '0' && pattern[i] <= '9' ? number * 10 + (pattern[i] - '0') : 0;
            most = std::max(most, number);
        }
        product *= most;
    }
    return product > 1000;
}

void decode_matches(Decoder& decoder, const Member& member, HttpProbe& probe) {
    const auto pattern = decoder.verbatim(*member.value, "a regular expression");
    if (!pattern) return;
    if (pattern->empty()) return decoder.error(*member.value, "this regular expression is empty");
    if (pattern->size() > 1000 || repeats_too_much(*pattern)) {
        return decoder.error(*member.value, "this regular expression is too large");
    }
    regex_t compiled;
    const int failure = ::regcomp(&compiled, pattern->c_str(), REG_EXTENDED | REG_NOSUB);
    if (failure != 0) {
        char why[200] = {};
        ::regerror(failure, &compiled, why, sizeof why);
        return decoder.error(*member.value, std::string{"not a regular expression (POSIX extended): "} + why);
    }
    ::regfree(&compiled);
    probe.expect_body_matches = *pattern;
}

constexpr Shape http_shape{"URL, or mapping (`healthcheck.http`)",
                           R"({"anyOf": [{"type": "string", "pattern": "^https?://|\\$|\\{\\{"},)"
                           R"( {"$ref": "#/definitions/http"}]})"};
constexpr Shape url_shape{"URL", R"({"type": "string", "pattern": "^https?://|\\$|\\{\\{"})"};
constexpr Shape tcp_shape{"`host:port`", R"({"type": "string", "pattern": ".:[0-9]|\\$|\\{\\{"})"};
constexpr Shape test_shape{"text for a shell, or list that begins with `CMD`, `CMD-SHELL` or `NONE`",
                           R"({"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "minItems": 1,)"
                           R"( "items": [{"type": "string", "pattern": "^(CMD|CMD-SHELL|NONE)$|\\$"}],)"
                           R"( "additionalItems": {"type": ["string", "number", "boolean"]}}]})"};
constexpr Shape headers_shape{"mapping of names to values",
                              R"({"type": "object", "additionalProperties": {"type": ["string", "number"]}})"};
constexpr Shape expect_shape{"mapping (`healthcheck.http.expect`)", R"({"$ref": "#/definitions/expect"})"};
constexpr Shape expect_body_shape{"mapping (`healthcheck.http.expect.body`)",
                                  R"({"$ref": "#/definitions/expect_body"})"};
constexpr Shape status_shape{"status, range of statuses, or list of them",
                             R"({"anyOf": [{"$ref": "#/definitions/status"},)"
                             R"( {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/status"}}]})"};
constexpr Shape content_shape{"text", R"({"type": ["string", "number"]})"};

}  // namespace

const Block<HealthDraft>& healthcheck_block() {
    using D = Decoder;
    static const Block<HealthDraft> block{
        BlockInfo{
            "healthcheck",
            "in healthcheck",
            "under `healthcheck`",
            "How to ask a service whether it is well: one of `http`, `tcp` and `test`, asked by Docker's schedule. The "
            "wait runs from the end of one probe to the start of the next; the first probe comes one wait after the "
            "start.",
            {},
            {{"grpc", not_yet},
             {"watchdog", not_yet},
             {"name", not_yet},
             {"jitter", not_yet},
             {"success_threshold", not_yet},
             {"on_failure", not_yet}},
            {},
            R"({"not": {"anyOf": [{"required": ["http", "tcp"]}, {"required": ["http", "test"]},)"
            R"( {"required": ["tcp", "test"]}]}})",
            {}},
        {
            {{"http", &http_shape, "",
              "Healthy when the URL (http or https) answers with an expected status, 200 to 399 unless told otherwise. "
              "Asked from this host; `{{.Container.IP}}` is the address of a container.",
              "\"http://127.0.0.1:8080/health\""},
             decode_http},
            {{"tcp", &tcp_shape, "",
              "Healthy when a connection is accepted. From this host, with `{{.Container.IP}}`, as `http`.",
              "\"127.0.0.1:6379\""},
             decode_tcp},
            {{"test", &test_shape, "",
              "Healthy when the command exits with 0; of a container it runs inside. A text is run by `/bin/sh -c`; "
              "`[NONE]` is no healthcheck.",
              "[CMD, redis-cli, ping]"},
             decode_test},
            {{"interval", &shapes::duration, "30s",
              "From the end of one probe to the start of the next. 0 is the default.", "5s"},
             [](D& d, const Member& m, HealthDraft& out) {
                 timing(d, m, out.timings.interval, Healthcheck{}.interval);
             }},
            {{"timeout", &shapes::duration, "30s", "A probe that takes longer has failed. 0 is the default.", "2s"},
             [](D& d, const Member& m, HealthDraft& out) { timing(d, m, out.timings.timeout, Healthcheck{}.timeout); }},
            {{"retries", &shapes::count, "3", "So many failures in a row are unhealthy. 0 is the default.", "5"},
             decode_retries},
            {{"start_period", &shapes::duration, "0s",
              "For so long after a start failures are not counted, until the first success.", "20s"},
             [](D& d, const Member& m, HealthDraft& out) { timing(d, m, out.timings.start_period, 0s); }},
            {{"start_interval", &shapes::duration, "5s",
              "The interval while starting inside `start_period`; needs one. 0 is the default.", "1s"},
             [](D& d, const Member& m, HealthDraft& out) {
                 timing(d, m, out.timings.start_interval, Healthcheck{}.start_interval);
             }},
            {{"disable", &shapes::boolean, "false", "True: no healthcheck, whatever else is written here.", "true"},
             [](D& d, const Member& m, HealthDraft& out) {
                 if (d.boolean(*m.value).value_or(false)) out.disabled = true;
             }},
        }};
    return block;
}

const Block<HttpProbe>& http_block() {
    using D = Decoder;
    static const Block<HttpProbe> block{
        BlockInfo{"http",
                  "in healthcheck.http",
                  "under `healthcheck.http`",
                  "An HTTP probe in full. A fresh connection each time; redirects are not followed.",
                  {"url"},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"url", &url_shape, "", "What to ask: http or https, without user and password.",
              "\"http://127.0.0.1:8081/ready\""},
             decode_url},
            {{"method", &shapes::text, "GET", "The method of the request.", "HEAD"},
             [](D& d, const Member& m, HttpProbe& out) {
                 assign(d.plain(*m.value, "a method such as `GET`"), out.method);
                 if (!is_token(out.method)) d.error(*m.value, quote(out.method) + " is not a method such as `GET`");
             }},
            {{"headers", &headers_shape, "", "Headers to send.", "{Host: shop.example}"}, decode_headers},
            {{"body", &content_shape, "", "The body to send.", "hello"},
             [](D& d, const Member& m, HttpProbe& out) { assign(d.text(*m.value, "text"), out.body); }},
            {{"expect", &expect_shape, "status 200-399", "What a healthy answer looks like.", "{status: 204}"},
             [](D& d, const Member& m, HttpProbe& out) { decode_block(d, *m.value, expect_block(), out); }},
        }};
    return block;
}

const Block<HttpProbe>& expect_block() {
    using D = Decoder;
    static const Block<HttpProbe> block{
        BlockInfo{"expect",
                  "in healthcheck.http.expect",
                  "under `healthcheck.http.expect`",
                  "What an answer must be to count as healthy; all of it.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"status", &status_shape, "200-399", "The statuses that are healthy.", "[200, 300-302]"}, decode_status},
            {{"body", &expect_body_shape, "", "What the body must hold.", "{contains: UP}"},
             [](D& d, const Member& m, HttpProbe& out) { decode_block(d, *m.value, expect_body_block(), out); }},
        }};
    return block;
}

const Block<HttpProbe>& expect_body_block() {
    using D = Decoder;
    static const Block<HttpProbe> block{
        BlockInfo{"expect_body",
                  "in healthcheck.http.expect.body",
                  "under `healthcheck.http.expect.body`",
                  "What the body of an answer must hold to count as healthy; all of it.",
                  {},
                  {},
                  {},
                  "",
                  {}},
        {
            {{"contains", &content_shape, "", "This text.", "UP"},
             [](D& d, const Member& m, HttpProbe& out) {
                 assign(d.verbatim(*m.value, "text"), out.expect_body_contains);
                 if (out.expect_body_contains.empty()) d.error(*m.value, "every body contains an empty text");
             }},
            {{"matches", &content_shape, "", "A match of this POSIX extended regular expression; write `$$` for a `$`.",
              "\"status.*UP\""},
             decode_matches},
        }};
    return block;
}

}  // namespace keepwell::policy
