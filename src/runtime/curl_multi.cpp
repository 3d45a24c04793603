// The glue between libcurl's multi socket interface and Asio. The rules that keep it sound: Asio watches a duplicate of
// each of curl's sockets, which is ours from open to close; a wait that is armed stays armed over curl's callbacks; the
// timer is lazy; curl is never called from inside one of its own callbacks.
#include "runtime/curl_multi.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <unordered_map>

#include "runtime/errors.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime {
namespace asio = boost::asio;
namespace {

/// More header than this is an attack or a mistake, and curl would keep all of it.
constexpr std::size_t max_header = 256 * 1024;

/// Connections that stay open for later requests; those in use are counted as well.
constexpr long most_kept = 16;

struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

void initialise_once() {
    static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    static_cast<void>(done);
}

/// False when there is no memory for it.
bool append(List& list, const std::string& text) {
    curl_slist* longer = curl_slist_append(list.get(), text.c_str());
    if (!longer) return false;
    static_cast<void>(list.release());
    list.reset(longer);
    return true;
}

long milliseconds(Duration duration) {
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
    return static_cast<long>(std::clamp<std::int64_t>(rounded, 1, INT_MAX));  // curl takes no more
}

}  // namespace

UrlPlace place_of(const std::string& url) {
    initialise_once();
    const std::unique_ptr<CURLU, FreeUrl> parsed{curl_url()};
    if (!parsed) return {{}, 0, "out of memory"};
    if (const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0)) {
        return {{}, 0, curl_url_strerror(code)};
    }
    const auto part = [&](CURLUPart which, unsigned flags) {
        char* text = nullptr;
        const CURLUcode code = curl_url_get(parsed.get(), which, &text, flags);
        const std::unique_ptr<char, FreeText> owned{text};
        return code == CURLUE_OK ? std::string{text} : std::string{};
    };
    const std::string scheme = part(CURLUPART_SCHEME, 0);
    if (scheme != "http" && scheme != "https") return {{}, 0, "not http or https"};
    UrlPlace place{part(CURLUPART_HOST, CURLU_PUNYCODE), 0, {}};
    if (place.host.empty()) return {{}, 0, "no host in it"};
    if (place.host.front() == '[') place.host = place.host.substr(1, place.host.size() - 2);
    const std::string port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
    std::from_chars(port.data(), port.data() + port.size(), place.port);
    return place;
}

/// One of curl's sockets: our duplicate of it, and what curl waits for.
struct Watcher {
    explicit Watcher(asio::io_context& context) : descriptor(context) {}

    asio::posix::stream_descriptor descriptor;
    int interest = 0;  ///< of CURL_POLL_IN and CURL_POLL_OUT
    bool waiting_in = false;
    bool waiting_out = false;
    /// The handle that it was opened for. Null when curl opened it without asking, and when another one uses it now.
    const CURL* opened_for = nullptr;
    bool gone = false;  ///< no longer curl's: a wait that still ends is ignored
};

class CurlTransfer;

class CurlMulti::Impl {
  public:
    explicit Impl(Loop& loop);
    ~Impl();

    CURLM* multi() const { return multi_.get(); }
    Loop& loop() { return loop_; }
    void prepare(CurlTransfer& transfer);
    /// The transfer is over: what was opened for it is watched no more.
    void forget(curl_socket_t socket, const CURL* easy);
    /// The transfer has something to tell, once curl has returned; it must take it back before it goes.
    void has_news(CurlTransfer& transfer) { news_.push_back(&transfer); }
    void has_none(CurlTransfer& transfer) { std::erase(news_, &transfer); }

  private:
    using Watch = std::shared_ptr<Watcher>;

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void*);
    static int on_timer(CURLM*, long ms, void* self);
    static curl_socket_t on_open(void* transfer, curlsocktype, curl_sockaddr* address);
    static int on_close(void* self, curl_socket_t socket);

    int watch(curl_socket_t socket, const CURL* opened_for);
    void drop(curl_socket_t socket);
    void arm(curl_socket_t socket, const Watch& watcher);
    void wait(curl_socket_t socket, const Watch& watcher, asio::posix::descriptor_base::wait_type type, int poll,
              bool& waiting);
    void act(curl_socket_t socket, int flags);
    void kick();

    Loop& loop_;
    Timer timer_;
    std::unordered_map<curl_socket_t, Watch> watchers_;
    std::vector<CurlTransfer*> news_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool kicked_ = false;
    std::unique_ptr<CURLM, FreeMulti> multi_;  ///< first to go: its end still calls back
};

