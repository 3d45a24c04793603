// The Bindings: for each target the container that it has, what was told of it last, and the one event that lies
// between that and the truth.
#include "runtime/docker/watch/bindings.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>
#include <utility>

#include "keepwell/model/joining.hpp"
#include "runtime/docker/json/own_labels.hpp"
#include "runtime/docker/watch/claims.hpp"
#include "runtime/docker/watch/ending.hpp"
#include "runtime/docker/watch/role.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime::docker {
namespace {

using event::Successor;

constexpr Duration stop_patience = 300ms;              // a `stop` follows its `kill` and `die` within this
constexpr Duration engine_start_patience = 5s;         // Podman shows no back-off: so long it may take to start again
constexpr Duration for_ever = std::chrono::hours{24};  // a stop timeout of -1
constexpr Duration engine_end_patience = 5s;           // dockerd is gone so soon after it stopped the last container
constexpr Duration engine_end_burst = 3s;              // and it begins to stop all of them within this
constexpr Duration review_round = 60s;                 // quiet containers are looked at together
constexpr int reviews_in_a_round = 20;                 // so many of them

struct Container {
    Seen seen;
    bool gone = false;
    std::string excluded;   ///< why it is nobody's
    EngineTime engine_end;  ///< as Corpse has it
};
using Containers = std::map<std::string, Container, std::less<>>;

bool alive(const Container& container) { return !container.gone && container.seen.view.lives(); }

/// One target, and what was told of it last.
struct Bound {
    enum class Told : std::uint8_t { nothing, absent, lives, ended };

    bool present = false;  ///< a container target that has not left
    bool joined = false;   ///< by a template or labels: it leaves with its container
    std::string name;      ///< of the container that it joined with
    std::string place;     ///< as compose_place() has it

    std::string id;        ///< of its container; empty: it has none
    bool proving = false;  ///< a command put it in the old one's place before it has its name (start-first)
    int commands = 0;      ///< under way: nothing is told
    Told told = Told::nothing;
    bool exists = false;  ///< as told
    Instance life;        ///< that lives or ended
    EngineTime life_started;
    Successor successor = Successor::keepwell;
    bool frozen = false;
    bool owes_found = false;  ///< a command made another container: its traits are to be told
    bool entered = false;     ///< its entry is new or has changed, and nothing was told since
    bool by_command = false;  ///< it ended by a command of keepwell's
    std::optional<std::pair<Health, std::uint32_t>> health;

    Instant stop_due = never;    ///< until then a `stop` may follow
    bool asking = false;         ///< it is past, and a last inspect is to say who ended it
    Instant engine_due = never;  ///< until then the engine may start it again
    Instant review = never;      ///< look at its health
    bool routine = false;        ///< nothing is expected of that look
    bool looking = false;

    Instant due() const { return std::min({asking ? never : stop_due, engine_due, looking ? never : review}); }
    void wait_for_nothing() {
        stop_due = engine_due = review = never;
        asking = false;
    }
};

}  // namespace

class Bindings::Impl {
  public:
    Impl(Loop& loop, supervisor::EventSink sink, Options options)
        : loop_(loop), sink_(std::move(sink)), options_(std::move(options)), timer_(loop) {}

    void watch(supervisor::ContainerPort::Watch watch);
    void enter(TargetIndex target);
    void tell_again(TargetIndex target);
    void release(TargetIndex target);
    void forget(TargetIndex target);
    bool is_interesting(const ListedContainer& container);
    void lost(const std::string& detail);
    void found(const std::string& detail);
    void seen(const Seen& now);
    void gone(const Seen& last);
    const Seen* container_of(TargetIndex target) const;
    std::optional<TargetIndex> target_of(std::string_view id) const;
    std::string why_left_alone(const ContainerView& view) const;
    void begin_command(TargetIndex target);
    void end_command(TargetIndex target, const Seen* now);

  private:
    const TargetSpec& spec(TargetIndex target) const { return watch_.policy->targets[target]; }
    const ServiceSpec& service(TargetIndex target) const { return watch_.policy->services[spec(target).service]; }
    TargetIndex size() const { return static_cast<TargetIndex>(bounds_.size()); }
    const Container* known(std::string_view id) const;
    EngineTime engine_now() const;

