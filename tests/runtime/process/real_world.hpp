// The real end of the ProcessPort with all it stands on, in a folder of its own, for tests.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/loop.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"
#include "runtime/process/output.hpp"
#include "runtime/process/processes.hpp"
#include "support/folder.hpp"

namespace keepwell::runtime::testing {

using keepwell::testing::content_of;
using keepwell::testing::Folder;

/// While it lives, this process can open no further descriptor.
class NoMoreDescriptors {
  public:
    NoMoreDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{256, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &few);
        while (taken_.empty() || taken_.back().valid()) taken_.emplace_back(fcntl(0, F_DUPFD_CLOEXEC, 0));
    }
    ~NoMoreDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

  private:
    rlimit before_{};
    std::vector<Descriptor> taken_;
};

class RealWorld {
  public:
    RealWorld() {
        std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));  // for processes of another user
        begin();
    }

    /// The soft limit of descriptors before there was a launcher, as a shell prints it.
    std::string given_descriptors() const {
        return given_.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(given_.rlim_cur);
    }

    /// Keepwell goes and comes again; what it started lives on.
    void restart() {
        processes.reset();
        events.clear();
        begin();
    }

    /// A target whose command is this shell text, in the world's folder.
    TargetSpec shell(const std::string& text, const std::string& name = "api") const {
        return target({"/bin/sh", "-c", text}, name);
    }
    TargetSpec target(std::vector<std::string> command, const std::string& name = "api") const {
        TargetSpec spec;
        spec.name = name;
        spec.process.command = std::move(command);
        spec.process.working_dir = folder.path();
        return spec;
    }

    /// Runs the loop until `done`; false after 20 seconds, so that a test fails rather than hangs.
    bool run_until(const std::function<bool()>& done) {
        const auto give_up = loop.now() + 20s;
        Timer timer(loop);
        std::function<void()> look = [&] {
            if (done() || loop.now() > give_up) return loop.stop();
            timer.arm(loop.now() + 1ms, look);
        };
        look();
        loop.run();
        return done();
    }

    /// The next event of this kind; fails loudly when none comes.
    template <typename Kind>
    Kind next() {
        const auto is_kind = [](const Event& event) { return std::holds_alternative<Kind>(event); };
        const auto find = [&] { return std::find_if(events.begin(), events.end(), is_kind); };
        if (!run_until([&] { return find() != events.end(); })) throw std::runtime_error("the event did not come");
        const auto found = find();
        const Kind event = std::get<Kind>(*found);
        events.erase(found);
        return event;
    }

    /// Starts a target and waits until it has been executed.
    Instance start(const TargetSpec& target) {
        processes->start(++last_id, 0, target);
        return next<event::StartFinished>().instance;
    }

    /// Runs the loop until the file in the world's folder holds a whole line, and returns its first word as a pid.
    pid_t pid_from(const std::string& name) {
        const auto path = folder / name;
        if (!run_until([&] { return content_of(path).find('\n') != std::string::npos; })) {
            throw std::runtime_error("no pid came");
        }
        return static_cast<pid_t>(std::stol(content_of(path)));
    }

  private:
    const rlimit given_ = [] {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        return limit;
    }();

  public:
    Folder folder;
    Loop loop;
    Children children{loop};
    CommandRunner commands{loop, children};
    OutputFiles output{loop, folder.path()};
    std::deque<Event> events;
    std::vector<std::string> notices;
    CommandId last_id = 0;
    std::unique_ptr<Processes> processes;

  private:
    void begin() {
        processes = std::make_unique<Processes>(
            loop, children, commands, output, folder.path(),
            [this](Event event) { events.push_back(std::move(event)); },
            [this](const std::string& notice) { notices.push_back(notice); });
    }
};

/// Neither alive nor a zombie.
inline bool is_gone(pid_t pid) { return kill(pid, 0) != 0; }

}  // namespace keepwell::runtime::testing
