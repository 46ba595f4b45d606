// The words of the protocol: commands as they come in, answers as they go out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include "poslatch.hpp"

namespace runner {

/// What the runner itself cannot do: the director was told so, and judges.
struct unsupported {};

/// One line from the director: a verb and its values, decoded.
class command {
public:
    explicit command(const std::string &line);

    const std::string &verb() const { return verb_; }
    bool has(const std::string &key) const { return values_.count(key) > 0; }

    /// Throws unsupported if the key is absent: where C takes NULL for a text, C++ has nothing.
    const std::string &text(const std::string &key) const;

    std::int32_t number(const std::string &key) const;
    std::chrono::milliseconds milliseconds(const std::string &key) const;

private:
    std::string verb_;
    std::map<std::string, std::string> values_;
};

/// One line to the director.
class answer {
public:
    static answer ok() { return answer("ok"); }
    static answer unsupported() { return answer("unsupported"); }
    static answer error(const poslatch::error &error);
    static answer thrown(const std::exception &exception);

    answer &with(const char *key, const std::string &value);
    answer &with(const char *key, long long value) { return with(key, std::to_string(value)); }

    const std::string &line() const { return line_; }

private:
    explicit answer(const char *word) : line_(word) {}

    std::string line_;
};

} // namespace runner
