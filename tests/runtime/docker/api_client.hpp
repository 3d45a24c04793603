// The Engine API's client in tests: ask and await the answer, and remember what a stream told.
// Threads: the loop's.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/loop.hpp"
#include "support/await.hpp"

namespace keepwell::testing {

/// Calls `api` and runs the loop until it answers.
inline runtime::docker::Answer ask(runtime::Loop& loop, runtime::docker::EngineApi& api, std::string_view method,
                                   std::string path, std::string body = {},
                                   Duration timeout = std::chrono::seconds{20}) {
    std::optional<runtime::docker::Answer> answer;
    api.call(method, std::move(path), std::move(body), timeout,
             [&](runtime::docker::Answer given) { answer = std::move(given); });
    EXPECT_FALSE(answer.has_value()) << "answered inside call()";
    EXPECT_TRUE(await(loop, [&] { return answer.has_value(); })) << "no answer";
    return answer.value_or(runtime::docker::Answer{});
}

/// What a stream told so far.
struct Told {
    int opened = 0;
    int ended = 0;
    std::string data;
    std::size_t pieces = 0;
    runtime::docker::Answer end;

    runtime::docker::EngineApi::StreamHandlers handlers() {
        return {[this] {
                    EXPECT_EQ(ended, 0);
                    EXPECT_EQ(pieces, 0u);
                    ++opened;
                },
                [this](std::string_view piece) {
                    EXPECT_EQ(opened, 1);
                    EXPECT_EQ(ended, 0);
                    data += piece;
                    ++pieces;
                },
                [this](runtime::docker::Answer answer) {
                    ++ended;
                    end = std::move(answer);
                }};
    }
};

/// Asserts how a call or stream ended, and its whole text.
#define EXPECT_ANSWER(answer, expected_status, expected_body)                         \
    do {                                                                              \
        const runtime::docker::Answer& answer_ = (answer);                            \
        EXPECT_EQ(answer_.end, runtime::docker::Answer::End::answered);               \
        EXPECT_EQ(answer_.status, expected_status);                                   \
        EXPECT_EQ(answer_.body, expected_body);                                       \
        EXPECT_EQ(answer_.ok(), (expected_status) >= 200 && (expected_status) < 300); \
    } while (false)
#define EXPECT_NO_ANSWER(answer, expected_end, expected_error)              \
    do {                                                                    \
        const runtime::docker::Answer& answer_ = (answer);                  \
        EXPECT_EQ(answer_.end, runtime::docker::Answer::End::expected_end); \
        EXPECT_EQ(answer_.status, 0);                                       \
        EXPECT_EQ(answer_.body, "");                                        \
        EXPECT_EQ(answer_.error, expected_error);                           \
        EXPECT_FALSE(answer_.ok());                                         \
    } while (false)

}  // namespace keepwell::testing
