// `keepwell restart`
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int restart(const OperateOptions& options) { return operate(event::Verb::restart, options); }

}  // namespace keepwell::cli
