// The states of a target: three machines that are kept apart, and the words for them.
// docs/lifecycle.md draws their transitions; a test holds the drawing against the code.
// May know: std, names, time.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keepwell/model/names.hpp"
#include "keepwell/model/spec.hpp"
#include "keepwell/model/time.hpp"

namespace keepwell {

/// Of a target's life. `running` begins at exec.
enum class Phase : std::uint8_t {
    waiting,    ///< has not been started yet: a dependency or a hold is in the way
    starting,   ///< a start is under way
    running,    ///< an instance lives
    stopping,   ///< the end of the instance is under way
    backoff,    ///< dead, and to be started again at a known time or when a hold ends
    stopped,    ///< dead, and staying so: a person, a `stop` rung, or keepwell's own end wants it
    completed,  ///< ended by itself, and its restart policy asks for no more
};

/// What the probes say.
enum class Health : std::uint8_t {
    none,      ///< no probe, or no instance to ask
    starting,  ///< asked, but not yet proven either way
    healthy,
    unhealthy,
    unknown,  ///< we cannot ask at the moment
};

/// What is being done about a target that is not well.
enum class Remediation : std::uint8_t {
    idle,
    due,          ///< something must be done; seen only inside one decision
    held,         ///< due, but a gate is closed
    acting,       ///< a remedy is under way
    verifying,    ///< done, and not yet proven to have helped
    quarantined,  ///< given up for a while; one try at growing distances
};

/// The gates between "due" and "done", in the order in which they are asked. Stable codes.
enum class Hold : std::uint8_t { backend, paused, maintenance, dependency, storm, parallel, budget, backoff, dry_run };

/// Something done to heal.
enum class Remedy : std::uint8_t { start, restart, replace, run, stop, notify };

/// How far the replacement of a container has come. Each step but `none` is in the journal before it is begun, so that
/// a new keepwell knows what to finish and what to undo.
enum class Replacing : std::uint8_t {
    none,
    swapping,      ///< the new one is being created and started: undone after a crash
    proving,       ///< both are there, and the new one has to prove itself
    committing,    ///< the old one is being removed: finished after a crash
    rolling_back,  ///< the new one is being removed: finished after a crash
};

/// What one probe said. `error`: we could not ask, which says nothing about the target.
enum class Outcome : std::uint8_t { passed, failed, error };

/// How an instance ended.
struct ExitStatus {
    enum class Kind : std::uint8_t {
        code,         ///< exited by itself; `value` is the exit code
        signal,       ///< killed; `value` is the signal
        exec_failed,  ///< never ran: the command could not be executed; `detail` says why
        unknown,      ///< ended while nobody was its parent
    };
    Kind kind = Kind::unknown;
    int value = 0;
    std::string detail;

    bool success() const { return kind == Kind::code && value == 0; }
};

/// The result of one probe, as Docker keeps it: the output is cut at 4096 bytes, with "..." after a cut.
struct ProbeResult {
    Instant started{};
    Instant ended{};
    Outcome outcome = Outcome::passed;
    int exit_code = 0;  ///< -1: could not be run, or timed out
    std::string output;
};

/// Docker keeps the last five results.
inline constexpr std::size_t kept_results = 5;
/// Docker's defaultMaxOutput (moby daemon/health.go maxOutputLen).
inline constexpr std::size_t kept_output = 4096;
/// Docker's text for a probe that took too long (moby daemon/health.go).
std::string timed_out_text(Duration timeout);

/// What of a target outlives keepwell itself: written to the journal whenever it changes, handed back at the start.
struct TargetMemory {
    std::string target;   ///< the target's name; service and slot follow from the policy
    std::string version;  ///< of the service entry: another one drops the history
    Instance instance;    ///< empty: nothing was alive
    Instant started_at{};
    Phase phase = Phase::waiting;
    Health health = Health::none;
    std::uint32_t failing_streak = 0;
    bool operator_stopped = false;
    bool paused = false;
    Remediation remediation = Remediation::idle;
    std::uint32_t rung = 0;        ///< of the ladder, to be tried next or being tried
    std::uint32_t attempt = 0;     ///< remedies tried in this incident
    std::uint32_t in_a_row = 0;    ///< restarts without proven health: the exponent of the backoff
    std::uint32_t restarts = 0;    ///< for people: since the target was first seen
    std::vector<Instant> history;  ///< restarts inside the look-back window
    std::uint32_t quarantines = 0;
    Instant retry_at = never;  ///< next start, or next try out of quarantine
    IncidentId incident = 0;
    std::string incident_reason;
    ExitStatus last_exit;
    bool has_exited = false;
    Replacing replacing = Replacing::none;
    Instance previous;        ///< the container that is being replaced
    bool owes_start = false;  ///< keepwell ended it in order to start it again
    std::string updated_to;   ///< ServiceSpec::container_version, by an update that has not come to its end
    std::string gave_up;      ///< what an update that was paused was to make it of: it is not tried again
    std::string made_of;      ///< the version that the instance was made of; empty: not known
    int stop_signal = 15;     ///< how it is to be ended, should its entry be gone by then
    Duration stop_grace = std::chrono::seconds{10};
    bool of_this_boot = true;  ///< as it is read; else every process has ended with the host, as with an orderly end
};

std::string_view to_string(Phase phase);
std::string_view to_string(Health health);
std::string_view to_string(Remediation remediation);
std::string_view to_string(Hold hold);
std::string_view to_string(Remedy remedy);
/// What a rung of this kind does.
Remedy remedy_of(const RungAction& action);
std::string_view to_string(Outcome outcome);
std::string_view to_string(Replacing replacing);

/// "exit code 1", "signal 9 (SIGKILL)", "could not be executed: …", "ended unseen".
std::string to_string(const ExitStatus& status);

/// The reverse of to_string(), for readers of journals; nullopt for any other text.
std::optional<Phase> phase_from(std::string_view text);
std::optional<Health> health_from(std::string_view text);
std::optional<Remediation> remediation_from(std::string_view text);
std::optional<Replacing> replacing_from(std::string_view text);

}  // namespace keepwell
