// `keepwell logs TARGET`: what it printed.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/places.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {

int logs(const LogsOptions& options) {
    const Client client{socket_path(options.socket)};
    const std::string path = "/v1/logs/" + escape(options.target) + "?tail=" + std::to_string(options.lines) +
                             (options.follow ? "&follow=1" : "");
    // Bytes as they came: what a target prints is its own affair, as with `docker logs`.
    bool printed = true;
    const auto done = client.stream(path, [&printed](std::string_view bytes) { return printed = print(bytes); });
    if (!printed) return exit_failure;
    if (done) return exit_ok;
    complain(done.error().text);
    return done.error().exit_code;
}

}  // namespace keepwell::cli
