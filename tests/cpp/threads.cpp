// Threads: many on everything, and one that ends the waiting of another.
#include <atomic>
#include <future>

#include "simulator.hpp"
#include "tests.hpp"

namespace {

constexpr int THREADS = 8;

/// Runs the same on eight threads; the first failure comes out.
void on_each_thread(const std::function<void(int)> &run)
{
    std::vector<std::future<void>> threads;
    for (int number = 0; number < THREADS; number++)
        threads.push_back(std::async(std::launch::async, run, number));
    for (std::future<void> &thread : threads)
        thread.get();
}

std::string reference(int thread, int payment)
{
    return "thread-" + std::to_string(thread) + "-" + std::to_string(payment);
}

void eight_threads_share_device_and_identity()
{
    const simulator simulator({"step_pause_ms=0"});
    const poslatch::device device = simulator.device();
    const poslatch::identity identity = simulator.pair();
    on_each_thread([&](int thread) {
        const poslatch::connection connection = device.open_mtls(identity);
        for (int number = 0; number < 20; number++) {
            std::string reply;
            // The device takes one payment at a time, and says so.
            do
                reply = connection.exchange(payment(reference(thread, number)));
            while (reply.find("Terminal busy") != std::string::npos);
            check::that(reply.find(reference(thread, number)) != std::string::npos, "each gets its own: " + reply);
            check::same("posId", identity.pos_id(), "1001");
        }
    });
}

void eight_threads_share_a_connection()
{
    const simulator simulator({"step_pause_ms=0"});
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    std::atomic<int> refusals(0);
    on_each_thread([&](int thread) {
        for (int number = 0; number < 10;) {
            try {
                const std::string reply = connection.exchange(payment(reference(thread, number)));
                check::that(reply.find(reference(thread, number)) != std::string::npos, "each gets its own: " + reply);
                number++;
            } catch (const poslatch::error &error) {
                check::same("status", poslatch::status_name(error.status()), "BUSY");
                check::that(error.request_state() == poslatch::request_state::not_sent, "and nothing was sent");
                refusals++;
                std::this_thread::yield();
            }
        }
    });
}

void close_from_another_thread_leaves_the_payment_in_doubt()
{
    const simulator simulator({"hold_payment=true"});
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    std::promise<void> first_status;
    std::future<void> closing = std::async(std::launch::async, [&] {
        first_status.get_future().wait();
        connection.close();
    });
    const poslatch::error error = check::fails("exchange", poslatch::status::cancelled, [&] {
        connection.exchange(payment("closed"), [&](const std::string &) { first_status.set_value(); });
    });
    closing.get();
    check::that(error.request_state() == poslatch::request_state::in_doubt, "it may have gone through");
    check::that(connection.state() == poslatch::connection_state::closed, "closed for good");
    check::fails("a later exchange", poslatch::status::closed, [&] { connection.exchange(payment("later")); });
}

void interrupt_from_another_thread_ends_the_opening()
{
    const simulator simulator({"stall_handshake=true"});
    const poslatch::device device = simulator.device();
    std::future<void> opening = std::async(std::launch::async, [&] {
        check::fails("open", poslatch::status::cancelled, [&] { device.open_tls(); });
    });
    // Only what runs is interrupted, and nobody tells when it has begun: so again until it has ended.
    while (opening.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready)
        device.interrupt();
    opening.get();
}

void released_while_others_wait()
{
    const simulator simulator;
    std::unique_ptr<poslatch::connection> connection(
        new poslatch::connection(simulator.device().open_mtls(simulator.pair())));
    std::vector<std::future<poslatch::status>> waiting;
    for (int number = 0; number < THREADS; number++)
        waiting.push_back(std::async(std::launch::async, [&] {
            return check::error_of("receive", [&] { connection->receive(std::chrono::minutes(5)); }).status();
        }));
    // As the header says: close, let the calls return, destroy.
    connection->close();
    for (std::future<poslatch::status> &each : waiting)
        check::same("what a waiting thread got", poslatch::status_name(each.get()), "CLOSED");
    connection.reset();
}

void log_is_set_from_many_threads()
{
    const simulator simulator;
    std::atomic<int> records(0);
    on_each_thread([&](int) {
        for (int number = 0; number < 50; number++) {
            poslatch::set_log(poslatch::log_level::trace,
                              [&records](poslatch::log_level, const std::string &) { records++; });
            check::fails("pairing with a short code", poslatch::status::code_malformed,
                         [&] { simulator.device().pair("1001", "short"); });
        }
    });
    poslatch::set_log(poslatch::log_level::off, nullptr);
    check::that(records > 0, "something was logged");
}

void log_callback_does_not_wait_for_a_thread_that_waits_for_it()
{
    const simulator simulator;
    std::promise<void> in_callback;
    std::future<void> setting = std::async(std::launch::async, [&] {
        in_callback.get_future().wait();
        // Returns when the callback has.
        poslatch::set_log(poslatch::log_level::off, nullptr);
    });
    int refusals = 0;
    poslatch::set_log(poslatch::log_level::warn, [&](poslatch::log_level, const std::string &) {
        in_callback.set_value();
        // Nobody tells when the other thread waits; so often it does, some time.
        for (int number = 0; number < 1000; number++) {
            check::fails("set_log", poslatch::status::busy,
                         [] { poslatch::set_log(poslatch::log_level::off, nullptr); });
            refusals++;
            std::this_thread::yield();
        }
    });
    check::fails("pairing with a short code", poslatch::status::code_malformed,
                 [&] { simulator.device().pair("1001", "short"); });
    setting.get();
    check::same("refusals", refusals, 1000);
}

} // namespace

const check::tests thread_tests = {
    {"eight threads share a device and an identity", eight_threads_share_device_and_identity},
    {"eight threads share a connection", eight_threads_share_a_connection},
    {"closing from another thread leaves the payment in doubt", close_from_another_thread_leaves_the_payment_in_doubt},
    {"interrupting from another thread ends the opening", interrupt_from_another_thread_ends_the_opening},
    {"a connection that others wait on is closed, then destroyed", released_while_others_wait},
    {"the log is set from many threads", log_is_set_from_many_threads},
    {"a log callback does not wait for a thread that waits for it",
     log_callback_does_not_wait_for_a_thread_that_waits_for_it},
};
