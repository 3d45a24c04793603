// Asks the engine for containers one by one, in good measure: never two questions about one container at a time (what
// comes in between makes it one more), never too many at once, and several needs of one turn of the loop are one.
// It knows nothing of what is answered.
// May know: engine_api, the loop.
// Threads: the loop only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"

namespace keepwell::runtime::docker {

class Inspections {
  public:
    /// Called for each answer, on the loop; it may ask for more.
    using Answered = std::function<void(const std::string& key, Answer answer)>;
    /// False: there was no answer, and will be none.
    using Done = std::function<void(bool answered)>;

    /// `timeout` of one question. `at_once`: so many are under way at most, but for urgent ones.
    Inspections(Loop& loop, EngineApi& api, Duration timeout, std::size_t at_once, Answered answered);
    Inspections(const Inspections&) = delete;
    Inspections& operator=(const Inspections&) = delete;

    /// `key`, an id or a name, is inspected once more, from now on.
    void need(const std::string& key);
    /// The same, ahead of all others. `done` is called after the answer was given out, once.
    void urgently(const std::string& key, Done done);
    /// An answer is still to come.
    bool expects(const std::string& key) const { return states_.contains(key); }
    /// Forgets all of it; who waits is told that there is no answer.
    void clear();

  private:
    struct State {
        bool queued = false;
        bool under_way = false;
        bool urgent = false;        ///< of the next one
        std::vector<Done> current;  ///< wait for the one that is under way
        std::vector<Done> next;     ///< wait for one that is still to be sent
    };

    void queue(const std::string& key, State& state);
    void pump_later();
    void pump();
    void send(const std::string& key, State& state);
    void came(const std::string& key, Answer answer);

    Loop& loop_;
    EngineApi& api_;
    const Duration timeout_;
    const std::size_t at_once_;
    const Answered answered_;
    std::map<std::string, State> states_;  ///< of what is queued or under way
    std::deque<std::string> queue_;
    std::size_t under_way_ = 0;
    bool pumping_ = false;
    std::shared_ptr<int> round_ = std::make_shared<int>();  ///< another one after each clear()
};

}  // namespace keepwell::runtime::docker
