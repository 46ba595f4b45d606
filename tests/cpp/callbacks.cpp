// Callbacks: what they throw, and how long they live.
#include <memory>

#include "simulator.hpp"
#include "tests.hpp"

namespace {

/// An exception of the till's own, which nothing of poslatch knows.
struct printer_jam {
    std::shared_ptr<int> paper;
};

void exception_comes_out_and_the_reply_is_kept()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    const auto paper = std::make_shared<int>(0);
    int calls = 0;
    try {
        connection.exchange(payment("jam"), [&](const std::string &) {
            calls++;
            throw printer_jam{paper};
        });
        throw check::failure("the exception has not come out");
    } catch (const printer_jam &jam) {
        check::that(jam.paper == paper, "it is that very exception");
    }
    check::same("calls of a callback that threw at once", calls, 1);
    check::same("references to what the exception held", paper.use_count(), 1);

    const std::string reply = connection.take_unclaimed_reply();
    check::that(reply.find("APPROVED") != std::string::npos, "the payment went through: " + reply);
    check::that(connection.take_unclaimed_reply().empty(), "the reply is given once");
    check::that(connection.state() == poslatch::connection_state::open, "the connection stays");
    check::that(connection.exchange(payment("after")).find("APPROVED") != std::string::npos, "and can be used");
    check::that(connection.take_unclaimed_reply().empty(), "a reply that came out is no unclaimed one");
}

void customer_of_a_scenario_enters_a_pin_or_thinks_better_of_it()
{
    const simulator simulator({"step_pause_ms=0"}, "[[payment]]\nreference = \"held-*\"\nhold = true\n"
                                                   "[[payment]]\nabove = \"0.99\"\neffect = \"pin\"\n");
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    std::string statuses;
    const std::string paid =
        connection.exchange(payment("by-pin"), [&](const std::string &status) { statuses += status; });
    check::that(paid.find("\"verificationMethod\":\"PIN\"") != std::string::npos, "by PIN: " + paid);
    check::that(statuses.find("Enter PIN") != std::string::npos, "which was asked for: " + statuses);

    std::string pressed;
    const std::string held = connection.exchange(
        payment("held-1"), [&](const std::string &) { pressed += simulator.press("display/cancel"); });
    check::that(pressed.find("{\"cancelled\":true}") != std::string::npos, "Cancel on the device: " + pressed);
    check::that(held.find("\"status\":\"ABORTED\"") != std::string::npos, "ends the payment: " + held);
    const std::string again = simulator.press("display/cancel");
    check::that(again.find("{\"cancelled\":false}") != std::string::npos, "and nothing runs then: " + again);
}

void next_exchange_forgets_the_unclaimed_reply()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    try {
        connection.exchange(payment("first"), [](const std::string &) { throw 1; });
    } catch (int) {
    }
    connection.exchange(payment("second"));
    check::that(connection.take_unclaimed_reply().empty(), "the reply of \"first\" is forgotten");
}

void exchange_that_fails_carries_the_exception()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    const poslatch::error error = check::fails("exchange", poslatch::status::cancelled, [&] {
        connection.exchange(payment("both"), [&](const std::string &) {
            connection.close();
            throw printer_jam{std::make_shared<int>(7)};
        });
    });
    check::that(error.request_state() == poslatch::request_state::in_doubt, "in doubt matters more");
    check::that(error.callback_exception() != nullptr, "the other exception is not lost");
    try {
        std::rethrow_exception(error.callback_exception());
    } catch (const printer_jam &jam) {
        check::same("what it held", *jam.paper, 7);
    }
    check::that(connection.take_unclaimed_reply().empty(), "there was no reply");
    const poslatch::error closed = check::error_of("exchange", [&] { connection.exchange(payment("later")); });
    check::that(closed.callback_exception() == nullptr, "a later error does not carry it");
}

void error_in_a_callback_is_not_taken_for_the_exchanges_own()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    // A second exchange on the connection is refused, as not sent: whoever took that for the payment would pay twice.
    std::string ended = "nothing came out";
    try {
        connection.exchange(payment("outer"), [&](const std::string &) { connection.exchange(payment("inner")); });
    } catch (const poslatch::error &) {
        ended = "the callback's error came out as the exchange's";
    } catch (const std::runtime_error &exception) {
        const poslatch::error own = check::error_of("the nested", [&] { std::rethrow_if_nested(exception); });
        ended = poslatch::status_name(own.status());
    }
    check::same("what came out", ended, "BUSY");
    check::that(connection.take_unclaimed_reply().find("\"outer\"") != std::string::npos, "the outer one went on");
}

