// `keepwell version`
#include "cli/version.hpp"

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {

int version(const VersionOptions& options) {
    const nlohmann::ordered_json json{{"api", "keepwell/v1"}, {"version", keepwell_version}};
    const std::string text = options.format == Format::json ? json.dump() : std::string{"keepwell "} + keepwell_version;
    return print(text + "\n") ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
