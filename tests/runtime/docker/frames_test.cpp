// The multiplexed stream of stdout and stderr, cut anywhere.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "runtime/docker/api/frames.hpp"

namespace keepwell::runtime::docker {
namespace {

std::string frame(int channel, const std::string& payload) {
    std::string text{static_cast<char>(channel), 0, 0, 0};
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>((payload.size() >> shift) & 0xff);
    return text + payload;
}

/// "1:text 2:more ", pieces of one channel in a row joined.
class Pieces {
  public:
    void feed(std::string_view bytes) {
        decoder.feed(bytes, [this](Channel channel, std::string_view piece) {
            const char name = static_cast<char>('0' + static_cast<int>(channel));
            if (name != last_) text += std::string{text.empty() ? "" : " "} + name + ':';
            last_ = name;
            text += piece;
        });
    }

    FrameDecoder decoder;
    std::string text;

  private:
    char last_ = 0;
};

TEST(Frames, channels_are_told_apart_and_stay_in_order) {
    Pieces pieces;
    EXPECT_TRUE(pieces.decoder.complete());
    pieces.feed(frame(1, "out") + frame(2, "err") + frame(1, "more") + frame(3, "broke"));
    EXPECT_EQ(pieces.text, "1:out 2:err 1:more 3:broke");
    EXPECT_TRUE(pieces.decoder.complete());
}

TEST(Frames, a_byte_at_a_time_is_as_good) {
    Pieces pieces;
    const std::string stream = frame(1, "out") + frame(2, "") + frame(2, "err");
    for (const char byte : stream) pieces.feed({&byte, 1});
    EXPECT_EQ(pieces.text, "1:out 2:err");
    EXPECT_TRUE(pieces.decoder.complete());
}

TEST(Frames, an_end_inside_a_header_or_a_payload_is_seen) {
    const std::string stream = frame(1, "abc");
    for (std::size_t size = 1; size < stream.size(); ++size) {
        Pieces pieces;
        pieces.feed(stream.substr(0, size));
        EXPECT_FALSE(pieces.decoder.complete()) << size;
        pieces.feed(stream.substr(size));
        EXPECT_TRUE(pieces.decoder.complete()) << size;
    }
}

TEST(Frames, what_is_no_frame_ends_the_understanding) {
    for (const std::string& header : {std::string{"\4\0\0\0\0\0\0\1", 8}, std::string{"\1\0\0\1\0\0\0\1", 8},
                                      std::string{"\1\1\0\0\0\0\0\1", 8}, std::string{"OCI runt", 8}}) {
        Pieces pieces;
        pieces.feed(frame(1, "before") + header + frame(1, "after"));
        EXPECT_FALSE(pieces.decoder.complete());
        pieces.feed(frame(1, "later"));
        EXPECT_EQ(pieces.text, "1:before");
    }
}

TEST(Frames, a_frame_of_four_gigabytes_is_only_counted) {
    FrameOutput output{Framing::multiplexed, 4};
    output.feed(std::string{"\1\0\0\0\xff\xff\xff\xff", 8});
    for (int i = 0; i < 1000; ++i) output.feed(std::string(1000, 'x'));
    EXPECT_EQ(output.text(), "xxxx");
    EXPECT_EQ(output.dropped(), 999'996u);
    EXPECT_FALSE(output.decoder().complete());
}

TEST(Frames, a_terminals_stream_has_none) {
    FrameOutput output{Framing::raw, 100};
    output.feed("hello\r\n");
    output.feed(std::string{"\1\0\0\0", 4});
    EXPECT_EQ(output.text(), std::string("hello\r\n\1\0\0\0", 11));
    EXPECT_TRUE(output.decoder().complete());
}

TEST(FrameOutputs, both_channels_are_one_text_and_the_engines_words_are_not_in_it) {
    FrameOutput output{Framing::multiplexed, 100};
    output.feed(frame(1, "one ") + frame(2, "two ") + frame(3, "Error grabbing logs: EOF") + frame(1, "three"));
    EXPECT_EQ(output.text(), "one two three");
    EXPECT_EQ(output.engine_error(), "Error grabbing logs: EOF");
    EXPECT_EQ(output.dropped(), 0u);
}

TEST(FrameOutputs, the_beginning_is_kept_and_the_rest_is_counted) {
    FrameOutput output{Framing::multiplexed, 5};
    output.feed(frame(1, "abc") + frame(2, "defgh") + frame(1, "ij") + frame(3, "a long error"));
    EXPECT_EQ(output.text(), "abcde");
    EXPECT_EQ(output.dropped(), 5u);
    EXPECT_EQ(output.engine_error(), "a lon");
    FrameOutput nothing{Framing::multiplexed, 0};
    nothing.feed(frame(1, "abc"));
    EXPECT_EQ(nothing.text(), "");
    EXPECT_EQ(nothing.dropped(), 3u);
}

// ---- properties -------------------------------------------------------------------------------------------------

using Frame = std::pair<int, std::string>;

rc::Gen<std::vector<Frame>> frames() {
    return rc::gen::container<std::vector<Frame>>(
        rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::arbitrary<std::string>()));
}

/// Feeds `stream` in pieces of the given sizes, then what is left of it.
template <typename Decoder>
void feed_in_pieces(Decoder& decoder, std::string_view stream, const std::vector<std::uint8_t>& sizes) {
    for (const std::size_t size : sizes) {
        const std::size_t taken = std::min(size, stream.size());
        decoder.feed(stream.substr(0, taken));
        stream.remove_prefix(taken);
    }
    decoder.feed(stream);
}

RC_GTEST_PROP(FrameProperties, any_split_of_any_frames_decodes_to_them, (const std::vector<std::uint8_t>& sizes)) {
    const auto sent = *frames();
    const auto keep = *rc::gen::inRange<std::size_t>(0, 40);
    std::string stream, text, engine;
    for (const auto& [channel, payload] : sent) {
        stream += frame(channel, payload);
        (channel == 3 ? engine : text) += payload;
    }
    FrameOutput output{Framing::multiplexed, keep};
    feed_in_pieces(output, stream, sizes);
    RC_ASSERT(output.text() == text.substr(0, keep));
    RC_ASSERT(output.text().size() + output.dropped() == text.size());
    RC_ASSERT(output.engine_error() == engine.substr(0, keep));
    RC_ASSERT(output.decoder().complete());
}

RC_GTEST_PROP(FrameProperties, any_split_of_any_bytes_is_the_same,
              (const std::string& bytes, const std::vector<std::uint8_t>& sizes)) {
    const std::string stream = frame(1, "ok") + bytes;
    FrameOutput whole{Framing::multiplexed, 1000};
    whole.feed(stream);
    FrameOutput split{Framing::multiplexed, 1000};
    feed_in_pieces(split, stream, sizes);
    RC_ASSERT(split.text() == whole.text());
    RC_ASSERT(split.engine_error() == whole.engine_error());
    RC_ASSERT(split.decoder().complete() == whole.decoder().complete());
}

}  // namespace
}  // namespace keepwell::runtime::docker
