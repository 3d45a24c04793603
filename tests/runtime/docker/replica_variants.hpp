// Containers as people make them: what `docker create` was given, what was done before and after, and what must look
// the same from inside of the original and of its replica. Read by the tests on a real engine, which record the shapes
// that the tests without one read.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace keepwell::testing {

/// Words are separated by spaces; 'quoted ones' may have some in them. {x} stands for a name of the test's own.
struct Variant {
    std::string name;
    std::string create;  ///< for `docker create --name …`: options, image, command; or create's JSON body
    std::vector<std::string> before{};  ///< docker commands
    std::vector<std::string> after{};   ///< docker commands, while it runs; {one} is its name
    std::vector<std::string> looks{};   ///< run in it: what they print is the same in both
    bool started = true;
};

inline std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }

/// {plain} has no configuration but a command; {rich} has ENTRYPOINT, CMD, two VOLUMEs (/data with a file in it and
/// /cache), EXPOSE, ENV, HEALTHCHECK, LABEL, STOPSIGNAL, WORKDIR, ONBUILD and SHELL.
std::vector<Variant> replica_variants();

}  // namespace keepwell::testing