void device_that_moved_is_found_and_the_progress_is_told()
{
    const simulator simulator;
    poslatch::device device = simulator.device_that_moved();
    const poslatch::identity identity = simulator.pair();
    const std::string url = "wss://" + simulator.address() + "/";
    std::string told;
    check::same("its URL", device.find(identity, "127.0.0.1", [&](std::uint32_t tried, std::uint32_t total) {
        told += std::to_string(tried) + "/" + std::to_string(total) + " ";
    }), url);
    check::same("progress", told.substr(0, 4), "0/2 ");
    check::same("its URL, without a callback", device.find(identity, "127.0.0.0/29"), url);

    check::fails("a search for nobody", poslatch::status::argument, [&] { device.find("127.0.0.1"); });
    device.set_serial("1850000999");
    const poslatch::error error
        = check::fails("a search for another", poslatch::status::device_not_found, [&] { device.find("127.0.0.1"); });
    check::that(std::string(error.advice()).find("Another device, 1850000123, answers at") != std::string::npos,
                "the advice names who was met: " + std::string(error.advice()));
    device.set_serial("1850000123");
    check::same("its URL, by the serial number", device.find("127.0.0.1"), url);
}

void progress_callback_that_throws_ends_the_search()
{
    const simulator simulator;
    poslatch::device device = simulator.device_that_moved();
    device.set_serial("1850000123");
    const auto paper = std::make_shared<int>(0);
    int calls = 0;
    try {
        device.find("127.0.0.0/24", [&](std::uint32_t, std::uint32_t) {
            calls++;
            throw printer_jam{paper};
        });
        throw check::failure("the exception has not come out");
    } catch (const printer_jam &jam) {
        check::that(jam.paper == paper, "it is that very exception");
    }
    check::same("calls of a callback that threw at once", calls, 1);
    // Not there, so that nothing is found before the interrupt is looked at.
    device.set_serial("1850000999");
    check::fails("an interrupted search", poslatch::status::cancelled,
                 [&] { device.find("127.0.0.0/24", [&](std::uint32_t, std::uint32_t) { device.interrupt(); }); });
}

void callback_is_held_for_the_call_only()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    const auto held = std::make_shared<int>(0);
    std::weak_ptr<int> watched;
    {
        const auto captured = std::make_shared<int>(0);
        watched = captured;
        connection.exchange(payment("held"), [captured](const std::string &) { ++*captured; });
        check::same("status messages", *captured, 2);
    }
    check::that(watched.expired(), "nothing holds the callback after the call");
}

void log_callback_lives_as_long_as_it_is_set()
{
    const simulator simulator;
    std::weak_ptr<std::string> watched;
    {
        const auto records = std::make_shared<std::string>();
        watched = records;
        poslatch::set_log(poslatch::log_level::info,
                          [records](poslatch::log_level, const std::string &record) { *records += record + "\n"; });
    }
    check::fails("pairing with a short code", poslatch::status::code_malformed,
                 [&] { simulator.device().pair("1001", "short"); });
    check::that(!watched.expired(), "the callback is held while it is set");
    check::that(watched.lock()->find("CODE_MALFORMED") != std::string::npos, "it was called: " + *watched.lock());
    poslatch::set_log(poslatch::log_level::off, nullptr);
    check::that(watched.expired(), "and let go when it is not");
}

void log_callback_may_throw_and_may_not_set_another()
{
    const simulator simulator;
    std::string status;
    poslatch::set_log(poslatch::log_level::warn, [&](poslatch::log_level, const std::string &) {
        try {
            poslatch::set_log(poslatch::log_level::off, nullptr);
        } catch (const poslatch::error &error) {
            status = poslatch::status_name(error.status());
        }
        throw printer_jam{nullptr};
    });
    check::fails("pairing with a short code", poslatch::status::code_malformed,
                 [&] { simulator.device().pair("1001", "short"); });
    poslatch::set_log(poslatch::log_level::off, nullptr);
    check::same("status of setting a log within a log callback", status, "BUSY");
}

} // namespace

const check::tests callback_tests = {
    {"the customer of a scenario enters a PIN, or thinks better of it",
     customer_of_a_scenario_enters_a_pin_or_thinks_better_of_it},
    {"a callback's exception comes out, and the reply is kept", exception_comes_out_and_the_reply_is_kept},
    {"the next exchange forgets the unclaimed reply", next_exchange_forgets_the_unclaimed_reply},
    {"an exchange that fails carries the callback's exception", exchange_that_fails_carries_the_exception},
    {"a poslatch error of a callback is its own", error_in_a_callback_is_not_taken_for_the_exchanges_own},
    {"a device that moved is found, and the progress told", device_that_moved_is_found_and_the_progress_is_told},
    {"a progress callback that throws ends the search", progress_callback_that_throws_ends_the_search},
    {"a status callback is held for the call only", callback_is_held_for_the_call_only},
    {"a log callback lives as long as it is set", log_callback_lives_as_long_as_it_is_set},
    {"a log callback may throw, and may not set another", log_callback_may_throw_and_may_not_set_another},
};
