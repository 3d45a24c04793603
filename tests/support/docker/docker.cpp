// The docker command and the script `engine`, for tests. May know: POSIX, GoogleTest for the name of a test.
#include "support/docker/docker.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace keepwell::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string without_newline(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) line += (line.empty() ? "" : " ") + word;
    return line;
}

std::runtime_error failed(const std::vector<std::string>& command, const Ended& ended) {
    return std::runtime_error(joined(command) + ": exit code " + std::to_string(ended.code) + "\n" + ended.err);
}

// ---- the engine of this run ---------------------------------------------------------------------------------------

constexpr auto remedy =
    "no Docker engine for this test: run it by ctest as root with docker.io installed (./dev test does), or name one "
    "in "
    "KEEPWELL_TEST_DOCKER_HOST";

/// Enters the network of the engine in `folder`; what went wrong, if anything did. Holds for the calling thread and
/// those that it starts later.
std::optional<std::string> enter_network(const std::string& folder) {
    const auto path = "/proc/" + without_newline(text_of(folder + "/holder.pid")) + "/ns/net";
    const int network = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool entered = network >= 0 && setns(network, CLONE_NEWNET) == 0;
    const int error = errno;
    if (network >= 0) close(network);
    if (entered) return std::nullopt;
    return "the network of the engine in " + folder + " can not be entered: " + std::strerror(error);
}

/// Makes the engine known to all that this program does and starts; otherwise why there is none.
std::optional<std::string> find_engine() {
    if (const auto given = variable("KEEPWELL_TEST_DOCKER_HOST"); !given.empty()) {
        setenv("DOCKER_HOST", given.c_str(), 1);
        return std::nullopt;
    }
    const auto folder = variable("KEEPWELL_TEST_DOCKER_FOLDER");
    if (folder.empty() || geteuid() != 0 || access((folder + "/docker.sock").c_str(), F_OK) != 0) return remedy;
    setenv("DOCKER_HOST", ("unix://" + folder + "/docker.sock").c_str(), 1);
    setenv("DOCKER_CONFIG", (folder + "/etc").c_str(), 1);
    return enter_network(folder);
}

/// Each test says for itself that it was skipped, so that ctest shows it as such.
class EngineListener : public ::testing::EmptyTestEventListener {
  public:
    void OnTestProgramStart(const ::testing::UnitTest& /*program*/) override { lack_ = find_engine(); }
    void OnTestStart(const ::testing::TestInfo& /*test*/) override {
        if (!lack_) return;
        if (variable("CI") == "true") FAIL() << *lack_;
        GTEST_SKIP() << *lack_;
    }

  private:
    std::optional<std::string> lack_;
};

// Made before main, so that gmock_main serves. GoogleTest owns it.
[[maybe_unused]] const bool listening = [] {
    ::testing::UnitTest::GetInstance()->listeners().Append(new EngineListener);
    return true;
}();

// ---- programs -----------------------------------------------------------------------------------------------------

struct Pipe {
    Pipe() {
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe can be had");
    }
    int ends[2] = {-1, -1};
};

