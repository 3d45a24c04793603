// What start, stop, restart, pause, resume and reset share: ask, and wait until it is so.
// May know: client, story.
#pragma once

#include "cli/commands.hpp"
#include "keepwell/model/event.hpp"

namespace keepwell::cli {

/// Asks for `verb`, of each name. start, stop, restart and replace then follow what happens, as a story, until every
/// target is there or will not come there. The worst exit code counts.
int operate(event::Verb verb, const OperateOptions& options);

}  // namespace keepwell::cli
