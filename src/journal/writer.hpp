// The journal on disk: numbered files of one folder, appended to by one process. docs/journal-format.md is the page.
// May know: record, codec, reader. It has no clock: the records bring the time, and who runs it its retries (wake_by).
// Threads: one at a time. It never waits for the disk on purpose; a write(2) to a local disk goes to the page cache.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "journal/reader.hpp"
#include "journal/record.hpp"
#include "journal/sink.hpp"

namespace keepwell::journal {

/// The two calls that a full disk shows in; tests give others.
struct FileCalls {
    using WriteFn = std::function<ssize_t(int fd, const char* bytes, std::size_t size)>;
    using TruncateFn = std::function<int(int fd, off_t size)>;
    WriteFn write;        ///< empty: ::write
    TruncateFn truncate;  ///< empty: ::ftruncate
};

struct WriterOptions {
    std::string folder;                         ///< of the journal alone; made if it is not there, mode 0700
    std::uint64_t max_size = 16 * 1024 * 1024;  ///< bytes of one file (or twice what its head repeats, if that is more)
    std::uint32_t keep = 8;                     ///< files, the one being written included; at least 1
    /// Called once when records can not be kept, and once when they can be again and the journal knows everything that
    /// counts: 10 s after the last failure, because a disk that is full to the brim takes a short record now and then.
    /// They may not append.
    std::function<void(const std::string& text)> on_trouble;
    std::function<void(std::uint64_t lost)> on_recovered;
    FileCalls calls;
};

/// Nothing ends it: while the disk is full, the folder gone or the device broken, records are counted as lost and
/// writing is tried again with the next ones, and once a second without any (wake_by). What a failed write left behind
/// is cut off, or ended by a newline, so that a reader loses that record alone. As soon as anything can be written
/// after a loss, the head of a file is written again where the journal ends: what was decided meanwhile is in it.
class FileWriter final : public Sink {
  public:
    /// Continues the journal in the folder. Refused, with a text for people, only if another process writes it; any
    /// other trouble is told through `on_trouble` and tried again.
    static tl::expected<std::unique_ptr<FileWriter>, std::string> open(WriterOptions options);
    ~FileWriter() override;
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    void append(Record& record) override;

    /// In trouble, and only then, `arm` is given the moment at which retry() is to be called once, or soon after; a new
    /// moment replaces an earlier one. It may not call retry() itself. Without it, only the next records try again.
    void wake_by(std::function<void(Instant at)> arm) { arm_ = std::move(arm); }
    /// Writes what a loss has left unsaid, if that can be done now.
    void retry(Instant now);

    std::uint64_t last_seq() const { return last_seq_; }
    /// Records that could not be kept, since it was opened.
    std::uint64_t lost() const { return lost_; }

  private:
    struct FileId {
        dev_t device = 0;
        ino_t inode = 0;
        friend bool operator==(const FileId&, const FileId&) = default;
    };
    enum class Attached : std::uint8_t { yes, no, in_use };
    /// What a loss has left unsaid, from the least to the most. Under a run that the journal does not know, a record
    /// would be taken for one of the run before.
    enum class Owed : std::uint8_t { nothing, head, head_before_all };

    explicit FileWriter(WriterOptions options);
    Attached attach();
    Attached lock();
    bool open_newest();
    bool continue_file(const JournalFile& file);
    bool start_file(std::uint64_t number);
    void detach();
    bool keep(const std::string& line);
    bool ready();
    bool still_there();
    bool put(std::string lines);
    void repair();
    bool make_good();
    void rotate();
    void drop_old_files() const;
    std::string head() const;
    void remember(const Record& record);
    int write_all(int fd, const std::string& text) const;
    bool failed(const std::string& what, int error);
    void lose(const Record& record);
    void tell_trouble(const std::string& text);
    void tell_recovered();
    void look_after_trouble();

    WriterOptions options_;
    int lock_fd_ = -1;
    int fd_ = -1;
    FileId file_id_;            ///< of the file that was written last
    std::uint64_t number_ = 0;  ///< its number
    std::uint64_t size_ = 0;
    std::uint64_t head_size_ = 0;
    bool fresh_line_ = false;       ///< the file ends inside a line
    Instant now_ = Instant::min();  ///< the latest moment that a record or a retry has brought
    Instant attach_at_ = Instant::min();
    Instant look_at_ = Instant::min();
    Instant rotate_at_ = Instant::min();
    Instant make_good_at_ = Instant::min();

    std::uint64_t last_seq_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t lost_in_trouble_ = 0;
    Instant last_failure_ = Instant::min();
    Owed owed_ = Owed::nothing;
    bool trouble_ = false;
    std::string failure_;
    std::function<void(Instant at)> arm_;
    Instant armed_ = never;

    // What the next head repeats.
    std::optional<Record> run_;
    std::string rules_;  ///< of the run, as lines
    IncidentId last_incident_ = 0;
    std::map<std::string, Record> states_;  ///< by target
};

}  // namespace keepwell::journal
