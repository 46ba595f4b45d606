// The verbs of a device: its settings, its journal, pairing and opening.
#include "till.hpp"

namespace runner {

answer till::device(const command &command)
{
    poslatch::device device(command.text("url"));
    if (command.has("root_ca_file"))
        device.set_root_ca_file(command.text("root_ca_file"));
    if (command.has("root_ca_pem"))
        device.set_root_ca_pem(command.text("root_ca_pem"));
    if (command.has("serial"))
        device.set_serial(command.text("serial"));
    if (command.has("check")) {
        const auto check = static_cast<poslatch::identity_check>(command.number("check"));
        if (command.has("check_name"))
            device.set_identity_check(check, command.text("check_name"));
        else
            device.set_identity_check(check);
    }
    if (command.has("connect_ms"))
        device.set_timeout(poslatch::timeout::connect, command.milliseconds("connect_ms"));
    if (command.has("pairing_ms"))
        device.set_timeout(poslatch::timeout::pairing, command.milliseconds("pairing_ms"));
    if (command.has("exchange_ms"))
        device.set_timeout(poslatch::timeout::exchange, command.milliseconds("exchange_ms"));
    if (command.has("ping_ms"))
        device.set_keep_alive(command.milliseconds("ping_ms"),
                              static_cast<std::uint32_t>(command.number("missed_max")));
    if (command.has("journal"))
        device.set_journal(command.text("journal"));
    devices_.put(command.text("as"), std::move(device));
    return answer::ok();
}

answer till::interrupt(const command &command)
{
    devices_.use(command.text("device"))->interrupt();
    return answer::ok();
}

answer till::journal_pending(const command &command)
{
    return answer::ok().with("json", devices_.use(command.text("device"))->journal_pending());
}

answer till::journal_forget(const command &command)
{
    devices_.use(command.text("device"))->journal_forget(command.text("reference"));
    return answer::ok();
}

answer till::probe(const command &command)
{
    const auto device = devices_.use(command.text("device"));
    if (!command.has("identity"))
        return answer::ok().with("json", device->probe());
    return answer::ok().with("json", device->probe(*identities_.use(command.text("identity"))));
}

answer till::pair(const command &command)
{
    const auto device = devices_.use(command.text("device"));
    identities_.put(command.text("as"), device->pair(command.text("pos_id"), command.text("setup_code")));
    return answer::ok();
}

answer till::open_mtls(const command &command)
{
    const auto device = devices_.use(command.text("device"));
    const auto identity = identities_.use(command.text("identity"));
    connections_.put(command.text("as"), device->open_mtls(*identity));
    return answer::ok();
}

answer till::open_tls(const command &command)
{
    connections_.put(command.text("as"), devices_.use(command.text("device"))->open_tls());
    return answer::ok();
}

} // namespace runner
