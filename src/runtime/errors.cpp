// The one list of what we may lack, and glibc's texts in small letters.
#include "runtime/errors.hpp"

#include <sys/socket.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace keepwell::runtime {

bool is_our_lack(int error) {
    switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case ENOSPC:  // of epoll watches
        case EAGAIN: return true;
        default: return false;
    }
}

bool is_our_lack(int error, int family) { return is_our_lack(error) || (error == EADDRNOTAVAIL && family == AF_INET); }

std::string describe_error(int error) {
    const char* description = ::strerrordesc_np(error);
    std::string text = description ? description : "error " + std::to_string(error);
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

std::string describe_connect_error(int error, std::string_view host, std::uint16_t port) {
    std::string text = describe_error(error);
    const bool bracket = host.find(':') != std::string_view::npos;
    text.append(bracket ? " ([" : " (").append(host).append(bracket ? "]:" : ":");
    return text + std::to_string(port) + ')';
}

}  // namespace keepwell::runtime
