// Replays what a journal in memory holds, as if it had been read from disk.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "journal/codec.hpp"
#include "journal/record.hpp"
#include "simulation/replay/replay.hpp"

namespace keepwell::testing {

/// Each record as its line says it: no index, no pointer.
inline std::vector<journal::Record> as_read(const std::vector<journal::Record>& records) {
    std::vector<journal::Record> read;
    for (const journal::Record& record : records) {
        auto one = journal::decode(journal::encode(record), journal::Checksum::required);
        if (!one) ADD_FAILURE() << one.error() << "\n" << journal::encode(record);
        if (one) read.push_back(std::move(*one));
    }
    return read;
}

inline std::vector<simulation::RunReport> replay_read(const std::vector<journal::Record>& read,
                                                      const Policy* policy = nullptr) {
    simulation::KeptAnswers answers;
    for (const journal::Record& record : read) answers.take(record);
    simulation::Replay replay{answers, policy};
    for (const journal::Record& record : read) replay.take(record);
    return replay.finish();
}

inline std::vector<simulation::RunReport> replay(const std::vector<journal::Record>& records,
                                                 const Policy* policy = nullptr) {
    return replay_read(as_read(records), policy);
}

/// Why a run is not the same today; empty: it is.
inline std::string mismatch(const simulation::RunReport& run) {
    if (!run.not_verified.empty()) return "not verified: " + run.not_verified;
    if (!run.difference) return "";
    const simulation::Difference& found = *run.difference;
    return "record " + std::to_string(found.seq) + ", " + found.cause + "\n  then:  " + found.expected +
           "\n  today: " + found.actual;
}

}  // namespace keepwell::testing
