// Writes SVG. Places are whole tenths of a pixel, so that the picture is the same everywhere.
#include "simulation/picture/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "simulation/picture/svg_style.hpp"

namespace keepwell::simulation {
namespace {

// In pixels. A lane: the labels of its marks, the marks, the bar, what is held, the probes.
constexpr int plot_width = 1000;
constexpr int character = 8;
constexpr int small_character = 6;
constexpr int title_height = 22;
constexpr int lane_height = 56;
constexpr int label_at = 10;
constexpr int mark_at = 13;
constexpr int mark_size = 8;
constexpr int bar_at = 22;
constexpr int bar_height = 14;
constexpr int held_at = 37;
constexpr int tick_at = 42;
constexpr int axis_height = 24;
constexpr int legend_height = 20;
constexpr int margin = 12;
/// Marks that are nearer than this are one group.
constexpr int mark_width = 10;
/// So many marks of a group are told one by one.
constexpr std::size_t most_told = 8;

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

/// What failed is taller, so that it shows without its colour.
int tick_height(Outcome outcome) { return outcome == Outcome::passed ? 4 : 8; }

std::string_view words_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::passed: return "a probe passed";
        case Outcome::failed: return "a probe failed";
        case Outcome::error: return "a probe could not be asked";
    }
    return "";
}

std::string_view words_of(Mark::Kind kind) {
    switch (kind) {
        case Mark::Kind::remedy: return "a remedy";
        case Mark::Kind::failure: return "something went wrong";
        case Mark::Kind::alert: return "an alert";
        case Mark::Kind::person: return "a person";
        case Mark::Kind::engine: return "the container engine";
    }
    return "";
}

/// Each kind has a shape of its own, in a square of `mark_size` about the point where it begins at its top.
std::string_view shape_of(Mark::Kind kind) {
    switch (kind) {
        case Mark::Kind::remedy: return "m-4 0h8l-4 8z";
        case Mark::Kind::failure:
            return "m-4 1.5l1.5 -1.5 2.5 2.5 2.5 -2.5 1.5 1.5 -2.5 2.5 2.5 2.5 -1.5 1.5 -2.5 -2.5 -2.5 2.5 -1.5 -1.5 "
                   "2.5 -2.5z";
        case Mark::Kind::alert: return "l4 4 -4 4 -4 -4z";
        case Mark::Kind::person: return "a4 4 0 1 1 0 8a4 4 0 1 1 0 -8z";
        case Mark::Kind::engine: return "m-3.5 .5h7v7h-7z";
    }
    return "";
}

/// Marks that would hide each other: one shape for each kind, side by side, and one label.
struct MarkGroup {
    long x = 0;  ///< of the first one
    std::vector<const Mark*> marks;
    std::vector<Mark::Kind> kinds;  ///< each once, in the order in which they come

    long width() const { return static_cast<long>(kinds.size()) * mark_width * 10; }

    void add(const Mark& mark) {
        marks.push_back(&mark);
        if (std::ranges::find(kinds, mark.kind) == kinds.end()) kinds.push_back(mark.kind);
    }

    /// "SIGSEGV, restart x2"
    std::string label() const {
        std::vector<std::pair<std::string_view, std::size_t>> labels;
        for (const Mark* one : marks) {
            const auto same = std::ranges::find(labels, one->label, &std::pair<std::string_view, std::size_t>::first);
            if (same == labels.end()) {
                labels.emplace_back(one->label, 1);
            } else {
                ++same->second;
            }
        }
        std::string text;
        for (const auto& [name, number] : labels) {
            text += (text.empty() ? "" : ", ") + std::string{name};
            if (number > 1) text += " x" + std::to_string(number);
        }
        return text;
    }

