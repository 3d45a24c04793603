// Any bytes as a test file of a small policy: reading ends and says something, and what is valid can be played.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "simulation/testing/test_run.hpp"

namespace {

using namespace keepwell;

policy::Environment only(const std::string& content) {
    policy::Environment environment;
    environment.variable = [](std::string_view) { return std::nullopt; };
    environment.read = [&content](const std::string& path) -> tl::expected<std::string, std::string> {
        if (path == "/a.test.yaml") return content;
        return "services:\n  redis: {command: redis, healthcheck: {tcp: \"a:1\", interval: 1s}}\n"
               "  web: {container: web, depends_on: [redis], on_unhealthy: [restart, replace]}\n";
    };
    environment.is_folder = [](const std::string&) { return false; };
    environment.list = [](const std::string&) { return std::vector<std::string>{}; };
    return environment;
}

void require(bool promise) {
    if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" const char* __lsan_default_suppressions();

/// As in policy_fuzzer.cpp.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string content(data, data + size);
    auto files = simulation::load_tests({"a.test.yaml"}, only(content));
    require(files.size() == 1);
    for (const auto& diagnostic : files[0].diagnostics) require(!policy::render(diagnostic).empty());
    if (!files[0].policy) {
        require(!files[0].diagnostics.empty());
        return 0;
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(files[0].tests.size(), 3); ++i) {
        simulation::TestCase& test = files[0].tests[i];
        test.length = std::min<Duration>(test.played(), std::chrono::seconds{30});
        run_test(files[0], test);
    }
    return 0;
}
