// A real Docker engine for tests, and what a test wants of it: the docker command, names of its own, removal of what it
// made, and waiting for what the engine tells. Linked by keepwell_docker_test(); it knows nothing of keepwell.
//
// Before the first test the program enters the engine's network (setns): there 127.0.0.1:PORT is a published port and a
// container's address is reachable, as on a machine with Docker. DOCKER_HOST and DOCKER_CONFIG are set for the program
// and all that it starts. The engine is that of KEEPWELL_TEST_DOCKER_HOST (its network is then taken to be ours), or
// the one that ctest started in KEEPWELL_TEST_DOCKER_FOLDER. Without either every test is skipped, with CI=true it
// fails.
//
// To run one program by hand:
//   tests/support/docker/fixture start /tmp/engine build/dev/images
//   KEEPWELL_TEST_DOCKER_FOLDER=/tmp/engine build/dev/bin/SOME_tests
//   tests/support/docker/fixture stop /tmp/engine
//
// Images there: keepwell-test/busybox, keepwell-test/redis, keepwell-test/accountservice (see the script `images`).
// Everything here throws std::runtime_error, with what docker wrote, when it can not be done. Any thread; each call
// blocks.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keepwell::testing {

/// Far longer than anything takes: a test that waits so long has failed.
inline constexpr std::chrono::seconds docker_patience{60};

/// The engine's address, as DOCKER_HOST has it: "unix:///…/docker.sock".
std::string docker_host();

/// How a command ended.
struct Ended {
    int code = 0;  ///< exit code, or 128 + signal
    std::string out;
    std::string err;
};

/// Runs a program, looked up in PATH; `host` is its DOCKER_HOST, the shared engine's when empty.
Ended run_program(const std::vector<std::string>& command, const std::string& host = {});

/// Runs `docker ARGS…` and returns what it printed, without the last newline. It must end with 0.
std::string docker(std::vector<std::string> args);

/// One field of `docker inspect`, by a template such as "{{.State.Status}}".
std::string inspect(const std::string& container, const std::string& field);

/// The container's address on the bridge (or the one network that it is on).
std::string address_of(const std::string& container);

/// The port of 127.0.0.1 that a port such as "6767/tcp" is published at.
int published_port(const std::string& container, const std::string& port);

/// Waits for the end of a container; its exit code.
int wait_for_exit(const std::string& container);

/// Waits until the engine says that of its health ("healthy", "unhealthy").
void wait_for_health(const std::string& container, const std::string& status);

/// The names of one test. What bears one, and what has its label, is removed with its owner: containers first, then
/// networks, then volumes; running or not.
class Sandbox {
  public:
    /// Inside a test: its name and our pid make the prefix.
    Sandbox();
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    /// "kw-TEST-PID-WHAT": good for containers, networks, volumes, Compose projects and services (a DNS label).
    std::string name(std::string_view what) const;
    /// What all of its names begin with.
    const std::string& prefix() const { return prefix_; }
    /// "keepwell.test=…": for what is not given a name, and for labels in a policy.
    std::string label() const { return "keepwell.test=" + prefix_; }

    /// `docker run --detach` under name(what), with `args`: options, image, command. Its full id.
    std::string run(std::string_view what, const std::vector<std::string>& args) const;
    /// The same with `docker create`.
    std::string create(std::string_view what, const std::vector<std::string>& args) const;

  private:
    std::string start(std::string_view how, std::string_view what, const std::vector<std::string>& args) const;
    std::string prefix_;
};

/// What the engine tells from now on. Nothing is missed: the events since the moment of its making are asked for.
class EventWatch {
  public:
    /// `filters` as `docker events --filter` takes them, such as {"container=NAME", "event=die"}.
    explicit EventWatch(const std::vector<std::string>& filters, const std::string& host = {});
    ~EventWatch();
    EventWatch(const EventWatch&) = delete;
    EventWatch& operator=(const EventWatch&) = delete;

    /// The next event: one line, "ACTION ID NAME".
    std::string next(std::chrono::milliseconds patience = docker_patience);
    /// Reads on until an event whose action is this one (such as "die" or "health_status: healthy").
    void await(std::string_view action, std::chrono::milliseconds patience = docker_patience);

  private:
    pid_t pid_ = -1;
    int from_ = -1;  ///< the reading end of its output
    std::string read_;
};

/// Why a test can have no engine of its own here, if so: GTEST_SKIP() with it.
std::optional<std::string> no_private_engine();

/// An engine that a test may end and start again. It has no images until make_images(), and a network of its own, which
/// this program is not in: reach it by its socket only, or be started by `engine exec`.
class PrivateEngine {
  public:
    /// `options` for dockerd, such as --live-restore.
    explicit PrivateEngine(const std::vector<std::string>& options = {});
    ~PrivateEngine();
    PrivateEngine(const PrivateEngine&) = delete;
    PrivateEngine& operator=(const PrivateEngine&) = delete;

    std::string host() const { return "unix://" + socket(); }
    std::string socket() const { return folder_ + "/docker.sock"; }
    const std::string& folder() const { return folder_; }

    /// As the function docker(), on this engine.
    std::string docker(std::vector<std::string> args) const;
    void make_images() const;
    /// Ends dockerd by the signal ("TERM", "KILL"); namespaces and data stay.
    void down(const std::string& signal = "TERM") const;
    void up() const;

  private:
    std::string folder_;
};

}  // namespace keepwell::testing
