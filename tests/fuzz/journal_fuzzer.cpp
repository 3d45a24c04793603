// Any bytes as a line of the journal: they are refused with a reason, or make a record that is written and read again
// without a difference.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "journal/codec.hpp"
#include "journal/reader.hpp"

using namespace keepwell;
using namespace keepwell::journal;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void check_record(const Record& record) {
    const std::string line = encode(record);
    const auto read = decode(line, Checksum::required);
    check(read.has_value() && encode(*read) == line && glance(line).has_value());
    const std::string event = event_json(record);
    const auto shown = decode(event);
    check(shown.has_value() && event_json(*shown) == event);
    if (const auto* state = std::get_if<State>(&record.body)) {
        rebase({state->memory, record.at, record.time, ""}, "here", Instant{}, WallTime{});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string line{data, data + size};
    const auto record = decode(line);
    if (record) {
        check_record(*record);
    } else {
        check(!record.error().empty());
    }
    return 0;
}
