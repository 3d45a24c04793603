// `keepwell reset`
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int reset(const OperateOptions& options) { return operate(event::Verb::reset, options); }

}  // namespace keepwell::cli
