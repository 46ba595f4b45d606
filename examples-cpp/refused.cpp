// The counter-proof: the payment of pay.cpp without an identity, which a device set to mutual TLS has to refuse. The
// twin of examples-c/refused.c, which says what a shop has of it.
//
// Build:  c++ -std=c++11 -Iinclude examples-cpp/refused.cpp -Ltarget/release -lposlatch -o refused
// Run:    LD_LIBRARY_PATH=target/release ./refused wss://192.168.1.20:8443/ root-ca.pem 1.00 USD
//
// Exit code: 0 refused as it should be, 1 the device took the request, 2 usage or set-up, 3 anything else.
#include <iostream>

#include "poslatch.hpp"

// Not the vendor's 180 s: the refusal of a healthy device comes at once.
static const std::chrono::seconds SILENCE(10);

static int refused(const std::string &reason)
{
    std::cout << "Refused, as it should be: without the till's certificate there is no payment.\n"
              << "  reason       " << reason << "\n";
    return 0;
}

// Says whether it was the missing certificate that ended the attempt. Returns the exit code.
static int judge(const char *step, const poslatch::error &error)
{
    // In the TLS handshake, or over https:// by Unauthorized or Forbidden.
    if (error.status() == poslatch::status::till_certificate_required
        || error.status() == poslatch::status::till_certificate_rejected || error.http_status() == 401
        || error.http_status() == 403)
        return refused(poslatch::status_name(error.status()) + ": " + error.message());
    std::cerr << step << " failed: " << poslatch::status_name(error.status()) << "\n  " << error.message() << "\n  "
              << error.advice() << "\n";
    return error.category() == poslatch::category::usage ? 2 : 3;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        std::cerr << "usage: refused URL ROOT_CA_FILE AMOUNT CURRENCY\n";
        return 2;
    }
    const std::string root_ca_file = argv[2], amount = argv[3], currency = argv[4];

    const char *step = "preparing";
    try {
        poslatch::device device(argv[1]);
        device.set_root_ca_file(root_ca_file);
        // The device is verified exactly as in pay.cpp; only the till shows nothing of its own.
        step = "connecting";
        const poslatch::connection connection = device.open_tls();
        step = "paying";
        const std::string answer = connection.exchange(
            "{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"without-identity\","
            "\"amountDetails\":{\"amount\":\"" + amount + "\",\"currency\":\"" + currency + "\"}}",
            nullptr, SILENCE);

        // Some devices let the till in to say no. A reply about a payment has processingDetails, whatever came of it. A
        // busy device answers with an ErrorResponse too, so its words are shown, for a person to read.
        if (answer.find("\"ErrorResponse\"") != std::string::npos
            && answer.find("\"processingDetails\"") == std::string::npos)
            return refused(answer);
        std::cerr << "The device took a request without a certificate. Set its Security to mutual TLS.\n  " << answer
                  << "\n";
        return 1;
    } catch (const poslatch::error &error) {
        return judge(step, error);
    }
}
