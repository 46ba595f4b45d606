/*
 * poslatch for C++11 and later: the C interface of poslatch.h as classes that free themselves and errors that are
 * thrown.
 *
 * BUILDING
 *
 *   Header-only. Put poslatch.h beside it and link the same shared library as a C program does:
 *   c++ -std=c++11 till.cpp -Iinclude -Ltarget/release -lposlatch
 *
 * FIRST USE (docs/cpp.md has a program to copy, examples-cpp/ has more)
 *
 *   poslatch::device device("wss://192.168.1.20:8443/");
 *   device.set_root_ca_file("root-ca.pem");
 *   poslatch::connection connection = device.open_mtls(poslatch::identity::load("till.pem"));
 *   std::string reply = connection.exchange(request, [](const std::string &json) { show(json); });
 *
 * ERRORS
 *
 *   What fails throws poslatch::error, whose what() is message and advice, one line each. Branch on category(), and
 *   after a failed exchange on request_state(): request_state::in_doubt means that the request may have reached the
 *   device, so never repeat it, but ask with connection::recover. Besides, an exchange lets out what its status
 *   callback has thrown, and memory may run out: std::bad_alloc says nothing of the request, so take it as in doubt.
 *
 * OBJECTS
 *
 *   A device, an identity and a connection can be moved, not copied, and may be destroyed in any order. One that was
 *   moved from is empty: its functions throw status::closed, but for close(), which does nothing then.
 *
 * THREADS
 *
 *   As for a standard container: const functions may run on any number of threads at once, others need the object to
 *   themselves, as do moving and destroying it. interrupt() and close() are for any thread at any time, and end what
 *   waits. To destroy a connection that other threads use: close it, let their calls return, then destroy it.
 *
 * TEXT AND BYTES
 *
 *   std::string holds UTF-8, or bytes where it says so. A NUL inside a text is an error, never the end of it.
 *   Times are std::chrono; 0 ms stands for the default, as in C.
 */
#ifndef POSLATCH_HPP
#define POSLATCH_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "poslatch.h"

