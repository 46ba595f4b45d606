// The verbs that need no object: version, log, Root CA.
#include "till.hpp"

namespace runner {

answer till::hello(const command &)
{
    if (poslatch::abi_version() >> 16 != poslatch::limits::abi_major)
        throw poslatch::error(poslatch::status::argument, poslatch::category::usage, poslatch::request_state::none,
                              "the library has another ABI", "");
    return answer::ok().with("language", "cpp").with("library", poslatch::version_string());
}

answer till::status_name(const command &command)
{
    const auto status = static_cast<poslatch::status>(command.number("status"));
    return answer::ok().with("name", poslatch::status_name(status));
}

answer till::log(const command &command)
{
    const auto level = static_cast<poslatch::log_level>(command.number("level"));
    if (level == poslatch::log_level::off)
        poslatch::set_log(level, nullptr);
    else
        poslatch::set_log(level, [this](poslatch::log_level, const std::string &record) {
            std::lock_guard<std::mutex> lock(log_mutex_);
            log_records_ += record + "\n";
        });
    return answer::ok();
}

answer till::log_take(const command &)
{
    std::lock_guard<std::mutex> lock(log_mutex_);
    std::string records;
    records.swap(log_records_);
    return answer::ok().with("text", records);
}

answer till::fetch_root_ca(const command &command)
{
    const std::string &base_url = command.text("base_url"), &merchant_id = command.text("merchant_id"),
                      &key_id = command.text("key_id"), &shared_secret = command.text("shared_secret");
    const auto auth = command.has("auth") ? static_cast<poslatch::cloud_auth>(command.number("auth"))
                                          : poslatch::cloud_auth::jwt;
    const std::chrono::milliseconds timeout
        = command.has("timeout_ms") ? command.milliseconds("timeout_ms") : std::chrono::seconds(30);
    return answer::ok().with("pem", command.has("web_root_pem")
                                        ? poslatch::fetch_root_ca(base_url, merchant_id, key_id, shared_secret, auth,
                                                                  timeout, command.text("web_root_pem"))
                                        : poslatch::fetch_root_ca(base_url, merchant_id, key_id, shared_secret, auth,
                                                                  timeout));
}

answer till::save_root_ca(const command &command)
{
    poslatch::save_root_ca(command.text("pem"), command.text("path"));
    return answer::ok();
}

} // namespace runner
