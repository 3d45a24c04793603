// The image of a container that keepwell owns, brought here as its pull policy says.
// May know: asking, json_lines. Sources: moby api/server/router/image, pkg/jsonmessage; for the pull that fails:
// swarm's agent, which goes on with an image that is here (moby daemon/cluster/executor/container/adapter.go). Threads:
// the loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "keepwell/model/spec.hpp"
#include "runtime/docker/commands/asking.hpp"

namespace keepwell::runtime::docker {

/// "registry:5000/team/app:1.2" -> the name and what is pulled of it, "latest" where nothing is said: without one the
/// engine would pull every tag.
struct ImageName {
    std::string name;
    std::string tag;  ///< or a digest, "sha256:…"
};
ImageName image_name(std::string_view reference);

class ImageBringer {
  public:
    struct Wanted {
        std::string reference;
        std::string platform;  ///< empty: the engine's own
        PullPolicy policy = PullPolicy::missing;
    };
    /// `tell` gets a step for people.
    ImageBringer(Asker& asker, Wanted wanted, std::function<void(const std::string&)> tell);
    ~ImageBringer();

    /// Once; `done` gets an empty text, or why the image is not here.
    void begin(std::function<void(std::string failure)> done);
    /// A pull that is under way ends now; done with this text. Otherwise it ends soon by itself.
    void give_up(std::string why);

  private:
    class Pull;

    void pull();
    void pulled(const std::string& failure, bool broken);
    void look(std::function<void(bool here, std::string trouble)> then);

    Asker& asker_;
    const Wanted wanted_;
    const std::function<void(const std::string&)> tell_;
    std::function<void(std::string)> done_;
    std::unique_ptr<Pull> pull_;
    int pulls_ = 0;
};

}  // namespace keepwell::runtime::docker