namespace poslatch {

// BEGIN GENERATED
// Generated from src/ffi/constants.rs by `cargo xtask header`; edit it there.

/// How a call ended. The numbers are stable: later versions add to them.
enum class status : std::int32_t {
    /// The call did what it was asked for.
    ok = 0,
    /// An argument is missing or has the wrong form.
    argument = -1,
    /// The setup code does not have eight characters.
    code_malformed = -2,
    /// The object was closed before.
    closed = -3,
    /// Another call is using the connection.
    busy = -4,
    /// The request is not a JSON object with a string "type"; nothing was sent.
    request_not_json = -5,
    /// The request is larger than the library sends; nothing was sent.
    request_too_large = -6,
    /// A file could not be read or written.
    file = -7,
    /// The passphrase of an identity is missing or wrong.
    passphrase = -8,
    /// The Root CA chain is missing or cannot serve as one.
    root_ca_unusable = -9,
    /// The identity file or text does not hold a usable identity.
    identity_unusable = -10,
    /// The host name of the address could not be resolved.
    name_not_resolved = -100,
    /// The host answered, but nothing listens on the port.
    refused = -101,
    /// There is no way through the network to the host.
    unreachable = -102,
    /// The connection was not up within the connect time-out.
    connect_timeout = -103,
    /// The device closed or reset the connection.
    peer_closed = -104,
    /// The device stayed silent for longer than allowed.
    response_timeout = -105,
    /// The device does not answer any more: switched off, out of reach, or hung.
    peer_silent = -106,
    /// Nobody at the addresses that were searched has proven to be the device.
    device_not_found = -107,
    /// The other side does not speak TLS.
    not_tls = -200,
    /// The two sides have no TLS version or cipher in common.
    tls_version = -201,
    /// The device's certificate was not issued under the Root CA chain.
    unknown_issuer = -202,
    /// The device's certificate has expired, by this machine's clock.
    device_certificate_expired = -203,
    /// The device's certificate is not valid yet, by this machine's clock.
    device_certificate_not_yet_valid = -204,
    /// The device's certificate cannot be used for a server.
    device_certificate_unusable = -205,
    /// A genuine certificate, but of another device than the expected one.
    wrong_device = -206,
    /// The device does not accept the till's certificate.
    till_certificate_rejected = -207,
    /// The device does not accept the till's certificate, which has expired.
    till_certificate_expired = -208,
    /// The device wants a till certificate where none can be shown.
    till_certificate_required = -209,
    /// The TLS handshake failed for a reason that has no status of its own.
    tls_failed = -210,
    /// The device refused to pair.
    pairing_rejected = -300,
    /// The device's pairing reply does not hold a usable key and certificate chain.
    pairing_reply_unusable = -301,
    /// The pairing request may have reached the device, but no whole reply came back: take the setup
    /// code as spent.
    pairing_reply_lost = -302,
    /// The vendor's cloud does not accept the merchant's API credentials.
    cloud_authentication = -303,
    /// The device answered with an HTTP status that is not the expected one.
    http_status = -400,
    /// The device sent more than the library accepts.
    reply_too_large = -401,
    /// The device sent a message that is not a JSON object with a string "type".
    reply_not_json = -402,
    /// The device broke the rules of HTTP or WebSocket.
    protocol_violation = -403,
    /// The call was interrupted, or the connection closed, from another thread.
    cancelled = -900,
    /// A fault of the library itself.
    internal = -999,
};

/// What to branch on after a failure.
enum class category : std::int32_t {
    /// The call or its input is at fault. Mend the program or the setting.
    usage = 1,
    /// The network or the device's power is at fault. May pass by itself.
    network = 2,
    /// Who is who is in question. Do not retry; fetch a person.
    trust = 3,
    /// The device said no, or said something that cannot be used.
    device = 4,
    /// Another thread asked for it.
    cancelled = 5,
    /// Report it to the makers of the library.
    internal = 6,
};

/// What is known about the request of a failed call.
enum class request_state : std::int32_t {
    /// The call carries no request, or its fate is known.
    none = 0,
    /// Not one byte of the request left this machine. It can be made again.
    not_sent = 1,
    /// The request may have reached the device. Never repeat it; look it up by its
    /// merchantReferenceCode (TransactionLookupRequest).
    in_doubt = 2,
};

/// How a device has to prove that it is the right one.
enum class identity_check : std::int32_t {
    /// Exactly this serial number, or this whole DNS name.
    name = 1,
    /// Any single-label name under the device domain (the default).
    domain = 2,
    /// The certificate has to cover the host of the URL.
    address = 3,
    /// Any certificate under the Root CA chain. Weak: the chain belongs to a large
    /// company that also issues certificates to others than payment devices.
    chain_only = 4,
};

/// Which wait is limited.
enum class timeout : std::int32_t {
    /// Resolving, connecting, TLS and WebSocket together. Default: 10000 ms.
    connect = 1,
    /// The device's reply to a pairing request. Default: 30000 ms.
    pairing = 2,
    /// A whole exchange, however much the device says meanwhile. Default: none.
    exchange = 3,
};

/// What a message of the device is.
enum class message_kind : std::int32_t {
    /// Progress (TransactionStatusResponse, OperationStatusResponse).
    status = 1,
    /// Another "...Response", ErrorResponse included.
    reply = 2,
    /// A type that the vendor does not document.
    other = 3,
};

/// What is known about a connection without asking the device.
enum class connection_state : std::int32_t {
    /// Closed by the till, for good.
    closed = 0,
    /// Open, as far as is known without asking the device.
    open = 1,
    /// Dropped by the device or the network, or given up after an exchange in doubt. The
    /// next exchange connects again.
    lost = 2,
    /// An exchange is connecting again.
    connecting = 3,
};

/// What the device knows of a request whose reply was lost.
enum class recovery_outcome : std::int32_t {
    /// The request has ended; how, stands in processingDetails.status of the reply.
    final = 1,
    /// The device is still at work on the request.
    running = 2,
    /// For the whole time, the device knew of no such request, or could not say how it ended.
    unknown = 3,
};

/// Which log records are wanted.
enum class log_level : std::int32_t {
    /// Nothing.
    off = 0,
    /// Faults of the library itself.
    error = 1,
    /// Failed calls, and what calls for action.
    warn = 2,
    /// Connections and pairings.
    info = 3,
    /// Types, sizes and times of messages.
    debug = 4,
    /// Everything there is.
    trace = 5,
};

/// How the vendor's cloud is told who asks.
enum class cloud_auth : std::int32_t {
    /// A JSON Web Token, signed with the shared secret (the default).
    jwt = 1,
    /// HTTP Signature over the Date header. The vendor ends it in September 2026.
    http_signature = 2,
    /// HTTP Signature over the v-c-date header, for machines behind a proxy that
    /// changes Date. The vendor ends it in September 2026.
    http_signature_v_date = 3,
};

/// Defaults, and the version of the ABI.
namespace limits {

/// Quiet time before a ping, and between pings, when poslatch_device_set_keep_alive was not called:
/// 10000 ms.
constexpr std::uint32_t ping_default_ms = 10000;

/// Pings that may stay unanswered when poslatch_device_set_keep_alive was not called: 2.
constexpr std::uint32_t pings_missed_default = 2;

/// Silence that poslatch_connection_exchange allows when it is given 0: 180000 ms.
constexpr std::uint32_t silence_default_ms = 180000;

/// Time that poslatch_connection_recover asks when it is given 0: 60000 ms.
constexpr std::uint32_t patience_default_ms = 60000;

/// Size of the largest request that the library sends, in bytes: 1 MiB.
constexpr std::uint32_t json_bytes_max = 1048576;

/// Major version of the ABI: a library with another one does not fit this header.
constexpr std::uint32_t abi_major = 0;

/// Minor version of the ABI: a library with a higher one fits this header too.
constexpr std::uint32_t abi_minor = 4;

} // namespace limits

// END GENERATED

/// A failed call: what happened, what to do about it, and what became of the request. Copying it does not throw.
class error : public std::runtime_error {
public:
    /// Made by the functions of this header; a till makes one where its own tests have to pretend.
    error(poslatch::status status, poslatch::category category, poslatch::request_state request_state,
          const std::string &message, const std::string &advice)
        : std::runtime_error(message + "\n" + advice),
          texts_(std::make_shared<texts>(message, advice)), status_(status), category_(category),
          request_state_(request_state), http_status_(0), os_code_(0), callback_exception_()
    {
    }

    /// Copies what the C interface tells of a failure. `facts` stays the caller's and may be NULL;
    /// `callback_exception` is what a status callback threw before, if any.
    error(poslatch_status status, const poslatch_error *facts, std::exception_ptr callback_exception = nullptr)
        : error(static_cast<poslatch::status>(facts == nullptr ? status : poslatch_error_status(facts)),
                facts == nullptr ? poslatch::category::internal
                                 : static_cast<poslatch::category>(poslatch_error_category(facts)),
                known_request_state(facts),
                facts == nullptr ? poslatch_status_name(status) : poslatch_error_message(facts),
                poslatch_error_advice(facts))
    {
        http_status_ = poslatch_error_http_status(facts);
        os_code_ = poslatch_error_os_code(facts);
        callback_exception_ = std::move(callback_exception);
    }

    /// Which failure it is. A newer library may give one that this header does not name; its number is in the value all
    /// the same, and poslatch::status_name knows its name.
    poslatch::status status() const noexcept { return status_; }

    /// What to branch on.
    poslatch::category category() const noexcept { return category_; }

    /// What is known about the request that the call carried. After request_state::in_doubt a payment must not be
    /// repeated. A state of a newer library is in doubt, too.
    poslatch::request_state request_state() const noexcept { return request_state_; }

    /// What happened, with the facts: one line, a lower-case fragment without full stop. Holds no secret.
    const std::string &message() const noexcept { return texts_->message; }

    /// What to do now, in whole sentences for the person at the till or the support desk: one line.
    const std::string &advice() const noexcept { return texts_->advice; }

    /// The HTTP status that the device answered with, where that is what failed; else 0.
    std::int32_t http_status() const noexcept { return http_status_; }

    /// The operating system's error number (errno, or the one of Winsock), where there is one; else 0.
    std::int32_t os_code() const noexcept { return os_code_; }

