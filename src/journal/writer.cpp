// The writer: one write(2) for each record, rotation by size, and what is done when the disk will not have it.
#include "journal/writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "journal/codec.hpp"

namespace keepwell::journal {
namespace {

constexpr Duration retry_every = std::chrono::seconds{1};
constexpr Duration settled = std::chrono::seconds{10};
constexpr mode_t private_file = 0600;
constexpr mode_t private_folder = 0700;

std::string in_use_text(const std::string& folder, const std::string& pid) {
    return "the journal in " + folder + " is being written by another keepwell (pid " + pid + ")";
}

std::string holder_of(int fd) {
    std::array<char, 24> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    long pid = 0;
    if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
    return pid > 0 ? std::to_string(pid) : "unknown";
}

/// For people who look for the holder; the lock itself is flock's, and goes with the process.
void write_pid(int fd) {
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) == 0) std::ignore = ::pwrite(fd, text.data(), text.size(), 0);
}

std::string repeated(Record record) {
    record.repeated = true;
    return encode(record) + "\n";
}

bool is_full(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

/// errno; 0: the folder is there. Where those above it can not be made, their error says why, and not its own.
int make_folder(const std::string& folder) {
    std::error_code above;
    std::filesystem::create_directories(std::filesystem::path{folder}.parent_path(), above);
    if (::mkdir(folder.c_str(), private_folder) == 0 || errno == EEXIST) return 0;
    return above ? above.value() : errno;
}

}  // namespace

tl::expected<std::unique_ptr<FileWriter>, std::string> FileWriter::open(WriterOptions options) {
    std::unique_ptr<FileWriter> writer{new FileWriter{std::move(options)}};
    const Attached attached = writer->attach();
    if (attached == Attached::in_use) return tl::make_unexpected(writer->failure_);
    if (attached == Attached::no) writer->tell_trouble(writer->failure_);
    return writer;
}

FileWriter::FileWriter(WriterOptions options) : options_{std::move(options)} {
    options_.keep = std::max(options_.keep, 1U);
    if (!options_.calls.write) options_.calls.write = ::write;
    if (!options_.calls.truncate) options_.calls.truncate = ::ftruncate;
}

FileWriter::~FileWriter() { detach(); }

void FileWriter::append(Record& record) {
    record.seq = ++last_seq_;
    now_ = std::max(now_, record.at);
    bool kept = false;
    try {
        kept = keep(encode(record));
    } catch (const std::exception& error) {
        failure_ = "the journal in " + options_.folder + " can not be written: " + error.what();
    }
    remember(record);
    if (!kept) lose(record);
    look_after_trouble();
}

bool FileWriter::keep(const std::string& line) {
    if (line.size() > max_line) return failed("keep a record of " + std::to_string(line.size()) + " bytes", EMSGSIZE);
    if (!ready()) return false;
    if (size_ + line.size() >= std::max(options_.max_size, 2 * head_size_) && size_ > head_size_) rotate();
    if (!make_good() && (fd_ < 0 || owed_ == Owed::head_before_all)) return false;
    return put(line + '\n');
}

void FileWriter::retry(Instant now) {
    now_ = std::max(now_, now);
    armed_ = never;
    if (!trouble_) return;
    bool good = false;
    try {
        good = ready() && make_good();
    } catch (const std::exception&) {  // no memory for the head now
    }
    if (!good) last_failure_ = now_;
    look_after_trouble();
}

// ---- opening ----------------------------------------------------------------------------------------------------

/// Whether there is a file to write to; what was lost is opened again.
bool FileWriter::ready() {
    const bool was_removed = fd_ >= 0 && !still_there();
    if (was_removed) {
        detach();
        failure_ = "the journal in " + options_.folder + " was removed";
    }
    if (fd_ >= 0) return true;
    if (now_ < attach_at_) return false;
    attach_at_ = later(now_, retry_every);
    if (attach() != Attached::yes) return false;
    if (was_removed) tell_trouble(failure_ + "; it is begun anew");
    return true;
}

