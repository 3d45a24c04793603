// The Watcher: connection, event stream, listing, inspections; each hint ends in an inspect, and only that is told.
#include "runtime/docker/watch/watcher.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "runtime/docker/api/json_lines.hpp"
#include "runtime/docker/watch/engine_about.hpp"
#include "runtime/docker/watch/engine_event.hpp"
#include "runtime/docker/watch/inspections.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;
using Action = EngineEvent::Action;

constexpr Duration list_timeout = 60s;  // a thousand containers on a busy host
constexpr Duration about_timeout = 5s;  // of what the engine says of itself, which is not needed
constexpr Duration long_lived = 10s;    // an event stream that lived so long did not end at once
constexpr Duration again_after = 5s;    // what the engine could not answer is asked again
constexpr Duration overlap = 1s;        // events before the newest known are asked for again: they may be out of order
constexpr Duration first_look_back = 2s;  // and those from just before the first subscription
constexpr Duration last_local_retry = 2s;
constexpr std::size_t inspects_at_once = 8;
constexpr std::size_t full_id = 64;

/// A ping that something answers which is, or speaks for, an engine. Podman and proxies may refuse it; an engine that
/// has trouble with Swarm answers 500 (moby api/server/router/system).
bool shows_life(const Answer& answer) {
    return answer.end == Answer::End::answered && (answer.status <= 500 || answer.status == 501);
}

}  // namespace

class Watcher::Impl {
  public:
    Impl(Loop& loop, EngineApi& api, Options options, std::function<bool(const ListedContainer&)> interesting,
         Listener listener)
        : loop_(loop),
          api_(api),
          options_(options),
          interesting_(std::move(interesting)),
          listener_(std::move(listener)),
          inspections_(loop, api, options.call_timeout, inspects_at_once,
                       [this](const std::string& key, const Answer& answer) { inspected(key, answer); }),
          reconnect_(loop),
          opening_(loop),
          resync_(loop),
          again_(loop),
          delay_(options.first_retry),
          random_(static_cast<std::minstd_rand::result_type>(loop.now().time_since_epoch().count())) {}

    void start() {
        reconnect_.arm(loop_.now(), [this] { connect(); });
    }
    void refresh(const std::string& id_or_name, std::function<void(const Seen*)> done);
    void look_again(const std::function<void()>& done);

    const Seen* find(std::string_view id) const;
    const Seen* find_by_name(std::string_view name) const;
    std::vector<const Seen*> all() const;
    EngineTime engine_now() const { return EngineTime{std::chrono::system_clock::now()} + skew_; }
    const std::vector<ListedContainer>& listed() const { return listed_; }
    bool connected() const { return connected_; }

  private:
    struct Entry {
        bool followed = false;   ///< inspected whenever something may have changed
        bool told = false;       ///< the listener knows it
        bool stamped = false;    ///< an event came that inspect does not show
        bool known = false;      ///< `seen.view` is of an inspect
        std::size_t shape = 0;   ///< of the inspect's text: equal texts are equal truths
        EngineTime paused_seen;  ///< when it was last seen paused
        Seen seen;

        bool is_current() const { return known && followed; }
    };

    // The connection.
    void ask(std::string path, Duration timeout, std::function<void(Answer)> then);
    void connect();
    void ask_about();
    void about_known();
    void subscribe();
    void opened();
    void ended(const Answer& answer);
    void check();
    void go_on();
    void retry(std::function<void()> what);
    void lost(const std::string& why);
    void maybe_found();
    Duration jittered(Duration delay);

    // The listing.
    void list(bool inspect_all);
    void list_came(const Answer& answer, bool inspect_all);
    void apply(const ListedContainer& container, bool inspect_all);
    void follow(const ListedContainer& container);
    void look(const std::string& id);
    void looked(const Answer& answer);
    void arm_resync();
    void resync();

    // One container.
    void heard(const EngineEvent& event);
    bool is_from_its_start(const EngineEvent& event) const;
    void stamp(Entry& entry, const EngineEvent& event);
    void inspected(const std::string& key, const Answer& answer);
    void not_answered(const std::string& key, const Answer& answer);
    void take_stub(const std::string& id);
    void update(ContainerView view, std::size_t shape);
    void tell(Entry& entry, Seen now);
    void remove(const std::string& key);
    void inspect_again(const std::string& key);
    const ListedContainer* listing_of(std::string_view id) const;

