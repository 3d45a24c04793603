// A journal that keeps its records in memory, for tests of whoever writes one.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/sink.hpp"

namespace keepwell::journal {

class MemoryJournal final : public Sink {
  public:
    void append(Record& record) override {
        record.seq = records.size() + 1;
        records.push_back(record);
    }

    std::vector<Record> records;
};

}  // namespace keepwell::journal