    /// What the status callback threw before the exchange itself failed, for std::rethrow_exception; else null.
    std::exception_ptr callback_exception() const noexcept { return callback_exception_; }

private:
    /// Without facts, which only a fault of the library leaves out, nothing is known.
    static poslatch::request_state known_request_state(const poslatch_error *facts) noexcept
    {
        const std::int32_t state = facts == nullptr ? POSLATCH_REQUEST_IN_DOUBT : poslatch_error_request_state(facts);
        return state == POSLATCH_REQUEST_NONE || state == POSLATCH_REQUEST_NOT_SENT
                   ? static_cast<poslatch::request_state>(state)
                   : poslatch::request_state::in_doubt;
    }

    struct texts {
        texts(const std::string &the_message, const std::string &the_advice)
            : message(the_message), advice(the_advice)
        {
        }
        std::string message;
        std::string advice;
    };

    // Shared, because an exception that throws when it is copied ends the program.
    std::shared_ptr<const texts> texts_;
    poslatch::status status_;
    poslatch::category category_;
    poslatch::request_state request_state_;
    std::int32_t http_status_;
    std::int32_t os_code_;
    std::exception_ptr callback_exception_;
};

/// Called for each message that arrives during an exchange and does not end it, on the thread that called exchange().
/// It may call send() and close() of the connection; it must not destroy it. What it throws comes out of exchange()
/// at its end.
using status_callback = std::function<void(const std::string &json)>;

/// Called while a device is looked for, on the thread that called find(): `tried` of `total` addresses are done with.
/// What it throws ends the search and comes out of find().
using progress_callback = std::function<void(std::uint32_t tried, std::uint32_t total)>;

/// Called for each log record, on whatever thread the record is made. It must not wait for a thread that may be calling
/// this library. What it throws is dropped, since nobody is there to catch it.
using log_callback = std::function<void(log_level level, const std::string &message)>;

/// What receive() gives: a message of the device that belonged to no exchange.
struct message {
    message_kind kind;
    std::string json;
};

/// What recover() gives: how far the device knows of a request, and its last answer, as JSON.
struct recovery {
    recovery_outcome outcome;
    std::string reply;
};

namespace detail {

template <typename Object, void (*Free)(Object *)> struct deleter {
    void operator()(Object *object) const noexcept { Free(object); }
};

using device_handle = std::unique_ptr<poslatch_device, deleter<poslatch_device, poslatch_device_free>>;
using identity_handle = std::unique_ptr<poslatch_identity, deleter<poslatch_identity, poslatch_identity_free>>;
using connection_handle
    = std::unique_ptr<poslatch_connection, deleter<poslatch_connection, poslatch_connection_free>>;
using buffer_handle = std::unique_ptr<poslatch_buffer, deleter<poslatch_buffer, poslatch_buffer_free>>;
using error_handle = std::unique_ptr<poslatch_error, deleter<poslatch_error, poslatch_error_free>>;

/// Takes an output of a C function in, whether the call that fills it throws or not.
template <typename Handle> class output {
public:
    explicit output(Handle &handle) noexcept : handle_(handle), pointer_(nullptr) {}
    output(const output &) = delete;
    output &operator=(const output &) = delete;
    ~output() { handle_.reset(pointer_); }
    operator typename Handle::pointer *() noexcept { return &pointer_; }

private:
    Handle &handle_;
    typename Handle::pointer pointer_;
};

/// Calls a C function, which the lambda passes its last parameter to, and throws if it fails.
template <typename Function>
void call(const Function &function, const std::exception_ptr *callback_exception = nullptr)
{
    error_handle facts;
    const poslatch_status status = function(output<error_handle>(facts));
    if (status != POSLATCH_OK)
        throw error(status, facts.get(), callback_exception == nullptr ? nullptr : *callback_exception);
}

[[noreturn]] inline void throw_argument(const char *name, const char *reason, request_state state)
{
    throw error(status::argument, category::usage, state, std::string("argument \"") + name + "\": " + reason,
                "Correct the argument; the header poslatch.hpp says what it takes.");
}

/// The object for a C function; throws if it was moved from.
template <typename Handle>
typename Handle::pointer full(const Handle &handle, const char *what, request_state state = request_state::none)
{
    if (!handle)
        throw error(status::closed, category::usage, state, std::string("the ") + what + " was moved from",
                    "Use the object that it was moved to.");
    return handle.get();
}

/// Text for a C function, which would take a NUL inside for the end.
inline const char *text(const char *name, const std::string &text, request_state state = request_state::none)
{
    if (text.find('\0') != std::string::npos)
        throw_argument(name, "it has a NUL inside", state);
    return text.c_str();
}

inline const std::uint8_t *bytes(const std::string &bytes)
{
    return reinterpret_cast<const std::uint8_t *>(bytes.data());
}

/// What is longer than C can say, 49 days, becomes those.
inline std::uint32_t milliseconds(const char *name, std::chrono::milliseconds time,
                                  request_state state = request_state::none)
{
    if (time.count() < 0)
        throw_argument(name, "it is negative", state);
    const std::uint32_t most = (std::numeric_limits<std::uint32_t>::max)();
    return time > std::chrono::milliseconds(most) ? most : static_cast<std::uint32_t>(time.count());
}

/// Certificates that never end say the year 9999, which a clock that counts nanoseconds does not reach.
inline std::chrono::system_clock::time_point moment(std::int64_t unix_seconds)
{
    using clock = std::chrono::system_clock;
    const std::chrono::seconds time(unix_seconds);
    if (time > std::chrono::duration_cast<std::chrono::seconds>((clock::duration::max)()))
        return (clock::time_point::max)();
    return clock::time_point(std::chrono::duration_cast<clock::duration>(time));
}

inline std::string content(const buffer_handle &buffer)
{
    const std::size_t size = poslatch_buffer_size(buffer.get());
    return size == 0 ? std::string()
                     : std::string(reinterpret_cast<const char *>(poslatch_buffer_data(buffer.get())), size);
}

/// The library that was found at run time may be another one than this header's.
inline void check_library()
{
    if (poslatch_abi_check(limits::abi_major, limits::abi_minor) == POSLATCH_OK)
        return;
    const std::uint32_t found = poslatch_abi_version();
    const auto version = [](std::uint32_t major, std::uint32_t minor) {
        return std::to_string(major) + "." + std::to_string(minor);
    };
    throw error(status::argument, category::usage, request_state::none,
                "the poslatch library has the ABI " + version(found >> 16, found & 0xffff) + ", this program needs "
                    + version(limits::abi_major, limits::abi_minor),
                "Install the library that this program was built with, or a newer one of the same major version.");
}

/// A status callback on its way through C, which knows nothing of exceptions.
class status_call {
public:
    explicit status_call(const status_callback &callback) noexcept : callback_(callback), thrown_() {}

