// DNS queries and replies, hosts and resolv.conf.
#include "ping/dns.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "ping/text.hpp"

namespace keepwell::ping {
namespace {

constexpr std::size_t header_size = 12;
constexpr unsigned class_internet = 1;

bool same_name(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const auto lower = [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; };
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

/// Reads a reply from front to back; once it has run over the end, `good` is false and everything is 0.
struct Reader {
    const unsigned char* data;
    std::size_t size;
    std::size_t at = 0;
    bool good = true;

    const unsigned char* take(std::size_t count) {
        good = good && count <= size - at;
        if (!good) return nullptr;
        at += count;
        return data + at - count;
    }
    unsigned number16() {
        const unsigned char* bytes = take(2);
        return bytes ? bytes[0] * 256u + bytes[1] : 0;
    }
    /// A compressed name ends with its first pointer, which need not be followed.
    void skip_name() {
        for (;;) {
            const unsigned char* length = take(1);
            if (!length || *length == 0) return;
            if ((*length & 0xc0) == 0xc0) {
                take(1);
                return;
            }
            good = good && (*length & 0xc0) == 0;
            take(*length);
        }
    }
};

void read_record(Reader& reply, RecordType type, Addresses& found) {
    reply.skip_name();
    const unsigned record_type = reply.number16();
    const unsigned record_class = reply.number16();
    reply.take(4);  // how long it may be kept
    const std::size_t length = reply.number16();
    const unsigned char* bytes = reply.take(length);
    const bool v4 = type == RecordType::a;
    if (!bytes || record_class != class_internet || record_type != static_cast<unsigned>(type)) return;
    if (length != (v4 ? 4u : 16u)) return;
    Address address;
    address.family = v4 ? AF_INET : AF_INET6;
    std::memcpy(address.bytes, bytes, length);
    found.add(address);
}

}  // namespace

bool parse_literal(std::string_view text, Address& address) {
    Text<63> copy;
    copy.add(text);
    if (copy.full()) return false;
    for (const int family : {AF_INET, AF_INET6}) {
        address.family = family;
        if (::inet_pton(family, copy.c_str(), address.bytes) == 1) return true;
    }
    return false;
}

void find_in_hosts(std::string_view hosts, std::string_view name, Addresses& found) {
    while (!hosts.empty()) {
        std::string_view line = next_line(hosts);
        Address address;
        if (!parse_literal(next_word(line), address)) continue;
        for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
            if (!same_name(word, name)) continue;
            found.add(address);
            break;
        }
    }
}

Resolv parse_resolv(std::string_view text) {
    Resolv resolv;
    while (!text.empty()) {
        std::string_view line = next_line(text);
        const std::string_view key = next_word(line);
        Address server;
        if (key == "nameserver" && parse_literal(next_word(line), server)) resolv.servers.add(server);
        if (key == "search" || key == "domain") {
            resolv.search_count = 0;
            for (auto word = next_word(line); !word.empty() && resolv.search_count < 6; word = next_word(line)) {
                resolv.search[resolv.search_count++] = word;
            }
        }
        if (key != "options") continue;
        for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
            if (word.substr(0, 6) != "ndots:") continue;
            std::from_chars(word.data() + 6, word.data() + word.size(), resolv.ndots);
        }
    }
    Address here;
    parse_literal("127.0.0.1", here);
    if (resolv.servers.count == 0) resolv.servers.add(here);
    return resolv;
}

std::size_t write_query(std::uint16_t id, std::string_view name, RecordType type, unsigned char* out) {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    if (name.empty() || name.size() > 253) return 0;
    const unsigned char header[header_size] = {static_cast<unsigned char>(id >> 8),
                                               static_cast<unsigned char>(id),
                                               1 /* recursion desired */,
                                               0,
                                               0,
                                               1 /* one question */};
    std::memcpy(out, header, header_size);
    std::size_t at = header_size;
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > 63) return 0;
        out[at++] = static_cast<unsigned char>(label.size());
        std::memcpy(out + at, label.data(), label.size());
        at += label.size();
        name.remove_prefix(label.size() < name.size() ? label.size() + 1 : label.size());
    }
    const unsigned char end[] = {0, 0, static_cast<unsigned char>(type), 0, class_internet};
    std::memcpy(out + at, end, sizeof end);
    return at + sizeof end;
}

Reply read_reply(const unsigned char* data, std::size_t size, std::uint16_t id, RecordType type, Addresses& found) {
    Reader reply{data, size};
    const unsigned reply_id = reply.number16();
    const unsigned flags = reply.number16();
    const unsigned questions = reply.number16();
    const unsigned answers = reply.number16();
    reply.take(4);
    const bool is_reply = (flags & 0x8000) != 0;
    if (!reply.good || reply_id != id || !is_reply || questions > 1) return Reply::not_ours;
    const unsigned code = flags & 0xf;
    if (code == 3) return Reply::none;
    if (code != 0) return Reply::refused;
    if (questions == 1) {
        reply.skip_name();
        const bool same = reply.number16() == static_cast<unsigned>(type);
        reply.take(2);
        if (!reply.good || !same) return Reply::not_ours;
    }
    const std::size_t before = found.count;
    for (unsigned i = 0; i < answers && reply.good; ++i) read_record(reply, type, found);
    return found.count > before ? Reply::found : Reply::none;
}

}  // namespace keepwell::ping
