// One probe, now, on a loop of its own: what `keepwell ping` does.
// May know: model. Blocks until the probe has answered or its time is over. Not for use beside a running loop's
// children.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"
#include "keepwell/model/state.hpp"

namespace keepwell::runtime {

struct PingAnswer {
    Outcome outcome = Outcome::error;
    int exit_code = -1;
    std::string text;      ///< one line, as the probe's output
    Duration duration{0};  ///< from the question to the answer
};

/// A command of a `test:` runs as this process, in its folder.
PingAnswer ping(const Probe& probe, Duration timeout);

/// The probe that a URL asks for: http://…, https://…, tcp://HOST:PORT. The error says what is wrong with it.
tl::expected<Probe, std::string> probe_of_url(const std::string& url);

}  // namespace keepwell::runtime
