// What an update has replaced, so that it can be taken back: the inspect of each old container, by target. Kept in a
// folder, because the next keepwell may be the one that takes the update back; without one in memory only.
// It does not know when an update begins or ends: what is kept is overwritten by the next one.
// May know: std and the file system. Threads: the loop only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace keepwell::runtime::docker {

class Predecessors {
  public:
    /// `log` is told what can not be written. The folder is made when it is needed, for keepwell's user alone: an
    /// inspect shows a container's environment.
    Predecessors(std::string folder, std::function<void(const std::string&)> log);

    void keep(const std::string& target, std::string inspect);
    /// Nothing where none is known.
    std::optional<std::string> find(const std::string& target) const;
    void drop(const std::string& target);

  private:
    std::string path_of(const std::string& target) const { return folder_ + "/" + target + ".json"; }

    const std::string folder_;
    const std::function<void(const std::string&)> log_;
    std::map<std::string, std::string> known_;
};

}  // namespace keepwell::runtime::docker