/// Starts it with these as its stdout and stderr (-1: ours).
pid_t spawn(const std::vector<std::string>& command, const std::string& host, int out, int err) {
    std::vector<char*> args;
    for (const auto& word : command) args.push_back(const_cast<char*>(word.c_str()));
    args.push_back(nullptr);
    const std::string address = "DOCKER_HOST=" + (host.empty() ? docker_host() : host);
    std::vector<char*> env = {const_cast<char*>(address.c_str())};
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (!std::string_view(*entry).starts_with("DOCKER_HOST=")) env.push_back(*entry);
    }
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (out >= 0) posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (err >= 0) posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    pid_t pid = -1;
    const int error = posix_spawnp(&pid, args.front(), &actions, nullptr, args.data(), env.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error(command.front() + " can not be started: " + std::strerror(error));
    return pid;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Reads both to their ends, as they come.
void drain(int out, int err, Ended& ended) {
    pollfd sources[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    std::string* texts[] = {&ended.out, &ended.err};
    while (sources[0].fd >= 0 || sources[1].fd >= 0) {
        if (poll(sources, 2, -1) < 0) continue;
        for (int i = 0; i < 2; ++i) {
            if (sources[i].fd < 0 || sources[i].revents == 0) continue;
            char buffer[4096];
            const auto got = read(sources[i].fd, buffer, sizeof buffer);
            if (got > 0) {
                texts[i]->append(buffer, static_cast<std::size_t>(got));
            } else {
                sources[i].fd = -1;
            }
        }
    }
}

std::string must(const std::vector<std::string>& command, const std::string& host = {}) {
    const auto ended = run_program(command, host);
    if (ended.code != 0) throw failed(command, ended);
    return without_newline(ended.out);
}

std::vector<std::string> docker_command(std::vector<std::string> args) {
    args.insert(args.begin(), "docker");
    return args;
}

}  // namespace

std::string docker_host() { return variable("DOCKER_HOST"); }

Ended run_program(const std::vector<std::string>& command, const std::string& host) {
    Ended ended;
    Pipe out, err;
    const pid_t pid = spawn(command, host, out.ends[1], err.ends[1]);
    close(out.ends[1]);
    close(err.ends[1]);
    drain(out.ends[0], err.ends[0], ended);
    close(out.ends[0]);
    close(err.ends[0]);
    ended.code = wait_for(pid);
    return ended;
}

std::string docker(std::vector<std::string> args) { return must(docker_command(std::move(args))); }

std::string inspect(const std::string& container, const std::string& field) {
    return docker({"inspect", "--type", "container", "--format", field, container});
}

std::string address_of(const std::string& container) {
    return inspect(container, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
}

int published_port(const std::string& container, const std::string& port) {
    return std::stoi(inspect(container, "{{(index (index .NetworkSettings.Ports \"" + port + "\") 0).HostPort}}"));
}

int wait_for_exit(const std::string& container) { return std::stoi(docker({"wait", container})); }

void wait_for_health(const std::string& container, const std::string& status) {
    EventWatch watch({"container=" + container});
    if (inspect(container, "{{with .State.Health}}{{.Status}}{{end}}") == status) return;
    watch.await("health_status: " + status);
}

// ---- Sandbox ------------------------------------------------------------------------------------------------------

Sandbox::Sandbox() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string words;
    for (const char* c = test == nullptr ? "none" : test->name(); *c != '\0' && words.size() < 24; ++c) {
        words += std::isalnum(static_cast<unsigned char>(*c)) != 0
                     ? static_cast<char>(std::tolower(static_cast<unsigned char>(*c)))
                     : '-';
    }
    prefix_ = "kw-" + words + "-" + std::to_string(getpid());
}

Sandbox::~Sandbox() {
    const auto remove = [this](const std::vector<std::string>& list, std::vector<std::string> removal) {
        const auto before = removal.size();
        for (const auto& filter : {"name=" + prefix_, "label=" + label()}) {
            auto command = docker_command(list);
            command.insert(command.end(), {"--quiet", "--filter", filter});
            std::istringstream ids(run_program(command).out);
            for (std::string id; ids >> id;) removal.push_back(id);
        }
        if (removal.size() > before) run_program(docker_command(removal));
    };
    try {
        remove({"container", "ls", "--all"}, {"container", "rm", "--force", "--volumes"});
        remove({"network", "ls"}, {"network", "rm"});
        remove({"volume", "ls"}, {"volume", "rm", "--force"});
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "what %s made was not removed: %s\n", prefix_.c_str(), trouble.what());
    }
}

std::string Sandbox::name(std::string_view what) const { return prefix_ + "-" + std::string(what); }

std::string Sandbox::run(std::string_view what, const std::vector<std::string>& args) const {
    return start("run", what, args);
}

