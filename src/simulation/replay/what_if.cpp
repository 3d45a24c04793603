// Two lists for each target, aligned: what is the same, what moved in time, what came, what is gone.
#include "simulation/replay/what_if.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "simulation/because.hpp"
#include "simulation/place.hpp"
#include "simulation/replay/other_past.hpp"

namespace keepwell::simulation {
namespace {

/// Closer than this is the same moment.
constexpr Duration same_moment = 250ms;
/// Of two that are farther apart than this, rather one is gone and the other came.
constexpr Duration far_apart = 10min;
/// Longer lists are paired one by one.
constexpr std::size_t most_cells = 4'000'000;

Duration apart(const Deed& a, const Deed& b) { return a.at < b.at ? b.at - a.at : a.at - b.at; }

struct What {
    std::string operator()(const fact::RemedyStarted& one) const {
        return std::string{to_string(one.remedy)} + " (" + std::string{to_string(one.reason)} + ")";
    }
    std::string operator()(const fact::RemedyHeld& one) const {
        return std::string{to_string(one.would)} + " is held (" + std::string{to_string(one.reason)} + ")";
    }
    std::string operator()(const fact::Quarantined& one) const {
        return "quarantined (" + std::string{to_string(one.reason)} + ")";
    }
    template <typename Other>
    std::string operator()(const Other&) const {
        return {};
    }
};

struct Words {
    std::string operator()(const fact::RemedyStarted& one) const {
        return std::string{to_string(one.remedy)} + because(one.reason);
    }
    std::string operator()(const fact::RemedyHeld& one) const {
        const std::string text =
            std::string{to_string(one.would)} + " is held back: " + std::string{describe(one.reason)};
        return one.detail.empty() ? text : text + " (" + one.detail + ")";
    }
    std::string operator()(const fact::Quarantined& one) const { return "given up for a while" + because(one.reason); }
    template <typename Other>
    std::string operator()(const Other&) const {
        return {};
    }
};

using Deeds = std::vector<Deed>;

/// The cheapest way to make one list of the other: a pair costs by its distance, a single one 1.
class Alignment {
  public:
    Alignment(const Deeds& then, const Deeds& now) : then_{then}, now_{now} {}

    void run(std::vector<Change>& out) {
        if ((then_.size() + 1) * (now_.size() + 1) > most_cells) return one_by_one(out);
        const std::size_t width = now_.size() + 1;
        cost_.assign((then_.size() + 1) * width, 0);
        for (std::size_t i = then_.size() + 1; i-- > 0;) {
            for (std::size_t j = width; j-- > 0;) fill(i, j);
        }
        for (std::size_t i = 0, j = 0; i < then_.size() || j < now_.size();) take(i, j, out);
    }

  private:
    double& cost(std::size_t i, std::size_t j) { return cost_[i * (now_.size() + 1) + j]; }

    /// Of two of a kind; more than two single ones for those that are not.
    double pair_cost(std::size_t i, std::size_t j) const {
        if (then_[i].what != now_[j].what) return 3;
        const Duration distance = apart(then_[i], now_[j]);
        return distance < same_moment ? 0 : 0.2 + 1.8 * std::chrono::duration<double>(distance) / far_apart;
    }

    void fill(std::size_t i, std::size_t j) {
        if (i == then_.size()) {
            cost(i, j) = static_cast<double>(now_.size() - j);
        } else if (j == now_.size()) {
            cost(i, j) = static_cast<double>(then_.size() - i);
        } else {
            cost(i, j) = std::min({cost(i + 1, j + 1) + pair_cost(i, j), cost(i + 1, j) + 1, cost(i, j + 1) + 1});
        }
    }

    void take(std::size_t& i, std::size_t& j, std::vector<Change>& out) {
        const bool both = i < then_.size() && j < now_.size();
        if (both && cost(i, j) == cost(i + 1, j + 1) + pair_cost(i, j)) {
            out.push_back(pair(then_[i++], now_[j++]));
        } else if (j == now_.size() || (both && cost(i, j) == cost(i + 1, j) + 1)) {
            out.push_back({Change::Kind::missing, then_[i++], {}});
        } else {
            out.push_back({Change::Kind::added, now_[j++], {}});
        }
    }

    static Change pair(const Deed& then, const Deed& now) {
        const bool moved = apart(then, now) >= same_moment;
        return {moved ? Change::Kind::moved : Change::Kind::same, now, now.at - then.at};
    }

    void one_by_one(std::vector<Change>& out) const {
        std::size_t i = 0;
        for (; i < then_.size() && i < now_.size() && then_[i].what == now_[i].what; ++i) {
            out.push_back(pair(then_[i], now_[i]));
        }
        for (std::size_t k = i; k < then_.size(); ++k) out.push_back({Change::Kind::missing, then_[k], {}});
        for (std::size_t k = i; k < now_.size(); ++k) out.push_back({Change::Kind::added, now_[k], {}});
    }

    const Deeds& then_;
    const Deeds& now_;
    std::vector<double> cost_;
};

std::vector<std::string> without(const std::set<std::string>& all, const std::set<std::string>& these) {
    std::vector<std::string> rest;
    std::set_difference(all.begin(), all.end(), these.begin(), these.end(), std::back_inserter(rest));
    return rest;
}

}  // namespace

std::optional<Deed> deed_of(const Fact& fact, Instant at, const std::string& target,
                            const std::vector<std::string>& files) {
    std::string what = std::visit(What{}, fact.body);
    if (what.empty()) return std::nullopt;
    return Deed{at, target, std::move(what), std::visit(Words{}, fact.body), place_of(fact.rule, files)};
}

Comparison unchanged(const std::vector<Deed>& recorded) {
    Comparison comparison;
    comparison.same_policy = true;
    for (const Deed& one : recorded) comparison.changes.push_back({Change::Kind::same, one, {}});
    return comparison;
}

Comparison compare(const RecordedWorld& world, const std::vector<Deed>& recorded, const Policy& policy,
                   IncidentId last_incident) {
    std::map<std::string, std::pair<Deeds, Deeds>> by_target;
    std::set<std::string> in_record;
    std::set<std::string> in_policy;
    for (const auto& [name, target] : world.targets) in_record.insert(name);
    for (const Deed& one : recorded) by_target[one.target].first.push_back(one);

    const engine::Engine* engine = nullptr;
    const auto observe = [&](const Fact& fact, Instant at) {
        const std::string name = fact.target == no_target ? std::string{} : engine->policy().targets[fact.target].name;
        if (auto deed = deed_of(fact, at, name, policy.files)) by_target[name].second.push_back(std::move(*deed));
    };
    OtherPast past{world, policy, last_incident, observe};
    engine = &past.engine();
    past.play();
    for (const TargetSpec& target : past.engine().policy().targets) in_policy.insert(target.name);

    Comparison comparison;
    comparison.not_in_record = without(in_policy, in_record);
    comparison.not_in_policy = without(in_record, in_policy);
    for (const auto& [name, both] : by_target) {
        if (!in_policy.contains(name) || !in_record.contains(name)) continue;
        Alignment{both.first, both.second}.run(comparison.changes);
    }
    const auto earlier = [](const Change& a, const Change& b) { return a.deed.at < b.deed.at; };
    std::stable_sort(comparison.changes.begin(), comparison.changes.end(), earlier);
    return comparison;
}

}  // namespace keepwell::simulation
