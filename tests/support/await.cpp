// Stepping through the loop's handlers.
#include "support/await.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "runtime/loop.hpp"

namespace keepwell::testing {

bool await(runtime::Loop& loop, const std::function<bool()>& is_so) {
    auto& context = loop.context();
    const auto work = boost::asio::make_work_guard(context);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!is_so()) {
        if (context.stopped()) context.restart();
        if (context.run_one_until(end) == 0) return is_so();
    }
    return true;
}

void settle(runtime::Loop& loop) {
    auto& context = loop.context();
    const auto work = boost::asio::make_work_guard(context);
    if (context.stopped()) context.restart();
    // What is ready in the kernel is found by the poll after the one that ran its cause.
    for (int idle = 0; idle < 3;) idle = context.poll() == 0 ? idle + 1 : 0;
}

}  // namespace keepwell::testing
