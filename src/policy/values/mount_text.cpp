// Compose's short form of mounts.
#include "policy/values/mount_text.hpp"

#include <algorithm>
#include <vector>

#include "policy/document/text.hpp"
#include "policy/values/quantities.hpp"

namespace keepwell::policy {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0;;) {
        const auto end = std::min(text.find(separator, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        if (end == text.size()) return parts;
        begin = end + 1;
    }
}

bool is_one_of(std::string_view word, const std::vector<std::string_view>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// What is wrong with the option; nothing, when it was taken.
std::string take_volume_option(std::string_view option, Mount& mount) {
    const bool bind = mount.type == Mount::Type::bind;
    if (option == "ro" || option == "rw") {
        mount.read_only = option == "ro";
    } else if (option == "nocopy" || option == "volume-nocopy") {
        if (bind) return quote(option) + " is an option of volumes, and this is a path of the host";
        mount.nocopy = true;
    } else if (option == "z" || option == "Z") {
        if (bind) mount.selinux = option;  // Compose: of no effect on a volume
    } else if (is_propagation(option)) {
        if (!bind) return quote(option) + " is an option of paths, and this is a volume";
        mount.propagation = option;
    } else if (!is_one_of(option, {"cached", "delegated", "consistent"})) {  // of no effect on Linux
        return "unknown option " + quote(option) + did_you_mean(option, {"ro", "rw", "nocopy", "z", "Z", "rshared"});
    }
    return {};
}

std::string take_tmpfs_option(std::string_view option, Mount& mount) {
    const auto equals = std::min(option.find('='), option.size());
    const auto key = option.substr(0, equals);
    const auto value = option.substr(std::min(equals + 1, option.size()));
    if (key == "size") {
        const auto size = parse_size(value);
        if (!size) return size.error();
        mount.tmpfs_size = *size;
    } else if (key == "mode") {
        const auto mode = parse_file_mode(value);
        if (!mode) return mode.error();
        mount.tmpfs_mode = *mode;
    } else if (option == "ro" || option == "rw") {
        mount.read_only = option == "ro";
    } else if (!is_one_of(option, {"noexec", "nosuid", "nodev"})) {  // what a tmpfs of a container is anyway
        return "the option " + quote(option) + " of a tmpfs is not supported; `size=` and `mode=` are";
    }
    return {};
}

using TakeOption = std::string (*)(std::string_view, Mount&);

tl::expected<Mount, std::string> with_options(Mount mount, std::string_view options, TakeOption take) {
    for (const auto option : split(options, ',')) {
        auto wrong = take(option, mount);
        if (!wrong.empty()) return tl::unexpected(std::move(wrong));
    }
    return mount;
}

}  // namespace

bool is_propagation(std::string_view word) {
    return is_one_of(word, {"rprivate", "private", "rshared", "shared", "rslave", "slave"});
}

tl::expected<std::uint32_t, std::string> parse_file_mode(std::string_view text) {
    auto digits = text.substr(0, 2) == "0o" ? text.substr(2) : text;
    if (digits.size() == 5 && digits[0] == '0') digits = digits.substr(1);
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    if (digits.size() < 3 || digits.size() > 4 || !std::all_of(digits.begin(), digits.end(), is_octal)) {
        return tl::unexpected(quote(text) + " is not the mode of a folder; one is written like `1777`");
    }
    return static_cast<std::uint32_t>(std::stoul(std::string{digits}, nullptr, 8));
}

tl::expected<Mount, std::string> parse_volume(std::string_view text) {
    const auto parts = split(text, ':');
    if (std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); })) {
        return tl::unexpected<std::string>("a part of " + quote(text) + " is empty");
    }
    if (parts.size() > 3) return tl::unexpected<std::string>("too many colons in " + quote(text));
    Mount mount;
    mount.target = parts[parts.size() == 1 ? 0 : 1];
    if (parts.size() == 1) return mount;
    mount.source = parts[0];
    const bool is_path = std::string_view{"./~"}.find(mount.source[0]) != std::string_view::npos;
    mount.type = is_path ? Mount::Type::bind : Mount::Type::volume;
    return parts.size() == 3 ? with_options(std::move(mount), parts[2], take_volume_option) : mount;
}

tl::expected<Mount, std::string> parse_tmpfs(std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    Mount mount;
    mount.type = Mount::Type::tmpfs;
    mount.target = text.substr(0, colon);
    return colon == text.size() ? mount : with_options(std::move(mount), text.substr(colon + 1), take_tmpfs_option);
}

}  // namespace keepwell::policy
