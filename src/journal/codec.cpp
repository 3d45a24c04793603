// The codec: an encoder that appends to a text, a decoder that reads parsed JSON, and one table of type names for both.
#include "journal/codec.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <charconv>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "journal/arithmetic.hpp"
#include "journal/members.hpp"

namespace keepwell::journal {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// ---- moments ----------------------------------------------------------------------------------------------------

constexpr std::int64_t ns_in_ms = 1'000'000;

std::int64_t count(Instant at) { return at.time_since_epoch().count(); }
Instant instant(std::int64_t ns) { return Instant{Duration{ns}}; }

WallTime wall_of(const Record& record, Instant moment) {
    const auto ahead = saturated_difference(count(moment), count(record.at)) / ns_in_ms;
    return WallTime{milliseconds{saturated_sum(record.time.time_since_epoch().count(), ahead)}};
}

Instant instant_of(const Record& record, WallTime moment) {
    const auto ahead = saturated_difference(moment.time_since_epoch().count(), record.time.time_since_epoch().count());
    return instant(saturated_sum(count(record.at), saturated_product(ahead, ns_in_ms)));
}

// ---- words ------------------------------------------------------------------------------------------------------

template <typename Enum>
std::string_view word(Enum value) {
    return to_string(value);
}

template <>
std::string_view word(Mode mode) {
    switch (mode) {
        case Mode::enforce: return "enforce";
        case Mode::dry_run: return "dry-run";
    }
    return "?";
}

template <>
std::string_view word(ExitStatus::Kind kind) {
    switch (kind) {
        case ExitStatus::Kind::code: return "code";
        case ExitStatus::Kind::signal: return "signal";
        case ExitStatus::Kind::exec_failed: return "exec_failed";
        case ExitStatus::Kind::unknown: return "unknown";
    }
    return "?";
}

template <>
std::string_view word(ReplaceOrder order) {
    switch (order) {
        case ReplaceOrder::automatic: return "automatic";
        case ReplaceOrder::stop_first: return "stop-first";
        case ReplaceOrder::start_first: return "start-first";
    }
    return "?";
}

template <>
std::string_view word(command::MadeFrom from) {
    switch (from) {
        case command::MadeFrom::itself: return "itself";
        case command::MadeFrom::entry: return "entry";
        case command::MadeFrom::previous: return "previous";
    }
    return "?";
}

template <>
std::string_view word(TargetKind kind) {
    switch (kind) {
        case TargetKind::process: return "process";
        case TargetKind::container: return "container";
        case TargetKind::adopted: return "adopted";
    }
    return "?";
}

template <>
std::string_view word(UpdateConfig::FailureAction action) {
    switch (action) {
        case UpdateConfig::FailureAction::pause: return "pause";
        case UpdateConfig::FailureAction::go_on: return "continue";
        case UpdateConfig::FailureAction::rollback: return "rollback";
    }
    return "?";
}

/// The enumerators count up from 0 without a gap, and a value beyond the last has the word "?".
template <typename Enum>
std::optional<Enum> from_word(std::string_view text) {
    for (unsigned value = 0; value <= std::numeric_limits<std::uint8_t>::max(); ++value) {
        const auto candidate = static_cast<Enum>(value);
        const std::string_view known = word(candidate);
        if (known == "?") break;
        if (known == text) return candidate;
    }
    return std::nullopt;
}

// ---- type names -------------------------------------------------------------------------------------------------

struct TypeOfInput {
    std::string_view operator()(const event::Restored&) const { return "input.restored"; }
    std::string_view operator()(const event::Begin&) const { return "input.begin"; }
    std::string_view operator()(const event::Tick&) const { return "input.tick"; }
    std::string_view operator()(const event::StartFinished&) const { return "input.start_finished"; }
    std::string_view operator()(const event::StopFinished&) const { return "input.stop_finished"; }
    std::string_view operator()(const event::Exited&) const { return "input.exited"; }
    std::string_view operator()(const event::ProbeFinished&) const { return "input.probe_finished"; }
    std::string_view operator()(const event::HookFinished&) const { return "input.hook_finished"; }
    std::string_view operator()(const event::BackendLost&) const { return "input.backend_lost"; }
    std::string_view operator()(const event::BackendFound&) const { return "input.backend_found"; }
    std::string_view operator()(const event::TargetJoined&) const { return "input.target_joined"; }
    std::string_view operator()(const event::TargetLeft&) const { return "input.target_left"; }
    std::string_view operator()(const event::Found&) const { return "input.found"; }
    std::string_view operator()(const event::Absent&) const { return "input.absent"; }
    std::string_view operator()(const event::Frozen&) const { return "input.frozen"; }
    std::string_view operator()(const event::HealthReported&) const { return "input.health_reported"; }
    std::string_view operator()(const event::ReplaceFinished&) const { return "input.replace_finished"; }
    std::string_view operator()(const event::SettleFinished&) const { return "input.settle_finished"; }
    std::string_view operator()(const event::StepTaken&) const { return "input.step_taken"; }
    std::string_view operator()(const event::OrphanSeen&) const { return "input.orphan_seen"; }
    std::string_view operator()(const event::DiscardFinished&) const { return "input.discard_finished"; }
    std::string_view operator()(const event::PolicyChanged&) const { return "input.policy_changed"; }
    std::string_view operator()(const event::Maintenance&) const { return "input.maintenance"; }
    std::string_view operator()(const event::Operated&) const { return "input.operated"; }
    std::string_view operator()(const event::Shutdown&) const { return "input.shutdown"; }
};

struct TypeOfCommand {
    std::string_view operator()(const command::Start&) const { return "command.start"; }
    std::string_view operator()(const command::Stop&) const { return "command.stop"; }
    std::string_view operator()(const command::Restart&) const { return "command.restart"; }
    std::string_view operator()(const command::Replace&) const { return "command.replace"; }
    std::string_view operator()(const command::Settle&) const { return "command.settle"; }
    std::string_view operator()(const command::Discard&) const { return "command.discard"; }
    std::string_view operator()(const command::RunProbe&) const { return "command.run_probe"; }
    std::string_view operator()(const command::CancelProbe&) const { return "command.cancel_probe"; }
    std::string_view operator()(const command::RunHook&) const { return "command.run_hook"; }
    std::string_view operator()(const command::KeepEvidence&) const { return "command.keep_evidence"; }
    std::string_view operator()(const command::Look&) const { return "command.look"; }
    std::string_view operator()(const command::Release&) const { return "command.release"; }
};

struct TypeOfBody {
    std::string_view operator()(const RunStarted&) const { return "policy.loaded"; }
    std::string_view operator()(const RunEnded&) const { return "run.ended"; }
    std::string_view operator()(const Input& input) const { return std::visit(TypeOfInput{}, input.event); }
    std::string_view operator()(const Asked& asked) const { return std::visit(TypeOfCommand{}, asked.command); }
    std::string_view operator()(const Noted& noted) const { return type_name(noted.fact); }
    std::string_view operator()(const State&) const { return "state"; }
    std::string_view operator()(const Evidence&) const { return "evidence"; }
    std::string_view operator()(const HostRules&) const { return "rules.host"; }
    std::string_view operator()(const ServiceRules&) const { return "rules.service"; }
    std::string_view operator()(const Probes&) const { return "probes"; }
};

/// Calls `use` with a fresh value of each alternative of the variant.
template <typename Variant, typename Use>
void for_each_alternative(const Use& use) {
    const auto all = [&use]<std::size_t... I>(std::index_sequence<I...>) {
        (use(std::variant_alternative_t<I, Variant>{}), ...);
    };
    all(std::make_index_sequence<std::variant_size_v<Variant>>{});
}

using Bodies = std::map<std::string_view, Body>;

/// A fresh body for each type name.
Bodies make_bodies() {
    Bodies bodies;
    const auto add = [&bodies](Body body) {
        const std::string_view name = std::visit(TypeOfBody{}, body);
        bodies.emplace(name, std::move(body));
    };
    const auto add_fact = [&add](fact::Body body) {
        Noted noted;
        noted.fact.body = std::move(body);
        add(std::move(noted));
    };
    add(RunStarted{});
    add(RunEnded{});
    add(State{});
    add(Evidence{});
    add(HostRules{});
    add(ServiceRules{});
    add(Probes{});
    for_each_alternative<Event>([&add](Event event) { add(Input{std::move(event)}); });
    for_each_alternative<Command>([&add](Command command) { add(Asked{std::move(command)}); });
    for_each_alternative<fact::Body>(add_fact);
    for (unsigned verb = 0; word(static_cast<event::Verb>(verb)) != "?"; ++verb) {
        add_fact(fact::OperatorActed{static_cast<event::Verb>(verb), {}});
    }
    add_fact(fact::MaintenanceChanged{true, never});
    add_fact(fact::BackendChanged{true, {}});
    add_fact(fact::Membership{true, {}});
    add_fact(fact::OrphanChanged{{}, true, {}});
    using Step = fact::UpdateChanged::Step;
    for (const Step step : {Step::paused, Step::completed, Step::rollback_started, Step::rollback_completed}) {
        add_fact(fact::UpdateChanged{step, {}, {}});
    }
    return bodies;
}

const Bodies& bodies() {
    static const Bodies all = make_bodies();
    return all;
}

// ---- writing ----------------------------------------------------------------------------------------------------

enum class Style : std::uint8_t { journal, event };

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

void append_text(std::string& out, std::string_view text) {
    if (std::all_of(text.begin(), text.end(), is_plain)) {
        out += '"';
        out += text;
        out += '"';
        return;
    }
    out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The shortest text that is read back as the same number.
template <typename Number>
void append_number(std::string& out, Number value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

class Encoder {
  public:
    Encoder(const Record& record, Style style)
        : record_{record}, exact_{style == Style::journal}, for_people_{style == Style::event || is_event(record)} {
        out_.reserve(512);
    }

    std::string line() {
        out_ += "{\"seq\":";
        append_number(out_, record_.seq);
        (*this)("time", record_.time);
        if (exact_) (*this)("at", record_.at);
        (*this)("type", type_name(record_));
        (*this)("target", record_.target);
        (*this)("service", record_.service);
        std::visit([this](const auto& body) { members(*this, body); }, record_.body);
        if (exact_ && record_.repeated) (*this)("repeated", true);
        if (exact_) append_checksum();
        out_ += '}';
        return std::move(out_);
    }

    template <typename T>
    void operator()(std::string_view name, const T& value) {
        if (is_left_out(value)) return;
        key(name);
        append(value);
    }

    template <typename T>
    void rare(std::string_view name, const T& value) {
        if (value != T{}) (*this)(name, value);
    }

    void instance(const Instance& instance) {
        (*this)("instance", instance.id);
        if (instance.exists()) rare("pid", instance.pid);
    }

    void rule(const Origin& rule) { place("rule", rule); }

    void place(std::string_view name, const Origin& place) {
        if (place.written()) object(name, place);
    }

    template <typename T>
    void maybe(std::string_view name, const std::optional<T>& value) {
        if (!value) return;
        if constexpr (std::is_same_v<T, Duration>) {
            length(name, *value);
        } else if constexpr (std::is_arithmetic_v<T>) {
            (*this)(name, *value);
        } else {
            object(name, *value);
        }
    }

    void moment(std::string_view name, Instant at) {
        if (at == never) return;
        if (for_people_) (*this)(name, wall_of(record_, at));
        if (exact_) key(name, "_at"), append(at);
    }

    void moments(std::string_view name, const std::vector<Instant>& all) {
        if (all.empty()) return;
        key(name, exact_ ? "_at" : "");
        array(all, [this](Instant at) { exact_ ? append(at) : append(wall_of(record_, at)); });
    }

    void length(std::string_view name, Duration length) {
        if (for_people_) key(name, "_ms"), append(std::chrono::duration_cast<milliseconds>(length).count());
        if (exact_) key(name, "_ns"), append(length.count());
    }

    template <typename T>
    void object(std::string_view name, const T& value) {
        key(name);
        braces(value);
    }

    template <typename T>
    void list(std::string_view name, const std::vector<T>& all) {
        if (all.empty()) return;
        key(name);
        array(all, [this](const T& one) { braces(one); });
    }

  private:
    template <typename T>
    static bool is_left_out(const T& value) {
        if constexpr (requires { value.empty(); }) return value.empty();
        if constexpr (std::is_same_v<T, Reason>) return value == Reason::none;
        return false;
    }

    void key(std::string_view name, std::string_view suffix = "") {
        if (out_.back() != '{') out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += suffix;
        out_ += "\":";
    }

    template <typename T>
    void braces(const T& value) {
        out_ += '{';
        members(*this, value);
        out_ += '}';
    }

    template <typename T, typename Each>
    void array(const std::vector<T>& all, const Each& each) {
        out_ += '[';
        for (const T& one : all) {
            if (out_.back() != '[') out_ += ',';
            each(one);
        }
        out_ += ']';
    }

    void append(bool value) { out_ += value ? "true" : "false"; }
    void append(std::string_view value) { append_text(out_, value); }
    void append(Instant at) { append_number(out_, count(at)); }
    void append(WallTime time) { append_text(out_, rfc3339(time)); }
    void append(const std::vector<std::string>& all) {
        array(all, [this](const std::string& one) { append(std::string_view{one}); });
    }
    template <typename T>
    requires std::is_arithmetic_v<T>
    void append(T value) { append_number(out_, value); }
    template <typename T>
    requires std::is_enum_v<T>
    void append(T value) { append_text(out_, word(value)); }

    void append_checksum();

    const Record& record_;
    bool exact_;
    bool for_people_;
    std::string out_;
};

// ---- the checksum -----------------------------------------------------------------------------------------------

constexpr std::string_view checksum_key = R"(,"crc":")";
constexpr std::size_t checksum_digits = 8;
constexpr std::size_t checksum_size = checksum_key.size() + checksum_digits + 2;  // `"}`

std::string checksum(std::string_view bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    std::string digits(checksum_digits, '0');
    for (std::uint32_t left = crc.checksum(), place = checksum_digits; place > 0; left >>= 4) {
        digits[--place] = "0123456789abcdef"[left & 0xf];
    }
    return digits;
}

void Encoder::append_checksum() {
    const std::string digits = checksum(out_);
    out_ += checksum_key;
    out_ += digits;
    out_ += '"';
}

bool has_checksum(std::string_view line) {
    if (line.size() <= checksum_size || line.substr(line.size() - 2) != "\"}") return false;
    return line.substr(line.size() - checksum_size, checksum_key.size()) == checksum_key;
}

bool checksum_is_right(std::string_view line) {
    const std::string_view bytes = line.substr(0, line.size() - checksum_size);
    return line.substr(bytes.size() + checksum_key.size(), checksum_digits) == checksum(bytes);
}

/// What is wrong with the line as bytes; nullptr: nothing.
const char* damage_of(std::string_view line, Checksum checksum) {
    if (line.size() > max_line) return "the line is too long";
    if (has_checksum(line)) return checksum_is_right(line) ? nullptr : "wrong checksum";
    return checksum == Checksum::required ? "no checksum" : nullptr;
}

// ---- reading ----------------------------------------------------------------------------------------------------

/// Reads members of one JSON object; the first mistake is kept, and everything after it is ignored.
class Decoder {
  public:
    Decoder(const json& object, const Record& record, std::string& mistake)
        : object_{object}, record_{record}, mistake_{mistake} {}

    template <typename T>
    void operator()(std::string_view name, T& value) {
        if (const json* found = find(name)) take(name, *found, value);
    }

    template <typename T>
    void rare(std::string_view name, T& value) {
        (*this)(name, value);
    }

    void instance(Instance& instance) {
        (*this)("instance", instance.id);
        if (instance.exists()) (*this)("pid", instance.pid);
    }

    void rule(Origin& rule) { place("rule", rule); }
    void place(std::string_view name, Origin& place) { object(name, place); }

    template <typename T>
    void maybe(std::string_view name, std::optional<T>& value) {
        if constexpr (std::is_same_v<T, Duration>) {
            if (find(std::string{name} + "_ns") || find(std::string{name} + "_ms")) length(name, value.emplace());
        } else if constexpr (std::is_arithmetic_v<T>) {
            if (find(name)) (*this)(name, value.emplace());
        } else {
            if (find(name)) object(name, value.emplace());
        }
    }

    void moment(std::string_view name, Instant& at) {
        at = never;
        if (const json* exact = find(std::string{name} + "_at")) return take(name, *exact, at);
        if (const json* wall = find(name)) take_wall(name, *wall, at);
    }

    void moments(std::string_view name, std::vector<Instant>& all) {
        if (const json* exact = find(std::string{name} + "_at")) {
            return array(name, *exact, all, [&](const json& one, Instant& at) { take(name, one, at); });
        }
        if (const json* walls = find(name)) {
            array(name, *walls, all, [&](const json& one, Instant& at) { take_wall(name, one, at); });
        }
    }

    void length(std::string_view name, Duration& length) {
        std::int64_t value = 0;
        if (const json* ns = find(std::string{name} + "_ns")) {
            take(name, *ns, value);
            length = Duration{value};
        } else if (const json* ms = find(std::string{name} + "_ms")) {
            take(name, *ms, value);
            length = Duration{saturated_product(value, ns_in_ms)};
        }
    }

    template <typename T>
    void object(std::string_view name, T& value) {
        if (const json* found = find(name)) braces(name, *found, value);
    }

    template <typename T>
    void list(std::string_view name, std::vector<T>& all) {
        const json* found = find(name);
        if (found) array(name, *found, all, [&](const json& one, T& value) { braces(name, one, value); });
    }

  private:
    const json* find(std::string_view name) const {
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }

    void fail(std::string_view name, std::string_view what) {
        if (mistake_.empty()) mistake_ = "`" + std::string{name} + "` is " + std::string{what};
    }

    void take(std::string_view name, const json& found, bool& value) {
        const auto* read = found.get_ptr<const json::boolean_t*>();
        if (!read) return fail(name, "not true or false");
        value = *read;
    }

    void take(std::string_view name, const json& found, std::string& value) {
        const auto* read = found.get_ptr<const json::string_t*>();
        if (!read) return fail(name, "not a text");
        value = *read;
    }

    void take(std::string_view name, const json& found, double& value) {
        if (!found.is_number()) return fail(name, "not a number");
        value = found.get<double>();
    }

    template <std::integral T>
    void take(std::string_view name, const json& found, T& value) {
        if (const auto* natural = found.get_ptr<const json::number_unsigned_t*>()) {
            return take_in_range(name, *natural, value);
        }
        if (const auto* integer = found.get_ptr<const json::number_integer_t*>()) {
            return take_in_range(name, *integer, value);
        }
        fail(name, "not a whole number");
    }

    template <typename Number, typename T>
    void take_in_range(std::string_view name, Number found, T& value) {
        if (!std::in_range<T>(found)) return fail(name, "out of range");
        value = static_cast<T>(found);
    }

    template <typename T>
    requires std::is_enum_v<T>
    void take(std::string_view name, const json& found, T& value) {
        const auto* text = found.get_ptr<const json::string_t*>();
        const auto known = text ? from_word<T>(*text) : std::nullopt;
        if (!known) return fail(name, "not a known word");
        value = *known;
    }

    /// Alerts: the text lives on in the model's own table.
    void take(std::string_view name, const json& found, std::string_view& value) {
        const auto* text = found.get_ptr<const json::string_t*>();
        const auto& names = fact::alert_names;
        const auto* known = text ? std::find(names.begin(), names.end(), *text) : names.end();
        if (known == names.end()) return fail(name, "not a known word");
        value = *known;
    }

    void take(std::string_view name, const json& found, Instant& at) {
        std::int64_t ns = 0;
        take(name, found, ns);
        at = instant(ns);
    }

    void take(std::string_view name, const json& found, WallTime& time) {
        const auto* text = found.get_ptr<const json::string_t*>();
        const auto read = text ? parse_rfc3339(*text) : std::nullopt;
        if (!read) return fail(name, "not a time");
        time = *read;
    }

    void take(std::string_view name, const json& found, std::vector<std::string>& all) {
        array(name, found, all, [&](const json& one, std::string& value) { take(name, one, value); });
    }

    void take_wall(std::string_view name, const json& found, Instant& at) {
        WallTime time{};
        take(name, found, time);
        at = instant_of(record_, time);
    }

    template <typename T, typename Each>
    void array(std::string_view name, const json& found, std::vector<T>& all, const Each& each) {
        if (!found.is_array()) return fail(name, "not a list");
        all.resize(found.size());
        for (std::size_t i = 0; i < all.size(); ++i) each(found[i], all[i]);
    }

    template <typename T>
    void braces(std::string_view name, const json& found, T& value) {
        if (!found.is_object()) return fail(name, "not an object");
        Decoder inner{found, record_, mistake_};
        members(inner, value);
    }

    const json& object_;
    const Record& record_;
    std::string& mistake_;
};

void name(event::TargetJoined& joined, const Record& record) {
    TargetSpec spec = *joined.spec;
    spec.name = record.target;
    joined.spec = std::make_shared<const TargetSpec>(std::move(spec));
    if (!joined.service) return;
    ServiceSpec service = *joined.service;
    service.name = record.service;
    joined.service = std::make_shared<const ServiceSpec>(std::move(service));
}

/// What the line says once only.
void complete(Record& record) {
    if (auto* state = std::get_if<State>(&record.body)) {
        state->memory.target = record.target;
    } else if (auto* input = std::get_if<Input>(&record.body)) {
        if (auto* restored = std::get_if<event::Restored>(&input->event)) restored->memory.target = record.target;
        if (auto* joined = std::get_if<event::TargetJoined>(&input->event)) name(*joined, record);
    } else if (auto* rules = std::get_if<ServiceRules>(&record.body)) {
        rules->spec.name = record.service;
    } else if (auto* noted = std::get_if<Noted>(&record.body)) {
        if (const auto incident = incident_in(noted->fact.body)) noted->fact.incident = *incident;
    }
}

tl::expected<Record, std::string> record_of(const json& object) {
    Record record;
    std::string mistake;
    std::string type;
    Decoder decoder{object, record, mistake};
    decoder("type", type);
    if (!mistake.empty()) return tl::make_unexpected(mistake);
    const auto body = bodies().find(type);
    if (body == bodies().end()) return tl::make_unexpected("unknown type `" + type + "`");
    record.body = body->second;
    decoder("seq", record.seq);
    decoder("time", record.time);
    decoder("at", record.at);
    decoder("target", record.target);
    decoder("service", record.service);
    decoder("repeated", record.repeated);
    std::visit([&decoder](auto& one) { members(decoder, one); }, record.body);
    if (!mistake.empty()) return tl::make_unexpected(mistake);
    complete(record);
    return record;
}

// ---- names to indices -------------------------------------------------------------------------------------------

/// Where `all` has an element of this name; `otherwise` for no name, nullopt if there is none.
template <typename All>
std::optional<std::uint32_t> index_of(const std::string& name, const All& all, std::uint32_t otherwise) {
    if (name.empty()) return otherwise;
    const auto found = std::find_if(all.begin(), all.end(), [&name](const auto& one) { return one.name == name; });
    if (found == all.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - all.begin());
}

struct SetIndices {
    TargetIndex target;
    ServiceIndex service;

    template <typename T>
    void operator()(T& one) const {
        if constexpr (requires { one.target = target; }) one.target = target;
        if constexpr (requires { one.service = service; }) one.service = service;
    }
};

// ---- time -------------------------------------------------------------------------------------------------------

void append_padded(std::string& out, unsigned value, unsigned digits) {
    const std::size_t end = out.size() + digits;
    out.resize(end, '0');
    for (std::size_t place = end; value > 0; value /= 10) out[--place] = static_cast<char>('0' + value % 10);
}

/// Takes exactly `digits` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
    int value = 0;
    if (text.size() < digits) return std::nullopt;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take_char(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// ".678" and finer as milliseconds; without a point 0.
std::optional<milliseconds> take_fraction(std::string_view& text) {
    if (!take_char(text, ".")) return milliseconds{0};
    int value = 0;
    int digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
        if (digits < 3) value = value * 10 + (text.front() - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) value *= 10;
    return milliseconds{value};
}

/// "Z" or "+02:00"
std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
    if (take_char(text, "Zz")) return std::chrono::minutes{0};
    const bool west = !text.empty() && text.front() == '-';
    if (!take_char(text, "+-")) return std::nullopt;
    const auto hours = take_digits(text, 2);
    const bool colon = take_char(text, ":");
    const auto minutes = take_digits(text, 2);
    if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const std::chrono::minutes offset{*hours * 60 + *minutes};
    return west ? -offset : offset;
}

}  // namespace

std::string rfc3339(WallTime time) {
    using namespace std::chrono;
    constexpr WallTime first = sys_days{year{0} / 1 / 1};
    constexpr WallTime last = sys_days{year{10000} / 1 / 1} - milliseconds{1};
    time = std::clamp(time, first, last);
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    std::string out;
    out.reserve(24);
    append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_padded(out, static_cast<unsigned>(clock.hours().count()), 2);
    out += ':';
    append_padded(out, static_cast<unsigned>(clock.minutes().count()), 2);
    out += ':';
    append_padded(out, static_cast<unsigned>(clock.seconds().count()), 2);
    out += '.';
    append_padded(out, static_cast<unsigned>(clock.subseconds().count()), 3);
    out += 'Z';
    return out;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    const auto y = take_digits(text, 4);
    bool good = take_char(text, "-");
    const auto m = take_digits(text, 2);
    good = take_char(text, "-") && good;
    const auto d = take_digits(text, 2);
    good = take_char(text, "Tt ") && good;
    const auto hour = take_digits(text, 2);
    good = take_char(text, ":") && good;
    const auto minute = take_digits(text, 2);
    good = take_char(text, ":") && good;
    const auto second = take_digits(text, 2);
    const auto fraction = take_fraction(text);
    const auto zone = take_zone(text);
    if (!good || !y || !m || !d || !hour || !minute || !second || !fraction || !zone || !text.empty()) {
        return std::nullopt;
    }
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second} + *fraction - *zone;
}

