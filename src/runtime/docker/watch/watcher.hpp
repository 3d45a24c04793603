// Follows an engine: is it there, which containers are, and what has changed. Events are hints, the listing and inspect
// are the truth: subscribe, then list, then inspect what is of interest, and list again from time to time.
// It knows no target and decides nothing: it tells what is so.
// May know: engine_api, engine_event, seen, the loop.
// Source: moby daemon/events.go (256 kept, slow subscribers lose), api/server/router/system.
// Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/watch/seen.hpp"

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::runtime::docker {

class Watcher {
  public:
    struct Options {
        Duration resync = 60s;         ///< the listing is asked for again so often
        Duration ping_timeout = 10s;   ///< an engine that does not answer a ping in this time is lost
        Duration call_timeout = 10s;   ///< of an inspect; then a ping tells whether the engine or the container hangs
        Duration first_retry = 100ms;  ///< after a lost engine, doubled with jitter up to last_retry
        Duration last_retry = 10s;     ///< 2 s on a unix socket
    };

    /// Called on the loop, never from inside a call of the Watcher's. They may call refresh().
    struct Listener {
        /// The engine does not answer. Once, also at the start; nothing else comes until found().
        std::function<void(const std::string& detail)> lost;
        /// It answers, and each container of interest has been told by seen() before this. `detail`: its version.
        std::function<void(const std::string& detail)> found;
        /// A container that is new or not what it was. `before` is null for a new one.
        std::function<void(const Seen& now, const Seen* before)> seen;
        /// A container that is not there any more; of one that was never seen only the id.
        std::function<void(const Seen& last)> gone;
    };

    /// `interesting` decides by the listing which containers are inspected; it is asked again at each change.
    Watcher(Loop& loop, EngineApi& api, Options options, std::function<bool(const ListedContainer&)> interesting,
            Listener listener);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    void start();

    /// Inspects this container now, tells the listener if something has changed, and then calls `done` (null: there is
    /// no such container, or the engine does not answer). Works also for a container that was of no interest.
    void refresh(const std::string& id_or_name, std::function<void(const Seen*)> done);

    /// Another policy may find other containers of interest: those are inspected and told, then `done` is called; at
    /// once where the engine does not answer.
    void look_again(std::function<void()> done);

    /// What is known at the moment. Null where nothing is.
    const Seen* find(std::string_view id) const;
    const Seen* find_by_name(std::string_view name) const;
    std::vector<const Seen*> all() const;
    /// The engine's wall clock. It is ours, but for an engine on another host.
    EngineTime engine_now() const;
    /// The last whole listing, also of what is of no interest: for namespaces that are shared.
    const std::vector<ListedContainer>& listed() const;
    bool connected() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keepwell::runtime::docker
