// Waiting in tests: the loop runs, one handler after the other, until something is so.
// Threads: the loop's.
#pragma once

#include <functional>

namespace keepwell::runtime {
class Loop;
}

namespace keepwell::testing {

/// Runs the loop until `is_so()`, which is asked after every handler. False: it was not so within 30 s, which nothing
/// here needs unless it hangs. Use it as EXPECT_TRUE(await(loop, …)).
[[nodiscard]] bool await(runtime::Loop& loop, const std::function<bool()>& is_so);

/// Runs what is ready on the loop, so that what must not happen has had its chance to.
void settle(runtime::Loop& loop);

}  // namespace keepwell::testing
