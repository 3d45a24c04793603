// `keepwell events`: the story so far, out of a running keepwell or out of a journal's folder.
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/journal_place.hpp"
#include "cli/lengths.hpp"
#include "cli/places.hpp"
#include "cli/story.hpp"
#include "cli/terminal.hpp"
#include "journal/codec.hpp"
#include "journal/reader.hpp"

namespace keepwell::cli {
namespace {

/// Where to begin: after a record, or at a time.
struct Since {
    std::uint64_t seq = 0;
    std::optional<WallTime> time;
};

std::optional<Since> parse_since(const std::string& text) {
    Since since;
    if (text.empty()) return since;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), since.seq);
    if (error == std::errc{} && end == text.data() + text.size()) return since;
    since.seq = 0;
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    if (const auto length = parse_length(text)) since.time = now - *length;
    if (!since.time) since.time = journal::parse_rfc3339(text);
    if (!since.time) return std::nullopt;
    return since;
}

/// Prints one event after the other, as text or as it is.
class Teller {
  public:
    Teller(Format format, StoryOptions options) : format_(format), story_(std::move(options)) {}

    bool tell(const journal::Record& record) {
        return say(format_ == Format::text ? story_.tell(record) : journal::event_json(record) + "\n");
    }
    bool tell_line(std::string_view line) {
        if (format_ != Format::text) return say(std::string{line} + "\n");
        const auto record = journal::decode(line);
        return !record || say(story_.tell(*record));
    }
    /// Whether all of it could be printed.
    bool printed() const { return printed_; }

  private:
    bool say(std::string_view text) { return printed_ = print(text); }

    bool printed_ = true;
    Format format_;
    Story story_;
};

StoryOptions story_options() {
    StoryOptions options;
    options.colours = colours_wanted();
    options.dates = true;
    return options;
}

int from_folder(const EventsOptions& options, const Since& since) {
    const std::string folder = existing_journal(options.journal);
    if (folder.empty()) return exit_failure;
    Teller teller{options.format, story_options()};
    const journal::Filter filter{since.seq, since.time, options.target, true};
    journal::read(
        folder, filter, [&](const journal::Record& record) { return teller.tell(record); },
        [](const journal::Complaint& complaint) { complain(journal::to_string(complaint)); });
    return teller.printed() ? exit_ok : exit_failure;
}

/// Names and files for the story; the events themselves say the rest.
tl::expected<StoryOptions, Failure> options_from(const Client& client) {
    StoryOptions options = story_options();
    const auto status = client.get_json("/v1/status");
    if (!status) return tl::unexpected(status.error());
    for (const auto& target : status->value("targets", nlohmann::ordered_json::array())) {
        options.name_width = std::max(options.name_width, target.value("name", "").size());
    }
    options.files = status->value("/policy/files"_json_pointer, std::vector<std::string>{});
    return options;
}

int fail(const Failure& failure) {
    const bool hint = failure.exit_code == exit_not_running;
    complain(failure.text + (hint ? "; what a journal says can be read with --journal DIR" : ""));
    return failure.exit_code;
}

int from_keepwell(const EventsOptions& options, const Since& since) {
    const Client client{socket_path(options.socket)};
    const auto story = options_from(client);
    if (!story) return fail(story.error());
    Teller teller{options.format, *story};
    std::string path = "/v1/events?follow=" + std::string{options.follow ? "1" : "0"};
    if (since.seq > 0) path += "&since=" + std::to_string(since.seq);
    if (since.time) path += "&since=" + escape(journal::rfc3339(*since.time));
    if (!options.target.empty()) path += "&target=" + escape(options.target);
    Lines lines;
    const auto done = client.stream(path, [&](std::string_view bytes) {
        return lines.feed(bytes, [&](std::string_view line) { return teller.tell_line(line); });
    });
    if (!teller.printed()) return exit_failure;
    return done ? exit_ok : fail(done.error());
}

}  // namespace

int events(const EventsOptions& options) {
    const auto since = parse_since(options.since);
    if (!since) {
        complain("--since wants a length such as 1h30m, a time such as 2024-05-01T10:31:02Z, or a sequence number");
        return exit_usage;
    }
    return options.journal.empty() ? from_keepwell(options, *since) : from_folder(options, *since);
}

}  // namespace keepwell::cli
