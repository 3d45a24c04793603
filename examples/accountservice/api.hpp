// What the service answers: a request in, an answer out. May know: store. It knows no sockets.
#pragma once

#include <string>
#include <string_view>

#include "store.hpp"

namespace accountservice {

struct Answer {
    unsigned status = 200;
    std::string body;   ///< JSON
    std::string allow;  ///< the methods that would have been right, with status 405
};

class Api {
  public:
    explicit Api(Store store) : store_(std::move(store)) {}

    /// `method` is "GET", "PUT", …; `path` comes without a query. Asked to crash, it ends the process.
    Answer answer(std::string_view method, std::string_view path);

  private:
    Answer health();
    Answer set_healthy(std::string_view value);
    Answer account(std::string_view id);

    Store store_;
    bool healthy_ = true;  ///< the switch for tests: a new process is well again
};

}  // namespace accountservice
