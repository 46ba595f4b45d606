// The header in two translation units: this one, and other.cpp, which is compiled without RTTI.
#include <iostream>

#include "poslatch.hpp"

/// In other.cpp: logs into this text from now on.
void log_into(std::string &records);

/// In other.cpp: pairs with a code that is too short, and lets the error out.
void fail_to_pair();

int main()
{
    std::string records;
    log_into(records);
    try {
        fail_to_pair();
    } catch (const poslatch::error &error) {
        // The callback of the other unit is let go of here: both know the same one.
        poslatch::set_log(poslatch::log_level::off, nullptr);
        if (error.status() == poslatch::status::code_malformed && records.find("CODE_MALFORMED") != std::string::npos)
            return 0;
        std::cerr << error.what() << "\nlogged: " << records << "\n";
    }
    return 1;
}