    Loop& loop_;
    EngineApi& api_;
    const Options options_;
    const std::function<bool(const ListedContainer&)> interesting_;
    const Listener listener_;
    Inspections inspections_;
    Timer reconnect_;  ///< the next try to connect, or to subscribe
    Timer opening_;    ///< the engine accepts the subscription late
    Timer resync_;
    Timer again_;  ///< what was not answered is inspected again

    std::shared_ptr<int> life_ = std::make_shared<int>();
    std::shared_ptr<int> round_ = std::make_shared<int>();  ///< another one for each connection
    bool connected_ = false;
    bool told_lost_ = false;
    bool reachable_ = false;  ///< it answered since it was last lost
    bool checking_ = false;
    bool retrying_ = false;
    Duration delay_;
    std::minstd_rand random_;

    std::unique_ptr<EngineApi::Stream> stream_;
    std::optional<JsonLines> lines_;
    Instant subscribed_at_ = never;  ///< the stream is open since then
    std::string no_events_;          ///< why there is no stream, when the engine refuses it
    EngineTime newest_event_;
    EngineTime remembered_;  ///< the newest one that was known when the event stream was opened
    bool remembers_ = true;  ///< the engine has told of that once more: it is not a new one
    EngineTime answered_;    ///< when it did after it was lost
    bool met_ = false;       ///< it was there before

    int about_due_ = 0;  ///< answers about the engine itself that are still to come
    std::string about_;
    Duration skew_{0};

    bool listed_once_ = false;  ///< on this connection
    bool listing_ = false;
    bool list_again_ = false;  ///< and inspect all, after the one that is under way
    std::vector<ListedContainer> listed_;
    std::set<std::string> newcomers_;  ///< to be looked at after the first listing
    std::set<std::string> looking_;    ///< new containers whose listing is under way
    std::set<std::string> awaited_;    ///< must have been inspected before found()
    std::set<std::string> unknown_;    ///< could not be inspected: again later
    std::map<std::string, Entry, std::less<>> entries_;
};

// ---- the connection -----------------------------------------------------------------------------------------------

/// One question whose answer is of no interest any more when the connection is another one.
void Watcher::Impl::ask(std::string path, Duration timeout, std::function<void(Answer)> then) {
    api_.call("GET", std::move(path), {}, timeout,
              [round = std::weak_ptr(round_), then = std::move(then)](Answer answer) {
                  if (!round.expired()) then(std::move(answer));
              });
}

void Watcher::Impl::connect() {
    round_ = std::make_shared<int>();
    api_.forget_version();
    listed_once_ = listing_ = list_again_ = false;
    no_events_.clear();
    ask("/_ping", options_.ping_timeout, [this](const Answer& answer) {
        if (!shows_life(answer)) return lost(answer.error);
        reachable_ = true;
        answered_ = engine_now();
        ask_about();
        subscribe();
    });
}

/// Its name and version, for people; and its clock, where that may be another than ours.
void Watcher::Impl::ask_about() {
    about_ = "API " + api_.version();
    about_due_ = 1;
    ask("/version", about_timeout, [this](const Answer& answer) {
        const auto name = answer.ok() ? engine_name(answer.body) : std::string{};
        if (!name.empty()) about_ = name + ", " + about_;
        about_known();
    });
    if (!api_.address().socket.empty()) return;
    ++about_due_;
    const auto asked = engine_now() - skew_;
    ask("/info", about_timeout, [this, asked](const Answer& answer) {
        const auto clock = answer.ok() ? engine_clock(answer.body) : EngineTime{};
        const auto answered = engine_now() - skew_;
        if (clock != EngineTime{}) skew_ = clock - (asked + (answered - asked) / 2);
        about_known();
    });
}

void Watcher::Impl::about_known() {
    --about_due_;
    maybe_found();
}

