// Curl, and the order of the steps.
#include "runtime/docker/replacing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "runtime/docker/json/difference.hpp"

namespace keepwell::testing {
namespace {

using namespace runtime::docker;
using nlohmann::json;

// Made once on each engine. Who changes one of them counts `made-of` up in both.
constexpr auto version = "1";
constexpr auto rich = R"(FROM keepwell-test/busybox
COPY seed /data/
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["sleep 10000"]
VOLUME ["/data", "/cache"]
EXPOSE 80 8080/udp
ENV IMAGE=image OTHER=x
HEALTHCHECK --interval=10s --timeout=2s CMD true
LABEL of.image=1 both=image keepwell.test.made-of=1
STOPSIGNAL SIGINT
WORKDIR /tmp
ONBUILD RUN true
SHELL ["/bin/sh", "-x", "-c"]
)";
constexpr auto plain = R"(FROM keepwell-test/busybox
LABEL keepwell.test.made-of=1
CMD ["sleep", "10000"]
)";

struct Answer {
    int status = 0;
    std::string body;
};

Answer ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    std::vector<std::string> command{"curl",           "--silent",  "--globoff", "--write-out",
                                     "\n%{http_code}", "--request", method};
    auto address = docker_host();
    if (address.starts_with("unix://")) {
        command.insert(command.end(), {"--unix-socket", address.substr(7)});
        address = "tcp://engine";
    }
    if (!body.empty())
        command.insert(command.end(), {"--header", "Content-Type: application/json", "--data-raw", body});
    command.push_back("http://" + address.substr(6) + "/v" + spoken_version() + path);
    const auto answer = run_program(command).out;
    const auto end = answer.rfind('\n');
    if (end == std::string::npos) throw std::runtime_error(path + ": no answer");
    return {std::atoi(answer.c_str() + end + 1), answer.substr(0, end)};
}

std::string must(int status, const std::string& method, const std::string& path, const std::string& body = {}) {
    const auto answer = ask(method, path, body);
    if (answer.status == status) return answer.body;
    throw std::runtime_error(method + " " + path + ": " + std::to_string(answer.status) + " " + answer.body + "\n" +
                             body);
}

}  // namespace

void make_replica_images() {
    const auto made =
        run_program({"docker", "image", "inspect", "--format", "{{index .Config.Labels \"keepwell.test.made-of\"}}",
                     "keepwell-test/replica-rich", "keepwell-test/replica-plain"});
    if (made.out == std::string{version} + "\n" + version + "\n") return;
    const auto folder = std::filesystem::temp_directory_path() / ("keepwell-replica-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "seed") << "from the image\n";
    for (const auto& [name, text] : {std::pair{"rich", rich}, std::pair{"plain", plain}}) {
        std::ofstream(folder / "Dockerfile") << text;
        docker({"build", "--quiet", "--tag", std::string{"keepwell-test/replica-"} + name, folder.string()});
    }
    std::filesystem::remove_all(folder);
}

const std::string& spoken_version() {
    static const std::string version = [] {
        const auto newest = docker({"version", "--format", "{{.Server.APIVersion}}"});
        return api_version(newest) > ApiVersion{1, 51} ? std::string{"1.51"} : newest;
    }();
    return version;
}

std::string engine_answer(const std::string& path) { return must(200, "GET", path); }

std::string inspect_json(const std::string& container) { return engine_answer("/containers/" + container + "/json"); }

std::string create_by_body(const std::string& name_and_query, const std::string& body) {
    return json::parse(must(201, "POST", "/containers/create?name=" + name_and_query, body))["Id"];
}

ReplicaSource source_of(const std::string& container, const std::string& name,
                        const std::map<std::string, std::string>& replaced) {
    ReplicaSource source;
    source.container = inspect_json(container);
    const auto inspect = json::parse(source.container);
    source.image = engine_answer("/images/" + inspect["Image"].get<std::string>() + "/json");
    const auto reference = ask("GET", "/images/" + inspect["Config"]["Image"].get<std::string>() + "/json");
    if (reference.status == 200) source.reference_id = json::parse(reference.body)["Id"];
    source.version = api_version(spoken_version());
    source.networks = known_networks(engine_answer("/networks"));
    source.replaced = replaced;
    source.changes = engine_answer("/containers/" + container + "/changes");
    source.hostname = json::parse(engine_answer("/info"))["Name"];
    const auto engine = json::parse(engine_answer("/version"));
    source.host_platform = engine["Os"].get<std::string>() + "/" + engine["Arch"].get<std::string>();
    source.name = name;
    for (const auto& entry : inspect["HostConfig"]["VolumesFrom"]) {
        const auto text = entry.get<std::string>();
        const auto parent = text.substr(0, text.find(':'));
        source.volumes_from[parent] = inspect_json(parent);
    }
    return source;
}

std::string create_replica(const Replica& replica) {
    const auto platform = replica.platform.empty() ? "" : "&platform=" + replica.platform;
    const auto id = create_by_body(replica.name + platform, replica.body);
    for (const auto& connection : replica.connections) {
        must(200, "POST", "/networks/" + connection.network + "/connect", connect_body(connection, id));
    }
    return id;
}

void take_over(const std::string& old_id, const std::string& new_id, const std::string& parked) {
    const auto old_one = json::parse(inspect_json(old_id));
    const std::string name = old_one["Name"];
    const bool removes_itself = old_one["HostConfig"]["AutoRemove"];
    EventWatch events({"container=" + old_id});
    ask("POST", "/containers/" + old_id + "/kill");
    if (removes_itself) {
        events.await("destroy");
    } else {
        must(200, "POST", "/containers/" + old_id + "/wait");
        must(204, "POST", "/containers/" + old_id + "/rename?name=" + parked);
    }
    must(204, "POST", "/containers/" + new_id + "/rename?name=" + name.substr(1));
}

std::string replace_by_hand(const std::string& container, const Sandbox& sandbox,
                            const std::map<std::string, std::string>& replaced, const std::string& recorded_as) {
    const auto source = source_of(container, sandbox.name("copy"), replaced);
    const auto replica = make_replica(source);
    if (!replica) throw std::runtime_error(replica.error());
    const auto id = create_replica(*replica);
    const auto created = inspect_json(id);
    auto allowed = allowed_difference(source, *replica);
    EXPECT_THAT(difference(source.container, created, allowed), ::testing::IsEmpty());
    take_over(container, id, sandbox.name("parked-" + container.substr(0, 12)));
    docker({"start", id});
    const auto started = inspect_json(id);
    allowed.renamed = false;
    EXPECT_THAT(difference(source.container, started, allowed), ::testing::IsEmpty());
    if (!recorded_as.empty()) record_shape(sandbox, recorded_as, {source, {}, *replica, created, started});
    return id;
}

void record_shape(const Sandbox& sandbox, const std::string& name, const Shape& shape) {
    const char* folder = std::getenv("KEEPWELL_RECORD_SHAPES");
    if (folder == nullptr) return;
    const std::string root = json::parse(engine_answer("/info"))["DockerRootDir"];
    write_shape(
        folder + ("/" + name + ".json"), shape, engine_answer("/networks"),
        {{root, "/var/lib/docker"},
         {std::filesystem::temp_directory_path() / ("keepwell-compose-" + std::to_string(getpid())), "/srv/shop"},
         {sandbox.prefix(), "test"},
         {"\"" + shape.source.hostname + "\"", "\"the-host\""}});
}

}  // namespace keepwell::testing
