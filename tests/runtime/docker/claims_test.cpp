// Which container could be whose.
#include "runtime/docker/watch/claims.hpp"

#include <gtest/gtest.h>

#include "runtime/docker/watch/role.hpp"

namespace keepwell::runtime::docker {
namespace {

const Labels none;

Fit fit_name(const std::string& wanted, const std::string& name, const std::string& id = "abc") {
    TargetSpec target;
    target.kind = TargetKind::adopted;
    target.selector.name = wanted;
    return fit(target, Identity{id, name, none});
}

TEST(ClaimsTest, a_named_container_is_meant_by_its_name_or_its_full_id) {
    EXPECT_EQ(fit_name("web", "web"), Fit::exact);
    EXPECT_EQ(fit_name("abc", "web"), Fit::exact);
    EXPECT_EQ(fit_name("we", "web"), Fit::none);
    EXPECT_EQ(fit_name("ab", "web"), Fit::none);
}

TEST(ClaimsTest, the_halves_of_a_replacement_stand_in_for_a_name) {
    EXPECT_EQ(fit_name("web", "web.keepwell-new-0123456789ab"), Fit::temporary);
    EXPECT_EQ(fit_name("web", "web.keepwell-old-0123456789ab"), Fit::temporary);
    for (const char* other : {"web.keepwell-old-0123456789a", "web.keepwell-old-0123456789AB", "web.keepwell-old-",
                              "web.keepwell-mid-0123456789ab", ".keepwell-old-0123456789ab", "web-0123456789ab"}) {
        EXPECT_EQ(fit_name("web", other), Fit::none) << other;
        EXPECT_FALSE(role_of(other).is_temporary()) << other;
    }
}

TEST(ClaimsTest, an_owned_target_knows_its_container_by_project_service_and_slot) {
    TargetSpec target;
    target.name = "api.2";
    target.slot = 2;
    target.kind = TargetKind::container;
    target.container = std::make_shared<ContainerSpec>([] {
        ContainerSpec spec;
        spec.name = "shop-api-2";
        spec.project = "shop";
        spec.service = "api";
        return spec;
    }());
    const auto of = [](const char* project, const char* service, const char* slot) {
        return Labels{{"io.keepwell.project", project}, {"io.keepwell.service", service}, {"io.keepwell.slot", slot}};
    };
    const Labels ours = of("shop", "api", "2");
    EXPECT_EQ(fit(target, {"a", "shop-api-2", ours}), Fit::exact);
    EXPECT_EQ(fit(target, {"a", "renamed", ours}), Fit::alike);
    EXPECT_EQ(fit(target, {"a", "shop-api-2.keepwell-old-0123456789ab", ours}), Fit::temporary);
    EXPECT_EQ(fit(target, {"a", "shop-api-2", none}), Fit::none);
    EXPECT_EQ(fit(target, {"a", "shop-api-2", of("other", "api", "2")}), Fit::none);
    EXPECT_EQ(fit(target, {"a", "shop-api-2", of("shop", "web", "2")}), Fit::none);
    EXPECT_EQ(fit(target, {"a", "shop-api-2", of("shop", "api", "1")}), Fit::none);
    target.name = "api";  // the only one now
    EXPECT_EQ(fit(target, {"a", "shop-api-2", ours}), Fit::exact);
}

TEST(ClaimsTest, all_labels_of_a_selector_must_be_there) {
    const ContainerSelector selector{"", {{"autoheal", "true"}, {"tier", std::nullopt}}};
    EXPECT_TRUE(selects(selector, {{"autoheal", "true"}, {"tier", ""}}));
    EXPECT_FALSE(selects(selector, {{"autoheal", "false"}, {"tier", ""}}));
    EXPECT_FALSE(selects(selector, {{"autoheal", "true"}}));
    EXPECT_FALSE(selects(ContainerSelector{}, {{"autoheal", "true"}}));
}

TEST(ClaimsTest, what_compose_run_made_is_no_service) {
    const ContainerSelector selector{"", {{"com.docker.compose.service", "web"}}};
    EXPECT_TRUE(selects(selector, {{"com.docker.compose.service", "web"}, {"com.docker.compose.oneoff", "False"}}));
    EXPECT_FALSE(selects(selector, {{"com.docker.compose.service", "web"}, {"com.docker.compose.oneoff", "True"}}));
}

TEST(ClaimsTest, what_compose_makes_anew_is_in_the_place_of_the_old_one) {
    const Labels labels{{"com.docker.compose.project", "shop"},
                        {"com.docker.compose.service", "web"},
                        {"com.docker.compose.container-number", "1"}};
    EXPECT_EQ(compose_place(labels), "shop/web/1");
    EXPECT_EQ(compose_place({{"com.docker.compose.project", "shop"}}), "");
    EXPECT_EQ(fit("shop_web_1", "shop/web/1", {"b", "0123456789ab_shop_web_1", labels}), Fit::alike);
    EXPECT_EQ(fit("shop_web_1", "shop/web/2", {"b", "0123456789ab_shop_web_1", labels}), Fit::none);
    EXPECT_EQ(fit("shop_web_1", "", {"b", "shop_web_1", none}), Fit::alike);
    EXPECT_EQ(fit("shop_web_1", "", {"b", "shop_web_1.keepwell-new-0123456789ab", none}), Fit::temporary);
    EXPECT_EQ(fit("shop_web_1", "", {"b", "other", none}), Fit::none);
}

TEST(ClaimsTest, what_has_a_master_of_its_own_is_left_alone) {
    EXPECT_EQ(never_a_target({{"a", "b"}}, true), "");
    EXPECT_EQ(never_a_target({{"com.docker.swarm.task.id", "x"}}, false),
              "it is a task of a Swarm service, which heals it");
    EXPECT_EQ(never_a_target({{"com.docker.swarm.task", ""}}, false),
              "it is a task of a Swarm service, which heals it");
    EXPECT_EQ(never_a_target({{"com.docker.swarm.node.id", "x"}}, false), "");
    EXPECT_EQ(never_a_target({{"PODMAN_SYSTEMD_UNIT", "web.service"}}, false),
              "it belongs to the systemd unit web.service");
    EXPECT_EQ(never_a_target({{"com.centurylinklabs.watchtower", "true"}}, true), "it is watchtower");
    EXPECT_EQ(never_a_target({{"com.centurylinklabs.watchtower", "true"}}, false), "");
}

TEST(ClaimsTest, keepwell_in_a_container_knows_it_by_its_mounts_its_cgroup_or_its_hostname) {
    const std::string id(64, 'a');
    const std::string other(64, 'b');
    const std::string mounts =
        "612 600 8:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw - ext4 rw\n";
    const std::string cgroup = "4:memory:/docker/" + id + "\n";
    for (const Surroundings& here :
         {Surroundings{true, "box", mounts}, {true, "box", cgroup}, {true, id.substr(0, 12), "0::/\n"}}) {
        EXPECT_TRUE(is_self(here, id)) << here.hostname << " " << here.traces;
        EXPECT_FALSE(is_self(here, other)) << here.hostname << " " << here.traces;
    }
    EXPECT_FALSE(is_self({true, "", "0::/\n"}, id)) << "nothing tells which one it is";
}

TEST(ClaimsTest, keepwell_on_the_host_is_none_of_the_containers_it_sees) {
    const std::string id(64, 'a');
    EXPECT_FALSE(is_self({false, id.substr(0, 12), "4:memory:/docker/" + id + "\n"}, id));
}

TEST(ClaimsTest, rivals_are_known_by_their_image) {
    for (const char* image : {"willfarrell/autoheal", "willfarrell/autoheal:1.2", "docker.io/qmcgaw/deunhealth:latest",
                              "ghcr.io/tmknight/docker-autoheal@sha256:12", "docker-autoheal"}) {
        EXPECT_TRUE(is_rival(image)) << image;
    }
    for (const char* image : {"", "shop/autoheal", "willfarrell/autoheal-ui", "notwillfarrell/autoheal"}) {
        EXPECT_FALSE(is_rival(image)) << image;
    }
}

}  // namespace
}  // namespace keepwell::runtime::docker
