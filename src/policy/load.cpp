// Policy files -> model: the order of the steps, and what several files share.
#include "policy/load.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "policy/blocks.hpp"
#include "policy/canonical.hpp"
#include "policy/check.hpp"
#include "policy/interpolate.hpp"
#include "policy/text.hpp"

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

bool is_policy_name(const std::string& name) {
    const auto extension = std::filesystem::path{name}.extension();
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
        decode_entries();
        check_entries(entries_, reporter_);
        report_no_services();
        Loaded loaded;
        if (reporter_.errors() == 0) loaded.policy = assemble();
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
        PolicyDraft draft;
        draft.policy = std::move(policy_);
        decode_block(decoder, *root, policy_block(), draft);
        policy_ = std::move(draft.policy);
        for (const auto& member : root->members) take_setting(member);
        for (const auto& service : draft.services) take_service(service);
        if (draft.defaults) all_defaults_.push_back(draft.defaults);
        for (const auto& file : draft.includes) take_include(decoder, *file);
    }

    /// A setting of the whole policy may stand in several files if they agree.
    void take_setting(const Member& member) {
        const auto& name = member.key->text;
        if (name == "services" || name == "include" || name.compare(0, 2, "x-") == 0) return;
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
        const auto written = decoder.plain(file, "the name of a file");
        if (!written) return;
        if (written->empty()) return decoder.error(file, "the name of a file is empty");
        const auto path = resolve_path(reporter_.folder_of(file.at.file), *written);
        const auto beside = std::filesystem::path{reporter_.name_of(file.at.file)}.parent_path();
        const auto name = (beside / *written).lexically_normal().string();
        wanted_.push_back(Wanted{name, path, false, file.at});
    }

    // ---- services ---------------------------------------------------------------------------------------------------

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
    }

    void report_no_services() {
        if (!services_.empty() || reporter_.errors() > 0) return;
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
        }
        set_versions(policy);
        return policy;
    }

    static void set_versions(Policy& policy) {
        for (ServiceIndex i = 0; i < policy.services.size(); ++i) {
            policy.services[i].version = stable_hash(canonical(policy, i));
        }
        policy.version = stable_hash(canonical(policy));
    }

    const Environment& environment_;
    Reporter reporter_;
    DecodeContext context_;
    std::vector<Wanted> wanted_;
    std::set<std::string> seen_;
    std::map<std::string, Member> settings_;
    std::map<std::string, Position> service_places_;
    std::vector<Member> services_;
    std::vector<NodePtr> all_defaults_;  ///< the same in each file that has them, or it is a mistake
    std::vector<Entry> entries_;
    Policy policy_;
};

}  // namespace

Loaded load(const std::vector<std::string>& files_or_folders, const Environment& environment) {
    return Loader{environment}.run(files_or_folders);
}

}  // namespace keepwell::policy
