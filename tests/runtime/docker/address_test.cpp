// DOCKER_HOST and its companions.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "runtime/docker/api/engine_api.hpp"
#include "support/folder.hpp"

namespace keepwell::runtime::docker {
namespace {

std::string error_of(std::string_view host) { return engine_address(host, false, "").error; }

TEST(EngineAddresses, nothing_is_the_usual_socket) {
    for (const char* host : {"", "unix://"}) {
        const EngineAddress address = engine_address(host, false, "");
        EXPECT_EQ(address.socket, "/var/run/docker.sock");
        EXPECT_EQ(address.base_url, "http://engine");
        EXPECT_EQ(address.error, "");
    }
}

TEST(EngineAddresses, a_socket_is_a_path) {
    const EngineAddress address = engine_address("unix:///run/user/1000/podman/podman.sock", true, "/nowhere");
    EXPECT_EQ(address.socket, "/run/user/1000/podman/podman.sock");
    EXPECT_EQ(address.base_url, "http://engine");
    EXPECT_EQ(address.ca, "");
    EXPECT_EQ(address.error, "");
}

TEST(EngineAddresses, a_host_has_dockers_ports) {
    const auto url = [](std::string_view host, bool tls = false) {
        const EngineAddress address = engine_address(host, tls, "");
        EXPECT_EQ(address.error, "");
        EXPECT_EQ(address.socket, "");
        return address.base_url;
    };
    EXPECT_EQ(url("tcp://10.0.0.1:1234"), "http://10.0.0.1:1234");
    EXPECT_EQ(url("tcp://10.0.0.1:1234/"), "http://10.0.0.1:1234");
    EXPECT_EQ(url("tcp://docker"), "http://docker:2375");
    EXPECT_EQ(url("tcp://docker", true), "https://docker:2376");
    EXPECT_EQ(url("tcp://docker:2375", true), "https://docker:2375");
    EXPECT_EQ(url("tcp://[::1]"), "http://[::1]:2375");
    EXPECT_EQ(url("tcp://[::1]:99"), "http://[::1]:99");
    EXPECT_EQ(url("tcp://:99"), "http://localhost:99");
    EXPECT_EQ(url("tcp://"), "http://localhost:2375");
}

TEST(EngineAddresses, what_cannot_be_reached_is_said) {
    const std::string only = "keepwell reaches an engine by unix:///PATH or tcp://HOST:PORT only";
    EXPECT_EQ(error_of("npipe:////./pipe/docker_engine"), "DOCKER_HOST `npipe:////./pipe/docker_engine`: " + only);
    EXPECT_EQ(error_of("ssh://me@host"), "DOCKER_HOST `ssh://me@host`: " + only);
    EXPECT_EQ(error_of("fd://"), "DOCKER_HOST `fd://`: " + only);
    EXPECT_EQ(error_of("/var/run/docker.sock"), "DOCKER_HOST `/var/run/docker.sock`: " + only);
    EXPECT_EQ(error_of("localhost:2375"), "DOCKER_HOST `localhost:2375`: " + only);
    EXPECT_EQ(error_of("unix://docker.sock"),
              "DOCKER_HOST `unix://docker.sock`: the socket's path does not begin with /");
    const std::string long_path = "unix:///" + std::string(107, 'x');
    EXPECT_EQ(error_of(long_path), "DOCKER_HOST `" + long_path + "`: the socket's path is longer than 107 bytes");
    EXPECT_EQ(error_of("tcp://a/b"), "DOCKER_HOST `tcp://a/b`: not tcp://HOST:PORT");
    EXPECT_EQ(error_of("tcp://me@a"), "DOCKER_HOST `tcp://me@a`: not tcp://HOST:PORT");
    for (const char* host : {"tcp://a:b", "tcp://a:99999", "tcp://[::1", "tcp://a b", "tcp://a:-1"}) {
        EXPECT_NE(error_of(host), "") << host;
    }
}

/// A folder with certificates that are none.
class Certificates : public ::testing::Test {
  protected:
    Certificates() {
        for (const char* name : {"ca.pem", "cert.pem", "key.pem"}) std::ofstream{folder_ / name} << "pem";
    }
    testing::Folder folder_;
};

TEST_F(Certificates, they_are_taken_from_their_folder) {
    EngineAddress address = engine_address("tcp://docker", true, folder_.path());
    EXPECT_EQ(address.base_url, "https://docker:2376");
    EXPECT_EQ(address.ca, folder_ / "ca.pem");
    EXPECT_EQ(address.certificate, folder_ / "cert.pem");
    EXPECT_EQ(address.key, folder_ / "key.pem");
    EXPECT_TRUE(address.verify);
    EXPECT_EQ(address.error, "");
    EXPECT_EQ(engine_address("tcp://docker", true, folder_.path() + "/").ca, folder_ / "ca.pem");
}

TEST_F(Certificates, without_verifying_there_is_tls_and_nobody_to_trust) {
    std::filesystem::remove(folder_ / "ca.pem");
    const EngineAddress address = engine_address("tcp://docker", false, folder_.path());
    EXPECT_EQ(address.base_url, "https://docker:2376");
    EXPECT_EQ(address.ca, "");
    EXPECT_EQ(address.certificate, folder_ / "cert.pem");
    EXPECT_FALSE(address.verify);
    EXPECT_EQ(address.error, "");
}

TEST_F(Certificates, one_that_is_missing_is_named) {
    std::filesystem::remove(folder_ / "key.pem");
    EXPECT_EQ(engine_address("tcp://docker", true, folder_.path()).error,
              "DOCKER_CERT_PATH: cannot read " + (folder_ / "key.pem") + ": No such file or directory");
}

/// Variables of this process, while it lives.
class Variables {
  public:
    explicit Variables(const std::map<std::string, std::string>& values) {
        for (const char* name :
             {"DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION", "DOCKER_CONFIG", "HOME"}) {
            const char* value = ::getenv(name);
            if (value) before_[name] = value;
            ::unsetenv(name);
            names_.emplace_back(name);
        }
        for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
    }
    ~Variables() {
        for (const auto& name : names_) ::unsetenv(name.c_str());
        for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
    }
    Variables(const Variables&) = delete;
    Variables& operator=(const Variables&) = delete;

