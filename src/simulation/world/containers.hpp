// The ContainerPort of a made-up world: containers live, exit, resist, turn sick and are replaced by a script, on
// virtual time; persons and the engine's own restart policy act on them. It passes the same contract suite as the real
// end (tests/runtime/docker/contract_test.cpp), which is why what is tried here can be trusted.
// What it leaves out: networks, volumes, containers that come and go with a label, and everything in an image.
// May know: the ports, loop, script, and health.hpp of the engine: Docker's rule is written once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "keepwell/engine/health.hpp"
#include "simulation/script/script.hpp"
#include "simulation/world/loop.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::simulation {

/// What `docker create` was told.
struct Made {
    std::string name;
    std::string image = "app:1";
    std::string version{};            ///< io.keepwell.version, of an owned one
    std::string restart = "no";       ///< its own restart policy: no, always, unless-stopped, on-failure
    bool auto_remove = false;         ///< --rm
    bool publishes_a_port = false;    ///< so that no second one can run beside it
    bool shares_a_namespace = false;  ///< --network container:…
    Duration stop_timeout = std::chrono::seconds{10};
    std::optional<Healthcheck> healthcheck{};
};

class Containers final : public supervisor::ContainerPort {
  public:
    Containers(Loop& loop, supervisor::EventSink sink);

    // ---- the script -----------------------------------------------------------------------------------------------

    /// The next lives of the containers of this name, in order, whoever begins them; the last one stays.
    void lives(const std::string& name, std::deque<Life> all);
    /// Asks the container of this name how it is, for its own health check. Without it, a life says so by itself.
    void own_checks(std::function<const Answer&(const std::string& name)> ask);
    /// The engine has no such image: nothing can be made from it. (It has every other.)
    void no_image(const std::string& image);

    // ---- what persons and the container itself do -----------------------------------------------------------------

    /// `docker create`; its id.
    std::string create(Made made);
    /// `docker run`; its id. A life that fails is left as it is.
    std::string run(Made made);
    void person_starts(const std::string& name);
    void person_stops(const std::string& name);
    void person_removes(const std::string& name);
    void person_pauses(const std::string& name, bool paused = true);
    /// It ends by itself. False: it does not run.
    bool ends(const std::string& name, const ExitStatus& status);
    /// Its own health check says so from now on.
    void says(const std::string& name, Health health);
    /// The engine does not answer any more, or again. Containers live on meanwhile.
    void lose();
    void find();
    /// Keepwell dies: containers live on, and what was half done stays so. watch() begins anew.
    void forget();

    // ---- what a test looks at -------------------------------------------------------------------------------------

    /// "web running, web.keepwell-old-… exited", sorted.
    std::string there() const;
    /// This life of the container with this name, or its last one; empty when there is none.
    Instance life(const std::string& name) const;
    /// How many containers were started under this name, by whomever.
    std::uint32_t started(const std::string& name) const;
    /// What was to be kept as evidence, as targets' names, in order.
    const std::vector<std::string>& evidence_kept() const;

    // ---- the port -------------------------------------------------------------------------------------------------

    void watch(Watch watch) override;

    void start(CommandId id, TargetIndex index, const TargetSpec& target) override;

    void stop(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
              Duration grace) override;

    void restart(CommandId id, TargetIndex index, const TargetSpec& target, const Instance& instance,
                 Duration grace) override;

    void replace(const command::Replace& command, const TargetSpec& target) override;

    void settle(const command::Settle& command, const TargetSpec& target) override;

    void discard(CommandId id, const Instance& instance, Duration grace) override;

    void look(TargetIndex index) override;
    void release(TargetIndex index) override;
    void evidence(const TargetSpec& target, const Instance& instance, std::size_t bytes,
                  std::function<void(Evidence)> done) override;

  private:
    struct Container {
        std::string id;
        Made made;
        bool running = false;
        bool paused = false;
        bool restarting = false;
        bool kept_by_restart = false;
        bool stopped_by_person = false;
        bool was_started = false;
        std::uint32_t number = 0;  ///< of its life
        Instant started_at{};
        ExitStatus last_exit{ExitStatus::Kind::code, 0, {}};
        Life script;
        engine::HealthState health;
        std::uint32_t monitor = 0;  ///< which one asks: a new one is opened at each start and at the end of a pause
        Duration backoff{std::chrono::milliseconds{100}};  ///< of the engine's own policy (restartmanager.go)

        bool lives() const { return running; }
        Instance life() const { return was_started ? Instance{id + "@" + std::to_string(number), 0} : Instance{}; }
        std::string status() const {
            return running       ? paused ? "paused" : "running"
                   : restarting  ? "restarting"
                   : was_started ? "exited"
                                 : "created";
        }
    };
    struct Told {
        enum class What : std::uint8_t { nothing, absent, lives, ended };
        What what = What::nothing;
        bool exists = false;
        int commands = 0;
        std::string id;
        Instance life;
        bool frozen = false;
        Health health = Health::none;
        event::Successor successor = event::Successor::keepwell;
        bool owes_found = false;  ///< a command made another container: its traits are to be told
        bool proving = false;     ///< a replacement that has not its name yet
    };

