// A policy's content as text: the same for the same meaning, whatever the order of keys, the comments or the file it
// was written in. Versions are hashes of it. May know: model.
#pragma once

#include <string>
#include <string_view>

#include "keepwell/model/spec.hpp"

namespace keepwell::policy {

/// Everything that the model holds but origins, versions and file names.
std::string canonical(const Policy& policy);
/// The part of one service, with its targets.
std::string canonical(const Policy& policy, ServiceIndex service);
/// The same with its first slot alone: another number of replicas is no other entry.
std::string canonical_entry(const Policy& policy, ServiceIndex service);
/// What an instance of a process is made of.
std::string canonical_instance(const TargetSpec& target);
/// What its probe asks; empty: nothing.
std::string canonical_question(const TargetSpec& target);
/// Which container it adopts.
std::string canonical_selector(const TargetSpec& target);

/// What a container is made of: all but `pull_policy`.
std::string canonical(const ContainerSpec& spec);

/// FNV-1a, 64 bits, as 16 hexadecimal digits.
std::string stable_hash(std::string_view text);

}  // namespace keepwell::policy