    /// For poslatch_connection_exchange, with this object as `user`.
    static void pass_on(void *user, const char *json, std::size_t size) noexcept
    {
        status_call &self = *static_cast<status_call *>(user);
        if (self.thrown_)
            return;
        try {
            self.callback_(std::string(json, size));
        } catch (...) {
            // The exchange goes on: an accident on the cashier's screen must not abandon a payment.
            self.thrown_ = std::current_exception();
        }
    }

    const std::exception_ptr &thrown() const noexcept { return thrown_; }

private:
    const status_callback &callback_;
    std::exception_ptr thrown_;
};

/// A progress callback on its way through C. Unlike a payment, a search that the till stumbles over may end there.
class progress_call {
public:
    explicit progress_call(const progress_callback &callback) noexcept : callback_(callback), thrown_() {}

    /// For poslatch_find_device, with this object as `user`.
    static std::int32_t pass_on(void *user, std::uint32_t tried, std::uint32_t total) noexcept
    {
        progress_call &self = *static_cast<progress_call *>(user);
        try {
            self.callback_(tried, total);
            return 0;
        } catch (...) {
            self.thrown_ = std::current_exception();
            return 1;
        }
    }

    void rethrow() const
    {
        if (thrown_)
            std::rethrow_exception(thrown_);
    }

private:
    const progress_callback &callback_;
    std::exception_ptr thrown_;
};

/// The reply of an exchange that ended with an exception all the same. Other threads may ask for it.
///
/// It is kept as it came: to keep it must need no memory, since that may be what has run out.
class unclaimed_reply {
public:
    void keep(buffer_handle reply)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        reply_.swap(reply);
    }

    std::string take()
    {
        std::lock_guard<std::mutex> lock(mutex_);
        std::string reply = content(reply_);
        reply_.reset();
        return reply;
    }

private:
    std::mutex mutex_;
    buffer_handle reply_;
};

/// The log callback that is set. It stays until the process ends: threads of the library may log while statics go.
struct log_slot {
    std::mutex mutex;
    std::unique_ptr<log_callback> callback;

    static log_slot &the_one()
    {
        static log_slot *const slot = new log_slot;
        return *slot;
    }

    /// Whether this thread is in a log callback.
    static bool &inside() noexcept
    {
        static thread_local bool inside = false;
        return inside;
    }

    /// For poslatch_log_set, with the callback as `user`.
    static void pass_on(void *user, std::int32_t level, const char *message) noexcept
    {
        inside() = true;
        try {
            (*static_cast<log_callback *>(user))(static_cast<log_level>(level), message);
        } catch (...) {
        }
        inside() = false;
    }
};

inline std::string fetch_root_ca(const std::string &base_url, const std::string &merchant_id, const std::string &key_id,
                                 const std::string &shared_secret, cloud_auth auth, std::chrono::milliseconds timeout,
                                 const char *web_root_pem)
{
    check_library();
    buffer_handle pem;
    call([&](poslatch_error **error) {
        return poslatch_fetch_root_ca(text("base_url", base_url), text("merchant_id", merchant_id),
                                      text("key_id", key_id), text("shared_secret", shared_secret),
                                      static_cast<std::int32_t>(auth), web_root_pem, milliseconds("timeout", timeout),
                                      output<buffer_handle>(pem), error);
    });
    return content(pem);
}

} // namespace detail

/// The library's version and crypto provider, such as "poslatch 0.1.0 (ring)".
inline std::string version_string()
{
    return poslatch_version_string();
}

/// The library's ABI version: major * 65536 + minor. Whether it fits this header is checked by every function that
/// makes an object.
inline std::uint32_t abi_version() noexcept
{
    return poslatch_abi_version();
}

/// The name of a status, such as "WRONG_DEVICE"; "UNKNOWN" for a number that the library does not know.
inline std::string status_name(status status)
{
    return poslatch_status_name(static_cast<poslatch_status>(status));
}

/// Sets where log records of this level and above go, in place of the former callback; an empty one is silence, as it
/// is before. Records hold no keys, codes or passphrases, and no content of messages.
///
/// When this returns, the former callback does not run any more and is destroyed. From any thread, but not under a lock
/// that the callback takes.
///
/// Throws status::busy if it is called within a log callback.
inline void set_log(log_level level, log_callback callback)
{
    detail::check_library();
    std::unique_ptr<log_callback> next(callback ? new log_callback(std::move(callback)) : nullptr);
    detail::log_slot &slot = detail::log_slot::the_one();
    std::unique_lock<std::mutex> lock(slot.mutex, std::defer_lock);
    // Within a callback the library says no; waiting for the lock would be waiting for oneself.
    if (!detail::log_slot::inside())
        lock.lock();
    detail::call([&](poslatch_error **error) {
        return poslatch_log_set(static_cast<std::int32_t>(level), next ? &detail::log_slot::pass_on : nullptr,
                                next.get(), error);
    });
    slot.callback.swap(next);
}

/// Fetches the Root CA chain from the vendor's cloud, with the merchant's API credentials, as PEM text. Do it once
/// for each environment and keep the result with save_root_ca(). It is no secret.
///
/// base_url:      Of the environment, such as "https://api.cybersource.com"; poslatch.h lists them.
/// merchant_id:   The organisation or merchant that owns the key.
/// key_id:        The id of a REST shared secret key.
/// shared_secret: The key itself, in base64. The library keeps no copy; wiping yours is up to you.
/// timeout:       Limit for the whole call, which blocks for at most that and cannot be interrupted.
///
/// Throws status::cloud_authentication if the credentials are not accepted, which a wrong clock of this machine can
/// cause as well; status::http_status; status::root_ca_unusable; and those of the categories network and trust.
inline std::string fetch_root_ca(const std::string &base_url, const std::string &merchant_id, const std::string &key_id,
                                 const std::string &shared_secret, cloud_auth auth = cloud_auth::jwt,
                                 std::chrono::milliseconds timeout = std::chrono::seconds(30))
{
    return detail::fetch_root_ca(base_url, merchant_id, key_id, shared_secret, auth, timeout, nullptr);
}