    // ---- time and who is who --------------------------------------------------------------------------------------

    // What an earlier keepwell was waiting for is not delivered to the next one, and nothing while the engine is away.
    void later_on(Duration wait, std::function<void()> work);
    // The world's own time goes on without a keepwell.
    void in(Duration wait, std::function<void()> work);
    Container* by_id(const std::string& id);
    Container* named(const std::string& name);
    static const std::string& name_of(const TargetSpec& target);
    Container* of(const TargetSpec& target);

    template <typename Map>
    auto next(Map& scripts, const std::string& name) {
        auto& script = scripts[name];
        Life life = script.empty() ? Life{} : script.front();
        if (script.size() > 1) script.pop_front();
        return life;
    }

    // ---- lives ----------------------------------------------------------------------------------------------------

    /// The name that scripts are kept under: without a replacement's mark.
    static std::string script_name(const std::string& name);

    /// Begins a life, now. False: the engine cannot.
    bool begin_life(const std::string& id, std::optional<Life> script = {});
    void end_life(const std::string id, const ExitStatus status, std::uint32_t number = 0);
    static bool engine_restarts(const Container& container, const ExitStatus& status);
    void set_health(const std::string& id, Health health);
    void open_monitor(const std::string& id);
    void check_later(const std::string& id);
    Container* asked_by(const std::string& id, std::uint32_t monitor);
    void check(const std::string& id, std::uint32_t monitor);
    void checked(const std::string& id, bool passed, Instant started);

    void remove(const std::string id);  // a copy: it may be the container's own

    /// Asks it to end, waits for `grace`, kills it. `done` gets the id of what is dead; empty when it is gone.
    void end_gently(const std::string& id, Duration grace, std::function<void(const std::string&)> done);
    void stopped(const std::string& id, std::uint32_t number);
    void start_container(const std::string& id, std::function<void(const std::string& failure)> done);

    // ---- start -----------------------------------------------------------------------------------------------------

    void try_start(CommandId id, TargetIndex index, const TargetSpec& target);
    Made made_by(const TargetSpec& target) const;
    void start_done(CommandId id, TargetIndex index, const std::string& container);
    void start_failed(CommandId id, TargetIndex index, const std::string& why, const std::string& container = {});

    // ---- replace ---------------------------------------------------------------------------------------------------

    void try_replace(const command::Replace& command, const TargetSpec& target);
    void start_new(const command::Replace& command, const std::string& old, const std::string& fresh,
                   const std::string& name);
    void replace_failed(const command::Replace& command, const std::string& survivor, const std::string& why);

    /// The old one has its name and runs again; `done` gets its id, or nothing when it is gone.
    void bring_back(TargetIndex index, const std::string& id, const std::string& name,
                    std::function<void(const std::string&)> done);
    void try_settle(const command::Settle& command, const TargetSpec& target);
    void commit(const command::Settle& command, const std::string& older, const std::string& newer,
                const std::string& name);
    void roll_back(const command::Settle& command, const std::string& older, const std::string& newer,
                   const std::string& name);
    void settled(const command::Settle& command, const std::string& kept, const std::string& failure);

    // ---- what is told ----------------------------------------------------------------------------------------------

    void begin(TargetIndex index);

    /// `lives`: what the completion leaves said to live.
    void finish(TargetIndex index, const std::string& container, const Instance& lives = {});
    void tell_step(TargetIndex index, const std::string& step);
    void tell_all();
    void changed(const std::string& id);
    void tell(TargetIndex index);
    void tell_end(TargetIndex index, Told& told);
    void tell_absent(TargetIndex index, Told& told, const Container* now);
    void tell_found(TargetIndex index, Told& told, const Container& now);
    void tell_health(TargetIndex index, Told& told, const Container& now);

    Loop& loop_;
    supervisor::EventSink sink_;
    std::function<const Answer&(const std::string&)> ask_;
    Watch watch_;
    bool watching_ = false;
    bool lost_ = false;
    std::map<std::string, Container> containers_;  // by id
    Container removed_;                            // the last one
    std::map<std::string, std::deque<Life>> scripts_;
    std::set<std::string> missing_images_;
    std::map<std::string, Made> replaced_;  ///< by target: what an update has replaced
    std::map<std::string, std::uint32_t> started_;
    std::map<TargetIndex, Told> told_;
    std::set<TargetIndex> released_;
    std::map<std::string, std::vector<std::function<void(const std::string&)>>> stopping_;  // by id
    std::vector<std::function<void()>> waiting_;                                            // for the engine
    std::vector<std::string> evidence_;
    std::uint32_t ids_ = 0;
    std::uint32_t lives_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace keepwell::simulation