void Watcher::Impl::subscribe() {
    const auto known = newest_event_ == EngineTime{} ? engine_now() - first_look_back : newest_event_ - overlap;
    const auto since = std::max(EngineTime{}, std::min(known, engine_now()));
    remembered_ = newest_event_;
    remembers_ = !met_;
    lines_.emplace();
    subscribed_at_ = never;
    stream_ = api_.stream("GET", events_path(since), {}, false,
                          {[this] { opened(); },
                           [this](std::string_view piece) {
                               lines_->feed(piece);
                               while (const auto line = lines_->next()) {
                                   if (const auto event = engine_event(*line)) heard(*event);
                               }
                           },
                           [this](const Answer& answer) { ended(answer); }});
    // A proxy may keep the head of an answer back until something follows it.
    opening_.arm(later(loop_.now(), options_.ping_timeout), [this] { list(true); });
}

void Watcher::Impl::opened() {
    opening_.disarm();
    subscribed_at_ = loop_.now();
    no_events_.clear();
    list(true);
}

/// Nothing is lost by that alone: a ping tells whether the engine is.
void Watcher::Impl::ended(const Answer& answer) {
    stream_.reset();
    opening_.disarm();
    const bool refused = answer.end == Answer::End::answered && !answer.ok();
    if (refused) no_events_ = answer.error;
    if (refused && !listed_once_) list(true);  // without events it is followed by listing it again and again
    if (subscribed_at_ != never && loop_.now() - subscribed_at_ > long_lived) delay_ = options_.first_retry;
    check();
}

void Watcher::Impl::check() {
    if (std::exchange(checking_, true)) return;
    ask("/_ping", options_.ping_timeout, [this](const Answer& answer) {
        checking_ = false;
        if (shows_life(answer)) {
            answered_ = engine_now();
            return go_on();
        }
        if (answer.end == Answer::End::lack && connected_) return inspect_again({});  // we can not ask: not its fault
        lost(answer.error);
    });
}

/// The engine is there; what was cut off is done again.
void Watcher::Impl::go_on() {
    const bool cut_off = !stream_ || (!listed_once_ && !listing_);
    if (!cut_off || retrying_) return;
    retry([this] {
        if (!stream_) return subscribe();
        list(true);
    });
}

void Watcher::Impl::retry(std::function<void()> what) {
    retrying_ = true;
    reconnect_.arm(later(loop_.now(), jittered(delay_)), [this, what = std::move(what)] {
        retrying_ = false;
        what();
    });
    // To ask for a socket that nobody listens at costs next to nothing.
    const bool is_local = !api_.address().socket.empty();
    delay_ = std::min(2 * delay_, is_local ? std::min(options_.last_retry, last_local_retry) : options_.last_retry);
}

void Watcher::Impl::lost(const std::string& why) {
    round_ = std::make_shared<int>();
    connected_ = reachable_ = checking_ = false;
    stream_.reset();
    for (auto* timer : {&opening_, &resync_, &again_}) timer->disarm();
    newcomers_.clear();
    looking_.clear();
    awaited_.clear();
    unknown_.clear();
    retry([this] { connect(); });
    inspections_.clear();
    if (!std::exchange(told_lost_, true)) listener_.lost(why);
}

void Watcher::Impl::maybe_found() {
    if (connected_ || !listed_once_ || about_due_ > 0 || !awaited_.empty()) return;
    connected_ = met_ = true;
    told_lost_ = false;
    if (stream_) delay_ = options_.first_retry;
    listener_.found(no_events_.empty() ? about_ : about_ + ", without events: " + no_events_);
}

/// So that many who lost the same engine do not come back all at once.
Duration Watcher::Impl::jittered(Duration delay) {
    const auto permille = static_cast<std::int64_t>(800 + random_() % 401);
    return delay / 1000 * permille;
}

// ---- the listing --------------------------------------------------------------------------------------------------

void Watcher::Impl::list(bool inspect_all) {
    if (std::exchange(listing_, true)) {
        list_again_ = list_again_ || inspect_all;
        return;
    }
    ask("/containers/json?all=1", list_timeout,
        [this, inspect_all](const Answer& answer) { list_came(answer, inspect_all); });
}

