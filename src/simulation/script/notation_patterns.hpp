// The small languages of scripts and tests as regular expressions for the JSON schema: what an editor can tell of them.
// Made of the same words that notation reads. They let through what only a reading finds, such as `exit 300`.
// May know: vocabulary. Each is to be put between the quotes of a JSON text.
#pragma once

#include <string>

namespace keepwell::simulation::patterns {

std::string timeline();
std::string lives();
std::string hook();
/// What happens to a target, the host or the container engine.
std::string action();
std::string moment();
std::string claim();
std::string remedy();

}  // namespace keepwell::simulation::patterns
