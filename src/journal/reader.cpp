// The reader: lines of bounded length out of files, and what is made of them.
#include "journal/reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

#include "journal/arithmetic.hpp"
#include "journal/codec.hpp"

namespace keepwell::journal {
namespace {

constexpr std::string_view suffix = ".jsonl";
constexpr std::size_t chunk_size = 256 * 1024;

/// Lines of one file. A line that is longer than any record is handed over cut.
class LineReader {
  public:
    explicit LineReader(const std::string& path) : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {
        if (fd_ < 0) error_ = errno;
    }
    ~LineReader() {
        if (fd_ >= 0) ::close(fd_);
    }
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    /// False at the end, and when reading failed. The line is valid until the next call.
    bool next(std::string_view& line) {
        if (skipping_ && !skip_rest()) return false;
        std::size_t searched = begin_;
        for (;;) {
            const std::size_t end = buffer_.find('\n', searched);
            if (end != std::string::npos) return take(line, end, end + 1, true);
            if (buffer_.size() - begin_ > max_line) {
                skipping_ = true;
                return take(line, buffer_.size(), buffer_.size(), true);
            }
            drop_read();
            searched = buffer_.size();
            if (!fill()) return begin_ < buffer_.size() && take(line, buffer_.size(), buffer_.size(), false);
        }
    }

    std::uint64_t number() const { return number_; }
    /// Whether the line that next() gave has its newline.
    bool whole() const { return whole_; }
    /// errno of what failed; 0: nothing.
    int error() const { return error_; }

  private:
    bool take(std::string_view& line, std::size_t end, std::size_t next_begin, bool whole) {
        line = std::string_view{buffer_}.substr(begin_, end - begin_);
        begin_ = next_begin;
        whole_ = whole;
        ++number_;
        return true;
    }

    void drop_read() {
        buffer_.erase(0, begin_);
        begin_ = 0;
    }

    bool fill() {
        if (fd_ < 0) return false;
        const std::size_t size = buffer_.size();
        buffer_.resize(size + chunk_size);
        ssize_t got = 0;
        do {
            got = ::read(fd_, buffer_.data() + size, chunk_size);
        } while (got < 0 && errno == EINTR);
        if (got < 0) error_ = errno;
        buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return got > 0;
    }

    bool skip_rest() {
        for (;;) {
            const std::size_t end = buffer_.find('\n', begin_);
            if (end != std::string::npos) {
                begin_ = end + 1;
                skipping_ = false;
                return true;
            }
            buffer_.clear();
            begin_ = 0;
            if (!fill()) return false;
        }
    }

    int fd_;
    int error_ = 0;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::uint64_t number_ = 0;
    bool whole_ = true;
    bool skipping_ = false;
};

/// Joins complaints about neighbouring lines.
class Complaints {
  public:
    explicit Complaints(const Reporter& report) : report_{report} {}
    ~Complaints() { flush(); }
    Complaints(const Complaints&) = delete;
    Complaints& operator=(const Complaints&) = delete;

    void line(const std::string& file, std::uint64_t line, std::string reason) {
        if (pending_ && pending_->file == file && pending_->line + pending_->count == line) {
            ++pending_->count;
            return;
        }
        flush();
        pending_ = Complaint{file, line, 1, std::move(reason)};
    }

    void say(Complaint complaint) {
        flush();
        if (report_) report_(complaint);
    }

    void flush() {
        if (!pending_) return;
        const Complaint complaint = *std::exchange(pending_, std::nullopt);
        if (report_) report_(complaint);
    }

  private:
    const Reporter& report_;
    std::optional<Complaint> pending_;
};

/// A line whose checksum is right.
struct GoodLine {
    const std::string& file;
    std::uint64_t number;
    std::string_view text;
    Glance glance;
};

/// Calls `use` with each good line of the file until it returns false. False: it did.
template <typename Use>
bool for_each_line(const std::string& path, Complaints& complaints, const Use& use) {
    LineReader lines{path};
    std::string_view text;
    while (lines.next(text)) {
        if (text.empty()) continue;
        auto seen = glance(text);
        if (!seen) {
            complaints.line(path, lines.number(), lines.whole() ? seen.error() : "cut off in the middle");
            continue;
        }
        const GoodLine line{path, lines.number(), text, *seen};
        if (!use(line)) return false;
    }
    if (lines.error() != 0) complaints.say({path, 0, 0, std::strerror(lines.error())});
    return true;
}

/// The files of the folder; what is missing of them is reported. No folder is a journal without files.
std::vector<JournalFile> files_of(const std::string& folder, Complaints& complaints) {
    if (::access(folder.c_str(), R_OK | X_OK) != 0 && errno != ENOENT) {
        complaints.say({folder, 0, 0, std::strerror(errno)});
    }
    auto files = list_files(folder);
    for (std::size_t i = 1; i < files.size(); ++i) {
        const std::uint64_t first = files[i - 1].number + 1;
        const std::uint64_t missing = files[i].number - first;
        if (missing == 0) continue;
        const std::string more = missing == 1 ? "" : " (and the " + std::to_string(missing - 1) + " after it)";
        complaints.say({file_path(folder, first), 0, 0, "the file is missing" + more});
    }
    return files;
}

/// Sees each seq once, and reports those that are not there.
class Order {
  public:
    explicit Order(Complaints& complaints) : complaints_{complaints} {}

