// The ContainerPort on a real engine, with names of the test's own.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/docker/port_world.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::testing {

class ContainerWorld final : public PortWorld {
  public:
    explicit ContainerWorld(std::string host = docker_host()) : host_(std::move(host)) {
        policy.name = sandbox.name("project");
    }
    ~ContainerWorld() override { containers.reset(); }  // before what it looks at is removed

    std::string name(const std::string& what) const override { return sandbox.name(what); }

    /// The life that the engine says the container has now.
    Instance life(const std::string& container) const {
        return {inspect(container, "{{.Id}}@{{.State.StartedAt}}"), 0};
    }
    std::string status(const std::string& what) const { return inspect(name(what), "{{.State.Status}}"); }
    /// What there is of the containers of this test, sorted: "web running, web.keepwell-old-… exited". Ids as "…".
    std::string there() const {
        std::string text =
            docker({"ps", "--all", "--filter", "name=" + sandbox.prefix(), "--format", "{{.Names}} {{.State}}"});
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            lines.push_back(plain(text.substr(at, end - at)));
            at = end + 1;
        }
        std::sort(lines.begin(), lines.end());
        std::string all;
        for (const auto& line : lines) all += (all.empty() ? "" : ", ") + line;
        return all;
    }
    /// Without the names' prefix as well.
    std::string plain(std::string text) const override {
        const std::string prefix = sandbox.prefix() + "-";
        for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
            text.erase(at, prefix.size());
        }
        return PortWorld::plain(std::move(text));
    }

    Sandbox sandbox;

  protected:
    std::string host() const override { return host_; }
    std::vector<std::pair<std::string, std::string>> labels() const override {
        return {{"keepwell.test", sandbox.prefix()}};
    }

  private:
    const std::string host_;
};

}  // namespace keepwell::testing
