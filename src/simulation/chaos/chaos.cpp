// Draws faults. Every kind of fault of every target has a lot of its own, so that none depends on another.
#include "simulation/chaos/chaos.hpp"

#include <algorithm>
#include <csignal>
#include <random>
#include <string_view>
#include <tuple>

namespace keepwell::simulation {
namespace {

using Kind = Fault::Kind;

/// So many starts of a target are drawn; later ones are quick.
constexpr std::size_t drawn_starts = 100;

/// One stream of chance. Its distributions are our own: the standard leaves those of the library open.
class Chance {
  public:
    /// The stream of this seed for this purpose and name.
    Chance(std::uint64_t seed, std::string_view purpose, std::string_view name)
        : generator_{mixed(mixed(mixed(first, seed), purpose), name)} {}

    /// From 0 to `end` - 1, each as likely as the others.
    std::uint64_t below(std::uint32_t end) { return (bits() * end) >> 32; }
    bool percent(std::uint32_t share) { return below(100) < share; }

    Duration between(Duration least, Duration most) {
        const auto milliseconds = [](Duration length) { return static_cast<std::uint32_t>(length / 1ms); };
        return least + std::chrono::milliseconds{below(milliseconds(most - least) + 1)};
    }

    /// The wait for something that comes by chance, so far apart on average: exponentially distributed, drawn with
    /// John von Neumann's comparisons (1951), which need no logarithm. In whole milliseconds.
    Duration wait(Duration mean) {
        const Duration grain = mean / (1 << 24);
        for (std::int64_t whole = 0;; ++whole) {
            const std::uint64_t drawn = bits();
            if (!has_odd_fall(drawn)) continue;
            return std::chrono::floor<std::chrono::milliseconds>(whole * mean +
                                                                 static_cast<std::int64_t>(drawn >> 8) * grain);
        }
    }

  private:
    static constexpr std::uint64_t first = 14695981039346656037U;  // FNV-1a
    static std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
        return (hash ^ 0xff) * 1099511628211U;
    }
    static std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
        for (int byte = 0; byte < 8; ++byte) hash = (hash ^ (number >> (8 * byte) & 0xff)) * 1099511628211U;
        return hash;
    }

    std::uint64_t bits() { return generator_() >> 32; }

    /// How many more are drawn, each below the one before, is even: so the first one is kept.
    bool has_odd_fall(std::uint64_t last) {
        for (bool odd = true;; odd = !odd) {
            const std::uint64_t next = bits();
            if (next >= last) return odd;
            last = next;
        }
    }

    std::mt19937_64 generator_;
};

ExitStatus some_exit(Chance& chance) {
    using Exit = ExitStatus::Kind;
    switch (chance.below(3)) {
        case 0: return {Exit::code, 1, {}};
        case 1: return {Exit::signal, SIGSEGV, {}};
        default: return {Exit::signal, SIGKILL, {}};
    }
}

/// Moments that come by chance, so far apart on average.
std::vector<Instant> moments(Chance& chance, Duration mean, Duration length) {
    std::vector<Instant> all;
    if (mean <= Duration{0}) return all;
    for (Instant at{chance.wait(mean)}; at < Instant{length}; at = later(at, chance.wait(mean))) all.push_back(at);
    return all;
}

class Lottery {
  public:
    Lottery(const Chaos& chaos, const std::vector<std::string>& targets) : chaos_{chaos}, targets_{targets} {}

    Lot all() {
        for (const std::string& target : targets_) {
            crashes(target);
            hangs(target);
            starts(target);
        }
        outages();
        engine_restarts();
        std::ranges::stable_sort(lot_.faults, [](const Fault& a, const Fault& b) {
            return std::tie(a.at, a.target, a.kind) < std::tie(b.at, b.target, b.kind);
        });
        return std::move(lot_);
    }

  private:
    void crashes(const std::string& target) {
        Chance chance{chaos_.seed, "crash", target};
        for (const Instant at : moments(chance, chaos_.crashes, chaos_.length)) {
            lot_.faults.push_back({Kind::crash, at, target, {}, some_exit(chance)});
        }
    }

