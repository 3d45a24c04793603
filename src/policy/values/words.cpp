// Splitting a command into words.
#include "policy/values/words.hpp"

#include "policy/document/text.hpp"

namespace keepwell::policy {

tl::expected<std::vector<std::string>, std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quoted_by = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && quoted_by != '\'') {
            if (++i == text.size()) return tl::unexpected<std::string>("a backslash at the end escapes nothing");
            word += text[i];
            in_word = true;
        } else if (quoted_by != '\0') {
            if (c == quoted_by)
                quoted_by = '\0';
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quoted_by = c;
            in_word = true;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
        } else if (std::string_view{";&|<>"}.find(c) != std::string_view::npos) {
            return tl::unexpected(quote(std::string_view{&c, 1}) +
                                  " is a shell's; a command runs without one: quote it, or write [sh, -c, \"…\"]");
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quoted_by != '\0')
        return tl::unexpected<std::string>("a quote (" + std::string{quoted_by} + ") is never closed");
    if (in_word) words.push_back(std::move(word));
    return words;
}

}  // namespace keepwell::policy
