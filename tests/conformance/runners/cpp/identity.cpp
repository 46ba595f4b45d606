// The verbs of an identity.
#include "till.hpp"

namespace runner {

namespace {

long long unix_seconds(std::chrono::system_clock::time_point moment)
{
    return std::chrono::duration_cast<std::chrono::seconds>(moment.time_since_epoch()).count();
}

} // namespace

answer till::identity(const command &command)
{
    const auto identity = identities_.use(command.text("identity"));
    return answer::ok()
        .with("pos_id", identity->pos_id())
        .with("device_name", identity->device_name())
        .with("serial", identity->serial())
        .with("issuer", identity->issuer())
        .with("not_before", unix_seconds(identity->not_before()))
        .with("not_after", unix_seconds(identity->not_after()))
        .with("earliest_expiry", unix_seconds(identity->earliest_expiry()))
        .with("fingerprint", identity->fingerprint());
}

answer till::needs_renewal(const command &command)
{
    const auto identity = identities_.use(command.text("identity"));
    return answer::ok().with("value", identity->needs_renewal(static_cast<std::uint32_t>(command.number("days"))));
}

answer till::cert_chain(const command &command)
{
    return answer::ok().with("pem", identities_.use(command.text("identity"))->cert_chain());
}

answer till::save(const command &command)
{
    const auto identity = identities_.use(command.text("identity"));
    if (command.has("passphrase"))
        identity->save(command.text("path"), command.text("passphrase"));
    else
        identity->save(command.text("path"));
    return answer::ok();
}

answer till::load(const command &command)
{
    identities_.put(command.text("as"),
                    command.has("passphrase")
                        ? poslatch::identity::load(command.text("path"), command.text("passphrase"))
                        : poslatch::identity::load(command.text("path")));
    return answer::ok();
}

answer till::export_pem(const command &command)
{
    const auto identity = identities_.use(command.text("identity"));
    return answer::ok().with("pem", command.has("passphrase") ? identity->export_pem(command.text("passphrase"))
                                                              : identity->export_pem());
}

answer till::from_pem(const command &command)
{
    identities_.put(command.text("as"),
                    command.has("passphrase")
                        ? poslatch::identity::from_pem(command.text("pem"), command.text("passphrase"))
                        : poslatch::identity::from_pem(command.text("pem")));
    return answer::ok();
}

answer till::export_pkcs12(const command &command)
{
    const auto identity = identities_.use(command.text("identity"));
    return answer::ok().with("size",
                             static_cast<long long>(identity->export_pkcs12(command.text("passphrase")).size()));
}

} // namespace runner