    void hangs(const std::string& target) {
        Chance chance{chaos_.seed, "hang", target};
        for (const Instant at : moments(chance, chaos_.hangs, chaos_.length)) {
            lot_.faults.push_back({Kind::hang, at, target, {}, {}});
        }
    }

    void starts(const std::string& target) {
        Chance chance{chaos_.seed, "start", target};
        std::vector<Duration>& starts = lot_.starts[target];
        for (std::size_t i = 0; i < drawn_starts; ++i) {
            const bool slow = chance.percent(chaos_.slow_starts);
            const Duration takes = chance.between(10s, 120s);
            starts.push_back(slow ? takes : Duration{0});
        }
        starts.push_back(Duration{0});
    }

    /// Each has a length, and a share of the targets that it hits.
    void outages() {
        Chance chance{chaos_.seed, "outage", {}};
        for (const Instant at : moments(chance, chaos_.outages, chaos_.length)) {
            const Duration lasts = chance.between(1min, 20min);
            const auto share = static_cast<std::uint32_t>(30 + chance.below(71));
            const std::string name = "outage " + std::to_string(++lot_.outages);
            for (const std::string& target : targets_) {
                if (!Chance{chaos_.seed, name, target}.percent(share)) continue;
                lot_.faults.push_back({Kind::outage, at, target, lasts, {}});
            }
        }
    }

    void engine_restarts() {
        Chance chance{chaos_.seed, "engine", {}};
        for (const Instant at : moments(chance, chaos_.engine_restarts, chaos_.length)) {
            lot_.faults.push_back({Kind::engine_restart, at, {}, chance.between(2s, 60s), {}});
        }
    }

    const Chaos& chaos_;
    const std::vector<std::string>& targets_;
    Lot lot_;
};

/// Fails for so long, and is well then.
Timeline warming_up(Duration takes) {
    if (takes == Duration{0}) return {};
    return {{Answer::fail(), 1, takes}, {Answer::pass(), 1, {}}};
}

TargetScript starting(const std::vector<Duration>& starts) {
    TargetScript script;
    script.probes = warming_up(starts.front());
    std::vector<Timeline> others;
    for (std::size_t i = 1; i < starts.size(); ++i) others.push_back(warming_up(starts[i]));
    for (const Remedy remedy : {Remedy::restart, Remedy::replace}) script.after[remedy] = others;
    return script;
}

void add(std::vector<Happening>& happenings, const Fault& fault) {
    const Moment when{fault.at.time_since_epoch(), {}, 1, {}};
    switch (fault.kind) {
        case Kind::crash: return happenings.push_back({when, fault.target, Ends{fault.status}});
        case Kind::hang: return happenings.push_back({when, fault.target, Answering{{{Answer::hang(), 1, {}}}}});
        case Kind::outage: return happenings.push_back({when, fault.target, Suffering{Answer::fail(), fault.lasts}});
        case Kind::engine_restart: break;
    }
    const Moment found{when.length + fault.lasts, {}, 1, {}};
    happenings.push_back({when, {}, EngineLost{}});
    happenings.push_back({found, {}, EngineFound{}});
}

}  // namespace

std::string_view to_string(Fault::Kind kind) {
    switch (kind) {
        case Kind::crash: return "crash";
        case Kind::hang: return "hang";
        case Kind::outage: return "outage";
        case Kind::engine_restart: return "engine restart";
    }
    return "";
}

Lot draw(const Chaos& chaos, const std::vector<std::string>& targets) { return Lottery{chaos, targets}.all(); }

Script script_of(const Lot& lot, const Policy& policy) {
    Script script;
    for (const auto& [target, starts] : lot.starts) script.targets[target] = starting(starts);
    for (const TargetSpec& target : policy.targets) {
        const bool by_engine = target.kind == TargetKind::adopted && policy.services[target.service].engine_health;
        if (by_engine) script.targets[target.name].healthcheck = Healthcheck{};
    }
    for (const Fault& fault : lot.faults) add(script.happenings, fault);
    return script;
}

}  // namespace keepwell::simulation