    // Which container is whose.
    void keep(const Seen& now);
    std::string why_excluded(const ContainerView& view, bool by_labels_alone) const;
    Fit fit_of(TargetIndex target, const Identity& container) const;
    bool is_claimed(const Identity& container) const;
    bool is_taken(TargetIndex by, const Identity& container) const;
    std::string choose(TargetIndex target) const;
    void settle_all();
    void settle_around(const std::string& id);
    void settle(TargetIndex target);
    void unbind_joined(TargetIndex except, const std::string& id);
    void try_join(const std::string& id);
    std::optional<event::TargetJoined> joins_by_template(const ContainerView& view) const;
    std::optional<event::TargetJoined> joins_by_labels(const ContainerView& view);
    void leave(TargetIndex target);
    void tell_orphan(const Container& container);
    void tell_leftover(TargetIndex target);
    void tell_orphan_once(const ContainerView& view);

    // What is told.
    void tell(TargetIndex target);
    bool tell_end(TargetIndex target);
    void tell_another_end(TargetIndex target);
    void tell_absent(TargetIndex target, const Container* container);
    void tell_found(TargetIndex target, const Container& container);
    void tell_health(TargetIndex target, const Container& container);
    event::Found found_event(TargetIndex target, const ContainerView& view) const;
    Corpse corpse_of(const Bound& bound, Seen& nothing) const;
    std::string why_absent(TargetIndex target, const Container* container) const;
    void log_once(const std::string& key, const std::string& line);
    void mark_engine_end();

    static void take_as_told(Bound& bound, const ContainerView& view);

    // Time.
    void plan_review(TargetIndex target, const HealthView& health);
    void ring();
    void ask_who_ended(TargetIndex target);
    void review(TargetIndex target);
    void arm();

    void deliver(Event event) { outbox_.push_back(std::move(event)); }
    void flush();
    void done();