std::string Sandbox::create(std::string_view what, const std::vector<std::string>& args) const {
    return start("create", what, args);
}

std::string Sandbox::start(std::string_view how, std::string_view what, const std::vector<std::string>& args) const {
    std::vector<std::string> command = {std::string(how), "--name", name(what), "--label", label()};
    if (how == "run") command.emplace_back("--detach");
    command.insert(command.end(), args.begin(), args.end());
    return docker(command);
}

// ---- EventWatch ---------------------------------------------------------------------------------------------------

EventWatch::EventWatch(const std::vector<std::string>& filters, const std::string& host) {
    const auto now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    auto digits = std::to_string(now % 1'000'000'000);
    digits.insert(0, 9 - digits.size(), '0');
    auto command = docker_command({"events", "--since", std::to_string(now / 1'000'000'000) + "." + digits, "--format",
                                   "{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}"});
    for (const auto& filter : filters) command.insert(command.end(), {"--filter", filter});
    Pipe out;
    pid_ = spawn(command, host, out.ends[1], -1);
    close(out.ends[1]);
    from_ = out.ends[0];
}

EventWatch::~EventWatch() {
    kill(pid_, SIGKILL);
    wait_for(pid_);
    close(from_);
}

std::string EventWatch::next(std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    while (true) {
        if (const auto newline = read_.find('\n'); newline != read_.npos) {
            const auto line = read_.substr(0, newline);
            read_.erase(0, newline + 1);
            return line;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd source = {from_, POLLIN, 0};
        if (left <= 0 || poll(&source, 1, static_cast<int>(left)) == 0) throw std::runtime_error("no event came");
        char buffer[4096];
        const auto got = read(from_, buffer, sizeof buffer);
        if (got <= 0) throw std::runtime_error("the stream of events ended");
        read_.append(buffer, static_cast<std::size_t>(got));
    }
}

void EventWatch::await(std::string_view action, std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    std::string seen;
    while (true) {
        try {
            const auto event = next(std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()));
            if (event.starts_with(std::string(action) + " ")) return;
            seen += "\n" + event;
        } catch (const std::runtime_error& trouble) {
            throw std::runtime_error("waiting for " + std::string(action) + ": " + trouble.what() +
                                     "; these did:" + seen);
        }
    }
}

// ---- PrivateEngine ------------------------------------------------------------------------------------------------

namespace {

const std::string support = KEEPWELL_DOCKER_SUPPORT;

std::string next_folder() {
    static int number = 0;
    return variable("KEEPWELL_TEST_DOCKER_FOLDER") + "." + std::to_string(getpid()) + "." + std::to_string(++number);
}

void engine(std::vector<std::string> args) {
    args.insert(args.begin(), support + "/engine");
    must(args);
}

}  // namespace

std::optional<std::string> no_private_engine() {
    if (variable("KEEPWELL_TEST_DOCKER_FOLDER").empty()) return remedy;
    const auto ended = run_program({support + "/engine", "check"});
    return ended.code == 0 ? std::nullopt : std::optional(without_newline(ended.err));
}

PrivateEngine::PrivateEngine(const std::vector<std::string>& options) : folder_(next_folder()) {
    std::vector<std::string> args = {"start", folder_};
    args.insert(args.end(), options.begin(), options.end());
    engine(args);
}

PrivateEngine::~PrivateEngine() {
    try {
        engine({"stop", folder_});
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "%s\n", trouble.what());
    }
}

std::string PrivateEngine::docker(std::vector<std::string> args) const {
    return must(docker_command(std::move(args)), host());
}

void PrivateEngine::make_images() const { must({support + "/images", KEEPWELL_IMAGE_PROGRAMS}, host()); }

void PrivateEngine::down(const std::string& signal) const { engine({"down", folder_, signal}); }

void PrivateEngine::up() const { engine({"up", folder_}); }

}  // namespace keepwell::testing
