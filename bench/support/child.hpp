// A program that a bench starts, whose lines are waited for and which is ended with its owner; and the real keepwell as
// one. Everything throws std::runtime_error when it can not be done. Threads: one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace keepwell::bench {

using Clock = std::chrono::steady_clock;

/// Far longer than anything takes.
inline constexpr std::chrono::seconds patience{120};

/// Seconds on the wall clock, which is the engine's as well.
double wall_seconds();
void sleep_for(std::chrono::milliseconds length);

class Child {
  public:
    /// Looked up in PATH. `host`: its DOCKER_HOST, where that is not this program's.
    explicit Child(std::vector<std::string> command, const std::string& host = {});
    /// SIGTERM, and waits for its end.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }
    /// The next line of its output; throws when none comes for long.
    std::string next_line();

  private:
    pid_t pid_ = -1;
    int from_ = -1;
    std::string read_;
};

class Keepwell {
  public:
    explicit Keepwell(const std::string& policy, const std::string& host = {});
    ~Keepwell();
    Keepwell(const Keepwell&) = delete;
    Keepwell& operator=(const Keepwell&) = delete;

    pid_t pid() const { return child_->pid(); }
    /// Reads on until an event of this type about this target (empty: any) that fits.
    nlohmann::json await(const std::string& type, const std::string& target,
                         const std::function<bool(const nlohmann::json&)>& fits = {});
    void await_healthy(const std::string& target = {});
    /// A command for it by its socket: "replace web".
    void operate(const std::string& command) const;

  private:
    std::string folder_;
    std::unique_ptr<Child> child_;
};

}  // namespace keepwell::bench