/// A request, its easy handle, and all that the handle points to.
class CurlTransfer final : public CurlMulti::Transfer {
  public:
    using Stream = std::shared_ptr<const CurlMulti::StreamHandlers>;

    /// `stream`: null for an answer that is handed over whole.
    CurlTransfer(CurlMulti::Impl& owner, const HttpRequest& request, CurlMulti::Done done, Stream stream);
    ~CurlTransfer() override { leave(); }
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    /// Takes the handle out of the multi and hands over the answer; the transfer may be gone afterwards.
    void finish(CURLcode code);
    /// Hands over what came of a stream; the transfer may be gone afterwards.
    void tell();
    CurlMulti::Impl& owner() { return owner_; }
    /// curl would send the request again, since a kept connection turned out to be dead. Whether that is right is not
    /// for curl to say: it would do so with a POST as well.
    bool would_repeat() {
        kept_died_ = kept_died_ || sent_;
        return sent_;
    }
    CURL* easy() { return easy_.get(); }
    void note_socket(curl_socket_t socket, int family, int error) {
        family_ = family;
        if (error != 0) {
            socket_error_ = error;
        } else {
            sockets_.push_back(socket);
        }
    }

  private:
    bool set_up(const HttpRequest& request);
    bool set_place(const HttpRequest& request);
    bool set_times(const HttpRequest& request);
    bool set_tls(const TlsFiles& tls);
    bool set_method(const HttpRequest& request);
    bool set_lists(const HttpRequest& request);
    void leave();
    void answer(HttpResponse response);
    HttpResponse response(CURLcode code);
    HttpResponse::End end_of(CURLcode code, int connect_error) const;
    std::string error_of(CURLcode code, const HttpResponse& response, int system_error) const;
    std::string wanted_header() const;
    int status() const;
    void note_news();

    static int on_send(void* self, char*, char*, int, int);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);

    CurlMulti::Impl& owner_;
    CurlMulti::Done done_;
    const Stream stream_;
    Easy easy_;
    List headers_;
    List addresses_;
    std::string request_body_;
    std::string body_;  ///< of a stream: what is to be told
    const std::size_t max_body_;
    const std::string wanted_header_;
    const bool own_authorities_;
    std::size_t header_bytes_ = 0;
    std::vector<curl_socket_t> sockets_;
    bool head_came_ = false;
    bool head_told_ = false;  ///< of a stream
    bool noted_ = false;
    bool sent_ = false;
    bool kept_died_ = false;
    bool cut_ = false;
    bool added_ = false;
    int family_ = AF_UNSPEC;
    int socket_error_ = 0;
    char error_[CURL_ERROR_SIZE] = {};
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// ---- the loop's side --------------------------------------------------------------------------------------------

CurlMulti::Impl::Impl(Loop& loop) : loop_(loop), timer_(loop) {
    initialise_once();
    multi_.reset(curl_multi_init());
    if (!multi_) return;
    curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, &Impl::on_socket);
    curl_multi_setopt(multi(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, &Impl::on_timer);
    curl_multi_setopt(multi(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi(), CURLMOPT_MAXCONNECTS, most_kept);
}

CurlMulti::Impl::~Impl() {
    *alive_ = false;
    multi_.reset();
    while (!watchers_.empty()) drop(watchers_.begin()->first);
}

void CurlMulti::Impl::prepare(CurlTransfer& transfer) {
    CURL* easy = transfer.easy();
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Impl::on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Impl::on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

int CurlMulti::Impl::on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void*) {
    auto& impl = *static_cast<Impl*>(self);
    auto found = impl.watchers_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        impl.drop(socket);
        return 0;
    }
    if (found == impl.watchers_.end()) {
        if (impl.watch(socket, nullptr) != 0) return 0;  // the transfer's own timeout ends it
        found = impl.watchers_.find(socket);
    }
    // A kept connection may go from one to the next without a word in between; the first one must not take it along.
    if (found->second->opened_for != easy) found->second->opened_for = nullptr;
    found->second->interest = what & (CURL_POLL_IN | CURL_POLL_OUT);
    impl.arm(socket, found->second);
    return 0;
}

int CurlMulti::Impl::on_timer(CURLM*, long ms, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    if (ms > 0) {
        const Instant at = impl.loop_.now() + std::chrono::milliseconds{ms};
        impl.timer_.arm(at, [&impl] { impl.act(CURL_SOCKET_TIMEOUT, 0); });
        return 0;
    }
    impl.timer_.disarm();
    if (ms == 0) impl.kick();
    return 0;
}

