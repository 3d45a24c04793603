// Draws lanes as an SVG that stands by itself: no script, no font and no picture from elsewhere, and readable on light
// and on dark paper. Every mark has a title that says what it is.
// May know: lanes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simulation/picture/lanes.hpp"

namespace keepwell::simulation {

/// `title` stands above it: which past this is.
std::string svg_of(const std::vector<Lane>& lanes, Instant end, const std::string& title);

/// As text or as an attribute of XML; control characters become "?".
std::string xml_text(std::string_view text);

}  // namespace keepwell::simulation
