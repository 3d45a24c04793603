// Whether two containers are the same but for what an engine generates: a generic comparison of two inspects. Run
// between create and start of a replica, where any difference means that it must not be used; and by the tests.
// Everything is compared but an explicit list of what may differ (difference.cpp, normalise.cpp), so that a field that
// a future engine invents is compared too.
// Pure. Both inspects must be of one engine and one API version.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

struct DifferenceOptions {
    bool renamed = true;                          ///< the names may differ
    std::map<std::string, std::string> replaced;  ///< old id -> new id of containers that the old one refers to
    std::vector<CarriedVolume> carried;           ///< volumes without a name in the old one, which the new one names
    std::map<std::string, std::string> labels;    ///< that were added to the new one, or set
    std::set<std::string> given_addresses;        ///< networks of Swarm's scope: their IPAMConfig is not configuration
    bool podman = false;
};
/// What a replica may differ in from what it was made from.
DifferenceOptions allowed_difference(const ReplicaSource& source, const Replica& replica);

/// One line for each difference, "path: old -> new", in the order of the paths; empty: they are the same. The values of
/// environment variables are not shown. The new one may be created, but not started yet; the networks of
/// Replica::connections must have been connected.
std::vector<std::string> difference(std::string_view old_inspect, std::string_view new_inspect,
                                    const DifferenceOptions& options);
/// Of difference(), for a step that failed.
std::string in_one_line(const std::vector<std::string>& differences);

}  // namespace keepwell::runtime::docker
