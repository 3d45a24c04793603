// Heal latency: from SIGKILL of a supervised child to the first instruction of its successor.
// (a) the limit: a bare vfork and a blocking waitpid; (b) the same, giving the child a session of its own; (c) all of
// keepwell: loop, engine with `delay: 0s`, journal on disk, launcher. All in one run, in turns, because a machine's
// mood changes. Prints medians and ratios. On a busy machine (b) shows how long the scheduler lets a new session wait,
// which is not in anybody's hand; on an idle one it equals (a). Each child lives for longer than the 100 ms that
// keepwell keeps between two starts.
//
// The seam for more: anything that can keep one child alive is a Healer. Usage: bench_heal_latency [ROUNDS]
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "journal/writer.hpp"
#include "runtime/loop.hpp"
#include "runtime/probe/probes.hpp"
#include "runtime/process/children.hpp"
#include "runtime/process/command.hpp"
#include "runtime/process/output.hpp"
#include "runtime/process/processes.hpp"
#include "supervisor/supervisor.hpp"

namespace {

using namespace keepwell;

// The moment that a child notes, in a file that it maps as well.
class Moment {
  public:
    explicit Moment(const std::string& path) : path_(path) {
        const runtime::Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        void* map = MAP_FAILED;
        if (ftruncate(file.get(), sizeof(std::int64_t)) == 0) {
            map = mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        }
        if (map == MAP_FAILED) {
            std::perror("cannot map the moment");
            std::exit(1);
        }
        value_ = static_cast<std::atomic<std::int64_t>*>(map);
    }

    const std::string& path() const { return path_; }
    void forget() { value_->store(0); }
    std::int64_t wait() const {
        while (value_->load() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return value_->load();
    }

  private:
    std::string path_;
    std::atomic<std::int64_t>* value_ = nullptr;
};

// Something that keeps one child alive, each life noting its first moment.
class Healer {
  public:
    virtual ~Healer() = default;
    virtual pid_t pid() const = 0;
};

// (a), (b): a process of its own that does nothing but vfork and wait.
class BareLoop final : public Healer {
  public:
    BareLoop(const std::string& child, const std::string& moment, bool own_session) : own_session_(own_session) {
        void* map = mmap(nullptr, sizeof(*pid_), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED) std::exit(1);
        pid_ = static_cast<std::atomic<pid_t>*>(map);
        process_ = fork();
        if (process_ == 0) keep(child.c_str(), moment.c_str());
    }
    ~BareLoop() override {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        kill(pid(), SIGKILL);  // an orphan of ours now
        waitpid(pid(), nullptr, 0);
    }
    pid_t pid() const override { return *pid_; }

  private:
    [[noreturn]] void keep(const char* child, const char* moment) {
        const char* const arguments[] = {child, moment, nullptr};
        for (;;) {
            const pid_t pid = vfork();
            if (pid == 0) {
                if (own_session_) setsid();
                execv(child, const_cast<char* const*>(arguments));
                _exit(127);
            }
            *pid_ = pid;
            waitpid(pid, nullptr, 0);
        }
    }

    bool own_session_;
    std::atomic<pid_t>* pid_ = nullptr;
    pid_t process_ = 0;
};

// (c): keepwell, as `keepwell run` joins it, without its API.
class Keepwell final : public Healer {
  public:
    Keepwell(const std::string& child, const std::string& moment, const std::string& folder)
        : folder_(folder),
          output_(loop_, folder),
          journal_(journal::FileWriter::open(in_folder(folder + "/journal")).value()),
          supervisor_(policy(child, moment), {probes_, processes_, loop_, output_, *journal_}, {}) {
        supervisor_.subscribe([this](const journal::Record&) {
            pid_ = static_cast<pid_t>(supervisor_.engine().target(0).instance.pid);
            if (supervisor_.finished()) loop_.stop();
        });
        supervisor_.begin({});
    }
    pid_t pid() const override { return pid_; }

