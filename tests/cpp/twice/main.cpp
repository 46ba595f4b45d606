// The header in two translation units: here and in other.cpp.
#include <iostream>

#include "poslatch.hpp"

/// In other.cpp: logs into this text from now on.
void log_into(std::string &records);

int main()
{
    std::string records;
    log_into(records);
    try {
        poslatch::device device("wss://127.0.0.1:1/");
        device.pair("1001", "short");
    } catch (const poslatch::error &error) {
        if (error.status() != poslatch::status::code_malformed)
            std::cerr << error.what() << "\n";
    }
    // The callback of the other unit is let go of here: both know the same one.
    poslatch::set_log(poslatch::log_level::off, nullptr);
    if (records.find("CODE_MALFORMED") != std::string::npos)
        return 0;
    std::cerr << "nothing was logged\n";
    return 1;
}
