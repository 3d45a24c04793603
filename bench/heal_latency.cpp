// Heal latency: from SIGKILL of a supervised child to the first instruction of its successor.
// (a) the limit: a bare vfork and a blocking waitpid; (b) the same, giving the child a session of its own; (c)
// keepwell's own ProcessPort on its loop, asked for the successor by the exit. All in one run, in turns, because a
// machine's mood changes. Prints medians and ratios. On a busy machine (b) shows how long the scheduler lets a new
// session wait, which is not in anybody's hand; on an idle one it equals (a).
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
#include <string>
#include <thread>
#include <vector>

#include "runtime/process/processes.hpp"

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

// (c): keepwell's ProcessPort; each exit asks for the next start.
class OwnPort final : public Healer {
  public:
    OwnPort(const std::string& child, const std::string& moment, const std::string& folder) : output_(loop_, folder) {
        target_.name = "child";
        target_.process.command = {child, moment};
        processes_.start(0, 0, target_);
    }
    pid_t pid() const override { return pid_; }

    void run() { loop_.run(); }
    /// From any thread: ends the child, and then run().
    void end() {
        loop_.post([this] {
            ending_ = true;
            processes_.stop(0, 0, instance_, SIGTERM, Duration{0});
        });
    }

  private:
    void take(const Event& event) {
        if (const auto* started = std::get_if<event::StartFinished>(&event)) {
            instance_ = started->instance;
            pid_ = static_cast<pid_t>(instance_.pid);
        } else if (std::holds_alternative<event::StopFinished>(event)) {
            loop_.stop();
        } else if (!ending_) {
            processes_.start(0, 0, target_);
        }
    }

    TargetSpec target_;
    Instance instance_;
    std::atomic<pid_t> pid_{0};
    bool ending_ = false;
    runtime::Loop loop_;
    runtime::Children children_{loop_};
    runtime::CommandRunner commands_{loop_, children_};
    runtime::OutputFiles output_;
    runtime::Processes processes_{loop_,
                                  children_,
                                  commands_,
                                  output_,
                                  [this](const Event& event) { take(event); },
                                  [](const std::string& notice) { std::fprintf(stderr, "%s\n", notice.c_str()); }};
};

std::int64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1'000'000'000) + time.tv_nsec;
}

// Kills the child once; nanoseconds until its successor runs.
std::int64_t heal(const Healer& healer, Moment& moment, pid_t& last) {
    while (healer.pid() == last) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    last = healer.pid();
    moment.forget();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the loop is at rest, as in life
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
    const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 500;
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
        OwnPort own(HEAL_LATENCY_CHILD, own_moment.path(), folder);
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
            while (own.pid() == own_last) std::this_thread::sleep_for(std::chrono::milliseconds(1));
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
    std::printf("  keepwell's ProcessPort            %5.0f us: %.2f times the bare loop, %.2f times with a session\n",
                own, own / bare, own / session);
}
