// `keepwell schema`: the JSON schema of a policy, a test file or a script, for editors and validators.
#include "policy/fields/schema.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
#include "simulation/script/script_file.hpp"
#include "simulation/script/test_file.hpp"

namespace keepwell::cli {

int schema(const SchemaOptions& options) {
    const std::string text = options.tests     ? simulation::test_schema()
                             : options.scripts ? simulation::script_schema()
                                               : policy::schema();
    return print(text) ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
