// Names to addresses, off the loop and cached: getaddrinfo() may hang for half a minute, and Asio's own resolver has
// one thread for all names. May know: model, the loop. Threads: the loop only; the lookups themselves run on a few
// threads of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keepwell/model/time.hpp"
#include "runtime/probe/attempt.hpp"

namespace keepwell::runtime {

class Loop;

struct Resolved {
    enum class Kind : std::uint8_t {
        found,
        unknown,  ///< there is no such name, or nobody could say: that is about the target
        lack,     ///< we lack descriptors, memory or threads to ask
    };
    Kind kind = Kind::unknown;
    std::vector<std::string> addresses;  ///< literals, in the order in which to try them
    std::string error;                   ///< for people; empty when found, or when the name just does not exist
};

/// Asks the system (getaddrinfo: /etc/hosts, DNS, whatever nsswitch says). Blocks.
Resolved resolve_by_system(const std::string& name);

class Resolver {
  public:
    struct Options {
        /// Called on several threads at once, and possibly still running when the resolver is gone.
        std::function<Resolved(const std::string&)> resolve = resolve_by_system;
        Duration keep_found = std::chrono::seconds{30};
        Duration keep_unknown = std::chrono::seconds{1};
        /// Names that may be asked for at the same time; started as needed. A hung name occupies one of them.
        unsigned threads = 4;
    };

    explicit Resolver(Loop& loop) : Resolver(loop, Options{}) {}
    Resolver(Loop& loop, Options options);
    /// Does not wait for lookups that hang; they end unheard.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// A question under way; destroying it withdraws it. It must not outlive the resolver.
    class Lookup {
      public:
        virtual ~Lookup() = default;
        /// Still behind other names that hang: nobody has been asked yet.
        virtual bool queued() const = 0;
    };

    using Done = std::function<void(const Resolved&)>;

    /// Calls `done` once on the loop: at once and inside find() for literals and names in the cache (it returns null
    /// then), later otherwise. Questions for one name are asked once.
    std::unique_ptr<Lookup> find(const std::string& name, Done done);

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

/// What a probe says of a name that was not found.
Verdict unresolved(const std::string& host, const Resolved& resolved);

/// What a probe says at its timeout: a failure, unless it was still waiting for its turn to ask for the name.
Verdict overdue_verdict(const Resolver::Lookup* lookup, Duration timeout);

/// "127.0.0.1", "::1", "fe80::1%eth0": needs no resolving.
bool is_literal(const std::string& host);

}  // namespace keepwell::runtime
