#include "protocol.hpp"

#include <cctype>
#include <sstream>

namespace runner {

namespace {

std::string decoded(const std::string &value)
{
    std::string text;
    for (std::size_t at = 0; at < value.size(); at++) {
        if (value[at] == '%' && at + 2 < value.size()) {
            text.push_back(static_cast<char>(std::stoi(value.substr(at + 1, 2), nullptr, 16)));
            at += 2;
        } else {
            text.push_back(value[at]);
        }
    }
    return text;
}

std::string encoded(const std::string &text)
{
    static const std::string digits = "0123456789ABCDEF";
    static const std::string plain = "-._~";
    std::string value;
    for (const char letter : text) {
        const unsigned char byte = static_cast<unsigned char>(letter);
        if (byte < 0x80 && (std::isalnum(byte) || plain.find(letter) != std::string::npos))
            value.push_back(letter);
        else
            (value += '%').append({digits[byte >> 4], digits[byte & 15]});
    }
    return value;
}

} // namespace

command::command(const std::string &line)
{
    std::istringstream words(line);
    words >> verb_;
    for (std::string word; words >> word;) {
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos)
            values_[word.substr(0, equals)] = decoded(word.substr(equals + 1));
    }
}

const std::string &command::text(const std::string &key) const
{
    const auto found = values_.find(key);
    if (found == values_.end())
        throw unsupported();
    return found->second;
}

std::int32_t command::number(const std::string &key) const
{
    return static_cast<std::int32_t>(std::stoll(text(key)));
}

std::chrono::milliseconds command::milliseconds(const std::string &key) const
{
    return std::chrono::milliseconds(std::stoll(text(key)));
}

answer answer::error(const poslatch::error &error)
{
    answer answer("error");
    answer.with("status", static_cast<std::int32_t>(error.status()));
    answer.with("category", static_cast<std::int32_t>(error.category()));
    answer.with("request", static_cast<std::int32_t>(error.request_state()));
    answer.with("http", error.http_status());
    answer.with("os", error.os_code());
    answer.with("message", error.message());
    answer.with("advice", error.advice());
    return answer;
}

answer answer::thrown(const std::exception &exception)
{
    return answer("thrown").with("text", exception.what());
}

answer &answer::with(const char *key, const std::string &value)
{
    line_ += std::string(" ") + key + "=" + encoded(value);
    return *this;
}

} // namespace runner
