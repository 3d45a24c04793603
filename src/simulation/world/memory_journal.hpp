// A journal that keeps its records in memory.
// May know: the journal's records and where they go.
#pragma once

#include <vector>

#include "journal/sink.hpp"

namespace keepwell::simulation {

class MemoryJournal final : public journal::Sink {
  public:
    void append(journal::Record& record) override {
        record.seq = records.size() + 1;
        records.push_back(record);
    }

    std::vector<journal::Record> records;
};

}  // namespace keepwell::simulation