/// Everything a connection needs of descriptors is acquired here, where its lack can be told from a refusal.
curl_socket_t CurlMulti::Impl::on_open(void* data, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<CurlTransfer*>(data);
    if (transfer.would_repeat()) return CURL_SOCKET_BAD;
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    const int error = fd < 0 ? errno : transfer.owner().watch(fd, transfer.easy());
    transfer.note_socket(fd, address->family, error);
    if (error == 0) return fd;
    if (fd >= 0) ::close(fd);
    return CURL_SOCKET_BAD;
}

int CurlMulti::Impl::on_close(void* self, curl_socket_t socket) {
    static_cast<Impl*>(self)->drop(socket);
    return ::close(socket);
}

/// 0, or the errno that says why the socket cannot be watched.
int CurlMulti::Impl::watch(curl_socket_t socket, const CURL* opened_for) {
    drop(socket);  // a number that comes back without having been closed
    const int duplicate = ::fcntl(socket, F_DUPFD_CLOEXEC, 3);
    if (duplicate < 0) return errno;
    auto watcher = std::make_shared<Watcher>(loop_.context());
    boost::system::error_code error;
    watcher->descriptor.assign(duplicate, error);
    if (error) {
        ::close(duplicate);
        return error.value();
    }
    watcher->opened_for = opened_for;
    watchers_[socket] = std::move(watcher);
    return 0;
}

void CurlMulti::Impl::drop(curl_socket_t socket) {
    const auto found = watchers_.find(socket);
    if (found == watchers_.end()) return;
    found->second->gone = true;
    boost::system::error_code ignored;
    found->second->descriptor.close(ignored);
    watchers_.erase(found);
}

/// curl closes a socket that never got connected without a word: neither CURL_POLL_REMOVE nor on_close() need come.
void CurlMulti::Impl::forget(curl_socket_t socket, const CURL* easy) {
    const auto found = watchers_.find(socket);
    if (found != watchers_.end() && found->second->opened_for == easy) drop(socket);
}

void CurlMulti::Impl::arm(curl_socket_t socket, const Watch& watcher) {
    using Wait = asio::posix::descriptor_base;
    if (watcher->interest & CURL_POLL_IN) wait(socket, watcher, Wait::wait_read, CURL_POLL_IN, watcher->waiting_in);
    if (watcher->interest & CURL_POLL_OUT) {
        wait(socket, watcher, Wait::wait_write, CURL_POLL_OUT, watcher->waiting_out);
    }
}

void CurlMulti::Impl::wait(curl_socket_t socket, const Watch& watcher, asio::posix::descriptor_base::wait_type type,
                           int poll, bool& waiting) {
    if (waiting) return;
    waiting = true;
    watcher->descriptor.async_wait(type, [this, socket, watcher, poll, &waiting](boost::system::error_code error) {
        waiting = false;
        if (watcher->gone || (watcher->interest & poll) == 0) return;
        act(socket, error ? CURL_CSELECT_ERR : poll == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
        if (!watcher->gone) arm(socket, watcher);
    });
}

void CurlMulti::Impl::act(curl_socket_t socket, int flags) {
    const auto alive = alive_;  // whoever is called may destroy this
    int running = 0;
    curl_multi_socket_action(multi(), socket, flags, &running);
    while (*alive && !news_.empty()) {
        CurlTransfer& transfer = *news_.front();
        news_.erase(news_.begin());
        transfer.tell();
    }
    int left = 0;
    while (const CURLMsg* message = *alive ? curl_multi_info_read(multi(), &left) : nullptr) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        char* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        static_cast<CurlTransfer*>(static_cast<void*>(transfer))->finish(code);
    }
}

void CurlMulti::Impl::kick() {
    if (kicked_) return;
    kicked_ = true;
    loop_.post([this, alive = alive_] {
        if (!*alive) return;
        kicked_ = false;
        act(CURL_SOCKET_TIMEOUT, 0);
    });
}

// ---- the request's side -----------------------------------------------------------------------------------------

CurlTransfer::CurlTransfer(CurlMulti::Impl& owner, const HttpRequest& request, CurlMulti::Done done, Stream stream)
    : owner_(owner),
      done_(std::move(done)),
      stream_(std::move(stream)),
      easy_(curl_easy_init()),
      max_body_(request.max_body),
      wanted_header_(request.wanted_header),
      own_authorities_(!request.tls.authorities.empty()) {
    const bool ready = owner.multi() && easy_ && set_up(request);
    added_ = ready && curl_multi_add_handle(owner.multi(), easy_.get()) == CURLM_OK;
    if (added_) return;
    owner.loop().post([this, alive = alive_] {
        if (!*alive) return;
        HttpResponse lack;
        lack.end = HttpResponse::End::lack;
        lack.error = "out of memory";
        answer(std::move(lack));
    });
}

