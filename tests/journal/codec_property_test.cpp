// Whatever a record holds, its line is read back as exactly that. Boost.PFR walks the members of every struct, so that
// a member that the codec forgets is found without naming it here.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/pfr.hpp>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "journal/codec.hpp"
#include "keepwell/model/fact.hpp"

namespace keepwell::journal {
namespace {

// ---- equality of everything -------------------------------------------------------------------------------------

template <typename T>
concept Vector = requires {
    typename T::value_type;
}
&&std::same_as<T, std::vector<typename T::value_type>>;
template <typename T>
concept Variant = requires {
    std::variant_size<T>::value;
};
template <typename T>
concept Optional = requires(T value) {
    value.has_value();
    value.emplace();
};
/// Of what a record only points at, this alone is in its line as it is.
template <typename T>
concept Labelled = std::same_as<T, std::shared_ptr<const event::LabelledService>>;
template <typename T>
concept Pointer = requires(T value) {
    value.get();
    value.use_count();
};
template <typename T>
concept Plain =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::same_as<T, std::string> || std::same_as<T, std::string_view> ||
    std::same_as<T, Instant> || std::same_as<T, WallTime> || std::same_as<T, Duration>;

template <typename T>
bool same(const T& a, const T& b) {
    if constexpr (Plain<T>) {
        return a == b;
    } else if constexpr (Labelled<T>) {
        if (!a || !b) return a == b;
        return same(a->names, b->names) && same(a->depends_on, b->depends_on);  // its windows come as events
    } else if constexpr (Pointer<T>) {
        return true;
    } else if constexpr (Optional<T>) {
        return a.has_value() == b.has_value() && (!a.has_value() || same(*a, *b));
    } else if constexpr (Vector<T>) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                          [](const auto& x, const auto& y) { return same(x, y); });
    } else if constexpr (Variant<T>) {
        if (a.index() != b.index()) return false;
        return std::visit([&b](const auto& x) { return same(x, std::get<std::decay_t<decltype(x)>>(b)); }, a);
    } else {
        bool equal = true;
        const auto all = boost::pfr::structure_tie(b);
        boost::pfr::for_each_field(a, [&](const auto& x, auto i) { equal = equal && same(x, std::get<i>(all)); });
        return equal;
    }
}

// ---- something of everything ------------------------------------------------------------------------------------

class Maker {
  public:
    explicit Maker(std::uint64_t seed) : random_{seed} {}

    template <typename T>
    void fill(T& value) {
        if constexpr (std::same_as<T, bool>) {
            value = below(2) == 1;
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(below(count_of(T{})));
        } else if constexpr (std::is_integral_v<T>) {
            value = static_cast<T>(number());
        } else if constexpr (std::same_as<T, std::string>) {
            value = text();
        } else if constexpr (std::same_as<T, std::string_view>) {
            value = fact::alert_names[below(fact::alert_names.size())];
        } else if constexpr (std::same_as<T, Instant>) {
            value = below(4) == 0 ? never : Instant{Duration{static_cast<std::int64_t>(number())}};
        } else if constexpr (std::same_as<T, Duration>) {
            value = Duration{static_cast<std::int64_t>(number())};
        } else if constexpr (std::same_as<T, double>) {
            value = static_cast<double>(number()) / 7;
        } else if constexpr (std::same_as<T, WallTime>) {
            value = WallTime{std::chrono::milliseconds{below(250'000'000'000'000)}};
        } else if constexpr (Labelled<T>) {
            event::LabelledService said;
            fill(said.names);
            fill(said.depends_on);
            if (below(2) == 1) value = std::make_shared<const event::LabelledService>(std::move(said));
        } else if constexpr (Pointer<T>) {
            value = nullptr;
        } else if constexpr (Optional<T>) {
            if (below(2) == 1) fill(value.emplace());
        } else if constexpr (Vector<T>) {
            value.resize(below(4));
            for (auto& one : value) fill(one);
        } else if constexpr (Variant<T>) {
            fill_variant(value, std::make_index_sequence<std::variant_size_v<T>>{});
        } else {
            boost::pfr::for_each_field(value, [this](auto& one) { this->fill(one); });
        }
    }

  private:
    template <typename T, std::size_t... I>
    void fill_variant(T& value, std::index_sequence<I...>) {
        const std::size_t index = below(sizeof...(I));
        ((index == I ? fill(value.template emplace<I>()) : void()), ...);
    }

    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

    /// Small ones and those at the ends are as likely as any other.
    std::uint64_t number() {
        switch (below(4)) {
            case 0: return below(3);
            case 1: return ~below(3);
            case 2: return (std::uint64_t{1} << below(64)) - below(2);
        }
        return random_();
    }

    /// Valid UTF-8, with everything that JSON must escape.
    std::string text() {
        static const std::vector<std::string> parts{
            "a", "Z9", "\"", "\\", "\n", std::string{'\0'}, "\x1f", "\x7f", "é", "漢", "🙂", "\"crc\":\"", "}"};
        std::string text;
        for (std::uint64_t i = below(6); i > 0; --i) text += parts[below(parts.size())];
        return text;
    }

    template <typename Enum>
    static std::uint64_t count_of(Enum) {
        std::uint64_t count = 0;
        while (to_string(static_cast<Enum>(count)) != "?") ++count;
        return count;
    }
    static std::uint64_t count_of(Mode) { return 2; }
    static std::uint64_t count_of(ExitStatus::Kind) { return 4; }
    static std::uint64_t count_of(ReplaceOrder) { return 3; }
    static std::uint64_t count_of(command::MadeFrom) { return 3; }
    static std::uint64_t count_of(TargetKind) { return 3; }
    static std::uint64_t count_of(UpdateConfig::FailureAction) { return 3; }
    static std::uint64_t count_of(fact::UpdateChanged::Step) { return 5; }