/// The same with root certificates to trust in place of the public ones of the web, as PEM text.
inline std::string fetch_root_ca(const std::string &base_url, const std::string &merchant_id, const std::string &key_id,
                                 const std::string &shared_secret, cloud_auth auth, std::chrono::milliseconds timeout,
                                 const std::string &web_root_pem)
{
    return detail::fetch_root_ca(base_url, merchant_id, key_id, shared_secret, auth, timeout,
                                 detail::text("web_root_pem", web_root_pem));
}

/// Checks a Root CA chain and saves it as a file of PEM text for device::set_root_ca_file. An older file is replaced
/// only when the new one is safe on disk. Blocks for the disk.
///
/// Throws status::root_ca_unusable if it is no chain, and then nothing is written; status::file.
inline void save_root_ca(const std::string &pem, const std::string &path)
{
    detail::check_library();
    detail::call([&](poslatch_error **error) {
        return poslatch_save_root_ca(detail::bytes(pem), pem.size(), detail::text("path", path), error);
    });
}

/// The till's identity: its private key, its certificate chain, and the name of the device that it was paired with.
/// It does not change. The key is wiped from memory when the identity and all connections that use it are gone.
class identity {
public:
    /// Reads an identity from a file that save() wrote without a passphrase. An expired one is read too.
    ///
    /// Throws status::file, status::passphrase, status::identity_unusable.
    static identity load(const std::string &path) { return load(path, nullptr); }

    /// The same with the passphrase that it was saved with.
    static identity load(const std::string &path, const std::string &passphrase) { return load(path, &passphrase); }

    /// Reads an identity from the text that export_pem() gave without a passphrase.
    ///
    /// Throws status::passphrase, status::identity_unusable.
    static identity from_pem(const std::string &pem) { return from_pem(pem, nullptr); }

    /// The same with the passphrase that it was exported with.
    static identity from_pem(const std::string &pem, const std::string &passphrase)
    {
        return from_pem(pem, &passphrase);
    }

    /// Writes the identity to one PEM file that only this user can read, with the private key not encrypted. An older
    /// file is replaced only when the new one is safe on disk. Blocks for the disk.
    ///
    /// Throws status::file.
    void save(const std::string &path) const { save(path, nullptr); }

    /// The same with the private key encrypted (PBES2, AES-256), which takes about a second on a slow machine.
    ///
    /// Throws status::argument too, if the passphrase is empty.
    void save(const std::string &path, const std::string &passphrase) const { save(path, &passphrase); }

    /// Gives the identity out as the text that save() writes. It holds the private key, not encrypted: keep it as one
    /// keeps keys, and wipe the string, which only its owner can.
    std::string export_pem() const { return export_pem(nullptr); }

    /// The same with the private key encrypted.
    std::string export_pem(const std::string &passphrase) const { return export_pem(&passphrase); }

    /// Gives the identity out as PKCS#12, in bytes, for programs that take no PEM. Its encryption is of the nineties,
    /// since all of them have to read it: choose a passphrase that nobody can guess, in ASCII if Java is to read it.
    ///
    /// Throws status::argument if the passphrase is empty.
    std::string export_pkcs12(const std::string &passphrase) const
    {
        detail::buffer_handle pkcs12;
        detail::call([&](poslatch_error **error) {
            return poslatch_identity_export_pkcs12(full(), detail::text("passphrase", passphrase),
                                                   detail::output<detail::buffer_handle>(pkcs12), error);
        });
        return detail::content(pkcs12);
    }

    /// The certificate chain as PEM text: the till's own certificate first, each followed by its issuer. Holds no
    /// secret.
    std::string cert_chain() const
    {
        detail::buffer_handle pem;
        detail::call([&](poslatch_error **error) {
            return poslatch_get_cert_chain(full(), detail::output<detail::buffer_handle>(pem), error);
        });
        return detail::content(pem);
    }

    /// The posId under which the till was paired.
    std::string pos_id() const { return poslatch_identity_pos_id(full()); }

    /// The name of the device that the till was paired with, such as "1850000123.cybs.seclib.io"; only that device
    /// can be opened with the identity. Empty if the device's certificate held no name.
    std::string device_name() const { return poslatch_identity_device_name(full()); }

    /// The serial number of that device, such as "1850000123". Empty if the device is not known by one.
    std::string serial() const { return poslatch_identity_serial(full()); }

    /// Who issued the till's certificate: a common name, or an organisation.
    std::string issuer() const { return poslatch_identity_issuer(full()); }

    /// Start of the till certificate's life.
    std::chrono::system_clock::time_point not_before() const
    {
        return detail::moment(poslatch_identity_not_before(full()));
    }

    /// End of the till certificate's life; the clock's last moment if it ends later than that. There is no renewal but
    /// pairing again.
    std::chrono::system_clock::time_point not_after() const
    {
        return detail::moment(poslatch_identity_not_after(full()));
    }

    /// When the first certificate of the till's chain ends. From then on the device refuses the till.
    std::chrono::system_clock::time_point earliest_expiry() const
    {
        return detail::moment(poslatch_identity_earliest_expiry(full()));
    }

    /// Whether it is time to pair again, by this machine's clock: two thirds of the till certificate's life have
    /// gone, or the chain has expired or will within `days` days, the longest time that the till may stay unattended.
    bool needs_renewal(std::uint32_t days) const { return poslatch_identity_needs_renewal(full(), days) != 0; }

    /// SHA-256 of the till's certificate: 64 lower-case hexadecimal digits.
    std::string fingerprint() const { return poslatch_identity_fingerprint(full()); }

private:
    friend class device;

    explicit identity(detail::identity_handle &&handle) noexcept : handle_(std::move(handle)) {}

    const poslatch_identity *full() const { return detail::full(handle_, "identity"); }

