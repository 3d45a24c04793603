// What is asked of the engine for one container, and how to see that it was done.
#include "runtime/docker/commands/deeds.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

// Times an asker's slack:
constexpr int start_patience = 4;  // networks, mounts and the runtime
constexpr int short_patience = 2;  // what only changes the engine's books
constexpr int remove_patience = 8;
constexpr std::int64_t longest_grace = 1'000'000'000;

// A JSON string of text that is a container's restart policy or such: nothing to escape but in theory.
std::string quoted(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        if (static_cast<unsigned char>(c) >= ' ') quoted += c;
    }
    return quoted + "\"";
}

Duration answer_within(const Asker& asker, Duration grace) {
    return std::chrono::seconds(grace_seconds(grace)) + asker.slack();
}

std::string grace_query(Duration grace) { return "?t=" + std::to_string(grace_seconds(grace)); }

}  // namespace

std::int64_t grace_seconds(Duration grace) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(grace).count();
    return std::clamp<std::int64_t>(seconds, 0, longest_grace);
}

// ---- start ------------------------------------------------------------------------------------------------------

void start_container(Asker& asker, const std::string& id, Done done) {
    asker.look(id, [&asker, id, done = std::move(done)](Look before) {
        if (!before.trouble.empty()) return done(std::move(before), before.trouble);
        if (!before.exists) return done(std::move(before), "no such container: " + id);
        if (before.view.runs()) return done(std::move(before), {});
        Deed deed;
        deed.container = before.view.id;
        // In the pause of its own restart policy, start is answered 304 and does nothing.
        const bool restarting = before.view.status == ContainerStatus::restarting;
        deed.path = container_path(before.view.id, restarting ? "/restart?t=0" : "/start");
        deed.timeout = start_patience * asker.slack();
        deed.look_first = false;
        deed.again_after_timeout = true;
        deed.is_so = [life = before.life()](const Look& look) {
            return look.view.runs() || (look.life().exists() && !(look.life() == life));
        };
        asker.bring_about(std::move(deed), done);
    });
}

void restart_container(Asker& asker, const std::string& id, const Instance& life, Duration grace, Done done) {
    Deed deed;
    deed.container = id;
    deed.path = container_path(id, "/restart" + grace_query(grace));
    deed.timeout = answer_within(asker, grace) + start_patience * asker.slack();
    deed.look_first = false;
    deed.is_so = [life](const Look& look) { return look.life().exists() && !(look.life() == life); };
    asker.bring_about(std::move(deed), std::move(done));
}

// ---- stop -------------------------------------------------------------------------------------------------------

Stopping::Stopping(Loop& loop, Asker& asker, std::string id, Duration grace)
    : asker_(asker), loop_(loop), id_(std::move(id)), grace_(grace), hurry_(loop) {}

void Stopping::begin(Done done) {
    done_ = std::move(done);
    kill_at_ = std::min(kill_at_, later(loop_.now(), grace_));
    Deed deed;
    deed.container = id_;
    deed.path = container_path(id_, "/stop" + grace_query(grace_));
    deed.timeout = answer_within(asker_, grace_);
    deed.is_so = [](const Look& look) { return !look.up(); };
    asker_.bring_about(std::move(deed), [this](Look look, std::string failure) {
        if (failure.empty() || !look.trouble.empty()) return finish(std::move(look), std::move(failure));
        kill(look, failure);
    });
}

void Stopping::hurry(Duration grace) {
    const Instant at = later(loop_.now(), grace);
    if (at >= kill_at_) return;
    kill_at_ = at;
    hurry_.arm(at, [this] {
        // Its answer does not matter: the stop that is under way ends when the container does.
        asker_.once("POST", container_path(id_, "/kill"), {}, asker_.slack(), [](const Answer&) {});
    });
}

// The engine could not stop it, or does not say so in time. Once more, without its stop signal.
void Stopping::kill(const Look& look, const std::string& why) {
    Deed deed;
    deed.container = id_;
    deed.path = container_path(id_, "/kill");
    deed.timeout = asker_.slack();
    deed.look_first = false;
    deed.is_so = [](const Look& now) { return !now.up(); };
    const std::string who = look.view.name + " (pid " + std::to_string(look.view.pid) + ")";
    asker_.bring_about(std::move(deed), [this, who, why](Look now, const std::string& failure) {
        finish(std::move(now), failure.empty() ? std::string{} : who + ": " + why);
    });
}

void Stopping::finish(Look look, std::string failure) {
    hurry_.disarm();
    const auto done = std::move(done_);
    done(std::move(look), std::move(failure));
}

// ---- books ------------------------------------------------------------------------------------------------------

void rename_container(Asker& asker, const std::string& id, const std::string& name, Done done) {
    Deed deed;
    deed.container = id;
    deed.path = container_path(id, "/rename?name=" + url_encode(name));
    deed.timeout = short_patience * asker.slack();
    deed.again_after_timeout = true;
    deed.is_so = [name](const Look& look) { return look.exists && look.view.name == name; };
    asker.bring_about(std::move(deed), std::move(done));
}

void set_restart_policy(Asker& asker, const std::string& id, const std::string& name, std::uint32_t retries,
                        Done done) {
    Deed deed;
    deed.container = id;
    deed.path = container_path(id, "/update");
    deed.body =
        R"({"RestartPolicy":{"Name":)" + quoted(name) + R"(,"MaximumRetryCount":)" + std::to_string(retries) + "}}";
    deed.timeout = short_patience * asker.slack();
    deed.again_after_timeout = true;
    deed.is_so = [name, retries](const Look& look) {
        const bool none = name == "no" && !look.view.restarts_itself();
        return look.exists && (none || (look.view.restart_policy == name && look.view.restart_retries == retries));
    };
    asker.bring_about(std::move(deed), std::move(done));
}

void remove_container(Asker& asker, const std::string& id, bool volumes, Done done) {
    const auto gone = [](const Look& look) { return !look.exists; };
    Deed deed;
    deed.container = id;
    deed.method = "DELETE";
    deed.path = container_path(id, volumes ? "?force=1&v=1" : "?force=1");
    deed.timeout = remove_patience * asker.slack();
    deed.again_after_timeout = true;
    deed.is_so = gone;
    asker.bring_about(std::move(deed), [&asker, id, gone, done = std::move(done)](Look look, std::string failure) {
        if (failure.empty() || look.view.status != ContainerStatus::removing) {
            return done(std::move(look), std::move(failure));
        }
        Deed wait;  // somebody else removes it (`--rm`): that has to end
        wait.container = id;
        wait.path = container_path(id, "/wait?condition=removed");
        wait.timeout = remove_patience * asker.slack();
        wait.is_so = gone;
        asker.bring_about(std::move(wait), done);
    });
}

}  // namespace keepwell::runtime::docker
