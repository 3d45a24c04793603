// The last events as JSON lines, for `GET /v1/events`: one rendering for all who listen.
// May know: journal, supervisor. It reads no file: what is older is in the journal's folder.
// Threads: the supervisor's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "journal/record.hpp"
#include "supervisor/supervisor.hpp"

namespace keepwell::control {

/// Which events are asked for.
struct EventFilter {
    std::variant<std::monostate, std::uint64_t, WallTime> since;  ///< after this seq, or not before this time
    std::string target;                                           ///< a target's or a service's name; empty: all
};

class EventLog {
  public:
    /// Follows the supervisor from now on. Keeps at most `limit` bytes of lines, the newest ones.
    explicit EventLog(supervisor::Supervisor& supervisor, std::size_t limit = 8 * 1024 * 1024);
    ~EventLog();
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;

    /// Takes one record: those that are no events only move last_seq(). Used for what an earlier run left, too.
    void take(const journal::Record& record);

    /// The seq of the newest record of any kind; what is asked for now happens after it.
    std::uint64_t last_seq() const { return last_seq_; }
    /// Everything up to this seq may have been forgotten.
    std::uint64_t forgotten() const { return forgotten_; }

    /// Where a reader that asks with this filter begins: read() with it gives the first event that is wanted.
    std::uint64_t begin(const EventFilter& filter) const;

    /// Appends to `lines` the wanted events after `cursor`, about `budget` bytes of them, and returns the new cursor.
    /// It is last_seq() when nothing is left.
    std::uint64_t read(const EventFilter& filter, std::uint64_t cursor, std::size_t budget, std::string& lines) const;

    /// Calls `wake` after each new event, until unsubscribe().
    std::uint64_t subscribe(std::function<void()> wake);
    void unsubscribe(std::uint64_t key);

  private:
    struct Entry {
        std::uint64_t seq = 0;
        WallTime time{};
        std::string target;
        std::string service;
        std::string line;
    };

    supervisor::Supervisor& supervisor_;
    std::size_t limit_;
    std::size_t bytes_ = 0;
    std::deque<Entry> entries_;
    std::uint64_t last_seq_ = 0;
    std::uint64_t forgotten_ = 0;
    std::uint64_t observer_ = 0;
    std::map<std::uint64_t, std::function<void()>> listeners_;
    std::uint64_t next_listener_ = 1;
};

}  // namespace keepwell::control
