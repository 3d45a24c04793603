// The scripted engine's connections: read a request, find its script, go through the steps.
#include "support/scripted_engine.hpp"

#include <fnmatch.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cctype>
#include <deque>
#include <filesystem>
#include <set>

#include "runtime/loop.hpp"
#include "support/folder.hpp"

namespace keepwell::testing {
namespace asio = boost::asio;
using boost::system::error_code;
using Unix = asio::local::stream_protocol;
namespace {

const char* reason(int status) {
    switch (status) {
        case 101: return "UPGRADED";
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 404: return "Not Found";
        case 409: return "Conflict";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        default: return "Whatever";
    }
}

std::string length(std::size_t size) { return "Content-Length: " + std::to_string(size) + "\r\n"; }

std::string as_chunk(const std::string& data) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return size + data + "\r\n";
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + '"';
}

/// "1.41" as 1041.
int number(const std::string& version) {
    const auto dot = version.find('.');
    if (dot == std::string::npos) return 0;
    return std::atoi(version.c_str()) * 1000 + std::atoi(version.c_str() + dot + 1);
}

std::string decoded(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

bool fits(const std::string& what, const ScriptedEngine::Request& request) {
    const std::string name = request.method + ' ' + request.path;
    return ::fnmatch(what.c_str(), name.c_str(), FNM_PATHNAME) == 0;
}

/// "/v1.41/containers/json?all=1" into its parts.
void split_target(std::string target, ScriptedEngine::Request& request) {
    if (const auto mark = target.find('?'); mark != std::string::npos) {
        request.query = target.substr(mark + 1);
        target.resize(mark);
    }
    const bool versioned = target.size() > 3 && target.compare(0, 2, "/v") == 0 && std::isdigit(target[2]) != 0;
    const auto slash = versioned ? target.find('/', 1) : std::string::npos;
    if (slash != std::string::npos) {
        request.version = target.substr(2, slash - 2);
        target.erase(0, slash);
    }
    request.path = target;
}

ScriptedEngine::Request parsed(const std::string& head) {
    ScriptedEngine::Request request;
    const auto first_end = head.find("\r\n");
    const auto method_end = head.find(' ');
    request.method = head.substr(0, method_end);
    split_target(head.substr(method_end + 1, head.find(' ', method_end + 1) - method_end - 1), request);
    for (auto at = first_end + 2; at + 2 < head.size();) {
        const auto end = head.find("\r\n", at);
        const auto colon = head.find(':', at);
        if (end == std::string::npos || colon > end) break;
        std::string name = head.substr(at, colon - at);
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const auto value = head.find_first_not_of(' ', colon + 1);
        request.headers[name] = head.substr(value, end - value);
        at = end + 2;
    }
    return request;
}

}  // namespace

// ---- gate, feed, reply ------------------------------------------------------------------------------------------

struct Gate::State {
    bool open = false;
    std::vector<std::function<void()>> waiting;
};

Gate::Gate() : state_(std::make_shared<State>()) {}
bool Gate::is_open() const { return state_->open; }

void Gate::open() {
    state_->open = true;
    const auto waiting = std::exchange(state_->waiting, {});
    for (const auto& then : waiting) then();
}

void Gate::pass(std::function<void()> then) const {
    if (state_->open) return then();
    state_->waiting.push_back(std::move(then));
}

struct Feed::State {
    std::vector<std::weak_ptr<Reader>> readers;
};

Feed::Feed() : state_(std::make_shared<State>()) {}

std::vector<std::shared_ptr<Feed::Reader>> Feed::living() const {
    std::vector<std::shared_ptr<Reader>> living;
    for (const auto& reader : state_->readers) {
        if (auto alive = reader.lock()) living.push_back(std::move(alive));
    }
    return living;
}

void Feed::add(std::weak_ptr<Reader> reader) { state_->readers.push_back(std::move(reader)); }
std::size_t Feed::readers() const { return living().size(); }

void Feed::send(const std::string& text) {
    for (const auto& reader : living()) reader->send(text);
}

void Feed::end() {
    for (const auto& reader : living()) reader->end();
}

void Feed::break_off() {
    for (const auto& reader : living()) reader->break_off();
}

Reply Reply::headed(int status, const std::string& headers) {
    Reply reply;
    Step step;
    step.kind = Step::Kind::head;
    step.status = status;
    step.data = headers;
    reply.steps_.push_back(std::move(step));
    return reply;
}

Reply Reply::then(Step::Kind kind, std::string data) && {
    Step step;
    step.kind = kind;
    step.data = std::move(data);
    steps_.push_back(std::move(step));
    return std::move(*this);
}

Reply Reply::json(int status, std::string body) {
    return headed(status, "Content-Type: application/json\r\n" + length(body.size())).bytes(std::move(body));
}

Reply Reply::error(int status, const std::string& message) {
    return json(status, "{\"message\":" + quoted(message) + "}\n");
}

Reply Reply::text(int status, std::string body) {
    return headed(status, "Content-Type: text/plain; charset=utf-8\r\n" + length(body.size())).bytes(std::move(body));
}

Reply Reply::empty(int status) { return headed(status, status == 204 || status == 304 ? "" : length(0)); }

Reply Reply::chunked(int status, const std::string& content_type) {
    Reply reply = headed(status, "Content-Type: " + content_type + "\r\nTransfer-Encoding: chunked\r\n");
    reply.chunked_ = true;
    return reply;
}

Reply Reply::upgraded() {
    return headed(101, "Content-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n");
}

Reply Reply::until_close(int status, const std::string& content_type) {
    return headed(status, "Content-Type: " + content_type + "\r\n");
}

Reply Reply::raw(std::string bytes) { return Reply{}.bytes(std::move(bytes)); }
Reply Reply::silence() { return Reply{}.then(Step::Kind::stay); }
Reply Reply::hang_up() { return Reply{}.close(); }

Reply Reply::half(std::string body, std::size_t sent) {
    const std::size_t whole = body.size();
    body.resize(std::min(sent, whole));
    return headed(200, "Content-Type: application/json\r\n" + length(whole)).bytes(std::move(body)).close();
}

Reply Reply::before(Gate gate) && {
    Step step;
    step.kind = Step::Kind::wait;
    step.gate = std::move(gate);
    steps_.insert(steps_.begin(), std::move(step));
    return std::move(*this);
}

Reply Reply::header(const std::string& name, const std::string& value) && {
    for (Step& step : steps_) {
        if (step.kind == Step::Kind::head) step.data += name + ": " + value + "\r\n";
    }
    return std::move(*this);
}

Reply Reply::api_version(std::string version) && {
    says_version_ = !version.empty();
    version_ = std::move(version);
    return std::move(*this);
}

Reply Reply::chunk(const std::string& data) && { return std::move(*this).bytes(as_chunk(data)); }
Reply Reply::bytes(std::string data) && { return std::move(*this).then(Step::Kind::send, std::move(data)); }
Reply Reply::end() && { return std::move(*this).bytes("0\r\n\r\n"); }
Reply Reply::close() && { return std::move(*this).then(Step::Kind::close); }

Reply Reply::wait(Gate gate) && {
    Reply reply = std::move(*this).then(Step::Kind::wait);
    reply.steps_.back().gate = std::move(gate);
    return reply;
}

Reply Reply::follow(Feed feed) && {
    Reply reply = std::move(*this).then(Step::Kind::follow);
    reply.steps_.back().feed = std::move(feed);
    return reply;
}

// ---- engine -----------------------------------------------------------------------------------------------------

struct ScriptedEngine::State {
    explicit State(runtime::Loop& owner) : loop(owner), acceptor(owner.context()) {}

