// Steps that follow each other: each is told before it is begun, the first that fails is the last. What has to be
// undone then is not kept here: it is read from what is there (situation.hpp), as after a crash. Pure: no I/O of its
// own. Threads: the loop only.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace keepwell::runtime::docker {

class Steps {
  public:
    /// Called exactly once by each step: empty, or why it failed.
    using Next = std::function<void(std::string failure)>;

    /// `name` is told before it is begun; one without a name is not told.
    void then(std::string name, std::function<void(Next)> work) {
        steps_.push_back({std::move(name), std::move(work)});
    }

    /// `finished` may destroy this.
    void run(std::function<void(const std::string&)> tell, Next finished) {
        tell_ = std::move(tell);
        finished_ = std::move(finished);
        go_on({});
    }

    /// No further step is begun; the one that is under way is the last, and this is why.
    void give_up(std::string why) { given_up_ = std::move(why); }

  private:
    struct Step {
        std::string name;
        std::function<void(Next)> work;
    };

    void go_on(std::string failure) {
        if (failure.empty() && next_ < steps_.size()) failure = given_up_;
        if (!failure.empty() || next_ == steps_.size()) {
            const auto finished = std::move(finished_);
            return finished(std::move(failure));
        }
        const Step& step = steps_[next_++];
        if (!step.name.empty()) tell_(step.name);
        step.work([this](std::string why) { go_on(std::move(why)); });
    }

    std::vector<Step> steps_;
    std::size_t next_ = 0;
    std::string given_up_;
    std::function<void(const std::string&)> tell_;
    Next finished_;
};

}  // namespace keepwell::runtime::docker
