#include "poslatch.hpp"

void log_into(std::string &records);
void fail_to_pair();

void log_into(std::string &records)
{
    poslatch::set_log(poslatch::log_level::info,
                      [&records](poslatch::log_level, const std::string &record) { records += record; });
}

void fail_to_pair()
{
    try {
        poslatch::device("wss://127.0.0.1:1/").pair("1001", "short");
    } catch (const poslatch::error &) {
        throw;
    }
}
