// Reads the small languages word by word.
#include "simulation/script/notation.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "policy/document/text.hpp"
#include "policy/values/quantities.hpp"
#include "simulation/script/vocabulary.hpp"

namespace keepwell::simulation {
namespace {

struct Word {
    std::string_view text;
    std::size_t offset = 0;
};

/// Words between blanks; a comma is a word of its own.
std::vector<Word> words_of(std::string_view text) {
    std::vector<Word> words;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n') {
            ++i;
            continue;
        }
        const std::size_t end = text[i] == ',' ? i + 1 : std::min(text.find_first_of(" \t\n,", i), text.size());
        words.push_back({text.substr(i, end - i), i});
        i = end;
    }
    return words;
}

/// Goes over the words of a text; the first mistake stays.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_{text}, words_{words_of(text)} {}

    bool done() const { return slip_.has_value() || at_ == words_.size(); }
    bool failed() const { return slip_.has_value(); }
    std::size_t offset() const { return at_ < words_.size() ? words_[at_].offset : text_.size(); }
    std::string_view peek() const { return at_ < words_.size() ? words_[at_].text : std::string_view{}; }
    std::string_view take() { return at_ < words_.size() ? words_[at_++].text : std::string_view{}; }
    bool take_if(std::string_view word) {
        if (done() || peek() != word) return false;
        ++at_;
        return true;
    }
    template <typename T>
    std::optional<T> take_one(const std::vector<Worded<T>>& table) {
        for (const auto& [word, value] : table) {
            if (take_if(word)) return value;
        }
        return std::nullopt;
    }
    /// One of these words must come.
    template <typename T>
    T one_of(const std::vector<Worded<T>>& table) {
        if (const auto value = take_one(table)) return *value;
        const auto words = words_of(table);
        expected(policy::join_alternatives(words), words);
        return table.front().value;
    }
    void expect(std::string_view word) {
        if (!take_if(word)) expected("`" + std::string{word} + "`");
    }

    /// The word ahead is not what is wanted.
    void expected(const std::string& what, const std::vector<std::string_view>& candidates = {}) {
        if (slip_) return;
        const std::string_view word = peek();
        const std::string found = word.empty() ? "nothing follows" : "this is " + policy::quote(word);
        slip_ = Slip{"expected " + what + ", but " + found + policy::did_you_mean(word, candidates), offset(),
                     std::max<std::size_t>(word.size(), 1)};
    }

    Duration duration(std::string_view what) {
        const auto value = policy::parse_duration(peek());
        if (value) {
            ++at_;
            return *value;
        }
        expected(std::string{what});
        return Duration{0};
    }
    int number(const std::string& what, int least, int most) {
        int value = 0;
        const std::string_view word = peek();
        const auto [stop, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (failure == std::errc{} && stop == word.data() + word.size() && value >= least && value <= most) {
            ++at_;
            return value;
        }
        expected(what);
        return 0;
    }

    template <typename T>
    Read<T> finish(T value) {
        if (!done()) expected("the end");
        if (slip_) return tl::unexpected<Slip>(*slip_);
        return value;
    }

  private:
    std::string_view text_;
    std::vector<Word> words_;
    std::size_t at_ = 0;
    std::optional<Slip> slip_;
};

using Names = std::vector<std::string_view>;

int signal_of(Reader& reader) {
    std::string_view word = reader.peek();
    if (word.starts_with("SIG")) word.remove_prefix(3);
    for (const auto& [name, number] : signal_words()) {
        if (name != word) continue;
        reader.take();
        return number;
    }
    const auto is_number = [word](const Worded<int>& one) { return std::to_string(one.value) == word; };
    const auto numbered = std::ranges::find_if(signal_words(), is_number);
    if (numbered != signal_words().end()) {
        reader.expected("a signal by its name, " + policy::quote(numbered->word));
    } else {
        reader.expected("a signal such as `SEGV`", words_of(signal_words()));
    }
    return 0;
}

/// "exit 1" or "signal SEGV", if that is what comes.
std::optional<ExitStatus> exit_of(Reader& reader) {
    if (reader.take_if("exit"))
        return ExitStatus{ExitStatus::Kind::code, reader.number("an exit code from 0 to 255", 0, 255), {}};
    if (reader.take_if("signal")) return ExitStatus{ExitStatus::Kind::signal, signal_of(reader), {}};
    return std::nullopt;
}