    /// Whether this one is new.
    bool take(const GoodLine& line) {
        const std::uint64_t seq = line.glance.seq;
        if (seq <= last_) return false;
        last_ = seq;
        if (line.glance.repeated) return true;  // a head says again what counts, not all that is missing before it
        if (follows_ && seq > last_original_ + 1) report_gap(line);
        follows_ = true;
        last_original_ = seq;
        return true;
    }

    /// What is missing next is explained already.
    void excuse() { follows_ = false; }

  private:
    void report_gap(const GoodLine& line) {
        const std::uint64_t first = last_original_ + 1;
        const std::uint64_t final = line.glance.seq - 1;
        const std::string what =
            first == final ? "record " + std::to_string(first) + " is missing"
                           : "records " + std::to_string(first) + " to " + std::to_string(final) + " are missing";
        complaints_.say({line.file, line.number, 0, what + " before it"});
    }

    Complaints& complaints_;
    std::uint64_t last_ = 0;
    std::uint64_t last_original_ = 0;
    bool follows_ = false;
};

bool wants_line(const Filter& filter, const Glance& glance) {
    return glance.seq > filter.after_seq && (!filter.events_only || is_event_type(glance.type));
}

bool wants(const Filter& filter, const Record& record) {
    if (filter.since && record.time < *filter.since) return false;
    return filter.target.empty() || filter.target == record.target || filter.target == record.service;
}

std::optional<Record> record_of(const GoodLine& line, Complaints& complaints) {
    auto record = decode(line.text, Checksum::required);
    if (record) return std::move(*record);
    complaints.line(line.file, line.number, record.error());
    return std::nullopt;
}

/// Gathers a Restored line by line.
class Restoring {
  public:
    void take(const GoodLine& line, Complaints& complaints) {
        restored_.last_seq = std::max(restored_.last_seq, line.glance.seq);
        const std::string_view type = line.glance.type;
        if (type != "state" && type != "policy.loaded" && type != "run.ended" && type != "incident.opened") return;
        if (auto record = record_of(line, complaints)) take(std::move(*record));
    }

    Restored result() { return std::move(restored_); }

  private:
    void take(Record record) {
        if (auto* run = std::get_if<RunStarted>(&record.body)) {
            saw_incident(run->last_incident);
            boot_id_ = run->boot_id;
            restored_.last_run = std::move(*run);
            restored_.ended_in_order = false;
        } else if (std::holds_alternative<RunEnded>(record.body)) {
            restored_.ended_in_order = true;
        } else if (auto* state = std::get_if<State>(&record.body)) {
            saw_incident(state->memory.incident);
            auto& target = restored_.targets[record.target];
            target = RestoredTarget{std::move(state->memory), record.at, record.time, boot_id_};
        } else if (const auto* noted = std::get_if<Noted>(&record.body)) {
            saw_incident(noted->fact.incident);
        }
    }

    void saw_incident(IncidentId incident) { restored_.last_incident = std::max(restored_.last_incident, incident); }

    Restored restored_;
    std::string boot_id_;
};

/// `moment` seen from `from`, put as far from `to`; never `never`, which is not a moment.
Instant shifted(Instant moment, Instant from, Instant to) {
    const auto distance = saturated_difference(moment.time_since_epoch().count(), from.time_since_epoch().count());
    const auto ns = saturated_sum(to.time_since_epoch().count(), distance);
    return std::min(Instant{Duration{ns}}, never - Duration{1});
}

}  // namespace

std::string to_string(const Complaint& complaint) {
    std::string text = complaint.file;
    if (complaint.line != 0) text += ":" + std::to_string(complaint.line);
    text += ": " + complaint.reason;
    if (complaint.count == 2) text += " (and the line after it)";
    if (complaint.count > 2) text += " (and the " + std::to_string(complaint.count - 1) + " lines after it)";
    return text;
}

std::vector<JournalFile> list_files(const std::string& folder) {
    std::vector<JournalFile> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.size() < 8 + suffix.size() || !std::string_view{name}.ends_with(suffix)) continue;
        const char* last = name.data() + name.size() - suffix.size();
        std::uint64_t number = 0;
        const auto [stop, bad] = std::from_chars(name.data(), last, number);
        if (bad == std::errc{} && stop == last && number > 0) files.push_back({number, entry->path().string()});
    }
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return files;
}

