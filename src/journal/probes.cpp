// Varints: seven bits a byte, the lowest first, the top bit says that more follow. An entry is
//   nanoseconds since the entry before it,
//   0                          a look that asked for one probe
//   1, count                   a look that asked for `count`
//   2 + 4 * slot + 2 * s + a   an answer of targets[slot]; a: followed by the number of probes asked for at it;
//                              s: another answer than the last one of this target here (at first: passed, 0, no
//                              output), followed by outcome, exit code (zigzag) and output (0 none, else outputs[n -
//                              1])
#include "journal/probes.hpp"

#include <limits>
#include <optional>
#include <utility>

#include "journal/arithmetic.hpp"
#include "journal/base64.hpp"

namespace keepwell::journal {
namespace {

constexpr std::uint64_t look_asking_one = 0;
constexpr std::uint64_t look = 1;
constexpr std::uint64_t first_answer = 2;

void put(std::string& bytes, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80U);
    bytes += static_cast<char>(value);
}

std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Takes numbers off the front; `bad` once one could not be had.
class Bytes {
  public:
    explicit Bytes(std::string_view bytes) : left_{bytes} {}

    bool done() const { return left_.empty() || bad_; }
    bool bad() const { return bad_; }
    void fail() { bad_ = true; }

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80) return value;
        }
        bad_ = true;
        return 0;
    }

    std::uint64_t below(std::uint64_t limit) {
        const std::uint64_t value = number();
        if (value < limit) return value;
        bad_ = true;
        return 0;
    }

  private:
    std::string_view left_;
    bool bad_ = false;
};

class Unpacker {
  public:
    Unpacker(const Probes& probes, Instant first, std::string_view bytes)
        : probes_{probes}, at_{first}, bytes_{bytes}, last_(probes.targets.size()) {}

    std::optional<std::vector<ProbeEntry>> all() {
        std::vector<ProbeEntry> entries;
        while (!bytes_.done()) entries.push_back(next());
        if (bytes_.bad()) return std::nullopt;
        return entries;
    }

  private:
    ProbeEntry next() {
        const std::uint64_t since = bytes_.below(std::numeric_limits<std::int64_t>::max());
        at_ = Instant{Duration{saturated_sum(at_.time_since_epoch().count(), static_cast<std::int64_t>(since))}};
        const std::uint64_t head = bytes_.number();
        ProbeEntry entry;
        entry.at = at_;
        if (head < first_answer) {
            entry.asked = head == look ? bytes_.number() : 1;
            return entry;
        }
        answer(head - first_answer, entry);
        return entry;
    }

    void answer(std::uint64_t head, ProbeEntry& entry) {
        const std::uint64_t slot = head >> 2;
        if (slot >= last_.size() || bytes_.bad()) return bytes_.fail();
        if (head & 1) entry.asked = bytes_.number();
        ProbeEntry& last = last_[slot];
        if (head & 2) {
            last.outcome = static_cast<Outcome>(bytes_.below(3));
            last.exit_code = static_cast<int>(unzigzag(bytes_.number()));
            const std::uint64_t output = bytes_.below(probes_.outputs.size() + 1);
            last.output = output == 0 ? std::string{} : probes_.outputs[output - 1];
        }
        entry.target = probes_.targets[slot];
        entry.outcome = last.outcome;
        entry.exit_code = last.exit_code;
        entry.output = last.output;
    }

    const Probes& probes_;
    Instant at_;
    Bytes bytes_;
    std::vector<ProbeEntry> last_;
};

}  // namespace

void ProbePack::begin_entry(Instant at) {
    if (bytes_.empty()) first_ = previous_ = at;
    put(bytes_, static_cast<std::uint64_t>((at - std::exchange(previous_, at)).count()));
}

void ProbePack::looked(Instant at, std::uint64_t asked) {
    const std::size_t before = bytes_.size();
    begin_entry(at);
    put(bytes_, asked == 1 ? look_asking_one : look);
    if (asked != 1) put(bytes_, asked);
    size_ += bytes_.size() - before;
}

void ProbePack::answered(Instant at, const std::string& target, std::uint64_t asked,
                         const event::ProbeFinished& answer) {
    const std::size_t before = bytes_.size();
    begin_entry(at);
    Last& last = last_of(target);
    const std::uint64_t output = output_number(answer.output);
    const bool same = last.outcome == answer.outcome && last.exit_code == answer.exit_code && last.output == output;
    put(bytes_, first_answer + 4 * last.slot + (same ? 0 : 2) + (asked > 0 ? 1 : 0));
    if (asked > 0) put(bytes_, asked);
    if (!same) {
        put(bytes_, static_cast<std::uint64_t>(answer.outcome));
        put(bytes_, zigzag(answer.exit_code));
        put(bytes_, output);
        last = {last.slot, answer.outcome, answer.exit_code, output};
    }
    ++outcomes_;
    size_ += bytes_.size() - before;
}

ProbePack::Last& ProbePack::last_of(const std::string& target) {
    const auto [found, is_new] = last_.try_emplace(target);
    if (is_new) {
        found->second.slot = targets_.size();
        targets_.push_back(target);
        size_ += target.size();
    }
    return found->second;
}

std::uint64_t ProbePack::output_number(const std::string& output) {
    if (output.empty()) return 0;
    const auto [found, is_new] = output_numbers_.try_emplace(output, outputs_.size() + 1);
    if (is_new) {
        outputs_.push_back(output);
        size_ += output.size();
    }
    return found->second;
}

Probes ProbePack::take() {
    Probes probes{outcomes_, std::move(targets_), std::move(outputs_), to_base64(bytes_)};
    *this = ProbePack{};
    return probes;
}

tl::expected<std::vector<ProbeEntry>, std::string> unpack(const Probes& probes, Instant first) {
    const auto bytes = from_base64(probes.packed);
    if (!bytes) return tl::make_unexpected(std::string{"`packed` is not base64"});
    auto entries = Unpacker{probes, first, *bytes}.all();
    if (!entries) return tl::make_unexpected(std::string{"`packed` is damaged"});
    return std::move(*entries);
}

}  // namespace keepwell::journal