    void accept();
    void close(const std::shared_ptr<Session>& session);
    Reply answer(Request& request);
    Reply built_in(const Request& request);

    runtime::Loop& loop;
    const testing::Folder folder;
    std::string newest;
    std::string oldest;
    Unix::acceptor acceptor;
    std::set<std::shared_ptr<Session>> sessions;
    std::vector<std::pair<std::string, Answer>> scripts;
    std::deque<std::pair<std::string, Reply>> next;
    std::vector<Request> requests;
    std::vector<std::string> unscripted;
    unsigned accepted = 0;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

/// One connection. Its steps go on one by one; it reads all the time, so as to see the client go.
class ScriptedEngine::Session final : public std::enable_shared_from_this<Session> {
  public:
    Session(State& engine, Unix::socket socket, unsigned count)
        : engine_(engine), alive_(engine.alive), socket_(std::move(socket)), number_(count) {}

    void read() {
        socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t size) {
            if (self->closed_) return;
            if (error) return self->close();
            self->in_.append(self->buffer_, size);
            self->take_request();
            self->read();
        });
    }

    bool idle() const { return !answering_ && in_.empty(); }

    void close() {
        if (std::exchange(closed_, true)) return;
        reader_.reset();
        error_code ignored;
        socket_.close(ignored);
        if (*alive_) engine_.sessions.erase(shared_from_this());
    }

