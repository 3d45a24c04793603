// A Docker Engine that behaves, made of a ScriptedEngine: containers are created, started, stopped, renamed and
// removed, and any single request can be made to go wrong the way engines and connections do. For what a real engine
// cannot be made to show at a chosen step. It knows the requests that keepwell's commands make, and no others. Threads:
// the loop only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "support/scripted_engine.hpp"

namespace keepwell::testing {

/// How one request goes wrong.
enum class Fault : std::uint8_t {
    lost_before,    ///< the connection breaks, and nothing was done
    lost_after,     ///< it was done, and the connection breaks without an answer
    silent_before,  ///< nothing is done, and there is no answer
    silent_after,   ///< it was done, and there is no answer
    error_before,   ///< 500, and nothing was done
    error_after,    ///< 500, although it was done
    engine_before,  ///< the engine is gone before it was done
    engine_after,   ///< the engine is gone when it was done
};

class EngineModel {
  public:
    using Json = nlohmann::json;

    struct Container {
        std::string id;
        std::string name;
        Json config;
        Json host;
        Json networks = Json::object();
        std::string status = "created";
        std::string started = "0001-01-01T00:00:00Z";
        std::string finished = "0001-01-01T00:00:00Z";
        int exit_code = 0;
    };

    explicit EngineModel(runtime::Loop& loop) : engine{loop} { script(); }

    /// A container that runs, and its id.
    std::string run(const std::string& name, const Json& host = Json::object(), const Json& networks = Json::object()) {
        Container container;
        container.id = new_id();
        container.name = name;
        container.config = {{"Image", "app:1"}, {"Labels", Json::object()}, {"Hostname", container.id.substr(0, 12)}};
        container.host = {{"NetworkMode", "bridge"}, {"RestartPolicy", {{"Name", "always"}, {"MaximumRetryCount", 0}}}};
        container.host.update(host);
        container.networks = networks.empty() ? Json{{"bridge", Json::object()}} : networks;
        containers[container.id] = container;
        start(containers[container.id]);
        return container.id;
    }

    /// The next request that fits `what` ("POST /containers/*/stop") goes wrong; later ones do not.
    void fault(const std::string& what, Fault fault) { faults_[what].push_back(fault); }

    /// Who is there: "web running".
    std::string there() const {
        std::vector<std::string> lines;
        for (const auto& [id, container] : containers) lines.push_back(container.name + " " + container.status);
        std::sort(lines.begin(), lines.end());
        std::string all;
        for (const auto& line : lines) all += (all.empty() ? "" : ", ") + line;
        return all;
    }
    std::string life(const std::string& id) const { return id + "@" + containers.at(id).started; }
    Container* named(const std::string& name_or_id) {
        for (auto& [id, container] : containers) {
            if (container.name == name_or_id || id == name_or_id) return &container;
        }
        return nullptr;
    }

    ScriptedEngine engine;
    std::map<std::string, Container> containers;  ///< by id
    Feed events;
    /// Called before a request is answered, with its path; what it wants done is done there.
    std::function<void(const std::string& method_and_path)> before;

  private:
    using Request = ScriptedEngine::Request;
    using Deed = std::function<Reply(const Request&)>;

