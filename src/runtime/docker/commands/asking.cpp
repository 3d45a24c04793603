// Questions that wait for an answer, and deeds that are looked at.
#include "runtime/docker/commands/asking.hpp"

#include <algorithm>
#include <utility>

namespace keepwell::runtime::docker {
namespace {

/// An engine that answers a question with an error of its own may answer the next one; after so many it is the answer.
constexpr int most_server_errors = 4;
/// So many questions of one get_all() are under way: an engine is not to be flooded.
constexpr std::size_t most_at_once = 8;
/// So often a deed is asked for while each time the connection breaks and a look says that it was not done.
constexpr int most_attempts = 5;

Look look_from(const Answer& answer) {
    Look look;
    if (answer.is(404)) return look;
    if (!answer.ok()) {
        look.trouble = answer.error.empty() ? "the engine does not say how it is" : answer.error;
        return look;
    }
    auto view = container_view(answer.body);
    if (!view) {
        look.trouble = "the engine's inspect is none";
        return look;
    }
    look.exists = true;
    look.json = answer.body;
    look.view = std::move(*view);
    return look;
}

std::string why_not(const Deed& deed, const Look& look, const Answer& answer) {
    if (!look.trouble.empty()) return look.trouble;
    if (!answer.error.empty()) return answer.error;
    if (!look.exists) return "there is no such container any more";
    if (!look.view.error.empty()) return look.view.error;
    return "the engine says it did (" + std::string{deed.method} + ", HTTP " + std::to_string(answer.status) +
           "), but the container is " + std::string{to_string(look.view.status)};
}

}  // namespace

Instance Look::life() const {
    if (!exists || view.started_at == EngineTime{}) return {};
    return {view.id + "@" + view.started_text, 0};
}

bool Look::up() const {
    switch (view.status) {
        case ContainerStatus::running:
        case ContainerStatus::paused:
        case ContainerStatus::restarting: return exists;
        case ContainerStatus::created:
        case ContainerStatus::removing:
        case ContainerStatus::exited:
        case ContainerStatus::dead:
        case ContainerStatus::unknown: return false;
    }
    return false;
}

std::string container_path(const std::string& id_or_name, std::string_view rest) {
    return "/containers/" + url_encode(id_or_name) + std::string{rest};
}

// ---- questions --------------------------------------------------------------------------------------------------

struct Asker::Question {
    std::string path;
    EngineApi::Done done;
    int server_errors = 0;
    Duration wait{0};       ///< the last one
    Instant again = never;  ///< while it waits
};

struct Asker::Batch {
    std::vector<std::string> paths;
    std::size_t next = 0;
    std::size_t missing = 0;
    std::vector<Answer> answers;
    std::function<void(std::vector<Answer>)> done;
};

struct Asker::Attempt {
    Deed deed;
    std::function<void(Look, std::string)> done;
    int number = 0;
};

Asker::Asker(Loop& loop, EngineApi& api, Options options)
    : loop_(loop), api_(api), options_(options), retry_(loop), alive_(std::make_shared<bool>(true)) {}

Asker::~Asker() { *alive_ = false; }

EngineApi& Asker::engine() {
    if (!api_.at_least(1, 52) || !api_.address().pinned_version.empty()) return api_;
    if (!older_) {  // and kept from then on: what was asked of it must be answered
        auto address = api_.address();
        address.pinned_version = newest_exact_version;
        older_ = std::make_unique<EngineApi>(loop_, std::move(address));
    }
    return *older_;
}

void Asker::engine_is_back() {
    for (auto& question : waiting_) question.again = Instant{};
    retry_.arm(loop_.now(), [this] { ask_waiting(); });
}

void Asker::get(std::string path, EngineApi::Done done) { ask({std::move(path), std::move(done), 0, {}, never}); }

void Asker::ask(Question question) {
    const std::string path = question.path;
    engine().call("GET", path, {}, options_.query_timeout,
                  [this, alive = alive_, question = std::move(question)](Answer answer) mutable {
                      if (*alive) answered(std::move(question), std::move(answer));
                  });
}

void Asker::answered(Question question, Answer answer) {
    if (answer.end != Answer::End::answered) return put_off(std::move(question));
    if (answer.status >= 500 && ++question.server_errors < most_server_errors) return put_off(std::move(question));
    question.done(std::move(answer));
}

void Asker::put_off(Question question) {
    question.wait = std::clamp(2 * question.wait, options_.first_retry, options_.last_retry);
    question.again = later(loop_.now(), question.wait);
    waiting_.push_back(std::move(question));
    Instant next = never;
    for (const auto& one : waiting_) next = std::min(next, one.again);
    retry_.arm(next, [this] { ask_waiting(); });
}

void Asker::ask_waiting() {
    const Instant now = loop_.now();
    std::list<Question> due;
    Instant next = never;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        const auto here = it++;
        if (here->again <= now) {
            due.splice(due.end(), waiting_, here);
        } else {
            next = std::min(next, here->again);
        }
    }
    retry_.arm(next, [this] { ask_waiting(); });
    for (auto& question : due) ask(std::move(question));
}