  private:
    std::vector<std::string> names_;
    std::map<std::string, std::string> before_;
};

TEST_F(Certificates, the_environment_says_where_the_engine_is) {
    {
        const Variables none{{}};
        EXPECT_EQ(engine_address_from_environment().socket, "/var/run/docker.sock");
        EXPECT_EQ(engine_address_from_environment().pinned_version, "");
    }
    {
        const Variables some{
            {{"DOCKER_HOST", "tcp://docker"}, {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", folder_.path()}}};
        EXPECT_EQ(engine_address_from_environment().base_url, "https://docker:2376");
        EXPECT_EQ(engine_address_from_environment().key, folder_ / "key.pem");
    }
    {
        const Variables usual{
            {{"DOCKER_HOST", "tcp://docker"}, {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CONFIG", folder_.path()}}};
        EXPECT_EQ(engine_address_from_environment().key, folder_ / "key.pem");
    }
    {
        const Variables system{{{"DOCKER_HOST", "tcp://docker"}, {"DOCKER_TLS_VERIFY", "1"}, {"HOME", "/nowhere"}}};
        EXPECT_EQ(engine_address_from_environment().base_url, "https://docker:2376");
        EXPECT_EQ(engine_address_from_environment().ca, "");
        EXPECT_EQ(engine_address_from_environment().error, "");
    }
}

TEST(EngineAddresses, a_pinned_version_is_one_that_keepwell_speaks) {
    const auto pinned = [](const std::string& version) {
        const Variables variables{{{"DOCKER_API_VERSION", version}}};
        return engine_address_from_environment();
    };
    EXPECT_EQ(pinned("1.41").pinned_version, "1.41");
    EXPECT_EQ(pinned("1.41").error, "");
    for (const char* version : {"1.39", "1.55", "1.24", "latest", "v1.41"}) {
        EXPECT_EQ(pinned(version).error,
                  "DOCKER_API_VERSION `" + std::string{version} + "`: keepwell speaks 1.40 to 1.54");
        EXPECT_EQ(pinned(version).pinned_version, "");
    }
}

TEST(UrlEncoding, whatever_means_something_in_a_url_is_encoded) {
    EXPECT_EQ(url_encode("shop-web_1.a~B9"), "shop-web_1.a~B9");
    EXPECT_EQ(url_encode(R"({"label":["a=b&c"]})"), "%7B%22label%22%3A%5B%22a%3Db%26c%22%5D%7D");
    EXPECT_EQ(url_encode("a/b?c#d e+f%"), "a%2Fb%3Fc%23d%20e%2Bf%25");
    EXPECT_EQ(url_encode(std::string_view{"\0\n\xff", 3}), "%00%0A%FF");
    EXPECT_EQ(url_encode("\u00e9"), "%C3%A9");
    EXPECT_EQ(url_encode(""), "");
}

}  // namespace
}  // namespace keepwell::runtime::docker
