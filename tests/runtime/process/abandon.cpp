// A keepwell that starts an instance of a target named "api", prints the instance's id, and dies by SIGKILL.
// Usage: abandon FOLDER
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "runtime/process/processes.hpp"

int main(int, char** arguments) {
    using namespace keepwell;
    runtime::Loop loop;
    runtime::Children children(loop);
    runtime::CommandRunner commands(loop, children);
    runtime::OutputFiles output(loop, arguments[1]);
    const auto told = [](const Event& event) {
        std::puts(std::get<event::StartFinished>(event).instance.id.c_str());
        std::fflush(stdout);
        kill(getpid(), SIGKILL);
    };
    runtime::Processes processes(loop, children, commands, output, arguments[1], told, [](const std::string&) {});
    TargetSpec target;
    target.name = "api";
    target.process.command = {"/bin/sh", "-c", "echo $$; exec sleep 1000"};
    processes.start(1, 0, target);
    loop.run();
}
