// Reads the end of a target's output file and what is appended to it, over rotations, for `GET /v1/logs/TARGET`.
// May know: std and the file system. It never waits: a regular file always answers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace keepwell::control {

class OutputReader {
  public:
    /// Begins `lines` lines before the end of `path`: in its last rotated one where it is shorter, and at most 4 MiB
    /// before the end of either. The file need not exist yet.
    OutputReader(std::string path, std::uint64_t lines);
    ~OutputReader();
    OutputReader(const OutputReader&) = delete;
    OutputReader& operator=(const OutputReader&) = delete;

    /// What comes next, at most 64 KiB; empty when there is nothing more at the moment.
    std::string read();

  private:
    void open(const std::string& path);
    void close();
    std::string read_here();

    std::string path_;
    int fd_ = -1;
    off_t at_ = 0;
};

}  // namespace keepwell::control
