// Prints for `run` without ever holding up the loop: a terminal that was paused, or a full pipe, blocks a thread of its
// own. What does not fit meanwhile is left out, and said to be.
// May know: std.
#pragma once

#include <memory>
#include <string>

namespace keepwell::cli {

class Printer {
  public:
    Printer();
    /// Waits up to a second for what is still to be printed.
    ~Printer();
    Printer(const Printer&) = delete;
    Printer& operator=(const Printer&) = delete;

    /// Never waits. When stdout is closed everything is dropped.
    void print(std::string text);

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace keepwell::cli
