// Replacing a container by hand on a real engine, step by step as docs/replace.md has it, for tests: curl asks, so that
// nothing of keepwell's client is in between. Each call blocks, and throws what the engine said when it said no.
#pragma once

#include <map>
#include <string>

#include "runtime/docker/json/replica.hpp"
#include "runtime/docker/shape.hpp"
#include "support/docker/docker.hpp"

namespace keepwell::testing {

/// keepwell-test/replica-plain: no configuration but a command. keepwell-test/replica-rich: ENTRYPOINT, CMD, two
/// VOLUMEs
/// (/data with a file in it, and /cache), EXPOSE, ENV, HEALTHCHECK, LABEL, STOPSIGNAL, WORKDIR, ONBUILD and SHELL.
void make_replica_images();

/// The version to speak: the engine's newest, but none from which on MAC addresses are not told ("1.41").
const std::string& spoken_version();

/// The body of a GET, which must succeed; `path` without the version's prefix.
std::string engine_answer(const std::string& path);
std::string inspect_json(const std::string& container);

/// `POST /containers/create?name=…`: the id.
std::string create_by_body(const std::string& name_and_query, const std::string& body);

/// All that a replica is made of, asked of the engine now. `name` is the replica's until it takes the old one's.
runtime::docker::ReplicaSource source_of(const std::string& container, const std::string& name,
                                         const std::map<std::string, std::string>& replaced = {});

/// Creates the replica, and connects it to the networks that need a call of their own: its id.
std::string create_replica(const runtime::docker::Replica& replica);

/// Ends the old one and gives its name to the new one, which is not started. The old one is called `parked` then, or
/// is gone where it removes itself.
void take_over(const std::string& old_id, const std::string& new_id, const std::string& parked);

/// Everything in one: a replica is made, compared, put in place and started; its id. Differences are test failures.
std::string replace_by_hand(const std::string& container, const Sandbox& sandbox,
                            const std::map<std::string, std::string>& replaced = {},
                            const std::string& recorded_as = {});

/// Writes the shape to KEEPWELL_RECORD_SHAPES, where that names a folder, with the names that it has on any machine.
void record_shape(const Sandbox& sandbox, const std::string& name, const Shape& shape);

}  // namespace keepwell::testing