    static identity load(const std::string &path, const std::string *passphrase)
    {
        detail::check_library();
        detail::identity_handle loaded;
        detail::call([&](poslatch_error **error) {
            return poslatch_identity_load(detail::text("path", path), text(passphrase),
                                          detail::output<detail::identity_handle>(loaded), error);
        });
        return identity(std::move(loaded));
    }

    static identity from_pem(const std::string &pem, const std::string *passphrase)
    {
        detail::check_library();
        detail::identity_handle read;
        detail::call([&](poslatch_error **error) {
            return poslatch_identity_from_pem(detail::bytes(pem), pem.size(), text(passphrase),
                                              detail::output<detail::identity_handle>(read), error);
        });
        return identity(std::move(read));
    }

    void save(const std::string &path, const std::string *passphrase) const
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_identity_save(full(), detail::text("path", path), text(passphrase), error);
        });
    }

    std::string export_pem(const std::string *passphrase) const
    {
        detail::buffer_handle pem;
        detail::call([&](poslatch_error **error) {
            return poslatch_identity_export_pem(full(), text(passphrase),
                                                detail::output<detail::buffer_handle>(pem), error);
        });
        return detail::content(pem);
    }

    static const char *text(const std::string *passphrase)
    {
        return passphrase == nullptr ? nullptr : detail::text("passphrase", *passphrase);
    }

    detail::identity_handle handle_;
};

/// An open connection to one device. Any number of threads may use it at once, under the rules that each function
/// states. Keep one for as long as the till runs: what was dropped is opened again by the next exchange.
class connection {
public:
    /// Sends one request, a JSON object with a string "type", and waits for its final reply, which is returned: the
    /// message of the matching type, or an ErrorResponse. Whether a payment was approved stands in
    /// processingDetails.status.
    ///
    /// on_status: Gets what else arrives meanwhile; over https nothing does.
    /// silence:   How long the device may say nothing at all; each message starts it anew.
    ///
    /// One exchange at a time on a connection; other threads may meanwhile send() a CancelRequest, or close(). Store
    /// the request's merchantReferenceCode before you call. Nothing is ever sent twice by itself.
    ///
    /// Throws before sending (request_state::not_sent): status::request_not_json, status::busy, status::closed, those
    /// of connecting again and others. After it (request_state::in_doubt): status::response_timeout,
    /// status::peer_closed, status::peer_silent and others; ask with recover() then.
    ///
    /// If on_status throws, it is not called again and the exchange goes on to its end; then that very exception
    /// comes out, and the reply waits for take_unclaimed_reply(). Only a poslatch::error, of a call of the callback's
    /// own, comes out nested in a std::runtime_error: its request state does not speak of this request. If the exchange
    /// itself fails, its error is thrown, with the other in error::callback_exception().
    std::string exchange(const std::string &json, const status_callback &on_status = nullptr,
                         std::chrono::milliseconds silence
                         = std::chrono::milliseconds(limits::silence_default_ms)) const
    {
        const poslatch_connection *self = full(request_state::not_sent);
        const std::uint32_t silence_ms = detail::milliseconds("silence", silence, request_state::not_sent);
        unclaimed_reply_->keep(nullptr);
        detail::status_call status_call(on_status);
        detail::buffer_handle reply;
        detail::call(
            [&](poslatch_error **error) {
                return poslatch_connection_exchange(
                    self, json.data(), json.size(), silence_ms,
                    on_status ? &detail::status_call::pass_on : nullptr, &status_call,
                    detail::output<detail::buffer_handle>(reply), error);
            },
            &status_call.thrown());
        try {
            if (status_call.thrown())
                std::rethrow_exception(status_call.thrown());
            return detail::content(reply);
        } catch (const error &own) {
            // A call of the callback's own: its request state must not be taken for this request's.
            unclaimed_reply_->keep(std::move(reply));
            std::throw_with_nested(std::runtime_error(
                std::string("the status callback has failed, not the exchange: take_unclaimed_reply() has its reply. "
                            "The callback's own call: ")
                + own.what()));
        } catch (...) {
            unclaimed_reply_->keep(std::move(reply));
            throw;
        }
    }

    /// The reply of the last exchange, if that ended with an exception of its status callback, or for want of memory
    /// to copy the reply to; else empty. Once: then it is forgotten, as it is when the next exchange begins.
    std::string take_unclaimed_reply() const
    {
        full();
        return unclaimed_reply_->take();
    }

    /// Sends one message and does not wait for an answer: a CancelRequest while an exchange runs, or any message for
    /// a till that takes the answers with receive(). Needs wss. From any thread.
    ///
    /// A CancelRequest blocks only as long as the device does not take the bytes, at most 10 s; any other message may
    /// connect again first, like an exchange.
    ///
    /// Throws status::busy if an exchange runs and the message is no CancelRequest; status::argument over https; else
    /// as exchange().
    void send(const std::string &json) const
    {
        const poslatch_connection *self = full(request_state::not_sent);
        detail::call([&](poslatch_error **error) {
            return poslatch_connection_send(self, json.data(), json.size(), error);
        });
    }

    /// Waits for a message that belongs to no exchange. At most 64 of them are kept; then the oldest goes. Needs wss.
    /// From any thread.
    ///
    /// Throws status::response_timeout if none came in time, which loses nothing: call again. Once everything
    /// received was handed out: status::closed, or status::peer_closed, status::peer_silent and others if the
    /// connection is lost.
    poslatch::message receive(std::chrono::milliseconds timeout
                              = std::chrono::milliseconds(limits::silence_default_ms)) const
    {
        std::int32_t kind = 0;
        detail::buffer_handle json;
        detail::call([&](poslatch_error **error) {
            return poslatch_connection_receive(full(), detail::milliseconds("timeout", timeout), &kind,
                                               detail::output<detail::buffer_handle>(json), error);
        });
        return poslatch::message{static_cast<message_kind>(kind), detail::content(json)};
    }

