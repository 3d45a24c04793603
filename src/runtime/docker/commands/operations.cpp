// One command after the other, each by what inspect says.
#include "runtime/docker/commands/operations.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/api/frames.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/own_labels.hpp"
#include "runtime/docker/watch/claims.hpp"
#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {

using namespace std::chrono_literals;

// ---- start --------------------------------------------------------------------------------------------------------

StartOperation::StartOperation(Workplace& place, const TargetSpec& target, std::string container,
                               std::function<void(const std::string&)> tell)
    : place_(place), target_(target), container_(std::move(container)), tell_(std::move(tell)) {}

void StartOperation::give_up() {
    given_up_ = true;
    if (replacing_) replacing_->give_up();
    if (settling_) settling_->give_up();
}

void StartOperation::begin(Done done) {
    done_ = std::move(done);
    if (target_.kind == TargetKind::container) return look_by_labels();
    look_at(container_);
}

void StartOperation::look_at(const std::string& container) {
    place_.asker.look(container, [this](const Look& look) { looked(look); });
}

// Ours is who bears the labels: a name may be anybody's.
void StartOperation::look_by_labels() {
    const auto label = [](std::string_view key, const std::string& value) { return std::string{key} + "=" + value; };
    const Json filter{
        {"label",
         {label(project_label, target_.container->project), label(service_label, target_.container->service),
          label(slot_label, std::to_string(target_.slot))}}};
    const std::string path = "/containers/json?all=1&filters=" + url_encode(json_line(filter));
    place_.asker.get(path, [this](const Answer& answer) {
        const auto ours = container_list(answer.body).value_or(std::vector<ListedContainer>{});
        const ListedContainer* chosen = nullptr;
        bool runs = false;
        std::string unfinished;
        for (const auto& container : ours) {
            const Role role = role_of(container.name);
            if (role.is_temporary()) unfinished = role.name;
            if (!chosen || container.name == target_.container->name) chosen = &container;
            runs = runs || container.state == "running";
        }
        // A start that was broken off left two dead ones.
        if (!unfinished.empty() && !runs && !cleared_) return clear_away(unfinished);
        look_at(chosen ? chosen->id : container_);
    });
}

void StartOperation::clear_away(const std::string& name) {
    cleared_ = true;
    Settling::Wanted wanted;
    wanted.goal = Goal::commit;
    wanted.name = name;
    wanted.target = &target_;
    settling_ = std::make_unique<Settling>(place_, std::move(wanted), tell_);
    settling_->begin([this](const Settling::Result&) { look_by_labels(); });
}

void StartOperation::looked(const Look& look) {
    if (given_up_) return end(look, std::string{overtaken});
    if (!look.trouble.empty()) return end(look, look.trouble);
    if (target_.kind != TargetKind::container) {
        const std::string who = container_.empty() ? std::string{} : ": " + container_;
        return look.exists ? start(look) : end(look, "there is no such container" + who);
    }
    const bool ours = look.exists && is_target_of(look.view, target_);
    if (ours && (look.up() || is_current(look.view, *place_.policy, target_))) return start(look);
    make(ours ? look.view.id : target_.container->name);
}

void StartOperation::start(const Look& before) {
    start_container(place_.asker, before.view.id, [this, before](Look look, const std::string& failure) {
        started(before, std::move(look), failure);
    });
}

// Its engine may have let others run on in what was its namespace.
void StartOperation::started(const Look& before, Look look, const std::string& failure) {
    const bool another_life = before.life().exists() && !(before.life() == look.life());
    if (!failure.empty() || !another_life) return end(std::move(look), failure);
    dependants_ = std::make_unique<DependantRestarts>(place_, look, tell_);
    dependants_->begin([this, look] { end(look, {}); });
}

// There is none, or a dead one of an entry that has changed: nothing runs that would have to prove itself.
void StartOperation::make(const std::string& in_place_of) {
    Replacing::Wanted wanted;
    wanted.target = &target_;
    wanted.container = in_place_of;
    wanted.order = ReplaceOrder::stop_first;
    wanted.made_from = command::MadeFrom::entry;
    replacing_ = std::make_unique<Replacing>(place_, std::move(wanted), tell_);
    replacing_->begin([this](const Replacing::Result& result) { replaced(result); });
}

void StartOperation::replaced(const Replacing::Result& result) {
    if (!result.failure.empty()) return end(result.survivor, result.failure);
    Settling::Wanted wanted;
    wanted.goal = Goal::commit;
    wanted.name = target_.container->name;
    wanted.newer_id = result.newer.view.id;
    wanted.target = &target_;
    settling_ = std::make_unique<Settling>(place_, std::move(wanted), tell_);
    settling_->begin([this, newer = result.newer](const Settling::Result& settled) {
        if (!settled.failure.empty()) place_.log(target_.name + ": " + settled.failure);
        end(settled.newer.exists ? settled.newer : newer, {});
    });
}

