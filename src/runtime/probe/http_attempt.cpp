// The http probe: place, name, one request on a fresh connection, verdict.
#include "runtime/curl_multi.hpp"
#include "runtime/errors.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/attempt.hpp"
#include "runtime/probe/http_judge.hpp"
#include "runtime/probe/resolver.hpp"

namespace keepwell::runtime {
namespace {

class HttpAttempt final : public Attempt {
  public:
    HttpAttempt(CurlMulti& curl, Resolver& resolver, Patterns& patterns, const HttpProbe& probe, Duration timeout)
        : curl_(curl), resolver_(resolver), patterns_(patterns), probe_(probe), timeout_(timeout) {}

    void begin(Done done) override {
        done_ = std::move(done);
        place_ = place_of(probe_.url);
        if (!place_.error.empty()) return done_(not_run("bad URL `" + probe_.url + "`: " + place_.error));
        lookup_ = resolver_.find(place_.host, [this](const Resolved& resolved) { ask(resolved); });
    }

    Verdict overdue() const override { return overdue_verdict(lookup_.get(), timeout_); }

  private:
    void ask(const Resolved& resolved) {
        if (resolved.kind != Resolved::Kind::found) return done_(unresolved(place_.host, resolved));
        // Whoever asks ends it at its time, and knows when the loop was late.
        constexpr Duration no_timeout{0};
        HttpRequest request{probe_.url, probe_.method, probe_.headers,     probe_.body,
                            {},         no_timeout,    wanted_body(probe_)};
        if (!is_literal(place_.host)) request.addresses = resolved.addresses;
        transfer_ = curl_.start(request, [this](HttpResponse response) { done_(verdict(response)); });
    }

    Verdict verdict(const HttpResponse& response) {
        switch (response.end) {
            case HttpResponse::End::complete:
            case HttpResponse::End::cut: return judge(probe_, response.status, response.body, patterns_);
            case HttpResponse::End::timed_out: return timed_out(timeout_);
            case HttpResponse::End::lack: return our_lack(response.error);
            case HttpResponse::End::failed: break;
        }
        if (response.connect_error == 0) return failed(response.error);
        return failed(describe_connect_error(response.connect_error, place_.host, place_.port));
    }

    CurlMulti& curl_;
    Resolver& resolver_;
    Patterns& patterns_;
    const HttpProbe probe_;
    const Duration timeout_;
    Done done_;
    UrlPlace place_;
    std::unique_ptr<Resolver::Lookup> lookup_;
    std::unique_ptr<CurlMulti::Transfer> transfer_;
};

}  // namespace

std::unique_ptr<Attempt> make_http_attempt(CurlMulti& curl, Resolver& resolver, Patterns& patterns,
                                           const HttpProbe& probe, Duration timeout) {
    return std::make_unique<HttpAttempt>(curl, resolver, patterns, probe, timeout);
}

}  // namespace keepwell::runtime
