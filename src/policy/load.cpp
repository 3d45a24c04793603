// Policy files -> model: the order of the steps, and what several files share.
#include "policy/load.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "policy/canonical/canonical.hpp"
#include "policy/check.hpp"
#include "policy/compose/compose_file.hpp"
#include "policy/document/interpolate.hpp"
#include "policy/document/text.hpp"
#include "policy/document/tree.hpp"
#include "policy/fields/blocks.hpp"
#include "policy/values/project.hpp"

namespace keepwell::policy {
namespace {

constexpr std::size_t most_files = 1000;
constexpr std::size_t most_targets = 100'000;

/// A file that is still to be read, and who asked for it.
struct Wanted {
    std::string name;  ///< as people see it
    std::string path;  ///< absolute
    bool by_user = true;
    Position asked_at;  ///< of the `include`, when not by_user
};

/// `shop.test.yaml` tests a policy and is none; `.#shop.yaml` is an editor's, and `*.yaml` of a shell leaves it out,
/// too.
bool is_policy_name(const std::string& name) {
    const std::filesystem::path path{name};
    if (name.starts_with('.') || path.stem().extension() == ".test") return false;
    const auto extension = path.extension();
    return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

class Loader {
  public:
    explicit Loader(const Environment& environment) : environment_{environment}, context_{reporter_, environment} {}

    Loaded run(const std::vector<std::string>& files_or_folders) {
        for (const auto& name : files_or_folders) want(name);
        for (std::size_t i = 0; i < wanted_.size(); ++i) read(Wanted{wanted_[i]});
        if (files_or_folders.empty())
            reporter_.error(Position{reporter_.add_source("policy", "/"), 0, 0, 1}, "no file was named");
        name_project();
        name_adopted();
        decode_entries();
        check_entries(entries_, reporter_);
        report_no_services();
        Loaded loaded;
        if (reporter_.errors() == 0) {
            loaded.named = named_entries();
            loaded.policy = assemble();
            loaded.places = std::move(context_.places);
        }
        loaded.diagnostics = reporter_.diagnostics();
        return loaded;
    }

  private:
    // ---- files --------------------------------------------------------------------------------------------------

    void want(const std::string& name) {
        const auto path = resolve_path(environment_.folder, name);
        if (!environment_.is_folder(path)) return wanted_.push_back(Wanted{name, path, true, {}});
        auto listed = environment_.list(path);
        const auto refuse = [&](const std::string& why) {
            reporter_.error(Position{reporter_.add_source(name, path), 0, 0, 1}, why);
            policy_.files.push_back(name);
        };
        if (!listed) return refuse("can not be read: " + listed.error());
        std::sort(listed->begin(), listed->end());
        std::size_t found = 0;
        for (const auto& file : *listed) {
            const auto full = resolve_path(path, file);
            if (!is_policy_name(file) || environment_.is_folder(full)) continue;
            wanted_.push_back(Wanted{(std::filesystem::path{name} / file).string(), full, true, {}});
            ++found;
        }
        if (found == 0) refuse("holds no policy: no file in it ends with .yaml, .yml or .json");
    }

    void read(const Wanted& wanted) {
        if (!seen_.insert(wanted.path).second) return;
        if (seen_.size() > most_files) return refuse(wanted, "is one file too many; 1000 are read");
        auto content = environment_.read(wanted.path);
        if (!content) return refuse(wanted, "can not be read: " + content.error());
        const auto file = add_file(wanted, *content);
        const auto root = parse_document(file, without_byte_order_mark(*content), reporter_);
        if (root) take(interpolate(root, environment_.variable, reporter_));
    }

    void refuse(const Wanted& wanted, const std::string& why) {
        if (!wanted.by_user) return reporter_.error(wanted.asked_at, quote(wanted.name) + " " + why);
        reporter_.error(Position{add_file(wanted, {}), 0, 0, 1}, why);
    }

    std::uint32_t add_file(const Wanted& wanted, std::string_view content) {
        policy_.files.push_back(wanted.name);
        return reporter_.add_source(wanted.name, wanted.path, std::string{without_byte_order_mark(content)});
    }

    static std::string_view without_byte_order_mark(std::string_view text) {
        return text.substr(0, 3) == "\xef\xbb\xbf" ? text.substr(3) : text;
    }

    // ---- the top of each file -------------------------------------------------------------------------------------

    void take(const NodePtr& root) {
        Decoder decoder{context_, TemplateValues{}};
        const auto draft = take_settings(decoder, *root);
        for (const auto& service : draft.services) take_service(service);
        if (draft.defaults) all_defaults_.push_back(draft.defaults);
        for (const auto& file : draft.includes) take_include(decoder, *file);
        if (!draft.compose.empty()) take_compose(decoder, draft.compose);
    }

    PolicyDraft take_settings(Decoder& decoder, const Node& root) {
        PolicyDraft draft;
        draft.policy = std::move(policy_);
        decode_block(decoder, root, policy_block(), draft);
        policy_ = std::move(draft.policy);
        for (const auto& member : root.members) take_setting(member);
        return draft;
    }

    /// A setting of the whole policy may stand in several files if they agree.
    void take_setting(const Member& member) {
        const auto& name = member.key->text;
        if (name == "services" || name == "include" || name == "compose" || is_extension(name)) return;
        const auto [first, is_new] = settings_.emplace(name, member);
        if (is_new || same_content(*first->second.value, *member.value)) return;
        reporter_.error(member.key->at, quote(name) + " is given twice, and not the same; first at " +
                                            reporter_.place(first->second.key->at));
    }

    void take_service(const Member& service) {
        const auto [first, is_new] = service_places_.emplace(service.key->text, service.key->at);
        if (is_new) {
            services_.push_back(service);
        } else {
            reporter_.error(service.key->at, "service " + quote(service.key->text) + " is given twice; first at " +
                                                 reporter_.place(first->second));
        }
    }

    void take_include(Decoder& decoder, const Node& file) {
        if (auto wanted = named_in(decoder, file)) wanted_.push_back(std::move(*wanted));
    }

    /// The file that is named in another one.
    std::optional<Wanted> named_in(Decoder& decoder, const Node& file) {
        const auto written = decoder.plain(file, "the name of a file");
        if (!written) return std::nullopt;
        if (written->empty()) {
            decoder.error(file, "the name of a file is empty");
            return std::nullopt;
        }
        const auto path = resolve_path(reporter_.folder_of(file.at.file), *written);
        const auto beside = std::filesystem::path{reporter_.name_of(file.at.file)}.parent_path();
        return Wanted{(beside / *written).lexically_normal().string(), path, false, file.at};
    }

    // ---- Compose ----------------------------------------------------------------------------------------------------

    /// A project whose services are adopted.
    struct Adopted {
        ComposeProject project;
        std::map<std::string, std::string> names;  ///< of its services here, by their names there
    };

    void take_compose(Decoder& decoder, const std::vector<NodePtr>& files) {
        std::vector<Wanted> wanted;
        std::string paths;
        for (const auto& file : files) {
            auto named = named_in(decoder, *file);
            if (!named) return;
            paths += named->path + "\n";
            wanted.push_back(std::move(*named));
        }
        if (!projects_seen_.insert(paths).second) return;
        std::vector<NodePtr> roots;
        for (const auto& file : wanted) {
            if (auto root = read_compose_file(file)) roots.push_back(std::move(root));
        }
        if (roots.size() < wanted.size()) return;  // that is reported
        auto project = read_compose(roots, context_);
        if (!project) return;
        take_settings(decoder, *project->settings);
        adopted_.push_back(Adopted{std::move(*project), {}});
    }

    NodePtr read_compose_file(const Wanted& wanted) {
        if (policy_.files.size() >= most_files) {
            refuse(wanted, "is one file too many; 1000 are read");
            return nullptr;
        }
        auto content = environment_.read(wanted.path);
        if (!content) {
            refuse(wanted, "can not be read: " + content.error() + "; it is looked for at " + printable(wanted.path));
            return nullptr;
        }
        const auto file = add_file(wanted, *content);
        return parse_document(file, without_byte_order_mark(*content), reporter_, Grammar::compose);
    }

    /// One name means one service. A second project that has it as well gets its own name before it.
    void name_adopted() {
        std::map<std::string, Position> taken;
        for (auto& [project, names] : adopted_) {
            for (auto& service : project.services) {
                const auto& at = service.entry.key->at;
                const auto own = service_places_.find(service.name);
                if (own != service_places_.end()) refuse_second_entry(own->second, service.name, at);
                auto name = service.name;
                if (taken.count(name) > 0) name = project.name + "." + name;
                const auto [first, is_new] = taken.emplace(name, at);
                if (!is_new) {
                    reporter_.error(
                        at, "service " + quote(name) + " is given twice; first at " + reporter_.place(first->second));
                }
                names[service.name] = name;
                service.entry.key = make_text(*service.entry.key, name);
            }
        }
        for (const auto& service : services_) find_second_selector(service);
    }

    void refuse_second_entry(const Position& at, const std::string& name, const Position& there) {
        reporter_.error(at, quote(name) + " is a service of the Compose file as well, at " + reporter_.place(there) +
                                "; write what keepwell should know of it there, under `x-keepwell`");
    }

    /// `container: {compose: {…}}` for what is adopted already.
    void find_second_selector(const Member& service) {
        const auto compose = child(child(service.value, "container"), "compose");
        const auto wanted = child(compose, "service");
        const auto of = child(compose, "project");
        if (!wanted) return;
        for (const auto& [project, names] : adopted_) {
            if (of && of->text != project.name) continue;
            for (const auto& one : project.services) {
                if (one.name == wanted->text) refuse_second_entry(wanted->at, one.name, one.entry.key->at);
            }
        }
    }

    // ---- services ---------------------------------------------------------------------------------------------------

    /// Compose's default: the folder of the first file.
    void name_project() {
        if (policy_.name.empty() && !policy_.files.empty())
            policy_.name = project_name_of_folder(reporter_.folder_of(0));
        context_.project.name = policy_.name;
    }

    /// After all files are read: env files are sources as well, and must not come between.
    void decode_entries() {
        NodePtr defaults;
        for (const auto& one : all_defaults_) {
            check_defaults(context_, one);
            if (one->is_mapping()) defaults = one;
        }
        std::size_t targets = 0;
        for (const auto& service : services_) {
            entries_.push_back(decode_entry(context_, service, defaults));
            targets += entries_.back().targets.size();
            if (targets > most_targets) return reporter_.error(service.key->at, "more than 100000 targets");
        }
        for (const auto& one : adopted_) {
            const auto below = defaults_of(one.project, defaults);
            for (const auto& service : one.project.services) {
                decode_adopted(one, service, below);
                targets += entries_.back().targets.size();
                if (targets > most_targets) return reporter_.error(service.entry.key->at, "more than 100000 targets");
            }
        }
    }

    /// Those of the Compose file lie over the policy's.
    NodePtr defaults_of(const ComposeProject& project, const NodePtr& defaults) {
        if (!project.defaults) return defaults;
        check_defaults(context_, project.defaults);
        if (!project.defaults->is_mapping()) return defaults;
        return defaults ? merge(defaults, project.defaults) : project.defaults;
    }

    void decode_adopted(const Adopted& adopted, const ComposeService& service, const NodePtr& defaults) {
        auto entry = decode_entry(context_, service.entry, defaults, service.replicas);
        for (auto& target : entry.targets) {
            target.selector = compose_selector(adopted.project.name, service.name, target.slot);
        }
        for (auto& dependency : entry.draft.depends_on) {
            const auto name = adopted.names.find(dependency.name);
            if (name != adopted.names.end()) dependency.name = name->second;
        }
        entries_.push_back(std::move(entry));
    }

    /// The entries for containers that exist already: labels can name them.
    std::shared_ptr<const NamedEntries> named_entries() const {
        auto named = std::make_shared<NamedEntries>();
        for (std::size_t i = 0; i < services_.size(); ++i) {
            const auto& whole = entries_[i].whole;
            if (whole->find("container")) named->entries.emplace(services_[i].key->text, whole);
        }
        if (named->entries.empty()) return nullptr;
        for (std::uint32_t file = 0; file < policy_.files.size(); ++file) {
            named->sources.push_back({reporter_.name_of(file), reporter_.path_of(file)});
        }
        named->environment = environment_;
        return named;
    }

    void report_no_services() {
        if (!entries_.empty() || reporter_.errors() > 0) return;
        reporter_.error(Position{}, "there is no service; a policy needs at least one under `services:`");
    }

    Policy assemble() {
        auto policy = std::move(policy_);
        for (auto& entry : entries_) {
            const auto index = static_cast<ServiceIndex>(policy.services.size());
            policy.services.push_back(std::move(entry.draft.spec));
            policy.maintenance.push_back(std::move(entry.draft.maintenance));
            for (auto& target : entry.targets) {
                target.service = index;
                policy.targets.push_back(std::move(target));
            }
            for (auto& one : entry.templates) {
                one.service = index;
                policy.templates.push_back(std::move(one));
            }
        }
        set_versions(policy);
        return policy;
    }

    static void set_versions(Policy& policy) {
        for (ServiceIndex i = 0; i < policy.services.size(); ++i) {
            policy.services[i].version = stable_hash(canonical_entry(policy, i));
        }
        for (auto& target : policy.targets) {
            set_versions(target);
            auto& version = policy.services[target.service].container_version;
            if (target.container && target.slot == 1) version = stable_hash(canonical(*target.container));
            if (target.container) target.version = version;
        }
        for (auto& one : policy.templates) set_versions(one);
        policy.version = stable_hash(canonical(policy));
    }

    static void set_versions(TargetSpec& target) {
        if (target.kind == TargetKind::process) target.version = stable_hash(canonical_instance(target));
        if (target.kind == TargetKind::adopted) target.version = stable_hash(canonical_selector(target));
        if (target.probe) target.question = stable_hash(canonical_question(target));
    }

    const Environment& environment_;
    Reporter reporter_;
    DecodeContext context_;
    std::vector<Wanted> wanted_;
    std::set<std::string> seen_;
    std::map<std::string, Member> settings_;
    std::map<std::string, Position> service_places_;
    std::vector<Member> services_;
    std::vector<Adopted> adopted_;
    std::set<std::string> projects_seen_;
    std::vector<NodePtr> all_defaults_;  ///< the same in each file that has them, or it is a mistake
    std::vector<Entry> entries_;
    Policy policy_;
};

}  // namespace

Loaded load(const std::vector<std::string>& files_or_folders, const Environment& environment) {
    return Loader{environment}.run(files_or_folders);
}

}  // namespace keepwell::policy
