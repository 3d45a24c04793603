// Asks the engine on behalf of operations that must not end while it is away: a question waits until there is an
// answer, and a deed is asked for, looked at, and asked for again only when a look says that it was not done. Nothing
// is believed by its status code (moby daemon/stop.go and restart.go turn every inner error into 500). It knows nothing
// of targets. May know: engine_api, view, the loop. Threads: the loop only. Nobody is called from inside a call, and
// nobody at all after its end.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/watch/view.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime::docker {

/// A container as the engine has just said it is.
struct Look {
    bool exists = false;
    std::string json;  ///< inspect, verbatim
    ContainerView view;
    std::string trouble;  ///< not empty: the engine answered, but did not say; nothing is known

    /// This life of it, or the last one when it is dead; empty when it was never started.
    Instance life() const;
    /// Something of it lives or comes again by itself: it must be stopped to be dead.
    bool up() const;
};

/// Something to be asked for, and how to see that it is so.
struct Deed {
    std::string container;  ///< id or name: at whom to look
    std::string_view method = "POST";
    std::string path;
    std::string body;
    Duration timeout{0};
    std::function<bool(const Look&)> is_so;
    bool look_first = true;            ///< false: it is known not to be so
    bool again_after_timeout = false;  ///< it may be asked for twice
};

class Asker {
  public:
    struct Options {
        Duration query_timeout = std::chrono::seconds{30};
        Duration first_retry = std::chrono::milliseconds{100};  ///< of a question, doubled up to last_retry
        Duration last_retry = std::chrono::seconds{10};
        /// An engine needs so long beyond a grace to answer (moby daemon/stop.go); other deeds have a multiple of it.
        Duration slack = std::chrono::seconds{15};
    };

    Asker(Loop& loop, EngineApi& api, Options options);
    ~Asker();
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    /// The engine is there again: what waits is asked now.
    void engine_is_back();

    /// The engine that changes are asked of: it speaks no version that hides what a replica needs (replica.hpp).
    EngineApi& engine();

    Duration slack() const { return options_.slack; }

    /// A question. However long it takes, `done` gets what the engine answered (Answer::End::answered).
    void get(std::string path, EngineApi::Done done);
    /// Several at once; their answers are in the order of the paths.
    void get_all(std::vector<std::string> paths, std::function<void(std::vector<Answer>)> done);
    /// Asked for once, however it ends.
    void once(std::string_view method, std::string path, std::string body, Duration timeout, EngineApi::Done done);

    void look(const std::string& container, std::function<void(Look)> done);
    void look_at_all(const std::vector<std::string>& containers, std::function<void(std::vector<Look>)> done);

    /// Makes it so. `failure` is empty when it is so, otherwise why not; the look is the last one, from after all of
    /// it.
    void bring_about(Deed deed, std::function<void(Look, std::string failure)> done);

  private:
    struct Question;
    struct Batch;
    struct Attempt;

    void ask(Question question);
    void answered(Question question, Answer answer);
    void put_off(Question question);
    void ask_waiting();
    void ask_next(const std::shared_ptr<Batch>& batch);
    void attempt(std::shared_ptr<Attempt> attempt);
    void act(std::shared_ptr<Attempt> attempt);
    void acted(std::shared_ptr<Attempt> attempt, Answer answer);

    Loop& loop_;
    EngineApi& api_;
    const Options options_;
    std::unique_ptr<EngineApi> older_;  ///< speaks newest_exact_version, where the engine speaks a newer one
    std::list<Question> waiting_;
    Timer retry_;
    std::shared_ptr<bool> alive_;
};

/// The newest version whose inspect tells everything that a replica needs (moby daemon/inspect.go: `MacAddress`).
inline constexpr std::string_view newest_exact_version = "1.51";

/// "/containers/ID/…": a container's path.
std::string container_path(const std::string& id_or_name, std::string_view rest);

}  // namespace keepwell::runtime::docker
