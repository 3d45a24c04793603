// The accounts, one small file each in a folder. Stands for the database that a real service has.
// May know: std only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace accountservice {

class Store {
  public:
    /// Uses `folder`, made if need be, with a hundred accounts, 10000 to 10099, where they are missing.
    /// A folder that can not be had is no error here: reachable() says so.
    explicit Store(std::filesystem::path folder);

    /// Whether something can be written to the folder and read back, tried each time.
    bool reachable();

    /// The account as JSON; nullopt when there is none. `id` is digits only.
    std::optional<std::string> find(std::string_view id) const;

  private:
    std::filesystem::path folder_;
    unsigned long checks_ = 0;
};

}  // namespace accountservice