std::string file_path(const std::string& folder, std::uint64_t number) {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%08llu", static_cast<unsigned long long>(number));
    return folder + "/" + digits.data() + std::string{suffix};
}

void read(const std::string& folder, const Filter& filter, const std::function<bool(Record)>& visit,
          const Reporter& report) {
    Complaints complaints{report};
    Order order{complaints};
    const auto files = files_of(folder, complaints);
    std::uint64_t line_before = 0;
    const auto use = [&](const GoodLine& line) {
        if (line.number != line_before + 1) order.excuse();
        line_before = line.number;
        if (!order.take(line) || !wants_line(filter, line.glance)) return true;
        auto record = record_of(line, complaints);
        return !record || !wants(filter, *record) || visit(std::move(*record));
    };
    for (std::size_t i = 0; i < files.size(); ++i) {
        line_before = 0;
        if (i > 0 && files[i].number != files[i - 1].number + 1) order.excuse();
        if (!for_each_line(files[i].path, complaints, use)) return;
    }
}

std::vector<Record> tail(const std::string& folder, const Filter& filter, std::size_t count, const Reporter& report) {
    Complaints complaints{report};
    std::deque<Record> last;
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    const auto files = files_of(folder, complaints);
    for (auto file = files.rbegin(); file != files.rend() && last.size() < count; ++file) {
        std::deque<Record> found;
        std::uint64_t first = oldest;
        for_each_line(file->path, complaints, [&](const GoodLine& line) {
            // What a file repeats is in an older one, or gone.
            if (line.glance.repeated) return true;
            first = std::min(first, line.glance.seq);
            if (line.glance.seq >= oldest || !wants_line(filter, line.glance)) return true;
            auto record = record_of(line, complaints);
            if (record && wants(filter, *record)) found.push_back(std::move(*record));
            if (found.size() + last.size() > count) found.pop_front();
            return true;
        });
        oldest = first;
        last.insert(last.begin(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
        if (oldest <= filter.after_seq) break;
    }
    return {std::make_move_iterator(last.begin()), std::make_move_iterator(last.end())};
}

std::uint64_t last_seq(const std::string& folder) {
    std::uint64_t greatest = 0;
    bool found = false;  // a head may be all that a file has, and is older than what stands before it
    const Reporter nobody;
    Complaints complaints{nobody};
    const auto files = list_files(folder);
    for (auto file = files.rbegin(); file != files.rend() && !found; ++file) {
        for_each_line(file->path, complaints, [&](const GoodLine& line) {
            greatest = std::max(greatest, line.glance.seq);
            found = found || !line.glance.repeated;
            return true;
        });
    }
    return greatest;
}

Restored restore(const std::string& folder, const Reporter& report) {
    Complaints complaints{report};
    Restoring restoring;
    const auto files = files_of(folder, complaints);
    for (const JournalFile& file : files) {
        for_each_line(file.path, complaints, [&](const GoodLine& line) {
            restoring.take(line, complaints);
            return true;
        });
    }
    return restoring.result();
}

TargetMemory rebase(const RestoredTarget& restored, const std::string& this_boot, Instant now, WallTime wall) {
    TargetMemory memory = restored.memory;
    if (!this_boot.empty() && restored.boot_id == this_boot) return memory;
    memory.instance = {};
    memory.of_this_boot = false;
    // The bound keeps nanoseconds inside their 64 bits when a clock was years off.
    const Duration passed =
        std::clamp<WallTime::duration>(wall - restored.time, WallTime::duration{0}, std::chrono::years{100});
    const Instant written = shifted(Instant{}, Instant{passed}, now);  // when the record was written, on this clock
    const auto move = [&](Instant& moment) {
        if (moment != never) moment = shifted(moment, restored.at, written);
    };
    move(memory.started_at);
    move(memory.retry_at);
    for (Instant& moment : memory.history) move(moment);
    return memory;
}

std::string boot_id() {
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string id;
    std::getline(file, id);
    return id;
}

}  // namespace keepwell::journal
