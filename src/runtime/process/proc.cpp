// What /proc says of processes. May know: Linux.
#include "runtime/process/proc.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>

#include "runtime/process/descriptor.hpp"

namespace keepwell::runtime {
namespace {

// Two descriptors that are given back to the system when it has no other left, so that we can always look. The loop's
// thread alone comes here.
std::array<Descriptor, 2>& reserve() {
    static std::array<Descriptor, 2> descriptors;
    return descriptors;
}

void refill_reserve() {
    for (auto& descriptor : reserve()) {
        if (!descriptor.valid()) descriptor = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
}

Descriptor open_file(const char* path) {
    Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
    if (file.valid() || (errno != EMFILE && errno != ENFILE)) return file;
    for (auto& descriptor : reserve()) {
        if (descriptor.valid()) {
            descriptor.reset();
            return Descriptor(open(path, O_RDONLY | O_CLOEXEC));
        }
    }
    return file;
}

std::optional<std::string> read_file(const std::string& path) {
    const auto file = open_file(path.c_str());
    if (!file.valid()) return std::nullopt;
    std::string text;
    std::array<char, 4096> buffer;
    ssize_t count = 0;
    while ((count = read(file.get(), buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

std::string path_of(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

// The fields of /proc/PID/stat after the name: state is field 3 (proc(5)).
class Fields {
  public:
    explicit Fields(std::string_view text) : rest_(text) {}

    std::string_view next() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
        const auto word = rest_.substr(0, rest_.find(' '));
        rest_.remove_prefix(word.size());
        return word;
    }

    template <typename Number>
    Number number() {
        const auto word = next();
        Number value{};
        std::from_chars(word.data(), word.data() + word.size(), value);
        return value;
    }

    void skip(int count) {
        for (int i = 0; i < count; ++i) next();
    }

  private:
    std::string_view rest_;
};

constexpr unsigned exiting = 0x4;             // PF_EXITING, in field 9
constexpr unsigned kernels_own = 0x00200000;  // PF_KTHREAD
constexpr int most_looks = 1000;
constexpr std::chrono::microseconds pause_between_looks{50};

// Where the program of a process lies: elsewhere after each exec, and nowhere in the middle of one.
struct Program {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t stack = 0;

    bool operator==(const Program&) const = default;
};

// nullopt: it has none, as a thread of the kernel or in its end.
std::optional<Program> program_of(pid_t pid) {
    const auto text = read_file(path_of(pid, "stat")).value_or("");
    const auto close = text.rfind(')');
    if (close == std::string::npos) return std::nullopt;
    Fields fields(std::string_view(text).substr(close + 1));
    fields.skip(6);  // field 3 to 8
    if (fields.number<unsigned>() & (exiting | kernels_own)) return std::nullopt;
    fields.skip(16);  // field 10 to 25
    const auto start = fields.number<std::uint64_t>();
    const auto end = fields.number<std::uint64_t>();
    return Program{start, end, fields.number<std::uint64_t>()};
}

// In the middle of an exec the old environment is gone, and the new one is not in its place yet: looks again then.
std::string whole_environment_of(pid_t pid) {
    const auto path = path_of(pid, "environ");
    std::optional<Program> before;
    for (int looks = 0; looks < most_looks; ++looks) {
        auto text = read_file(path);
        if (!text) return {};
        if (!text->empty()) return std::move(*text);
        const auto program = program_of(pid);
        const bool is_empty = program && program->end != 0 && program == before;
        if (!program || is_empty) return {};
        before = program;
        std::this_thread::sleep_for(pause_between_looks);
    }
    return {};
}

}  // namespace

std::optional<ProcessStat> read_stat(pid_t pid) {
    refill_reserve();
    const auto text = read_file(path_of(pid, "stat")).value_or("");
    const auto open = text.find('(');
    const auto close = text.rfind(')');  // a name may hold any byte
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;
    ProcessStat stat;
    stat.pid = pid;
    stat.name = text.substr(open + 1, close - open - 1);
    Fields fields(std::string_view(text).substr(close + 1));
    const auto state = fields.next();
    stat.state = state.empty() ? '?' : state.front();
    stat.parent = fields.number<pid_t>();
    stat.group = fields.number<pid_t>();
    stat.session = fields.number<pid_t>();
    fields.skip(15);  // field 7 to 21
    stat.start_ticks = fields.number<std::uint64_t>();
    return stat;
}

std::vector<ProcessStat> all_processes() {
    std::vector<ProcessStat> processes;
    refill_reserve();
    auto descriptor = open_file("/proc");
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(descriptor.get()), closedir);
    if (!folder) return processes;
    descriptor.release();
    while (const dirent* entry = readdir(folder.get())) {
        pid_t pid = 0;
        std::from_chars(entry->d_name, entry->d_name + std::strlen(entry->d_name), pid);
        if (pid <= 0) continue;
        if (auto stat = read_stat(pid)) processes.push_back(std::move(*stat));
    }
    return processes;
}

std::string environment_of(pid_t pid, const std::string& name) {
    refill_reserve();
    const auto all = std::string(1, '\0') + whole_environment_of(pid);
    const auto begin = std::string(1, '\0') + name + "=";
    const auto found = all.find(begin);
    if (found == std::string::npos) return {};
    const auto value = found + begin.size();
    return all.substr(value, all.find('\0', value) - value);
}

Instance instance_of(const ProcessStat& process) {
    return {std::to_string(process.pid) + "@" + std::to_string(process.start_ticks), process.pid};
}

Instance instance_of(pid_t pid) {
    const auto stat = read_stat(pid);
    return stat ? instance_of(*stat) : Instance{};
}

}  // namespace keepwell::runtime