void Watcher::Impl::list_came(const Answer& answer, bool inspect_all) {
    listing_ = false;
    arm_resync();
    if (answer.end != Answer::End::answered) return check();
    auto containers = answer.ok() ? container_list(answer.body) : std::nullopt;
    if (!containers) {
        if (!connected_) lost("the listing of containers: " + (answer.ok() ? "no JSON of an engine" : answer.error));
        return;
    }
    listed_ = std::move(*containers);
    ::malloc_trim(0);  // to read a listing of many takes more than is kept of it: that goes back to the system
    listed_once_ = true;
    std::set<std::string_view> present;
    for (const auto& container : listed_) {
        present.insert(container.id);
        apply(container, inspect_all);
    }
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const bool missing = !present.contains(entry->first);
        if (missing && entry->second.followed) {  // inspect says whether it is gone: it may be newer than the listing
            inspections_.need(entry->first);
            if (!connected_) awaited_.insert(entry->first);
        }
        entry = missing && !entry->second.followed ? entries_.erase(entry) : std::next(entry);
    }
    for (const auto& id : std::exchange(newcomers_, {})) {
        if (!entries_.contains(id)) look(id);
    }
    if (std::exchange(list_again_, false)) list(true);
    maybe_found();
}

void Watcher::Impl::apply(const ListedContainer& container, bool inspect_all) {
    auto& entry = entries_[container.id];
    entry.followed = entry.followed || interesting_(container);
    if (!entry.followed) return;
    if (!inspect_all && entry.known && !differs(container, entry.seen.view, engine_now())) return;
    inspections_.need(container.id);
    if (!connected_) awaited_.insert(container.id);
}

/// A container that the event stream told of: it is listed by itself, since only that says what is of interest.
void Watcher::Impl::look(const std::string& id) {
    if (!listed_once_) return void(newcomers_.insert(id));  // it may be too new for the listing that is under way
    if (!looking_.insert(id).second) return;
    const auto filter = url_encode(R"({"id":[")" + id + R"("]})");
    ask("/containers/json?all=1&filters=" + filter, list_timeout, [this, id](const Answer& answer) {
        looking_.erase(id);
        looked(answer);
    });
}

void Watcher::Impl::looked(const Answer& answer) {
    if (answer.end != Answer::End::answered) return check();
    const auto containers = answer.ok() ? container_list(answer.body) : std::nullopt;
    if (!containers) return;  // the next listing will tell
    for (const auto& container : *containers) {
        std::erase_if(listed_, [&](const auto& one) { return one.id == container.id; });
        listed_.push_back(container);
        apply(container, true);
    }
}

void Watcher::Impl::arm_resync() {
    const auto distance = no_events_.empty() ? options_.resync : std::min(options_.resync, options_.last_retry);
    const auto at = later(loop_.now(), distance).time_since_epoch();
    // On whole seconds, so that it falls together with what else is due then.
    resync_.arm(distance < 10s ? Instant{at} : Instant{std::chrono::ceil<std::chrono::seconds>(at)},
                [this] { resync(); });
}

void Watcher::Impl::resync() {
    ask("/_ping", options_.ping_timeout, [this](const Answer& answer) {
        if (!shows_life(answer)) return lost(answer.error);
        list(false);
    });
}

// ---- one container ------------------------------------------------------------------------------------------------

void Watcher::Impl::heard(const EngineEvent& event) {
    remembers_ = remembers_ || event.time == remembered_;
    newest_event_ = std::max(newest_event_, event.time);
    const auto found = entries_.find(event.id);
    const bool gone = event.action == Action::destroy;
    if (found == entries_.end()) return gone ? void() : look(event.id);
    Entry& entry = found->second;
    if (!entry.followed) {
        if (event.action == Action::rename) look(event.id);
        return;
    }
    stamp(entry, event);
    const bool only_stamped = event.action == Action::kill || event.action == Action::oom;
    // Podman may tell of each check; docker only of a change.
    const bool no_news = event.action == Action::health_status && entry.known && !entry.stamped &&
                         !inspections_.expects(event.id) && entry.seen.view.health &&
                         entry.seen.view.health->status == event.health && entry.seen.unpaused == EngineTime{};
    if (!only_stamped && !no_news) inspections_.need(event.id);
}

