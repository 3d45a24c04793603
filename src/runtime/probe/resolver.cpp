// The resolver: a cache and the askers on the loop, a queue and a few threads off it.
#include "runtime/probe/resolver.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "runtime/errors.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime {
namespace {

/// Beyond this many names the cache drops what has expired.
constexpr std::size_t many_names = 1024;

Resolved not_found(int code, int system_error) {
    const bool by_system = code == EAI_SYSTEM;
    const char* text = by_system ? ::strerrordesc_np(system_error) : ::gai_strerror(code);
    const bool lack = code == EAI_MEMORY || (by_system && is_our_lack(system_error));
    if (lack) return {Resolved::Kind::lack, {}, text};
    const bool plain = code == EAI_NONAME || code == EAI_NODATA;
    return {Resolved::Kind::unknown, {}, plain ? "" : text};
}

/// Signals are the loop's business: a thread that is started inside this scope takes none.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

/// What the threads see. It outlives the resolver for as long as a lookup hangs.
struct Pool {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::string> queue;
    std::function<Resolved(const std::string&)> resolve;
    std::function<void(const std::string&, Resolved)> deliver;  ///< empty: the resolver is gone
    unsigned threads = 0;
    unsigned idle = 0;
};

Resolved guarded(const std::function<Resolved(const std::string&)>& resolve, const std::string& name) {
    try {
        return resolve(name);
    } catch (const std::exception& error) {
        return {Resolved::Kind::lack, {}, error.what()};
    }
}

void work(const std::shared_ptr<Pool>& pool) {
    std::unique_lock lock{pool->mutex};
    for (;;) {
        ++pool->idle;
        pool->changed.wait(lock, [&] { return !pool->deliver || !pool->queue.empty(); });
        --pool->idle;
        if (!pool->deliver) return;
        const std::string name = std::move(pool->queue.front());
        pool->queue.pop_front();
        lock.unlock();
        Resolved answer = guarded(pool->resolve, name);
        lock.lock();
        if (pool->deliver) pool->deliver(name, std::move(answer));
    }
}

}  // namespace

bool is_literal(const std::string& host) {
    const std::string bare = host.substr(0, host.find('%'));
    in6_addr address{};
    return ::inet_pton(AF_INET, bare.c_str(), &address) == 1 || ::inet_pton(AF_INET6, bare.c_str(), &address) == 1;
}

Verdict unresolved(const std::string& host, const Resolved& resolved) {
    if (resolved.kind == Resolved::Kind::lack) return our_lack("cannot resolve " + host + ": " + resolved.error);
    return failed("no such host: " + host + (resolved.error.empty() ? "" : " (" + resolved.error + ')'));
}

Verdict overdue_verdict(const Resolver::Lookup* lookup, Duration timeout) {
    if (lookup && lookup->queued()) return our_lack("too many names hang in resolution");
    return timed_out(timeout);
}

Resolved resolve_by_system(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &list)) return not_found(code, errno);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{list, &::freeaddrinfo};
    Resolved resolved{Resolved::Kind::found, {}, {}};
    for (const addrinfo* one = list; one; one = one->ai_next) {
        char text[NI_MAXHOST];
        const int code = ::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
        if (code == 0) resolved.addresses.emplace_back(text);
    }
    return resolved;
}

class Resolver::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(Loop& loop, Options options) : loop_(loop), options_(std::move(options)), pool_(std::make_shared<Pool>()) {
        pool_->resolve = options_.resolve;
    }

    /// Once, after construction: the threads know the resolver weakly.
    void open();
    void close();
    std::unique_ptr<Lookup> find(const std::string& name, Done done);

  private:
    struct Entry {
        Resolved answer;
        Instant until;
    };
    class Question;

    void ask(const std::string& name);
    bool has_thread();
    void arrived(const std::string& name, const Resolved& answer);
    void remember(const std::string& name, const Resolved& answer);
    void withdraw(const std::string& name, std::uint64_t key);
    bool queued(const std::string& name) const;

    Loop& loop_;
    Options options_;
    std::shared_ptr<Pool> pool_;
    std::map<std::string, Entry> cache_;
    std::map<std::string, std::map<std::uint64_t, Done>> waiting_;  ///< names that are asked for, by whom
    std::uint64_t next_key_ = 1;
};

