// The tables of scripts and test files.
#include "simulation/script/test_fields.hpp"

#include <algorithm>

#include "policy/document/text.hpp"
#include "policy/fields/shapes.hpp"
#include "simulation/script/test_shapes.hpp"

namespace keepwell::simulation {
namespace {

using policy::BlockInfo;
using policy::Decoder;
using policy::Member;
using policy::Node;
using policy::NodePtr;
using policy::Position;

/// The place of a part of a text. One that spans lines or has escapes is pointed at as a whole.
Position part_of(const Node& node, std::size_t offset, std::size_t length) {
    const bool on_one_line = node.text.find('\n') == std::string::npos;
    const bool as_written = node.at.length == policy::count_characters(node.text) + (node.plain ? 0 : 2);
    if (!on_one_line || !as_written) return node.at;
    Position at = node.at;
    at.column +=
        static_cast<std::uint32_t>(policy::count_characters(node.text.substr(0, offset)) + (node.plain ? 0 : 1));
    at.length = static_cast<std::uint32_t>(
        std::max<std::size_t>(1, policy::count_characters(node.text.substr(offset, length))));
    return at;
}

template <typename T>
std::optional<T> read(Decoder& decoder, const Node& node, std::string_view what, Read<T> (*reader)(std::string_view)) {
    const auto text = decoder.verbatim(node, what);
    if (!text) return std::nullopt;
    Read<T> value = reader(*text);
    if (value) return std::move(*value);
    decoder.reporter().error(part_of(node, value.error().offset, value.error().length), value.error().message);
    return std::nullopt;
}

/// One, or a list of them.
template <typename T>
std::vector<T> read_list(Decoder& decoder, const Member& member, std::string_view what,
                         Read<T> (*reader)(std::string_view)) {
    std::vector<T> all;
    const auto items = decoder.list(member.value, what, true);
    if (!items) return all;
    for (const NodePtr& item : *items) {
        if (auto one = read(decoder, *item, what, reader)) all.push_back(std::move(*one));
    }
    return all;
}

/// What is not said goes well: such answers need nobody who asks.
bool is_usual(const Timeline& timeline) {
    return std::ranges::all_of(timeline, [](const Answers& run) {
        return run.answer.outcome == Outcome::passed && run.answer.takes == Duration{0};
    });
}

/// What the target must be for this to mean something.
void demand(Demand::Of of, const std::string& target, std::string_view word, const Position& at, ScriptDraft& draft) {
    draft.demands.push_back({of, target, std::string{word}, at});
}

void demand_probed(const std::string& target, const Timeline& timeline, const Position& at, ScriptDraft& draft) {
    if (!is_usual(timeline)) demand(Demand::Of::probed, target, "probes", at, draft);
}

/// What a mapping under `targets` says that not every target can do.
void note_demands(const Node& node, const std::string& target, ScriptDraft& draft) {
    const TargetScript& script = draft.script.targets[target];
    if (const Member* probes = node.find("probes")) demand_probed(target, script.probes, probes->value->at, draft);
    if (const Member* hooks = node.find("hooks")) demand(Demand::Of::hooked, target, "hooks", hooks->key->at, draft);
    for (const std::string_view key : {"exists", "engine_restarts", "healthcheck"}) {
        if (const Member* of_adopted = node.find(key))
            demand(Demand::Of::adopted, target, key, of_adopted->key->at, draft);
    }
    const Member* after = node.find("after");
    if (!after || !after->value->is_mapping()) return;
    demand(Demand::Of::probed, target, "after", after->key->at, draft);
    if (const Member* run = after->value->find("run")) demand(Demand::Of::hooked, target, "run", run->key->at, draft);
    if (const Member* replace = after->value->find("replace"))
        demand(Demand::Of::replaceable, target, "replace", replace->key->at, draft);
}

void decode_target(Decoder& decoder, const Node& node, const std::string& name, ScriptDraft& draft) {
    TargetScript& script = draft.script.targets[name];
    if (!node.is_scalar()) {
        policy::decode_block(decoder, node, script_target_block(), script);
        if (node.is_mapping()) note_demands(node, name, draft);
    } else if (auto timeline = read(decoder, node, "answers such as `ok x5 fail x3`", read_timeline)) {
        script.probes = std::move(*timeline);
        demand_probed(name, script.probes, node.at, draft);
    }
}

void decode_targets(Decoder& decoder, const Member& member, ScriptDraft& draft) {
    if (!member.value->is_mapping()) {
        return decoder.error(*member.value, "expected a mapping from targets to what they do");
    }
    for (const Member& target : member.value->members) {
        draft.names.push_back({target.key->text, target.key->at, true});
        decode_target(decoder, *target.value, target.key->text, draft);
    }
}

/// The members of an entry that name targets; the others are decoded by the entry's table.
template <typename T>
std::vector<Member> decode_entry(Decoder& decoder, const Node& node, const policy::Block<T>& block, T& entry) {
    std::vector<Member> targets;
    if (!policy::expect_mapping(decoder, block.info, node)) return targets;
    std::vector<Member> known;
    for (const Member& member : node.members) {
        const auto is_this = [&](const policy::FieldInfo& field) { return field.name == member.key->text; };
        const bool is_known = std::any_of(block.info.fields.begin(), block.info.fields.end(), is_this);
        (is_known ? known : targets).push_back(member);
    }
    policy::decode_block(decoder, *policy::make_mapping(node, std::move(known)), block, entry);
    if (targets.empty()) decoder.error(node, "this says nothing about any target");
    return targets;
}

bool is_nothing(const Sighting& sighting) { return std::holds_alternative<Nothing>(sighting); }

bool is_replace(const Sighting& sighting) {
    const auto* done = std::get_if<Done>(&sighting);
    return done && done->remedy == Remedy::replace;
}

void note_moment(const Moment& moment, const Position& at, ScriptDraft& draft) {
    if (moment.after && std::holds_alternative<EngineSeen>(*moment.after)) draft.of_engine.push_back(at);
    if (!moment.after || moment.after_target.empty()) return;
    draft.names.push_back({moment.after_target, at, false});
    if (is_replace(*moment.after)) demand(Demand::Of::replaceable, moment.after_target, "replace", at, draft);
}

/// From now on.
void decode_course(Decoder& decoder, const Node& node, const Happening& happening, ScriptDraft& draft) {
    TargetScript course;
    policy::decode_block(decoder, node, from_now_block(), course);
    const auto add = [&](Action action) {
        draft.script.happenings.push_back({happening.when, happening.target, std::move(action), node.at});
    };
    if (!course.probes.empty()) add(Answering{course.probes});
    if (const Member* probes = node.find("probes"))
        demand_probed(happening.target, course.probes, probes->value->at, draft);
    if (!course.lives.empty()) add(Living{course.lives});
}

/// Once.
void decode_deed(Decoder& decoder, const Node& word, std::string_view name, Happening happening, ScriptDraft& draft) {
    auto action = name == "engine" ? read(decoder, word, "`lost` or `found`", read_engine_action)
                                   : read(decoder, word, "what happens, such as `exit 137`", read_action);
    if (!action) return;
    if (name == "engine") draft.of_engine.push_back(word.at);
    if (name == "host" && !std::holds_alternative<Operates>(*action)) {
        return decoder.error(word,
                             "`host` is asked to `pause`, `resume` or `reset`: nothing else happens to all at once");
    }
    if (std::holds_alternative<PersonActs>(*action))
        demand(Demand::Of::container, happening.target, "docker", word.at, draft);
    const auto* asked = std::get_if<Operates>(&*action);
    if (asked && asked->verb == event::Verb::replace)
        demand(Demand::Of::replaceable, happening.target, "replace", word.at, draft);
    happening.action = std::move(*action);
    happening.at = word.at;
    draft.script.happenings.push_back(std::move(happening));
}

void decode_event(Decoder& decoder, const Node& node, ScriptDraft& draft) {
    Moment when;
    for (const Member& member : decode_entry(decoder, node, event_block(), when)) {
        const std::string& name = member.key->text;
        const bool of_target = name != "engine" && name != "host";
        const Happening happening{when, of_target ? name : std::string{}, {}};
        if (of_target) draft.names.push_back({name, member.key->at, true});
        const auto words = member.value->is_mapping() ? std::optional{std::vector<NodePtr>{member.value}}
                                                      : decoder.list(member.value, "what happens", true);
        for (const NodePtr& word : words.value_or(std::vector<NodePtr>{})) {
            if (!word->is_mapping()) {
                decode_deed(decoder, *word, name, happening, draft);
            } else if (of_target) {
                decode_course(decoder, *word, happening, draft);
            } else {
                decoder.error(*word, "a mapping says how one target goes on; name it");
            }
        }
    }
    const Member* at = node.is_mapping() ? node.find("at") : nullptr;
    if (!at) return;
    note_moment(when, at->value->at, draft);
    draft.events.push_back({when, at->value->at});
}

void decode_events(Decoder& decoder, const Member& member, ScriptDraft& draft) {
    const auto events = decoder.list(member.value, "a list of events");
    if (!events) return;
    for (const NodePtr& event : *events) decode_event(decoder, *event, draft);
}

/// Something that happens, and does so to one replica at a time.
bool is_of_one(const Claim& claim) { return !claim.negated && !lasts(claim.sighting) && !is_nothing(claim.sighting); }

void check_claim(Decoder& decoder, const Node& node, const Expectation& one) {
    if (one.target.empty() && !std::holds_alternative<Alerted>(one.claim.sighting))
        decoder.error(node, "of `host` an alert is expected, such as `alert storm`; the rest is of targets");
    if (one.until && is_of_one(one.claim))
        decoder.error(node, "`until` is about all the time before: what only happens is expected `at` a moment");
}

/// What is expected of one target, or of the host.
void decode_claims(Decoder& decoder, const Member& member, Expectation entry, TestDraft& draft) {
    entry.target = member.key->text == "host" ? std::string{} : member.key->text;
    const auto claims = decoder.list(member.value, "what is expected", true);
    bool of_all = true;
    if (claims && claims->empty())
        decoder.error(*member.value, "expects nothing, and can not fail: say what is expected, such as `nothing`");
    for (const NodePtr& node : claims.value_or(std::vector<NodePtr>{})) {
        const auto said = read(decoder, *node, "what is expected, such as `unhealthy`", read_claim);
        if (!said) continue;
        entry.claim = *said;
        entry.at = node->at;
        of_all &= !is_of_one(*said);
        check_claim(decoder, *node, entry);
        if (is_replace(said->sighting)) demand(Demand::Of::replaceable, entry.target, "replace", node->at, draft.world);
        draft.test.expectations.push_back(entry);
    }
    if (!entry.target.empty()) draft.world.names.push_back({entry.target, member.key->at, of_all});
}

void decode_expectation(Decoder& decoder, const Node& node, TestDraft& draft) {
    Expectation entry;
    const auto targets = decode_entry(decoder, node, expectation_block(), entry);
    if (!node.is_mapping()) return;
    const bool at = node.find("at");
    if (at == (node.find("until") != nullptr)) {
        decoder.error(node, at ? "`at` and `until` are not said together" : "`at` or `until` is missing here");
    }
    if (const Member* within = node.find("within"); within && node.find("until")) {
        decoder.error(*within->key, "`within` is for `at`: `until` is about all the time before");
    }
    note_moment(entry.when, entry.when_at, draft.world);
    for (const Member& member : targets) decode_claims(decoder, member, entry, draft);
}

void decode_expectations(Decoder& decoder, const Member& member, TestDraft& draft) {
    const auto all = decoder.list(member.value, "a list of expectations");
    if (!all) return;
    for (const NodePtr& one : *all) decode_expectation(decoder, *one, draft);
}

void decode_remedies(Decoder& decoder, const Member& member, TestDraft& draft) {
    if (!member.value->is_mapping()) {
        return decoder.error(*member.value, "expected a mapping from targets to their remedies, in order");
    }
    for (const Member& target : member.value->members) {
        ExpectedRemedies all{target.key->text, {}, target.value->at};
        const auto items = decoder.list(target.value, "a list of remedies", true);
        for (const NodePtr& item : items.value_or(std::vector<NodePtr>{})) {
            const auto remedy = read(decoder, *item, "a list of remedies", read_remedy);
            if (!remedy) continue;
            all.remedies.push_back(*remedy);
            if (remedy == Remedy::replace)
                demand(Demand::Of::replaceable, all.target, "replace", item->at, draft.world);
        }
        draft.world.names.push_back({all.target, target.key->at, all.remedies.empty()});
        draft.test.remedies.push_back(std::move(all));
    }
}

void decode_moment(Decoder& decoder, const Member& member, Moment& when) {
    policy::assign(read(decoder, *member.value, "a moment such as `90s`", read_moment), when);
}

void decode_after(Decoder& decoder, const Member& member, Remedy remedy, TargetScript& script) {
    script.after[remedy] = read_list(decoder, member, "answers such as `fail for 2s ok`", read_timeline);
}

void decode_policies(Decoder& decoder, const Member& member, FileDraft& draft) {
    const auto files = decoder.list(member.value, "a list of policy files", true);
    if (!files) return;
    if (files->empty()) decoder.error(*member.value, "names no policy; a test needs one");
    for (const NodePtr& file : *files) {
        if (const auto name = decoder.plain(*file, "the name of a file")) draft.policies.emplace_back(*name, file->at);
    }
}

void decode_tests(Decoder& decoder, const Member& member, FileDraft& draft) {
    const auto tests = decoder.list(member.value, "a list of tests");
    if (!tests) return;
    if (tests->empty()) decoder.error(*member.value, "holds no test");
    for (const NodePtr& test : *tests) {
        TestDraft& one = draft.tests.emplace_back();
        one.test.at = test->at;
        policy::decode_block(decoder, *test, test_block(), one);
        const bool can_fail = !test->is_mapping() || test->find("expect") || test->find("remedies");
        if (!can_fail) decoder.error(*test, "expects nothing, and can not fail: say `expect` or `remedies`");
    }
}

using Rows = std::vector<policy::Field<TargetScript>>;

/// How a target goes on: from the beginning, or from an event.
Rows course_rows() {
    using D = Decoder;
    return {
        {{"probes", &shapes::timeline(), "`ok`", "What its probes answer, one after the other; the last answer stays.",
          "ok x5 fail x3 ok"},
         [](D& d, const Member& m, TargetScript& out) {
             policy::assign(read(d, *m.value, "answers such as `ok x5 fail x3`", read_timeline), out.probes);
         }},
        {{"lives", &shapes::lives(), "`run`", "How its instances live, one after the other; the last one stays.",
          "[exit 1 after 10s x3, run]"},
         [](D& d, const Member& m, TargetScript& out) {
             for (const auto& run : read_list(d, m, "a life such as `exit 1 after 10s`", read_lives)) {
                 out.lives.insert(out.lives.end(), run.begin(), run.end());
             }
         }},
    };
}

void decode_start(Decoder& decoder, const Member& member, WallTime& start) {
    policy::assign(read(decoder, *member.value, "a day and a time", read_wall_time), start);
}

ScriptDraft& its_own(ScriptDraft& draft) { return draft; }
ScriptDraft& of_test(TestDraft& draft) { return draft.world; }

/// What a world does, in a script and in a test.
template <typename Draft, ScriptDraft& (*world)(Draft&)>
std::vector<policy::Field<Draft>> world_rows() {
    using D = Decoder;
    return {
        {{"for", &policy::shapes::duration, "10m, or until the last moment that is named", "How much time is played.",
          "1h"},
         [](D& d, const Member& m, Draft& out) { world(out).length = d.duration(*m.value); }},
        {{"targets", &shapes::targets(), "all is well",
          "What targets do: a text is what their probes answer, a mapping says more.", "{web: ok x5 fail x3 ok}"},
         [](D& d, const Member& m, Draft& out) { decode_targets(d, m, world(out)); }},
        {{"events", &shapes::events, "", "What happens besides.", "[{at: 10s, redis: exit 137}]"},
         [](D& d, const Member& m, Draft& out) { decode_events(d, m, world(out)); }},
    };
}

}  // namespace

const policy::Block<FileDraft>& test_file_block() {
    using D = Decoder;
    static const policy::Block<FileDraft> block{
        BlockInfo{"test_file",
                  "in a test file",
                  "at the top of a test file",
                  "Which policy is tested, and how.",
                  {"policies", "tests"},
                  {{"policy_files", "is called `policies`"},
                   {"rule_files", "is called `policies`"},
                   {"services", "is for policies: `keepwell check` reads one, and `policies` of a test file names it"}},
                  {},
                  "",
                  {},
                  test_blocks},
        {
            {{"policies", &shapes::files, "", "The policy: its files or folders, seen from this file's folder.",
              "[web.yaml]"},
             decode_policies},
            {{"environment", &policy::shapes::pairs, "",
              "Variables that the policy reads; they come before keepwell's own.", "{PORT: \"8080\"}"},
             [](D& d, const Member& m, FileDraft& out) { d.variables(*m.value, out.environment); }},
            {{"start", &shapes::wall_time, "1970-01-01 00:00",
              "The local wall clock when each test begins; for `maintenance`.", "2026-11-28 03:00"},
             [](D& d, const Member& m, FileDraft& out) { decode_start(d, m, out.start); }},
            {{"tests", &shapes::tests, "", "The tests; each one begins with a world that is well.", "[]"},
             decode_tests},
        }};
    return block;
}

const policy::Block<TestDraft>& test_block() {
    using D = Decoder;
    static const policy::Block<TestDraft> block{
        BlockInfo{"test",
                  "in a test",
                  "in an entry of `tests`",
                  "A story: what the world does, and what keepwell is expected to do.",
                  {"name"},
                  {},
                  {},
                  R"({"anyOf": [{"required": ["expect"]}, {"required": ["remedies"]}]})",
                  {},
                  test_blocks},
        policy::joined<TestDraft>(
            {{
                 {{"name", &policy::shapes::text, "", "What is told, as a sentence.", "a web that hangs is restarted"},
                  [](D& d, const Member& m, TestDraft& out) {
                      policy::assign(d.verbatim(*m.value, "a sentence"), out.test.name);
                  }},
             },
             world_rows<TestDraft, of_test>(),
             {
                 {{"expect", &shapes::expectations, "", "What is expected, and when.",
                   "[{at: 30s, web: [unhealthy, restart]}]"},
                  decode_expectations},
                 {{"remedies", &shapes::remedies(), "",
                   "All remedies that are begun, of each target that is named, in order.",
                   "{web: [restart, stop], redis: []}"},
                  decode_remedies},
             }})};
    return block;
}

const policy::Block<ScriptDraft>& script_block() {
    using D = Decoder;
    static const policy::Block<ScriptDraft> block{
        BlockInfo{"script",
                  "in a script",
                  "at the top of a script",
                  "A past that is made up: the same words as in a test.",
                  {},
                  {{"tests", "stand in a test file; a script is one story"},
                   {"expect", "is for tests"},
                   {"policies", "is for test files: a script is played against the policy that is named beside it"}},
                  {},
                  "",
                  {},
                  script_blocks},
        policy::joined<ScriptDraft>(
            {{
                 {{"start", &shapes::wall_time, "1970-01-01 00:00",
                   "The local wall clock at the beginning; for `maintenance`.", "2026-11-28 03:00"},
                  [](D& d, const Member& m, ScriptDraft& out) { decode_start(d, m, out.script.start); }},
             },
             world_rows<ScriptDraft, its_own>()})};
    return block;
}

const policy::Block<TargetScript>& from_now_block() {
    static const policy::Block<TargetScript> block{
        BlockInfo{"from_now",
                  "in an event",
                  "under a target of an event",
                  "How a target goes on from an event.",
                  {},
                  {{"hooks", "is said once, under `targets`"},
                   {"after", "is said once, under `targets`"},
                   {"exists", "is said of the beginning, under `targets`; later a person does `docker rm`"},
                   {"engine_restarts", "is said once, under `targets`"},
                   {"healthcheck", "is said once, under `targets`"}},
                  {},
                  "",
                  {},
                  test_blocks},
        course_rows()};
    return block;
}

const policy::Block<TargetScript>& script_target_block() {
    using D = Decoder;
    static const policy::Block<TargetScript> block{
        BlockInfo{"target",
                  "in what a target does",
                  "under a target",
                  "What a target does. What is not said goes well.",
                  {},
                  {},
                  {},
                  "",
                  {},
                  test_blocks},
        policy::joined<TargetScript>(
            {course_rows(),
             {
                 {{"hooks", &shapes::hooks(), "`exit 0`",
                   "How the commands of its `run` rungs end; the last one stays.", "[exit 1, exit 0 in 5s]"},
                  [](D& d, const Member& m, TargetScript& out) {
                      out.hooks = read_list(d, m, "an end such as `exit 1`", read_hook);
                  }},
                 {{"after", &shapes::after, "its answers go on", "How it answers after a remedy.",
                   "{restart: fail for 2s ok}"},
                  [](D& d, const Member& m, TargetScript& out) {
                      policy::decode_block(d, *m.value, after_block(), out);
                  }},
                 {{"exists", &policy::shapes::boolean, "true",
                   "Of a container that the policy adopts: it is there, and runs.", "false"},
                  [](D& d, const Member& m, TargetScript& out) { policy::assign(d.boolean(*m.value), out.exists); }},
                 {{"engine_restarts", &policy::shapes::boolean, "false",
                   "Of a container that the policy adopts: it has a restart policy of its own.", "true"},
                  [](D& d, const Member& m, TargetScript& out) {
                      policy::assign(d.boolean(*m.value), out.engine_restarts);
                  }},
                 {{"healthcheck", &shapes::own_check, "none",
                   "Of a container that the policy adopts: its own health check.", "{interval: 1s}"},
                  [](D& d, const Member& m, TargetScript& out) {
                      out.healthcheck = Healthcheck{};
                      policy::decode_block(d, *m.value, own_check_block(), *out.healthcheck);
                  }},
             }})};
    return block;
}

const policy::Block<TargetScript>& after_block() {
    using D = Decoder;
    static const policy::Block<TargetScript> block{
        BlockInfo{"after",
                  "in after",
                  "under `after`",
                  "How a target answers once a remedy is done, until the next one: the first time, the second, and so "
                  "on; the last one stays.",
                  {},
                  {{"start", "is no remedy; how a target answers from the beginning is said in `probes`"}},
                  {},
                  "",
                  {},
                  test_blocks},
        {
            {{"restart", &shapes::timelines(), "its answers go on", "After a restart.", "[fail, fail for 2s ok]"},
             [](D& d, const Member& m, TargetScript& out) { decode_after(d, m, Remedy::restart, out); }},
            {{"replace", &shapes::timelines(), "its answers go on", "After its container was replaced.", "ok"},
             [](D& d, const Member& m, TargetScript& out) { decode_after(d, m, Remedy::replace, out); }},
            {{"run", &shapes::timelines(), "its answers go on", "After the command of a `run` rung.", "ok"},
             [](D& d, const Member& m, TargetScript& out) { decode_after(d, m, Remedy::run, out); }},
        }};
    return block;
}

const policy::Block<Healthcheck>& own_check_block() {
    using D = Decoder;
    static const policy::Block<Healthcheck> block{
        BlockInfo{"own_healthcheck",
                  "in healthcheck",
                  "under `healthcheck` of a target",
                  "The health check that the container brings itself, with Docker's defaults.",
                  {},
                  {},
                  {},
                  "",
                  {},
                  test_blocks},
        {
            {{"interval", &policy::shapes::duration, "30s", "From one check to the next.", "1s"},
             [](D& d, const Member& m, Healthcheck& out) { policy::assign(d.duration(*m.value), out.interval); }},
            {{"timeout", &policy::shapes::duration, "30s", "How long one may take.", "2s"},
             [](D& d, const Member& m, Healthcheck& out) { policy::assign(d.duration(*m.value), out.timeout); }},
            {{"retries", &policy::shapes::positive, "3", "So many failures in a row make it unhealthy.", "2"},
             [](D& d, const Member& m, Healthcheck& out) { policy::assign(d.count(*m.value, 1, 1000), out.retries); }},
        }};
    return block;
}

const policy::Block<Moment>& event_block() {
    static const policy::Block<Moment> block{
        BlockInfo{
            "event",
            "in an event",
            "in an entry of `events`",
            "Something that happens. Beside `at` stand targets, and what happens to each: `exit 1`, `signal SEGV`, "
            "what a person asks keepwell for (`stop`, `pause`, `reset`, …) or does to a container "
            "(`docker stop`, `docker pause`, …), or a mapping with the `probes` and `lives` from then on. "
            "`engine: lost` and `engine: found` happen to the container engine.",
            {"at"},
            {},
            {},
            "",
            {},
            test_blocks,
            shapes::happenings()},
        {{{"at", &shapes::moment(), "", "When.", "3s after redis unhealthy"}, decode_moment}}};
    return block;
}

const policy::Block<Expectation>& expectation_block() {
    using D = Decoder;
    static const policy::Block<Expectation> block{
        BlockInfo{"expectation",
                  "in an expectation",
                  "in an entry of `expect`",
                  "What is expected. Beside the moment stand targets, and what is seen of each, in one word or a list "
                  "of them; `no` or `not` turns a word round. `host` stands for the host: alerts of its own, such as "
                  "`alert storm`, not those of targets.",
                  {},
                  {},
                  {},
                  "",
                  {},
                  test_blocks,
                  shapes::claims()},
        {
            {{"at", &shapes::moment(), "", "It is so at this moment.", "30s"},
             [](D& d, const Member& m, Expectation& out) {
                 out.when_at = m.value->at;
                 decode_moment(d, m, out.when);
             }},
            {{"until", &shapes::moment(), "",
              "It is so all the time from the expectation before (or the beginning) to this moment.", "1m"},
             [](D& d, const Member& m, Expectation& out) {
                 out.until = true;
                 out.when_at = m.value->at;
                 decode_moment(d, m, out.when);
             }},
            {{"within", &policy::shapes::duration, "0s", "So much earlier or later is as good.", "1s"},
             [](D& d, const Member& m, Expectation& out) { policy::assign(d.duration(*m.value), out.within); }},
        }};
    return block;
}

const std::vector<const policy::BlockInfo*>& test_blocks() {
    static const std::vector<const BlockInfo*> blocks{
        &test_file_block().info, &test_block().info,  &script_target_block().info, &after_block().info,
        &own_check_block().info, &event_block().info, &from_now_block().info,      &expectation_block().info,
    };
    return blocks;
}

const std::vector<const policy::BlockInfo*>& script_blocks() {
    static const std::vector<const BlockInfo*> blocks{&script_block().info, &script_target_block().info,
                                                      &after_block().info,  &own_check_block().info,
                                                      &event_block().info,  &from_now_block().info};
    return blocks;
}

}  // namespace keepwell::simulation
