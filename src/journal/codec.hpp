// A record as one line of JSON and back: the journal's own lines, checksummed and exact, and the events that people
// and scripts are shown. docs/journal-format.md is the page.
// May know: record. It touches no file and no clock.
// Errors: all functions are total and let no exception out but for lack of memory. Text that is not UTF-8 is kept with
// U+FFFD in place of the bad bytes, so that a line is always valid JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "journal/record.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::journal {

/// A longer line is neither written nor read.
inline constexpr std::size_t max_line = 4 * 1024 * 1024;

/// The journal's line, without its newline. Its last member is `"crc"`: CRC-32 (IEEE) of all bytes before `,"crc"`.
/// Moments are monotonic nanoseconds (`at`, `until_at`), lengths nanoseconds (`grace_ns`); events carry them for
/// people as well (`until`, `lasted_ms`). Indices are not written: `target` and `service` are the names.
std::string encode(const Record& record);

/// The event as `keepwell events` and the API show it: the same members without `at`, `*_at`, `*_ns`, `repeated` and
/// `crc`; moments are RFC 3339, lengths milliseconds.
std::string event_json(const Record& record);

enum class Checksum : std::uint8_t { if_present, required };

/// The record that encode() or event_json() wrote, or what is wrong with the line. Unknown members are ignored, missing
/// ones have their defaults. Target and service indices inside the body are `no_target` and 0. After event_json(), `at`
/// is 0 and other moments are relative to it.
tl::expected<Record, std::string> decode(std::string_view line, Checksum checksum = Checksum::if_present);

/// Puts the indices of this policy's target and service into the body, by the record's names, as a replay needs them.
/// False: the policy has no such target or service, and the record is as it was.
bool resolve(Record& record, const Policy& policy);

/// What can be said of a journal line without parsing it, once its checksum is right.
struct Glance {
    std::uint64_t seq = 0;
    std::string_view type;  ///< into the line
    bool repeated = false;
};
tl::expected<Glance, std::string> glance(std::string_view line);

/// "policy.loaded", "input.exited", "command.start", "target.phase", "state", …: stable names.
std::string_view type_name(const Record& record);

/// Whether it is shown by `keepwell events`: RunStarted, RunEnded and Noted are.
bool is_event(const Record& record);
/// The same by the type's name.
bool is_event_type(std::string_view type);

/// "2026-01-02T03:04:05.678Z". Years outside 0000 to 9999 are cut to the nearest of them.
std::string rfc3339(WallTime time);
/// The reverse; the fraction may be missing or finer (then it is cut), the zone is Z or an offset. nullopt: not a time.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace keepwell::journal
