// Reads a journal: record by record, its last events, or what an earlier keepwell left. Whatever is damaged is reported
// and skipped; a reader never changes the journal, and may run beside a writer.
// May know: record, codec. It reads files and the boot id, and no clock.
// Errors: none are thrown but for lack of memory; what can not be read is a Complaint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/record.hpp"

namespace keepwell::journal {

/// Something that could not be read. Neighbouring lines are reported together.
struct Complaint {
    std::string file;
    std::uint64_t line = 0;   ///< 1-based; 0: the whole file
    std::uint64_t count = 1;  ///< lines from `line` on
    std::string reason;       ///< of the first of them
};

/// "DIR/00000002.jsonl:17: wrong checksum", "DIR/00000002.jsonl:17: not JSON (and the 3 lines after it)".
std::string to_string(const Complaint& complaint);

using Reporter = std::function<void(const Complaint&)>;

/// What is wanted; everything by default.
struct Filter {
    std::uint64_t after_seq = 0;    ///< records with a greater `seq` only
    std::optional<WallTime> since;  ///< not older than
    std::string target;             ///< of this target or of this service; empty: of all, and of the host
    bool events_only = false;       ///< what `keepwell events` shows
};

/// One file of the journal. Numbers count up; the greatest is being written.
struct JournalFile {
    std::uint64_t number = 0;
    std::string path;
};

/// The files of the folder by number; none if there is no such folder.
std::vector<JournalFile> list_files(const std::string& folder);

/// "DIR/00000017.jsonl"
std::string file_path(const std::string& folder, std::uint64_t number);

/// Hands over every wanted record in order, each once (repetitions in a head only where the original is gone), until
/// `visit` returns false.
void read(const std::string& folder, const Filter& filter, const std::function<bool(Record)>& visit,
          const Reporter& report);

/// The last `count` wanted records, in order. Reads the newest files only, as many as are needed.
std::vector<Record> tail(const std::string& folder, const Filter& filter, std::size_t count, const Reporter& report);

/// The greatest `seq` in the journal; 0: there is none.
std::uint64_t last_seq(const std::string& folder);

/// The last State of a target, and the clocks that it was written by.
struct RestoredTarget {
    TargetMemory memory;
    Instant at{};
    WallTime time{};
    std::string boot_id;
};

/// What an earlier keepwell left.
struct Restored {
    std::map<std::string, RestoredTarget> targets;  ///< by name
    std::uint64_t last_seq = 0;
    IncidentId last_incident = 0;
    std::optional<RunStarted> last_run;
    bool ended_in_order = false;  ///< the last run has a RunEnded
};

/// Reads all files, the oldest first: a damaged file costs no more than what it alone says. Checks every line, and
/// parses only those that matter.
Restored restore(const std::string& folder, const Reporter& report);

/// The target's memory with its moments on this boot's clock. On the same boot nothing changes. On another one moments
/// are moved by the wall clock (one that went back counts as standing still), and the instance is gone.
TargetMemory rebase(const RestoredTarget& restored, const std::string& this_boot, Instant now, WallTime wall);

/// Names this boot of the host; empty if the kernel does not say.
std::string boot_id();

}  // namespace keepwell::journal
