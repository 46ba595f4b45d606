// A library of another ABI, played by this program itself: its functions come before those of the shared library. The
// wrapper has to say so before it calls anything else.
#include "check.hpp"

extern "C" poslatch_status poslatch_abi_check(std::uint32_t, std::uint32_t) { return POSLATCH_E_ARGUMENT; }
extern "C" std::uint32_t poslatch_abi_version() { return 7 * 65536 + 2; }

namespace {

template <typename Call> void refused(const std::string &what, const Call &call)
{
    const poslatch::error error = check::fails(what, poslatch::status::argument, call);
    const std::string needed = std::to_string(poslatch::limits::abi_major) + "."
                               + std::to_string(poslatch::limits::abi_minor);
    check::same("message", error.message(),
                 "the poslatch library has the ABI 7.2, this program needs " + needed);
}

} // namespace

int main()
{
    const check::tests tests = {
        {"a library of another ABI is refused",
         [] {
             refused("device", [] { poslatch::device device("wss://127.0.0.1:1/"); });
             refused("load", [] { poslatch::identity::load("till.pem"); });
             refused("from_pem", [] { poslatch::identity::from_pem(""); });
             refused("fetch_root_ca", [] { poslatch::fetch_root_ca("https://127.0.0.1:1", "m", "k", "AAAA"); });
             refused("save_root_ca", [] { poslatch::save_root_ca("", "root-ca.pem"); });
             refused("set_log", [] { poslatch::set_log(poslatch::log_level::off, nullptr); });
         }},
    };
    return check::run(tests, "");
}
