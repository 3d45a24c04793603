// One row a figure, one column a policy.
#include "cli/chaos_report.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/lengths.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {
namespace {

using Json = nlohmann::ordered_json;
using simulation::ChaosOutcome;
using simulation::DrawnFaults;
using simulation::Lengths;
using simulation::TargetOutcome;

/// So many targets are listed, the least available first.
constexpr std::size_t most_targets = 10;

/// "30d", "1d12h", "10m": whole, without units that are nothing.
std::string length_text(Duration length) {
    constexpr Duration day = 24h;
    const std::string days = length >= day ? std::to_string(length / day) + "d" : "";
    if (!days.empty() && length % day == Duration{0}) return days;
    return without_zeros(days + to_string(length % day));
}

/// Rounded to a tenth of a second.
std::string rounded_text(Duration length) {
    return length < 1s ? to_string(length / 1ms * 1ms) : length_text((length + 50ms) / 100ms * 100ms);
}

/// "99.987 %", of 100,000.
std::string percent_text(std::int64_t share) {
    std::string fraction = std::to_string(share % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(share / 1000) + "." + fraction + " %";
}

std::string head(const ChaosReport& report) {
    return length_text(report.chaos.length) + " of chaos, seed " + std::to_string(report.chaos.seed) + "\n\n";
}

/// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : ", ") + one_line(names[i]);
    return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

/// Where hangs were drawn and nothing looks for them: the figures say little there.
std::string hint(const PlayedPolicy& one) {
    std::vector<std::string> names;
    for (const TargetOutcome& target : one.outcome.targets) {
        if (!target.asked && target.hangs > 0) names.push_back(target.name);
    }
    if (names.empty()) return {};
    return "\n" + one_line(one.name) + ": " + some_of(names) + (names.size() == 1 ? " has" : " have") +
           " no healthcheck: a hang is never noticed, and lasts until something else ends it\n";
}

/// What all policies have of something, each once.
template <typename Key>
std::set<Key> keys_of(const ChaosReport& report, std::map<Key, std::uint32_t> ChaosOutcome::*counts) {
    std::set<Key> keys;
    for (const PlayedPolicy& one : report.policies) {
        for (const auto& [key, number] : one.outcome.*counts) keys.insert(key);
    }
    return keys;
}

template <typename Key>
std::string count_of(const std::map<Key, std::uint32_t>& counts, const Key& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? "0" : std::to_string(found->second);
}

const TargetOutcome* target_of(const ChaosOutcome& outcome, const std::string& name) {
    const auto found = std::ranges::find(outcome.targets, name, &TargetOutcome::name);
    return found == outcome.targets.end() ? nullptr : &*found;
}

/// The least available of any policy first.
std::vector<std::string> worst_targets(const ChaosReport& report) {
    std::map<std::string, std::int64_t> worst;
    for (const PlayedPolicy& one : report.policies) {
        for (const TargetOutcome& target : one.outcome.targets) {
            auto& share = worst.try_emplace(target.name, target.availability()).first->second;
            share = std::min(share, target.availability());
        }
    }
    std::vector<std::string> names;
    for (const auto& [name, share] : worst) names.push_back(name);
    std::ranges::stable_sort(names, {}, [&](const std::string& name) { return worst[name]; });
    names.resize(std::min(names.size(), most_targets));
    return names;
}

class Sheet {
  public:
    Sheet(const ChaosReport& report, bool colours) : report_{report}, colours_{colours} {}

    std::string all() {
        row("", &name_of, Colour::strong);
        row(
            "availability", [](const PlayedPolicy& one) { return percent_text(one.outcome.availability()); },
            Colour::strong);
        for (const std::string& name : worst_targets(report_)) {
            row("  " + one_line(name), [&](const PlayedPolicy& one) {
                const TargetOutcome* target = target_of(one.outcome, name);
                return target ? percent_text(target->availability()) : "-";
            });
        }
        faults();
        deeds();
        return table(rows_, colours_);
    }

  private:
    using Figure = std::function<std::string(const PlayedPolicy&)>;

    static std::string name_of(const PlayedPolicy& one) { return one_line(one.name); }

    void row(const std::string& name, const Figure& figure, Colour colour = Colour::plain) {
        std::vector<Cell> cells{{name, colour}};
        for (const PlayedPolicy& one : report_.policies) cells.push_back({figure(one), colour});
        rows_.push_back(std::move(cells));
    }
    void number(const std::string& name, std::uint32_t ChaosOutcome::*figure) {
        row(name, [figure](const PlayedPolicy& one) { return std::to_string(one.outcome.*figure); });
    }
    void title(const std::string& name) { rows_.push_back({{name, Colour::strong}}); }
    void lengths(const std::string& name, Lengths ChaosOutcome::*figure) {
        for (const std::uint32_t percent : {50U, 99U}) {
            row("  " + name + (percent == 50 ? ", median" : ", p99"), [figure, percent](const PlayedPolicy& one) {
                const Lengths& all = one.outcome.*figure;
                return all.all.empty() ? "-" : rounded_text(all.percentile(percent));
            });
        }
    }

    void drawn(const std::string& name, std::uint32_t DrawnFaults::*figure) {
        row("  " + name, [figure](const PlayedPolicy& one) { return std::to_string(one.outcome.drawn.*figure); });
    }

    void faults() {
        title("drawn");
        drawn("crashes", &DrawnFaults::crashes);
        drawn("hangs", &DrawnFaults::hangs);
        drawn("shared outages", &DrawnFaults::outages);
        drawn("engine restarts", &DrawnFaults::engine_restarts);
        drawn("slow starts", &DrawnFaults::slow_starts);
        title("faults");
        number("  noticed", &ChaosOutcome::noticed);
        number("  passed unnoticed", &ChaosOutcome::unnoticed);
        number("  hit what was not well anyway", &ChaosOutcome::in_vain);
        number("  not healed at the end", &ChaosOutcome::unhealed);
        lengths("time to detect", &ChaosOutcome::to_notice);
        lengths("time to heal", &ChaosOutcome::to_heal);
    }

    void deeds() {
        const auto remedies = keys_of(report_, &ChaosOutcome::remedies);
        if (!remedies.empty()) title("remedies");
        for (const std::string& remedy : remedies) {
            row("  " + remedy, [&](const PlayedPolicy& one) { return count_of(one.outcome.remedies, remedy); });
        }
        const auto holds = keys_of(report_, &ChaosOutcome::holds);
        if (!holds.empty()) title("held back");
        for (const Hold hold : holds) {
            row("  " + std::string{to_string(hold)},
                [&](const PlayedPolicy& one) { return count_of(one.outcome.holds, hold); });
        }
        number("storms", &ChaosOutcome::storms);
        number("quarantines", &ChaosOutcome::quarantines);
        number("stopped for good", &ChaosOutcome::stopped);
    }

    const ChaosReport& report_;
    bool colours_;
    std::vector<std::vector<Cell>> rows_;
};

Json lengths_json(const Lengths& lengths) {
    const auto milliseconds = [&](std::uint32_t percent) { return lengths.percentile(percent) / 1ms; };
    if (lengths.all.empty()) return {{"count", 0}, {"median", nullptr}, {"p99", nullptr}};
    return {{"count", lengths.all.size()}, {"median", milliseconds(50)}, {"p99", milliseconds(99)}};
}

Json drawn_json(const DrawnFaults& drawn) {
    return {{"crashes", drawn.crashes},
            {"hangs", drawn.hangs},
            {"outages", drawn.outages},
            {"engine_restarts", drawn.engine_restarts},
            {"slow_starts", drawn.slow_starts}};
}

Json policy_json(const PlayedPolicy& one) {
    const ChaosOutcome& outcome = one.outcome;
    Json json{{"policy", one.name},
              {"availability_percent", static_cast<double>(outcome.availability()) / 1000},
              {"drawn", drawn_json(outcome.drawn)},
              {"faults",
               {{"noticed", outcome.noticed},
                {"unnoticed", outcome.unnoticed},
                {"in_vain", outcome.in_vain},
                {"unhealed", outcome.unhealed}}},
              {"detect_ms", lengths_json(outcome.to_notice)},
              {"heal_ms", lengths_json(outcome.to_heal)},
              {"remedies", Json::object()},
              {"held", Json::object()},
              {"storms", outcome.storms},
              {"quarantines", outcome.quarantines},
              {"stopped", outcome.stopped},
              {"targets", Json::array()}};
    for (const auto& [remedy, number] : outcome.remedies) json["remedies"][remedy] = number;
    for (const auto& [hold, number] : outcome.holds) json["held"][std::string{to_string(hold)}] = number;
    for (const TargetOutcome& target : outcome.targets) {
        json["targets"].push_back({{"name", target.name},
                                   {"availability_percent", static_cast<double>(target.availability()) / 1000},
                                   {"down_ms", target.down / 1ms},
                                   {"faults", target.faults},
                                   {"asked", target.asked},
                                   {"quarantines", target.quarantines}});
    }
    return json;
}

}  // namespace

std::string chaos_text(const ChaosReport& report, bool colours) {
    std::string text = head(report) + Sheet{report, colours}.all();
    for (const PlayedPolicy& one : report.policies) text += hint(one);
    return text;
}

std::string chaos_json(const ChaosReport& report) {
    Json json{{"seed", report.chaos.seed},
              {"played_ms", report.chaos.length / 1ms},
              {"drawn", drawn_json(report.policies.front().outcome.drawn)},
              {"policies", Json::array()}};
    for (const PlayedPolicy& one : report.policies) json["policies"].push_back(policy_json(one));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace keepwell::cli
