// What each command is told, and the function that does it; main.cpp reads the command line into these.
// Each lives in a file of its own under commands/, and returns an exit code of exit_codes.hpp.
// May know: std only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keepwell::cli {

enum class Format : std::uint8_t { text, json, jsonl, github, svg };

struct RunOptions {
    std::vector<std::string> files;
    bool labels = false;  ///< containers are targets by their labels; `files` may be empty then
    bool dry_run = false;
    std::string journal;
    std::string socket;
    Format format = Format::text;
};

struct CheckOptions {
    std::vector<std::string> files;
    Format format = Format::text;
};

struct TestOptions {
    std::vector<std::string> files;
    std::string run;              ///< a part of the names of the tests that are wanted, or a pattern; empty: all
    std::string junit;            ///< write JUnit's XML there; empty: do not
    std::uint64_t seed = 0;       ///< of simulation::run_test
    bool check_coverage = false;  ///< fail where something is not reached
    Format format = Format::text;
};

struct SimulateOptions {
    std::vector<std::string> files;
    std::string script;                   ///< empty with `chaos`
    bool chaos = false;                   ///< faults by lot, instead of a script
    std::vector<std::string> compare;     ///< other policies, against the same faults
    std::string journal;                  ///< keep what was played in this folder; empty: do not
    std::chrono::milliseconds length{0};  ///< 0: as the script says, or 30 days of chaos
    std::uint64_t seed = 1;
    // From one to the next, on average; 0: never. What is not given is as simulation::Chaos has it.
    std::optional<std::chrono::milliseconds> crashes;
    std::optional<std::chrono::milliseconds> hangs;
    std::optional<std::chrono::milliseconds> outages;
    std::optional<std::chrono::milliseconds> engine_restarts;
    std::optional<std::uint32_t> slow_starts;  ///< of 100
    Format format = Format::text;
};

struct SchemaOptions {
    bool tests = false;    ///< of test files, not of policies
    bool scripts = false;  ///< of scripts
    Format format = Format::json;
};

struct StatusOptions {
    std::string target;  ///< empty: all
    std::string socket;
    Format format = Format::text;
};

struct EventsOptions {
    bool follow = false;
    std::string since;    ///< "1h", a time, or a sequence number; empty: all that is kept
    std::string target;   ///< empty: all
    std::string journal;  ///< read this folder instead of asking a running keepwell
    std::string socket;
    Format format = Format::text;
};

struct ExplainOptions {
    std::string target;                     ///< or a field of the policy
    bool field = false;                     ///< a field, whatever runs
    std::string journal;                    ///< a moment of this recorded past instead of now
    std::optional<std::string> at;          ///< how long ago, a time, or "+" and how long after the run began
    std::optional<std::uint64_t> incident;  ///< or when this one was opened
    std::string socket;
    Format format = Format::text;
};

struct ReplayOptions {
    std::string journal;
    std::vector<std::string> policy;  ///< to compare with; empty: verify alone
    Format format = Format::text;
};

struct PlanOptions {
    std::vector<std::string> files;  ///< empty: those that the running keepwell follows
    std::vector<std::string> from;   ///< compare with these files, and ask no running keepwell
    bool exit_code = false;          ///< 0 the same, 2 changes, 1 error
    std::string socket;
    Format format = Format::text;
};

struct ReloadOptions {
    std::vector<std::string> files;  ///< empty: those that the running keepwell follows
    std::string expect;              ///< the version that a plan has shown; empty: any
    std::string socket;
    Format format = Format::text;
};

/// start, stop, restart, replace, pause, resume and reset.
struct OperateOptions {
    std::vector<std::string> targets;
    bool all = false;                      ///< the whole host, in the place of `targets`
    bool wait = true;                      ///< start, stop, restart, replace: until it is so
    std::chrono::milliseconds timeout{0};  ///< of the waiting; 0: none
    std::string socket;
    Format format = Format::text;
};

struct LogsOptions {
    std::string target;
    bool follow = false;
    std::uint64_t lines = 100;
    std::string socket;
};

struct PingOptions {
    std::vector<std::string> urls;
    std::chrono::milliseconds timeout = std::chrono::seconds{3};
    Format format = Format::text;
};

struct VersionOptions {
    Format format = Format::text;
};

int run(const RunOptions& options);
int check(const CheckOptions& options);
int test(const TestOptions& options);
int simulate(const SimulateOptions& options);
int plan(const PlanOptions& options);
int reload(const ReloadOptions& options);
int status(const StatusOptions& options);
int events(const EventsOptions& options);
int explain(const ExplainOptions& options);
int replay(const ReplayOptions& options);
int start(const OperateOptions& options);
int stop(const OperateOptions& options);
int restart(const OperateOptions& options);
int replace(const OperateOptions& options);
int pause_target(const OperateOptions& options);
int resume(const OperateOptions& options);
int reset(const OperateOptions& options);
int logs(const LogsOptions& options);
int ping(const PingOptions& options);
int schema(const SchemaOptions& options);
int version(const VersionOptions& options);

}  // namespace keepwell::cli
