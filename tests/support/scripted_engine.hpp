// A Docker Engine that says what a test wants: a real HTTP/1.1 server on a unix socket, on the test's own loop. It is
// for what a real engine cannot be made to show: half answers, silence, connections that break, other versions.
//
//     Loop loop;
//     ScriptedEngine engine{loop};                                       // API 1.41; /_ping and /version by itself
//     engine.on("GET /containers/json", Reply::json(200, "[]"));         // from now on
//     engine.once("POST /containers/*/start", Reply::error(409, "no"));  // the next one only, before on()
//     EngineApi api{loop, engine_address(engine.host(), false, "")};
//     …
//     EXPECT_TRUE(await(loop, [&] { return engine.count("POST /containers/*/start") == 1; }));
//
// What is named is "METHOD /path", the path without version and query; `*` stands for anything but a slash. The latest
// on() that fits answers. What nobody named gets the engine's own 404 `page not found`, and is in unscripted().
// A version in the path that is out of the engine's range gets its 400, as the real one says it.
// Sources: moby api/server/middleware/version.go, api/server/server.go.
// Threads: the loop only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::testing {

/// What the test opens when it is time; answers that wait for it go on then. Copies are the same gate.
class Gate {
  public:
    Gate();
    void open();
    bool is_open() const;
    /// Calls `then` when the gate is open: at once, or inside open().
    void pass(std::function<void()> then) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// What the test writes into answers that are open (events, logs): on("GET /events", Reply::chunked(200).follow(feed)).
/// Copies are the same feed.
class Feed {
  public:
    /// One open answer, as the engine gives it.
    struct Reader {
        virtual ~Reader() = default;
        virtual void send(const std::string& text) = 0;
        virtual void end() = 0;
        virtual void break_off() = 0;
    };

    Feed();
    /// To every answer that follows now: one chunk, or as it is where the answer is not chunked.
    void send(const std::string& text);
    /// Ends the answers as they should end. Those that follow later are not ended.
    void end();
    /// Closes their connections in the middle.
    void break_off();
    /// Answers that follow now. await() it to know that the client's stream is open.
    std::size_t readers() const;

    void add(std::weak_ptr<Reader> reader);

  private:
    struct State;
    std::vector<std::shared_ptr<Reader>> living() const;
    std::shared_ptr<State> state_;
};

/// What the engine does with one request: steps, one after the other. After the last one the connection is kept.
class Reply {
  public:
    // Whole answers.
    static Reply json(int status, std::string body);
    static Reply error(int status, const std::string& message);  ///< {"message": …}
    static Reply text(int status, std::string body);             ///< text/plain
    static Reply empty(int status);                              ///< 204 and 304 without, others with Content-Length: 0

    // Answers in pieces: chunk(), bytes(), wait(), follow() and end() or close() go on.
    static Reply chunked(int status, const std::string& content_type = "application/json");
    static Reply upgraded();  ///< exec's start: 101, then bytes() until close()
    static Reply until_close(int status, const std::string& content_type);  ///< no length: bytes() until close()
    static Reply raw(std::string bytes);                                    ///< exactly these, no head is added

    // Faults.
    static Reply silence();                                 ///< not a byte, for ever
    static Reply hang_up();                                 ///< closes without a byte
    static Reply half(std::string body, std::size_t sent);  ///< announces all of it, sends the beginning, closes

    /// Nothing of the answer is sent before the gate is open.
    Reply before(Gate gate) &&;
    /// One more header of the head.
    Reply header(const std::string& name, const std::string& value) &&;
    /// The answer says another version than the engine's; empty: none.
    Reply api_version(std::string version) &&;

    Reply chunk(const std::string& data) &&;
    Reply bytes(std::string data) &&;
    Reply wait(Gate gate) &&;
    Reply follow(Feed feed) &&;  ///< the last step: the feed ends it
    Reply end() &&;              ///< the last chunk
    Reply close() &&;

  private:
    friend class ScriptedEngine;
    struct Step {
        enum class Kind { head, send, wait, follow, stay, close };
        Kind kind = Kind::send;
        int status = 0;    ///< of head
        std::string data;  ///< of send; of head: its headers, but for the engine's own
        Gate gate;
        Feed feed;
    };
    static Reply headed(int status, const std::string& headers);
    Reply then(Step::Kind kind, std::string data = {}) &&;

    std::vector<Step> steps_;
    bool chunked_ = false;
    bool says_version_ = true;
    std::string version_;  ///< empty: the engine's
};

class ScriptedEngine {
  public:
    struct Request {
        std::string method;
        std::string version;                         ///< "1.41" of "/v1.41/…"; empty: the path had none
        std::string path;                            ///< without version and query
        std::string query;                           ///< as it was sent, without the question mark
        std::map<std::string, std::string> headers;  ///< names in lower case
        std::string body;
        unsigned connection = 0;  ///< the how-manieth that was accepted, from 1

        /// Empty when there is none.
        std::string header(const std::string& lower_case_name) const;
        /// The decoded value of a parameter; empty when there is none.
        std::string parameter(const std::string& name) const;
    };
    using Answer = std::function<Reply(const Request&)>;

    explicit ScriptedEngine(runtime::Loop& loop, std::string newest = "1.41", std::string oldest = "1.12");
    ~ScriptedEngine();
    ScriptedEngine(const ScriptedEngine&) = delete;
    ScriptedEngine& operator=(const ScriptedEngine&) = delete;

    std::string socket() const;  ///< its path, in a folder of its own that goes with the engine
    std::string host() const;    ///< as DOCKER_HOST has it

    void on(const std::string& what, Reply reply);
    void on(const std::string& what, Answer answer);
    void once(const std::string& what, Reply reply);  ///< several queue up

    /// Another engine from now on, for /_ping, for the header of every answer, and for the range that is served.
    void versions(std::string newest, std::string oldest);

    /// The engine is gone: every connection is closed, new ones are refused.
    void stop();
    /// As stop(), and the socket's file is gone as well.
    void vanish();
    /// It is back, on the same socket.
    void start();
    /// Closes the kept connections on which nothing is asked. settle() first: an answer that the client has may not be
    /// over yet for the engine.
    void close_idle();

    /// All that were asked so far, /_ping included.
    const std::vector<Request>& requests() const;
    /// The last one that fits; an empty one when there is none.
    Request last(const std::string& what) const;
    std::size_t count(const std::string& what) const;
    /// "METHOD /path" of what nobody had named.
    const std::vector<std::string>& unscripted() const;
    unsigned connections() const;          ///< accepted so far
    std::size_t open_connections() const;  ///< now

  private:
    class Session;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace keepwell::testing
