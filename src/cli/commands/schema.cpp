// `keepwell schema`: the JSON schema of a policy or of a test file, for editors and validators.
#include "policy/schema.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/terminal.hpp"
#include "simulation/test_file.hpp"

namespace keepwell::cli {

int schema(const SchemaOptions& options) {
    return print(options.tests ? simulation::test_schema() : policy::schema()) ? exit_ok : exit_failure;
}

}  // namespace keepwell::cli
