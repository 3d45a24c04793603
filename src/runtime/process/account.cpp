// Who a process runs as. May know: the host's user database.
#include "runtime/process/account.hpp"

#include <grp.h>
#include <pwd.h>

#include <charconv>
#include <optional>

namespace keepwell::runtime {
namespace {

// Calls one of the getXXnam_r family with a buffer that is large enough. nullopt: no such entry.
template <typename Entry, typename Key, typename Get>
tl::expected<std::optional<Entry>, int> look_up(Get get, Key key, std::vector<char>& buffer) {
    buffer.resize(1024);
    for (;;) {
        Entry entry{};
        Entry* found = nullptr;
        const int error = get(key, &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        if (found != nullptr) return std::optional<Entry>(entry);
        const bool absent = error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
        if (!absent) return tl::unexpected(error);
        return std::optional<Entry>();
    }
}

std::optional<unsigned> number(const std::string& text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    constexpr auto nobody = static_cast<unsigned>(-1);  // the kernel takes it as "leave it as it is"
    if (error != std::errc() || end != text.data() + text.size() || value == nobody) return std::nullopt;
    return value;
}

tl::expected<gid_t, LaunchFailure> resolve_group(const std::string& group) {
    std::vector<char> buffer;
    const auto entry = look_up<struct group>(getgrnam_r, group.c_str(), buffer);
    if (!entry) return tl::unexpected(launch_failure("cannot look up group `" + group + "`", entry.error()));
    if (entry->has_value()) return (*entry)->gr_gid;
    if (const auto gid = number(group)) return *gid;
    return tl::unexpected(LaunchFailure{"unknown group `" + group + "`"});
}

std::vector<gid_t> supplementary_groups(const std::string& name, gid_t gid) {
    std::vector<gid_t> groups(32);
    int count = static_cast<int>(groups.size());
    if (getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        if (getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) count = 0;
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

// The account of a user without regard to a group that was named beside it; `has_group` tells whether one was.
tl::expected<Account, LaunchFailure> resolve_user(const std::string& user, bool has_group) {
    std::vector<char> buffer;
    auto entry = look_up<passwd>(getpwnam_r, user.c_str(), buffer);
    const auto uid = number(user);
    if (entry && !entry->has_value() && uid) entry = look_up<passwd>(getpwuid_r, *uid, buffer);
    if (!entry) return tl::unexpected(launch_failure("cannot look up user `" + user + "`", entry.error()));
    if (entry->has_value()) return Account{(*entry)->pw_uid, (*entry)->pw_gid, {}, (*entry)->pw_name, (*entry)->pw_dir};
    if (uid && has_group) return Account{*uid, 0, {}, {}, {}};
    if (uid)
        return tl::unexpected(LaunchFailure{"user `" + user + "` has no entry: give its group too, as in `UID:GID`"});
    return tl::unexpected(LaunchFailure{"unknown user `" + user + "`"});
}

}  // namespace

tl::expected<Account, LaunchFailure> resolve_account(const std::string& user) {
    const auto colon = user.find(':');
    const bool has_group = colon != std::string::npos;
    auto account = resolve_user(user.substr(0, colon), has_group);
    if (!account) return account;
    if (has_group) {
        const auto gid = resolve_group(user.substr(colon + 1));
        if (!gid) return tl::unexpected(gid.error());
        account->gid = *gid;
    }
    if (has_group || account->name.empty()) {
        account->groups = {account->gid};
    } else {
        account->groups = supplementary_groups(account->name, account->gid);
    }
    return account;
}

}  // namespace keepwell::runtime
