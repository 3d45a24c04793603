// The book of probes under way: who asked, until when, and that each is answered once.
#include "runtime/probe/probes.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "runtime/curl_multi.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/attempt.hpp"
#include "runtime/probe/http_judge.hpp"

namespace keepwell::runtime {
namespace {

/// A loop that comes no later than this has run all the time.
constexpr Duration punctual = std::chrono::milliseconds{100};

}  // namespace

class Probes::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(Loop& loop, CommandRunner& runner, supervisor::EventSink sink, Resolver::Options options)
        : loop_(loop),
          runner_(runner),
          sink_(std::move(sink)),
          resolver_(loop, std::move(options)),
          curl_(loop),
          timer_(loop) {}

    void run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout);
    void cancel(CommandId id);

  private:
    struct Running {
        TargetIndex index = no_target;
        Duration timeout{0};
        Instant deadline = never;
        bool given_back = false;  ///< the time in which the loop did not run
        std::unique_ptr<Attempt> attempt;
    };
    using Entry = std::map<CommandId, Running>::iterator;

    std::unique_ptr<Attempt> make(const TargetSpec& target, Duration timeout);
    void finish(CommandId id, Verdict verdict);
    void deliver(CommandId id, TargetIndex index, Verdict verdict);
    void arm();
    void end_overdue();
    bool give_back(CommandId id, Running& running);

    Loop& loop_;
    CommandRunner& runner_;
    supervisor::EventSink sink_;
    Resolver resolver_;
    Patterns patterns_;
    CurlMulti curl_;
    std::map<CommandId, Running> running_;
    std::vector<std::unique_ptr<Attempt>> finished_;  ///< until the loop has left them
    std::set<std::pair<Instant, CommandId>> deadlines_;
    Timer timer_;
};

std::unique_ptr<Attempt> Probes::Impl::make(const TargetSpec& target, Duration timeout) {
    struct Make {
        Impl& impl;
        const TargetSpec& target;
        Duration timeout;

        std::unique_ptr<Attempt> operator()(const HttpProbe& probe) const {
            return make_http_attempt(impl.curl_, impl.resolver_, impl.patterns_, probe, timeout);
        }
        std::unique_ptr<Attempt> operator()(const TcpProbe& probe) const {
            return make_tcp_attempt(impl.loop_, impl.resolver_, probe, timeout);
        }
        std::unique_ptr<Attempt> operator()(const ExecProbe& probe) const {
            return make_exec_attempt(impl.runner_, probe, target.process, timeout);
        }
    };
    return std::visit(Make{*this, target, timeout}, *target.probe);
}

void Probes::Impl::run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) {
    if (!target.probe) return deliver(id, index, our_lack("no probe is configured"));
    Running& running = running_[id];
    running.index = index;
    running.timeout = timeout;
    running.attempt = make(target, timeout);
    if (!running.attempt->keeps_time()) {
        running.deadline = later(loop_.now(), timeout);
        deadlines_.emplace(running.deadline, id);
        arm();
    }
    running.attempt->begin([this, id](Verdict verdict) { finish(id, std::move(verdict)); });
}

void Probes::Impl::cancel(CommandId id) {
    const auto found = running_.find(id);
    if (found == running_.end()) return;
    found->second.attempt.reset();
    finish(id, our_lack("cancelled"));
}

/// The attempt may be the caller: it is destroyed when the result is delivered.
void Probes::Impl::finish(CommandId id, Verdict verdict) {
    const auto node = running_.extract(id);
    if (node.empty()) return;
    Running& running = node.mapped();
    deadlines_.erase({running.deadline, id});
    finished_.push_back(std::move(running.attempt));
    deliver(id, running.index, std::move(verdict));
}

void Probes::Impl::deliver(CommandId id, TargetIndex index, Verdict verdict) {
    event::ProbeFinished event{id, index, verdict.outcome, verdict.exit_code, cut_output(std::move(verdict.output))};
    loop_.post([self = weak_from_this(), event = std::move(event)]() mutable {
        const auto here = self.lock();
        if (!here) return;
        here->finished_.clear();
        here->sink_(std::move(event));
    });
}

/// One timer for all deadlines; it stays armed for a deadline that is withdrawn, as most are.
void Probes::Impl::arm() {
    if (!deadlines_.empty()) timer_.arm(deadlines_.begin()->first, [this] { end_overdue(); });
}

void Probes::Impl::end_overdue() {
    while (!deadlines_.empty() && deadlines_.begin()->first <= loop_.now()) {
        const CommandId id = deadlines_.begin()->second;
        Running& running = running_.at(id);
        if (!give_back(id, running)) finish(id, running.attempt->overdue());
    }
    arm();
}

/// What has come while keepwell itself did not run, as in a pause of the host, is not read yet. That time is given
/// back, once: a target is not to blame for it.
bool Probes::Impl::give_back(CommandId id, Running& running) {
    const Duration late = loop_.now() - running.deadline;
    if (late < punctual || running.given_back) return false;
    running.given_back = true;
    deadlines_.erase({running.deadline, id});
    running.deadline = later(loop_.now(), std::min(late, running.timeout));
    deadlines_.emplace(running.deadline, id);
    return true;
}

Probes::Probes(Loop& loop, CommandRunner& runner, supervisor::EventSink sink, Resolver::Options resolver)
    : impl_(std::make_shared<Impl>(loop, runner, std::move(sink), std::move(resolver))) {}
Probes::~Probes() = default;

void Probes::run(CommandId id, TargetIndex index, const TargetSpec& target, Duration timeout) {
    impl_->run(id, index, target, timeout);
}

void Probes::cancel(CommandId id) { impl_->cancel(id); }

}  // namespace keepwell::runtime