    Loop& loop_;
    const supervisor::EventSink sink_;
    const Options options_;
    Timer timer_;
    supervisor::ContainerPort::Watch watch_;
    bool connected_ = false;
    bool patient_ = true;  ///< who ends a life may still come out
    Containers containers_;
    std::vector<Bound> bounds_;  ///< by target
    std::vector<Event> outbox_;
    bool flushing_ = false;
    std::set<std::string> orphans_told_;  ///< ids, on this connection
    std::set<std::string> logged_;
    Instant round_end_{};  ///< of reviews
    int reviews_left_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

// ---- what comes in --------------------------------------------------------------------------------------------------

void Bindings::Impl::watch(supervisor::ContainerPort::Watch watch) {
    watch_ = std::move(watch);
    bounds_.resize(watch_.policy->targets.size());
    for (TargetIndex target = 0; target < size(); ++target) bounds_[target].present = is_container(spec(target));
}

void Bindings::Impl::enter(TargetIndex target) {
    if (target == no_target) return;
    if (bounds_.size() <= target) bounds_.resize(target + 1);
    bounds_[target].present = bounds_[target].entered = true;
}

void Bindings::Impl::tell_again(TargetIndex target) {
    if (target == no_target) {
        orphans_told_.clear();
        if (connected_) settle_all();
        return done();
    }
    Bound& bound = bounds_[target];
    if (!std::exchange(bound.entered, false)) return;  // what was seen meanwhile has been told by the new entry
    bound.health.reset();
    if (bound.told == Bound::Told::lives) bound.owes_found = true;
    if (bound.told == Bound::Told::absent) bound.told = Bound::Told::nothing;
    if (connected_) settle(target);
    done();
}

void Bindings::Impl::release(TargetIndex target) {
    if (target < size()) bounds_[target].present = false;
}

/// Commands of it may still be ending; they are told by whoever ran them. Another one may be at its place by now.
void Bindings::Impl::forget(TargetIndex target) {
    if (target >= size() || bounds_[target].present) return;
    const std::string id = bounds_[target].id;
    const int commands = bounds_[target].commands;
    bounds_[target] = Bound{};
    bounds_[target].commands = commands;
    if (connected_ && known(id)) settle_around(id);
    done();
}

bool Bindings::Impl::is_interesting(const ListedContainer& container) {
    if (!watch_.policy) return false;
    const auto identity = identity_of(container);
    if (options_.read_labels && is_rival(container.image)) {
        log_once("rival", "the container " + container.name + " (" + container.image +
                              ") heals containers too: what both watch may be restarted twice");
    }
    if (containers_.contains(container.id) || is_claimed(identity)) return true;
    if (is_ours(container.labels, watch_.policy->name)) return true;
    const auto& templates = watch_.policy->templates;
    const auto selected = [&](const TargetSpec& one) { return selects(one.selector, container.labels); };
    if (std::any_of(templates.begin(), templates.end(), selected)) return true;
    return options_.read_labels && options_.read_labels(container.name, container.labels).has_value();
}

void Bindings::Impl::lost(const std::string& detail) {
    if (connected_) mark_engine_end();
    connected_ = false;
    orphans_told_.clear();
    for (auto& bound : bounds_) {
        bound.health.reset();  // it is told anew: meanwhile nobody knows it
        bound.looking = false;
        bound.wait_for_nothing();
    }
    deliver(event::BackendLost{detail});
    done();
}

void Bindings::Impl::found(const std::string& detail) {
    if (!watch_.policy) return;
    connected_ = true;
    patient_ = false;  // what was missed is told before it is said that the engine is there
    settle_all();
    patient_ = true;
    std::erase_if(containers_, [](const auto& one) { return one.second.gone; });
    deliver(event::BackendFound{detail});
    done();
}

void Bindings::Impl::seen(const Seen& now) {
    keep(now);
    if (!connected_) return;  // its owner is decided once all are known
    settle_around(now.view.id);
    done();
}

void Bindings::Impl::gone(const Seen& last) {
    const auto found = containers_.find(last.view.id);
    if (found == containers_.end()) return;
    if (last.view.status != ContainerStatus::unknown) found->second.seen = last;
    found->second.gone = true;
    if (!connected_) return;
    settle_around(last.view.id);
    containers_.erase(last.view.id);
    done();
}

void Bindings::Impl::keep(const Seen& now) {
    auto& container = containers_[now.view.id];
    container.seen = now;
    container.gone = false;
    container.excluded = why_excluded(now.view, false);
}

std::string Bindings::Impl::why_excluded(const ContainerView& view, bool by_labels_alone) const {
    const bool is_self = view.status != ContainerStatus::unknown && options_.is_self && options_.is_self(view);
    if (is_self) return "it is keepwell's own";
    const bool is_ours = !label(view.labels, project_label).empty();
    if (!is_ours && options_.opts_out && options_.opts_out(view.labels)) return "its label keepwell.enable says so";
    return never_a_target(view.labels, by_labels_alone);
}

std::string Bindings::Impl::why_left_alone(const ContainerView& view) const {
    if (view.status == ContainerStatus::paused) return "it is paused";
    return why_excluded(view, false);
}

// ---- which container is whose ---------------------------------------------------------------------------------------

const Container* Bindings::Impl::known(std::string_view id) const {
    const auto found = containers_.find(id);
    return found == containers_.end() || found->second.gone ? nullptr : &found->second;
}

Fit Bindings::Impl::fit_of(TargetIndex target, const Identity& container) const {
    const Bound& bound = bounds_[target];
    if (!bound.present) return Fit::none;
    if (!bound.joined) return fit(spec(target), container);
    const bool its_own = bound.id == container.id;
    return its_own && !role_of(container.name).is_temporary() ? Fit::exact : fit(bound.name, bound.place, container);
}

/// By a target that is there; not by a template.
bool Bindings::Impl::is_claimed(const Identity& container) const {
    for (TargetIndex target = 0; target < size(); ++target) {
        if (bounds_[target].id == container.id || fit_of(target, container) != Fit::none) return true;
    }
    return false;
}

/// By a target that it still fits. One of the policy takes a container from one that joined, and not the other way
/// round.
bool Bindings::Impl::is_taken(TargetIndex by, const Identity& container) const {
    for (TargetIndex other = 0; other < size(); ++other) {
        const Bound& bound = bounds_[other];
        if (other == by || !bound.present || bound.id != container.id) continue;
        if ((bounds_[by].joined || !bound.joined) && fit_of(other, container) != Fit::none) return true;
    }
    return false;
}

/// The one that fits best; among equals the one that it has, one that lives, the newest.
std::string Bindings::Impl::choose(TargetIndex target) const {
    const Bound& bound = bounds_[target];
    if (bound.proving && known(bound.id)) return bound.id;
    using Rank = std::tuple<Fit, bool, bool, EngineTime>;
    Rank best{Fit::none, false, false, {}};
    std::string chosen;
    for (const auto& [id, container] : containers_) {
        const auto& view = container.seen.view;
        if (container.gone || !container.excluded.empty()) continue;
        const auto identity = identity_of(view);
        const Rank rank{fit_of(target, identity), id == bound.id, view.lives(), view.created};
        if (std::get<Fit>(rank) == Fit::none || !(best < rank) || is_taken(target, identity)) continue;
        best = rank;
        chosen = id;
    }
    return chosen;
}

/// Those of the policy first: what they have can not join by a template.
void Bindings::Impl::settle_all() {
    const TargetIndex before = size();
    for (const bool joined : {false, true}) {
        for (TargetIndex target = 0; target < before; ++target) {
            if (bounds_[target].joined == joined) settle(target);
        }
    }
    std::map<std::string, std::string> by_name;
    for (const auto& [id, container] : containers_) {
        if (!container.gone) by_name.emplace(container.seen.view.name, id);
    }
    for (const auto& [name, id] : by_name) try_join(id);
}

void Bindings::Impl::settle_around(const std::string& id) {
    const auto identity = identity_of(containers_.at(id).seen.view);
    for (TargetIndex target = 0; target < size(); ++target) {
        if (bounds_[target].id != id && fit_of(target, identity) == Fit::none) continue;
        settle(target);
        tell_leftover(target);
    }
    if (known(id)) try_join(id);
}

void Bindings::Impl::settle(TargetIndex target) {
    Bound& bound = bounds_[target];
    if (!bound.present || bound.commands > 0) return;
    bound.id = choose(target);
    if (!bound.id.empty() && !bound.joined) unbind_joined(target, bound.id);
    if (bound.joined && bound.id.empty()) return leave(target);
    if (bound.joined) {  // it follows a rename, so that another container with the old name is another target
        const auto& name = containers_.at(bound.id).seen.view.name;
        if (!role_of(name).is_temporary()) bound.name = name;
    }
    tell(target);
}

void Bindings::Impl::unbind_joined(TargetIndex except, const std::string& id) {
    for (TargetIndex other = 0; other < size(); ++other) {
        if (other != except && bounds_[other].joined && bounds_[other].id == id) settle(other);
    }
}

void Bindings::Impl::try_join(const std::string& id) {
    const Container& container = containers_.at(id);
    const auto& view = container.seen.view;
    if (is_claimed(identity_of(view)) || role_of(view.name).is_temporary()) {
        return;
    }
    auto joined = joins_by_template(view);
    if (!joined) joined = joins_by_labels(view);
    if (!joined) return tell_orphan(container);
    const auto excluded = why_excluded(view, joined->service != nullptr);
    if (!excluded.empty()) return log_once(id, view.name + " is left alone: " + excluded);
    flush();
    const TargetIndex target = watch_.join(std::move(*joined));
    if (target >= bounds_.size()) bounds_.resize(target + 1);
    Bound& bound = bounds_[target];
    bound = Bound{};
    bound.present = bound.joined = true;
    bound.name = view.name;
    bound.place = compose_place(view.labels);
    bound.id = id;
    tell(target);
}

std::optional<event::TargetJoined> Bindings::Impl::joins_by_template(const ContainerView& view) const {
    for (const auto& one : watch_.policy->templates) {
        if (!selects(one.selector, view.labels)) continue;
        auto spec = std::make_shared<TargetSpec>(one);
        spec->name += "." + view.name;
        spec->selector.name = view.name;
        expand_name(*spec);
        return event::TargetJoined{no_target, std::move(spec), nullptr, {}};
    }
    return std::nullopt;
}

std::optional<event::TargetJoined> Bindings::Impl::joins_by_labels(const ContainerView& view) {
    if (!options_.read_labels) return std::nullopt;
    auto labelled = options_.read_labels(view.name, view.labels);
    if (!labelled) return std::nullopt;
    for (const auto& message : labelled->messages) log_once(view.id + message, view.name + ": " + message);
    event::LabelledService said{std::move(labelled->names), std::move(labelled->depends_on),
                                std::move(labelled->maintenance)};
    return event::TargetJoined{no_target, std::move(labelled->target), std::move(labelled->service),
                               std::move(labelled->entry),
                               std::make_shared<const event::LabelledService>(std::move(said))};
}

void Bindings::Impl::leave(TargetIndex target) {
    Bound& bound = bounds_[target];
    if (bound.told == Bound::Told::lives && !tell_end(target)) return;
    deliver(event::TargetLeft{target});
    bound = Bound{};
}

void Bindings::Impl::tell_orphan(const Container& container) {
    const auto& view = container.seen.view;
    if (!is_ours(view.labels, watch_.policy->name)) return;
    for (TargetIndex target = 0; target < size(); ++target) {
        const TargetSpec& one = spec(target);
        if (bounds_[target].present && one.container && is_of_slot(*one.container, one.slot, view.labels)) return;
    }
    tell_orphan_once(view);
}

/// A copy of its container that nobody is about to start: an engine still made it when the keepwell that had asked for
/// it was gone, and the next one had found nothing to settle.
void Bindings::Impl::tell_leftover(TargetIndex target) {
    const Bound& bound = bounds_[target];
    const Container* const mine = known(bound.id);
    if (!mine || bound.commands > 0) return;
    const std::string copy = fresh_name(mine->seen.view.name, bound.id);
    for (const auto& [id, container] : containers_) {
        const auto& view = container.seen.view;
        if (view.name != copy || container.gone) continue;
        if (view.status == ContainerStatus::created) tell_orphan_once(view);
    }
}

void Bindings::Impl::tell_orphan_once(const ContainerView& view) {
    if (!orphans_told_.insert(view.id).second) return;
    deliver(event::OrphanSeen{view.name, {view.id + '@' + view.started_text, 0}});
}

// ---- what is told -----------------------------------------------------------------------------------------------

void Bindings::Impl::tell(TargetIndex target) {
    Bound& bound = bounds_[target];
    const Container* const container = known(bound.id);
    if (container && container->seen.view.status == ContainerStatus::unknown && bound.told != Bound::Told::nothing)
        return;
    const bool lives = container && container->seen.view.lives();
    const bool same = lives && container->seen.view.instance() == bound.life;
    if (bound.told == Bound::Told::lives && !same && !tell_end(target)) return;
    if (bound.told == Bound::Told::ended && !lives) tell_another_end(target);
    if (!lives) return tell_absent(target, container);
    tell_found(target, *container);
    tell_health(target, *container);
}

/// The container in which the life was that was told of last.
Corpse Bindings::Impl::corpse_of(const Bound& bound, Seen& nothing) const {
    const auto found = containers_.find(bound.life.subject());
    if (found == containers_.end()) return {nothing, true, {}};
    return {found->second.seen, found->second.gone, found->second.engine_end};
}

/// False: it is too early to say who ends it.
bool Bindings::Impl::tell_end(TargetIndex target) {
    Bound& bound = bounds_[target];
    Seen nothing;
    const Corpse corpse = corpse_of(bound, nothing);
    auto ending = ending_of(corpse, bound.life_started);
    if (ending.stop_may_follow && patient_) {
        if (bound.stop_due == never) bound.stop_due = later(loop_.now(), stop_patience);
        if (bound.asking || loop_.now() < bound.stop_due) return false;
    }
    bound.wait_for_nothing();
    if (ending.engine_may_start) bound.engine_due = later(loop_.now(), engine_start_patience);
    bound.told = Bound::Told::ended;
    bound.successor = ending.successor;
    bound.frozen = bound.owes_found = bound.by_command = false;
    bound.health.reset();
    deliver(event::Exited{target, bound.life, std::move(ending.status), false, ending.successor});
    return true;
}

/// It stays dead, and somebody else than was told is to start it again: the engine has given up, a person's `stop` came
/// late or while the engine waited, or the `stop` was part of the engine's own end.
void Bindings::Impl::tell_another_end(TargetIndex target) {
    Bound& bound = bounds_[target];
    Seen nothing;
    const Corpse corpse = corpse_of(bound, nothing);
    if (bound.by_command || (corpse.gone && bound.successor != Successor::engine)) return;
    auto ending = ending_of(corpse, std::max(bound.life_started, corpse.seen.view.started_at));
    if (ending.engine_may_start) {
        if (bound.engine_due == never) bound.engine_due = later(loop_.now(), engine_start_patience);
        if (loop_.now() < bound.engine_due) return;
        ending.successor = Successor::keepwell;
    }
    if (ending.successor == bound.successor || ending.successor == Successor::engine) return;
    bound.wait_for_nothing();
    bound.successor = ending.successor;
    deliver(event::Exited{target, bound.life, std::move(ending.status), false, ending.successor});
}

void Bindings::Impl::tell_absent(TargetIndex target, const Container* container) {
    Bound& bound = bounds_[target];
    const bool exists = container != nullptr;
    if (bound.told != Bound::Told::nothing && bound.exists == exists) return;
    bound.exists = exists;
    if (bound.told == Bound::Told::nothing || !exists) bound.told = Bound::Told::absent;
    bound.entered = false;
    deliver(event::Absent{target, exists, why_absent(target, container)});
}

std::string Bindings::Impl::why_absent(TargetIndex target, const Container* container) const {
    if (container) return not_alive(container->seen.view);
    for (const auto& [id, other] : containers_) {
        const auto& view = other.seen.view;
        if (other.gone || other.excluded.empty() || fit_of(target, identity_of(view)) == Fit::none) continue;
        return "the container " + view.name + " is left alone: " + other.excluded;
    }
    return "no such container";
}

void Bindings::Impl::tell_found(TargetIndex target, const Container& container) {
    Bound& bound = bounds_[target];
    const auto& view = container.seen.view;
    const bool frozen = view.status == ContainerStatus::paused;
    if (bound.told != Bound::Told::lives || std::exchange(bound.owes_found, false)) {
        bound.told = Bound::Told::lives;
        bound.exists = true;
        bound.life = view.instance();
        bound.life_started = view.started_at;
        bound.frozen = frozen;
        bound.entered = false;
        deliver(found_event(target, view));
    } else if (frozen != bound.frozen) {
        bound.frozen = frozen;
        bound.health.reset();
        deliver(event::Frozen{target, bound.life, frozen});
    }
}

event::Found Bindings::Impl::found_event(TargetIndex target, const ContainerView& view) const {
    const auto in_another = [](const std::string& mode) { return mode.starts_with("container:"); };
    event::Found found;
    found.target = target;
    found.instance = view.instance();
    found.started_at = instant_of(view.started_at, engine_now(), loop_.now());
    found.healthcheck = view.healthcheck;
    if (view.stop_timeout) {
        found.stop_timeout =
            *view.stop_timeout < 0 ? for_ever : std::min<Duration>(std::chrono::seconds{*view.stop_timeout}, for_ever);
    }
    found.engine_restarts = view.restarts_itself();
    found.stop_removes = view.auto_remove;
    found.frozen = view.status == ContainerStatus::paused;
    found.shares_namespace = in_another(view.network_mode) || in_another(view.ipc_mode) || in_another(view.pid_mode);
    if (spec(target).kind == TargetKind::container) {
        found.outdated = label(view.labels, version_label) != service(target).container_version;
    }
    return found;
}

void Bindings::Impl::tell_health(TargetIndex target, const Container& container) {
    Bound& bound = bounds_[target];
    const auto health = health_view(target, container.seen, engine_now(), loop_.now());
    plan_review(target, health);
    if (!health.report) return;
    const std::pair said{health.report->health, health.report->failing_streak};
    if (bound.health == said) return;
    bound.health = said;
    deliver(*health.report);
}

/// dockerd stops its containers when it ends itself, and tells of it as of a person's `stop`: all of them begin to be
/// stopped at the same moment, none is left, and the engine is gone as soon as the last one is.
void Bindings::Impl::mark_engine_end() {
    const auto begin = [](const Seen& seen) {
        return seen.asked > seen.view.started_at ? seen.asked : seen.kill_event;
    };
    const Seen* last = nullptr;
    for (const auto& [id, container] : containers_) {
        const Seen& seen = container.seen;
        if (alive(container) && seen.die_event <= seen.view.started_at) return;
        if (seen.stop_event > seen.view.started_at && (!last || seen.stop_event > last->stop_event)) last = &seen;
    }
    if (!last || engine_now() - last->stop_event > engine_end_patience) return;
    const auto first = begin(*last);
    for (auto& [id, container] : containers_) {
        const Seen& seen = container.seen;
        const auto distance = begin(seen) - first;
        if (distance < engine_end_burst && distance > -engine_end_burst) container.engine_end = seen.stop_event;
    }
}

void Bindings::Impl::log_once(const std::string& key, const std::string& line) {
    if (options_.log && logged_.insert(key).second) options_.log(line);
}

// ---- commands -----------------------------------------------------------------------------------------------------

void Bindings::Impl::begin_command(TargetIndex target) {
    if (target >= size()) return;
    ++bounds_[target].commands;
    bounds_[target].wait_for_nothing();
}

void Bindings::Impl::end_command(TargetIndex target, const Seen* now) {
    if (target >= size() || bounds_[target].commands == 0) return;
    Bound& bound = bounds_[target];
    if (bound.commands > 1) return void(--bound.commands);
    bound.health.reset();
    bound.exists = now != nullptr;
    bound.proving = now && role_of(now->view.name).is_temporary();
    if (now) {
        keep(*now);
        take_as_told(bound, now->view);
    } else {
        bound.id.clear();
        bound.told = Bound::Told::absent;
    }
    // `now` may be older than what has been seen meanwhile: the truth is asked for once more before anything is told.
    const auto release = [this, target, alive = std::weak_ptr(alive_)](const Seen* seen) {
        if (alive.expired()) return;
        if (seen) keep(*seen);
        --bounds_[target].commands;
        if (!connected_) return;
        settle(target);
        tell_leftover(target);
        done();
    };
    if (now && options_.refresh) return options_.refresh(bound.id, release);
    loop_.post([release] { release(nullptr); });
}

/// As the command's completion says it. One that it started and that has died since is told to have ended.
void Bindings::Impl::take_as_told(Bound& bound, const ContainerView& view) {
    const Instance life{view.id + '@' + view.started_text, 0};
    const bool began = view.started_at != EngineTime{} && life != bound.life;
    bound.owes_found = view.lives() && (bound.owes_found || view.id != bound.id);
    bound.by_command = !view.lives() && !began;
    bound.told = bound.by_command ? Bound::Told::ended : Bound::Told::lives;
    bound.id = view.id;
    bound.life = life;
    bound.life_started = view.started_at;
    bound.successor = Successor::keepwell;
    bound.frozen = view.status == ContainerStatus::paused;
}

const Seen* Bindings::Impl::container_of(TargetIndex target) const {
    if (target >= size()) return nullptr;
    const auto* container = known(bounds_[target].id);
    return container ? &container->seen : nullptr;
}

std::optional<TargetIndex> Bindings::Impl::target_of(std::string_view id) const {
    for (TargetIndex target = 0; target < size(); ++target) {
        if (bounds_[target].present && bounds_[target].id == id) return target;
    }
    return std::nullopt;
}

// ---- time ---------------------------------------------------------------------------------------------------------

EngineTime Bindings::Impl::engine_now() const {
    return options_.engine_now ? options_.engine_now() : EngineTime{std::chrono::system_clock::now()};
}

/// Only where the engine's status is what counts. What is well is looked at with others, once a minute at most.
void Bindings::Impl::plan_review(TargetIndex target, const HealthView& health) {
    Bound& bound = bounds_[target];
    bound.review = never;
    if (!options_.refresh || !service(target).engine_health || health.look_again == never) return;
    bound.routine = !health.silent;
    bound.review = health.look_again;
    if (bound.routine) {
        const auto rounds = std::chrono::ceil<std::chrono::minutes>(bound.review.time_since_epoch());
        bound.review = Instant{rounds};
    }
}

void Bindings::Impl::ring() {
    const Instant now = loop_.now();
    if (now >= round_end_) {
        round_end_ = later(now, review_round);
        reviews_left_ = reviews_in_a_round;
    }
    for (TargetIndex target = 0; target < size(); ++target) {
        Bound& bound = bounds_[target];
        if (!bound.asking && bound.stop_due <= now) ask_who_ended(target);
        if (bound.engine_due <= now) settle(target);
        if (!bounds_[target].looking && bounds_[target].review <= now) review(target);
    }
    done();
}

/// An engine answers no inspect while it restarts a container, and what came meanwhile is told with the next one: the
/// `stop`, and the new life.
void Bindings::Impl::ask_who_ended(TargetIndex target) {
    if (!options_.refresh) return settle(target);
    bounds_[target].asking = true;
    options_.refresh(bounds_[target].id, [this, target, alive = std::weak_ptr(alive_)](const Seen*) {
        if (alive.expired() || !std::exchange(bounds_[target].asking, false) || !connected_) return;
        settle(target);
        done();
    });
}

void Bindings::Impl::review(TargetIndex target) {
    Bound& bound = bounds_[target];
    if (bound.routine && reviews_left_ == 0) return void(bound.review = round_end_);
    if (bound.routine) --reviews_left_;
    bound.looking = true;
    options_.refresh(bound.id, [this, target, id = bound.id, alive = std::weak_ptr(alive_)](const Seen*) {
        if (alive.expired()) return;
        Bound& looked = bounds_[target];
        looked.looking = false;
        if (looked.id != id || !connected_) return;
        looked.review = never;
        settle(target);  // time itself may have changed what its status means
        done();
    });
}

void Bindings::Impl::arm() {
    Instant next = never;
    for (const auto& bound : bounds_) next = std::min(next, bound.due());
    timer_.arm(next, [this] { ring(); });
}

// ---- going out ----------------------------------------------------------------------------------------------------

/// What an event leads to may come back here (a command begins): each is given out when all is as it says.
void Bindings::Impl::flush() {
    if (std::exchange(flushing_, true)) return;
    while (!outbox_.empty()) {
        for (auto& event : std::exchange(outbox_, {})) sink_(std::move(event));
    }
    flushing_ = false;
}

void Bindings::Impl::done() {
    flush();
    arm();
}

// ---- the outside --------------------------------------------------------------------------------------------------

Bindings::Bindings(Loop& loop, supervisor::EventSink sink, Options options)
    : impl_(std::make_unique<Impl>(loop, std::move(sink), std::move(options))) {}
Bindings::~Bindings() = default;

void Bindings::enter(TargetIndex target) { impl_->enter(target); }
void Bindings::tell_again(TargetIndex target) { impl_->tell_again(target); }
void Bindings::release(TargetIndex target) { impl_->release(target); }
void Bindings::forget(TargetIndex target) { impl_->forget(target); }
void Bindings::watch(supervisor::ContainerPort::Watch watch) { impl_->watch(std::move(watch)); }
bool Bindings::is_interesting(const ListedContainer& container) const { return impl_->is_interesting(container); }
void Bindings::lost(const std::string& detail) { impl_->lost(detail); }
void Bindings::found(const std::string& detail) { impl_->found(detail); }
void Bindings::seen(const Seen& now, const Seen*) { impl_->seen(now); }
void Bindings::gone(const Seen& last) { impl_->gone(last); }
const Seen* Bindings::container_of(TargetIndex target) const { return impl_->container_of(target); }
std::optional<TargetIndex> Bindings::target_of(std::string_view id) const { return impl_->target_of(id); }
std::string Bindings::why_left_alone(const ContainerView& view) const { return impl_->why_left_alone(view); }
void Bindings::begin_command(TargetIndex target) { impl_->begin_command(target); }
void Bindings::end_command(TargetIndex target, const Seen* now) { impl_->end_command(target, now); }

}  // namespace keepwell::runtime::docker
