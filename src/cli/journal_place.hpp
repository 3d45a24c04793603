// Where a journal that is named on the command line is, and reading it twice. May know: journal, simulation.
#pragma once

#include <cstdint>
#include <string>

#include "journal/reader.hpp"
#include "simulation/replay/kept_answers.hpp"

namespace keepwell::cli {

/// What --journal names is what `run --journal` was given, or the journal's own folder inside it.
std::string journal_folder(const std::string& given);

/// The same, if there is a journal; else it is said on stderr, and the text is empty.
std::string existing_journal(const std::string& given);

/// What was kept of probes, of a first reading; what is damaged is told.
simulation::KeptAnswers read_ahead(const std::string& folder);

/// "DIR/00000002.jsonl:17": the line of this record; empty when it is not there.
std::string line_of(const std::string& folder, std::uint64_t seq);

}  // namespace keepwell::cli
