// Any bytes as a multiplexed stream, whole and in pieces: the same is understood, and no more is kept than was asked
// for. The first byte is the size of the pieces, the second what is kept, the rest the stream.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/docker/api/frames.hpp"

using namespace keepwell::runtime::docker;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

void check_framing(Framing framing, std::string_view stream, std::size_t piece, std::size_t keep) {
    FrameOutput whole{framing, keep};
    whole.feed(stream);
    FrameOutput split{framing, keep};
    for (std::size_t at = 0; at < stream.size(); at += piece) split.feed(stream.substr(at, piece));
    check(split.text() == whole.text() && split.engine_error() == whole.engine_error());
    check(split.dropped() == whole.dropped());
    check(split.decoder().complete() == whole.decoder().complete());
    check(whole.text().size() <= keep && whole.engine_error().size() <= keep);
    check(whole.text().size() + whole.dropped() <= stream.size());
    if (framing == Framing::raw) check(whole.text() == stream.substr(0, keep) && whole.decoder().complete());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view stream{static_cast<const char*>(static_cast<const void*>(data + 2)), size - 2};
    for (const Framing framing : {Framing::multiplexed, Framing::raw}) {
        check_framing(framing, stream, data[0] + std::size_t{1}, data[1]);
    }
    return 0;
}
