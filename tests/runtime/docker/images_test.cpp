// The image of a container that keepwell owns: names, and pulls on a scripted engine.
#include "runtime/docker/commands/images.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "runtime/docker/json/registry_auth.hpp"
#include "support/await.hpp"
#include "support/folder.hpp"
#include "support/scripted_engine.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using ::testing::ElementsAre;

std::string pulled(std::string_view reference) {
    const ImageName image = image_name(reference);
    return image.name + " " + image.tag;
}

TEST(ImageNames, always_say_what_is_to_be_pulled_of_it) {
    EXPECT_EQ(pulled("redis"), "redis latest");
    EXPECT_EQ(pulled("redis:7"), "redis 7");
    EXPECT_EQ(pulled("registry:5000/team/app"), "registry:5000/team/app latest");
    EXPECT_EQ(pulled("registry:5000/team/app:1.2"), "registry:5000/team/app 1.2");
    EXPECT_EQ(pulled("redis@sha256:abc"), "redis sha256:abc");
    EXPECT_EQ(pulled("registry:5000/redis:7@sha256:abc"), "registry:5000/redis sha256:abc");
}

/// A folder with a config.json, which docker's own variable names.
class TemporaryConfig {
  public:
    explicit TemporaryConfig(const std::string& text) {
        std::ofstream{folder_ / "config.json"} << text;
        ::setenv("DOCKER_CONFIG", folder_.path().c_str(), 1);
    }
    ~TemporaryConfig() { ::unsetenv("DOCKER_CONFIG"); }

  private:
    Folder folder_;
};

class Pulls : public ::testing::Test {
  protected:
    Pulls() {
        engine.on("GET /images/*/json", [this](const ScriptedEngine::Request&) {
            return here ? Reply::json(200, "{}") : Reply::error(404, "No such image: app:1");
        });
        Asker::Options options;
        options.first_retry = options.last_retry = 2ms;
        asker = std::make_unique<Asker>(loop, api, options);
    }
    /// How it ended: empty, or why the image is not here.
    std::string bring(PullPolicy policy) {
        std::optional<std::string> outcome;
        bringer = std::make_unique<ImageBringer>(*asker, ImageBringer::Wanted{"app:1", "linux/arm64", policy},
                                                 [this](const std::string& step) { steps.push_back(step); });
        bringer->begin([&](std::string failure) { outcome = std::move(failure); });
        EXPECT_TRUE(await(loop, [&] { return outcome.has_value(); }));
        return outcome.value_or("nothing");
    }
    Reply pull(const std::string& line, bool comes) {
        return Reply::chunked(200).chunk("{\"status\":\"Pulling\"}\r\n").chunk(line).wait(arrival(comes)).end();
    }
    Gate arrival(bool comes) {
        here = here || comes;
        Gate gate;
        gate.open();
        return gate;
    }

    runtime::Loop loop;
    ScriptedEngine engine{loop};
    EngineApi api{loop, engine_address(engine.host(), false, "")};
    std::unique_ptr<Asker> asker;
    std::unique_ptr<ImageBringer> bringer;
    bool here = false;
    std::vector<std::string> steps;
};

TEST_F(Pulls, a_missing_one_is_pulled_with_its_tag_and_platform) {
    engine.on("POST /images/create", [this](const auto&) { return pull("{\"status\":\"done\"}\r\n", true); });
    EXPECT_EQ(bring(PullPolicy::missing), "");
    EXPECT_EQ(engine.last("POST /images/create").query, "fromImage=app&tag=1&platform=linux%2Farm64");
    EXPECT_THAT(steps, ElementsAre("pull app:1"));
}

