// `keepwell replace`
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int replace(const OperateOptions& options) { return operate(event::Verb::replace, options); }

}  // namespace keepwell::cli