std::optional<Answer> answer_of(Reader& reader) {
    if (const auto answer = reader.take_one(answer_words())) return answer;
    if (reader.take_if("exit")) return Answer::exits(reader.number("an exit code from 0 to 255", 0, 255));
    Names names = words_of(answer_words());
    names.emplace_back("exit N");
    const std::string all = policy::join_alternatives(names);
    names.back() = "exit";
    reader.expected(all, names);
    return std::nullopt;
}

/// A run of answers is one entry however long; lives are kept one by one.
constexpr std::uint32_t most_answers = 9'999'999;
constexpr std::uint32_t most_lives = 1000;

bool is_times(std::string_view word) { return word.size() > 1 && word[0] == 'x' && policy::is_digits(word.substr(1)); }

std::optional<std::uint32_t> times_of(Reader& reader, std::uint32_t most) {
    if (!is_times(reader.peek())) return std::nullopt;
    std::uint32_t times = 0;
    const std::string_view digits = reader.peek().substr(1);
    const auto [stop, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), times);
    if (failure != std::errc{} || times == 0 || times > most) {
        reader.expected("`x1` to `x" + std::to_string(most) + "`");
        return std::nullopt;
    }
    reader.take();
    return times;
}

void read_clauses(Reader& reader, Life& life) {
    while (!reader.done()) {
        reader.expect(",");
        if (reader.take_if("starts")) {
            reader.expect("in");
            life.starts_in = reader.duration("a duration such as `10s` after `starts in`");
        } else if (reader.take_if("stops")) {
            reader.expect("in");
            life.stops_in = reader.duration("a duration such as `10s` after `stops in`");
        } else if (reader.take_if("ignores")) {
            reader.expect("stop");
            life.stops_in = std::nullopt;
        } else {
            reader.expected("`starts in`, `stops in` or `ignores stop`", {"starts", "stops", "ignores"});
        }
    }
}

std::optional<Sighting> sighting_of(Reader& reader) {
    Names names;
    for (const WordedSighting& one : worded_sightings()) {
        if (reader.peek() == one.words) {
            reader.take();
            return one.sighting;
        }
        names.push_back(one.words);
    }
    reader.expected("a word for what is seen, such as `running`, `unhealthy` or `restart`", names);
    return std::nullopt;
}

/// The reason of a hold and the name of an alert may follow.
void narrow(Reader& reader, Sighting& sighting) {
    if (reader.done() || is_times(reader.peek())) return;
    if (auto* held = std::get_if<Held>(&sighting)) {
        held->reason = reader.take_one(hold_words());
        if (!held->reason) reader.expected("why it is held", words_of(hold_words()));
    }
    if (auto* alerted = std::get_if<Alerted>(&sighting)) {
        const Names names{fact::alert_names.begin(), fact::alert_names.end()};
        if (std::find(names.begin(), names.end(), reader.peek()) == names.end()) {
            return reader.expected("the name of an alert", names);
        }
        alerted->name = reader.take();
    }
}

/// What a moment is counted from: "redis unhealthy", "api not healthy", "engine lost".
void read_cue(Reader& reader, Moment& moment) {
    if (reader.take_if("engine")) {
        moment.after = reader.one_of(engine_sightings());
        return;
    }
    moment.after_target = reader.take();
    if (moment.after_target.empty()) reader.expected("the name of a target, `host` or `engine`");
    if (moment.after_target == "host") moment.after_target.clear();
    reader.take_if("is");
    moment.after_end = reader.take_if("no") || reader.take_if("not");
    const Reader before = reader;
    moment.after = sighting_of(reader);
    if (!moment.after) return;
    narrow(reader, *moment.after);
    if (!moment.after_end || has_end(*moment.after)) return;
    reader = before;
    reader.expected("a phase, a health, `incident` or `alert` after `not`: of nothing else the end is seen");
}

}  // namespace

Read<Timeline> read_timeline(std::string_view text) {
    Reader reader{text};
    Timeline timeline;
    if (reader.done()) reader.expected("answers such as `ok x5 fail x3 ok`");
    while (!reader.done()) {
        const std::optional<Answer> answer = answer_of(reader);
        if (!answer) break;
        Answers run{*answer};
        if (reader.take_if("in")) run.answer.takes = reader.duration("a duration such as `10s` after `in`");
        if (const auto times = times_of(reader, most_answers)) {
            run.times = *times;
        } else if (reader.take_if("for")) {
            run.lasts = reader.duration("a duration such as `10s` after `for`");
        }
        timeline.push_back(std::move(run));
    }
    return reader.finish(std::move(timeline));
}

