// `keepwell schema`: the JSON schema of a policy, for editors and validators.
#include "policy/schema.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"

namespace keepwell::cli {

int schema() { return print(policy::schema()) ? exit_ok : exit_failure; }

}  // namespace keepwell::cli