    std::string new_id() {
        const std::string number = std::to_string(++ids_);
        return std::string(64 - number.size(), 'a').replace(0, number.size(), number) + std::string(number.size(), 'a');
    }
    std::string now() {
        const std::string number = std::to_string(1'000'000'000 + ++moments_).substr(1);
        return "2026-11-20T18:00:00." + number + "Z";
    }

    void start(Container& container) {
        container.status = "running";
        container.started = now();
    }
    void stop(Container& container) {
        if (container.status != "running") return;
        container.status = "exited";
        container.finished = now();
        if (container.host.value("AutoRemove", false)) containers.erase(std::string{container.id});
    }

    // "POST /containers/ID/stop" -> the container.
    Container* subject(const Request& request) {
        const std::string rest = request.path.substr(std::string{"/containers/"}.size());
        return named(rest.substr(0, rest.find('/')));
    }

    static Reply no_such(const std::string& what) { return Reply::error(404, "No such container: " + what); }

    /// Does it, or does not, as the next fault for it says.
    void on(const std::string& what, Deed deed) {
        engine.on(what, [this, what, deed = std::move(deed)](const Request& request) {
            if (before) before(request.method + " " + request.path);
            auto& queue = faults_[what];
            if (queue.empty()) return deed(request);
            const Fault fault = queue.front();
            queue.pop_front();
            switch (fault) {
                case Fault::lost_before: return Reply::hang_up();
                case Fault::silent_before: return Reply::silence();
                case Fault::error_before: return Reply::error(500, "it did not want to");
                case Fault::engine_before: return gone();
                case Fault::lost_after: deed(request); return Reply::hang_up();
                case Fault::silent_after: deed(request); return Reply::silence();
                case Fault::error_after: deed(request); return Reply::error(500, "it did not want to");
                case Fault::engine_after: deed(request); return gone();
            }
            return Reply::hang_up();
        });
    }
    Reply gone() {
        went = true;
        return Reply::hang_up();
    }

    void on_container(const std::string& what, std::function<Reply(Container&, const Request&)> deed) {
        on(what, [this, deed = std::move(deed)](const Request& request) {
            Container* container = subject(request);
            return container ? deed(*container, request) : no_such(request.path);
        });
    }

    static Json inspect(const Container& container) {
        const bool running = container.status == "running";
        return {{"Id", container.id},
                {"Name", "/" + container.name},
                {"Image", "sha256:app"},
                {"Created", "2026-11-20T17:00:00Z"},
                {"Path", "app"},
                {"Args", Json::array()},
                {"Config", container.config},
                {"HostConfig", container.host},
                {"Mounts", Json::array()},
                {"NetworkSettings", {{"Networks", container.networks}}},
                {"State",
                 {{"Status", container.status},
                  {"Running", running},
                  {"Pid", running ? 4711 : 0},
                  {"ExitCode", container.exit_code},
                  {"StartedAt", container.started},
                  {"FinishedAt", container.finished}}}};
    }

    Reply list(const Request& request) const {
        const Json filters = Json::parse(request.parameter("filters"), nullptr, false);
        Json all = Json::array();
        for (const auto& [id, container] : containers) {
            if (filters.is_object() && filters.contains("name")) {
                std::string part = filters["name"][0];
                part.erase(std::remove(part.begin(), part.end(), '\\'), part.end());
                if (container.name.find(part) == std::string::npos) continue;
            }
            all.push_back({{"Id", id},
                           {"Names", {"/" + container.name}},
                           {"Image", "app:1"},
                           {"State", container.status},
                           {"Status", container.status},
                           {"Labels", container.config["Labels"]},
                           {"HostConfig", {{"NetworkMode", container.host["NetworkMode"]}}}});
        }
        return Reply::json(200, all.dump());
    }

    Reply create(const Request& request) {
        const std::string name = request.parameter("name");
        if (Container* other = named(name)) {
            return Reply::error(409, "Conflict. The container name \"/" + name +
                                         "\" is already in use by container \"" + other->id + "\".");
        }
        Json body = Json::parse(request.body);
        Container container;
        container.id = new_id();
        container.name = name;
        container.host = {{"NetworkMode", "bridge"}};  // as the engine fills it in
        container.host.update(body.value("HostConfig", Json::object()));
        if (body.contains("NetworkingConfig")) container.networks = body["NetworkingConfig"]["EndpointsConfig"];
        if (container.networks.empty()) container.networks = {{"bridge", Json::object()}};
        body.erase("HostConfig");
        body.erase("NetworkingConfig");
        container.config = body;
        if (!container.config.contains("Labels")) container.config["Labels"] = Json::object();
        if (container.config.value("Hostname", "").empty()) container.config["Hostname"] = container.id.substr(0, 12);
        containers[container.id] = container;
        return Reply::json(201, Json{{"Id", container.id}, {"Warnings", Json::array()}}.dump());
    }

    void script() {
        script_engine();
        script_looks();
        script_lives();
        script_changes();
        script_networks();
    }

    void script_engine() {
        engine.on("GET /events", [this](const Request& request) {
            if (request.parameter("until").empty()) return Reply::chunked(200).follow(events);
            return Reply::json(200, "");
        });
        engine.on("GET /version",
                  Reply::json(200, R"({"Version":"20.10.24","ApiVersion":"1.41","Os":"linux","Arch":"amd64"})"));
        engine.on("GET /info", Reply::json(200, R"({"Name":"host"})"));
        engine.on("GET /networks", Reply::json(200, R"([{"Name":"bridge","Id":"b","Driver":"bridge","Scope":"local"},
                                                        {"Name":"net","Id":"n","Driver":"bridge","Scope":"local"}])"));
        engine.on("GET /images/*/json",
                  Reply::json(200, R"({"Id":"sha256:app","Os":"linux","Architecture":"amd64","Config":{}})"));
    }

    void script_looks() {
        on("GET /containers/json", [this](const Request& request) { return list(request); });
        on_container("GET /containers/*/json",
                     [](Container& container, const Request&) { return Reply::json(200, inspect(container).dump()); });
        on_container("GET /containers/*/changes", [](Container&, const Request&) { return Reply::json(200, "null"); });
    }

    void script_lives() {
        on_container("POST /containers/*/start", [this](Container& container, const Request&) {
            if (container.status == "running") return Reply::empty(304);
            start(container);
            return Reply::empty(204);
        });
        on_container("POST /containers/*/stop", [this](Container& container, const Request&) {
            const bool running = container.status == "running";
            stop(container);
            return Reply::empty(running ? 204 : 304);
        });
        on_container("POST /containers/*/kill", [this](Container& container, const Request&) {
            if (container.status != "running") return Reply::error(409, "it is not running");
            container.exit_code = 137;
            stop(container);
            return Reply::empty(204);
        });
        on_container("POST /containers/*/restart", [this](Container& container, const Request&) {
            container.finished = now();
            start(container);
            return Reply::empty(204);
        });
    }

    void script_changes() {
        on("POST /containers/create", [this](const Request& request) { return create(request); });
        on_container("POST /containers/*/rename", [this](Container& container, const Request& request) {
            const std::string name = request.parameter("name");
            if (container.name == name)
                return Reply::error(400, "Renaming a container with the same name as its current name");
            if (named(name))
                return Reply::error(409, "Conflict. The container name \"/" + name + "\" is already in use");
            container.name = name;
            return Reply::empty(204);
        });
        on_container("POST /containers/*/update", [](Container& container, const Request& request) {
            container.host["RestartPolicy"] = Json::parse(request.body)["RestartPolicy"];
            return Reply::json(200, R"({"Warnings":null})");
        });
        on_container("DELETE /containers/*", [this](Container& container, const Request&) {
            containers.erase(std::string{container.id});
            return Reply::empty(204);
        });
    }

    void script_networks() {
        on("POST /networks/*/disconnect", [this](const Request& request) {
            const Json body = Json::parse(request.body);
            if (Container* container = named(body["Container"])) container->networks.erase(network_of(request));
            return Reply::empty(200);
        });
        on("POST /networks/*/connect", [this](const Request& request) {
            const Json body = Json::parse(request.body);
            Container* container = named(body["Container"]);
            if (container && container->networks.contains(network_of(request))) {
                return Reply::error(403, "endpoint with name " + container->name + " already exists in network");
            }
            if (container) container->networks[network_of(request)] = body["EndpointConfig"];
            return Reply::empty(200);
        });
    }

    static std::string network_of(const Request& request) {
        const std::string rest = request.path.substr(std::string{"/networks/"}.size());
        return rest.substr(0, rest.find('/'));
    }

    std::map<std::string, std::deque<Fault>> faults_;
    int ids_ = 0;
    int moments_ = 0;

  public:
    bool went = false;  ///< a fault has the engine gone: stop() it, and start() it again
};

}  // namespace keepwell::testing
