// One stream of the engine after the other: of the first life from the end of its log on, of each later one from its
// start on.
#include "runtime/docker/commands/container_log.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/commands/asking.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/watch/engine_event.hpp"

namespace keepwell::runtime::docker {
namespace {

using namespace std::chrono_literals;

constexpr Duration inspect_timeout = 5s;
constexpr Duration poll_distance = 500ms;  // between looks for another life, where it is followed
constexpr std::size_t most_kept = std::size_t{8} * 1024 * 1024;

}  // namespace

ContainerLog::ContainerLog(Loop& loop, EngineApi& api, Container container, Wanted wanted, std::function<void()> news)
    : loop_(loop), api_(api), container_(std::move(container)), wanted_(wanted), news_(std::move(news)), timer_(loop) {
    timer_.arm(loop_.now(), [this] { begin(); });
}

ContainerLog::~ContainerLog() { *alive_ = false; }

void ContainerLog::begin() {
    const Seen* container = container_();
    if (!container) return change(State::failed, "it has no container at the moment");
    open(*container, "&tail=" + std::to_string(wanted_.lines));
}

/// Whether there are frames in it is said by inspect: an engine before API 1.42 does not tell.
void ContainerLog::open(const Seen& container, const std::string& part) {
    life_ = container.view.instance().id;
    const std::string path =
        container_path(container.view.id, "/logs?stdout=1&stderr=1" + part) + (wanted_.follow ? "&follow=1" : "");
    api_.call("GET", container_path(container.view.id, "/json"), {}, inspect_timeout,
              [this, path, alive = alive_](const Answer& answer) {
                  if (*alive) inspected(path, answer);
              });
}

void ContainerLog::inspected(const std::string& path, const Answer& answer) {
    if (!answer.ok()) return ended(answer);
    const Json inspect = json_object(answer.body).value_or(Json::object());
    frames_ = FrameDecoder{json_true(json_at(inspect, {"Config", "Tty"})) ? Framing::raw : Framing::multiplexed};
    stream_ = api_.stream("GET", path, {}, false,
                          {[this] {
                               if (state_ == State::opening) change(State::open);
                           },
                           [this](std::string_view bytes) { take(bytes); }, [this](const Answer& end) { ended(end); }});
}

void ContainerLog::take(std::string_view bytes) {
    frames_.feed(bytes, [this](Channel, std::string_view piece) { kept_ += piece; });
    if (kept_.size() > most_kept) return change(State::failed, "it came faster than it was read");
    if (!kept_.empty()) news_();
}

void ContainerLog::ended(const Answer& answer) {
    stream_.reset();
    if (state_ == State::opening && !answer.ok()) return change(State::failed, answer.error);
    if (!wanted_.follow) return change(State::ended);
    if (answer.end != Answer::End::answered) {  // it may go on where it was cut off
        life_.clear();
        cut_off_ = EngineTime{std::chrono::system_clock::now()};
    }
    look_for_another_life();
}

void ContainerLog::look_for_another_life() {
    const Seen* container = container_();
    const bool another = container && container->view.lives() && container->view.instance().id != life_;
    if (another) return open(*container, "&since=" + unix_time(std::max(cut_off_, container->view.started_at)));
    timer_.arm(later(loop_.now(), poll_distance), [this] { look_for_another_life(); });
}

std::string ContainerLog::read() { return std::exchange(kept_, {}); }

void ContainerLog::change(State state, std::string failure) {
    if (state == State::failed) stream_.reset();
    state_ = state;
    failure_ = std::move(failure);
    news_();
}

}  // namespace keepwell::runtime::docker