/// A dockerd that was killed leaves its containers alive; the next one stops them at its own start, before it answers
/// anybody, and tells of it as of a person's `stop`. That it is a new one shows in what it does not remember: it keeps
/// its events in memory only (moby daemon/events/events.go).
bool Watcher::Impl::is_from_its_start(const EngineEvent& event) const { return !remembers_ && event.time < answered_; }

void Watcher::Impl::stamp(Entry& entry, const EngineEvent& event) {
    constexpr int kill_signal = 9;
    const bool stops_it = event.action == Action::stop || event.action == Action::kill;
    if (stops_it && is_from_its_start(event)) return;
    Seen& seen = entry.seen;
    const auto newest = [&](EngineTime& time) {
        entry.stamped = entry.stamped || event.time > time;
        time = std::max(time, event.time);
    };
    if (event.action == Action::stop) newest(seen.stop_event);
    if (event.action == Action::unpause) newest(seen.unpaused);
    if (event.action == Action::kill) {
        newest(seen.kill_event);
        if (event.signal != kill_signal) newest(seen.asked);
    }
    if (event.action == Action::die && event.time >= seen.die_event) {
        newest(seen.die_event);
        seen.die_code = event.exit_code;
    }
}

void Watcher::Impl::inspected(const std::string& key, const Answer& answer) {
    unknown_.erase(key);
    auto view = answer.ok() ? container_view(answer.body) : std::nullopt;
    if (answer.is(404)) {
        remove(key);
    } else if (view) {
        update(std::move(*view), std::hash<std::string_view>{}(answer.body));
    } else {
        return not_answered(key, answer);
    }
    awaited_.erase(key);
    maybe_found();
}

/// The engine answers, but not about this container (moby may hold its lock for long): the others do not wait for it.
void Watcher::Impl::not_answered(const std::string& key, const Answer& answer) {
    inspect_again(key);
    if (answer.end == Answer::End::unreachable || answer.end == Answer::End::timed_out) check();
    if (answer.end == Answer::End::unreachable || awaited_.erase(key) == 0) return;
    take_stub(key);
    maybe_found();
}

void Watcher::Impl::inspect_again(const std::string& key) {
    if (!key.empty()) unknown_.insert(key);
    again_.arm(later(loop_.now(), std::min(again_after, options_.last_retry)), [this] {
        for (const auto& one : std::exchange(unknown_, {})) inspections_.need(one);
        if (!stream_) check();
    });
}

/// What the listing says, so that it is not taken for one that does not exist.
void Watcher::Impl::take_stub(const std::string& id) {
    const auto* listing = listing_of(id);
    const auto found = entries_.find(id);
    if (!listing || found == entries_.end() || found->second.known) return;
    Seen stub = found->second.seen;
    stub.view = view_of(*listing);
    tell(found->second, std::move(stub));
}

void Watcher::Impl::update(ContainerView view, std::size_t shape) {
    auto& entry = entries_[view.id];
    if (entry.known && entry.shape == shape && !entry.stamped) return;
    if (!entry.followed) entry.followed = interesting_(docker::listed(view));
    Seen now = entry.seen;
    const bool went_on = entry.known && now.view.status == ContainerStatus::paused && view.runs();
    if (went_on && now.unpaused < entry.paused_seen) now.unpaused = engine_now();  // its event did not reach us
    if (view.status == ContainerStatus::paused) entry.paused_seen = engine_now();
    now.view = std::move(view);
    entry.known = true;
    entry.shape = shape;
    entry.stamped = false;
    tell(entry, std::move(now));
}

void Watcher::Impl::tell(Entry& entry, Seen now) {
    const Seen before = std::exchange(entry.seen, std::move(now));
    if (!entry.followed) return;  // somebody asked for it, and nobody follows it
    const auto listing =
        std::find_if(listed_.begin(), listed_.end(), [&](const auto& one) { return one.id == entry.seen.view.id; });
    if (listing != listed_.end()) listing->name = entry.seen.view.name;
    const bool first = !std::exchange(entry.told, true);
    listener_.seen(entry.seen, first ? nullptr : &before);
}

