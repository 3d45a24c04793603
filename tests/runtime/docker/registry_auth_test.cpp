// The credentials of config.json, as the engine is told them.
#include "runtime/docker/json/registry_auth.hpp"

#include <gtest/gtest.h>

namespace keepwell::runtime::docker {
namespace {

TEST(RegistryAuth, the_registry_is_the_first_part_where_that_is_a_host) {
    EXPECT_EQ(registry_of("redis"), "docker.io");
    EXPECT_EQ(registry_of("library/redis:7"), "docker.io");
    EXPECT_EQ(registry_of("docker.io/library/redis"), "docker.io");
    EXPECT_EQ(registry_of("index.docker.io/library/redis"), "docker.io");
    EXPECT_EQ(registry_of("registry.example/team/app"), "registry.example");
    EXPECT_EQ(registry_of("localhost/app"), "localhost");
    EXPECT_EQ(registry_of("registry:5000/app@sha256:abc"), "registry:5000");
}

// The texts are those of `base64 -w0 | tr +/ -_`.
TEST(RegistryAuth, what_docker_login_wrote_is_told_in_its_place) {
    const auto config = R"({"auths": {"https://index.docker.io/v1/": {"auth": "YW5uOnM6M2M/cmV0"},
                                      "registry:5000": {"auth": "Ym9iOm9wZW4="}}})";
    // {"password":"s:3c?ret","serveraddress":"https://index.docker.io/v1/","username":"ann"}
    EXPECT_EQ(registry_auth(config, "redis:7").header,
              "eyJwYXNzd29yZCI6InM6M2M_cmV0Iiwic2VydmVyYWRkcmVzcyI6Imh0dHBzOi8vaW5kZXguZG9ja2VyLmlvL3YxLyIsInVzZXJuYW1l"
              "IjoiYW5uIn0=");
    // {"password":"open","serveraddress":"registry:5000","username":"bob"}
    EXPECT_EQ(registry_auth(config, "registry:5000/app").header,
              "eyJwYXNzd29yZCI6Im9wZW4iLCJzZXJ2ZXJhZGRyZXNzIjoicmVnaXN0cnk6NTAwMCIsInVzZXJuYW1lIjoiYm9iIn0=");
    EXPECT_EQ(registry_auth(config, "registry:5000/app").complaint, "");
}

TEST(RegistryAuth, an_identity_token_is_told_instead_of_a_password) {
    const auto config = R"({"auths": {"registry.example": {"auth": "Ym9iOg==", "identitytoken": "t"}}})";
    // {"identitytoken":"t","serveraddress":"registry.example"}
    EXPECT_EQ(registry_auth(config, "registry.example/app").header,
              "eyJpZGVudGl0eXRva2VuIjoidCIsInNlcnZlcmFkZHJlc3MiOiJyZWdpc3RyeS5leGFtcGxlIn0=");
}

TEST(RegistryAuth, of_another_registry_nothing_is_told) {
    EXPECT_EQ(registry_auth(R"({"auths": {"registry.example": {"auth": "Ym9iOm9wZW4="}}})", "redis").header, "");
    EXPECT_EQ(registry_auth(R"({"auths": {"registry.example": {}}})", "registry.example/app").header, "");
    EXPECT_EQ(registry_auth("", "redis").header, "");
    EXPECT_EQ(registry_auth("", "redis").complaint, "");
}

TEST(RegistryAuth, what_a_helper_keeps_is_not_asked_for_and_that_is_said) {
    const auto config = R"({"credHelpers": {"registry.example": "ecr-login"}})";
    EXPECT_EQ(registry_auth(config, "registry.example/app").complaint,
              "what docker-credential-ecr-login keeps for registry.example is not asked for: put it into `auths` of "
              "docker's config.json");
    EXPECT_EQ(registry_auth(config, "redis").complaint, "");
    EXPECT_EQ(
        registry_auth(R"({"auths": {"https://index.docker.io/v1/": {}}, "credsStore": "pass"})", "redis").complaint,
        "what docker-credential-pass keeps for docker.io is not asked for: put it into `auths` of docker's "
        "config.json");
}

TEST(RegistryAuth, nonsense_is_said_to_be_such) {
    EXPECT_NE(registry_auth("{", "redis").complaint.find("docker's config.json can not be read"), std::string::npos);
    EXPECT_EQ(registry_auth(R"({"auths": {"docker.io": {"auth": "!"}}})", "redis").header, "");
    EXPECT_EQ(registry_auth(R"({"auths": [], "credHelpers": 1, "credsStore": {}})", "redis").complaint, "");
}

}  // namespace
}  // namespace keepwell::runtime::docker
