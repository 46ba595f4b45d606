// Text, bytes, numbers and times on their way through C.
#include "simulator.hpp"
#include "tests.hpp"

namespace {

void text_beyond_ascii_survives()
{
    const simulator simulator;
    const poslatch::identity identity = simulator.pair("K\xc3\xa4sse 1");
    const std::string path = simulator.file("t\xc3\xa4ller.pem");
    identity.save(path, "Stra\xc3\x9f" "e \xf0\x9f\x96\xa8");
    check::fails("the wrong passphrase", poslatch::status::passphrase,
                 [&] { poslatch::identity::load(path, "Strasse"); });
    check::fails("no passphrase", poslatch::status::passphrase, [&] { poslatch::identity::load(path); });
    const poslatch::identity loaded = poslatch::identity::load(path, "Stra\xc3\x9f" "e \xf0\x9f\x96\xa8");
    check::same("posId", loaded.pos_id(), "K\xc3\xa4sse 1");
    check::same("fingerprint", loaded.fingerprint(), identity.fingerprint());
    const poslatch::identity again = poslatch::identity::from_pem(identity.export_pem("x"), "x");
    check::same("chain", again.cert_chain(), identity.cert_chain());
}

void nul_in_a_text_is_an_error()
{
    const std::string text("a\0b", 3);
    const auto refused = [](const std::string &what, const std::function<void()> &call) {
        const poslatch::error error = check::fails(what, poslatch::status::argument, call);
        check::that(error.message().find("\"" + what + "\"") != std::string::npos, error.message());
    };
    poslatch::device device("wss://127.0.0.1:1/");
    refused("url", [&] { poslatch::device other("wss://127.0.0.1" + text); });
    refused("path", [&] { device.set_root_ca_file(text); });
    refused("serial", [&] { device.set_serial(text); });
    refused("name", [&] { device.set_identity_check(poslatch::identity_check::name, text); });
    refused("path", [&] { device.set_journal(text); });
    refused("reference", [&] { device.journal_forget(text); });
    refused("pos_id", [&] { device.pair(text, "AAAAAAAA"); });
    refused("setup_code", [&] { device.pair("1001", std::string("AAAAAAA\0", 8)); });
    refused("path", [&] { poslatch::identity::load(text); });
    refused("passphrase", [&] { poslatch::identity::load("till.pem", text); });
    refused("passphrase", [&] { poslatch::identity::from_pem("", text); });
    refused("path", [&] { poslatch::save_root_ca("", text); });
    refused("base_url", [&] { poslatch::fetch_root_ca(text, "m", "k", "AAAA"); });
    refused("shared_secret", [&] { poslatch::fetch_root_ca("https://127.0.0.1:1", "m", "k", text); });
}

void nul_in_a_message_is_the_librarys_to_judge()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    const poslatch::error error = check::fails("exchange", poslatch::status::request_not_json,
                                               [&] { connection.exchange(payment("nul") + std::string("\0{}", 3)); });
    check::that(error.request_state() == poslatch::request_state::not_sent, "nothing was sent");
}

void times_are_checked()
{
    const simulator simulator;
    poslatch::device device = simulator.device();
    const poslatch::connection connection = device.open_mtls(simulator.pair());
    // The lower bits of this one say 1 ms.
    const std::chrono::milliseconds negative(1 - (std::int64_t(1) << 32));
    const poslatch::error error = check::fails("a negative silence", poslatch::status::argument,
                                               [&] { connection.exchange(payment("time"), nullptr, negative); });
    check::that(error.request_state() == poslatch::request_state::not_sent, "nothing was sent");
    check::fails("a negative time-out", poslatch::status::argument,
                 [&] { connection.receive(negative); });
    check::fails("a time-out of 50 days", poslatch::status::argument,
                 [&] { device.set_timeout(poslatch::timeout::connect, std::chrono::hours(50 * 24)); });
    // Longer than C can say: refused by the library, and not cut down to the 1 ms that its lower bits say.
    const std::chrono::milliseconds too_long((std::int64_t(1) << 32) + 1);
    check::fails("a silence of 50 days", poslatch::status::argument,
                 [&] { connection.exchange(payment("long"), nullptr, too_long); });
}

void dates_that_no_clock_reaches_are_its_last()
{
    const std::int64_t end_of_9999 = 253402300799;
    const auto moment = poslatch::detail::moment(end_of_9999);
    check::that(moment > std::chrono::system_clock::now(), "it has not wrapped around");
    check::that(poslatch::detail::moment(1795472720) == std::chrono::system_clock::from_time_t(1795472720), "2026");
}

void error_tells_all_it_knows()
{
    const poslatch::error refused
        = check::fails("a port where nobody listens", poslatch::status::refused, [] {
              poslatch::device device("wss://127.0.0.1:1/");
              simulator simulator;
              device.set_root_ca_file(simulator.file("root-ca.pem"));
              device.open_tls();
          });
    check::that(refused.category() == poslatch::category::network, "category");
    check::that(refused.os_code() != 0, "the system's number");
    check::same("what()", std::string(refused.what()), refused.message() + "\n" + refused.advice());
    check::that(!refused.message().empty() && !refused.advice().empty(), "both lines are there");

    const poslatch::error unknown(poslatch_status(-12345), nullptr);
    check::same("number of a newer library", static_cast<int>(unknown.status()), -12345);
    check::same("its name", poslatch::status_name(unknown.status()), "UNKNOWN");
    check::that(unknown.request_state() == poslatch::request_state::in_doubt, "without facts nothing is known");
}

void probe_tells_what_is_wrong()
{
    const simulator simulator;
    poslatch::device device = simulator.device();
    const poslatch::identity identity = simulator.pair();
    const auto tells = [](const std::string &report, const char *fact) {
        check::that(report.find(fact) != std::string::npos, report);
    };
    tells(device.probe(identity), "\"verdict\":\"ok\"");
    tells(device.probe(), "\"given\":false");
    device.set_serial("1850000999");
    tells(device.probe(), "\"status_name\":\"WRONG_DEVICE\"");
}

void journal_is_kept()
{
    const simulator simulator({"exchange=no_reply"});
    poslatch::device device = simulator.device();
    check::fails("no journal", poslatch::status::argument, [&] { device.journal_pending(); });
    device.set_journal(simulator.file("journal"));
    const poslatch::connection connection = device.open_mtls(simulator.pair());
    check::fails("a device that never answers", poslatch::status::response_timeout,
                 [&] { connection.exchange(payment("lost"), nullptr, std::chrono::milliseconds(200)); });
    check::that(device.journal_pending().find("\"lost\"") != std::string::npos, device.journal_pending());
    device.journal_forget("lost");
    check::same("what is left", device.journal_pending(), "[]");
    device.clear_journal();
    check::fails("the journal that was cleared", poslatch::status::argument, [&] { device.journal_pending(); });
}

} // namespace

const check::tests text_tests = {
    {"text beyond ASCII survives", text_beyond_ascii_survives},
    {"a NUL in a text is an error", nul_in_a_text_is_an_error},
    {"a NUL in a message is the library's to judge", nul_in_a_message_is_the_librarys_to_judge},
    {"times are checked", times_are_checked},
    {"dates that no clock reaches are its last", dates_that_no_clock_reaches_are_its_last},
    {"an error tells all that it knows", error_tells_all_it_knows},
    {"the journal is kept", journal_is_kept},
    {"the probe tells what is wrong", probe_tells_what_is_wrong},
};
