// Pairs this till with a device, once, and keeps the identity that the device issues: the twin of examples-c/pair.c.
//
// Build:  c++ -std=c++11 -Iinclude examples-cpp/pair.cpp -Ltarget/release -lposlatch -o pair
// Run:    LD_LIBRARY_PATH=target/release ./pair https://192.168.1.20:8443/ root-ca.pem 1001 8QW1YS1D till.pem
//
// Exit code: 0 paired, 1 the device said no, 2 usage or set-up, 3 connection or trust.
#include <ctime>
#include <iomanip>
#include <iostream>

#include "poslatch.hpp"

static void print_date(const char *label, std::chrono::system_clock::time_point date)
{
    const std::time_t moment = std::chrono::system_clock::to_time_t(date);
    std::cout << "  " << label << std::put_time(std::gmtime(&moment), "%Y-%m-%d") << "\n";
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7) {
        std::cerr << "usage: pair URL ROOT_CA_FILE POS_ID SETUP_CODE IDENTITY_FILE [SERIAL]\n";
        return 2;
    }
    // A real till reads the code from its own screen: arguments can be seen by other users of the machine.
    const std::string url = argv[1], root_ca_file = argv[2], pos_id = argv[3], setup_code = argv[4];
    const std::string identity_file = argv[5];

    const char *step = "reading the address";
    try {
        poslatch::device device(url);
        step = "reading the Root CA";
        device.set_root_ca_file(root_ca_file);
        step = "setting the serial number";
        if (argc == 7)
            device.set_serial(argv[6]);

        step = "pairing"; // The code leaves this machine only after the device has proved who it is.
        const poslatch::identity identity = device.pair(pos_id, setup_code);
        step = "saving the identity"; // Not kept, it would take a new code, and a person at the device.
        identity.save(identity_file);

        std::cout << "Paired.\n  device       " << identity.device_name() << "\n"
                  << "  posId        " << identity.pos_id() << "\n";
        print_date("valid from   ", identity.not_before());
        print_date("valid until  ", identity.not_after());
        std::cout << "  fingerprint  " << identity.fingerprint() << "\n  kept in      " << identity_file << "\n";
        return 0;
    } catch (const poslatch::error &error) {
        std::cerr << step << " failed: " << poslatch::status_name(error.status()) << "\n  " << error.message() << "\n  "
                  << error.advice() << "\n";
        if (error.category() == poslatch::category::device)
            return 1;
        return error.category() == poslatch::category::usage ? 2 : 3;
    }
}
