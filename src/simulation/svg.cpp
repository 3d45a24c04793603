// Writes SVG. Places are whole tenths of a pixel, so that the picture is the same everywhere.
#include "simulation/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace keepwell::simulation {
namespace {

// In pixels. A lane: the labels of its marks, the bar, what is held, the probes.
constexpr int plot_width = 1000;
constexpr int character = 8;
constexpr int lane_height = 46;
constexpr int label_at = 10;
constexpr int bar_at = 14;
constexpr int bar_height = 14;
constexpr int held_at = 29;
constexpr int tick_at = 34;
constexpr int tick_height = 6;
constexpr int axis_height = 24;
constexpr int legend_height = 24;
constexpr int margin = 12;

constexpr std::string_view style = R"(<style>
svg { font: 12px ui-monospace, monospace; }
text { fill: #1f2328; } .paper { fill: #ffffff; } .grid { stroke: #d0d7de; }
.waiting { fill: #8c959f; } .starting, .stopping, .backoff { fill: #d4a72c; } .running, .healthy { fill: #2da44e; }
.unproven { fill: #8ccf9d; } .unhealthy { fill: #cf222e; } .unknown { fill: #8250df; } .stopped, .completed { fill: #57606a; }
.held { fill: none; stroke: #d4a72c; stroke-dasharray: 3 2; stroke-width: 3; }
.passed, .failed, .error { fill: none; } .passed { stroke: #2da44e; } .failed { stroke: #cf222e; } .error { stroke: #8250df; }
.remedy { fill: #0969da; } .failure, .alert { fill: #cf222e; } .person, .engine { fill: #8250df; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .paper { fill: #0d1117; } .grid { stroke: #30363d; } }
</style>
)";

std::string length_text(Instant at) { return keepwell::to_string(at.time_since_epoch()); }

std::string tenths(long number) {
    std::string text = std::to_string(number / 10);
    if (number % 10 != 0) text += "." + std::to_string(number % 10);
    return text;
}

std::string_view class_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed: return "passed";
        case Outcome::failed: return "failed";
        case Outcome::error: return "error";
    }
    return "";
}

std::string_view class_of(Mark::Kind kind) {
    switch (kind) {
        case Mark::Kind::remedy: return "remedy";
        case Mark::Kind::failure: return "failure";
        case Mark::Kind::alert: return "alert";
        case Mark::Kind::person: return "person";
        case Mark::Kind::engine: return "engine";
    }
    return "";
}

/// The distance of the axis' marks: the smallest that gives no more than ten of them.
Duration axis_step(Duration length) {
    constexpr std::array<Duration, 24> steps{1ms,   10ms,  100ms, 1s, 2s, 5s, 10s, 15s, 30s, 1min, 2min,    5min,
                                             10min, 15min, 30min, 1h, 2h, 3h, 6h,  12h, 24h, 48h,  24h * 7, 24h * 30};
    for (const Duration step : steps) {
        if (length / step <= 10) return step;
    }
    return length / 10;
}

/// "2h", "90s" as 1m30s; days from two days on.
std::string axis_text(Duration at) {
    constexpr Duration day = 24h;
    if (at >= 2 * day && at % day == Duration{0}) return std::to_string(at / day) + "d";
    std::string text = keepwell::to_string(at);
    for (const std::string_view nothing : {"m0s", "h0m"}) {
        if (text.ends_with(nothing)) text.resize(text.size() - 2);
    }
    return text;
}

class Drawing {
  public:
    Drawing(const std::vector<Lane>& lanes, Instant end) : lanes_{lanes}, end_{end} {
        std::size_t longest = 4;
        for (const Lane& lane : lanes) longest = std::max(longest, lane.name.size());
        left_ = margin + static_cast<int>(longest + 1) * character;
    }

    std::string all() {
        const int lanes_end = margin + static_cast<int>(lanes_.size()) * lane_height;
        const int width = left_ + plot_width + 4 * margin;
        const int height = lanes_end + axis_height + legend_height;
        const std::string size = std::to_string(width) + " " + std::to_string(height);
        svg_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" +
               std::to_string(width) + "\" height=\"" + std::to_string(height) + "\" role=\"img\">\n<title>" +
               std::to_string(lanes_.size()) + (lanes_.size() == 1 ? " lane" : " lanes") + " over " +
               length_text(end_) + "</title>\n" + std::string{style} +
               "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
        axis(lanes_end);
        for (std::size_t i = 0; i < lanes_.size(); ++i) lane(lanes_[i], margin + static_cast<int>(i) * lane_height);
        legend(lanes_end + axis_height);
        return svg_ + "</svg>\n";
    }

  private:
    /// In tenths of a pixel.
    long place(Instant at) const {
        const auto part = static_cast<double>(at.time_since_epoch().count());
        const auto whole = static_cast<double>(std::max<Duration::rep>(end_.time_since_epoch().count(), 1));
        return left_ * 10L + std::lround(part / whole * plot_width * 10);
    }

    void text(long x, int y, std::string_view words, std::string_view more = {}) {
        svg_ += "<text x=\"" + tenths(x) + "\" y=\"" + std::to_string(y) + "\"" + std::string{more} + ">" +
                xml_text(words) + "</text>\n";
    }

    void titled(const std::string& shape, std::string_view title) {
        svg_ += shape + "><title>" + xml_text(title) + "</title></" + shape.substr(1, shape.find(' ') - 1) + ">\n";
    }

    void axis(int bottom) {
        const Duration step = axis_step(end_.time_since_epoch());
        for (Duration at{0}; at <= end_.time_since_epoch() && step > Duration{0}; at += step) {
            const long x = place(Instant{at});
            svg_ += "<path class=\"grid\" d=\"M" + tenths(x) + " " + std::to_string(margin) + "V" +
                    std::to_string(bottom) + "\"/>\n";
            text(x, bottom + 15, axis_text(at), " text-anchor=\"middle\"");
        }
    }

    void lane(const Lane& lane, int top) {
        text(margin * 10L, top + bar_at + 11, lane.name.empty() ? "host" : lane.name);
        for (const Stretch& one : lane.stretches) stretch(one, top);
        for (const HeldStretch& one : lane.holds) hold(one, top);
        probes(lane.probes, top);
        marks(lane.marks, top);
    }

    void stretch(const Stretch& one, int top) {
        const long x = place(one.from);
        titled("<rect class=\"" + std::string{to_string(one.shade)} + "\" x=\"" + tenths(x) + "\" y=\"" +
                   std::to_string(top + bar_at) + "\" width=\"" + tenths(std::max(place(one.to) - x, 5L)) +
                   "\" height=\"" + std::to_string(bar_height) + "\"",
               std::string{to_string(one.shade)} + " from " + length_text(one.from) + " to " + length_text(one.to));
    }

    void hold(const HeldStretch& one, int top) {
        const long x = place(one.from);
        titled("<path class=\"held\" d=\"M" + tenths(x) + " " + std::to_string(top + held_at) + ".5h" +
                   tenths(std::max(place(one.to) - x, 20L)) + "\"",
               one.what + ", from " + length_text(one.from) + " to " + length_text(one.to));
    }

    /// A run of equal outcomes is one path; ticks that would touch are one.
    void probes(const std::vector<ProbeTick>& all, int top) {
        for (std::size_t begin = 0; begin < all.size();) {
            std::size_t end = begin;
            std::string path;
            for (long last = -100; end < all.size() && same(all[end], all[begin]); ++end) {
                const long x = place(all[end].at);
                if (x - last < 15) continue;
                path += "M" + tenths(x) + " " + std::to_string(top + tick_at) + "v" + std::to_string(tick_height);
                last = x;
            }
            titled("<path class=\"" + std::string{class_of(all[begin].outcome)} + "\" d=\"" + path + "\"",
                   run_text(all, begin, end));
            begin = end;
        }
    }

    static bool same(const ProbeTick& a, const ProbeTick& b) { return a.outcome == b.outcome && a.output == b.output; }

    static std::string run_text(const std::vector<ProbeTick>& all, std::size_t begin, std::size_t end) {
        const std::string number = std::to_string(end - begin);
        std::string text = end - begin == 1 ? "a probe" : number + " probes";
        text += all[begin].outcome == Outcome::error ? " could not be asked" : "";
        text += all[begin].outcome == Outcome::failed ? " failed" : "";
        text += all[begin].outcome == Outcome::passed ? " passed" : "";
        text += end - begin == 1 ? " at " + length_text(all[begin].at)
                                 : " from " + length_text(all[begin].at) + " to " + length_text(all[end - 1].at);
        return all[begin].output.empty() ? text : text + ": " + all[begin].output;
    }

    /// A wedge above the bar, and its label where there is room for it.
    void marks(const std::vector<Mark>& all, int top) {
        long free_from = 0;
        for (const Mark& one : all) {
            const long x = place(one.at);
            const std::string y = std::to_string(top + label_at + 8);
            titled(
                "<path class=\"" + std::string{class_of(one.kind)} + "\" d=\"M" + tenths(x) + " " + y + "l-4 -8h8z\"",
                one.what + ", at " + length_text(one.at));
            if (x < free_from) continue;
            text(x + 60, top + label_at, one.label, " font-size=\"10\"");
            free_from = x + static_cast<long>(one.label.size() + 2) * 64;
        }
    }

    /// The shades that occur, in their order.
    void legend(int top) {
        std::vector<Shade> shades;
        for (const Lane& lane : lanes_) {
            for (const Stretch& one : lane.stretches) shades.push_back(one.shade);
        }
        std::ranges::sort(shades);
        shades.erase(std::unique(shades.begin(), shades.end()), shades.end());
        long x = left_ * 10L;
        for (const Shade shade : shades) {
            svg_ += "<rect class=\"" + std::string{to_string(shade)} + "\" x=\"" + tenths(x) + "\" y=\"" +
                    std::to_string(top + 2) + "\" width=\"10\" height=\"10\"/>\n";
            text(x + 150, top + 11, to_string(shade));
            x += 150 + static_cast<long>(to_string(shade).size() + 2) * character * 10;
        }
        if (std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.holds.empty(); })) return;
        svg_ += "<path class=\"held\" d=\"M" + tenths(x) + " " + std::to_string(top + 7) + "h14\"/>\n";
        text(x + 190, top + 11, "a remedy is held");
    }

    const std::vector<Lane>& lanes_;
    Instant end_;
    int left_ = 0;
    std::string svg_;
};

}  // namespace

std::string xml_text(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            case '\n': result += "&#10;"; break;
            default: result += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
        }
    }
    return result;
}

std::string svg_of(const std::vector<Lane>& lanes, Instant end) { return Drawing{lanes, end}.all(); }

}  // namespace keepwell::simulation
