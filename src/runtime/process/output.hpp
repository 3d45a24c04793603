// Where processes print to: one file per target, written by the process itself, so that nothing breaks while keepwell
// is away. Kept small by rotation.
// May know: files, the loop. Threads: the loop's.
//
// Rotation while a process writes: it keeps its descriptor, so the file can not be renamed; it is copied to FILE.1 a
// piece at a time and then cut to nothing. What is printed in the instant between the last piece and the cut is lost;
// the price for a process that needs neither a pipe nor keepwell in order to print. A file that nobody writes is
// renamed, and nothing is lost.
//
// What is rotated is the file itself, in its own folder, and never a link to it. What is no regular file, or is found
// in /dev or /proc, belongs to others: it is written, and never moved or cut.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "keepwell/model/spec.hpp"
#include "runtime/loop.hpp"
#include "runtime/process/descriptor.hpp"
#include "supervisor/ports.hpp"

namespace keepwell::runtime {

/// `output.file`, or STATE_DIR/output/TARGET.log.
std::string output_path(const std::string& state_dir, const TargetSpec& target);

/// The last `bytes` bytes of a file and, where it is shorter, of its last rotated one before it. Empty when neither can
/// be read.
std::string tail_of(const std::string& path, std::size_t bytes);

class OutputFiles final : public supervisor::OutputPort {
  public:
    /// `notice` gets a sentence about what is lost.
    OutputFiles(
        Loop& loop, std::string state_dir, std::function<void(const std::string&)> notice = [](const std::string&) {});
    ~OutputFiles() override;

    std::string tail(const TargetSpec& target, std::size_t bytes) const override;

    /// Opens the target's file for appending, made with mode 0640 where it is new, and ends the last line of an earlier
    /// life. The text says why it can not be opened.
    tl::expected<Descriptor, std::string> open(const TargetSpec& target);

    /// A process began or ceased to write to the target's file. While anyone writes, the sizes are looked at now and
    /// then: every 5 s while a file grows, more and more seldom (60 s) while none does. Where the file is gone from its
    /// path, a notice says so once.
    void writer_began(const TargetSpec& target);
    void writer_ended(const std::string& path);

    std::string path_of(const TargetSpec& target) const { return output_path(state_dir_, target); }

    /// Looks at all sizes now. The timer does it; public for tests.
    void look();

  private:
    struct File;
    struct Copy;
    bool is_written(const Descriptor& file) const;
    void plan_next_look();
    bool is_gone(const std::string& path, File& file);
    void begin_copy(const std::string& path, File& file);
    void make_room(const std::string& place, const File& file);
    void copy_some(const std::string& path);

    Loop& loop_;
    std::string state_dir_;
    std::function<void(const std::string&)> notice_;
    Timer timer_;
    Duration pace_;
    std::map<std::string, File> files_;  // those that somebody writes
};

}  // namespace keepwell::runtime
