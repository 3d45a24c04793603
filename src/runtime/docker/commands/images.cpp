// Looking for an image, and pulling it.
#include "runtime/docker/commands/images.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/docker/api/json_lines.hpp"
#include "runtime/docker/json/json_read.hpp"
#include "runtime/docker/json/registry_auth.hpp"

namespace keepwell::runtime::docker {
namespace {

/// A pull during which the connection breaks is begun anew so often.
constexpr int most_pulls = 5;

std::string pull_path(const ImageBringer::Wanted& wanted) {
    const ImageName image = image_name(wanted.reference);
    std::string path = "/images/create?fromImage=" + url_encode(image.name) + "&tag=" + url_encode(image.tag);
    if (!wanted.platform.empty()) path += "&platform=" + url_encode(wanted.platform);
    return path;
}

}  // namespace

ImageName image_name(std::string_view reference) {
    const std::size_t digest = reference.find('@');
    if (digest != std::string_view::npos) {
        std::string_view name = reference.substr(0, digest);
        const std::size_t colon = name.rfind(':');
        const bool tagged = colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos;
        if (tagged) name = name.substr(0, colon);  // the digest says more
        return {std::string{name}, std::string{reference.substr(digest + 1)}};
    }
    const std::size_t colon = reference.rfind(':');
    const bool is_port = colon != std::string_view::npos && reference.find('/', colon) != std::string_view::npos;
    if (colon == std::string_view::npos || is_port) return {std::string{reference}, "latest"};
    return {std::string{reference.substr(0, colon)}, std::string{reference.substr(colon + 1)}};
}

// ---- one pull ---------------------------------------------------------------------------------------------------

/// It is read to its end: an engine ends the pull when nobody listens any more, and errors come in the stream.
class ImageBringer::Pull {
  public:
    Pull(EngineApi& engine, const std::string& path, std::string auth, std::function<void(std::string, bool)> done)
        : done_(std::move(done)) {
        stream_ = engine.stream(
            "POST", path, {}, false,
            {{}, [this](std::string_view piece) { read(piece); }, [this](const Answer& answer) { ended(answer); }},
            std::move(auth));
    }

  private:
    void read(std::string_view piece) {
        lines_.feed(piece);
        while (const auto line = lines_.next()) take(*line);
    }

    void take(std::string_view line) {
        const auto message = json_object(line);
        if (!message) return;
        auto error = json_text(json_at(*message, {"errorDetail", "message"}));
        if (error.empty()) error = json_text(*message, "error");
        if (!error.empty()) error_ = std::move(error);
    }

    void ended(const Answer& answer) {
        take(lines_.rest());
        const bool broken = answer.end != Answer::End::answered;
        std::string failure = error_.empty() ? answer.error : error_;
        if (failure.empty() && !answer.ok()) failure = "the engine ended the pull";
        const auto done = std::move(done_);  // which may end this
        done(std::move(failure), broken && error_.empty());
    }

    JsonLines lines_;
    std::string error_;
    std::function<void(std::string, bool)> done_;
    std::unique_ptr<EngineApi::Stream> stream_;
};

// ---- the image --------------------------------------------------------------------------------------------------

ImageBringer::ImageBringer(Asker& asker, Wanted wanted, std::function<void(const std::string&)> tell)
    : asker_(asker), wanted_(std::move(wanted)), tell_(std::move(tell)) {}

ImageBringer::~ImageBringer() = default;

void ImageBringer::begin(std::function<void(std::string failure)> done) {
    done_ = std::move(done);
    if (wanted_.policy == PullPolicy::always) return pull();
    look([this](bool here, std::string trouble) {
        if (here || !trouble.empty()) return done_(std::move(trouble));
        if (wanted_.policy == PullPolicy::missing) return pull();
        done_("the image `" + wanted_.reference + "` is not here, and its pull_policy is never");
    });
}

void ImageBringer::look(std::function<void(bool, std::string)> then) {
    asker_.get("/images/" + url_encode(wanted_.reference) + "/json", [then = std::move(then)](const Answer& answer) {
        then(answer.ok(), answer.ok() || answer.is(404) ? std::string{} : answer.error);
    });
}

void ImageBringer::pull() {
    RegistryAuth auth = registry_auth(docker_config(), wanted_.reference);
    if (++pulls_ == 1) {
        tell_("pull " + wanted_.reference);
        if (!auth.complaint.empty()) tell_(auth.complaint);
    }
    pull_ = std::make_unique<Pull>(asker_.engine(), pull_path(wanted_), std::move(auth.header),
                                   [this](const std::string& failure, bool broken) { pulled(failure, broken); });
}

void ImageBringer::give_up(std::string why) {
    if (!pull_) return;
    pull_.reset();
    const auto done = std::move(done_);
    done(std::move(why));
}

void ImageBringer::pulled(const std::string& failure, bool broken) {
    pull_.reset();
    // Whatever the stream said: it is here when the engine says that it is.
    look([this, failure, broken](bool here, std::string trouble) {
        if (!trouble.empty()) return done_(std::move(trouble));
        if (broken && !(here && wanted_.policy == PullPolicy::missing) && pulls_ < most_pulls) return pull();
        if (!here) {
            return done_("the image `" + wanted_.reference + "` cannot be pulled: " +
                         (failure.empty() ? "the engine says that it was, and does not have it" : failure));
        }
        if (!failure.empty()) {
            tell_("the pull of " + wanted_.reference + " failed (" + failure + "): the image that is here is used");
        }
        done_({});
    });
}

}  // namespace keepwell::runtime::docker