void Watcher::Impl::remove(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {  // somebody else may know it
        Seen unknown;
        unknown.view.id = key;
        if (key.size() == full_id) listener_.gone(unknown);
        return;
    }
    std::erase_if(listed_, [&](const auto& one) { return one.id == key; });
    const Entry entry = std::move(found->second);
    entries_.erase(found);
    if (entry.told) listener_.gone(entry.seen);
}

void Watcher::Impl::refresh(const std::string& id_or_name, std::function<void(const Seen*)> done) {
    if (!reachable_) {
        return loop_.post([done = std::move(done), life = std::weak_ptr(life_)] {
            if (!life.expired()) done(nullptr);
        });
    }
    const auto* known = find(id_or_name) ? nullptr : find_by_name(id_or_name);
    const std::string key = known ? known->view.id : id_or_name;
    inspections_.urgently(key, [this, key, done = std::move(done)](bool answered) {
        const auto is_it = [&](const auto& entry) {
            return entry.second.known && (entry.first == key || entry.second.seen.view.name == key);
        };
        const auto found = answered ? std::find_if(entries_.begin(), entries_.end(), is_it) : entries_.end();
        done(found == entries_.end() ? nullptr : &found->second.seen);
    });
}

void Watcher::Impl::look_again(const std::function<void()>& done) {
    const auto left = std::make_shared<std::size_t>(1);
    const auto one_less = [left, done] {
        if (--*left == 0) done();
    };
    for (const auto& container : connected_ ? listed_ : std::vector<ListedContainer>{}) {
        auto& entry = entries_[container.id];
        if (entry.followed || !interesting_(container)) continue;
        entry.followed = entry.stamped = true;
        ++*left;
        inspections_.urgently(container.id, [one_less](bool) { one_less(); });
    }
    one_less();
}

// ---- what is known ------------------------------------------------------------------------------------------------

const Seen* Watcher::Impl::find(std::string_view id) const {
    const auto found = entries_.find(id);
    return found != entries_.end() && found->second.is_current() ? &found->second.seen : nullptr;
}

const Seen* Watcher::Impl::find_by_name(std::string_view name) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) {
        return entry.second.is_current() && entry.second.seen.view.name == name;
    });
    return found == entries_.end() ? nullptr : &found->second.seen;
}

std::vector<const Seen*> Watcher::Impl::all() const {
    std::vector<const Seen*> all;
    for (const auto& [id, entry] : entries_) {
        if (entry.is_current()) all.push_back(&entry.seen);
    }
    return all;
}

const ListedContainer* Watcher::Impl::listing_of(std::string_view id) const {
    const auto found = std::find_if(listed_.begin(), listed_.end(), [&](const auto& one) { return one.id == id; });
    return found == listed_.end() ? nullptr : &*found;
}

// ---- the outside --------------------------------------------------------------------------------------------------

Watcher::Watcher(Loop& loop, EngineApi& api, Options options, std::function<bool(const ListedContainer&)> interesting,
                 Listener listener)
    : impl_(std::make_unique<Impl>(loop, api, options, std::move(interesting), std::move(listener))) {}
Watcher::~Watcher() = default;

void Watcher::start() { impl_->start(); }
void Watcher::look_again(std::function<void()> done) { impl_->look_again(done); }
void Watcher::refresh(const std::string& id_or_name, std::function<void(const Seen*)> done) {
    impl_->refresh(id_or_name, std::move(done));
}
const Seen* Watcher::find(std::string_view id) const { return impl_->find(id); }
const Seen* Watcher::find_by_name(std::string_view name) const { return impl_->find_by_name(name); }
std::vector<const Seen*> Watcher::all() const { return impl_->all(); }
EngineTime Watcher::engine_now() const { return impl_->engine_now(); }
const std::vector<ListedContainer>& Watcher::listed() const { return impl_->listed(); }
bool Watcher::connected() const { return impl_->connected(); }

}  // namespace keepwell::runtime::docker
