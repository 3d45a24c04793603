// Probes that changed nothing, many in one record: when keepwell looked at its timers and asked, and what was answered.
// A steady probe costs about 16 bytes on disk. docs/journal-format.md has the packing byte for byte.
// May know: record. It reads no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "journal/record.hpp"

namespace keepwell::journal {

/// One of them: a look at the timers that only asked, or an answer that changed nothing.
struct ProbeEntry {
    Instant at{};
    std::string target;       ///< empty: a look at the timers (event::Tick)
    std::uint64_t asked = 0;  ///< probes that were asked for at it
    Outcome outcome = Outcome::passed;
    int exit_code = 0;
    std::string output;
};

/// Gathers entries, which come in the order of time, for one record.
class ProbePack {
  public:
    void looked(Instant at, std::uint64_t asked);
    void answered(Instant at, const std::string& target, std::uint64_t asked, const event::ProbeFinished& answer);

    bool empty() const { return bytes_.empty(); }
    std::size_t outcomes() const { return outcomes_; }
    /// What it has grown to, about.
    std::size_t size() const { return size_; }
    Instant first() const { return first_; }

    /// Hands over what was gathered and begins anew.
    Probes take();

  private:
    /// What a target answered last in this record: not said again while it is the same.
    struct Last {
        std::uint64_t slot = 0;
        Outcome outcome = Outcome::passed;
        int exit_code = 0;
        std::uint64_t output = 0;
    };

    void begin_entry(Instant at);
    Last& last_of(const std::string& target);
    std::uint64_t output_number(const std::string& output);

    std::string bytes_;
    std::vector<std::string> targets_;
    std::vector<std::string> outputs_;
    std::map<std::string, Last, std::less<>> last_;
    std::map<std::string, std::uint64_t, std::less<>> output_numbers_;
    Instant first_{};
    Instant previous_{};
    std::size_t outcomes_ = 0;
    std::size_t size_ = 0;
};

/// What a ProbePack gathered, or what is wrong with it. `first` is the record's own moment.
tl::expected<std::vector<ProbeEntry>, std::string> unpack(const Probes& probes, Instant first);

}  // namespace keepwell::journal
