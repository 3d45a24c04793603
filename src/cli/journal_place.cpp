// The journal's folder as people name it.
#include "cli/journal_place.hpp"

#include <fstream>

#include "cli/terminal.hpp"
#include "journal/codec.hpp"

namespace keepwell::cli {

std::string journal_folder(const std::string& given) {
    return journal::list_files(given).empty() ? given + "/journal" : given;
}

std::string existing_journal(const std::string& given) {
    const std::string folder = journal_folder(given);
    if (!journal::list_files(folder).empty()) return folder;
    const std::string rehearsed = given + "/dry-run";
    const bool is_there = !journal::list_files(journal_folder(rehearsed)).empty();
    complain("there is no journal in " + given + (is_there ? "; that of a dry run is in " + rehearsed : ""));
    return {};
}

simulation::KeptAnswers read_ahead(const std::string& folder) {
    simulation::KeptAnswers answers;
    const auto take = [&answers](const journal::Record& record) {
        answers.take(record);
        return true;
    };
    journal::read(folder, {}, take,
                  [](const journal::Complaint& complaint) { complain(journal::to_string(complaint)); });
    return answers;
}

std::string line_of(const std::string& folder, std::uint64_t seq) {
    const std::string begin = "{\"seq\":" + std::to_string(seq) + ",";
    std::string place;
    for (const journal::JournalFile& file : journal::list_files(folder)) {
        std::ifstream lines{file.path};
        std::uint64_t number = 1;
        for (std::string line; std::getline(lines, line); ++number) {
            if (!line.starts_with(begin)) continue;
            const auto seen = journal::glance(line);
            place = file.path + ":" + std::to_string(number);
            if (seen && !seen->repeated) return place;
        }
    }
    return place;
}

}  // namespace keepwell::cli