class Resolver::Impl::Question final : public Resolver::Lookup {
  public:
    Question(Impl& impl, std::string name, std::uint64_t key) : impl_(impl), name_(std::move(name)), key_(key) {}
    ~Question() override { impl_.withdraw(name_, key_); }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    bool queued() const override { return impl_.queued(name_); }

  private:
    Impl& impl_;
    std::string name_;
    std::uint64_t key_;
};

void Resolver::Impl::open() {
    pool_->deliver = [self = weak_from_this(), &loop = loop_](const std::string& name, Resolved answer) {
        loop.post([self, name, answer = std::move(answer)] {
            if (const auto here = self.lock()) here->arrived(name, answer);
        });
    };
}

void Resolver::Impl::close() {
    const std::lock_guard lock{pool_->mutex};
    pool_->deliver = nullptr;
    pool_->changed.notify_all();
}

std::unique_ptr<Resolver::Lookup> Resolver::Impl::find(const std::string& name, Done done) {
    if (is_literal(name)) {
        done({Resolved::Kind::found, {name}, {}});
        return nullptr;
    }
    if (const auto kept = cache_.find(name); kept != cache_.end() && loop_.now() < kept->second.until) {
        const Resolved answer = kept->second.answer;
        done(answer);
        return nullptr;
    }
    const std::uint64_t key = next_key_++;
    const auto [asked, is_new] = waiting_.try_emplace(name);
    asked->second.emplace(key, std::move(done));
    if (is_new) ask(name);
    return std::make_unique<Question>(*this, name, key);
}

void Resolver::Impl::ask(const std::string& name) {
    const std::lock_guard lock{pool_->mutex};
    pool_->queue.push_back(name);
    if (has_thread()) return pool_->changed.notify_one();
    pool_->queue.pop_back();
    pool_->deliver(name, {Resolved::Kind::lack, {}, "no thread to resolve names with"});
}

bool Resolver::Impl::has_thread() {
    if (pool_->idle >= pool_->queue.size() || pool_->threads >= options_.threads) return true;
    const SignalsBlocked blocked;
    try {
        std::thread{work, pool_}.detach();
        ++pool_->threads;
    } catch (const std::system_error&) {  // fewer threads will do
    }
    return pool_->threads > 0;
}

void Resolver::Impl::arrived(const std::string& name, const Resolved& answer) {
    remember(name, answer);
    auto& askers = waiting_[name];
    while (!askers.empty()) {  // each call may withdraw others
        const Done done = std::move(askers.begin()->second);
        askers.erase(askers.begin());
        done(answer);
    }
    waiting_.erase(name);
}

void Resolver::Impl::remember(const std::string& name, const Resolved& answer) {
    const Instant now = loop_.now();
    if (cache_.size() >= many_names) {
        std::erase_if(cache_, [now](const auto& entry) { return entry.second.until <= now; });
    }
    if (answer.kind == Resolved::Kind::lack) return;
    const bool found = answer.kind == Resolved::Kind::found;
    cache_[name] = {answer, now + (found ? options_.keep_found : options_.keep_unknown)};
}

void Resolver::Impl::withdraw(const std::string& name, std::uint64_t key) {
    const auto asked = waiting_.find(name);
    if (asked != waiting_.end()) asked->second.erase(key);  // the lookup itself goes on, and is remembered
}

bool Resolver::Impl::queued(const std::string& name) const {
    const std::lock_guard lock{pool_->mutex};
    return std::find(pool_->queue.begin(), pool_->queue.end(), name) != pool_->queue.end();
}

Resolver::Resolver(Loop& loop, Options options) : impl_(std::make_shared<Impl>(loop, std::move(options))) {
    impl_->open();
}

Resolver::~Resolver() { impl_->close(); }

std::unique_ptr<Resolver::Lookup> Resolver::find(const std::string& name, Done done) {
    return impl_->find(name, std::move(done));
}

}  // namespace keepwell::runtime