void StartOperation::end(Look look, const std::string& failure) {
    const auto done = std::move(done_);
    done(std::move(look), failure);
}

// ---- restart ------------------------------------------------------------------------------------------------------

RestartOperation::RestartOperation(Workplace& place, Instance life, Duration grace,
                                   std::function<void(const std::string&)> tell)
    : place_(place), life_(std::move(life)), grace_(grace), tell_(std::move(tell)) {}

void RestartOperation::begin(Done done) {
    done_ = std::move(done);
    if (life_.subject().empty()) {
        return place_.asker.look({},
                                 [this](Look nothing) { restarted(std::move(nothing), "there is no such container"); });
    }
    restart_container(place_.asker, std::string{life_.subject()}, life_, grace_,
                      [this](Look look, const std::string& failure) { restarted(std::move(look), failure); });
}

void RestartOperation::restarted(Look look, const std::string& failure) {
    if (!failure.empty()) {
        const auto done = std::move(done_);
        return done(std::move(look), failure);
    }
    dependants_ = std::make_unique<DependantRestarts>(place_, look, tell_);
    dependants_->begin([this, look] {
        const auto done = std::move(done_);
        done(look, {});
    });
}

// ---- discard ------------------------------------------------------------------------------------------------------

void DiscardOperation::begin(std::function<void(std::string failure)> done) {
    stopping_.begin([this, done = std::move(done)](const Look& look, const std::string& survivors) {
        if (!look.exists) return done(survivors);
        if (!survivors.empty()) return done(survivors);
        remove_container(place_.asker, id_, true, [done](const Look&, const std::string& failure) { done(failure); });
    });
}

// ---- evidence -----------------------------------------------------------------------------------------------------

namespace {
constexpr Duration evidence_patience = 900ms;  // the caller has a second
constexpr int lines_asked_for = 200;
}  // namespace

/// The last bytes of a log, whether it turns out to be framed or a terminal's.
class EvidenceOperation::Tail {
  public:
    explicit Tail(std::size_t keep) : keep_(keep) {}

    void feed(std::string_view bytes) {
        append(raw_, bytes);
        frames_.feed(bytes, [this](Channel, std::string_view piece) { append(unframed_, piece); });
    }
    std::string text(bool terminal) const {
        const std::string& all = terminal ? raw_ : unframed_;
        return all.size() <= keep_ ? all : all.substr(all.size() - keep_);
    }

  private:
    // Cut only now and then: a log may come in many small pieces.
    void append(std::string& text, std::string_view piece) const {
        text += piece;
        if (text.size() > 2 * keep_ + piece.size()) text.erase(0, text.size() - keep_);
    }

    const std::size_t keep_;
    FrameDecoder frames_;
    std::string raw_;
    std::string unframed_;
};

EvidenceOperation::EvidenceOperation(Loop& loop, EngineApi& engine, std::string id, std::size_t bytes)
    : loop_(loop), engine_(engine), id_(std::move(id)), patience_(loop), tail_(std::make_unique<Tail>(bytes)) {}

EvidenceOperation::~EvidenceOperation() { *alive_ = false; }

void EvidenceOperation::begin(std::function<void(Evidence)> done) {
    done_ = std::move(done);
    patience_.arm(later(loop_.now(), evidence_patience), [this] { finish(); });
    engine_.call("GET", container_path(id_, "/json"), {}, evidence_patience,
                 [this, alive = alive_](const Answer& answer) {
                     if (!*alive) return;
                     if (answer.ok()) inspect_ = answer.body;
                     has_inspect_ = true;
                     finish_if_whole();
                 });
    const std::string query = "/logs?stdout=1&stderr=1&tail=" + std::to_string(lines_asked_for);
    stream_ = engine_.stream("GET", container_path(id_, query), {}, false,
                             {{},
                              [this](std::string_view piece) { tail_->feed(piece); },
                              [this](const Answer&) {
                                  has_log_ = true;
                                  finish_if_whole();
                              }});
}

void EvidenceOperation::finish_if_whole() {
    if (has_inspect_ && has_log_) finish();
}

void EvidenceOperation::finish() {
    patience_.disarm();
    stream_.reset();
    const Json inspect = json_object(inspect_).value_or(Json::object());
    const bool terminal = json_true(json_at(inspect, {"Config", "Tty"}));
    const auto done = std::move(done_);
    done({tail_->text(terminal), std::move(inspect_)});
}

}  // namespace keepwell::runtime::docker
