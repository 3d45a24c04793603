// Waiting for descriptors on Asio.
#include "runtime/process/readable.hpp"

#include <poll.h>

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace keepwell::runtime {

namespace {

constexpr Duration polling_pace = 50ms;

bool can_be_read(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, 0) != 0;
}

}  // namespace

struct Readable::State {
    State(Loop& owner, Descriptor owned) : loop(owner), descriptor(std::move(owned)), stream(owner.context()) {
        boost::system::error_code error;
        stream.assign(descriptor.get(), error);
        if (error) timer = std::make_unique<Timer>(loop);
    }

    void poll_later() {
        timer->arm(later(loop.now(), polling_pace), [this] {
            if (!can_be_read(descriptor.get())) return poll_later();
            std::exchange(ready, nullptr)();
        });
    }

    Loop& loop;
    Descriptor descriptor;
    boost::asio::posix::stream_descriptor stream;
    std::unique_ptr<Timer> timer;  // only when the kernel refuses to watch one more descriptor: then we look ourselves
    std::function<void()> ready;
};

Readable::Readable(Loop& loop, Descriptor descriptor) : state_(std::make_shared<State>(loop, std::move(descriptor))) {}

Readable::~Readable() {
    state_->ready = nullptr;
    state_->timer.reset();
    if (state_->stream.is_open()) state_->stream.release();
    state_->descriptor.reset();
}

void Readable::wait(std::function<void()> ready) {
    state_->ready = std::move(ready);
    if (state_->timer) return state_->poll_later();
    state_->stream.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [state = state_](const boost::system::error_code&) {
                                  if (state->ready) std::exchange(state->ready, nullptr)();
                              });
}

int Readable::fd() const { return state_->descriptor.get(); }

}  // namespace keepwell::runtime
