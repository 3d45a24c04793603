// The tables themselves, by name. May know: fields, drafts.
#pragma once

#include "policy/fields/drafts.hpp"
#include "policy/fields/fields.hpp"

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
const Block<EnvFileDraft>& env_file_block();
const Block<MaintenanceWindow>& maintenance_block();
const Block<ReplaceRung>& replace_block();
const Block<UpdateConfig>& update_config_block();

// What containers have besides.
const Block<ContainerSelector>& selector_block();
const Block<ContainerSelector>& compose_selector_block();
const Block<PortDraft>& port_block();
const Block<Mount>& mount_block();
const Block<Mount>& mount_bind_block();
const Block<Mount>& mount_volume_block();
const Block<Mount>& mount_tmpfs_block();
const Block<NetworkAttachment>& attachment_block();
const Block<Ulimit>& ulimit_block();
const Block<Device>& device_block();
const Block<Logging>& logging_block();
const Block<ResourcesDraft>& resources_block();
const Block<ResourcesDraft>& limits_block();
const Block<ResourcesDraft>& reservations_block();
const Block<NamedResource>& network_block();
const Block<NamedResource>& volume_block();

// Rows of service_block() and policy_block() that have files of their own.
using EntryRows = std::vector<Field<EntryDraft>>;
EntryRows container_rows();
EntryRows port_rows();
EntryRows mount_rows();
EntryRows network_rows();
EntryRows limit_rows();
std::vector<Field<PolicyDraft>> project_rows();

}  // namespace keepwell::policy
