// The parts of keepwell-ping that read what others wrote: URLs, hosts, resolv.conf, and DNS replies, hostile ones too.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "ping/dns.hpp"
#include "ping/place.hpp"

namespace keepwell::ping {
namespace {

using namespace std::string_literals;

std::string text_of(const Address& address) {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(address.family, address.bytes, text, sizeof text);
    return text;
}

std::vector<std::string> texts(const Addresses& addresses) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < addresses.count; ++i) all.push_back(text_of(addresses.list[i]));
    return all;
}

const unsigned char* bytes(const std::string& text) {
    return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

Reply read(const std::string& reply, RecordType type, Addresses& found) {
    return read_reply(bytes(reply), reply.size(), 0x1234, type, found);
}

// ---- DNS --------------------------------------------------------------------------------------------------------

const std::string header = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"s;            // one question, one answer
const std::string question = "\5redis\0\0\1\0\1"s;                         // redis A IN
const std::string record = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xac\x12\0\2"s;  // 172.18.0.2
const std::string alias = "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\7\5cache\0"s;      // a CNAME
const std::string record6 = "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"s;

std::string answering(char count) { return header.substr(0, 7) + count + header.substr(8); }

TEST(Dns, a_query_asks_one_question) {
    unsigned char query[largest_query];
    const std::size_t size = write_query(0x1234, "redis", RecordType::a, query);
    const std::string expected = "\x12\x34\1\0\0\1\0\0\0\0\0\0"s + question;
    EXPECT_EQ(std::string(query, query + size), expected);
    EXPECT_EQ(write_query(0x1234, "redis.", RecordType::a, query), size);
    EXPECT_EQ(write_query(1, std::string(63, 'x') + ".y", RecordType::aaaa, query), 12u + 64 + 2 + 1 + 4);
}

TEST(Dns, a_name_that_can_be_none_is_not_asked_for) {
    unsigned char query[largest_query];
    const std::string longest = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c') + '.';
    EXPECT_GT(write_query(1, longest + std::string(61, 'd'), RecordType::a, query), 0u);
    for (const std::string& name :
         {""s, "."s, "a..b"s, ".a"s, std::string(64, 'x'), longest + std::string(62, 'd'), std::string(400, 'x')}) {
        EXPECT_EQ(write_query(1, name, RecordType::a, query), 0u) << name;
    }
}

TEST(Dns, a_reply_has_its_addresses) {
    Addresses found;
    EXPECT_EQ(read(header + question + record, RecordType::a, found), Reply::found);
    EXPECT_EQ(texts(found), std::vector<std::string>{"172.18.0.2"});
}

TEST(Dns, addresses_behind_a_cname_count) {
    Addresses found;
    EXPECT_EQ(read(answering(2) + question + alias + record, RecordType::a, found), Reply::found);
    EXPECT_EQ(texts(found), std::vector<std::string>{"172.18.0.2"});
}

TEST(Dns, addresses_of_version_6_are_read_where_they_were_asked_for) {
    const std::string asked = "\5redis\0\0\x1c\0\1"s;
    Addresses found;
    EXPECT_EQ(read(header + asked + record6, RecordType::aaaa, found), Reply::found);
    EXPECT_EQ(texts(found), std::vector<std::string>{"fd00::2"});
    EXPECT_EQ(read(header + question + record6, RecordType::a, found), Reply::none);
}

TEST(Dns, no_such_name_and_a_failing_server_are_told_apart) {
    Addresses found;
    EXPECT_EQ(read("\x12\x34\x81\x83\0\1\0\0\0\0\0\0"s + question, RecordType::a, found), Reply::none);
    EXPECT_EQ(read("\x12\x34\x81\x82\0\1\0\0\0\0\0\0"s + question, RecordType::a, found), Reply::refused);
    EXPECT_EQ(read(answering(0) + question, RecordType::a, found), Reply::none);
}

TEST(Dns, an_answer_to_something_else_is_waited_past) {
    Addresses found;
    EXPECT_EQ(read("\x12\x35"s + header.substr(2) + question + record, RecordType::a, found), Reply::not_ours);
    EXPECT_EQ(read("\x12\x34\x01\x00\0\1\0\0\0\0\0\0"s + question, RecordType::a, found), Reply::not_ours);
    EXPECT_EQ(read(header + question + record, RecordType::aaaa, found), Reply::not_ours);
    EXPECT_EQ(read("", RecordType::a, found), Reply::not_ours);
    EXPECT_EQ(found.count, 0u);
}

TEST(Dns, a_reply_cut_anywhere_gives_nothing_false) {
    const std::string whole = answering(2) + question + alias + record;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<unsigned char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        Addresses found;
        EXPECT_NE(read_reply(exact.data(), size, 0x1234, RecordType::a, found), Reply::found) << size;
    }
}

TEST(Dns, a_record_of_a_wrong_length_is_skipped) {
    std::string lying = record;
    lying[11] = 5;
    Addresses found;
    EXPECT_EQ(read(header + question + lying, RecordType::a, found), Reply::none);
    EXPECT_EQ(read(header + question + lying + "x", RecordType::a, found), Reply::none);
}

TEST(Dns, no_more_addresses_are_kept_than_fit) {
    std::string many = answering(100) + question;
    for (int i = 0; i < 100; ++i) many += record;
    Addresses found;
    EXPECT_EQ(read(many, RecordType::a, found), Reply::found);
    EXPECT_EQ(found.count, Addresses::most);
}