    void shut() {  // by the engine, which forgets it by itself
        closed_ = true;
        reader_.reset();
        error_code ignored;
        socket_.close(ignored);
    }

  private:
    /// What a feed holds while this session's answer follows it.
    struct Following final : Feed::Reader {
        explicit Following(Session& owner) : session(owner) {}
        void send(const std::string& text) override { session.write(session.reply_.chunked_ ? as_chunk(text) : text); }
        void end() override { session.end_following(); }
        void break_off() override { session.close(); }
        Session& session;
    };

    void take_request() {
        const auto head_end = in_.find("\r\n\r\n");
        if (answering_ || closed_ || head_end == std::string::npos) return;
        Request request = parsed(in_.substr(0, head_end + 2));
        const std::size_t body = static_cast<std::size_t>(std::atoll(request.header("content-length").c_str()));
        if (in_.size() < head_end + 4 + body) return;
        request.body = in_.substr(head_end + 4, body);
        request.connection = number_;
        in_.erase(0, head_end + 4 + body);
        answering_ = true;
        head_only_ = request.method == "HEAD";
        reply_ = engine_.answer(request);
        step_ = 0;
        next_step();
    }

    void next_step() {
        if (closed_) return;
        if (step_ == reply_.steps_.size()) {
            answering_ = false;
            return take_request();
        }
        using Kind = Reply::Step::Kind;
        const Reply::Step& step = reply_.steps_[step_++];
        switch (step.kind) {
            case Kind::head: return write(head(step), true);
            case Kind::send: return head_only_ ? next_step() : write(step.data, true);
            case Kind::wait:  // the gate may be the reply's alone, and would keep this for ever
                return step.gate.pass([weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->next_step();
                });
            case Kind::follow: return follow(step.feed);
            case Kind::stay: return;
            case Kind::close: return close();
        }
    }

    std::string head(const Reply::Step& step) const {
        std::string text = "HTTP/1.1 " + std::to_string(step.status) + ' ' + reason(step.status) + "\r\n";
        const std::string& version = reply_.version_.empty() ? engine_.newest : reply_.version_;
        if (reply_.says_version_) text += "Api-Version: " + version + "\r\n";
        return text + "Server: Docker/0.0 (linux)\r\nOstype: linux\r\n" + step.data + "\r\n";
    }

    void follow(Feed feed) {
        reader_ = std::make_shared<Following>(*this);
        feed.add(reader_);
    }

    void end_following() {
        reader_.reset();
        if (!reply_.chunked_) return close_when_written();
        write("0\r\n\r\n", true);
    }

    void close_when_written() {
        closing_ = true;
        if (out_.empty()) close();
    }

    void write(std::string bytes, bool goes_on = false) {
        if (closed_) return;
        if (bytes.empty() && out_.empty()) return goes_on ? next_step() : void();
        out_.emplace_back(std::move(bytes), goes_on);
        if (out_.size() == 1) write_first();
    }

    void write_first() {
        const auto& bytes = out_.front().first;
        asio::async_write(socket_, asio::buffer(bytes), [self = shared_from_this()](error_code error, std::size_t) {
            if (self->closed_) return;
            if (error) return self->close();
            const bool goes_on = self->out_.front().second;
            self->out_.pop_front();
            if (!self->out_.empty()) self->write_first();
            if (self->out_.empty() && self->closing_) return self->close();
            if (goes_on) self->next_step();
        });
    }

    State& engine_;
    const std::shared_ptr<bool> alive_;
    Unix::socket socket_;
    const unsigned number_;
    char buffer_[16384] = {};
    std::string in_;
    std::deque<std::pair<std::string, bool>> out_;  ///< what is to be written, and whether the next step comes after it
    Reply reply_;
    std::size_t step_ = 0;
    std::shared_ptr<Feed::Reader> reader_;
    bool answering_ = false;
    bool head_only_ = false;
    bool closing_ = false;
    bool closed_ = false;
};

void ScriptedEngine::State::accept() {
    acceptor.async_accept([this, still = alive](error_code error, Unix::socket socket) {
        if (!*still || error) return;
        const auto session = std::make_shared<Session>(*this, std::move(socket), ++accepted);
        sessions.insert(session);
        session->read();
        accept();
    });
}

