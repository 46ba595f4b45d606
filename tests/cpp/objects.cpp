// What becomes of objects: moved, emptied, destroyed in any order.
#include <type_traits>
#include <vector>

#include "simulator.hpp"
#include "tests.hpp"

namespace {

template <typename Object> constexpr bool moves_only()
{
    return std::is_nothrow_move_constructible<Object>::value && std::is_nothrow_move_assignable<Object>::value
           && !std::is_copy_constructible<Object>::value && !std::is_copy_assignable<Object>::value;
}

static_assert(moves_only<poslatch::device>(), "a device moves only");
static_assert(moves_only<poslatch::identity>(), "an identity moves only");
static_assert(moves_only<poslatch::connection>(), "a connection moves only");
static_assert(std::is_nothrow_copy_constructible<poslatch::error>::value, "an exception that throws ends the program");

/// A reference that no compiler sees through, so that a self-move compiles without a warning.
template <typename Object> Object &itself(Object &object) { return object; }

void moved_from_objects_say_so()
{
    const simulator simulator;
    poslatch::device device = simulator.device();
    poslatch::identity identity = simulator.pair();
    poslatch::connection connection = device.open_mtls(identity);

    const poslatch::connection open = std::move(connection);
    const std::vector<std::pair<const char *, std::function<void()>>> on_connection = {
        {"exchange", [&] { connection.exchange(payment("moved")); }},
        {"take_unclaimed_reply", [&] { connection.take_unclaimed_reply(); }},
        {"send", [&] { connection.send("{}"); }},
        {"receive", [&] { connection.receive(); }},
        {"recover", [&] { connection.recover("moved"); }},
        {"state", [&] { connection.state(); }},
        {"server_name", [&] { connection.server_name(); }},
        {"tls_version", [&] { connection.tls_version(); }},
    };
    for (const auto &call : on_connection)
        check::fails(call.first, poslatch::status::closed, call.second);
    connection.close();
    const poslatch::error not_sent = check::error_of("exchange", [&] { connection.exchange(payment("moved")); });
    check::that(not_sent.request_state() == poslatch::request_state::not_sent, "nothing was sent, and it says so");
    check::that(open.state() == poslatch::connection_state::open, "closing the empty object touches no other");

    const poslatch::identity kept = std::move(identity);
    const std::vector<std::pair<const char *, std::function<void()>>> on_identity = {
        {"save", [&] { identity.save(simulator.file("till.pem")); }},
        {"export_pem", [&] { identity.export_pem(); }},
        {"export_pkcs12", [&] { identity.export_pkcs12("x"); }},
        {"cert_chain", [&] { identity.cert_chain(); }},
        {"pos_id", [&] { identity.pos_id(); }},
        {"device_name", [&] { identity.device_name(); }},
        {"serial", [&] { identity.serial(); }},
        {"issuer", [&] { identity.issuer(); }},
        {"not_before", [&] { identity.not_before(); }},
        {"not_after", [&] { identity.not_after(); }},
        {"earliest_expiry", [&] { identity.earliest_expiry(); }},
        {"needs_renewal", [&] { identity.needs_renewal(30); }},
        {"fingerprint", [&] { identity.fingerprint(); }},
        {"open_mtls", [&] { device.open_mtls(identity); }},
        {"probe", [&] { device.probe(identity); }},
    };
    for (const auto &call : on_identity)
        check::fails(call.first, poslatch::status::closed, call.second);

    const poslatch::device described = std::move(device);
    const std::vector<std::pair<const char *, std::function<void()>>> on_device = {
        {"set_root_ca_file", [&] { device.set_root_ca_file("x"); }},
        {"set_root_ca_pem", [&] { device.set_root_ca_pem("x"); }},
        {"set_serial", [&] { device.set_serial("x"); }},
        {"set_identity_check", [&] { device.set_identity_check(poslatch::identity_check::name, "x"); }},
        {"set_timeout", [&] { device.set_timeout(poslatch::timeout::connect, std::chrono::seconds(1)); }},
        {"set_keep_alive", [&] { device.set_keep_alive(std::chrono::seconds(1), 1); }},
        {"set_journal", [&] { device.set_journal("x"); }},
        {"clear_journal", [&] { device.clear_journal(); }},
        {"journal_pending", [&] { device.journal_pending(); }},
        {"journal_forget", [&] { device.journal_forget("x"); }},
        {"pair", [&] { device.pair("1001", "AAAAAAAA"); }},
        {"open_mtls", [&] { device.open_mtls(kept); }},
        {"open_tls", [&] { device.open_tls(); }},
        {"probe", [&] { device.probe(); }},
        {"interrupt", [&] { device.interrupt(); }},
    };
    for (const auto &call : on_device)
        check::fails(call.first, poslatch::status::closed, call.second);
}

void moved_objects_go_on()
{
    const simulator simulator;
    poslatch::device device = simulator.device();
    poslatch::identity identity = simulator.pair();
    poslatch::connection connection = device.open_mtls(identity);

    // Assignment frees what was there, which the leak check of this program sees.
    connection = device.open_mtls(identity);
    connection = std::move(itself(connection));
    identity = std::move(itself(identity));
    device = std::move(itself(device));
    check::same("posId after a move to itself", identity.pos_id(), "1001");
    check::that(connection.exchange(payment("self-move")).find("APPROVED") != std::string::npos, "it still pays");

    std::vector<poslatch::connection> connections;
    connections.push_back(std::move(connection));
    connections.push_back(device.open_mtls(identity));
    connections.push_back(device.open_tls());
    connections.erase(connections.begin() + 2);
    for (const poslatch::connection &each : connections)
        check::same("name", each.server_name(), identity.device_name());
}

void connection_outlives_device_and_identity()
{
    const simulator simulator;
    std::unique_ptr<poslatch::device> device(new poslatch::device(simulator.device()));
    std::unique_ptr<poslatch::identity> identity(new poslatch::identity(simulator.pair()));
    const poslatch::connection connection = device->open_mtls(*identity);
    device.reset();
    identity.reset();
    check::that(connection.exchange(payment("alone")).find("APPROVED") != std::string::npos, "it still pays");
}

} // namespace

const check::tests object_tests = {
    {"objects that were moved from say so", moved_from_objects_say_so},
    {"objects go on where they were moved to, even to themselves", moved_objects_go_on},
    {"a connection outlives its device and its identity", connection_outlives_device_and_identity},
};
