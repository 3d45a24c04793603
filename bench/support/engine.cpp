// The scripts of tests/support/docker, and /proc.
#include "support/engine.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace keepwell::bench {
namespace {

namespace fs = std::filesystem;

std::string script(const std::string& name) { return KEEPWELL_DOCKER_SUPPORT "/" + name; }

void without_last_newline(std::string& text) { text.erase(text.find_last_not_of('\n') + 1); }

}  // namespace

int bench_main(int count, char** arguments, long usual, void (*run)(long amount)) {
    if (!Engine::can_be_had()) {
        std::printf("skipped: %s needs a Docker engine\n", arguments[0]);
        return 0;
    }
    try {
        run(count > 1 ? std::strtol(arguments[1], nullptr, 10) : usual);
        return 0;
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "%s\n", trouble.what());
        return 1;
    }
}

std::string output_of(const std::string& command) {
    std::string text;
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("can not run " + command);
    char buffer[4096];
    while (const auto count = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
    if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
    without_last_newline(text);
    return text;
}

std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Nanoseconds of each thread, and ticks of the children.
double cpu_of(pid_t process) {
    const fs::path folder = "/proc/" + std::to_string(process);
    double seconds = 0;
    std::error_code gone;
    for (const auto& thread : fs::directory_iterator(folder / "task", gone)) {
        seconds += std::atof(text_of(thread.path() / "schedstat").c_str()) / 1e9;
    }
    std::istringstream fields(text_of(folder / "stat"));
    std::string field;
    while (fields >> field && field.back() != ')') continue;
    for (int i = 3; i < 16; ++i) fields >> field;
    double user = 0, system = 0;
    fields >> user >> system;  // cutime, cstime
    return seconds + (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double memory_of(pid_t process) {
    std::istringstream lines(text_of("/proc/" + std::to_string(process) + "/smaps_rollup"));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("Anonymous:")) return std::atof(line.c_str() + 10) * 1024;
    }
    throw std::runtime_error("the memory of process " + std::to_string(process) + " is not told");
}

double median(std::vector<double> values) {
    if (values.empty()) throw std::runtime_error("nothing was measured");
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::string spread(const std::vector<double>& values, int digits) {
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    char text[96];
    std::snprintf(text, sizeof text, "%8.*f (%.*f to %.*f)", digits, median(values), digits, *least, digits, *greatest);
    return text;
}

Engine::Engine() {
    char place[] = "/tmp/keepwell-bench-XXXXXX";
    if (::mkdtemp(place) == nullptr) throw std::runtime_error("no folder for an engine");
    place_ = place;
    folder_ = place_ + "/engine";
    output_of(script("engine") + " start " + folder_);
    try {
        output_of(script("engine") + " exec " + folder_ + ' ' + script("images") + " " KEEPWELL_IMAGE_PROGRAMS);
        ::setenv("DOCKER_HOST", host().c_str(), 1);
        ::setenv("DOCKER_CONFIG", (folder_ + "/etc").c_str(), 1);
        enter_network();
    } catch (...) {
        stop();
        throw;
    }
}

Engine::~Engine() { stop(); }

void Engine::stop() const {
    if (std::system((script("engine") + " stop " + folder_).c_str()) == 0) fs::remove_all(place_);
}

bool Engine::can_be_had() { return std::system((script("engine") + " check").c_str()) == 0; }

double Engine::cpu() const {
    double seconds = 0;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (text_of(entry.path() / "cgroup").find(group_) != std::string::npos) seconds += cpu_of(std::stoi(name));
    }
    return seconds;
}

void Engine::enter_network() {
    auto holder = text_of(folder_ + "/holder.pid");
    without_last_newline(holder);
    const auto groups = text_of("/proc/" + holder + "/cgroup");
    const auto begin = groups.find("keepwell-engine-");
    group_ = groups.substr(begin, groups.find_first_of("/\n", begin) - begin);
    const int network = ::open(("/proc/" + holder + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
    if (::setns(network, CLONE_NEWNET) != 0) throw std::runtime_error("the engine's network can not be entered");
    ::close(network);
}

void make_accountservice(const std::string& name, const std::string& healthcheck_options,
                         const std::string& arguments) {
    output_of("printf 'FROM %s\\nHEALTHCHECK " + healthcheck_options +
              " CMD [\"/keepwell-ping\", \"http://127.0.0.1:6767/health\"]\\nCMD [" + arguments + "]\\n' " +
              accountservice_image + " | DOCKER_BUILDKIT=0 docker build --quiet --tag " + name + " - >/dev/null 2>&1");
}

}  // namespace keepwell::bench