bool CurlTransfer::set_up(const HttpRequest& request) {
    bool good = true;
    const auto set = [&](CURLoption option, auto value) {
        good = curl_easy_setopt(easy(), option, value) == CURLE_OK && good;
    };
    owner_.prepare(*this);
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_ERRORBUFFER, static_cast<char*>(error_));
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    // Nothing that curl caches of its own is wanted: literals need no cache, and it walks all of it after each
    // transfer.
    set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    set(CURLOPT_USERAGENT, "keepwell");
    set(CURLOPT_PREREQFUNCTION, &CurlTransfer::on_send);
    set(CURLOPT_PREREQDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    return good && set_place(request) && set_times(request) && set_tls(request.tls) && set_method(request) &&
           set_lists(request);
}

bool CurlTransfer::set_place(const HttpRequest& request) {
    bool good = true;
    const auto set = [&](CURLoption option, auto value) {
        good = curl_easy_setopt(easy(), option, value) == CURLE_OK && good;
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_FRESH_CONNECT, request.keep_alive ? 0L : 1L);
    set(CURLOPT_FORBID_REUSE, request.keep_alive ? 0L : 1L);
    if (!request.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    return good;
}

bool CurlTransfer::set_times(const HttpRequest& request) {
    bool good = true;
    const auto set = [&](CURLoption option, long value) {
        good = curl_easy_setopt(easy(), option, value) == CURLE_OK && good;
    };
    const bool ends = request.timeout > Duration{0};
    if (ends) set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.timeout));
    if (ends && !stream_) set(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
    // A stream is silent for hours; only the kernel notices that the other host is gone.
    if (stream_) set(CURLOPT_TCP_KEEPALIVE, 1L);
    return good;
}

bool CurlTransfer::set_tls(const TlsFiles& tls) {
    bool good = true;
    const auto set = [&](CURLoption option, const std::string& path) {
        if (!path.empty()) good = curl_easy_setopt(easy(), option, path.c_str()) == CURLE_OK && good;
    };
    set(CURLOPT_CAINFO, tls.authorities);
    set(CURLOPT_SSLCERT, tls.certificate);
    set(CURLOPT_SSLKEY, tls.key);
    if (tls.verify) return good;
    return good && curl_easy_setopt(easy(), CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
           curl_easy_setopt(easy(), CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK;
}

bool CurlTransfer::set_method(const HttpRequest& request) {
    if (request.method == "HEAD") return curl_easy_setopt(easy(), CURLOPT_NOBODY, 1L) == CURLE_OK;
    const bool sends_length = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    bool good = true;
    if (!request.body.empty() || sends_length) {
        request_body_ = request.body;
        const auto size = static_cast<curl_off_t>(request_body_.size());
        good = curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE, size) == CURLE_OK &&
               curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, request_body_.data()) == CURLE_OK;
    }
    return good && curl_easy_setopt(easy(), CURLOPT_CUSTOMREQUEST, request.method.c_str()) == CURLE_OK;
}

bool CurlTransfer::set_lists(const HttpRequest& request) {
    bool good = append(headers_, "Expect:");
    for (const auto& [name, value] : request.headers) {
        good = append(headers_, value.empty() ? name + ";" : name + ": " + value) && good;
    }
    good = curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get()) == CURLE_OK && good;
    if (request.addresses.empty()) return good;
    const UrlPlace place = place_of(request.url);
    std::string entry = place.host + ':' + std::to_string(place.port) + ':';
    for (const std::string& address : request.addresses) {
        if (entry.back() != ':') entry += ',';
        entry += address.find(':') == std::string::npos ? address : '[' + address + ']';
    }
    good = append(addresses_, entry) && good;
    return curl_easy_setopt(easy_.get(), CURLOPT_RESOLVE, addresses_.get()) == CURLE_OK && good;
}

void CurlTransfer::leave() {
    *alive_ = false;
    if (added_) curl_multi_remove_handle(owner_.multi(), easy_.get());
    added_ = false;
    if (std::exchange(noted_, false)) owner_.has_none(*this);
    for (const curl_socket_t socket : sockets_) owner_.forget(socket, easy_.get());
    sockets_.clear();
    easy_.reset();
}

void CurlTransfer::finish(CURLcode code) {
    // For curl, a connection that was upgraded and said nothing more did not answer.
    if (code == CURLE_GOT_NOTHING && head_came_) code = CURLE_OK;
    HttpResponse result = response(code);
    leave();
    answer(std::move(result));
}

void CurlTransfer::answer(HttpResponse result) {
    const Stream stream = stream_;
    if (stream) return stream->done(std::move(result));
    const CurlMulti::Done done = std::move(done_);
    done(std::move(result));
}

