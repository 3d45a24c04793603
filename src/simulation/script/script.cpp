// Short ways to say the common answers and lives.
#include "simulation/script/script.hpp"

namespace keepwell::simulation {

Answer Answer::exits(int code) {
    return {code == 0 ? Outcome::passed : Outcome::failed, Duration{0}, "exit " + std::to_string(code), code};
}

Life Life::exits(int code, Duration after) {
    Life life;
    life.exits_after = after;
    life.exit.value = code;
    return life;
}

Life Life::killed(int signal, Duration after) {
    Life life = exits(signal, after);
    life.exit.kind = ExitStatus::Kind::signal;
    return life;
}

Life Life::fails(std::string why) {
    Life life;
    life.failure = std::move(why);
    return life;
}

Life Life::ignores_stop() {
    Life life;
    life.stops_in = std::nullopt;
    return life;
}

Life Life::turns(std::vector<std::pair<Duration, Health>> says) {
    Life life;
    life.says = std::move(says);
    return life;
}

}  // namespace keepwell::simulation
