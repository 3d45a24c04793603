// `keepwell run FILE…`: joins everything, and supervises until it is told to end.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>

#include "cli/commands.hpp"
#include "cli/container_ends.hpp"
#include "cli/exit_codes.hpp"
#include "cli/log.hpp"
#include "cli/places.hpp"
#include "cli/policy_follower.hpp"
#include "cli/printer.hpp"
#include "cli/story.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "control/event_log.hpp"
#include "control/router.hpp"
#include "control/server.hpp"
#include "control/socket_claim.hpp"
#include "journal/codec.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "policy/labels.hpp"
#include "policy/load.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"
#include "runtime/process/output.hpp"
#include "runtime/process/processes.hpp"
#include "supervisor/supervisor.hpp"

namespace keepwell::cli {
namespace {

/// Where this run keeps things. A dry-run has folders of its own: it must not disturb what a real run remembers.
struct Folders {
    std::string state;
    std::string journal;
    std::string of_dry_run;  ///< in earnest: where a dry-run keeps its journal; empty: this is one
};

Folders folders_for(const RunOptions& options, const Policy& policy) {
    std::string state = state_folder(options.journal, policy.state_dir);
    const std::string of_dry_run = state + "/dry-run";
    if (policy.mode == Mode::dry_run) return {of_dry_run, of_dry_run + "/journal", {}};
    return {state, state + "/journal", of_dry_run + "/journal"};
}

std::string signal_name(int signal) {
    const char* word = ::sigabbrev_np(signal);
    return word == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string{word};
}

/// "SIGTERM; SIGKILL after 10s". Of a container both may be its own, and only its engine knows them.
std::string how_stopped(const Policy& policy, std::string_view name) {
    const auto target = std::ranges::find(policy.targets, name, &TargetSpec::name);
    if (target == policy.targets.end() || is_container(*target)) return {};
    return signal_name(target->process.stop_signal) + "; SIGKILL after " +
           to_string(policy.services[target->service].stop_grace_period);
}

StoryOptions story_options(const Policy& policy) {
    StoryOptions options;
    options.files = policy.files;
    options.colours = colours_wanted();
    for (const TargetSpec& target : policy.targets) {
        options.name_width = std::max(options.name_width, target.name.size());
    }
    options.how_stopped = [&policy](std::string_view name) { return how_stopped(policy, name); };
    return options;
}

std::string opening(const Policy& policy, const Folders& folders, const std::string& socket) {
    const std::string files = policy.files.empty() ? "labels" : joined(policy.files);
    std::string text = std::string{"keepwell "} + keepwell_version + " keeps " +
                       counted(policy.services.size(), "service") + " (" + counted(policy.targets.size(), "target") +
                       ") of " + files + "\n";
    if (policy.mode == Mode::dry_run) {
        text += "dry-run: nothing is started, stopped or run; lines with \"would\" say what is left undone\n";
    }
    text += "socket   " + one_line(socket) + "\n";
    text += "journal  " + one_line(folders.journal) + "\n";
    return text + (policy.mode == Mode::dry_run
                       ? "Ctrl-C ends keepwell, and stops nothing\n\n"
                       : "Ctrl-C stops all processes; once more, and they stop at once. Containers run on\n\n");
}

/// What is wrong with the journal, for people now and for `status` meanwhile.
struct JournalTrouble {
    std::string text;  ///< empty: nothing

    void begin(const std::string& what) {
        text = what;
        log_warning(what +
                    "; healing goes on, and it is tried again. Should keepwell be killed meanwhile, the next one does "
                    "not know what was decided since");
    }
    void end(std::uint64_t lost) {
        text.clear();
        log_info("the journal is written again and knows the state of every target; " + counted(lost, "record") +
                 " lost");
    }
};

/// Everything of one run, in the order in which it is made; it ends in the reverse one.
class Supervision {
  public:
    Supervision(const RunOptions& options, Policy policy, LabelMode labels, Folders folders,
                std::unique_ptr<control::SocketClaim> claim, std::unique_ptr<journal::FileWriter> writer,
                const JournalTrouble& trouble);

    int run();

  private:
    supervisor::EventSink sink() {
        return [this](Event event) { supervisor_.post(std::move(event)); };
    }
    supervisor::Memories memories() const;
    control::About about();
    void follow(const policy::Loaded& loaded);
    void load_past_events();
    void tell(const journal::Record& record);
    void on_signal(int signal);
    void end_if_finished();
    void wait_for_clients(Instant until);

