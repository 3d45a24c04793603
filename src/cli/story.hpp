// Tells the records of the journal as a story for people: one line for what matters, none for what only repeats it.
// May know: journal's records, model, the plan's words. It reads no clock: every time comes out of a record.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"
#include "journal/record.hpp"

namespace keepwell::cli {

struct StoryOptions {
    std::vector<std::string> files;  ///< of the policy; a RunStarted record brings its own
    std::size_t name_width = 0;      ///< of the widest name, where all are known
    bool colours = false;
    bool elapsed = false;  ///< time since the beginning, not of the clock: of a made-up world
    bool dates = false;    ///< a line with the date before the first line, too; later ones come with each new day
    /// "SIGTERM; SIGKILL after 10s" for a target's name, where the policy is at hand.
    std::function<std::string(std::string_view)> how_stopped;
};

class Story {
  public:
    explicit Story(StoryOptions options) : options_(std::move(options)) {}

    /// The lines of this record, each ended by a newline; empty when there is nothing to tell.
    std::string tell(const journal::Record& record);

    /// Another policy is followed: what rules rest on is in these files from now on.
    void follow(std::vector<std::string> files) { options_.files = std::move(files); }

  private:
    /// What was said about a target before, so that the next line can build on it.
    struct Known {
        std::string ended;             ///< the instance that is gone and has no successor yet, for people
        bool replacing = false;        ///< it ends, or ended, by a remedy or a person
        bool next_start_told = false;  ///< so that the hold until then is no news
        bool healthy = false;
        bool asked = false;                ///< a person has just asked for something
        Reason due_reason = Reason::none;  ///< of the remedy that is due, and the line that asks for it
        Origin due_rule;
        std::string last_output;  ///< of the last failed probe that was told
    };
    struct Line {
        std::string text;
        Colour colour = Colour::plain;
    };
    struct Teller;

    Line line_of(const journal::Record& record);
    std::string date_of(const journal::Record& record);
    std::string place_of(const Origin& rule) const;

    StoryOptions options_;
    std::map<std::string, Known> known_;
    std::string day_;
};

}  // namespace keepwell::cli
