// libcurl's easy interface over CURLOPT_UNIX_SOCKET_PATH.
#include "cli/client.hpp"

#include <curl/curl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/exit_codes.hpp"
#include "cli/places.hpp"

namespace keepwell::cli {

struct Client::Transfer {
    std::function<bool(std::string_view)> take;
    std::optional<Time> until;
    CURL* handle = nullptr;
    std::string error_body;     ///< of an answer that is not good
    bool stopped = false;       ///< take() wanted no more
    std::exception_ptr thrown;  ///< by take(); may not pass through libcurl

    /// As CURLOPT_WRITEFUNCTION asks for it; `data` is a Transfer.
    static std::size_t receive(char* bytes, std::size_t, std::size_t size, void* data);
};

namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
constexpr long patience_seconds = 60;

Failure failure_of(long status, const std::string& body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    const bool readable = json.is_object() && json.contains("error") && json["error"].is_string();
    const std::string text = readable ? json["error"].get<std::string>() : "HTTP " + std::to_string(status);
    const bool no_target = readable && json.contains("code") && json["code"] == "no_such_target";
    return {no_target ? exit_no_target : exit_failure, text};
}

/// Not 0, which would be no limit.
long milliseconds_until(Client::Time time) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - std::chrono::steady_clock::now()).count();
    return static_cast<long>(std::clamp<std::int64_t>(left, 1, std::numeric_limits<int>::max()));
}

/// A type from the C library's variadic setter: the value is passed as it is.
template <typename Value>
void set(const Handle& handle, CURLoption option, Value value) {
    curl_easy_setopt(handle.get(), option, value);
}

}  // namespace

/// Tells the reasons apart why nobody can be spoken with; libcurl has one word for all of them.
std::optional<Failure> Client::reach() const {
    const std::string shared = check_shared_folder(socket_, false);
    if (!shared.empty()) return Failure{exit_not_permitted, shared};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) return Failure{exit_usage, "the path is too long: " + socket_};
    std::memcpy(address.sun_path, socket_.c_str(), socket_.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return Failure{exit_failure, std::string{"cannot make a socket: "} + std::strerror(errno)};
    const int connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = connected == 0 ? 0 : errno;
    ::close(fd);
    if (error == 0) return std::nullopt;
    if (error == EACCES || error == EPERM) {
        return Failure{exit_not_permitted, "not permitted to use " + socket_ + ": it belongs to another user"};
    }
    return Failure{exit_not_running, "no keepwell is running on " + socket_ + " (" + std::strerror(error) +
                                         "); start one with `keepwell run FILE`, or name another --socket"};
}

std::size_t Client::Transfer::receive(char* bytes, std::size_t, std::size_t size, void* data) {
    auto* to = static_cast<Transfer*>(data);
    long status = 0;
    curl_easy_getinfo(to->handle, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) {
        to->error_body.append(bytes, size);
        return size;
    }
    try {
        to->stopped = !to->take({bytes, size});
    } catch (...) {
        to->thrown = std::current_exception();
    }
    return to->stopped || to->thrown ? 0 : size;
}

tl::expected<bool, Failure> Client::perform(const char* method, const std::string& path, Transfer& transfer) const {
    if (const auto unreachable = reach()) return tl::unexpected(*unreachable);
    const Handle handle{curl_easy_init(), &curl_easy_cleanup};
    if (!handle) return tl::unexpected(Failure{exit_failure, "out of memory"});
    transfer.handle = handle.get();
    const std::string url = "http://keepwell" + path;
    set(handle, CURLOPT_URL, url.c_str());
    set(handle, CURLOPT_CUSTOMREQUEST, method);
    set(handle, CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
    set(handle, CURLOPT_PROXY, "");
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_CONNECTTIMEOUT, patience_seconds);
    if (transfer.until) set(handle, CURLOPT_TIMEOUT_MS, milliseconds_until(*transfer.until));
    set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
    set(handle, CURLOPT_WRITEFUNCTION, &Transfer::receive);
    const CURLcode code = curl_easy_perform(handle.get());
    if (transfer.thrown) std::rethrow_exception(transfer.thrown);
    if (transfer.stopped) return false;
    if (transfer.until && code == CURLE_OPERATION_TIMEDOUT) return true;
    if (code != CURLE_OK) {
        return tl::unexpected(
            Failure{exit_not_running, "the keepwell on " + socket_ + " went away: " + curl_easy_strerror(code)});
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300) return tl::unexpected(failure_of(status, transfer.error_body));
    return false;
}

tl::expected<bool, Failure> Client::stream(const std::string& path, const std::function<bool(std::string_view)>& take,
                                           std::optional<Time> until) const {
    Transfer transfer;
    transfer.take = take;
    transfer.until = until;
    return perform("GET", path, transfer);
}

namespace {

std::function<bool(std::string_view)> into(std::string& body) {
    return [&body](std::string_view bytes) {
        body.append(bytes);
        return true;
    };
}

}  // namespace

tl::expected<std::string, Failure> Client::get(const std::string& path) const {
    std::string body;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{patience_seconds};
    const auto done = stream(path, into(body), until);
    if (!done) return tl::unexpected(done.error());
    if (*done) return tl::unexpected(Failure{exit_failure, "the keepwell on " + socket_ + " gives no answer"});
    return body;
}

tl::expected<std::string, Failure> Client::post(const std::string& path) const {
    std::string body;
    Transfer transfer;
    transfer.take = into(body);
    transfer.until = std::chrono::steady_clock::now() + std::chrono::seconds{patience_seconds};
    const auto done = perform("POST", path, transfer);
    if (!done) return tl::unexpected(done.error());
    if (*done) return tl::unexpected(Failure{exit_failure, "the keepwell on " + socket_ + " gives no answer"});
    return body;
}

tl::expected<nlohmann::ordered_json, Failure> Client::get_json(const std::string& path) const {
    const auto body = get(path);
    if (!body) return tl::unexpected(body.error());
    auto json = nlohmann::ordered_json::parse(*body, nullptr, false);
    if (json.is_object()) return json;
    return tl::unexpected(Failure{exit_failure, "what answers on " + socket_ + " is not a keepwell"});
}

std::string escape(std::string_view text) {
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~*";
    std::string escaped;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            escaped += c;
            continue;
        }
        char hex[8];
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        escaped += hex;
    }
    return escaped;
}

bool Lines::feed(std::string_view bytes, const std::function<bool(std::string_view)>& take) {
    rest_.append(bytes);
    std::size_t begin = 0;
    bool wanted = true;
    for (std::size_t end = rest_.find('\n'); wanted && end != std::string::npos; end = rest_.find('\n', begin)) {
        wanted = take(std::string_view{rest_}.substr(begin, end - begin));
        begin = end + 1;
    }
    rest_.erase(0, begin);
    return wanted;
}

}  // namespace keepwell::cli
