// The policy of a recorded run, as far as an engine reads it: put together from the journal's own records.
// What is executed (commands, addresses, images) is not in a journal, and not here.
// May know: journal, model.
#pragma once

#include <optional>
#include <vector>

#include "journal/record.hpp"
#include "keepwell/model/spec.hpp"

namespace keepwell::simulation {

class RecordedRules {
  public:
    /// A run begins; what was known before is forgotten.
    void begin(const journal::RunStarted& run);
    void take(const journal::HostRules& rules);
    void take(const journal::ServiceRules& rules);

    /// Every service of the run is known. False for journals that were written before rules were kept in them.
    bool complete() const { return host_ && services_.size() == run_.services; }
    Policy policy() const;
    const journal::RunStarted& run() const { return run_; }
    /// A record of a reload, with the policy that the rules before it make; nothing for any other record.
    std::optional<journal::Record> reload(const journal::Record& record) const;

  private:
    journal::RunStarted run_;
    std::optional<journal::HostRules> host_;
    std::vector<journal::ServiceRules> services_;
};

}  // namespace keepwell::simulation
