// The transition tables, once.
#include "keepwell/engine/lifecycle.hpp"

#include <algorithm>

namespace keepwell::engine {
namespace {

constexpr Transition<Phase> phases[] = {
    {Phase::waiting, Phase::starting, "what it depends on is there, and no gate is closed"},
    {Phase::waiting, Phase::running, "a living instance is adopted, or dry-run takes it as started"},
    {Phase::waiting, Phase::backoff,
     "restored: an earlier keepwell had it wait for its next start; or what looked like a stop by hand was none"},
    {Phase::waiting, Phase::stopped, "a person or keepwell's end wants it stopped, also before a restart of keepwell"},
    {Phase::waiting, Phase::completed, "restored: it had completed"},
    {Phase::starting, Phase::running, "exec succeeded"},
    {Phase::starting, Phase::stopping,
     "exec succeeded, but by now it is to be stopped; or a replacement gave no answer and is undone"},
    {Phase::starting, Phase::backoff, "exec failed or no answer came, and the restart policy asks for another start"},
    {Phase::starting, Phase::completed, "exec failed, and the restart policy asks for no other start"},
    {Phase::starting, Phase::stopped, "exec failed, and by now it is to be stopped"},
    {Phase::running, Phase::starting, "a container that replaces it is created and started"},
    {Phase::running, Phase::waiting, "dry-run had only taken it as started, and a reload ends dry-run"},
    {Phase::running, Phase::stopping,
     "a remedy, a person, a healed dependency, a changed or removed entry or keepwell's end ends the instance"},
    {Phase::running, Phase::backoff, "it ended by itself, and the restart policy asks for a restart"},
    {Phase::running, Phase::completed, "it ended by itself, and the restart policy asks for no restart"},
    {Phase::running, Phase::stopped, "keepwell ends, and dry-run had only taken it as started"},
    {Phase::stopping, Phase::starting, "the container engine has ended it and starts it again in place"},
    {Phase::stopping, Phase::running, "its replacement did not prove itself, and the old container is back"},
    {Phase::stopping, Phase::backoff, "nothing of it is alive, and a successor follows"},
    {Phase::stopping, Phase::stopped, "nothing of it is alive, and it is to stay so"},
    {Phase::backoff, Phase::starting, "its time has come, and no gate is closed"},
    {Phase::backoff, Phase::running,
     "its time has come, and dry-run takes it as started; or somebody else started its container"},
    {Phase::backoff, Phase::stopped, "a person or keepwell's end wants it stopped"},
    {Phase::backoff, Phase::stopping, "likewise, and what its exit has left running is being ended"},
    {Phase::backoff, Phase::completed, "the container's own restart policy has given up"},
    {Phase::backoff, Phase::waiting, "its container is gone"},
    {Phase::stopped, Phase::waiting, "a person starts it, or its container is gone"},
    {Phase::stopped, Phase::running, "somebody else started its container"},
    {Phase::completed, Phase::waiting, "a person starts it, its entry has changed, or its container is gone"},
    {Phase::completed, Phase::running, "somebody else started its container"},
    {Phase::completed, Phase::stopped, "a person stops it"},
    {Phase::completed, Phase::stopping, "likewise, and what its exit has left running is being ended"},
};

constexpr Transition<Health> healths[] = {
    {Health::none, Health::starting, "a new instance with a probe lives"},
    {Health::none, Health::healthy, "adopted: it was healthy"},
    {Health::none, Health::unhealthy, "adopted: it was unhealthy"},
    {Health::none, Health::unknown, "the container engine does not answer"},
    {Health::starting, Health::healthy, "one probe passed"},
    {Health::starting, Health::unhealthy,
     "`retries` probes in a row failed, those inside the start period not counted"},
    {Health::starting, Health::unknown,
     "`retries` probes in a row could not be asked, or the container engine can not"},
    {Health::starting, Health::none, "the instance is gone, or a reload removed its probe"},
    {Health::healthy, Health::unhealthy, "`retries` probes in a row failed"},
    {Health::healthy, Health::unknown, "`retries` probes in a row could not be asked, or the container engine can not"},
    {Health::healthy, Health::none, "the instance is gone, or a reload removed its probe"},
    {Health::unhealthy, Health::healthy, "one probe passed"},
    {Health::unhealthy, Health::unknown,
     "`retries` probes in a row could not be asked, or the container engine can not"},
    {Health::unhealthy, Health::starting, "a reload has it asked by another probe"},
    {Health::unhealthy, Health::none, "the instance is gone, or a reload removed its probe"},
    {Health::unknown, Health::starting,
     "a probe could be asked again and failed, and nothing is proven yet; or a reload has it asked by another probe"},
    {Health::unknown, Health::healthy, "a probe could be asked again, and the target is not proven unhealthy"},
    {Health::unknown, Health::unhealthy, "a probe could be asked again and failed"},
    {Health::unknown, Health::none,
     "the instance is gone, a reload removed its probe, or there is no probe and the container engine is back"},
};

constexpr Transition<Remediation> remediations[] = {
    {Remediation::idle, Remediation::due,
     "it ended by itself, became unhealthy, its entry changed, or a dependency was healed"},
    {Remediation::idle, Remediation::quarantined, "restored: it was quarantined"},
    {Remediation::due, Remediation::held, "a gate is closed"},
    {Remediation::due, Remediation::acting, "no gate is closed"},
    {Remediation::due, Remediation::quarantined,
     "the restart attempts are used up, or a try out of quarantine only told"},
    {Remediation::due, Remediation::idle,
     "the cause is gone, the ladder has ended, a person acts, or its entry has changed"},
    {Remediation::held, Remediation::due, "something that it waits for has changed, or the instance ended by itself"},
    {Remediation::held, Remediation::idle,
     "it recovered, is to be judged anew, a person acts, or its entry has changed"},
    {Remediation::acting, Remediation::verifying, "the remedy is done"},
    {Remediation::acting, Remediation::due, "the remedy could not be done, or the instance ended by itself meanwhile"},
    {Remediation::acting, Remediation::idle,
     "it recovered meanwhile, the remedy was `stop` or `notify`, a person acts, or its entry has changed"},
    {Remediation::verifying, Remediation::idle,
     "proven healthy, can not be asked, a person acts, or its entry has changed"},
    {Remediation::verifying, Remediation::due, "not proven in its time, or the instance ended by itself"},
    {Remediation::verifying, Remediation::quarantined, "the try out of quarantine did not help"},
    {Remediation::quarantined, Remediation::due, "time for one try"},
    {Remediation::quarantined, Remediation::idle, "it recovered, a person acts, or its entry has changed"},
};

template <typename State, std::size_t n>
bool contains(const Transition<State> (&table)[n], State from, State to) {
    return std::any_of(std::begin(table), std::end(table),
                       [&](const Transition<State>& row) { return row.from == from && row.to == to; });
}

}  // namespace

std::span<const Transition<Phase>> phase_transitions() { return phases; }
std::span<const Transition<Health>> health_transitions() { return healths; }
std::span<const Transition<Remediation>> remediation_transitions() { return remediations; }

bool allowed(Phase from, Phase to) { return contains(phases, from, to); }
bool allowed(Health from, Health to) { return contains(healths, from, to); }
bool allowed(Remediation from, Remediation to) { return contains(remediations, from, to); }

}  // namespace keepwell::engine
