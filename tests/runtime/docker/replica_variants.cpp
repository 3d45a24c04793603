// The table.
#include "runtime/docker/replica_variants.hpp"

namespace keepwell::testing {
namespace {

using Variants = std::vector<Variant>;

constexpr auto environment = "sh -c 'env | grep -v ^HOSTNAME='";

Variants commands() {
    return {
        {"plain", "{plain}"},
        {"image_with_everything", "{rich}", {}, {}, {"pwd", environment, "cat /data/seed"}},
        {"command", "{plain} sleep 5000"},
        {"command_of_rich_image", "{rich} 'sleep 5000'"},
        {"entrypoint", "--entrypoint sleep {rich} 5000"},
        {"no_entrypoint", "--entrypoint '' {rich} sleep 5000"},
        {"no_entrypoint_where_there_is_none", "--entrypoint '' {plain} sleep 5000"},
        {"user_and_directory", "--user nobody:nogroup --workdir /var {rich}", {}, {}, {"id", "pwd"}},
        {"terminal", "--tty --interactive {plain} sh"},
        {"standard_input", "--interactive {plain} cat"},
        {"never_started", "--publish 127.0.0.1:28090:80 {rich}", {}, {}, {}, false},
        {"exited", "{plain} true", {}, {"wait {one}"}},
    };
}

Variants configuration() {
    return {
        {"environment", "--env A=1 --env 'B=two words' --env OTHER --env EMPTY= {rich}", {}, {}, {environment}},
        {"labels", "--label both=mine --label own= --label a.b/c=d {rich}"},
        {"healthcheck", "--health-cmd 'test -e /tmp' --health-interval 5s --health-retries 7 {plain}"},
        {"healthcheck_none", "--no-healthcheck {rich}"},
        {"healthcheck_partly_from_image", "--health-start-period 3s {rich}"},
        {"stop_timeout_0", "--stop-timeout 0 --stop-signal SIGQUIT {rich}"},
        {"exposed", "--expose 9000 --expose 9001/udp {rich}"},
        {"hostname", "--hostname web --domainname example.test {plain}", {}, {}, {"hostname", "hostname -d"}},
        {"restart_always", "--restart always {plain}"},
        {"restart_on_failure", "--restart on-failure:3 {plain}"},
        {"restart_unless_stopped", "--restart unless-stopped {plain}"},
        {"auto_remove", "--rm --volume /own {rich}"},
        {"log_options", "--log-driver json-file --log-opt max-size=1m --log-opt max-file=2 {plain}"},
        {"log_none", "--log-driver none {plain}"},
    };
}

Variants resources() {
    return {
        {"limits",
         "--memory 64m --memory-reservation 32m --memory-swap 128m --cpus 0.5 --pids-limit 100 --cpu-shares 512 "
         "--cpuset-cpus 0 --blkio-weight 300 --oom-score-adj 100 {plain}"},
        {"cpu_quota", "--cpu-period 50000 --cpu-quota 25000 --memory-swappiness 10 --oom-kill-disable {plain}"},
        {"ulimits",
         "--ulimit nofile=100:200 --ulimit core=0 --ulimit nproc=300 {plain}",
         {},
         {},
         {"sh -c 'ulimit -c; ulimit -p'"}},
        {"capabilities",
         "--cap-add NET_ADMIN --cap-add SYS_TIME --cap-drop MKNOD --cap-drop AUDIT_WRITE {plain}",
         {},
         {},
         {"grep Cap /proc/1/status"}},
        {"all_capabilities_dropped", "--cap-drop ALL {plain}", {}, {}, {"grep Cap /proc/1/status"}},
        {"privileged", "--privileged {plain}", {}, {}, {}, false},
        {"security",
         "--security-opt no-new-privileges --security-opt seccomp=unconfined {plain}",
         {},
         {},
         {"grep -E 'NoNewPrivs|Seccomp:' /proc/1/status"}},
        {"system_paths_unconfined", "--security-opt systempaths=unconfined {plain}", {}, {}, {"ls -d /proc/kcore"}},
        {"devices", "--device /dev/null:/dev/mine:rw --device /dev/zero --device-cgroup-rule 'c 42:* rmw' {plain}"},
        {"sysctls",
         "--sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000 {plain}",
         {},
         {},
         {"cat /proc/sys/kernel/msgmax"}},
        {"sysctl_of_eth0", "--sysctl net.ipv4.conf.eth0.forwarding=1 {plain}", {}, {}, {}, false},
        {"groups", "--group-add 20 --group-add 30 {plain}", {}, {}, {"id"}},
        {"init", "--init {plain}", {}, {}, {"sh -c 'tr \\\\0 \\\\n < /proc/1/cmdline'"}},
        {"no_init", "--init=false {plain}"},
        {"shared_memory", "--shm-size 16m --ipc shareable {plain}", {}, {}, {"df -k /dev/shm"}},
        {"cgroup", "--cgroup-parent keepwell-test --cgroupns private {plain}"},
        {"runtime", "--runtime runc --isolation default {plain}"},
        {"throttled_device",
         "--device-read-bps /dev/zero:1mb --device-write-iops /dev/zero:100 {plain}",
         {},
         {},
         {},
         false},
    };
}

Variants volumes() {
    const std::string write = "exec {one} sh -c 'echo kept > /data/file'";
    return {
        {"volume", "--volume {v}:/data {plain}", {"volume create {v}"}, {write}, {"cat /data/file"}},
        {"volume_read_only",
         "--volume {v}:/data:ro {plain}",
         {"volume create {v}"},
         {},
         {"grep ' /data ' /proc/mounts"}},
        {"volume_over_image_volume", "--volume {v}:/data {rich}", {"volume create {v}"}, {write}, {"cat /data/file"}},
        {"volume_nocopy", "--volume {v}:/data:nocopy {rich}", {"volume create {v}"}, {}, {"ls /data"}},
        {"anonymous_volume", "--volume /data {plain}", {}, {write}, {"cat /data/file"}},
        {"anonymous_volume_with_odd_path", "--volume /data//x/../ {plain}", {}, {write}, {"cat /data/file"}},
        {"image_volumes", "{rich}", {}, {write}, {"cat /data/file /data/seed"}},
        {"image_volume_emptied", "{rich}", {}, {"exec {one} rm /data/seed"}, {"ls -la /data"}},
        {"mount_without_source", "--mount type=volume,target=/data {plain}", {}, {write}, {"cat /data/file"}},
        {"mount_without_source_over_image_volume",
         "--mount type=volume,target=/data/ {rich}",
         {},
         {},
         {"cat /data/seed", "grep ' /data ' /proc/mounts"}},
        {"mount_with_options",
         "--mount type=volume,source={v},target=/data,volume-nocopy,volume-label=a=b,volume-driver=local {plain}",
         {},
         {write},
         {"cat /data/file"}},
        {"volume_driver", "--volume-driver local --volume /data {plain}", {}, {write}, {"cat /data/file"}},
        {"binds",
         "--volume /usr/share:/a --volume /usr/lib:/b:ro,z,private {plain}",
         {},
         {},
         {"grep -E ' /[ab] ' /proc/self/mountinfo -c"}},
        {"mount_binds",
         "--mount type=bind,source=/usr/share,target=/a,readonly "
         "--mount type=bind,source=/usr/lib,target=/b,bind-propagation=private,readonly {plain}"},
        {"tmpfs",
         "--tmpfs /a:rw,size=1m,mode=1777 --mount type=tmpfs,target=/b,tmpfs-size=1048576 {plain}",
         {},
         {},
         {"df -k /a /b"}},
        {"tmpfs_over_image_volume", "--tmpfs /data {rich}"},
        {"tmpfs_and_volume_at_one_place", "--tmpfs /data --volume /data {plain}"},
        {"read_only", "--read-only --tmpfs /tmp --volume /data {plain}", {}, {write}, {"cat /data/file"}},
        {"volumes_from",
         "--volumes-from {other} {plain}",
         {"create --name {other} --volume {v}:/named {rich}"},
         {write},
         {"cat /data/file", "ls /named"}},
        {"volumes_from_read_only_and_own",
         "--volumes-from {other}:ro --volume /own --volume /data {plain}",
         {"create --name {other} {rich}"},
         {},
         {"grep -cE ' /(data|own) ' /proc/mounts"}},
    };
}

Variants networks() {
    const std::vector<std::string> one{"network create --subnet 10.213.{subnet}.0/24 {net}"};
    const std::vector<std::string> two{"network create --subnet 10.213.{subnet}.0/25 {net}",
                                       "network create --subnet 10.213.{subnet}.128/25 {net2}"};
    return {
        {"ports_fixed", "--publish 127.0.0.1:28080:80 --publish 28081:80 --publish 28082:8080/udp {rich}"},
        {"ports_random", "--publish 80 --publish 127.0.0.1::8080/udp --publish 9000-9001 {rich}"},
        {"ports_all", "--publish-all {rich}"},
        {"user_network", "--network {net} {plain}", {"network create {net}"}, {}, {"cat /etc/resolv.conf"}},
        {"user_network_by_id", "--network {net:id} {plain}", {"network create {net}"}},
        {"aliases_and_static_address",
         "--network {net} --network-alias web --network-alias api --ip 10.213.{subnet}.9 --hostname named {plain}",
         one,
         {},
         {"hostname -i"}},
        {"alias_that_is_the_hostname", "--network {net} --network-alias same --hostname same {plain}", one},
        {"link_local_address", "--network {net} --link-local-ip 169.254.{subnet}.7 {plain}", one},
        {"several_networks",
         "--network {net} --network-alias first {plain}",
         two,
         {"network connect --alias second --ip 10.213.{subnet}.200 {net2} {one}"},
         {"sh -c 'ls /sys/class/net | wc -l'"}},
        {"several_networks_with_the_bridge",
         "{plain}",
         two,
         {"network connect {net} {one}", "network connect --alias x --link {other}:y {net2} {one}"}},
        {"disconnected_from_its_own",
         "--network {net} {plain}",
         two,
         {"network connect --alias kept {net2} {one}", "network disconnect {net} {one}"}},
        {"disconnected_from_everything", "{plain}", {}, {"network disconnect bridge {one}"}, {}, true},
        {"driver_options", "--network name={net},alias=web,driver-opt=com.docker.network.keepwell=1 {plain}", one},
        {"host_network", "--network host {plain}", {}, {}, {"hostname"}},
        {"host_network_with_hostname", "--network host --hostname own {plain}", {}, {}, {"hostname"}},
        {"no_network", "--network none {rich}"},
        {"names_and_servers",
         "--dns 10.1.2.3 --dns 10.1.2.4 --dns-search example.test --dns-option ndots:2 --add-host a:10.9.8.7 "
         "--add-host b:10.9.8.6 {plain}",
         {},
         {},
         {"cat /etc/resolv.conf", "grep 10.9.8 /etc/hosts"}},
        {"links",
         "--link {other}:db --link {other2} {plain}",
         {"run --detach --name {other} {plain}", "run --detach --name {other2} {plain}"},
         {},
         {"sh -c 'grep -cw db /etc/hosts'"}},
        {"links_in_user_network",
         "--network {net} --link {other}:db {plain}",
         {one.front(), "run --detach --name {other} --network {net} {plain}"}},
        {"ipv6",
         "--network {net} --ip6 fd00:213:{subnet}::9 {plain}",
         {"network create --ipv6 --subnet fd00:213:{subnet}::/64 {net}"}},
    };
}

Variants namespaces() {
    const std::vector<std::string> other{"run --detach --name {other} --ipc shareable --publish 80 {rich}"};
    return {
        {"network_of_another", "--network container:{other} {plain}", other, {}, {"hostname"}},
        {"network_of_another_rich", "--network container:{other} {rich}", other},
        {"ipc_of_another", "--ipc container:{other} {plain}", other},
        {"pid_of_another", "--pid container:{other} {plain}", other, {}, {"cat /proc/1/cmdline"}},
        {"all_of_another", "--network container:{other} --ipc container:{other} --pid container:{other} {plain}",
         other},
        {"host_ipc_and_pid", "--ipc host --pid host {plain}"},
        {"private_ipc", "--ipc private {plain}"},
        {"no_ipc", "--ipc none {plain}"},
        {"host_uts", "--uts host {plain}", {}, {}, {"hostname"}},
        {"host_user_namespace", "--userns host {plain}"},
    };
}

// What the docker command cannot say, and other clients do.
Variants bodies() {
    return {
        {"body_with_mac_address",
         R"({"Image": "{plain}", "MacAddress": "02:42:12:34:56:78"})",
         {},
         {},
         {"cat /sys/class/net/eth0/address"}},
        {"body_with_mac_address_in_user_network",
         R"({"Image": "{plain}", "MacAddress": "02:42:12:34:56:79", "HostConfig": {"NetworkMode": "{net}"},
             "NetworkingConfig": {"EndpointsConfig": {"{net}": {"Aliases": ["web"]}}}})",
         {"network create {net}"},
         {},
         {"cat /sys/class/net/eth0/address"}},
        {"body_with_bare_bind",
         R"({"Image": "{plain}", "HostConfig": {"Binds": ["/data", "{v}:/more"]}})",
         {"volume create {v}"},
         {"exec {one} sh -c 'echo kept > /data/file'"},
         {"cat /data/file"}},
        {"body_with_empty_entrypoint", R"({"Image": "{rich}", "Entrypoint": [], "Cmd": ["sleep", "5000"]})"},
        {"body_with_empty_port_lists",
         R"({"Image": "{plain}", "HostConfig": {"PortBindings": {"80/tcp": [], "81/tcp": [{"HostPort": "0"}]}}})"},
        {"body_with_nothing_masked",
         R"({"Image": "{plain}", "HostConfig": {"MaskedPaths": [], "ReadonlyPaths": []}})",
         {},
         {},
         {"ls -d /proc/kcore"}},
        {"body_of_a_build", R"({"Image": "{plain}", "OnBuild": ["RUN true"], "ExposedPorts": {"9/tcp": {}}})"},
        {"body_with_foreign_mount_options",
         R"({"Image": "{plain}", "HostConfig": {"Mounts": [
             {"Type": "tmpfs", "Target": "/t", "VolumeOptions": {"NoCopy": true}},
             {"Type": "volume", "Target": "/data", "VolumeOptions": {"Labels": {"a": "b"}}}]}})",
         {},
         {"exec {one} sh -c 'echo kept > /data/file'"},
         {"cat /data/file"}},
    };
}

Variants images() {
    return {
        {"image_by_id", "{plain:id}"},
        {"image_whose_tag_moved",
         "{moving}",
         {"tag {plain} {moving}"},
         {"tag {rich} {moving}"},
         {"sh -c 'ls -d /data || true'"}},
        {"image_whose_tag_is_gone", "{moving}", {"tag {plain} {moving}"}, {"rmi --force {moving}"}},
    };
}

}  // namespace

std::vector<Variant> replica_variants() {
    Variants all;
    for (const auto& some :
         {commands(), configuration(), resources(), volumes(), networks(), namespaces(), bodies(), images()}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

}  // namespace keepwell::testing