FileWriter::Attached FileWriter::attach() {
    if (const int error = make_folder(options_.folder); error != 0) {
        failed("be written", error);
        return Attached::no;
    }
    Attached result = lock();
    if (result == Attached::yes && !open_newest()) result = Attached::no;
    if (result != Attached::yes) detach();
    return result;
}

FileWriter::Attached FileWriter::lock() {
    const std::string path = options_.folder + "/lock";
    lock_fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file);
    if (lock_fd_ >= 0 && ::flock(lock_fd_, LOCK_EX | LOCK_NB) == 0) {
        write_pid(lock_fd_);
        return Attached::yes;
    }
    if (errno != EWOULDBLOCK) {
        failed("be written", errno);
        return Attached::no;
    }
    failure_ = in_use_text(options_.folder, holder_of(lock_fd_));
    return Attached::in_use;
}

bool FileWriter::open_newest() {
    const auto files = list_files(options_.folder);
    return files.empty() ? start_file(1) : continue_file(files.back());
}

/// Goes on where the journal ends. Somebody may have exchanged the folder since the run began: then a new file is
/// begun, so that the end of the journal knows the run and its targets.
bool FileWriter::continue_file(const JournalFile& file) {
    const int fd = ::open(file.path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        const int error = errno;
        if (fd >= 0) ::close(fd);
        return failed("be written", error);
    }
    const bool is_known = file_id_ == FileId{status.st_dev, status.st_ino};
    if (!is_known) last_seq_ = std::max(last_seq_, journal::last_seq(options_.folder));
    if (!is_known && run_) {
        ::close(fd);
        return start_file(file.number + 1);
    }
    fd_ = fd;
    file_id_ = {status.st_dev, status.st_ino};
    number_ = file.number;
    size_ = static_cast<std::uint64_t>(status.st_size);
    char last = '\n';
    fresh_line_ = size_ > 0 && ::pread(fd_, &last, 1, status.st_size - 1) == 1 && last != '\n';
    return true;
}

/// Leaves everything as it was if it fails.
bool FileWriter::start_file(std::uint64_t number) {
    const std::string path = file_path(options_.folder, number);
    const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, private_file);
    if (fd < 0) return failed("be written", errno);
    const std::string text = head();
    struct stat status {};
    int error = text.empty() ? 0 : write_all(fd, text);
    if (error == 0 && ::fstat(fd, &status) != 0) error = errno;
    if (error != 0) {
        ::close(fd);
        ::unlink(path.c_str());
        return failed("be written", error);
    }
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    file_id_ = {status.st_dev, status.st_ino};
    number_ = number;
    size_ = head_size_ = text.size();
    fresh_line_ = false;
    owed_ = Owed::nothing;
    return true;
}

void FileWriter::detach() {
    if (fd_ >= 0) ::close(fd_);
    if (lock_fd_ >= 0) ::close(lock_fd_);
    fd_ = lock_fd_ = -1;
}

/// A deleted file takes every write without a word. The name is looked up less often: it finds a folder that was moved.
bool FileWriter::still_there() {
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || status.st_nlink == 0) return false;
    if (now_ < look_at_) return true;
    look_at_ = later(now_, retry_every);
    const std::string path = file_path(options_.folder, number_);
    return ::stat(path.c_str(), &status) == 0 && file_id_ == FileId{status.st_dev, status.st_ino};
}

// ---- writing ----------------------------------------------------------------------------------------------------

bool FileWriter::put(std::string lines) {
    if (fresh_line_) lines.insert(0, 1, '\n');
    if (const int error = write_all(fd_, lines); error != 0) {
        repair();
        if (!is_full(error)) detach();
        return failed("be written", error);
    }
    size_ += lines.size();
    fresh_line_ = false;
    return true;
}

/// Takes away what a failed write left behind.
void FileWriter::repair() {
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || static_cast<std::uint64_t>(status.st_size) == size_) return;
    if (options_.calls.truncate(fd_, static_cast<off_t>(size_)) == 0) return;
    size_ = static_cast<std::uint64_t>(status.st_size);
    fresh_line_ = true;
}

