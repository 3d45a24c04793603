// Puts the patterns together. There is no backslash in them, so that they need no escapes in JSON.
#include "simulation/script/notation_patterns.hpp"

#include <string_view>
#include <vector>

#include "simulation/script/vocabulary.hpp"

namespace keepwell::simulation::patterns {
namespace {

const std::string blanks = "[ \\t\\n]+";
const std::string amount = "[0-9]+";
const std::string duration = "[+]?(0|([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+";
const std::string times = "x0*[1-9][0-9]*";

std::string any_of(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : "|") + one;
    return "(" + text + ")";
}

std::string any_word(const std::vector<std::string_view>& all) {
    return any_of(std::vector<std::string>{all.begin(), all.end()});
}

/// Words one after the other.
std::string in_a_row(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : blanks) + one;
    return text;
}

std::string perhaps(const std::string& words) { return "(" + blanks + words + ")?"; }
std::string perhaps_before(const std::string& words) { return "(" + words + blanks + ")?"; }

std::string whole(const std::string& inner) { return "^[ \\t\\n]*" + inner + "[ \\t\\n]*$"; }

std::string exit_status() {
    return any_of({in_a_row({"exit", amount}), in_a_row({"signal", "(SIG)?" + any_word(words_of(signal_words()))})});
}

std::string sighting() {
    std::vector<std::string> all;
    for (const WordedSighting& one : worded_sightings()) all.emplace_back(one.words);
    all.push_back(in_a_row({"held", any_word(words_of(hold_words()))}));
    all.push_back(in_a_row({"alert", any_word({fact::alert_names.begin(), fact::alert_names.end()})}));
    return any_of(all);
}

}  // namespace

std::string timeline() {
    auto answers = words_of(answer_words());
    std::vector<std::string> all{answers.begin(), answers.end()};
    all.push_back(in_a_row({"exit", amount}));
    const std::string run =
        any_of(all) + perhaps(in_a_row({"in", duration})) + perhaps(any_of({times, in_a_row({"for", duration})}));
    return whole(run + "(" + blanks + run + ")*");
}

std::string lives() {
    const std::string life =
        any_of({"run", in_a_row({"cannot", "start"}), exit_status() + perhaps(in_a_row({"after", duration}))});
    const std::string clause = any_of(
        {in_a_row({"starts", "in", duration}), in_a_row({"stops", "in", duration}), in_a_row({"ignores", "stop"})});
    return whole(life + perhaps(times) + "([ \\t\\n]*,[ \\t\\n]*" + clause + ")*");
}

std::string hook() { return whole(exit_status() + perhaps(in_a_row({"in", duration}))); }

std::string action() {
    return whole(any_of({exit_status(), in_a_row({"docker", any_word(words_of(docker_words()))}),
                         any_word(words_of(verb_words())), any_word(words_of(engine_words()))}));
}

std::string moment() {
    const std::string seen =
        any_of({in_a_row({"engine", any_word(words_of(engine_sightings()))}),
                "[^ \\t\\n,]+" + blanks + perhaps_before("is") + perhaps_before("(no|not)") + sighting()});
    return whole(any_of({duration, perhaps_before(duration) + in_a_row({"after", seen}) + perhaps(times)}));
}

std::string claim() { return whole(perhaps_before("(no|not)") + sighting()); }

std::string remedy() { return whole(any_word(words_of(remedy_words()))); }

}  // namespace keepwell::simulation::patterns
