// Where records go: the port that the supervisor writes to. writer.hpp is the file behind it.
// May know: record.
#pragma once

#include <cstdint>

#include "journal/record.hpp"

namespace keepwell::journal {

class Sink {
  public:
    virtual ~Sink() = default;

    /// Gives the record its `seq` and keeps it. Never fails and never waits: what can not be kept is counted.
    virtual void append(Record& record) = 0;
};

}  // namespace keepwell::journal
