// The tables themselves, by name. May know: fields, drafts.
#pragma once

#include "policy/drafts.hpp"
#include "policy/fields.hpp"

namespace keepwell::policy {

const Block<PolicyDraft>& policy_block();
const Block<Guard>& guard_block();
const Block<EntryDraft>& service_block();
const Block<Dependency>& dependency_block();
const Block<HealthDraft>& healthcheck_block();
const Block<HttpProbe>& http_block();
const Block<HttpProbe>& expect_block();
const Block<HttpProbe>& expect_body_block();
const Block<RungDraft>& rung_block();
const Block<Quarantine>& quarantine_block();
const Block<EntryDraft>& deploy_block();
const Block<RestartPolicy>& restart_policy_block();
const Block<Backoff>& backoff_block();
const Block<OutputSpec>& output_block();
const Block<MaintenanceWindow>& maintenance_block();

}  // namespace keepwell::policy
