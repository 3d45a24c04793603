// Swarm's templates.
#include "policy/values/templates.hpp"

#include <vector>

#include "keepwell/model/spec.hpp"
#include "policy/document/text.hpp"

namespace keepwell::policy {
namespace {

constexpr auto nowhere = std::string_view::npos;

/// Where the next template begins, at or after `from`.
std::size_t find_template(std::string_view text, std::size_t from) {
    for (auto at = text.find("{{", from); at != nowhere; at = text.find("{{", at + 1)) {
        const auto inside = text.find_first_not_of(' ', at + 2);
        if (inside != nowhere && (text[inside] == '.' || text[inside] == '"')) return at;
    }
    return nowhere;
}

tl::expected<std::string, std::string> of_slot(std::string value, std::string_view written, bool many) {
    if (!many) return value;
    return tl::unexpected(quote(written) + " means nothing for containers chosen by labels: they have no slots");
}

tl::expected<std::string, std::string> address(std::string_view written, const TemplateValues& values) {
    if (!values.container) {
        return tl::unexpected(quote(written) + " means nothing for a process: it has no address of its own");
    }
    if (values.address) return std::string{container_ip_placeholder};
    return tl::unexpected(quote(written) + " is read in the addresses of probes only, in `http` and `tcp`");
}

tl::expected<std::string, std::string> value_of(std::string_view written, const TemplateValues& values) {
    const auto name = trim(written.substr(2, written.size() - 4));
    if (name == ".Service.Name") return values.service;
    const auto slot = std::to_string(values.slot);
    if (name == ".Task.Name") return of_slot(values.service + "." + slot, written, values.many);
    if (name == ".Task.Slot") return of_slot(slot, written, values.many);
    if (name == ".Target.Name") return values.many ? std::string{target_name_placeholder} : values.target;
    if (name == "\"{{\"") return "{{";
    if (name == ".Container.IP") return address(written, values);
    std::vector<std::string_view> known{".Service.Name", ".Task.Name", ".Task.Slot", ".Target.Name"};
    if (values.container) known.emplace_back(".Container.IP");
    const auto near = closest(name, known);
    const auto hint = near ? "did you mean `{{" + std::string{*near} + "}}`?" : "a plain `{{` is written `{{\"{{\"}}`";
    return tl::unexpected<std::string>("unknown template " + quote(written) + "; " + hint);
}

}  // namespace

bool has_template(std::string_view text) { return find_template(text, 0) != nowhere; }

tl::expected<std::string, std::string> expand_templates(std::string_view text, const TemplateValues& values) {
    std::string result;
    std::size_t at = 0;
    for (auto begin = find_template(text, 0); begin != nowhere; begin = find_template(text, at)) {
        const auto end = text.find("}}", begin);
        if (end == nowhere)
            return tl::unexpected<std::string>(
                "a template is not closed by `}}`; a plain `{{` is written `{{\"{{\"}}`");
        const auto value = value_of(text.substr(begin, end + 2 - begin), values);
        if (!value) return tl::unexpected(value.error());
        result += text.substr(at, begin - at);
        result += *value;
        at = end + 2;
    }
    result += text.substr(at);
    return result;
}

}  // namespace keepwell::policy