TEST(Dns, random_damage_is_survived) {
    std::mt19937 random{4711};
    const std::string whole = answering(3) + question + alias + record + record;
    for (int round = 0; round < 20000; ++round) {
        std::vector<unsigned char> damaged(whole.begin(), whole.end());
        for (unsigned i = random() % 6; i > 0; --i)
            damaged[random() % damaged.size()] = static_cast<unsigned char>(random());
        damaged.resize(random() % (damaged.size() + 1));
        damaged.shrink_to_fit();
        Addresses found;
        read_reply(damaged.data(), damaged.size(), 0x1234, RecordType::a, found);
        EXPECT_LE(found.count, 3u);
    }
}

// ---- files ------------------------------------------------------------------------------------------------------

TEST(Hosts, every_line_of_the_name_counts) {
    const std::string_view hosts =
        "127.0.0.1\tlocalhost # here\n::1 localhost ip6-localhost\n\nnonsense redis\n 10.0.0.7 cache Redis "
        "redis\n10.0.0.8";
    Addresses found;
    find_in_hosts(hosts, "redis", found);
    EXPECT_EQ(texts(found), std::vector<std::string>{"10.0.0.7"});
    find_in_hosts(hosts, "localhost", found);
    EXPECT_EQ(texts(found), (std::vector<std::string>{"10.0.0.7", "127.0.0.1", "::1"}));
    Addresses none;
    find_in_hosts(hosts, "here", none);
    find_in_hosts("", "redis", none);
    EXPECT_EQ(none.count, 0u);
}

TEST(Resolv, servers_search_and_ndots_are_read) {
    const Resolv resolv = parse_resolv(
        "# made by docker\nsearch a.local b.local\nnameserver 127.0.0.11\n"
        "nameserver bad\nnameserver fd00::1\noptions edns0 ndots:0\n");
    EXPECT_EQ(texts(resolv.servers), (std::vector<std::string>{"127.0.0.11", "fd00::1"}));
    ASSERT_EQ(resolv.search_count, 2u);
    EXPECT_EQ(resolv.search[1], "b.local");
    EXPECT_EQ(resolv.ndots, 0u);
}

TEST(Resolv, without_a_server_it_is_this_host) {
    const Resolv resolv = parse_resolv("");
    EXPECT_EQ(texts(resolv.servers), std::vector<std::string>{"127.0.0.1"});
    EXPECT_EQ(resolv.ndots, 1u);
}

// ---- what the user wrote ----------------------------------------------------------------------------------------

TEST(Places, are_read) {
    const Place http = parse_place("http://redis:8080/health?x=1#top");
    EXPECT_EQ(http.host, "redis");
    EXPECT_EQ(http.authority, "redis:8080");
    EXPECT_EQ(http.port, 8080);
    EXPECT_EQ(http.http_path, "/health?x=1");
    EXPECT_EQ(parse_place("http://redis").port, 80);
    EXPECT_EQ(parse_place("http://redis").http_path, "/");
    EXPECT_EQ(parse_place("http://[::1]:81/").host, "::1");
    EXPECT_EQ(parse_place("http://[::1]:81/").port, 81);
    EXPECT_EQ(parse_place("http://shop/a@b").http_path, "/a@b");
    EXPECT_EQ(parse_place("tcp://db:5432").port, 5432);
    EXPECT_EQ(parse_place("tcp://db:5432").http_path, "");
    EXPECT_EQ(parse_place("unix:///run/a.sock").socket_path, "/run/a.sock");
    EXPECT_EQ(parse_place("unix:///run/a.sock:/health").socket_path, "/run/a.sock");
    EXPECT_EQ(parse_place("unix:///run/a.sock:/health").http_path, "/health");
}

TEST(Places, that_are_none_are_told) {
    const std::pair<const char*, const char*> vectors[] = {
        {"redis:80", "expected http://HOST[:PORT]/PATH, tcp://HOST:PORT or unix:///SOCKET[:/PATH]"},
        {"https://shop/", "https is not spoken here; `keepwell ping` does"},
        {"http://", "no host in it"},
        {"http://:80/", "no host in it"},
        {"http://shop:/", "expected HOST:PORT"},
        {"http://shop:0/", "expected HOST:PORT"},
        {"http://shop:70000/", "expected HOST:PORT"},
        {"http://[::1/", "the bracket of the address is not closed"},
        {"http://shop?x", "the path begins with a slash"},
        {"http://me@shop/", "user names are not supported"},
        {"http://shop/ HTTP/1.1\r\nX: y", "white space and control characters are not allowed in it"},
        {"tcp://db", "expected HOST:PORT"},
        {"tcp://::1:80", "no host in it"},
        {"unix://relative", "expected unix:///PATH/OF/SOCKET"},
    };
    for (const auto& [url, error] : vectors) {
        const Place place = parse_place(url);
        ASSERT_NE(place.error, nullptr) << url;
        EXPECT_STREQ(place.error, error) << url;
    }
}

TEST(Timeouts, are_read) {
    EXPECT_EQ(parse_timeout("3s"), 3000u);
    EXPECT_EQ(parse_timeout("3"), 3000u);
    EXPECT_EQ(parse_timeout("500ms"), 500u);
    EXPECT_EQ(parse_timeout("1.5s"), 1500u);
    EXPECT_EQ(parse_timeout("0.0005s"), 0u);
    EXPECT_EQ(parse_timeout("2m"), 120000u);
    for (const char* text : {"", "0", "0s", "s", "-1s", "1h", "3 s", "99999999999999999999", "2000m"}) {
        EXPECT_EQ(parse_timeout(text), 0u) << text;
    }
}

}  // namespace
}  // namespace keepwell::ping
