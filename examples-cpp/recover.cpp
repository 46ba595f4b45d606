// After a crash or a lost reply: which payments does this till not know the end of, and how did they end? The twin of
// examples-c/recover.c.
//
// Build:  c++ -std=c++11 -Iinclude examples-cpp/recover.cpp -Ltarget/release -lposlatch -o recover
// Run:    LD_LIBRARY_PATH=target/release ./recover wss://192.168.1.20:8443/ root-ca.pem till.pem
//         LD_LIBRARY_PATH=target/release ./recover wss://192.168.1.20:8443/ root-ca.pem till.pem sale-20261124-101530
//
// Without a reference it lists what the journal of pay.cpp holds, and asks nobody. With one it asks the device.
//
// Exit code: 0 listed, or its end is known, 2 usage or set-up, 3 connection, 4 still not known.
#include <iostream>

#include "poslatch.hpp"

// Seconds count at a counter; a till that recovers in the background takes minutes.
static const std::chrono::seconds PATIENCE(30);

static int tell(const poslatch::recovery &recovery)
{
    if (recovery.outcome == poslatch::recovery_outcome::final) {
        // APPROVED or DECLINED stands in processingDetails.status; a till reads it with its JSON library.
        std::cout << "It has ended. The device says: " << recovery.reply << "\n";
        return 0;
    }
    if (recovery.outcome == poslatch::recovery_outcome::running)
        std::cout << "The device is still at work on it: look at its screen, then ask again.\n";
    else
        std::cout << "The device does not know how it ended. Look in the Business Center before you repeat anything.\n"
                  << "  The device says: " << recovery.reply << "\n";
    return 4;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        std::cerr << "usage: recover URL ROOT_CA_FILE IDENTITY_FILE [REFERENCE]\n";
        return 2;
    }
    const std::string root_ca_file = argv[2], identity_file = argv[3];

    const char *step = "preparing";
    try {
        poslatch::device device(argv[1]);
        device.set_root_ca_file(root_ca_file);
        device.set_journal(identity_file + ".journal");
        const poslatch::identity identity = poslatch::identity::load(identity_file);
        if (argc == 4) {
            step = "reading the journal";
            std::cout << "Not known: " << device.journal_pending() << "\n";
            return 0;
        }
        step = "asking"; // What is found to have ended is struck out of the journal.
        return tell(device.open_mtls(identity).recover(argv[4], PATIENCE));
    } catch (const poslatch::error &error) {
        std::cerr << step << " failed: " << poslatch::status_name(error.status()) << "\n  " << error.message() << "\n  "
                  << error.advice() << "\n";
        return error.category() == poslatch::category::usage ? 2 : 3;
    }
}
