// What keepwell-ping has instead of iostreams and std::string: it is small, static, and allocates nothing.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace keepwell::ping {

/// A text of bounded length; what does not fit is left out.
template <std::size_t Size>
class Text {
  public:
    Text& add(std::string_view more) {
        const std::size_t room = Size - size_;
        const std::size_t length = more.size() < room ? more.size() : room;
        if (length > 0) std::memcpy(bytes_ + size_, more.data(), length);
        size_ += length;
        return *this;
    }
    Text& add_number(unsigned long number) {
        char digits[24];
        std::size_t at = sizeof digits;
        do digits[--at] = static_cast<char>('0' + number % 10);
        while ((number /= 10) != 0);
        return add({digits + at, sizeof digits - at});
    }
    bool full() const { return size_ == Size; }
    std::string_view view() const { return {bytes_, size_}; }
    /// With a zero byte at its end, for system calls.
    const char* c_str() {
        bytes_[size_] = '\0';
        return bytes_;
    }

  private:
    char bytes_[Size + 1];
    std::size_t size_ = 0;
};

/// Takes the next word off `text`; empty at its end.
inline std::string_view next_word(std::string_view& text, std::string_view blanks = " \t\r") {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return text = {};
    const std::size_t end = text.find_first_of(blanks, begin);
    const std::string_view word = text.substr(begin, end == std::string_view::npos ? end : end - begin);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end);
    return word;
}

/// Takes the next line off `text`, without its comment.
inline std::string_view next_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line.substr(0, line.find_first_of("#;"));
}

}  // namespace keepwell::ping