    /// All of one kind, a line each.
    std::string told(Mark::Kind kind) const {
        std::string text;
        std::size_t number = 0;
        for (const Mark* one : marks) {
            if (one->kind != kind || ++number > most_told) continue;
            text += (text.empty() ? "" : "\n") + one->what + ", at " + length_text(one->at);
        }
        return number <= most_told ? text : text + "\nand " + std::to_string(number - most_told) + " more";
    }
};

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
    Drawing(const std::vector<Lane>& lanes, Instant end, std::string title)
        : lanes_{lanes}, end_{end}, title_{std::move(title)} {
        std::size_t longest = 4;
        for (const Lane& lane : lanes) longest = std::max(longest, lane.name.size());
        left_ = margin + static_cast<int>(longest + 1) * character;
    }

    std::string all() {
        const int width = left_ + plot_width + 4 * margin;
        const int top = margin + (title_.empty() ? 0 : title_height);
        const int lanes_end = top + static_cast<int>(lanes_.size()) * lane_height;
        if (!title_.empty()) text(margin * 10L, margin + 11, cut(title_, width), " class=\"title\"");
        axis(top, lanes_end);
        for (std::size_t i = 0; i < lanes_.size(); ++i) lane(lanes_[i], top + static_cast<int>(i) * lane_height);
        const int height = legend(lanes_end + axis_height);
        const std::string size = std::to_string(width) + " " + std::to_string(height);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" +
               std::to_string(width) + "\" height=\"" + std::to_string(height) + "\" role=\"img\">\n<title>" +
               xml_text(summary()) + "</title>\n" + std::string{svg_style} +
               "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n" + svg_ + "</svg>\n";
    }

  private:
    std::string summary() const {
        const std::string lanes = std::to_string(lanes_.size()) + (lanes_.size() == 1 ? " lane" : " lanes");
        return (title_.empty() ? "" : title_ + ": ") + lanes + " over " + length_text(end_);
    }

    static std::string cut(const std::string& text, int width) {
        auto most = static_cast<std::size_t>((width - 2 * margin) / character);
        if (text.size() <= most) return text;
        most -= 3;
        while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;  // not within a character
        return text.substr(0, most) + "...";
    }

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

    void axis(int top, int bottom) {
        const Duration step = axis_step(end_.time_since_epoch());
        for (Duration at{0}; at <= end_.time_since_epoch() && step > Duration{0}; at += step) {
            const long x = place(Instant{at});
            svg_ += "<path class=\"grid\" d=\"M" + tenths(x) + " " + std::to_string(top) + "V" +
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
        titled(bar(one.shade, x, top + bar_at, std::max(place(one.to) - x, 5L), bar_height),
               std::string{to_string(one.shade)} + " from " + length_text(one.from) + " to " + length_text(one.to));
    }

    static std::string bar(Shade shade, long x, int y, long width, int height) {
        return "<rect class=\"" + std::string{to_string(shade)} + "\" x=\"" + tenths(x) + "\" y=\"" +
               std::to_string(y) + "\" width=\"" + tenths(width) + "\" height=\"" + std::to_string(height) + "\"";
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
                path += tick(all[begin].outcome, x, top + tick_at);
                last = x;
            }
            titled("<path class=\"" + std::string{class_of(all[begin].outcome)} + "\" d=\"" + path + "\"",
                   run_text(all, begin, end));
            begin = end;
        }
    }

    static std::string tick(Outcome outcome, long x, int y) {
        return "M" + tenths(x) + " " + std::to_string(y) + "v" + std::to_string(tick_height(outcome));
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

    /// Above the bar, and a label above them where there is room for it.
    void marks(const std::vector<Mark>& all, int top) {
        long free_from = left_ * 10L - mark_size * 5;
        for (const MarkGroup& group : groups(all)) {
            for (std::size_t i = 0; i < group.kinds.size(); ++i) {
                const long x = group.x + static_cast<long>(i) * mark_width * 10;
                titled(shape(group.kinds[i], x, top + mark_at), group.told(group.kinds[i]));
            }
            label(group, top, free_from);
        }
    }

    std::vector<MarkGroup> groups(const std::vector<Mark>& all) const {
        std::vector<MarkGroup> groups;
        for (const Mark& one : all) {
            const long x = place(one.at);
            const bool is_near = !groups.empty() && x < groups.back().x + std::max(groups.back().width(), 100L);
            if (!is_near) groups.push_back({x, {}, {}});
            groups.back().add(one);
        }
        return groups;
    }

    /// To the right of its mark, or to the left near the right edge.
    void label(const MarkGroup& group, int top, long& free_from) {
        const std::string words = group.label();
        const long length = static_cast<long>(words.size()) * small_character * 10;
        const long edge = (left_ + plot_width + 3 * margin) * 10L;
        long x = group.x - mark_size * 5;
        if (x + length > edge) x = edge - length;
        if (x < free_from) return;
        text(x, top + label_at, words, " font-size=\"10\"");
        free_from = x + length + 2L * small_character * 10;
    }

    static std::string shape(Mark::Kind kind, long x, int y) {
        return "<path class=\"" + std::string{class_of(kind)} + "\" d=\"M" + tenths(x) + " " + std::to_string(y) +
               std::string{shape_of(kind)} + "\"";
    }

    // ---- what is what ---------------------------------------------------------------------------------------------

    /// What occurs, in a fixed order.
    struct Signs {
        std::set<Shade> shades;
        std::set<Mark::Kind> kinds;
        std::set<Outcome> outcomes;
        bool held = false;
    };

    Signs signs() const {
        Signs signs;
        for (const Lane& lane : lanes_) {
            for (const Stretch& one : lane.stretches) signs.shades.insert(one.shade);
            for (const Mark& one : lane.marks) signs.kinds.insert(one.kind);
            for (const ProbeTick& one : lane.probes) signs.outcomes.insert(one.outcome);
            signs.held = signs.held || !lane.holds.empty();
        }
        return signs;
    }

    /// Returns where the picture ends.
    int legend(int top) {
        const Signs all = signs();
        Pen pen{left_ * 10L, top};
        for (const Shade shade : all.shades) {
            make_room(pen, to_string(shade));
            entry(pen, to_string(shade), bar(shade, pen.x, pen.y + 1, 100, 10));
        }
        if (!all.shades.empty()) next_row(pen);
        for (const Mark::Kind kind : all.kinds) {
            make_room(pen, words_of(kind));
            entry(pen, words_of(kind), shape(kind, pen.x + 50, pen.y + 2));
        }
        constexpr std::string_view of_holds = "a remedy is held back";
        if (all.held) {
            make_room(pen, of_holds);
            entry(pen, of_holds,
                  "<path class=\"held\" d=\"M" + tenths(pen.x) + " " + std::to_string(pen.y + 6) + "h11\"");
        }
        for (const Outcome outcome : all.outcomes) {
            make_room(pen, words_of(outcome));
            const std::string ticks = tick(outcome, pen.x + 50, pen.y + 10 - tick_height(outcome));
            entry(pen, words_of(outcome), "<path class=\"" + std::string{class_of(outcome)} + "\" d=\"" + ticks + "\"");
        }
        return pen.y + legend_height + margin / 2;
    }

    /// Where the next entry of the legend begins.
    struct Pen {
        long x = 0;
        int y = 0;
    };

    static long entry_width(std::string_view words) {
        return 160 + static_cast<long>(words.size() + 2) * character * 10;
    }

    void make_room(Pen& pen, std::string_view words) const {
        if (pen.x + entry_width(words) > (left_ + plot_width + 4 * margin) * 10L) next_row(pen);
    }

    void next_row(Pen& pen) const { pen = {left_ * 10L, pen.y + legend_height}; }

    void entry(Pen& pen, std::string_view words, const std::string& sign) {
        svg_ += sign + "/>\n";
        text(pen.x + 160, pen.y + 10, words);
        pen.x += entry_width(words);
    }

    const std::vector<Lane>& lanes_;
    Instant end_;
    std::string title_;
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

std::string svg_of(const std::vector<Lane>& lanes, Instant end, const std::string& title) {
    return Drawing{lanes, end, title}.all();
}

}  // namespace keepwell::simulation
