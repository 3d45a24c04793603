// Who goes down with a container, asked of the engine without inspecting every container each time: what ties two
// containers is fixed when they are created, so each is inspected once.
// May know: asking, dependants. Threads: the loop only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/docker/commands/asking.hpp"
#include "runtime/docker/json/dependants.hpp"

namespace keepwell::runtime::docker {

class Neighbours {
  public:
    explicit Neighbours(Asker& asker) : asker_(asker) {}

    /// The dependants of the container with this full id, as things are now. A container that depends on a dependant is
    /// not among them.
    void dependants(std::string id, std::function<void(std::vector<Dependant>)> done);

  private:
    /// Remembers the ties of these, and gives those of all that are listed, as dependants_of() reads them.
    std::vector<std::string> learn(const std::vector<ListedContainer>& all, const std::vector<Look>& looks);

    Asker& asker_;
    std::map<std::string, std::string> ties_;  ///< full id -> the members of inspect that tie it, as JSON
};

}  // namespace keepwell::runtime::docker
