// Output files. May know: files, the loop.
#include "runtime/process/output.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "runtime/process/account.hpp"

namespace keepwell::runtime {
namespace {

constexpr Duration fastest_pace = 5s;
constexpr Duration slowest_pace = 60s;
constexpr std::size_t piece = 256 * 1024;  // copied at a time: about 0.1 ms of the loop

std::string rotated(const std::string& path, std::uint32_t number) { return path + "." + std::to_string(number); }

// FILE.1 -> FILE.2 and so on; the oldest goes. Leaves FILE.1 free.
void shift(const std::string& path, std::uint32_t keep) {
    std::error_code ignored;
    for (auto number = keep; number > 1; --number) {
        std::filesystem::rename(rotated(path, number - 1), rotated(path, number), ignored);
    }
}

void rotate_unused(const std::string& path, std::uint32_t keep) {
    std::error_code ignored;
    if (keep == 0) {
        std::filesystem::resize_file(path, 0, ignored);
        return;
    }
    shift(path, keep);
    std::filesystem::rename(path, rotated(path, 1), ignored);
}

using Status = std::optional<struct stat>;

Status status_of(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 ? Status(status) : std::nullopt;
}

Status status_of(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? Status(status) : std::nullopt;
}

// The size of a regular file; 0 for anything else, which is never rotated.
std::uint64_t size_of(const Status& status) {
    return status && S_ISREG(status->st_mode) ? static_cast<std::uint64_t>(status->st_size) : 0;
}

// What tells a file from another one that has its name.
using Identity = std::optional<std::pair<dev_t, ino_t>>;

Identity identity_of(const Status& status) {
    return status ? Identity(std::pair(status->st_dev, status->st_ino)) : std::nullopt;
}

// /dev/shm is a folder like others.
bool belongs_to_the_system(const std::filesystem::path& place) {
    const std::string& name = place.native();
    return name.starts_with("/proc/") || (name.starts_with("/dev/") && !name.starts_with("/dev/shm/"));
}

// Where the file is that may be rotated under this name; empty where there is none. Links are followed one by one, as
// those in /dev and /proc lead to what somebody has open: /dev/stdout to our own output.
std::string rotatable(const std::string& path) {
    namespace fs = std::filesystem;
    constexpr int most_links = 40;  // as the kernel
    std::error_code error;
    auto place = fs::absolute(path, error);
    for (int links = 0; links <= most_links && !error; ++links) {
        place = fs::canonical(place.parent_path(), error) / place.filename();
        if (error || belongs_to_the_system(place)) return {};
        const auto type = fs::symlink_status(place, error).type();
        if (type == fs::file_type::regular) return place;
        if (type != fs::file_type::symlink) return {};
        place = place.parent_path() / fs::read_symlink(place, error);
    }
    return {};
}

// Without O_NONBLOCK a pipe by this name that nobody reads would block us here; the process gets it blocking.
Descriptor open_to_append(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
    if (file.valid()) fcntl(file.get(), F_SETFL, O_APPEND);
    return file;
}

// A socket can not be opened by its name. Ours can be had all the same: under systemd, /dev/stdout is one.
Descriptor own_socket(const std::string& path) {
    const auto named = status_of(path);
    for (const int own : {STDOUT_FILENO, STDERR_FILENO}) {
        const bool same = named && S_ISSOCK(named->st_mode) && identity_of(named) == identity_of(status_of(own));
        if (same) return Descriptor(fcntl(own, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    }
    errno = ENXIO;
    return {};
}

// Makes its folder where there is none. Sets errno.
Descriptor open_for_process(const std::string& path) {
    auto file = open_to_append(path);
    if (file.valid() || (errno != ENOENT && errno != ENXIO)) return file;
    if (errno == ENXIO) return own_socket(path);
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    return open_to_append(path);
}

std::string read_end(const std::string& path, std::size_t bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid()) return {};
    const auto size = size_of(status_of(file.get()));
    std::string text(std::min<std::uint64_t>(size, bytes), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const auto at = static_cast<off_t>(size - text.size() + have);
        const auto count = pread(file.get(), text.data() + have, text.size() - have, at);
        if (count <= 0) break;  // cut by a rotation meanwhile
        have += static_cast<std::size_t>(count);
    }
    text.resize(have);
    return text;
}

// An earlier life may have ended within a line; the first line of the next one is not glued to it.
void end_last_line(const Descriptor& file, const std::string& path) {
    if (size_of(status_of(file.get())) == 0) return;
    const auto last = read_end(path, 1);
    if (last.empty() || last == "\n") return;
    [[maybe_unused]] const auto written = write(file.get(), "\n", 1);  // a full disk: the process will notice, too
}

// As whoever it runs as, a process can open /dev/stderr again only when the file is its own (runc's
// fixStdioPermissions).
void give_to(const std::string& user, const Descriptor& file) {
    if (user.empty() || geteuid() != 0 || size_of(status_of(file.get())) > 0) return;
    const auto account = resolve_account(user);
    constexpr auto same_group = static_cast<gid_t>(-1);
    const bool given = account && fchown(file.get(), account->uid, same_group) == 0;
    static_cast<void>(given);  // it can write to what it was given, all the same
}

tl::unexpected<std::string> cannot_open(const std::string& path) {
    return tl::unexpected("cannot open `" + path + "`: " + std::generic_category().message(errno));
}

}  // namespace

std::string output_path(const std::string& state_dir, const TargetSpec& target) {
    if (!target.output.file.empty()) return target.output.file;
    return state_dir + "/output/" + target.name + ".log";
}

std::string tail_of(const std::string& path, std::size_t bytes) {
    auto text = read_end(path, bytes);
    if (text.size() == bytes) return text;
    const auto place = rotatable(path);
    return read_end(rotated(place.empty() ? path : place, 1), bytes - text.size()) + text;
}

struct OutputFiles::Copy {
    explicit Copy(Loop& loop) : timer(loop) {}

