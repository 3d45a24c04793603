// `keepwell start`
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int start(const OperateOptions& options) { return operate(event::Verb::start, options); }

}  // namespace keepwell::cli
