// fork, exec, and lines.
#include "support/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/engine.hpp"

namespace keepwell::bench {
namespace {

std::string folder_with(const std::string& policy) {
    char place[] = "/tmp/keepwell-bench-XXXXXX";
    if (::mkdtemp(place) == nullptr) throw std::runtime_error("no folder for keepwell");
    std::ofstream(std::string{place} + "/policy.yaml") << policy;
    return place;
}

}  // namespace

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void sleep_for(std::chrono::milliseconds length) { std::this_thread::sleep_for(length); }

Child::Child(std::vector<std::string> command, const std::string& host) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    from_ = ends[0];
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        if (!host.empty()) ::setenv("DOCKER_HOST", host.c_str(), 1);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    if (pid_ < 0) throw std::runtime_error(command.front() + " can not be started");
}

Child::~Child() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    ::close(from_);
}

std::string Child::next_line() {
    const auto end = Clock::now() + patience;
    while (true) {
        if (const auto newline = read_.find('\n'); newline != read_.npos) {
            auto line = read_.substr(0, newline);
            read_.erase(0, newline + 1);
            return line;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd source = {from_, POLLIN, 0};
        if (left <= 0 || ::poll(&source, 1, static_cast<int>(left)) == 0) {
            throw std::runtime_error("what was waited for never came");
        }
        char buffer[4096];
        const auto got = ::read(from_, buffer, sizeof buffer);
        if (got <= 0) throw std::runtime_error("a program ended while it was waited for");
        read_.append(buffer, static_cast<std::size_t>(got));
    }
}

Keepwell::Keepwell(const std::string& policy, const std::string& host)
    : folder_(folder_with(policy)),
      child_(std::make_unique<Child>(
          std::vector<std::string>{KEEPWELL_PROGRAM, "run", folder_ + "/policy.yaml", "--journal", folder_ + "/state",
                                   "--socket", folder_ + "/socket", "-o", "jsonl"},
          host)) {}

Keepwell::~Keepwell() {
    child_.reset();
    std::filesystem::remove_all(folder_);
}

nlohmann::json Keepwell::await(const std::string& type, const std::string& target,
                               const std::function<bool(const nlohmann::json&)>& fits) {
    while (true) {
        auto event = nlohmann::json::parse(child_->next_line());
        const bool is_target = target.empty() || event.value("target", "") == target;
        const bool is_it = event.value("type", "") == type && is_target;
        if (is_it && (!fits || fits(event))) return event;
    }
}

void Keepwell::await_healthy(const std::string& target) {
    await("target.health", target, [](const nlohmann::json& event) { return event.value("to", "") == "healthy"; });
}

void Keepwell::operate(const std::string& command) const {
    output_of(KEEPWELL_PROGRAM " " + command + " --socket " + folder_ + "/socket >/dev/null");
}

}  // namespace keepwell::bench
