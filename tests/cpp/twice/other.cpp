#include "poslatch.hpp"

void log_into(std::string &records);

void log_into(std::string &records)
{
    poslatch::set_log(poslatch::log_level::info,
                      [&records](poslatch::log_level, const std::string &record) { records += record; });
}
