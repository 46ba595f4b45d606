// One payment over mutual TLS, with its endings told apart: the twin of examples-c/pay.c. What is in doubt is asked for
// before anybody gives up.
//
// Build:  c++ -std=c++11 -Iinclude examples-cpp/pay.cpp -Ltarget/release -lposlatch -o pay
// Run:    LD_LIBRARY_PATH=target/release ./pay wss://192.168.1.20:8443/ root-ca.pem till.pem 1.00 USD
//
// Over https:// the same payment runs too, but the device's status messages stay away.
//
// Exit code: 0 approved, 1 declined or refused, 2 usage or set-up, 3 connection, 4 IN DOUBT: never repeat it.
#include <algorithm>
#include <ctime>
#include <iostream>

#include "poslatch.hpp"

// How long to go on asking about a payment in doubt. A device that has just come back may not know it yet.
static const std::chrono::seconds PATIENCE(10);

static int explain(const char *step, const poslatch::error &error)
{
    std::cerr << step << " failed: " << poslatch::status_name(error.status()) << "\n  " << error.message() << "\n  "
              << error.advice() << "\n";
    if (error.request_state() == poslatch::request_state::in_doubt)
        return 4;
    return error.category() == poslatch::category::usage ? 2 : 3;
}

static int in_doubt(const std::string &reference)
{
    std::cerr << "IN DOUBT: the payment \"" << reference << "\" may have gone through. Do not repeat it.\n"
              << "  Look at the device, and in the Business Center, before the customer leaves.\n";
    return 4;
}

// The JSON from a member of the object that `json` begins with, or nothing. Only members of that very object count,
// so a text from a receipt cannot pose as the outcome. It keeps this file free of dependencies: a till uses its JSON
// library.
static std::string member(const std::string &json, const std::string &name)
{
    const char *blanks = " \t\r\n";
    int depth = 0;
    for (std::size_t at = json.find_first_not_of(blanks); at < json.size(); at++) {
        if (json[at] == '{' || json[at] == '[')
            depth++;
        if (json[at] == '}' || json[at] == ']')
            depth--;
        if (depth <= 0)
            break;
        if (json[at] != '"')
            continue;
        const std::size_t begin = ++at;
        for (; at < json.size() && json[at] != '"'; at++)
            at += json[at] == '\\';
        const std::size_t colon = json.find_first_not_of(blanks, std::min(at + 1, json.size()));
        if (depth == 1 && json.compare(begin, at - begin, name) == 0 && colon < json.size() && json[colon] == ':')
            return json.substr(std::min(json.find_first_not_of(blanks, colon + 1), json.size()));
    }
    return "";
}

static bool is(const std::string &value, const std::string &word)
{
    return value.compare(0, word.size() + 2, "\"" + word + "\"") == 0;
}

// Anything that is not plainly yes or no is in doubt: INCONCLUSIVE, words of a later version, a missing status.
static int decide(const std::string &reply, const std::string &reference)
{
    const std::string status = member(member(reply, "processingDetails"), "status");
    if (is(status, "APPROVED") || is(status, "ACCEPTED")) {
        // ACCEPTED: taken while the device is offline, and the bank may still decline it later.
        std::cout << "Approved" << (is(status, "ACCEPTED") ? " by the device alone, which is offline." : ".") << "\n";
        return 0;
    }
    if (is(status, "DECLINED") || is(status, "ABORTED") || is(member(reply, "type"), "ErrorResponse")) {
        std::cout << "Not paid. The device says: " << reply << "\n";
        return 1;
    }
    return in_doubt(reference);
}

// The reply is lost, the payment perhaps not: connects again if need be, and asks the device how it ended.
static int ask(const poslatch::connection &connection, const std::string &reference)
{
    std::cout << "Asking the device how the payment ended." << std::endl;
    try {
        const poslatch::recovery recovery = connection.recover(reference, PATIENCE);
        if (recovery.outcome == poslatch::recovery_outcome::final)
            return decide(recovery.reply, reference);
    } catch (const poslatch::error &error) {
        explain("asking", error);
    }
    return in_doubt(reference);
}

static int pay(const poslatch::connection &connection, const std::string &reference, const std::string &amount,
               const std::string &currency)
{
    std::cout << "Paying " << amount << " " << currency << ".\n  reference    " << reference << std::endl;
    try {
        // The callback's text is for the cashier's screen; never decide by it.
        return decide(connection.exchange("{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"" + reference
                                              + "\",\"amountDetails\":{\"amount\":\"" + amount + "\",\"currency\":\""
                                              + currency + "\"}}",
                                          [](const std::string &json) {
                                              std::cout << "  status       " << json << std::endl;
                                          }),
                      reference);
    } catch (const poslatch::error &error) {
        const int exit_code = explain("paying", error);
        return exit_code == 4 ? ask(connection, reference) : exit_code;
    }
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7) {
        std::cerr << "usage: pay URL ROOT_CA_FILE IDENTITY_FILE AMOUNT CURRENCY [REFERENCE]\n";
        return 2;
    }
    const std::string root_ca_file = argv[2], identity_file = argv[3];

    const char *step = "preparing";
    try {
        poslatch::device device(argv[1]);
        device.set_root_ca_file(root_ca_file);
        // What this program does not know when it dies stands there; recover.cpp reads it.
        device.set_journal(identity_file + ".journal");
        const poslatch::identity identity = poslatch::identity::load(identity_file);
        step = "connecting";
        const poslatch::connection connection = device.open_mtls(identity);
        std::cout << "Connected, both sides with a certificate.\n  device       " << connection.server_name() << "\n"
                  << "  TLS          " << connection.tls_version() << "\n";

        // The one handle on a payment whose reply is lost, so it is known, and kept, before anything is sent. A till
        // gives its receipt number; the clock is unique only for one till that takes one payment in a second.
        const std::time_t now = std::time(nullptr);
        char by_clock[32];
        std::strftime(by_clock, sizeof by_clock, "sale-%Y%m%d-%H%M%S", std::gmtime(&now));
        const std::string reference = argc == 7 ? argv[6] : by_clock;
        return pay(connection, reference, argv[4], argv[5]);
    } catch (const poslatch::error &error) {
        return explain(step, error);
    }
}
