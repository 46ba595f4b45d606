#include "till.hpp"

namespace runner {

const std::map<std::string, till::verb> &till::verbs()
{
    static const std::map<std::string, verb> verbs = {
        {"hello", &till::hello},
        {"status_name", &till::status_name},
        {"log", &till::log},
        {"log_take", &till::log_take},
        {"device", &till::device},
        {"interrupt", &till::interrupt},
        {"journal_pending", &till::journal_pending},
        {"journal_forget", &till::journal_forget},
        {"probe", &till::probe},
        {"pair", &till::pair},
        {"open_mtls", &till::open_mtls},
        {"open_tls", &till::open_tls},
        {"identity", &till::identity},
        {"needs_renewal", &till::needs_renewal},
        {"cert_chain", &till::cert_chain},
        {"save", &till::save},
        {"load", &till::load},
        {"export_pem", &till::export_pem},
        {"from_pem", &till::from_pem},
        {"export_pkcs12", &till::export_pkcs12},
        {"save_root_ca", &till::save_root_ca},
        {"fetch_root_ca", &till::fetch_root_ca},
        {"exchange", &till::exchange},
        {"unclaimed_reply", &till::unclaimed_reply},
        {"send", &till::send},
        {"receive", &till::receive},
        {"recover", &till::recover},
        {"connection", &till::connection},
        {"close", &till::close},
        {"release", &till::release},
        {"abandon", &till::not_in_cpp},
        {"collect", &till::not_in_cpp},
    };
    return verbs;
}

till::~till()
{
    // The records have nowhere to go any more.
    poslatch::set_log(poslatch::log_level::off, nullptr);
}

answer till::run(const std::string &line)
{
    const command command(line);
    const auto found = verbs().find(command.verb());
    try {
        if (found == verbs().end())
            throw poslatch::error(poslatch::status::argument, poslatch::category::usage,
                                  poslatch::request_state::none, "unknown verb", "");
        return (this->*found->second)(command);
    } catch (const unsupported &) {
        return answer::unsupported();
    } catch (const poslatch::error &error) {
        return answer::error(error);
    }
}

void till::wake_calls() const
{
    devices_.wake_calls();
    connections_.wake_calls();
}

answer till::release(const command &command)
{
    const std::string &name = command.text("object");
    // Each kind has its own names here; the director uses none twice.
    const bool is_device = devices_.release(name);
    const bool is_identity = identities_.release(name);
    const bool is_connection = connections_.release(name);
    if (!is_device && !is_identity && !is_connection)
        throw poslatch::error(poslatch::status::argument, poslatch::category::usage, poslatch::request_state::none,
                              "there is no object \"" + name + "\"", "");
    return answer::ok();
}

answer till::not_in_cpp(const command &)
{
    return answer::unsupported();
}

} // namespace runner