    Timer timer;  // gives way to others between two pieces
    Descriptor from;
    Descriptor to;
    std::string place;      // of `from`
    std::string temporary;  // of `to`
};

struct OutputFiles::File {
    std::uint32_t writers = 0;
    std::string target;
    OutputSpec spec;
    Identity identity;  // what the youngest writer has open; none where it could not be opened
    bool gone_is_told = false;
    std::uint64_t last_size = 0;
    std::unique_ptr<Copy> copy;
};

OutputFiles::OutputFiles(Loop& loop, std::string state_dir, std::function<void(const std::string&)> notice)
    : loop_(loop), state_dir_(std::move(state_dir)), notice_(std::move(notice)), timer_(loop), pace_(fastest_pace) {}

OutputFiles::~OutputFiles() = default;

std::string OutputFiles::tail(const TargetSpec& target, std::size_t bytes) const {
    return tail_of(path_of(target), bytes);
}

tl::expected<Descriptor, std::string> OutputFiles::open(const TargetSpec& target) {
    const auto path = path_of(target);
    const bool is_new = !status_of(path);
    auto file = open_for_process(path);
    if (!file.valid()) return cannot_open(path);
    if (is_new) give_to(target.process.user, file);
    end_last_line(file, path);
    const bool full = size_of(status_of(file.get())) > target.output.max_size;
    const auto place = full && !is_written(file) ? rotatable(path) : std::string();
    if (place.empty()) return file;
    rotate_unused(place, target.output.keep);
    file = open_to_append(path);
    if (!file.valid()) return cannot_open(path);
    give_to(target.process.user, file);
    return file;
}

bool OutputFiles::is_written(const Descriptor& file) const {
    const auto identity = identity_of(status_of(file.get()));
    return std::ranges::any_of(files_, [&](const auto& one) { return one.second.identity == identity; });
}

void OutputFiles::writer_began(const TargetSpec& target) {
    const auto path = path_of(target);
    auto& file = files_[path];
    ++file.writers;
    file.target = target.name;
    file.spec = target.output;
    file.identity = identity_of(status_of(path));
    file.gone_is_told = false;
    if (files_.size() == 1 && file.writers == 1) plan_next_look();
}

void OutputFiles::writer_ended(const std::string& path) {
    const auto file = files_.find(path);
    if (file == files_.end() || --file->second.writers > 0) return;
    if (file->second.copy) unlink(file->second.copy->temporary.c_str());
    files_.erase(file);
    if (files_.empty()) timer_.disarm();
}

void OutputFiles::plan_next_look() {
    timer_.arm(later(loop_.now(), pace_), [this] { look(); });
}

void OutputFiles::look() {
    bool grown = false;
    for (auto& [path, file] : files_) {
        const auto size = size_of(status_of(path));
        grown = grown || size != file.last_size;
        file.last_size = size;
        if (!is_gone(path, file) && size > file.spec.max_size && !file.copy) begin_copy(path, file);
    }
    pace_ = grown ? fastest_pace : std::min(pace_ * 2, slowest_pace);
    plan_next_look();
}

bool OutputFiles::is_gone(const std::string& path, File& file) {
    if (!file.identity || file.identity == identity_of(status_of(path))) return false;
    if (!file.gone_is_told) {
        notice_(file.target + ": `" + path +
                "` was removed or renamed; what it prints does not get there until its next start");
    }
    file.gone_is_told = true;
    return true;
}

void OutputFiles::begin_copy(const std::string& path, File& file) {
    auto copy = std::make_unique<Copy>(loop_);
    copy->place = rotatable(path);
    if (copy->place.empty()) return;
    copy->temporary = copy->place + ".new";
    copy->from = Descriptor(::open(copy->place.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    const Status from = status_of(copy->from.get());
    const bool is_ours = from && S_ISREG(from->st_mode) && (!file.identity || file.identity == identity_of(from));
    if (!is_ours) return;  // somebody has put another one in its place meanwhile
    if (file.spec.keep == 0) {
        if (ftruncate(copy->from.get(), 0) != 0) return;  // tried again at the next look
        return;
    }
    copy->to = Descriptor(::open(copy->temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!copy->to.valid()) return;
    file.copy = std::move(copy);
    copy_some(path);
}

/// Rather than that the file grows on, its oldest part goes before its time.
void OutputFiles::make_room(const std::string& place, const File& file) {
    for (std::uint32_t oldest = file.spec.keep; oldest > 0; --oldest) {
        if (unlink(rotated(place, oldest).c_str()) != 0) continue;
        return notice_(file.target + ": there is no room to rotate `" + place + "`; its oldest part is removed");
    }
}

void OutputFiles::copy_some(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end() || !found->second.copy) return;
    auto& copy = *found->second.copy;
    const auto count = sendfile(copy.to.get(), copy.from.get(), nullptr, piece);
    if (count > 0) return copy.timer.arm(loop_.now(), [this, path] { copy_some(path); });
    if (count < 0 || ftruncate(copy.from.get(), 0) != 0) {
        const bool is_full = errno == ENOSPC || errno == EDQUOT;
        unlink(copy.temporary.c_str());  // the next look tries again
        if (is_full) make_room(copy.place, found->second);
    } else {
        shift(copy.place, found->second.spec.keep);
        rename(copy.temporary.c_str(), rotated(copy.place, 1).c_str());
    }
    found->second.copy.reset();
}

}  // namespace keepwell::runtime
