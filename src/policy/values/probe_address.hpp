// Where a probe connects to: URLs and `host:port`, checked as far as they can be without asking anybody.
// May know: model.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"

namespace keepwell::policy {

/// What is wrong with the URL of an HTTP probe; nothing, when it can be asked.
std::optional<std::string> check_url(std::string_view url);

/// "host:port", "[::1]:80"
tl::expected<TcpProbe, std::string> parse_tcp(std::string_view address);

}  // namespace keepwell::policy