void CurlTransfer::tell() {
    const Stream stream = stream_;
    const auto alive = alive_;
    noted_ = false;
    const std::string piece = std::exchange(body_, {});
    if (head_came_ && !std::exchange(head_told_, true)) stream->head(status());
    if (*alive && !piece.empty()) stream->data(piece);
}

void CurlTransfer::note_news() {
    if (!std::exchange(noted_, true)) owner_.has_news(*this);
}

int CurlTransfer::status() const {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

std::string CurlTransfer::wanted_header() const {
    curl_header* header = nullptr;
    if (wanted_header_.empty()) return {};
    if (curl_easy_header(easy_.get(), wanted_header_.c_str(), 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
    return header->value;
}

HttpResponse CurlTransfer::response(CURLcode code) {
    HttpResponse result;
    long system_error = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &system_error);
    if (socket_error_ != 0) system_error = socket_error_;
    const bool unconnected =
        !kept_died_ && (code == CURLE_COULDNT_CONNECT || (code == CURLE_OPERATION_TIMEDOUT && system_error != 0));
    result.connect_error = unconnected ? static_cast<int>(system_error) : 0;
    result.end = end_of(code, result.connect_error);
    result.status = status();
    result.kept_died = kept_died_;
    result.head_whole = head_came_;
    result.header = wanted_header();
    result.error = error_of(code, result, static_cast<int>(system_error));
    result.body = std::move(body_);
    return result;
}

std::string CurlTransfer::error_of(CURLcode code, const HttpResponse& response, int system_error) const {
    const std::string by_curl = error_[0] ? error_ : curl_easy_strerror(code);
    if (code == CURLE_OK) return {};
    if (kept_died_) return "the connection was closed before an answer came";
    if (code == CURLE_SSL_CACERT_BADFILE && !own_authorities_) return by_curl + "; is ca-certificates installed?";
    if (response.end == HttpResponse::End::lack && system_error != 0) return ::strerrordesc_np(system_error);
    if (header_bytes_ > max_header) return "more than 256 KiB of headers";
    if (code == CURLE_OUT_OF_MEMORY && sent_) return "a header that is too long";
    return by_curl;
}

HttpResponse::End CurlTransfer::end_of(CURLcode code, int connect_error) const {
    if (code == CURLE_OK) return HttpResponse::End::complete;
    if (cut_) return HttpResponse::End::cut;
    // Once the request is out, memory is what curl calls its own bound of 100 KB for one header.
    const bool lack =
        (code == CURLE_OUT_OF_MEMORY && !sent_) || (code == CURLE_SSL_CACERT_BADFILE && !own_authorities_);
    if (lack || is_our_lack(connect_error, family_)) return HttpResponse::End::lack;
    if (code == CURLE_OPERATION_TIMEDOUT && connect_error == 0) return HttpResponse::End::timed_out;
    return HttpResponse::End::failed;
}

/// Each time that the request is about to go out.
int CurlTransfer::on_send(void* self, char*, char*, int, int) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    if (transfer.would_repeat()) return CURL_PREREQFUNC_ABORT;
    transfer.sent_ = true;
    return CURL_PREREQFUNC_OK;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    if (transfer.stream_) {
        transfer.body_.append(data, size);
        transfer.note_news();
        return size;
    }
    const std::size_t room = transfer.max_body_ - transfer.body_.size();
    transfer.body_.append(data, std::min(room, size));
    transfer.cut_ = size > room;
    return transfer.cut_ ? 0 : size;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    transfer.header_bytes_ += size;
    if (!transfer.head_came_ && (data[0] == '\r' || data[0] == '\n')) {
        const int status = transfer.status();
        transfer.head_came_ = status >= 200 || status == 101;  // the other 1xx precede an answer
        if (transfer.head_came_ && transfer.stream_) transfer.note_news();
    }
    return transfer.header_bytes_ > max_header ? 0 : size;
}

CurlMulti::CurlMulti(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
CurlMulti::~CurlMulti() = default;

std::unique_ptr<CurlMulti::Transfer> CurlMulti::start(const HttpRequest& request, Done done) {
    return std::make_unique<CurlTransfer>(*impl_, request, std::move(done), nullptr);
}

std::unique_ptr<CurlMulti::Transfer> CurlMulti::stream(const HttpRequest& request, StreamHandlers handlers) {
    auto shared = std::make_shared<const StreamHandlers>(std::move(handlers));
    return std::make_unique<CurlTransfer>(*impl_, request, Done{}, std::move(shared));
}

}  // namespace keepwell::runtime
