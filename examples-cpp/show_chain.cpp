// Shows what a till holds after pairing: the twin of examples-c/show_chain.c. The chain is public and goes to standard
// output, the facts to standard error; the private key is in neither.
//
// Build:  c++ -std=c++11 -Iinclude examples-cpp/show_chain.cpp -Ltarget/release -lposlatch -o show_chain
// Run:    LD_LIBRARY_PATH=target/release ./show_chain till.pem
//
// Exit code: 0 shown, 2 usage or an identity that cannot be read.
#include <ctime>
#include <iostream>

#include "poslatch.hpp"

// Warn while there is still time to send someone to the device: renewing means pairing again.
static const int WARN_DAYS_BEFORE_END = 30;

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::cerr << "usage: show_chain IDENTITY_FILE\n";
        return 2;
    }
    try {
        const poslatch::identity identity = poslatch::identity::load(argv[1]);
        const std::time_t seconds_left
            = std::chrono::system_clock::to_time_t(identity.not_after()) - std::time(nullptr);
        const std::time_t days_left = seconds_left / (24 * 60 * 60);
        std::cerr << "  device       " << identity.device_name() << "\n"
                  << "  posId        " << identity.pos_id() << "\n"
                  << "  fingerprint  " << identity.fingerprint() << "\n"
                  << "  days left    " << days_left << "\n";
        if (seconds_left <= 0)
            std::cerr << "The certificate has expired by this machine's clock: pair again.\n";
        else if (days_left < WARN_DAYS_BEFORE_END)
            std::cerr << "The certificate ends soon: pair again in time.\n";
        std::cout << identity.cert_chain();
        return 0;
    } catch (const poslatch::error &error) {
        std::cerr << "loading the identity failed: " << poslatch::status_name(error.status()) << "\n  "
                  << error.message() << "\n  " << error.advice() << "\n";
        return 2;
    }
}