    /// Finds out how a request has ended whose reply was lost, by its merchantReferenceCode: asks the device again
    /// and again, connecting anew where need be, until it tells an end or `patience` is over; a look-up that has
    /// begun gets 2 s more. Blocks; close() ends it. It is an exchange: no other can run meanwhile.
    ///
    /// Throws the last failure if the device has not answered; the request is then still in doubt.
    recovery recover(const std::string &reference,
                     std::chrono::milliseconds patience
                     = std::chrono::milliseconds(limits::patience_default_ms)) const
    {
        std::int32_t outcome = 0;
        detail::buffer_handle reply;
        detail::call([&](poslatch_error **error) {
            return poslatch_connection_recover(
                full(), detail::text("reference", reference), detail::milliseconds("patience", patience), &outcome,
                detail::output<detail::buffer_handle>(reply), error);
        });
        return recovery{static_cast<recovery_outcome>(outcome), detail::content(reply)};
    }

    /// What is known about the connection, without asking the device.
    connection_state state() const { return static_cast<connection_state>(poslatch_connection_state(full())); }

    /// The verified name of the device, in lower case. Empty if its certificate holds none.
    std::string server_name() const { return poslatch_connection_server_name(full()); }

    /// "TLSv1.3" or "TLSv1.2".
    std::string tls_version() const { return poslatch_connection_tls_version(full()); }

    /// Closes the connection for good: calls that wait on it return within 50 ms, an exchange with status::cancelled
    /// and in doubt; later calls throw status::closed. From any thread, as often as you like.
    void close() const noexcept { poslatch_connection_close(handle_.get()); }

private:
    friend class device;

    explicit connection(detail::connection_handle &&handle)
        : handle_(std::move(handle)), unclaimed_reply_(new detail::unclaimed_reply)
    {
    }

    const poslatch_connection *full(request_state state = request_state::none) const
    {
        return detail::full(handle_, "connection", state);
    }

    detail::connection_handle handle_;
    std::unique_ptr<detail::unclaimed_reply> unclaimed_reply_;
};

/// A payment device as the till's settings describe it: where it is, who it has to be, whom to trust. Holds no
/// connection, and may be changed or destroyed while one that was opened with it lives on.
class device {
public:
    /// Describes the device at a URL: "https://" or "wss://", then an IPv4 address, an IPv6 address in brackets or a
    /// name, and the port that the device shows (8443 if left out). With wss a payment's status messages arrive while
    /// it runs, and it can be cancelled; https has neither.
    ///
    /// Throws status::argument if the URL has another form, or if the library does not fit this header. Does not block.
    explicit device(const std::string &url)
    {
        detail::check_library();
        detail::call([&](poslatch_error **error) {
            return poslatch_device_new(detail::text("url", url), detail::output<detail::device_handle>(handle_), error);
        });
    }

