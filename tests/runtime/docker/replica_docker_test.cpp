// Replicas on a real engine: each variant is created and started, copied, and the copy started in its place. Between
// create and start, and again when it runs, a generic diff must find nothing, and what is seen from inside is the same.
// With KEEPWELL_RECORD_SHAPES=FOLDER each variant's inspects are written there, for replica_shapes_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/docker/json/difference.hpp"
#include "runtime/docker/replacing.hpp"
#include "runtime/docker/replica_variants.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;

/// 'a b' is one word.
std::vector<std::string> words(const std::string& line) {
    std::vector<std::string> found;
    std::string word;
    bool quoted = false;
    bool any = false;
    for (const char letter : line + " ") {
        if (letter == '\'') {
            quoted = !quoted;
            any = true;
        } else if (letter != ' ' || quoted) {
            word += letter;
            any = true;
        } else if (any) {
            found.push_back(std::exchange(word, {}));
            any = false;
        }
    }
    return found;
}

int number_of(const Variant& variant) {
    int number = 0;
    for (const auto& other : replica_variants()) {
        if (other.name == variant.name) return number;
        ++number;
    }
    return number;
}

// A variant, with its placeholders filled in.
class Original {
  public:
    explicit Original(const Variant& variant) : variant_(variant) {
        for (const auto& line : variant_.before) docker(command(line));
        const bool is_body = variant_.create.starts_with("{\"");
        id_ = is_body ? create_by_body(named("one"), filled_in(variant_.create))
                      : sandbox_.create("one", command(variant_.create));
        if (!variant_.started) return;
        docker({"start", id_});
        for (const auto& line : variant_.after) docker(command(line));
    }
    ~Original() {
        if (variant_.create == "{moving}") run_program({"docker", "rmi", "--force", named("moving")});
    }
    Original(const Original&) = delete;
    Original& operator=(const Original&) = delete;

    const std::string& id() const { return id_; }
    const Sandbox& sandbox() const { return sandbox_; }

    std::vector<std::string> looks(const std::string& id) const {
        std::vector<std::string> seen;
        for (const auto& line : variant_.looks) {
            auto exec = words("docker exec " + id);
            const auto look = command(line);
            exec.insert(exec.end(), look.begin(), look.end());
            const auto ended = run_program(exec);
            seen.push_back(line + ": " + std::to_string(ended.code) + "\n" + ended.out + ended.err);
        }
        return seen;
    }

  private:
    std::string named(const std::string& what) const {
        if (what == "plain" || what == "rich") return "keepwell-test/replica-" + what;
        if (what == "moving") return "keepwell-test/" + sandbox_.name(what) + ":1";
        if (what == "subnet") return std::to_string(number_of(variant_));  // tests run beside each other
        return sandbox_.name(what);
    }

    std::string filled_in(std::string text) const {
        const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789:";
        for (auto open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
            const auto close = text.find_first_not_of(letters, open + 1);
            if (close == std::string::npos || close == open + 1 || text[close] != '}') continue;
            auto what = text.substr(open + 1, close - open - 1);
            const bool id = what.ends_with(":id");
            if (id) what.resize(what.size() - 3);
            const auto name = named(what);
            text.replace(open, close - open + 1, id ? docker({"inspect", "--format", "{{.Id}}", name}) : name);
        }
        return text;
    }

    std::vector<std::string> command(const std::string& line) const {
        auto found = words(line);
        for (auto& word : found) word = filled_in(word);
        return found;
    }

    const Variant& variant_;
    Sandbox sandbox_;
    std::string id_;
};

class ReplicaOnDocker : public ::testing::TestWithParam<Variant> {
  public:
    static void SetUpTestSuite() { make_replica_images(); }
};

TEST_P(ReplicaOnDocker, is_the_same_container) {
    const auto& variant = GetParam();
    const Original original(variant);
    const auto source = source_of(original.id(), original.sandbox().name("copy"));
    const auto seen = original.looks(original.id());

    const auto replica = make_replica(source);
    ASSERT_TRUE(replica.has_value()) << replica.error();
    const auto id = create_replica(*replica);
    const auto created = inspect_json(id);
    auto allowed = allowed_difference(source, *replica);
    EXPECT_THAT(difference(source.container, created, allowed), ::testing::IsEmpty());

    take_over(original.id(), id, original.sandbox().name("parked"));
    if (variant.started) docker({"start", id});
    const auto started = inspect_json(id);
    allowed.renamed = false;
    EXPECT_THAT(difference(source.container, started, allowed), ::testing::IsEmpty());
    EXPECT_EQ(original.looks(id), seen);
    record_shape(original.sandbox(), variant.name, {source, {}, *replica, created, started});
}

INSTANTIATE_TEST_SUITE_P(Variants, ReplicaOnDocker, ::testing::ValuesIn(replica_variants()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace keepwell::testing
