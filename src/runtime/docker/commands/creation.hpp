// Makes a container, but does not start it: from a body that is ready, or from an entry of the policy with all that it
// needs (its image, networks that are missing).
// May know: workplace, create_body, images. Source: compose pkg/compose/create.go.
// Threads: the loop only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/docker/commands/images.hpp"
#include "runtime/docker/commands/steps.hpp"
#include "runtime/docker/commands/workplace.hpp"
#include "runtime/docker/json/create_body.hpp"
#include "runtime/docker/json/replica.hpp"

namespace keepwell::runtime::docker {

/// A request to create, from a replica or an entry.
struct NewContainer {
    std::string name;
    std::string platform;
    std::string body;
    std::vector<Connection> connections;
    std::vector<std::string> warnings;

    static NewContainer from(Replica replica);
    static NewContainer from(CreateRequest request);
};

/// The networks that it will be on, with what is configured of each: those of the body and of its connections.
std::vector<Connection> endpoints_of(const NewContainer& container);
/// The same container, on the same networks, where nobody finds it by an alias.
NewContainer without_aliases(NewContainer container);

/// Creates it and connects it. Where anything of that fails nothing is left of it. `is_ours` tells it from a stranger
/// of the same name where the engine's answer was lost.
void create_container(Workplace& place, NewContainer container, std::function<bool(const Look&)> is_ours,
                      std::function<void(Look, std::string failure)> done);

/// Reads the entry of a target, and makes sure that its image and networks are here.
class EntryReader {
  public:
    using Done = std::function<void(NewContainer, std::string failure)>;

    /// `name`: empty for the entry's own.
    EntryReader(Workplace& place, const TargetSpec& target, std::string name,
                std::function<void(const std::string&)> tell);
    /// Once.
    void begin(Done done);
    /// A pull that is under way ends now, and with it this.
    void give_up(std::string why) {
        if (image_) image_->give_up(std::move(why));
    }
    /// Only reads it: no image is pulled and no network made.
    void read(Done done);

  private:
    void check(const std::string& what, const std::string& path, const std::string& name);
    void add_network(const NetworkAttachment& network);
    void find_shared(const std::string& mode, std::string& id);
    std::string container_of_service(const std::string& service) const;
    void finish(const std::string& failure);

    Workplace& place_;
    const TargetSpec& target_;
    const std::function<void(const std::string&)> tell_;
    CreateContext context_;
    std::unique_ptr<ImageBringer> image_;
    Steps steps_;
    Done done_;
};

/// Volumes without a name go from the old container to the new one, where the new one has such a volume at the same
/// place (compose pkg/compose/create.go#buildContainerMountOptions). `image`: inspect of the new one's image.
NewContainer with_volumes(NewContainer container, const std::vector<CarriedVolume>& volumes, std::string_view image);

/// It is the target's, by its labels.
bool is_target_of(const ContainerView& view, const TargetSpec& target);
/// It was made from the entry as it is now.
bool is_current(const ContainerView& view, const Policy& policy, const TargetSpec& target);

/// "web.1", whatever the target is called now: what its predecessor is kept under.
std::string slot_key(const TargetSpec& target);
/// The container that the last update of this slot has replaced, as it was then.
std::optional<Look> previous_of(const Workplace& place, const TargetSpec& target);

}  // namespace keepwell::runtime::docker
