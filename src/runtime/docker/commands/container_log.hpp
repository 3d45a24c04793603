// What a target's container prints, read from its engine: the end of the log, and what comes after it, over restarts
// and replacements. A reader that does not keep up is dropped, so that a log needs no more memory than `most_kept`.
// May know: engine_api, frames, seen. Sources: moby daemon/logs.go, pkg/stdcopy (frames).
// Threads: the loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/docker/api/engine_api.hpp"
#include "runtime/docker/api/frames.hpp"
#include "runtime/docker/watch/seen.hpp"
#include "runtime/loop.hpp"

namespace keepwell::runtime::docker {

class ContainerLog {
  public:
    enum class State : std::uint8_t {
        opening,  ///< the engine has not said yet whether it can be read
        open,
        ended,   ///< there is no more
        failed,  ///< failure() says why
    };
    struct Wanted {
        std::uint64_t lines = 0;  ///< before the end, to begin with
        bool follow = false;
    };
    /// The target's container as it is known now; null: none is.
    using Container = std::function<const Seen*()>;

    /// `news` is called on the loop, never from inside this: the state is another one, or there is something to read.
    /// It may destroy this.
    ContainerLog(Loop& loop, EngineApi& api, Container container, Wanted wanted, std::function<void()> news);
    ~ContainerLog();
    ContainerLog(const ContainerLog&) = delete;
    ContainerLog& operator=(const ContainerLog&) = delete;

    State state() const { return state_; }
    const std::string& failure() const { return failure_; }
    /// What has come since the last time, stdout and stderr together.
    std::string read();

  private:
    void begin();
    void open(const Seen& container, const std::string& part);
    void inspected(const std::string& path, const Answer& answer);
    void take(std::string_view bytes);
    void ended(const Answer& answer);
    void look_for_another_life();
    void change(State state, std::string failure = {});

    Loop& loop_;
    EngineApi& api_;
    const Container container_;
    const Wanted wanted_;
    const std::function<void()> news_;
    Timer timer_;
    State state_ = State::opening;
    std::string failure_;
    std::string life_;      ///< whose log is being read, or was to its end
    EngineTime cut_off_{};  ///< what came before that is known
    FrameDecoder frames_;
    std::string kept_;
    std::unique_ptr<EngineApi::Stream> stream_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace keepwell::runtime::docker
