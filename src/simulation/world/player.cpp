// The body of the player.
#include "simulation/world/player.hpp"

#include <algorithm>
#include <variant>

namespace keepwell::simulation {
namespace {

template <typename One>
std::deque<One> queue_of(const std::vector<One>& all) {
    return {all.begin(), all.end()};
}

const std::string& container_name(const TargetSpec& target) {
    return target.container ? target.container->name : target.selector.name;
}

}  // namespace

Player::Player(House& house, const Script& script) : house_{house}, script_{script} {
    for (const TargetSpec& target : house_.supervisor->engine().policy().targets) {
        if (is_container(target)) containers_[container_name(target)] = target.name;
    }
    for (const auto& [target, own] : script_.targets) prepare(target, own);
    adopt_containers();
    for (const Happening& one : script_.happenings) {
        if (one.when.after) {
            awaited_.push_back({one, Cue{one.when}});
        } else {
            house_.loop.at(Instant{one.when.length}, [this, &one] { happens(one); });
        }
    }
    observer_ = house_.supervisor->subscribe([this](const journal::Record& record) { noticed(record); });
}

Player::~Player() { house_.supervisor->unsubscribe(observer_); }

void Player::prepare(const std::string& target, const TargetScript& script) {
    house_.probes.answers(target, script.probes);
    live(target, script.lives);
    house_.processes.hooks(target, queue_of(script.hooks));
}

void Player::live(const std::string& target, const std::vector<Life>& lives) {
    const TargetSpec* spec = spec_of(target);
    if (spec && is_container(*spec)) return house_.containers.lives(container_name(*spec), queue_of(lives));
    house_.processes.lives(target, queue_of(lives));
}

void Player::adopt_containers() {
    house_.containers.own_checks(
        [this](const std::string& container) -> const Answer& { return house_.probes.take(containers_[container]); });
    static const TargetScript usual;
    for (const TargetSpec& target : house_.supervisor->engine().policy().targets) {
        if (target.kind != TargetKind::adopted) continue;
        const auto found = script_.targets.find(target.name);
        const TargetScript& script = found == script_.targets.end() ? usual : found->second;
        if (!script.exists.value_or(true)) continue;
        Made made;
        made.name = target.selector.name;
        made.restart = script.engine_restarts.value_or(false) ? "always" : "no";
        made.healthcheck = script.healthcheck;
        house_.containers.run(std::move(made));
    }
}

const TargetSpec* Player::spec_of(const std::string& target) const {
    const engine::Engine& engine = house_.supervisor->engine();
    const auto index = engine.find(target);
    return index ? &engine.policy().targets[*index] : nullptr;
}

bool Player::end(const std::string& target, const ExitStatus& status) {
    const TargetSpec* spec = spec_of(target);
    if (spec && is_container(*spec)) return house_.containers.ends(container_name(*spec), status);
    return house_.processes.end(target, status);
}

std::string Player::Missed::why() const {
    return "nothing of " + happening.target + " was running at " + keepwell::to_string(at.time_since_epoch());
}

void Player::happens(const Happening& happening) {
    struct Happen {
        Player& self;
        const Happening& happening;
        const std::string& target;

        void operator()(const Ends& one) const {
            if (!self.end(target, one.status)) self.missed_.push_back({happening, self.house_.loop.now()});
        }
        void operator()(const Answering& one) const { self.house_.probes.answers(target, one.probes); }
        void operator()(const Suffering& one) const {
            self.house_.probes.suffers(target, one.answer, later(self.house_.loop.now(), one.lasts));
        }
        void operator()(const Living& one) const { self.live(target, one.lives); }
        void operator()(const Operates& one) const {
            const auto index = self.house_.supervisor->engine().find(target);
            self.house_.supervisor->post(event::Operated{one.verb, index.value_or(no_target), one.by});
        }
        void operator()(const EngineLost&) const { self.house_.containers.lose(); }
        void operator()(const EngineFound&) const { self.house_.containers.find(); }
        void operator()(const PersonActs& one) const {
            const TargetSpec* spec = self.spec_of(target);
            if (spec) self.person_acts(one.what, container_name(*spec));
        }
    };
    std::visit(Happen{*this, happening, happening.target}, happening.action);
}

void Player::person_acts(PersonActs::What what, const std::string& container) {
    switch (what) {
        case PersonActs::What::start: return house_.containers.person_starts(container);
        case PersonActs::What::stop: return house_.containers.person_stops(container);
        case PersonActs::What::pause: return house_.containers.person_pauses(container, true);
        case PersonActs::What::unpause: return house_.containers.person_pauses(container, false);
        case PersonActs::What::remove: return house_.containers.person_removes(container);
    }
}

void Player::noticed(const journal::Record& record) {
    const auto* noted = std::get_if<journal::Noted>(&record.body);
    if (!noted) return;
    if (const auto* finished = std::get_if<fact::RemedyFinished>(&noted->fact.body)) remedied(record.target, *finished);
    for (Awaited& one : awaited_) {
        if (!one.cue.comes_with(record)) continue;
        house_.loop.at(later(house_.loop.now(), one.happening.when.length),
                       [this, &happening = one.happening] { happens(happening); });
    }
}

void Player::remedied(const std::string& target, const fact::RemedyFinished& finished) {
    if (!finished.success) return;
    const auto script = script_.targets.find(target);
    if (script == script_.targets.end()) return;
    const auto after = script->second.after.find(finished.remedy);
    if (after == script->second.after.end() || after->second.empty()) return;
    const std::size_t before = done_[{target, finished.remedy}]++;
    house_.probes.answers(target, after->second[std::min(before, after->second.size() - 1)]);
}

}  // namespace keepwell::simulation
