// keepwell-ping: one question to each URL; exit 0 when all of them answer well, 1 when one does not, 2 for misuse.
// Small and static, so that it can be put into any image as the client of its HEALTHCHECK. It knows nothing of the rest
// of keepwell: no curl, no Asio, no exceptions, no allocation.
#include <cerrno>
#include <cstring>

#include "ping/clock.hpp"
#include "ping/names.hpp"
#include "ping/place.hpp"
#include "ping/socket.hpp"
#include "ping/text.hpp"

namespace keepwell::ping {
namespace {

constexpr std::string_view usage =
    "usage: keepwell-ping [-t|--timeout 3s] [-q|--quiet] URL...\n"
    "  http://HOST[:PORT][/PATH]  passes when the status is 200 to 399\n"
    "  tcp://HOST:PORT            passes when a connection is accepted\n"
    "  unix:///SOCKET[:/PATH]     the same two on a unix socket\n"
    "exit: 0 every URL passed, 1 one of them did not, 2 wrong use\n";

constexpr std::uint32_t default_timeout = 3000;  // ms, for each URL

using Line = Text<1023>;

struct Answer {
    bool passed = false;
    Line text;
};

void say(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void fail(Answer& answer, std::string_view why) { answer.text.add(why); }

void fail_with_errno(Answer& answer, int error) {
    const char* description = ::strerrordesc_np(error);
    if (error == EAGAIN || error == ETIMEDOUT) return fail(answer, "timed out");
    answer.text.add(description ? description : "failed");
}

/// 0, or the errno that says why there is no connection; ETIMEDOUT when the time is over.
int connect_within(const Socket& socket, const Endpoint& endpoint, const Deadline& deadline) {
    if (!socket.valid()) return errno;
    if (::connect(socket.get(), endpoint.get(), endpoint.size()) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!deadline.wait(socket.get(), POLLOUT)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

bool send_all(const Socket& socket, std::string_view bytes, const Deadline& deadline) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && (errno != EAGAIN || !deadline.wait(socket.get(), POLLOUT))) return false;
        if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// The three digits after "HTTP/1.x "; 0: that is no answer of HTTP.
unsigned status_of(std::string_view head) {
    if (head.size() < 12 || head.substr(0, 7) != "HTTP/1." || head[8] != ' ') return 0;
    unsigned status = 0;
    for (const char digit : head.substr(9, 3)) {
        if (digit < '0' || digit > '9') return 0;
        status = status * 10 + static_cast<unsigned>(digit - '0');
    }
    return status;
}

void ask_http(const Socket& socket, const Place& place, const Deadline& deadline, Answer& answer) {
    Text<4095> request;
    request.add("GET ").add(place.http_path).add(" HTTP/1.1\r\nHost: ").add(place.authority);
    request.add("\r\nUser-Agent: keepwell-ping\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    if (request.full()) return fail(answer, "the URL is too long");
    if (!send_all(socket, request.view(), deadline)) return fail_with_errno(answer, errno);
    char head[12];
    std::size_t size = 0;
    while (size < sizeof head) {
        if (!deadline.wait(socket.get(), POLLIN)) return fail(answer, "timed out");
        const ssize_t count = ::recv(socket.get(), head + size, sizeof head - size, 0);
        if (count < 0 && errno == EAGAIN) continue;
        if (count < 0) return fail_with_errno(answer, errno);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size == 0) return fail(answer, "closed without an answer");
    const unsigned status = status_of({head, size});
    if (status == 0) return fail(answer, "the answer is no HTTP");
    answer.passed = status >= 200 && status <= 399;
    answer.text.add("HTTP ").add_number(status);
}

/// Connects and asks. Not 0: the errno that says why there is no connection; another address may be tried.
int try_endpoint(const Place& place, const Endpoint& endpoint, const Deadline& deadline, Answer& answer) {
    const Socket socket{::socket(endpoint.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (const int error = connect_within(socket, endpoint, deadline)) return error;
    if (!place.http_path.empty()) {
        ask_http(socket, place, deadline, answer);
        return 0;
    }
    answer.passed = true;
    answer.text.add("connected");
    return 0;
}

void ask_unix(const Place& place, const Deadline& deadline, Answer& answer) {
    const Endpoint endpoint{place.socket_path};
    if (!endpoint.valid()) return fail(answer, "the path of the socket is too long");
    if (const int error = try_endpoint(place, endpoint, deadline, answer)) fail_with_errno(answer, error);
}

void ask_host(const Place& place, const Deadline& deadline, Answer& answer) {
    Addresses addresses;
    if (!resolve(place.host, deadline, addresses)) return fail(answer, "no such host");
    int error = 0;
    for (std::size_t i = 0; i < addresses.count; ++i) {
        error = try_endpoint(place, Endpoint{addresses.list[i], place.port}, deadline, answer);
        if (error == 0) return;
    }
    fail_with_errno(answer, error);
}

bool ask(std::string_view url, const Place& place, std::uint32_t timeout, bool quiet) {
    Answer answer;
    answer.text.add(url).add(": ");
    const Deadline deadline{timeout};
    place.host.empty() ? ask_unix(place, deadline, answer) : ask_host(place, deadline, answer);
    answer.text.add("\n");
    if (!answer.passed || !quiet) say(answer.passed ? STDOUT_FILENO : STDERR_FILENO, answer.text.view());
    return answer.passed;
}

int misused(std::string_view what, std::string_view why) {
    Line line;
    say(STDERR_FILENO, line.add("keepwell-ping: ").add(what).add(": ").add(why).add("\n").view());
    return 2;
}

struct Options {
    std::uint32_t timeout = default_timeout;
    bool quiet = false;
    int first_url = 0;
    int exit_code = -1;  ///< not -1: end here
};

Options parse_options(int count, char** words) {
    Options options;
    int at = 1;
    for (; at < count && words[at][0] == '-' && options.exit_code == -1; ++at) {
        const std::string_view word = words[at];
        if (word == "--") {
            ++at;
            break;
        }
        if (word == "-q" || word == "--quiet") {
            options.quiet = true;
        } else if (word == "-t" || word == "--timeout") {
            const char* value = ++at < count ? words[at] : "";
            options.timeout = parse_timeout(value);
            if (options.timeout == 0) options.exit_code = misused(value, "not a timeout such as 3s or 500ms");
        } else if (word == "-h" || word == "--help") {
            say(STDOUT_FILENO, usage);
            options.exit_code = 0;
        } else {
            options.exit_code = misused(word, "no such option");
        }
    }
    options.first_url = at;
    return options;
}

int run(int count, char** words) {
    const Options options = parse_options(count, words);
    if (options.exit_code != -1) return options.exit_code;
    if (options.first_url >= count) {
        say(STDERR_FILENO, usage);
        return 2;
    }
    for (int i = options.first_url; i < count; ++i) {
        const Place place = parse_place(words[i]);
        if (place.error) return misused(words[i], place.error);
    }
    bool passed = true;
    for (int i = options.first_url; i < count; ++i) {
        passed = ask(words[i], parse_place(words[i]), options.timeout, options.quiet) && passed;
    }
    return passed ? 0 : 1;
}

}  // namespace
}  // namespace keepwell::ping

int main(int count, char** words) { return keepwell::ping::run(count, words); }