/// errno; 0: all is written. Only a disk that fills up takes a part, and the second call then says why.
int FileWriter::write_all(int fd, const std::string& text) const {
    for (std::string_view left{text}; !left.empty();) {
        const ssize_t written = options_.calls.write(fd, left.data(), left.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return written < 0 ? errno : EIO;
        left.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

/// Whether the journal knows all that counts; after a loss it is said again. Not in a new file: while a disk fills up
/// again and again, each of those would cost an old one.
bool FileWriter::make_good() {
    if (owed_ == Owed::nothing) return true;
    if (now_ < make_good_at_) return false;
    make_good_at_ = later(now_, retry_every);
    if (!put(head())) return false;
    owed_ = Owed::nothing;
    return true;
}

/// If no new file can be had, the old one grows meanwhile: records are worth more than its size.
void FileWriter::rotate() {
    if (now_ < rotate_at_) return;
    rotate_at_ = Instant::min();
    if (start_file(number_ + 1)) {
        drop_old_files();
    } else {
        rotate_at_ = later(now_, retry_every);
    }
}

void FileWriter::drop_old_files() const {
    for (const JournalFile& file : list_files(options_.folder)) {
        if (file.number + options_.keep <= number_) ::unlink(file.path.c_str());
    }
}

// ---- the head ---------------------------------------------------------------------------------------------------

void FileWriter::remember(const Record& record) {
    if (const auto* run = std::get_if<RunStarted>(&record.body)) {
        run_ = record;
        last_incident_ = std::max(last_incident_, run->last_incident);
        rules_.clear();
        states_.clear();
    } else if (std::holds_alternative<HostRules>(record.body)) {
        rules_ = repeated(record);
    } else if (std::holds_alternative<ServiceRules>(record.body)) {
        rules_ += repeated(record);
    } else if (std::holds_alternative<State>(record.body)) {
        states_[record.target] = record;
    } else if (const auto* noted = std::get_if<Noted>(&record.body)) {
        last_incident_ = std::max(last_incident_, noted->fact.incident);
    }
}

std::string FileWriter::head() const {
    if (!run_) return {};
    Record run = *run_;
    std::get<RunStarted>(run.body).last_incident = last_incident_;
    std::vector<const Record*> records;
    for (const auto& [target, state] : states_) records.push_back(&state);
    std::sort(records.begin(), records.end(), [](const auto* a, const auto* b) { return a->seq < b->seq; });
    std::string text = repeated(run) + rules_;
    for (const Record* record : records) text += repeated(*record);
    return text;
}

// ---- trouble ----------------------------------------------------------------------------------------------------

/// Notes why, and is false.
bool FileWriter::failed(const std::string& what, int error) {
    failure_ = "the journal in " + options_.folder + " can not " + what + ": " + std::strerror(error);
    return false;
}

void FileWriter::lose(const Record& record) {
    ++lost_;
    ++lost_in_trouble_;
    last_failure_ = now_;
    const bool is_run = std::holds_alternative<RunStarted>(record.body);
    owed_ = std::max(owed_, is_run ? Owed::head_before_all : Owed::head);
    tell_trouble(failure_);
}

void FileWriter::tell_trouble(const std::string& text) {
    if (std::exchange(trouble_, true)) return;
    if (options_.on_trouble) options_.on_trouble(text);
}

void FileWriter::tell_recovered() {
    trouble_ = false;
    const std::uint64_t lost = std::exchange(lost_in_trouble_, 0);
    if (options_.on_recovered) options_.on_recovered(lost);
}

/// Tells that it is over, or sees to it that somebody looks again.
void FileWriter::look_after_trouble() {
    if (!trouble_) return;
    const bool good = fd_ >= 0 && owed_ == Owed::nothing;
    const Instant over = later(last_failure_, settled);
    if (good && now_ >= over) return tell_recovered();
    const Instant next = good ? over : later(now_, retry_every);
    if (!arm_ || next >= armed_) return;
    armed_ = next;
    arm_(next);
}

}  // namespace keepwell::journal
