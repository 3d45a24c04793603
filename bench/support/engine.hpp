// What the benches of containers share: a Docker engine of their own (tests/support/docker), so that nothing else is
// counted and nothing of the machine's is touched; docker's command; the CPU and the memory of processes.
// It knows nothing of keepwell. Everything throws std::runtime_error when it can not be done; each call blocks.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace keepwell::bench {

/// The whole of a program that is run with the amount it is given, or `usual`. Without an engine it says so, and
/// measures nothing; what is thrown is printed. The exit code.
int bench_main(int count, char** arguments, long usual, void (*run)(long amount));

/// What a command of the shell prints, without the last newline; it must succeed.
std::string output_of(const std::string& command);
std::string text_of(const std::filesystem::path& path);

/// Seconds of CPU of one process so far: each of its threads, and the children that were reaped.
double cpu_of(pid_t process);
/// Bytes of memory that are its own: not those of programs and libraries, which it may have in common with others.
double memory_of(pid_t process);

double median(std::vector<double> values);
/// "2.31 (2.20 to 2.95)": median, least and greatest.
std::string spread(const std::vector<double>& values, int digits);

/// An engine of our own, with the images of tests/support/docker/images. This program, and what it starts, is in its
/// network from then on and reaches containers by their addresses; DOCKER_HOST is set.
class Engine {
  public:
    Engine();
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Otherwise it has said what is missing.
    static bool can_be_had();

    const std::string& folder() const { return folder_; }
    std::string socket() const { return folder_ + "/docker.sock"; }
    std::string host() const { return "unix://" + socket(); }
    /// Seconds of CPU that all that belongs to it has used so far, its containers included.
    double cpu() const;

  private:
    void stop() const;
    void enter_network();

    std::string place_;
    std::string folder_;
    std::string group_;
};

inline constexpr auto accountservice_image = "keepwell-test/accountservice";
inline constexpr auto busybox_image = "keepwell-test/busybox";

/// An image of accountservice whose HEALTHCHECK has these options ("--interval=1s --retries=3"), and which is run with
/// these arguments (R"("--sigterm", "ignore")").
void make_accountservice(const std::string& name, const std::string& healthcheck_options,
                         const std::string& arguments = "");

}  // namespace keepwell::bench
