// Reads a script file.
#include "simulation/script/script_file.hpp"

#include <algorithm>

#include "policy/fields/schema.hpp"
#include "policy/values/decoder.hpp"
#include "simulation/script/cast.hpp"
#include "simulation/script/test_fields.hpp"

namespace keepwell::simulation {

Duration ScriptFile::played() const {
    Duration last = 10min;
    if (length || !script) return length.value_or(last);
    for (const Happening& one : script->happenings) last = std::max(last, one.when.length);
    return last;
}

ScriptFile load_script(const std::string& name, Policy& policy, const policy::Environment& environment) {
    const auto shared = std::make_shared<policy::Reporter>();
    policy::Reporter& reporter = *shared;
    const std::string path = policy::resolve_path(environment.folder, name);
    const auto content = environment.read(path);
    const std::uint32_t source = reporter.add_source(name, path, content.value_or(std::string{}));
    if (!content) reporter.error({source, 0, 0, 1}, "can not be read: " + content.error());
    ScriptDraft draft;
    if (const policy::NodePtr root =
            content ? policy::parse_document(source, *content, reporter, policy::Grammar::script) : nullptr) {
        policy::DecodeContext context{reporter, environment};
        policy::Decoder decoder{context, policy::TemplateValues{}};
        policy::decode_block(decoder, *root, script_block(), draft);
        cast(policy, names_in(draft));
        spread(draft, policy);
        check_names(reporter, draft, policy);
    }
    ScriptFile file{std::nullopt, draft.length, reporter.diagnostics(), std::move(draft.events), shared};
    if (reporter.errors() == 0) file.script = std::move(draft.script);
    return file;
}

std::string script_schema() { return policy::schema_of("keepwell script", script_blocks()); }

}  // namespace keepwell::simulation