    void run() { loop_.run(); }
    /// From any thread: ends the child, and then run().
    void end() {
        loop_.post([this] { supervisor_.post(event::Shutdown{true}); });
    }

  private:
    static Policy policy(const std::string& child, const std::string& moment) {
        Policy policy;
        ServiceSpec service;
        service.name = "child";
        service.restart.delay = Duration{0};
        TargetSpec target;
        target.name = "child";
        target.process.command = {child, moment};
        policy.services.push_back(service);
        policy.targets.push_back(target);
        policy.maintenance.emplace_back();
        return policy;
    }
    static journal::WriterOptions in_folder(std::string folder) {
        journal::WriterOptions options;
        options.folder = std::move(folder);
        return options;
    }
    supervisor::EventSink sink() {
        return [this](Event event) { supervisor_.post(std::move(event)); };
    }

    std::string folder_;
    std::atomic<pid_t> pid_{0};
    runtime::Loop loop_;
    runtime::Children children_{loop_};
    runtime::CommandRunner commands_{loop_, children_};
    runtime::OutputFiles output_;
    runtime::Processes processes_{loop_, children_, commands_, output_, folder_, sink(), [](const std::string& notice) {
                                      std::fprintf(stderr, "%s\n", notice.c_str());
                                  }};
    runtime::Probes probes_{loop_, commands_, sink()};
    std::unique_ptr<journal::FileWriter> journal_;
    supervisor::Supervisor supervisor_;
};

std::int64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1'000'000'000) + time.tv_nsec;
}

// Kills the child once; nanoseconds until its successor runs.
std::int64_t heal(const Healer& healer, Moment& moment, pid_t& last) {
    while (healer.pid() == last || healer.pid() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    last = healer.pid();
    moment.forget();
    std::this_thread::sleep_for(std::chrono::milliseconds(110));  // it has lived a while, and all is at rest
    const auto killed = now();
    kill(last, SIGKILL);
    return moment.wait() - killed;
}

double median_us(std::vector<std::int64_t> times) {
    std::ranges::sort(times);
    return static_cast<double>(times[times.size() / 2]) / 1000.0;
}

}  // namespace

int main(int count, char** arguments) {
    const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 100;
    std::string folder = (std::filesystem::temp_directory_path() / "keepwell-bench-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) return 1;
    Moment bare_moment(folder + "/bare");
    Moment session_moment(folder + "/session");
    Moment own_moment(folder + "/own");
    std::vector<std::int64_t> bare_times;
    std::vector<std::int64_t> session_times;
    std::vector<std::int64_t> own_times;
    {
        const BareLoop bare(HEAL_LATENCY_CHILD, bare_moment.path(), false);  // these first: they fork
        const BareLoop session(HEAL_LATENCY_CHILD, session_moment.path(), true);
        Keepwell own(HEAL_LATENCY_CHILD, own_moment.path(), folder);
        std::thread measuring([&] {
            bare_moment.wait();
            session_moment.wait();
            own_moment.wait();
            pid_t bare_last = 0;
            pid_t session_last = 0;
            pid_t own_last = 0;
            for (int round = 0; round < rounds; ++round) {
                bare_times.push_back(heal(bare, bare_moment, bare_last));
                session_times.push_back(heal(session, session_moment, session_last));
                own_times.push_back(heal(own, own_moment, own_last));
            }
            own.end();
        });
        own.run();
        measuring.join();
    }
    std::filesystem::remove_all(folder);
    const auto bare = median_us(bare_times);
    const auto session = median_us(session_times);
    const auto own = median_us(own_times);
    std::printf("heal latency, median of %d rounds\n", rounds);
    std::printf("  bare vfork + waitpid loop         %5.0f us\n", bare);
    std::printf("  the same, with a session of its own %3.0f us\n", session);
    std::printf("  keepwell                          %5.0f us: %.2f times the bare loop, %.2f times with a session\n",
                own, own / bare, own / session);
}
