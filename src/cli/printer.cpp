// The thread is detached: one that hangs in write(2) for ever must not keep keepwell from ending.
#include "cli/printer.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include "cli/terminal.hpp"

namespace keepwell::cli {

struct Printer::Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::string waiting;
    std::size_t left_out = 0;
    bool writing = false;
    bool closed = false;  ///< nobody reads
    bool ending = false;

    void write_all();
    std::string take();
};

/// What is to be written now; empty at the end. Waits for it.
std::string Printer::Shared::take() {
    std::unique_lock lock{mutex};
    writing = false;
    changed.notify_all();
    changed.wait(lock, [this] { return ending || !waiting.empty(); });
    writing = !waiting.empty();
    std::string text = std::exchange(waiting, {});
    const std::size_t lost = std::exchange(left_out, 0);
    if (lost > 0) text += "... " + std::to_string(lost) + " lines were left out: nobody read them in time\n";
    return text;
}

void Printer::Shared::write_all() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are the loop's
    for (std::string text = take(); !text.empty(); text = take()) {
        if (cli::print(text)) continue;
        const std::scoped_lock lock{mutex};
        closed = true;
        waiting.clear();
    }
}

Printer::Printer() : shared_(std::make_shared<Shared>()) {
    std::thread{[shared = shared_] { shared->write_all(); }}.detach();
}

Printer::~Printer() {
    std::unique_lock lock{shared_->mutex};
    shared_->ending = true;
    shared_->changed.notify_all();
    shared_->changed.wait_for(lock, std::chrono::seconds{1},
                              [this] { return shared_->waiting.empty() && !shared_->writing; });
}

void Printer::print(std::string text) {
    constexpr std::size_t most = 1024 * 1024;
    const std::scoped_lock lock{shared_->mutex};
    if (shared_->closed) return;
    if (shared_->waiting.size() + text.size() > most) {
        ++shared_->left_out;
        return;
    }
    shared_->waiting += text;
    shared_->changed.notify_all();
}

}  // namespace keepwell::cli
