// What people see: colour where it can be shown, text that cannot command a terminal, and output that nobody has to
// read. May know: POSIX, and what a character is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keepwell::cli {

enum class Colour { plain, good, bad, warn, dim, strong };

/// Whether stdout is a terminal that shows colours: NO_COLOR is empty and TERM is not "dumb".
bool colours_wanted();

/// `text` in a colour; unchanged without colours.
std::string paint(std::string_view text, Colour colour, bool colours);

/// `text` on one line, without what a terminal would obey or what is no UTF-8; cut to `longest` bytes with "...".
std::string one_line(std::string_view text, std::size_t longest = 300);
/// "shop.yaml, web.yaml": these, each on one line.
std::string joined(const std::vector<std::string>& texts);
/// "1 service", "2 services"
std::string counted(std::uint64_t number, std::string_view noun);
/// As one_line(), but line ends and tabs stay, and nothing is cut.
std::string harmless(std::string_view text);

/// Writes to stdout at once. False when nobody reads any more (a closed pipe), or it is full, which is told.
bool print(std::string_view text);

/// "keepwell: TEXT" on stderr.
void complain(std::string_view text);

/// Columns aligned by their widest cell, two blanks between; `colours` paints whole cells.
struct Cell {
    std::string text;
    Colour colour = Colour::plain;
};
std::string table(const std::vector<std::vector<Cell>>& rows, bool colours);

}  // namespace keepwell::cli
