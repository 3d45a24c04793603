// Who a process runs as: "name", "name:group", "uid", "uid:gid" resolved to numbers.
// May know: the host's user database. It may block where that is on a network; it is asked only when a user is given.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "runtime/process/failure.hpp"

namespace keepwell::runtime {

struct Account {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< supplementary ones
    std::string name;           ///< empty for a number without an entry
    std::string home;           ///< empty for a number without an entry
};

/// A number without an entry needs a group beside it, as nothing says which one it has.
tl::expected<Account, LaunchFailure> resolve_account(const std::string& user);

}  // namespace keepwell::runtime
