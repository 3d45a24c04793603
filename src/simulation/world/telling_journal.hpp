// A journal that hands each record on, and keeps none.
// May know: the journal's records and where they go.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "journal/sink.hpp"

namespace keepwell::simulation {

class TellingJournal final : public journal::Sink {
  public:
    explicit TellingJournal(std::function<void(const journal::Record&)> tell) : tell_{std::move(tell)} {}

    void append(journal::Record& record) override {
        record.seq = ++seq_;
        tell_(record);
    }

  private:
    const std::function<void(const journal::Record&)> tell_;
    std::uint64_t seq_ = 0;
};

}  // namespace keepwell::simulation