    const RunOptions& options_;
    Folders folders_;
    const JournalTrouble& trouble_;
    runtime::Loop loop_;
    runtime::Children children_{loop_};  // before anything that makes a thread
    Printer printer_;
    runtime::CommandRunner commands_{loop_, children_};
    runtime::OutputFiles output_{loop_, folders_.state, log_warning};
    runtime::Processes processes_{loop_, children_, commands_, output_, folders_.state, sink(), log_warning};
    runtime::Probes probes_{loop_, commands_, sink()};
    ContainerEnds containers_;
    runtime::Timer journal_retry_{loop_};
    std::unique_ptr<journal::FileWriter> writer_;
    supervisor::Supervisor supervisor_;
    PolicyFollower follower_{supervisor_, options_.files, options_.dry_run,
                             [this](const policy::Loaded& loaded) { follow(loaded); }};
    control::EventLog events_{supervisor_};
    control::Router router_{supervisor_, events_, about()};
    control::Server server_;
    Story story_;
    runtime::Timer farewell_{loop_};
    int signals_ = 0;
    bool ending_ = false;
};

Supervision::Supervision(const RunOptions& options, Policy policy, LabelMode labels, Folders folders,
                         std::unique_ptr<control::SocketClaim> claim, std::unique_ptr<journal::FileWriter> writer,
                         const JournalTrouble& trouble)
    : options_(options),
      folders_(std::move(folders)),
      trouble_(trouble),
      containers_(loop_, labels, folders_.state, probes_, sink()),
      writer_(std::move(writer)),
      supervisor_(std::move(policy), {containers_.probes(), processes_, loop_, output_, *writer_, containers_.port()},
                  memories()),
      server_(loop_.context(), std::move(claim), router_, events_),
      story_(story_options(supervisor_.engine().policy())) {}

/// A dry-run starts nothing, unless a reload ends it: what its journal knows to live was started in earnest, and is
/// taken over as well.
void add_earnest(std::map<std::string, journal::RestoredTarget>& targets,
                 const std::map<std::string, journal::RestoredTarget>& of_dry_run) {
    for (const auto& [name, target] : of_dry_run) {
        const auto known = targets.find(name);
        const bool newer = known == targets.end() || known->second.time < target.time;
        if (newer && target.memory.instance.exists()) targets[name] = target;
    }
}

supervisor::Memories Supervision::memories() const {
    const auto report = [](const journal::Complaint& complaint) { log_warning(journal::to_string(complaint)); };
    const journal::Restored restored = journal::restore(folders_.journal, report);
    const std::string boot = journal::boot_id();
    supervisor::Memories memories;
    memories.last_incident = restored.last_incident;
    std::map<std::string, journal::RestoredTarget> targets = restored.targets;
    if (!folders_.of_dry_run.empty()) add_earnest(targets, journal::restore(folders_.of_dry_run, report).targets);
    for (const auto& [name, target] : targets) {
        memories.targets.push_back(journal::rebase(target, boot, loop_.now(), loop_.wall()));
    }
    return memories;
}

control::About Supervision::about() {
    control::About about;
    about.version = keepwell_version;
    about.pid = ::getpid();
    about.started = loop_.wall();
    about.journal = folders_.journal;
    about.change_policy = [this](const control::PolicyRequest& request) { return follower_.answer(request); };
    about.output_file = [this](const TargetSpec& target) { return output_.path_of(target); };
    about.container_log = [this](TargetIndex target, std::uint64_t lines, bool follow, std::function<void()> news) {
        return containers_.log(target, lines, follow, std::move(news));
    };
    about.journal_trouble = [this] { return trouble_.text; };
    about.policy_trouble = [this] { return follower_.trouble(); };
    return about;
}

/// What of a policy is kept beside the supervisor.
void Supervision::follow(const policy::Loaded& loaded) {
    story_.follow(loaded.policy->files);
    containers_.name_entries(loaded.named);
}

/// So that `keepwell events` goes back beyond this run; what is damaged was reported when the memories were read.
void Supervision::load_past_events() {
    constexpr std::size_t most = 2000;
    journal::Filter filter;
    filter.events_only = true;
    const auto past = journal::tail(folders_.journal, filter, most, [](const journal::Complaint&) {});
    for (const journal::Record& record : past) events_.take(record);
}

void Supervision::tell(const journal::Record& record) {
    if (options_.format != Format::text) {
        if (journal::is_event(record)) printer_.print(journal::event_json(record) + "\n");
        return;
    }
    const bool in_opening = std::holds_alternative<journal::RunStarted>(record.body);
    if (!in_opening) printer_.print(story_.tell(record));
}

void Supervision::on_signal(int signal) {
    if (signal == SIGHUP) {
        const auto [followed, what] = follower_.reload();
        return followed ? log_info(what) : log_error(what);
    }
    if (signal != SIGTERM && signal != SIGINT)
        return log_warning("received " + signal_name(signal) + ", which means nothing to keepwell");
    const bool at_once = ++signals_ > 1;
    if (options_.format == Format::text) {
        const bool dry = supervisor_.engine().policy().mode == Mode::dry_run;
        printer_.print(at_once ? "stopping at once\n"
                       : dry   ? "ending; in dry-run nothing is stopped\n"
                               : "stopping everything; once more, and it stops at once\n");
    }
    supervisor_.post(event::Shutdown{at_once});
    end_if_finished();
}

void Supervision::end_if_finished() {
    if (ending_ || !supervisor_.finished()) return;
    ending_ = true;
    loop_.post([this] {  // whoever told us is done with its own work first
        supervisor_.end();
        server_.finish();
        wait_for_clients(later(loop_.now(), 1s));
    });
}

/// Those who follow the events get the last ones, if they take them in time.
void Supervision::wait_for_clients(Instant until) {
    if (server_.clients() == 0 || loop_.now() >= until) return loop_.stop();
    farewell_.arm(later(loop_.now(), 5ms), [this, until] { wait_for_clients(until); });
}

int Supervision::run() {
    loop_.on_error([](const std::string& text) { log_error("a bug of keepwell, which goes on: " + text); });
    loop_.on_signal([this](int signal) { on_signal(signal); });
    writer_->wake_by([this](Instant at) { journal_retry_.arm(at, [this] { writer_->retry(loop_.now()); }); });
    load_past_events();
    supervisor_.subscribe([this](const journal::Record& record) {
        tell(record);
        end_if_finished();
    });
    if (options_.format == Format::text) {
        printer_.print(opening(supervisor_.engine().policy(), folders_, socket_path(options_.socket)));
    }
    journal::RunStarted started;
    started.keepwell_version = keepwell_version;
    started.boot_id = journal::boot_id();
    started.pid = ::getpid();
    supervisor_.begin(std::move(started));
    loop_.run();
    return exit_ok;
}

struct LoadedRun {
    std::optional<Policy> policy;
    LabelMode labels;
};

LoadedRun load(const RunOptions& options) {
    LoadedRun run;
    run.labels.on = options.labels;
    if (options.files.empty()) {
        run.policy = policy::label_policy(options.dry_run ? Mode::dry_run : Mode::enforce);
        return run;
    }
    policy::Loaded loaded = policy::load(options.files, policy::host_environment());
    std::string text;
    for (const policy::Diagnostic& diagnostic : loaded.diagnostics) text += policy::render(diagnostic);
    // Nobody can be told that stderr cannot be written.
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) {
    }
    if (loaded.policy && options.dry_run) loaded.policy->mode = Mode::dry_run;
    run.policy = std::move(loaded.policy);
    run.labels.named = std::move(loaded.named);
    return run;
}

tl::expected<std::unique_ptr<control::SocketClaim>, std::string> claim_socket(const std::string& given) {
    const std::string socket = socket_path(given);
    const std::string shared = check_shared_folder(socket, true);
    if (!shared.empty()) return tl::unexpected(shared);
    return control::SocketClaim::take(socket);
}

journal::WriterOptions writer_options(const std::string& folder, JournalTrouble& trouble) {
    journal::WriterOptions options;
    options.folder = folder;
    options.on_trouble = [&trouble](const std::string& text) { trouble.begin(text); };
    options.on_recovered = [&trouble](std::uint64_t lost) { trouble.end(lost); };
    return options;
}

int fail(const std::string& text) {
    complain(text);
    return exit_failure;
}

}  // namespace

int run(const RunOptions& options) {
    begin_log();
    LoadedRun loaded = load(options);
    if (!loaded.policy) return exit_usage;
    auto claim = claim_socket(options.socket);
    if (!claim) return fail(claim.error());
    Folders folders = folders_for(options, *loaded.policy);
    JournalTrouble trouble;
    auto writer = journal::FileWriter::open(writer_options(folders.journal, trouble));
    if (!writer) return fail(writer.error());
    Supervision supervision{options,
                            std::move(*loaded.policy),
                            std::move(loaded.labels),
                            std::move(folders),
                            std::move(*claim),
                            std::move(*writer),
                            trouble};
    return supervision.run();
}

}  // namespace keepwell::cli