    std::mt19937_64 random_;
};

// ---- what a line does not say -----------------------------------------------------------------------------------

void plain(Instance& instance) {
    if (!instance.exists()) instance.pid = 0;
}

/// Containers have no pid of their own, and where a container's check was written is not said.
void only_id(Instance& instance) { instance.pid = 0; }

/// An index is found by names, and who says nothing is as who is not there.
void plain(event::TargetJoined& joined) {
    if (!joined.labelled) return;
    event::LabelledService said = *joined.labelled;
    for (NamedDependency& named : said.depends_on) {
        named.rules.service = 0;
        if (!named.rules.origin.written()) named.rules.origin = {};
    }
    const bool says_nothing = said.names.empty() && said.depends_on.empty();
    joined.labelled = says_nothing ? nullptr : std::make_shared<const event::LabelledService>(std::move(said));
}

/// Indices are not written, names are; and what follows from another member is said once.
template <typename T>
void normalize(T& body, const Record& record) {
    if constexpr (requires { body.target = no_target; }) body.target = no_target;
    if constexpr (requires { body.service = 0; }) body.service = 0;
    if constexpr (requires { body.instance.pid; }) plain(body.instance);
    if constexpr (requires { body.previous.pid; }) only_id(body.previous);
    if constexpr (requires { body.survivor.pid; }) only_id(body.survivor);
    if constexpr (requires { body.healthcheck->origin; }) {
        if (body.healthcheck) body.healthcheck->origin = {};
    }
    if constexpr (std::same_as<std::remove_cvref_t<decltype(body)>, event::TargetJoined>) plain(body);
    if constexpr (requires { body.memory; }) {
        body.memory.target = record.target;
        plain(body.memory.instance);
        only_id(body.memory.previous);
        body.memory.of_this_boot = true;  // its reader finds that out
    }
}

void normalize_fact(Fact& fact) {
    fact.target = no_target;
    plain(fact.instance);
    if (!fact.rule.written()) fact.rule = {};
    if (const auto* opened = std::get_if<fact::IncidentOpened>(&fact.body)) fact.incident = opened->incident;
    if (const auto* closed = std::get_if<fact::IncidentClosed>(&fact.body)) fact.incident = closed->incident;
}

void normalize_place(Origin& place) {
    if (!place.written()) place = {};
}

void normalize_rules(ServiceRules& rules, const Record& record) {
    ServiceSpec& spec = rules.spec;
    spec.name = record.service;
    for (Origin* place :
         {&spec.origin, &spec.ladder_origin, &spec.restart.origin, &spec.quarantine.origin, &spec.update.origin}) {
        normalize_place(*place);
    }
    if (spec.healthcheck) normalize_place(spec.healthcheck->origin);
    for (Rung& rung : spec.on_unhealthy) normalize_place(rung.origin);
    for (Dependency& dependency : spec.depends_on) normalize_place(dependency.origin);
}

Record any_record(std::uint64_t seed) {
    Maker maker{seed};
    Record record;
    maker.fill(record);
    if (auto* input = std::get_if<Input>(&record.body)) {
        std::visit([&](auto& event) { normalize(event, record); }, input->event);
    } else if (auto* asked = std::get_if<Asked>(&record.body)) {
        std::visit([&](auto& command) { normalize(command, record); }, asked->command);
    } else if (auto* noted = std::get_if<Noted>(&record.body)) {
        normalize_fact(noted->fact);
    } else if (auto* state = std::get_if<State>(&record.body)) {
        normalize(*state, record);
    } else if (auto* rules = std::get_if<ServiceRules>(&record.body)) {
        normalize_rules(*rules, record);
    } else if (auto* host = std::get_if<HostRules>(&record.body)) {
        normalize_place(host->guard.origin);
    }
    return record;
}

constexpr std::uint64_t records_a_case = 20;

void check_line(const Record& record) {
    const std::string line = encode(record);
    const auto read = decode(line, Checksum::required);
    if (!read) RC_FAIL(read.error() + "\n" + line);
    RC_ASSERT(encode(*read) == line);
    if (!same(*read, record)) RC_FAIL("not what was written:\n" + line);
}

void check_event(const Record& record) {
    const std::string line = event_json(record);
    const auto read = decode(line);
    if (!read) RC_FAIL(read.error() + "\n" + line);
    RC_ASSERT(event_json(*read) == line);
}

RC_GTEST_PROP(journal_codec, a_line_is_read_back_as_what_was_written, (std::uint64_t seed)) {
    for (std::uint64_t i = 0; i < records_a_case; ++i) check_line(any_record(seed + i));
}

RC_GTEST_PROP(journal_codec, a_shown_event_is_read_back_as_what_was_shown, (std::uint64_t seed)) {
    for (std::uint64_t i = 0; i < records_a_case; ++i) check_event(any_record(seed + i));
}

RC_GTEST_PROP(journal_codec, any_bytes_make_a_line_that_is_read, (const std::string& bytes)) {
    Record record;
    record.target = bytes;
    record.body = Noted{Fact{no_target, {}, 0, {}, fact::Unexpected{bytes}}};
    const auto read = decode(encode(record));
    RC_ASSERT(read.has_value());
    RC_ASSERT(encode(*read) == encode(record));
}

}  // namespace
}  // namespace keepwell::journal
