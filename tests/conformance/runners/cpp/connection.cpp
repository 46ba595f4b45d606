// The verbs of a connection.
#include <iostream>

#include "till.hpp"

namespace runner {

namespace {

/// What a status callback of the till's own throws.
struct accident : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// At the first status message it does what it was told to.
void act(const command &command, const poslatch::connection &connection)
{
    const std::string action = command.has("on_status") ? command.text("on_status") : "";
    if (action == "throw")
        throw accident(command.text("text"));
    if (action == "close")
        connection.close();
    if (action == "exchange")
        connection.exchange(command.text("message"));
    if (action == "send") {
        try {
            connection.send(command.text("message"));
        } catch (const poslatch::error &error) {
            std::cerr << "sending in the callback failed: " << error.what() << std::endl;
        }
    }
}

} // namespace

answer till::exchange(const command &command)
{
    const auto connection = connections_.use(command.text("connection"));
    const std::chrono::milliseconds silence = command.has("silence_ms")
                                                  ? command.milliseconds("silence_ms")
                                                  : std::chrono::milliseconds(poslatch::limits::silence_default_ms);
    std::string statuses;
    const auto on_status = [&](const std::string &json) {
        const bool is_first = statuses.empty();
        statuses += json + "\n";
        if (is_first)
            act(command, *connection);
    };
    try {
        const std::string reply = connection->exchange(command.text("json"), on_status, silence);
        return answer::ok().with("reply", reply).with("statuses", statuses);
    } catch (const poslatch::error &error) {
        return answer::error(error).with("statuses", statuses);
    } catch (const std::runtime_error &thrown) {
        return answer::thrown(thrown).with("statuses", statuses);
    }
}

answer till::unclaimed_reply(const command &command)
{
    const std::string reply = connections_.use(command.text("connection"))->take_unclaimed_reply();
    return reply.empty() ? answer::ok() : answer::ok().with("reply", reply);
}

answer till::send(const command &command)
{
    connections_.use(command.text("connection"))->send(command.text("json"));
    return answer::ok();
}

answer till::receive(const command &command)
{
    const auto connection = connections_.use(command.text("connection"));
    const poslatch::message message = command.has("timeout_ms")
                                          ? connection->receive(command.milliseconds("timeout_ms"))
                                          : connection->receive();
    return answer::ok().with("kind", static_cast<std::int32_t>(message.kind)).with("message", message.json);
}

answer till::recover(const command &command)
{
    const auto connection = connections_.use(command.text("connection"));
    const std::string &reference = command.text("reference");
    const poslatch::recovery recovery = command.has("patience_ms")
                                            ? connection->recover(reference, command.milliseconds("patience_ms"))
                                            : connection->recover(reference);
    return answer::ok()
        .with("outcome", static_cast<std::int32_t>(recovery.outcome))
        .with("reply", recovery.reply);
}

answer till::connection(const command &command)
{
    const auto connection = connections_.use(command.text("connection"));
    return answer::ok()
        .with("state", static_cast<std::int32_t>(connection->state()))
        .with("server_name", connection->server_name())
        .with("tls_version", connection->tls_version());
}

answer till::close(const command &command)
{
    connections_.use(command.text("connection"))->close();
    return answer::ok();
}

} // namespace runner
