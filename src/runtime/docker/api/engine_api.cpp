// Calls and streams on their way to the engine: each waits for the version, is sent, perhaps once more, and ends once.
// May know: the loop, curl_multi, the resolver.
#include "runtime/docker/api/engine_api.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "runtime/curl_multi.hpp"
#include "runtime/docker/api/engine_message.hpp"
#include "runtime/errors.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/resolver.hpp"

namespace keepwell::runtime::docker {
namespace {

/// More of an error's body than this is not kept.
constexpr std::size_t longest_error = 64 * 1024;

using Id = std::uint64_t;

struct Exchange {
    enum class Kind : std::uint8_t { ping, call, stream };

    bool idempotent() const { return method == "GET" || method == "HEAD" || method == "DELETE"; }

    Kind kind = Kind::call;
    std::string method;
    std::string path;
    std::string body;
    bool hijack = false;
    std::string registry_auth;
    Instant deadline = never;  ///< never: a stream
    EngineApi::Done done;      ///< of a call
    EngineApi::StreamHandlers handlers;
    SpokenVersion version;      ///< that it was sent with
    bool repeated = false;      ///< its kept connection was dead
    bool renegotiated = false;  ///< its version was refused
    bool opened = false;        ///< a stream that the engine accepted
    std::string error_body;     ///< of a stream that it did not
    std::unique_ptr<CurlMulti::Transfer> transfer;
};

bool accepts(int status) { return status == 101 || (status >= 200 && status < 300); }

Answer without_answer(Answer::End end, std::string error) {
    Answer answer;
    answer.end = end;
    answer.error = std::move(error);
    return answer;
}

}  // namespace

class EngineApi::Impl {
  public:
    Impl(Loop& loop, EngineAddress address);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Id add(Exchange exchange);
    void drop(Id id);
    void forget_version();
    const std::string& version() const { return version_text_; }
    bool at_least(SpokenVersion version) const { return !version_text_.empty() && version_ >= version; }
    const EngineAddress& address() const { return address_; }
    Instant now() const { return loop_.now(); }
    std::weak_ptr<bool> life() const { return alive_; }

  private:
    using Shared = std::shared_ptr<Exchange>;

    // An exchange's way.
    bool ready() const { return !version_text_.empty() && (!named_ || !addresses_.empty()); }
    void wait(Id id, const Exchange& exchange);
    void expire();
    void arm();
    void send(Id id, Exchange& exchange);
    HttpRequest request(const Exchange& exchange) const;
    CurlMulti::StreamHandlers stream_handlers(Id id);
    void head(Id id, int status);
    void data(Id id, std::string_view piece);
    void ended(Id id, HttpResponse response);
    bool wants_other_version(const Exchange& exchange, const Answer& answer) const;
    void ask_again(Id id, Exchange& exchange);
    void finish(Id id, Answer answer, const std::string& header);

    // The version.
    void negotiate();
    void find_engine();
    void found_engine(const Resolved& resolved);
    void ask_version();
    void ping(std::string method);
    void pinged(const Exchange& exchange, const Answer& answer, const std::string& header);
    void settle(SpokenVersion version);
    void give_up(const Answer& answer);

    Answer answer_of(HttpResponse response) const;
    std::string here(const std::string& what) const;

