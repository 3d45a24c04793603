// `keepwell resume`
#include "cli/commands/operate.hpp"

namespace keepwell::cli {

int resume(const OperateOptions& options) { return operate(event::Verb::resume, options); }

}  // namespace keepwell::cli
