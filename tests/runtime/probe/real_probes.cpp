// Helpers of the probes' tests.
#include "runtime/probe/real_probes.hpp"

#include <unistd.h>

namespace keepwell::runtime {

HttpProbe http(const std::string& url) {
    HttpProbe probe;
    probe.url = url;
    return probe;
}

NoMoreDescriptors::NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
}

NoMoreDescriptors::~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

}  // namespace keepwell::runtime