    Loop& loop_;
    const EngineAddress address_;
    UrlPlace place_;
    bool named_ = false;  ///< the host is a name, which has to be looked up
    CurlMulti curl_;
    Resolver resolver_;
    std::unique_ptr<Resolver::Lookup> lookup_;
    std::vector<std::string> addresses_;  ///< of the name
    SpokenVersion version_;
    std::string version_text_;
    bool negotiating_ = false;
    std::map<Id, Shared> exchanges_;
    std::vector<Id> waiting_;  ///< for the version, in the order in which they came
    Timer overdue_;
    Id last_id_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

EngineApi::Impl::Impl(Loop& loop, EngineAddress address)
    : loop_(loop), address_(std::move(address)), curl_(loop), resolver_(loop), overdue_(loop) {
    if (!address_.error.empty()) return;
    place_ = place_of(address_.base_url);
    named_ = address_.socket.empty() && !is_literal(place_.host);
    if (!address_.pinned_version.empty()) settle(*parse_version(address_.pinned_version));
}

EngineApi::Impl::~Impl() {
    *alive_ = false;
    // A handler that is running may keep its exchange a little longer; the transfers must not outlive curl_.
    for (const auto& [id, exchange] : exchanges_) exchange->transfer.reset();
}

// ---- an exchange's way ------------------------------------------------------------------------------------------

Id EngineApi::Impl::add(Exchange exchange) {
    const Id id = ++last_id_;
    const auto shared = std::make_shared<Exchange>(std::move(exchange));
    exchanges_[id] = shared;
    if (!address_.error.empty()) {
        loop_.post([this, id, alive = alive_] {
            if (*alive) finish(id, without_answer(Answer::End::unreachable, address_.error), {});
        });
    } else if (ready() || shared->kind == Exchange::Kind::ping) {
        send(id, *shared);
    } else {
        wait(id, *shared);
    }
    return id;
}

void EngineApi::Impl::drop(Id id) {
    const auto found = exchanges_.find(id);
    if (found == exchanges_.end()) return;
    const Shared exchange = found->second;
    exchanges_.erase(found);
    std::erase(waiting_, id);
    exchange->transfer.reset();
}

void EngineApi::Impl::wait(Id id, const Exchange& exchange) {
    waiting_.push_back(id);
    if (exchange.deadline != never) arm();
    negotiate();
}

void EngineApi::Impl::arm() {
    Instant next = never;
    for (const Id id : waiting_) next = std::min(next, exchanges_.at(id)->deadline);
    overdue_.arm(next, [this] { expire(); });
}

/// The negotiation takes longer than who waits for it has time.
void EngineApi::Impl::expire() {
    const auto alive = alive_;
    const auto waiting = waiting_;
    const Instant now = loop_.now();
    for (const Id id : waiting) {
        const auto found = exchanges_.find(id);
        if (found == exchanges_.end() || found->second->deadline > now) continue;
        finish(id, without_answer(Answer::End::timed_out, here("no answer in time")), {});
        if (!*alive) return;
    }
    arm();
}

void EngineApi::Impl::send(Id id, Exchange& exchange) {
    exchange.version = version_;
    const HttpRequest asked = request(exchange);
    exchange.transfer = exchange.kind == Exchange::Kind::stream
                            ? curl_.stream(asked, stream_handlers(id))
                            : curl_.start(asked, [this, id](HttpResponse response) { ended(id, std::move(response)); });
}

HttpRequest EngineApi::Impl::request(const Exchange& exchange) const {
    HttpRequest request;
    const bool ping = exchange.kind == Exchange::Kind::ping;
    const bool stream = exchange.kind == Exchange::Kind::stream;
    request.url = address_.base_url + (ping ? std::string{} : "/v" + version_text_) + exchange.path;
    request.method = exchange.method;
    request.body = exchange.body;
    if (!exchange.idempotent()) request.headers.emplace_back("Content-Type", "application/json");
    if (exchange.hijack) request.headers.insert(request.headers.end(), {{"Connection", "Upgrade"}, {"Upgrade", "tcp"}});
    if (!exchange.registry_auth.empty()) request.headers.emplace_back("X-Registry-Auth", exchange.registry_auth);
    if (ping) request.wanted_header = "Api-Version";
    request.addresses = addresses_;
    // One whose time is over has a moment left: 0 would be no timeout at all.
    request.timeout = stream ? connect_timeout : std::max(exchange.deadline - loop_.now(), Duration{1});
    request.max_body = longest_answer;
    request.unix_socket = address_.socket;
    request.keep_alive = !stream && exchange.idempotent() && !exchange.repeated;
    request.tls = {address_.ca, address_.certificate, address_.key, address_.verify};
    return request;
}

CurlMulti::StreamHandlers EngineApi::Impl::stream_handlers(Id id) {
    return {[this, id](int status) { head(id, status); }, [this, id](std::string_view piece) { data(id, piece); },
            [this, id](HttpResponse response) { ended(id, std::move(response)); }};
}

void EngineApi::Impl::head(Id id, int status) {
    const Shared exchange = exchanges_.at(id);
    exchange->opened = accepts(status);
    if (exchange->opened && exchange->handlers.opened) exchange->handlers.opened();
}

void EngineApi::Impl::data(Id id, std::string_view piece) {
    const Shared exchange = exchanges_.at(id);
    if (exchange->opened) {
        if (exchange->handlers.data) exchange->handlers.data(piece);
    } else {
        exchange->error_body += piece.substr(0, longest_error - exchange->error_body.size());
    }
}

void EngineApi::Impl::ended(Id id, HttpResponse response) {
    const Shared exchange = exchanges_.at(id);
    if (response.connect_error != 0) addresses_.clear();  // the name may mean another host by now
    if (exchange->kind == Exchange::Kind::stream) response.body = std::move(exchange->error_body);
    const std::string header = response.header;
    if (response.kept_died && !std::exchange(exchange->repeated, true)) return send(id, *exchange);
    Answer answer = answer_of(std::move(response));
    if (wants_other_version(*exchange, answer)) return ask_again(id, *exchange);
    finish(id, std::move(answer), header);
}

bool EngineApi::Impl::wants_other_version(const Exchange& exchange, const Answer& answer) const {
    if (exchange.kind == Exchange::Kind::ping || exchange.renegotiated || !address_.pinned_version.empty())
        return false;
    return answer.end == Answer::End::answered && refuses_version(answer.status, answer.error);
}

/// The engine did nothing yet, so that any request may be sent again.
void EngineApi::Impl::ask_again(Id id, Exchange& exchange) {
    exchange.renegotiated = true;
    if (exchange.version == version_) forget_version();  // else another one that was refused did it
    if (ready()) return send(id, exchange);
    wait(id, exchange);
}

void EngineApi::Impl::finish(Id id, Answer answer, const std::string& header) {
    const Shared exchange = exchanges_.at(id);
    drop(id);
    switch (exchange->kind) {
        case Exchange::Kind::ping: return pinged(*exchange, answer, header);
        case Exchange::Kind::call: return exchange->done(std::move(answer));
        case Exchange::Kind::stream:
            if (exchange->handlers.ended) exchange->handlers.ended(std::move(answer));
            return;
    }
}

// ---- the version ------------------------------------------------------------------------------------------------

void EngineApi::Impl::forget_version() {
    if (address_.pinned_version.empty()) version_text_.clear();
}

void EngineApi::Impl::negotiate() {
    if (std::exchange(negotiating_, true)) return;
    loop_.post([this, alive = alive_] {
        if (*alive) find_engine();
    });
}

void EngineApi::Impl::find_engine() {
    if (!named_) return ask_version();
    // Posted, because whoever is answered may destroy this, and the resolver is in the middle of its call.
    lookup_ = resolver_.find(place_.host, [this](const Resolved& resolved) {
        loop_.post([this, resolved, alive = alive_] {
            if (*alive) found_engine(resolved);
        });
    });
}

void EngineApi::Impl::found_engine(const Resolved& resolved) {
    using Kind = Resolved::Kind;
    const std::string why = resolved.error.empty() ? "no such host" : resolved.error;
    switch (resolved.kind) {
        case Kind::found: addresses_ = resolved.addresses; return ask_version();
        case Kind::unknown: return give_up(without_answer(Answer::End::unreachable, here(why)));
        case Kind::lack: return give_up(without_answer(Answer::End::lack, why));
    }
}

/// moby client/ping.go: HEAD, and where that is not understood, GET.
void EngineApi::Impl::ask_version() {
    if (!address_.pinned_version.empty()) return settle(version_);
    ping("HEAD");
}

void EngineApi::Impl::ping(std::string method) {
    Exchange exchange;
    exchange.kind = Exchange::Kind::ping;
    exchange.method = std::move(method);
    exchange.path = "/_ping";
    exchange.deadline = later(loop_.now(), connect_timeout);
    add(std::move(exchange));
}

void EngineApi::Impl::pinged(const Exchange& exchange, const Answer& answer, const std::string& header) {
    if (answer.end != Answer::End::answered) return give_up(answer);
    if (!answer.ok() && exchange.method == "HEAD") return ping("GET");
    if (header.empty()) {
        const std::string why = answer.error.empty() ? "it names no API version" : answer.error;
        return give_up(without_answer(Answer::End::unreachable, here("no Docker Engine answers: " + why)));
    }
    const auto newest = parse_version(header);
    if (newest && *newest >= *parse_version(oldest_version)) {
        return settle(std::min(*newest, *parse_version(newest_version)));
    }
    give_up(without_answer(Answer::End::unreachable,
                           here("the engine speaks API version " + one_line(header) + "; keepwell needs " +
                                std::string{oldest_version} + " or newer")));
}

void EngineApi::Impl::settle(SpokenVersion version) {
    version_ = version;
    version_text_ = to_string(version);
    negotiating_ = false;
    overdue_.disarm();
    for (const Id id : std::exchange(waiting_, {})) send(id, *exchanges_.at(id));
}

void EngineApi::Impl::give_up(const Answer& answer) {
    const auto alive = alive_;
    negotiating_ = false;
    overdue_.disarm();
    for (const Id id : std::exchange(waiting_, {})) {
        if (exchanges_.contains(id)) finish(id, answer, {});
        if (!*alive) return;
    }
}

// ---- what to say ------------------------------------------------------------------------------------------------

Answer EngineApi::Impl::answer_of(HttpResponse response) const {
    using End = HttpResponse::End;
    Answer answer;
    switch (response.end) {
        case End::complete:
            if (!response.head_whole) return without_answer(Answer::End::unreachable, here("the answer broke off"));
            answer.end = Answer::End::answered;
            answer.status = response.status;
            if (response.status >= 400) answer.error = error_message(response.status, response.body);
            answer.body = std::move(response.body);
            return answer;
        case End::cut: return without_answer(Answer::End::unreachable, here("an answer of more than 32 MiB"));
        case End::timed_out: return without_answer(Answer::End::timed_out, here("no answer in time"));
        case End::lack: return without_answer(Answer::End::lack, response.error);
        case End::failed: break;
    }
    const int error = response.connect_error;
    return without_answer(Answer::End::unreachable, here(error == 0 ? response.error : describe_error(error)));
}

std::string EngineApi::Impl::here(const std::string& what) const {
    const std::string& url = address_.base_url;
    return what + " (" + (address_.socket.empty() ? url.substr(url.find("://") + 3) : address_.socket) + ')';
}

// ---- the outside ------------------------------------------------------------------------------------------------

namespace {

/// What the one who asked for a stream holds.
class Handle final : public EngineApi::Stream {
  public:
    Handle(EngineApi::Impl& impl, Id id) : impl_(impl), life_(impl.life()), id_(id) {}
    ~Handle() override {
        const auto alive = life_.lock();
        if (alive && *alive) impl_.drop(id_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

  private:
    EngineApi::Impl& impl_;
    const std::weak_ptr<bool> life_;
    const Id id_;
};

}  // namespace

EngineApi::EngineApi(Loop& loop, EngineAddress address) : impl_(std::make_unique<Impl>(loop, std::move(address))) {}
EngineApi::~EngineApi() = default;

void EngineApi::call(std::string_view method, std::string path, std::string body, Duration timeout, Done done) {
    Exchange exchange;
    exchange.method = method;
    exchange.path = std::move(path);
    exchange.body = std::move(body);
    exchange.deadline = later(impl_->now(), timeout);
    exchange.done = std::move(done);
    impl_->add(std::move(exchange));
}

std::unique_ptr<EngineApi::Stream> EngineApi::stream(std::string_view method, std::string path, std::string body,
                                                     bool hijack, StreamHandlers handlers, std::string registry_auth) {
    Exchange exchange;
    exchange.kind = Exchange::Kind::stream;
    exchange.method = method;
    exchange.path = std::move(path);
    exchange.body = std::move(body);
    exchange.hijack = hijack;
    exchange.registry_auth = std::move(registry_auth);
    exchange.handlers = std::move(handlers);
    const Id id = impl_->add(std::move(exchange));
    return std::make_unique<Handle>(*impl_, id);
}

const std::string& EngineApi::version() const { return impl_->version(); }
bool EngineApi::at_least(int major, int minor) const { return impl_->at_least({major, minor}); }
void EngineApi::forget_version() { impl_->forget_version(); }
const EngineAddress& EngineApi::address() const { return impl_->address(); }

}  // namespace keepwell::runtime::docker
