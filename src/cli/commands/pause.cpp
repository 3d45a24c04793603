// `keepwell pause`; the function has a longer name, because unistd.h has pause().
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int pause_target(const OperateOptions& options) { return operate(event::Verb::pause, options); }

}  // namespace keepwell::cli
