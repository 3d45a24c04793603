// A folder of one test, gone after it, and what tests do with files.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace keepwell::testing {

class Folder {
  public:
    Folder() : path_{(std::filesystem::temp_directory_path() / "keepwell-test-XXXXXX").string()} {
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("can not make a folder");
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string{name}; }

  private:
    std::string path_;
};

inline std::string content_of(const std::string& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

inline void put_content(const std::string& file, std::string_view content) {
    std::filesystem::create_directories(std::filesystem::path{file}.parent_path());
    std::ofstream{file, std::ios::binary | std::ios::trunc} << content;
}

inline void add_content(const std::string& file, std::string_view content) {
    std::ofstream{file, std::ios::binary | std::ios::app} << content;
}

}  // namespace keepwell::testing
