// What is left of a payment when the till's memory runs out as its reply is there.
#include <cstdlib>
#include <new>

#include "simulator.hpp"
#include "tests.hpp"

namespace {

/// Whether this thread gets no memory from C++ any more. The library is Rust, and gets its own.
thread_local bool has_run_out = false;

} // namespace

void *operator new(std::size_t size)
{
    void *const memory = has_run_out ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

struct interrupted {};

/// Pays with a callback that is there for the last of the two status messages. Returns the name of what came out.
template <typename Callback> std::string exchange(const poslatch::connection &connection, const Callback &callback)
{
    int calls = 0;
    const char *ended = "nothing";
    try {
        connection.exchange(payment("no-memory"), [&](const std::string &) {
            if (++calls == 2)
                callback();
        });
    } catch (const std::bad_alloc &) {
        ended = "bad_alloc";
    } catch (const interrupted &) {
        ended = "interrupted";
    }
    has_run_out = false;
    return ended;
}

void check_that_the_reply_is_kept(const poslatch::connection &connection)
{
    const std::string reply = connection.take_unclaimed_reply();
    check::that(reply.find("APPROVED") != std::string::npos, "the reply is kept: " + reply);
    check::that(connection.take_unclaimed_reply().empty(), "the reply is given once");
    check::that(connection.exchange(payment("after")).find("APPROVED") != std::string::npos, "it still pays");
}

void reply_without_memory_is_kept()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    check::same("what came out", exchange(connection, [] { has_run_out = true; }), "bad_alloc");
    check_that_the_reply_is_kept(connection);
}

void reply_that_cannot_be_taken_stays()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    exchange(connection, [] { throw interrupted(); });
    bool failed = false;
    has_run_out = true;
    try {
        connection.take_unclaimed_reply();
    } catch (const std::bad_alloc &) {
        failed = true;
    }
    has_run_out = false;
    check::that(failed, "there was no memory to take it");
    check_that_the_reply_is_kept(connection);
}

void callbacks_exception_needs_no_memory()
{
    const simulator simulator;
    const poslatch::connection connection = simulator.device().open_mtls(simulator.pair());
    const std::string ended = exchange(connection, [] {
        has_run_out = true;
        throw interrupted();
    });
    check::same("what came out", ended, "interrupted");
    check_that_the_reply_is_kept(connection);
}

} // namespace

const check::tests memory_tests = {
    {"a reply that there is no memory for is kept", reply_without_memory_is_kept},
    {"a reply that cannot be taken for want of memory stays", reply_that_cannot_be_taken_stays},
    {"a callback's exception comes out without memory, too", callbacks_exception_needs_no_memory},
};