Reply ScriptedEngine::State::answer(Request& request) {
    requests.push_back(request);
    if (!request.version.empty() && number(request.version) > number(newest)) {
        return Reply::error(
            400, "client version " + request.version + " is too new. Maximum supported API version is " + newest);
    }
    if (!request.version.empty() && number(request.version) < number(oldest)) {
        return Reply::error(400, "client version " + request.version +
                                     " is too old. Minimum supported API version is " + oldest +
                                     ", please upgrade your client to a newer version");
    }
    for (auto once = next.begin(); once != next.end(); ++once) {
        if (!fits(once->first, request)) continue;
        Reply reply = std::move(once->second);
        next.erase(once);
        return reply;
    }
    for (auto script = scripts.rbegin(); script != scripts.rend(); ++script) {
        if (fits(script->first, request)) return script->second(request);
    }
    return built_in(request);
}

Reply ScriptedEngine::State::built_in(const Request& request) {
    if (request.path == "/_ping") return Reply::text(200, "OK");
    if (request.path == "/version") {
        return Reply::json(200, R"({"Version":"0.0","ApiVersion":")" + newest + R"(","MinAPIVersion":")" + oldest +
                                    R"(","Os":"linux","Arch":"amd64"})");
    }
    unscripted.push_back(request.method + ' ' + request.path);
    return Reply::error(404, "page not found");
}

ScriptedEngine::ScriptedEngine(runtime::Loop& loop, std::string newest, std::string oldest)
    : state_(std::make_unique<State>(loop)) {
    versions(std::move(newest), std::move(oldest));
    start();
}

ScriptedEngine::~ScriptedEngine() {
    *state_->alive = false;
    stop();
}

std::string ScriptedEngine::socket() const { return state_->folder / "docker.sock"; }
std::string ScriptedEngine::host() const { return "unix://" + socket(); }

void ScriptedEngine::on(const std::string& what, Reply reply) {
    on(what, [reply = std::move(reply)](const Request&) { return reply; });
}
void ScriptedEngine::on(const std::string& what, Answer answer) {
    state_->scripts.emplace_back(what, std::move(answer));
}
void ScriptedEngine::once(const std::string& what, Reply reply) { state_->next.emplace_back(what, std::move(reply)); }

void ScriptedEngine::versions(std::string newest, std::string oldest) {
    state_->newest = std::move(newest);
    state_->oldest = std::move(oldest);
}

void ScriptedEngine::stop() {
    error_code ignored;
    state_->acceptor.close(ignored);
    const auto sessions = std::exchange(state_->sessions, {});
    for (const auto& session : sessions) session->shut();
}

void ScriptedEngine::vanish() {
    stop();
    std::filesystem::remove(socket());
}

void ScriptedEngine::start() {
    std::filesystem::remove(socket());
    state_->acceptor.open(Unix{});
    state_->acceptor.bind(Unix::endpoint{socket()});
    state_->acceptor.listen(1024);
    state_->accept();
}

void ScriptedEngine::close_idle() {
    const auto sessions = state_->sessions;
    for (const auto& session : sessions) {
        if (session->idle()) session->close();
    }
}

const std::vector<ScriptedEngine::Request>& ScriptedEngine::requests() const { return state_->requests; }

ScriptedEngine::Request ScriptedEngine::last(const std::string& what) const {
    for (auto request = state_->requests.rbegin(); request != state_->requests.rend(); ++request) {
        if (fits(what, *request)) return *request;
    }
    return {};
}

std::size_t ScriptedEngine::count(const std::string& what) const {
    return static_cast<std::size_t>(std::count_if(state_->requests.begin(), state_->requests.end(),
                                                  [&](const Request& request) { return fits(what, request); }));
}

const std::vector<std::string>& ScriptedEngine::unscripted() const { return state_->unscripted; }
unsigned ScriptedEngine::connections() const { return state_->accepted; }
std::size_t ScriptedEngine::open_connections() const { return state_->sessions.size(); }

std::string ScriptedEngine::Request::header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string{} : found->second;
}

std::string ScriptedEngine::Request::parameter(const std::string& name) const {
    for (std::size_t at = 0; at < query.size();) {
        const auto end = std::min(query.find('&', at), query.size());
        const auto equals = std::min(query.find('=', at), end);
        if (decoded(query.substr(at, equals - at)) == name) {
            return equals == end ? std::string{} : decoded(query.substr(equals + 1, end - equals - 1));
        }
        at = end + 1;
    }
    return {};
}

}  // namespace keepwell::testing