TEST_F(Pulls, it_is_made_with_the_credentials_of_dockers_config) {
    TemporaryConfig config{R"({"auths": {"https://index.docker.io/v1/": {"identitytoken": "t"}}})"};
    engine.on("POST /images/create", [this](const auto&) { return pull("{}\n", true); });
    EXPECT_EQ(bring(PullPolicy::missing), "");
    EXPECT_EQ(engine.last("POST /images/create").header("x-registry-auth"),
              registry_auth(docker_config(), "app:1").header);
    EXPECT_THAT(steps, ElementsAre("pull app:1"));
}

TEST_F(Pulls, where_a_helper_has_them_that_is_said_and_it_is_made_without) {
    TemporaryConfig config{R"({"credsStore": "pass"})"};
    engine.on("POST /images/create", [this](const auto&) { return pull("{}\n", true); });
    EXPECT_EQ(bring(PullPolicy::missing), "");
    EXPECT_EQ(engine.last("POST /images/create").header("x-registry-auth"), "");
    EXPECT_THAT(steps, ElementsAre("pull app:1", ::testing::StartsWith("what docker-credential-pass keeps")));
}

TEST_F(Pulls, an_error_in_the_stream_is_the_failure_although_the_status_was_200) {
    engine.on("POST /images/create", [this](const auto&) {
        return pull("{\"errorDetail\":{\"message\":\"manifest unknown\"},\"error\":\"manifest unknown\"}\r\n", false);
    });
    EXPECT_EQ(bring(PullPolicy::missing), "the image `app:1` cannot be pulled: manifest unknown");
}

TEST_F(Pulls, an_error_in_a_last_line_without_an_end_is_heard_as_well) {
    engine.on("POST /images/create",
              [this](const auto&) { return pull("{\"error\":\"no space left on device\"}", false); });
    EXPECT_EQ(bring(PullPolicy::missing), "the image `app:1` cannot be pulled: no space left on device");
}

TEST_F(Pulls, what_is_no_json_is_not_listened_to_and_the_engine_is_asked_what_it_has) {
    engine.on("POST /images/create", [this](const auto&) { return pull("\x80 no json {[[[\n{}\n", true); });
    EXPECT_EQ(bring(PullPolicy::missing), "");
}

TEST_F(Pulls, a_refusal_is_the_failure) {
    engine.on("POST /images/create", Reply::error(404, "pull access denied for app"));
    EXPECT_EQ(bring(PullPolicy::missing), "the image `app:1` cannot be pulled: pull access denied for app");
}

TEST_F(Pulls, one_that_breaks_off_is_begun_anew) {
    engine.once("POST /images/create", Reply::chunked(200).chunk("{\"status\":\"Pulling\"}\r\n").close());
    engine.once("POST /images/create", Reply::hang_up());
    engine.on("POST /images/create", [this](const auto&) { return pull("{\"status\":\"done\"}\r\n", true); });
    EXPECT_EQ(bring(PullPolicy::missing), "");
    EXPECT_EQ(engine.count("POST /images/create"), 3U);
    EXPECT_THAT(steps, ElementsAre("pull app:1"));
}

TEST_F(Pulls, one_that_breaks_off_each_time_is_given_up) {
    engine.on("POST /images/create", Reply::hang_up());
    EXPECT_THAT(bring(PullPolicy::missing), ::testing::StartsWith("the image `app:1` cannot be pulled: "));
    EXPECT_EQ(engine.count("POST /images/create"), 5U);
}

TEST_F(Pulls, with_always_a_failure_is_told_and_the_image_that_is_here_is_used) {
    here = true;
    engine.on("POST /images/create", Reply::error(500, "registry is down"));
    EXPECT_EQ(bring(PullPolicy::always), "");
    EXPECT_THAT(steps, ElementsAre("pull app:1",
                                   "the pull of app:1 failed (registry is down): the image that is here is used"));
}

TEST_F(Pulls, one_without_an_end_ends_when_it_is_given_up) {
    engine.on("POST /images/create", Reply::silence());
    std::vector<std::string> outcomes;
    ImageBringer stuck{*asker, {"app:1", "", PullPolicy::missing}, [](const std::string&) {}};
    stuck.begin([&](std::string failure) { outcomes.push_back(std::move(failure)); });
    ASSERT_TRUE(await(loop, [&] { return engine.count("POST /images/create") == 1; }));
    stuck.give_up("enough");
    settle(loop);
    EXPECT_THAT(outcomes, ElementsAre("enough"));
}

}  // namespace
}  // namespace keepwell::testing
