// Reads a test file, the policies it names, and holds its names against them.
#include "simulation/script/test_file.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "policy/document/text.hpp"
#include "policy/fields/schema.hpp"
#include "policy/load.hpp"
#include "policy/values/decoder.hpp"
#include "simulation/script/cast.hpp"
#include "simulation/script/test_fields.hpp"

namespace keepwell::simulation {
namespace {

using policy::Environment;
using policy::Position;

constexpr Duration usual_length = std::chrono::minutes{10};

/// As people see it: beside the file that names it.
std::string beside(const std::string& file, const std::string& written) {
    return (std::filesystem::path{file}.parent_path() / written).lexically_normal().string();
}

bool is_test_name(const std::string& name) {
    if (name.starts_with('.')) return false;  // an editor's
    const std::filesystem::path path{name};
    const std::string extension = path.extension().string();
    return path.stem().extension() == ".test" && (extension == ".yaml" || extension == ".yml" || extension == ".json");
}

/// Every target that some test of the file names.
std::vector<std::string> names_in(const FileDraft& draft) {
    std::vector<std::string> names;
    for (const TestDraft& test : draft.tests) std::ranges::copy(names_in(test.world), std::back_inserter(names));
    return names;
}

class FileReader {
  public:
    FileReader(std::string name, const Environment& environment)
        : environment_{environment}, reporter_{std::make_shared<policy::Reporter>()} {
        file_.name = std::move(name);
    }

    TestFile refused(const std::string& why) && {
        reporter_->error(Position{reporter_->add_source(file_.name, file_.name), 0, 0, 1}, why);
        return std::move(*this).finish();
    }

    TestFile read() && {
        const std::string path = policy::resolve_path(environment_.folder, file_.name);
        const auto content = environment_.read(path);
        if (!content) return std::move(*this).refused("can not be read: " + content.error());
        const std::uint32_t source = reporter_->add_source(file_.name, path, *content);
        const policy::NodePtr root = policy::parse_document(source, *content, *reporter_, policy::Grammar::test);
        if (!root) return std::move(*this).finish();
        policy::DecodeContext context{*reporter_, environment_};
        policy::Decoder decoder{context, policy::TemplateValues{}};
        FileDraft draft;
        policy::decode_block(decoder, *root, test_file_block(), draft);
        take(std::move(draft));
        return std::move(*this).finish();
    }

  private:
    void take(FileDraft draft) {
        if (draft.policies.empty()) return;
        for (const auto& [name, at] : draft.policies) file_.policies.push_back(beside(file_.name, name));
        read_policies(draft);
        if (policy_) cast(*policy_, names_in(draft));
        std::map<std::string, std::uint32_t> lines;
        for (TestDraft& one : draft.tests) {
            const auto [first, is_new] = lines.emplace(one.test.name, one.test.at.line);
            if (!is_new)
                reporter_->error(one.test.at,
                                 "the test in line " + std::to_string(first->second) + " has this name, too");
            if (policy_) spread(one, *policy_);
            if (policy_) check_names(*reporter_, one.world, *policy_);
            check_moments(*reporter_, one);
            one.test.events = std::move(one.world.events);
            one.test.length = one.world.length;
            one.test.script = std::move(one.world.script);
            one.test.script.start = draft.start;
            file_.tests.push_back(std::move(one.test));
        }
    }

    void read_policies(const FileDraft& draft) {
        Environment environment = environment_;
        environment.variable = [this, &draft](std::string_view name) -> std::optional<std::string> {
            const auto own = draft.environment.find(std::string{name});
            return own == draft.environment.end() ? environment_.variable(name) : own->second;
        };
        policy::Loaded loaded = policy::load(file_.policies, environment);
        policy_ = std::move(loaded.policy);
        for (policy::Diagnostic& one : loaded.diagnostics) {
            if (one.severity != policy::Diagnostic::Severity::error || is_about_a_name(one, draft)) continue;
            policy_mistakes_.push_back(std::move(one));
        }
    }

    /// A file that can not be read at all is a mistake of the line that names it.
    bool is_about_a_name(const policy::Diagnostic& mistake, const FileDraft& draft) {
        if (mistake.line != 0) return false;
        const auto named = std::find(file_.policies.begin(), file_.policies.end(), mistake.file);
        if (named == file_.policies.end()) return false;
        const Position& at = draft.policies[static_cast<std::size_t>(named - file_.policies.begin())].second;
        reporter_->error(at, policy::quote(mistake.file) + " " + mistake.message);
        return true;
    }

    TestFile finish() && {
        file_.diagnostics = reporter_->diagnostics();
        file_.diagnostics.insert(file_.diagnostics.end(), policy_mistakes_.begin(), policy_mistakes_.end());
        if (reporter_->errors() == 0 && policy_mistakes_.empty()) file_.policy = std::move(policy_);
        file_.reporter = reporter_;
        return std::move(file_);
    }

    const Environment& environment_;
    std::shared_ptr<policy::Reporter> reporter_;
    std::optional<Policy> policy_;
    std::vector<policy::Diagnostic> policy_mistakes_;
    TestFile file_;
};

void load_folder(const std::string& name, const Environment& environment, std::vector<TestFile>& files) {
    auto listed = environment.list(policy::resolve_path(environment.folder, name));
    if (!listed) return files.push_back(FileReader{name, environment}.refused("can not be read: " + listed.error()));
    std::sort(listed->begin(), listed->end());
    const std::size_t before = files.size();
    for (const std::string& one : *listed) {
        if (!is_test_name(one)) continue;
        files.push_back(FileReader{(std::filesystem::path{name} / one).string(), environment}.read());
    }
    if (files.size() == before) {
        files.push_back(FileReader{name, environment}.refused(
            "holds no tests: no file in it ends with .test.yaml, .test.yml or .test.json"));
    }
}

constexpr std::string_view introduction =
    R"(
## Fields

<!-- Generated from the field tables in src/simulation/script/ (KEEPWELL_UPDATE_DOCS=1 with the simulation tests). -->
)";

}  // namespace

Duration TestCase::played() const {
    if (length) return *length;
    Duration last = usual_length;
    for (const Expectation& one : expectations) last = std::max(last, one.when.length + one.within);
    for (const Happening& one : script.happenings) last = std::max(last, one.when.length);
    return last;
}

std::vector<TestFile> load_tests(const std::vector<std::string>& files_or_folders, const Environment& environment) {
    std::vector<TestFile> files;
    for (const std::string& name : files_or_folders) {
        if (environment.is_folder(policy::resolve_path(environment.folder, name))) {
            load_folder(name, environment, files);
        } else {
            files.push_back(FileReader{name, environment}.read());
        }
    }
    return files;
}

std::string test_schema() { return policy::schema_of("keepwell policy test", test_blocks()); }

std::string test_reference() {
    std::string words =
        "\n## Words\n\nWhat is expected is said in these words; `no` or `not` before one turns it round."
        "\n\n| word | it is so when |\n|---|---|\n";
    for (const WordedSighting& one : worded_sightings()) {
        words += "| `" + std::string{one.words} + "` | " + std::string{one.meaning} + " |\n";
    }
    return words + std::string{introduction} + policy::reference_of(test_blocks());
}

}  // namespace keepwell::simulation