    /// Loads the Root CA chain that the merchant downloaded: PEM, or the JSON object with "certificateChain". Needed
    /// before anything can be opened.
    ///
    /// Throws status::file, or status::root_ca_unusable with what is wrong in which block.
    void set_root_ca_file(const std::string &path)
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_set_root_ca_file(full(), detail::text("path", path), error);
        });
    }

    /// Takes the Root CA chain from memory, in the forms of set_root_ca_file().
    ///
    /// Throws status::root_ca_unusable with what is wrong in which block.
    void set_root_ca_pem(const std::string &pem)
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_set_root_ca_pem(full(), detail::bytes(pem), pem.size(), error);
        });
    }

    /// Expects exactly the device with this serial number, as its About screen shows it, or with this whole DNS name.
    /// After pairing it is not needed: the identity remembers its device.
    ///
    /// Throws status::argument if it cannot be part of a host name.
    void set_serial(const std::string &serial)
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_set_serial(full(), detail::text("serial", serial), error);
        });
    }

    /// Sets how the device has to prove that it is the right one when no identity remembers it: at the first pairing,
    /// and in open_tls(). There is no check that accepts anything. Default: identity_check::domain.
    ///
    /// Throws status::argument if the check needs a name.
    void set_identity_check(identity_check check) { set_check(check, nullptr); }

    /// The same with a name: for identity_check::name the serial number or DNS name; for identity_check::domain the
    /// domain under which devices are named (default "cybs.seclib.io").
    ///
    /// Throws status::argument if check or name will not do.
    void set_identity_check(identity_check check, const std::string &name)
    {
        set_check(check, detail::text("name", name));
    }

    /// Sets a time-out, of at most a day. Connections that are open keep what they were opened with.
    ///
    /// Throws status::argument if it will not do.
    void set_timeout(timeout which, std::chrono::milliseconds time)
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_set_timeout_ms(full(), static_cast<std::int32_t>(which),
                                                  detail::milliseconds("time", time), error);
        });
    }

    /// Sets how a quiet wss connection is watched: a ping after each `ping` of silence, none with 0, and the device
    /// is taken to be gone after `missed_max` pings without an answer and one more `ping`. Default: 10 s and 2.
    ///
    /// Throws status::argument if `ping` is longer than a day or `missed_max` is 0.
    void set_keep_alive(std::chrono::milliseconds ping, std::uint32_t missed_max)
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_set_keep_alive(full(), detail::milliseconds("ping", ping), missed_max, error);
        });
    }

    /// Writes each request with a merchantReferenceCode down in this file before it is sent, and strikes it out at
    /// its final reply. The file is made if it is not there; its folder must exist. It holds no amounts and no card
    /// data. Any number of devices, threads and processes of one user may share it.
    ///
    /// Throws status::file if it cannot be read and written, or is something else.
    void set_journal(const std::string &path) { set_journal_path(detail::text("path", path)); }

    /// Ends the writing that set_journal() began. Connections that are open go on.
    void clear_journal() { set_journal_path(nullptr); }

    /// What stands in the journal: the requests whose end the till does not know, the oldest first, as a JSON array of
    /// objects with the strings "reference", "type", "device" and "time".
    ///
    /// Throws status::argument if no journal was set; status::file.
    std::string journal_pending() const
    {
        detail::buffer_handle json;
        detail::call([&](poslatch_error **error) {
            return poslatch_device_journal_pending(full(), detail::output<detail::buffer_handle>(json), error);
        });
        return detail::content(json);
    }

    /// Strikes every request with this merchantReferenceCode out of the journal: the till knows how it ended. One
    /// that does not stand there is no error.
    ///
    /// Throws status::argument if no journal was set; status::file.
    void journal_forget(const std::string &reference) const
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_journal_forget(full(), detail::text("reference", reference), error);
        });
    }

    /// Pairs the till with the device: sends posId and setup code, and gets an identity. Done once; keep it with
    /// identity::save.
    ///
    /// pos_id:     Your name for this till, unique in the shop; digits are safest.
    /// setup_code: The eight characters on the device's screen. It shows a new code every 300 s, so ask for it last.
    ///
    /// The code is sent only after the device has proven who it is. Blocks for at most the connect and the pairing
    /// time-out together; interrupt() ends it earlier.
    ///
    /// Throws status::code_malformed before anything is dialled; status::wrong_device, status::unknown_issuer and
    /// others of the category trust, with nothing sent; status::pairing_rejected with the device's words: ask for a
    /// new code; status::pairing_reply_lost: take the code as spent.
    identity pair(const std::string &pos_id, const std::string &setup_code) const
    {
        const request_state not_sent = request_state::not_sent;
        detail::identity_handle paired;
        detail::call([&](poslatch_error **error) {
            return poslatch_pair(full(not_sent), detail::text("pos_id", pos_id, not_sent),
                                 detail::text("setup_code", setup_code, not_sent),
                                 detail::output<detail::identity_handle>(paired), error);
        });
        return identity(std::move(paired));
    }

    /// Opens a mutual-TLS connection: the device proves that it is the one that the identity was paired with,
    /// whatever its address now, and the till shows its certificate. When this returns, the device has accepted it.
    ///
    /// Blocks for at most the connect time-out; interrupt() ends it earlier.
    ///
    /// Throws status::refused and others of the category network: try again later; status::wrong_device,
    /// status::till_certificate_rejected and others of the category trust: do not try again by yourself.
    connection open_mtls(const identity &identity) const
    {
        detail::connection_handle opened;
        detail::call([&](poslatch_error **error) {
            return poslatch_open_mtls(full(), identity.full(),
                                      detail::output<detail::connection_handle>(opened), error);
        });
        return connection(std::move(opened));
    }

    /// Opens a connection without a till certificate, for a device whose Security setting is TLS. The device is
    /// verified exactly as otherwise. As open_mtls() in all other respects.
    connection open_tls() const
    {
        detail::connection_handle opened;
        detail::call([&](poslatch_error **error) {
            return poslatch_open_tls(full(), detail::output<detail::connection_handle>(opened), error);
        });
        return connection(std::move(opened));
    }

    /// Looks at everything between this till and the device, as the till that holds this identity: the network, TLS,
    /// certificates (also untrusted ones), the device's name, the clocks, whether it accepts the till. For a support
    /// desk. Sends no payment, no pairing request and no code, and nothing to a server that has not passed.
    ///
    /// Gives a JSON object with "verdict" ("ok", "warning" or "failed"), "cause", "screen" (for people) and "steps";
    /// docs/probe.md lists all. Blocks for at most three connect time-outs and 4 s; interrupt() ends it earlier. Not
    /// while a payment is on its way.
    ///
    /// Throws status::cancelled. What device and network do is in the report.
    std::string probe(const identity &identity) const { return probe_as(identity.full()); }

    /// The same, as a till that wants to pair.
    std::string probe() const { return probe_as(nullptr); }

    /// Finds the device again whose address has changed: asks every address that it could have for its certificate,
    /// and gives the URL of the one that proves to be the device that the identity was paired with. Ready for a device
    /// of its own. Nothing but the TLS handshake is sent to anybody.
    ///
    /// subnets:     Subnets and single addresses, such as "192.168.1.0/24,192.168.2.17", at most 4096 addresses. Empty:
    ///              this machine's own /24, if it is a private one.
    /// on_progress: Gets how far the search is. If it throws, the search ends, and that very exception comes out of it.
    ///
    /// Blocks for 4.4 s where nobody of 254 answers; interrupt() ends it earlier.
    ///
    /// Throws status::device_not_found, whose advice names other devices that answered; status::argument.
    std::string find(const identity &identity, const std::string &subnets = std::string(),
                     const progress_callback &on_progress = nullptr) const
    {
        return find(identity.full(), subnets, on_progress);
    }

    /// The same for a till without an identity: the device with the serial number that was set.
    std::string find(const std::string &subnets = std::string(), const progress_callback &on_progress = nullptr) const
    {
        return find(static_cast<const poslatch_identity *>(nullptr), subnets, on_progress);
    }

    /// Makes the calls of pair(), open_mtls(), open_tls(), probe() and find() that run on this device now throw
    /// status::cancelled, within 200 ms. Later calls and open connections are not touched. From any thread, as often as
    /// you like.
    void interrupt() const { poslatch_device_interrupt(full()); }

private:
    std::string probe_as(const poslatch_identity *identity) const
    {
        detail::buffer_handle report;
        detail::call([&](poslatch_error **error) {
            return poslatch_probe(full(), identity, detail::output<detail::buffer_handle>(report), error);
        });
        return detail::content(report);
    }

    poslatch_device *full(request_state state = request_state::none) const
    {
        return detail::full(handle_, "device", state);
    }

    std::string find(const poslatch_identity *identity, const std::string &subnets,
                     const progress_callback &on_progress) const
    {
        const char *list = subnets.empty() ? nullptr : detail::text("subnets", subnets);
        detail::progress_call progress_call(on_progress);
        detail::buffer_handle url;
        try {
            detail::call([&](poslatch_error **error) {
                return poslatch_find_device(full(), identity, list,
                                            on_progress ? &detail::progress_call::pass_on : nullptr, &progress_call,
                                            detail::output<detail::buffer_handle>(url), error);
            });
        } catch (const error &) {
            progress_call.rethrow();
            throw;
        }
        return detail::content(url);
    }

    void set_check(identity_check check, const char *name)
    {
        detail::call([&](poslatch_error **error) {
            return poslatch_device_set_identity_check(full(), static_cast<std::int32_t>(check), name, error);
        });
    }

    void set_journal_path(const char *path)
    {
        detail::call([&](poslatch_error **error) { return poslatch_device_set_journal(full(), path, error); });
    }

    detail::device_handle handle_;
};

} // namespace poslatch

#endif // POSLATCH_HPP
