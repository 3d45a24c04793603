// A folder of one test, gone after it.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace keepwell::control {

class Folder {
  public:
    Folder() {
        std::string name = "/tmp/keepwell-control-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

inline void append(const std::string& file, const std::string& text) {
    std::ofstream{file, std::ios::app | std::ios::binary} << text;
}

}  // namespace keepwell::control
