// Names: off the loop, cached, and hung ones in nobody's way but their own.
#include "runtime/probe/resolver.hpp"

#include <atomic>
#include <future>

#include "runtime/probe/real_probes.hpp"
#include "runtime/probe/test_server.hpp"

namespace keepwell::runtime {
namespace {

Resolved found(const std::string& address) { return {Resolved::Kind::found, {address}, {}}; }
Resolved unknown(const std::string& why) { return {Resolved::Kind::unknown, {}, why}; }

/// A name service whose answers for names with "hangs" in them wait until it ends.
class NameService {
  public:
    NameService() : released_(release_.get_future().share()) {}
    ~NameService() { release_.set_value(); }
    NameService(const NameService&) = delete;
    NameService& operator=(const NameService&) = delete;

    Resolver::Options options(Resolved answer = found("127.0.0.1")) {
        Resolver::Options options;
        options.resolve = [asked = asked_, released = released_, answer](const std::string& name) {
            ++*asked;
            if (name.find("hangs") != std::string::npos) released.wait();
            return answer;
        };
        return options;
    }
    int asked() const { return *asked_; }

  private:
    std::promise<void> release_;
    std::shared_future<void> released_;
    std::shared_ptr<std::atomic<int>> asked_ = std::make_shared<std::atomic<int>>(0);
};

TEST(Names, a_name_that_is_unknown_fails_the_probe) {
    NameService names;
    RealProbes probes{names.options(unknown(""))};
    EXPECT_RESULT(probes.ask(http("http://shop/")), Outcome::failed, 1, "no such host: shop");
    EXPECT_RESULT(probes.ask(TcpProbe{"shop", 80}), Outcome::failed, 1, "no such host: shop");
}

TEST(Names, a_name_service_that_fails_fails_the_probe_and_is_named) {
    NameService names;
    RealProbes probes{names.options(unknown("Temporary failure in name resolution"))};
    EXPECT_RESULT(probes.ask(TcpProbe{"shop", 80}), Outcome::failed, 1,
                  "no such host: shop (Temporary failure in name resolution)");
}

TEST(Names, our_own_lack_is_an_error) {
    NameService names;
    RealProbes probes{names.options({Resolved::Kind::lack, {}, "Too many open files"})};
    EXPECT_RESULT(probes.ask(TcpProbe{"shop", 80}), Outcome::error, -1, "cannot resolve shop: Too many open files");
}

TEST(Names, a_resolver_that_throws_is_an_error) {
    Resolver::Options options;
    options.resolve = [](const std::string&) -> Resolved { throw std::bad_alloc{}; };
    RealProbes probes{options};
    EXPECT_RESULT(probes.ask(TcpProbe{"shop", 80}), Outcome::error, -1, "cannot resolve shop: std::bad_alloc");
}

TEST(Names, literals_are_not_asked_for) {
    NameService names;
    TestServer server;
    RealProbes probes{names.options(unknown(""))};
    EXPECT_EQ(probes.ask(http(server.url("/ok"))).outcome, Outcome::passed);
    EXPECT_EQ(probes.ask(TcpProbe{"127.0.0.1", server.port()}).outcome, Outcome::passed);
    EXPECT_EQ(names.asked(), 0);
}

TEST(Names, a_name_is_asked_for_once_and_kept) {
    NameService names;
    TestServer server;
    RealProbes probes{names.options()};
    const std::string url = "http://shop:" + std::to_string(server.port()) + "/ok";
    for (int i = 0; i < 5; ++i) probes.begin(http(url), 20s);
    probes.await(5);
    EXPECT_RESULT(probes.ask(TcpProbe{"shop", server.port()}), Outcome::passed, 0, "connected");
    EXPECT_EQ(names.asked(), 1);
    for (const auto& finished : probes.delivered()) EXPECT_EQ(finished.outcome, Outcome::passed) << finished.output;
}

TEST(Names, an_answer_is_asked_for_again_when_it_is_old) {
    NameService names;
    auto options = names.options(unknown(""));
    options.keep_unknown = 20ms;
    RealProbes probes{options};
    probes.ask(TcpProbe{"shop", 80});
    probes.ask(TcpProbe{"shop", 80});
    const int asked_at_first = names.asked();
    probes.let_pass(30ms);
    probes.ask(TcpProbe{"shop", 80});
    EXPECT_EQ(names.asked(), asked_at_first + 1);
}

TEST(Names, an_address_that_changes_is_followed) {
    auto first = std::make_shared<std::atomic<bool>>(true);
    Resolver::Options options;
    options.keep_found = 0s;
    options.resolve = [first](const std::string&) { return found(first->exchange(false) ? "127.0.0.2" : "127.0.0.1"); };
    TestServer server;
    RealProbes probes{options};
    const std::string url = "http://shop:" + std::to_string(server.port()) + "/ok";
    EXPECT_EQ(probes.ask(http(url)).outcome, Outcome::failed);
    EXPECT_RESULT(probes.ask(http(url)), Outcome::passed, 0, "HTTP 200");
}

TEST(Names, a_name_that_hangs_exceeds_the_timeout_and_holds_nobody_up) {
    NameService names;
    TestServer server;
    RealProbes probes{names.options()};
    const CommandId hung = probes.begin(http("http://hangs/"), 150ms);
    const CommandId other = probes.begin(http("http://shop:" + std::to_string(server.port()) + "/ok"), 20s);
    probes.await(2);
    EXPECT_EQ(probes.delivered()[0].id, other);
    EXPECT_RESULT(probes.delivered()[0], Outcome::passed, 0, "HTTP 200");
    EXPECT_EQ(probes.delivered()[1].id, hung);
    EXPECT_RESULT(probes.delivered()[1], Outcome::failed, -1, "Health check exceeded timeout (150ms)");
}

TEST(Names, a_name_that_could_not_even_be_asked_for_is_an_error) {
    NameService names;
    auto options = names.options();
    options.threads = 2;
    RealProbes probes{options};
    for (const char* name : {"hangs-1", "hangs-2"}) probes.begin(TcpProbe{name, 80}, 20s);
    while (names.asked() < 2) probes.let_pass(1ms);
    EXPECT_RESULT(probes.ask(TcpProbe{"shop", 80}, 50ms), Outcome::error, -1, "too many names hang in resolution");
}

TEST(Names, a_cancelled_probe_forgets_its_name) {
    NameService names;
    RealProbes probes{names.options()};
    const CommandId id = probes.begin(TcpProbe{"hangs", 80}, 20s);
    probes.port().cancel(id);
    probes.await(1);
    EXPECT_RESULT(probes.delivered()[0], Outcome::error, -1, "cancelled");
}

TEST(Names, the_system_knows_localhost_and_no_nonsense) {
    const Resolved local = resolve_by_system("localhost");
    EXPECT_EQ(local.kind, Resolved::Kind::found);
    for (const std::string& address : local.addresses) EXPECT_TRUE(address == "127.0.0.1" || address == "::1");
    EXPECT_NE(resolve_by_system("no such name").kind, Resolved::Kind::found);
}

TEST(Names, literals_are_known_as_such) {
    for (const char* literal : {"127.0.0.1", "::1", "fe80::1%eth0"}) EXPECT_TRUE(is_literal(literal)) << literal;
    for (const char* name : {"", "localhost", "1.2.3", "a.b.c.d", "::g"}) EXPECT_FALSE(is_literal(name)) << name;
}

}  // namespace
}  // namespace keepwell::runtime
