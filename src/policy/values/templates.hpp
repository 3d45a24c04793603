// Swarm's templates: `{{.Service.Name}}`, `{{.Task.Name}}`, `{{.Task.Slot}}`, `{{.Target.Name}}`; and of a container's
// probe `{{.Container.IP}}`, which stays as it is until the address is known.
// `{{` begins a template only before a `.` or a `"`; `{{"{{"}}` is a plain `{{`, as in Swarm.
// May know: std, tl::expected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace keepwell::policy {

/// The target that a value is read for.
struct TemplateValues {
    std::string service;
    std::string target;
    std::uint32_t slot = 1;
    bool container = false;  ///< the target is one
    bool many = false;       ///< containers chosen by labels: `{{.Target.Name}}` stays until the name is known
    bool address = false;    ///< the text is the address of a probe: `{{.Container.IP}}` may stand in it
};

bool has_template(std::string_view text);

/// The text with its templates put in, or what is wrong with it.
tl::expected<std::string, std::string> expand_templates(std::string_view text, const TemplateValues& values);

}  // namespace keepwell::policy
