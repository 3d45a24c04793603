// Who gets the control socket, and what the others are told.
#include "control/socket_claim.hpp"
#include "support/folder.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace keepwell::control {
namespace {

using testing::add_content;
using testing::Folder;

/// A listening socket that nobody serves.
int listen_on(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd, 1), 0);
    return fd;
}

bool exists(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

struct SocketClaimTest : ::testing::Test {
    Folder folder;
    std::string path = folder / "keepwell.sock";
};

TEST_F(SocketClaimTest, makes_the_folder_and_a_socket_for_its_owner_alone) {
    const std::string deep = folder / "a/b/keepwell.sock";
    const auto claim = SocketClaim::take(deep);
    ASSERT_TRUE(claim) << claim.error();
    struct stat info {};
    ASSERT_EQ(::stat(deep.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    ASSERT_EQ(::stat((folder / "a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 022, 0u);
}

TEST_F(SocketClaimTest, leaves_nothing_behind) {
    { ASSERT_TRUE(SocketClaim::take(path)); }
    EXPECT_FALSE(exists(path));
    EXPECT_FALSE(exists(path + ".lock"));
}

TEST_F(SocketClaimTest, second_one_is_refused_and_told_who_has_it) {
    const auto first = SocketClaim::take(path);
    const auto second = SocketClaim::take(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), "another keepwell (pid " + std::to_string(::getpid()) + ") is running on " + path +
                                  "; stop it first, or give this one its own --socket and --journal");
    EXPECT_TRUE(exists(path));
}

TEST_F(SocketClaimTest, somebody_who_listens_without_our_lock_is_left_alone) {
    const int other = listen_on(path);
    const auto claim = SocketClaim::take(path);
    ASSERT_FALSE(claim);
    EXPECT_NE(claim.error().find("pid " + std::to_string(::getpid())), std::string::npos) << claim.error();
    EXPECT_TRUE(exists(path));
    ::close(other);
}

TEST_F(SocketClaimTest, stale_socket_is_taken_over) {
    ::close(listen_on(path));
    add_content(path + ".lock", "999999\n");
    ASSERT_TRUE(exists(path));
    const auto claim = SocketClaim::take(path);
    ASSERT_TRUE(claim) << claim.error();
    EXPECT_GE((*claim)->release_listener(), 0);
}

TEST_F(SocketClaimTest, file_that_is_no_socket_is_left_alone) {
    add_content(path, "precious");
    const auto claim = SocketClaim::take(path);
    ASSERT_FALSE(claim);
    EXPECT_EQ(claim.error(), path + " exists and is not a socket; it is left alone");
    EXPECT_TRUE(exists(path));
}

TEST_F(SocketClaimTest, socket_that_became_somebody_elses_is_not_removed) {
    auto claim = SocketClaim::take(path);
    ASSERT_TRUE(claim);
    ASSERT_EQ(::unlink(path.c_str()), 0);
    const int other = listen_on(path);
    claim->reset();
    EXPECT_TRUE(exists(path));
    ::close(other);
}

TEST_F(SocketClaimTest, path_that_is_too_long_is_refused) {
    const auto claim = SocketClaim::take(folder / std::string(200, 'x'));
    ASSERT_FALSE(claim);
    EXPECT_EQ(claim.error().find("the path of the control socket must have 1 to 107 bytes: "), 0u);
}

TEST_F(SocketClaimTest, folder_that_can_not_be_made_is_named) {
    add_content(folder / "file", "x");
    const auto claim = SocketClaim::take(folder / "file/sub/keepwell.sock");
    ASSERT_FALSE(claim);
    EXPECT_EQ(claim.error(), "cannot make " + (folder / "file/sub") + ": Not a directory");
}

}  // namespace
}  // namespace keepwell::control
