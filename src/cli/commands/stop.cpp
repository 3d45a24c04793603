// `keepwell stop`
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int stop(const OperateOptions& options) { return operate(event::Verb::stop, options); }

}  // namespace keepwell::cli