std::string encode(const Record& record) { return Encoder{record, Style::journal}.line(); }

std::string event_json(const Record& record) { return Encoder{record, Style::event}.line(); }

tl::expected<Record, std::string> decode(std::string_view line, Checksum checksum) {
    if (const char* damage = damage_of(line, checksum)) return tl::make_unexpected(std::string{damage});
    const json object = json::parse(line, nullptr, false);
    if (object.is_discarded()) return tl::make_unexpected(std::string{"not JSON"});
    if (!object.is_object()) return tl::make_unexpected(std::string{"not an object"});
    return record_of(object);
}

bool resolve(Record& record, const Policy& policy) {
    const auto target = index_of(record.target, policy.targets, no_target);
    const auto service = index_of(record.service, policy.services, 0);
    if (!target || !service) return false;
    const SetIndices set{*target, *service};
    if (auto* input = std::get_if<Input>(&record.body)) std::visit(set, input->event);
    if (auto* asked = std::get_if<Asked>(&record.body)) std::visit(set, asked->command);
    if (auto* noted = std::get_if<Noted>(&record.body)) set(noted->fact);
    return true;
}

tl::expected<Glance, std::string> glance(std::string_view line) {
    if (const char* damage = damage_of(line, Checksum::required)) return tl::make_unexpected(std::string{damage});
    constexpr std::string_view seq_key = R"({"seq":)";
    constexpr std::string_view type_key = R"(,"type":")";
    Glance found;
    const std::size_t type = line.find(type_key);
    if (!line.starts_with(seq_key) || type == std::string_view::npos) {
        return tl::make_unexpected(std::string{"not a record"});
    }
    std::from_chars(line.data() + seq_key.size(), line.data() + type, found.seq);
    found.type = line.substr(type + type_key.size());
    found.type = found.type.substr(0, found.type.find('"'));
    found.repeated = line.substr(0, line.size() - checksum_size).ends_with(R"(,"repeated":true)");
    return found;
}

std::string_view type_name(const Record& record) { return std::visit(TypeOfBody{}, record.body); }

bool is_event(const Record& record) {
    return std::holds_alternative<RunStarted>(record.body) || std::holds_alternative<RunEnded>(record.body) ||
           std::holds_alternative<Noted>(record.body);
}

bool is_event_type(std::string_view type) {
    return type != "state" && type != "evidence" && type != "probes" && !type.starts_with("input.") &&
           !type.starts_with("command.") && !type.starts_with("rules.");
}

}  // namespace keepwell::journal