Read<std::vector<Life>> read_lives(std::string_view text) {
    Reader reader{text};
    Life life;
    if (reader.take_if("cannot")) {
        reader.expect("start");
        life.failure = "it can not be started";
    } else if (const auto exit = exit_of(reader)) {
        life.exit = *exit;
        life.exits_after =
            reader.take_if("after") ? reader.duration("a duration such as `10s` after `after`") : Duration{0};
    } else if (!reader.take_if("run")) {
        reader.expected("`run`, `exit N`, `signal NAME` or `cannot start`", {"run", "exit", "signal", "cannot"});
    }
    const std::uint32_t times = times_of(reader, most_lives).value_or(1);
    read_clauses(reader, life);
    return reader.finish(std::vector<Life>(times, life));
}

Read<HookLife> read_hook(std::string_view text) {
    Reader reader{text};
    HookLife hook;
    const auto exit = exit_of(reader);
    if (!exit) reader.expected("`exit N` or `signal NAME`", {"exit", "signal"});
    if (exit) hook.status = *exit;
    if (reader.take_if("in")) hook.takes = reader.duration("a duration such as `10s` after `in`");
    return reader.finish(std::move(hook));
}

Read<Action> read_action(std::string_view text) {
    Reader reader{text};
    if (const auto exit = exit_of(reader)) return reader.finish(Action{Ends{*exit}});
    if (reader.take_if("docker")) return reader.finish(Action{PersonActs{reader.one_of(docker_words())}});
    if (const auto verb = reader.take_one(verb_words())) return reader.finish(Action{Operates{*verb, "the test"}});
    Names names = words_of(verb_words());
    names.insert(names.begin(), {"exit", "signal", "docker"});
    reader.expected("`exit N`, `signal NAME`, `docker …`, or what a person asks keepwell for", names);
    return reader.finish(Action{});
}

Read<Action> read_engine_action(std::string_view text) {
    Reader reader{text};
    return reader.finish(reader.one_of(engine_words()));
}

Read<Moment> read_moment(std::string_view text) {
    Reader reader{text};
    Moment moment;
    const bool at_once = reader.peek() == "after";
    if (!at_once) moment.length = reader.duration("a moment such as `90s`, or `3s after redis unhealthy`");
    if (!reader.done()) {
        reader.expect("after");
        read_cue(reader, moment);
        if (const auto times = times_of(reader, most_lives)) moment.after_times = *times;
    }
    return reader.finish(std::move(moment));
}

Read<Claim> read_claim(std::string_view text) {
    Reader reader{text};
    Claim claim;
    claim.text = text;
    claim.negated = reader.take_if("no") || reader.take_if("not");
    if (const auto sighting = sighting_of(reader)) claim.sighting = *sighting;
    narrow(reader, claim.sighting);
    return reader.finish(std::move(claim));
}

Read<Remedy> read_remedy(std::string_view text) {
    Reader reader{text};
    return reader.finish(reader.one_of(remedy_words()));
}

Read<WallTime> read_wall_time(std::string_view text) {
    // "2026-11-28 03:00"
    using namespace std::chrono;
    const auto number = [&](std::size_t at, std::size_t length) {
        unsigned value = 0;
        std::from_chars(text.data() + at, text.data() + at + length, value);
        return value;
    };
    const bool shaped = text.size() == 16 && text[4] == '-' && text[7] == '-' && text[13] == ':';
    if (shaped) {
        const auto day = year{static_cast<int>(number(0, 4))} / month{number(5, 2)} / std::chrono::day{number(8, 2)};
        if (day.ok() && number(11, 2) < 24 && number(14, 2) < 60) {
            return WallTime{sys_days{day} + hours{number(11, 2)} + minutes{number(14, 2)}};
        }
    }
    return tl::unexpected<Slip>(Slip{
        "expected a day and a time such as `2026-11-28 03:00`, but this is " + policy::quote(text), 0, text.size()});
}

}  // namespace keepwell::simulation