void Asker::get_all(std::vector<std::string> paths, std::function<void(std::vector<Answer>)> done) {
    if (paths.empty()) {
        return loop_.post([done = std::move(done), alive = alive_] {
            if (*alive) done({});
        });
    }
    const auto batch = std::make_shared<Batch>();
    batch->missing = paths.size();
    batch->answers.resize(paths.size());
    batch->paths = std::move(paths);
    batch->done = std::move(done);
    const std::size_t at_once = std::min(most_at_once, batch->missing);
    for (std::size_t i = 0; i < at_once; ++i) ask_next(batch);
}

void Asker::ask_next(const std::shared_ptr<Batch>& batch) {
    if (batch->next == batch->paths.size()) return;
    const std::size_t i = batch->next++;
    get(std::move(batch->paths[i]), [this, batch, i](Answer answer) {
        batch->answers[i] = std::move(answer);
        if (--batch->missing == 0) return batch->done(std::move(batch->answers));
        ask_next(batch);
    });
}

void Asker::once(std::string_view method, std::string path, std::string body, Duration timeout, EngineApi::Done done) {
    engine().call(method, std::move(path), std::move(body), timeout,
                  [alive = alive_, done = std::move(done)](Answer answer) {
                      if (*alive) done(std::move(answer));
                  });
}

void Asker::look(const std::string& container, std::function<void(Look)> done) {
    if (container.empty()) {  // its path would be that of the listing
        return loop_.post([done = std::move(done), alive = alive_] {
            if (*alive) done({});
        });
    }
    get(container_path(container, "/json"),
        [done = std::move(done)](const Answer& answer) { done(look_from(answer)); });
}

void Asker::look_at_all(const std::vector<std::string>& containers, std::function<void(std::vector<Look>)> done) {
    std::vector<std::string> paths;
    for (const auto& container : containers) paths.push_back(container_path(container, "/json"));
    get_all(std::move(paths), [done = std::move(done)](const std::vector<Answer>& answers) {
        std::vector<Look> looks;
        std::transform(answers.begin(), answers.end(), std::back_inserter(looks), look_from);
        done(std::move(looks));
    });
}

// ---- deeds ------------------------------------------------------------------------------------------------------

void Asker::bring_about(Deed deed, std::function<void(Look, std::string)> done) {
    const bool look_first = deed.look_first;
    const auto shared = std::make_shared<Attempt>(Attempt{std::move(deed), std::move(done), 0});
    look_first ? attempt(shared) : act(shared);
}

void Asker::attempt(std::shared_ptr<Attempt> attempt) {
    look(attempt->deed.container, [this, attempt](Look look) {
        if (look.trouble.empty() && attempt->deed.is_so(look)) return attempt->done(std::move(look), {});
        act(attempt);
    });
}

void Asker::act(std::shared_ptr<Attempt> attempt) {
    ++attempt->number;
    const Deed& deed = attempt->deed;
    once(deed.method, deed.path, deed.body, deed.timeout,
         [this, attempt](Answer answer) { acted(attempt, std::move(answer)); });
}

void Asker::acted(std::shared_ptr<Attempt> attempt, Answer answer) {
    const auto looked = [this, attempt, answer = std::move(answer)](Look look) {
        const Deed& deed = attempt->deed;
        if (look.trouble.empty() && deed.is_so(look)) return attempt->done(std::move(look), {});
        const bool broke = answer.end == Answer::End::unreachable || answer.end == Answer::End::lack ||
                           (answer.end == Answer::End::timed_out && deed.again_after_timeout);
        if (broke && attempt->number < most_attempts) return act(attempt);
        auto failure = why_not(deed, look, answer);
        attempt->done(std::move(look), std::move(failure));
    };
    look(attempt->deed.container, looked);
}

}  // namespace keepwell::runtime::docker
