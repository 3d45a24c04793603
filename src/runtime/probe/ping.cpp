// One probe on a private loop.
#include "runtime/probe/ping.hpp"

#include <charconv>
#include <string_view>

#include "runtime/curl_multi.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"

namespace keepwell::runtime {
namespace {

constexpr std::string_view tcp_scheme = "tcp://";

/// "HOST:PORT" or "[V6]:PORT".
tl::expected<Probe, std::string> tcp_probe(std::string_view place) {
    const std::size_t colon = place.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return tl::unexpected<std::string>{"expected tcp://HOST:PORT"};
    TcpProbe probe{std::string{place.substr(0, colon)}, 0};
    const std::string_view port = place.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), probe.port);
    if (error != std::errc{} || end != port.data() + port.size() || probe.port == 0) {
        return tl::unexpected{"`" + std::string{port} + "` is not a port"};
    }
    const bool bracketed = probe.host.front() == '[' && probe.host.back() == ']';
    if (bracketed) probe.host = probe.host.substr(1, probe.host.size() - 2);
    if (!bracketed && probe.host.find(':') != std::string::npos) {
        return tl::unexpected<std::string>{"an IPv6 address is written in brackets: tcp://[::1]:PORT"};
    }
    return probe;
}

}  // namespace

tl::expected<Probe, std::string> probe_of_url(const std::string& url) {
    if (url.compare(0, tcp_scheme.size(), tcp_scheme) == 0) return tcp_probe(url.substr(tcp_scheme.size()));
    const bool http = url.compare(0, 7, "http://") == 0 || url.compare(0, 8, "https://") == 0;
    if (!http) return tl::unexpected<std::string>{"expected http://…, https://… or tcp://HOST:PORT"};
    const UrlPlace place = place_of(url);
    if (!place.error.empty()) return tl::unexpected{place.error};
    HttpProbe probe;
    probe.url = url;
    return probe;
}

PingAnswer ping(const Probe& probe, Duration timeout) {
    Loop loop;
    Children children{loop};
    CommandRunner runner{loop, children};
    PingAnswer answer;
    const Instant started = loop.now();
    Probes probes{loop, runner, [&](Event event) {
                      auto& finished = std::get<event::ProbeFinished>(event);
                      answer = {finished.outcome, finished.exit_code, std::move(finished.output), loop.now() - started};
                      loop.stop();
                  }};
    TargetSpec target;
    target.probe = probe;
    probes.run(1, 0, target, timeout);
    loop.run();
    return answer;
}

}  // namespace keepwell::runtime
