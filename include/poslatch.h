/*
 * poslatch: a secure connection between a till and a payment device, over mutual TLS.
 *
 * This file is generated from src/ffi by `cargo xtask header`; edit it there.
 *
 * LINKING
 *
 *   CMake      find_package(poslatch), then link poslatch::poslatch (shared) or poslatch::static
 *   Linux      cc till.c $(pkg-config --cflags --libs poslatch)
 *   Windows    link against poslatch.dll; functions and callbacks are cdecl, so do not include this header under /Gz
 *
 *   C99, C11 and C++11 take this header as it is. Types of the interface are fixed-width integers, size_t and pointers
 *   only: no enum, no bool, no struct by value, nothing variadic.
 *
 * FIRST USE (examples-c/ has complete programs)
 *
 *   poslatch_device *device = NULL;
 *   poslatch_identity *identity = NULL;
 *   poslatch_connection *connection = NULL;
 *   poslatch_buffer *reply = NULL;
 *   poslatch_error *error = NULL;
 *
 *   if (poslatch_device_new("https://192.168.1.20:8443/", &device, &error) != POSLATCH_OK
 *       || poslatch_device_set_root_ca_file(device, "root-ca.pem", &error) != POSLATCH_OK
 *       || poslatch_identity_load("till.pem", NULL, &identity, &error) != POSLATCH_OK
 *       || poslatch_open_mtls(device, identity, &connection, &error) != POSLATCH_OK
 *       || poslatch_connection_exchange(connection, json, size, 180000, NULL, NULL, &reply, &error) != POSLATCH_OK)
 *       fprintf(stderr, "%s\n%s\n", poslatch_error_message(error), poslatch_error_advice(error));
 *
 *   poslatch_error_free(error);
 *   ... and every other object with its own _free, in any order.
 *
 * ERRORS
 *
 *   Fallible functions return a poslatch_status: 0 is success, failures are negative, stable and never reused. Their
 *   last parameter takes an error object with the facts and the advice; it may be NULL. On success it is set to NULL.
 *   Branch on the category, show the message and the advice, log the status name.
 *
 *   Ask for the request state after a failed exchange. POSLATCH_REQUEST_IN_DOUBT means that the request may have
 *   reached the device: never repeat it, but ask with poslatch_connection_recover.
 *
 * OWNERSHIP
 *
 *   What comes back through a `type **` parameter belongs to the caller, who frees it once with the matching _free.
 *   _free(NULL) does nothing. Outputs are set to NULL on entry and filled only on success. Pointers that a function
 *   returns directly are borrowed: they live as long as the object that they were asked of, and are never freed.
 *   Inputs are read during the call and copied if they are kept; objects may be freed while others still use them.
 *
 * TEXT AND BYTES
 *
 *   Text is UTF-8 and ends with NUL. Bytes are a pointer and a size; (NULL, 0) is empty.
 *
 * THREADS
 *
 *   A function whose object is `const` may run on any number of threads at once; one whose object is not const needs
 *   that object to itself, as does every _free. There is no hidden thread-local state: errors travel in objects.
 *   Interrupting and closing are for any thread at any time, and end what waits. Callbacks run on the calling thread;
 *   they must not throw or jump out. The library is not for use in a child after fork() without exec().
 *
 * VERSIONS
 *
 *   Within one major version of the ABI functions and numbers are only added. A program that loads the library at run
 *   time calls poslatch_abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR) first.
 */


#ifndef POSLATCH_H
#define POSLATCH_H

#include <stddef.h>
#include <stdint.h>

/** The call did what it was asked for. */
#define POSLATCH_OK 0

/** An argument is missing or has the wrong form. */
#define POSLATCH_E_ARGUMENT -1

/** The setup code does not have eight characters. */
#define POSLATCH_E_CODE_MALFORMED -2

/** The object was closed before. */
#define POSLATCH_E_CLOSED -3

/** Another call is using the connection. */
#define POSLATCH_E_BUSY -4

/** The request is not a JSON object with a string "type"; nothing was sent. */
#define POSLATCH_E_REQUEST_NOT_JSON -5

/** The request is larger than the library sends; nothing was sent. */
#define POSLATCH_E_REQUEST_TOO_LARGE -6

/** A file could not be read or written. */
#define POSLATCH_E_FILE -7

/** The passphrase of an identity is missing or wrong. */
#define POSLATCH_E_PASSPHRASE -8

/** The Root CA chain is missing or cannot serve as one. */
#define POSLATCH_E_ROOT_CA_UNUSABLE -9

/** The identity file or text does not hold a usable identity. */
#define POSLATCH_E_IDENTITY_UNUSABLE -10

/** The host name of the address could not be resolved. */
#define POSLATCH_E_NAME_NOT_RESOLVED -100

/** The host answered, but nothing listens on the port. */
#define POSLATCH_E_REFUSED -101

/** There is no way through the network to the host. */
#define POSLATCH_E_UNREACHABLE -102

/** The connection was not up within the connect time-out. */
#define POSLATCH_E_CONNECT_TIMEOUT -103

/** The device closed or reset the connection. */
#define POSLATCH_E_PEER_CLOSED -104

/** The device stayed silent for longer than allowed. */
#define POSLATCH_E_RESPONSE_TIMEOUT -105

/** The device does not answer any more: switched off, out of reach, or hung. */
#define POSLATCH_E_PEER_SILENT -106

/** Nobody at the addresses that were searched has proven to be the device. */
#define POSLATCH_E_DEVICE_NOT_FOUND -107

/** The other side does not speak TLS. */
#define POSLATCH_E_NOT_TLS -200

/** The two sides have no TLS version or cipher in common. */
#define POSLATCH_E_TLS_VERSION -201

/** The device's certificate was not issued under the Root CA chain. */
#define POSLATCH_E_UNKNOWN_ISSUER -202

/** The device's certificate has expired, by this machine's clock. */
#define POSLATCH_E_DEVICE_CERTIFICATE_EXPIRED -203

/** The device's certificate is not valid yet, by this machine's clock. */
#define POSLATCH_E_DEVICE_CERTIFICATE_NOT_YET_VALID -204

/** The device's certificate cannot be used for a server. */
#define POSLATCH_E_DEVICE_CERTIFICATE_UNUSABLE -205

/** A genuine certificate, but of another device than the expected one. */
#define POSLATCH_E_WRONG_DEVICE -206

/** The device does not accept the till's certificate. */
#define POSLATCH_E_TILL_CERTIFICATE_REJECTED -207

/** The device does not accept the till's certificate, which has expired. */
#define POSLATCH_E_TILL_CERTIFICATE_EXPIRED -208

/** The device wants a till certificate where none can be shown. */
#define POSLATCH_E_TILL_CERTIFICATE_REQUIRED -209

/** The TLS handshake failed for a reason that has no status of its own. */
#define POSLATCH_E_TLS_FAILED -210

/** The device refused to pair. */
#define POSLATCH_E_PAIRING_REJECTED -300

/** The device's pairing reply does not hold a usable key and certificate chain. */
#define POSLATCH_E_PAIRING_REPLY_UNUSABLE -301

/**
 * The pairing request may have reached the device, but no whole reply came back: take the setup
 * code as spent.
 */
#define POSLATCH_E_PAIRING_REPLY_LOST -302

/** The vendor's cloud does not accept the merchant's API credentials. */
#define POSLATCH_E_CLOUD_AUTHENTICATION -303

/** The device answered with an HTTP status that is not the expected one. */
#define POSLATCH_E_HTTP_STATUS -400

/** The device sent more than the library accepts. */
#define POSLATCH_E_REPLY_TOO_LARGE -401

/** The device sent a message that is not a JSON object with a string "type". */
#define POSLATCH_E_REPLY_NOT_JSON -402

/** The device broke the rules of HTTP or WebSocket. */
#define POSLATCH_E_PROTOCOL_VIOLATION -403

/** The call was interrupted, or the connection closed, from another thread. */
#define POSLATCH_E_CANCELLED -900

/** A fault of the library itself. */
#define POSLATCH_E_INTERNAL -999

/** Category: the call or its input is at fault. Mend the program or the setting. */
#define POSLATCH_CATEGORY_USAGE 1

/** Category: the network or the device's power is at fault. May pass by itself. */
#define POSLATCH_CATEGORY_NETWORK 2

/** Category: who is who is in question. Do not retry; fetch a person. */
#define POSLATCH_CATEGORY_TRUST 3

/** Category: the device said no, or said something that cannot be used. */
#define POSLATCH_CATEGORY_DEVICE 4

/** Category: another thread asked for it. */
#define POSLATCH_CATEGORY_CANCELLED 5

/** Category: report it to the makers of the library. */
#define POSLATCH_CATEGORY_INTERNAL 6

/** Request state: the call carries no request, or its fate is known. */
#define POSLATCH_REQUEST_NONE 0

/** Request state: not one byte of the request left this machine. It can be made again. */
#define POSLATCH_REQUEST_NOT_SENT 1

/**
 * Request state: the request may have reached the device. Never repeat it; look it up by its
 * merchantReferenceCode (TransactionLookupRequest).
 */
#define POSLATCH_REQUEST_IN_DOUBT 2

/** Identity check: exactly this serial number, or this whole DNS name. */
#define POSLATCH_CHECK_NAME 1

/** Identity check: any single-label name under the device domain (the default). */
#define POSLATCH_CHECK_DOMAIN 2

/** Identity check: the certificate has to cover the host of the URL. */
#define POSLATCH_CHECK_ADDRESS 3

/**
 * Identity check: any certificate under the Root CA chain. Weak: the chain belongs to a large
 * company that also issues certificates to others than payment devices.
 */
#define POSLATCH_CHECK_CHAIN_ONLY 4

/** Time-out: resolving, connecting, TLS and WebSocket together. Default: 10000 ms. */
#define POSLATCH_TIMEOUT_CONNECT 1

/** Time-out: the device's reply to a pairing request. Default: 30000 ms. */
#define POSLATCH_TIMEOUT_PAIRING 2

/** Time-out: a whole exchange, however much the device says meanwhile. Default: none. */
#define POSLATCH_TIMEOUT_EXCHANGE 3

/**
 * Quiet time before a ping, and between pings, when poslatch_device_set_keep_alive was not called:
 * 10000 ms.
 */
#define POSLATCH_PING_DEFAULT_MS 10000

/** Pings that may stay unanswered when poslatch_device_set_keep_alive was not called: 2. */
#define POSLATCH_PINGS_MISSED_DEFAULT 2

/** Silence that poslatch_connection_exchange allows when it is given 0: 180000 ms. */
#define POSLATCH_SILENCE_DEFAULT_MS 180000

/** Message kind: progress (TransactionStatusResponse, OperationStatusResponse). */
#define POSLATCH_MESSAGE_STATUS 1

/** Message kind: another "...Response", ErrorResponse included. */
#define POSLATCH_MESSAGE_REPLY 2

/** Message kind: a type that the vendor does not document. */
#define POSLATCH_MESSAGE_OTHER 3

/** Connection state: closed by the till, for good. */
#define POSLATCH_CONNECTION_CLOSED 0

/** Connection state: open, as far as is known without asking the device. */
#define POSLATCH_CONNECTION_OPEN 1

/**
 * Connection state: dropped by the device or the network, or given up after an exchange in doubt. The
 * next exchange connects again.
 */
#define POSLATCH_CONNECTION_LOST 2

/** Connection state: an exchange is connecting again. */
#define POSLATCH_CONNECTION_CONNECTING 3

/** Recovery: the request has ended; how, stands in processingDetails.status of the reply. */
#define POSLATCH_RECOVERY_FINAL 1

/** Recovery: the device is still at work on the request. */
#define POSLATCH_RECOVERY_RUNNING 2

/** Recovery: for the whole time, the device knew of no such request, or could not say how it ended. */
#define POSLATCH_RECOVERY_UNKNOWN 3

/** Time that poslatch_connection_recover asks when it is given 0: 60000 ms. */
#define POSLATCH_PATIENCE_DEFAULT_MS 60000

/** Size of the largest request that the library sends, in bytes: 1 MiB. */
#define POSLATCH_JSON_BYTES_MAX 1048576

/** Log level: nothing. */
#define POSLATCH_LOG_OFF 0

/** Log level: faults of the library itself. */
#define POSLATCH_LOG_ERROR 1

/** Log level: failed calls, and what calls for action. */
#define POSLATCH_LOG_WARN 2

/** Log level: connections and pairings. */
#define POSLATCH_LOG_INFO 3

/** Log level: types, sizes and times of messages. */
#define POSLATCH_LOG_DEBUG 4

/** Log level: everything there is. */
#define POSLATCH_LOG_TRACE 5

/** Cloud authentication: a JSON Web Token, signed with the shared secret (the default). */
#define POSLATCH_AUTH_JWT 1

/** Cloud authentication: HTTP Signature over the Date header. The vendor ends it in September 2026. */
#define POSLATCH_AUTH_HTTP_SIGNATURE 2

/**
 * Cloud authentication: HTTP Signature over the v-c-date header, for machines behind a proxy that
 * changes Date. The vendor ends it in September 2026.
 */
#define POSLATCH_AUTH_HTTP_SIGNATURE_V_DATE 3

/** Major version of the ABI: a library with another one does not fit this header. */
#define POSLATCH_ABI_MAJOR 0

/** Minor version of the ABI: a library with a higher one fits this header too. */
#define POSLATCH_ABI_MINOR 4

/**
 * Bytes that a call gave out: a certificate chain, an identity, a message. Owned by whoever received
 * it; freed with poslatch_buffer_free, which wipes it. Any number of threads may read it.
 */
typedef struct poslatch_buffer poslatch_buffer;

/**
 * An open connection to one device. Any number of threads may use it at the same time, under the
 * rules that each function states.
 */
typedef struct poslatch_connection poslatch_connection;

/**
 * A payment device as the till's settings describe it: where it is, who it has to be, whom to
 * trust. Holds no connection. Calls read it when they start, so it may be changed or freed while a
 * connection that was opened with it lives on. Setters must not run at the same time as any other
 * call on the same object; all other calls may.
 */
typedef struct poslatch_device poslatch_device;

/**
 * Why a call failed. Owned by whoever received it through an "error" parameter; freed with
 * poslatch_error_free. Reading does not change it; any number of threads may. Holds no secret.
 */
typedef struct poslatch_error poslatch_error;

/**
 * The till's identity: its private key, its certificate chain, and the name of the device that it
 * was paired with. Cannot be changed, so any number of threads may use it. The key is wiped from
 * memory when the identity and all connections that use it are freed.
 */
typedef struct poslatch_identity poslatch_identity;

/**
 * Result of a function that can fail: POSLATCH_OK, or one of the negative POSLATCH_E_ constants.
 * The numbers are stable: later versions add to them, and never change or reuse one.
 */
typedef int32_t poslatch_status;

/**
 * Called for each log record, on whatever thread the record is made. `message` is one line of UTF-8,
 * terminated, and valid during the call only; `level` is one of the POSLATCH_LOG_ constants. It must
 * not throw or leave by longjmp, and not wait for a thread that may be calling this library (a window's
 * thread, for one): the call that is being logged waits for it. What it calls of this library is not
 * logged.
 */
typedef void (*poslatch_on_log)(void *user, int32_t level, const char *message);

/**
 * Called while a device is looked for, on the thread that called poslatch_find_device: first with
 * nothing tried, then whenever addresses were done with. Returns 0 to go on; anything else ends the
 * search with POSLATCH_E_CANCELLED. It must not free what the search uses, throw, or leave by longjmp.
 * `tried` of `total` addresses have been asked, whether they answered or not.
 */
typedef int32_t (*poslatch_on_progress)(void *user, uint32_t tried, uint32_t total);

/**
 * Called for each message that arrives during an exchange and does not end it, on the thread that
 * called poslatch_connection_exchange. `json` is the device's message in UTF-8, terminated, and valid
 * during the call only. It may call poslatch_connection_send and poslatch_connection_close on the
 * connection; it must not free it, throw, or leave by longjmp.
 */
typedef void (*poslatch_on_status)(void *user, const char *json, size_t size);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/** The library's version and crypto provider, such as "poslatch 0.1.0 (ring)". Static text. */
const char *poslatch_version_string(void);

/** The library's ABI version: major * 65536 + minor. */
uint32_t poslatch_abi_version(void);

/**
 * Tells whether this library fits a program that was built with the given ABI version. A wrapper
 * calls it first, with POSLATCH_ABI_MAJOR and POSLATCH_ABI_MINOR of its header.
 *
 * @return POSLATCH_OK, or POSLATCH_E_ARGUMENT if the library is too old or of another major version.
 */
poslatch_status poslatch_abi_check(uint32_t major, uint32_t minor);

/**
 * Sets where log records go, in place of the former callback. The library is silent until then, and
 * writes nothing to standard output or standard error by itself.
 *
 * Records hold facts: addresses, names, types and sizes of messages, times. They hold no keys, no
 * setup codes, no passphrases, and no content of messages. With POSLATCH_LOG_WARN there is one that
 * calls for action: "identity file ... can be read by other users".
 *
 * When this returns, the former callback is not running and will not be called again; so do not hold
 * a lock here that the callback takes. From any thread.
 *
 * @param level One of the POSLATCH_LOG_ constants: records of this level and above.
 * @param on_log NULL for silence.
 * @param user Passed to on_log as it is; has to be usable from any thread.
 * @return POSLATCH_E_ARGUMENT if the level is none of the constants; POSLATCH_E_BUSY if called from
 *   within a log callback.
 */
poslatch_status poslatch_log_set(int32_t level, poslatch_on_log on_log, void *user, poslatch_error **error);

/**
 * Fetches the Root CA chain from the vendor's cloud, with the merchant's API credentials: in place of
 * the download in the Business Center. Do it once for each environment and keep the result, with
 * poslatch_save_root_ca or in a place of your own; it is no secret, and what
 * poslatch_device_set_root_ca_pem takes.
 *
 * The cloud is verified like any web server before anything is sent. Failed connections, HTTP 429 and
 * HTTP 5xx are tried again, three times in all. Blocks for at most the time-out, and cannot be
 * interrupted: there is no object to do it with, so choose a time-out that you can wait for.
 *
 * @param base_url Of the environment, since test and production have different chains:
 *   `https://apitest.cybersource.com` or `https://api.cybersource.com` (Cybersource, test and
 *   production), `https://apitest.visaacceptance.com` or `https://api.visaacceptance.com` (Visa
 *   Acceptance), or any https URL under which the vendor's paths are found.
 * @param merchant_id The organisation or merchant that owns the key.
 * @param key_id The id of a REST shared secret key.
 * @param shared_secret The key itself, in base64 as the Business Center shows it. Not kept.
 * @param auth One of the POSLATCH_AUTH_ constants; POSLATCH_AUTH_JWT unless you have a reason.
 * @param web_root_pem Root certificates to trust in place of the public ones of the web, as PEM text;
 *   NULL: the public ones.
 * @param timeout_ms Limit for the whole call; 0: 30000 ms.
 * @param[out] pem The chain as PEM text. Owned by the caller; freed with poslatch_buffer_free.
 * @return POSLATCH_E_CLOUD_AUTHENTICATION if the credentials are not accepted, which a wrong clock of
 *   this machine can cause as well; POSLATCH_E_HTTP_STATUS; POSLATCH_E_ROOT_CA_UNUSABLE if what came is
 *   no chain; and those of the categories NETWORK and TRUST.
 */
poslatch_status poslatch_fetch_root_ca(const char *base_url,
                                       const char *merchant_id,
                                       const char *key_id,
                                       const char *shared_secret,
                                       int32_t auth,
                                       const char *web_root_pem,
                                       uint32_t timeout_ms,
                                       poslatch_buffer **pem,
                                       poslatch_error **error);

/**
 * Saves a Root CA chain, which poslatch_fetch_root_ca gave or which was downloaded, as a file of PEM
 * text for poslatch_device_set_root_ca_file. The chain is checked first. An older file is replaced
 * only when the new one is safe on disk: a process that is killed leaves the old file or the new one,
 * whole.
 *
 * @param pem The chain, in any form that poslatch_device_set_root_ca_pem takes. Need not be terminated.
 * @param size Its size in bytes.
 * @param path File name in UTF-8. A symbolic link there is replaced, not followed. Others may read the
 *   file, since it is no secret; choose a folder where only the till can write.
 * @return POSLATCH_E_ROOT_CA_UNUSABLE if it is no chain, and then nothing is written; POSLATCH_E_FILE.
 *   Blocks for the disk.
 */
poslatch_status poslatch_save_root_ca(const uint8_t *pem,
                                      size_t size,
                                      const char *path,
                                      poslatch_error **error);

/**
 * Makes the description of a device.
 *
 * @param url "https://" or "wss://", then an IPv4 address, an IPv6 address in brackets or a name, and
 *   the port that the device shows under Generate Code > Details (8443 if left out). UTF-8. With wss a
 *   payment's status messages arrive while it runs, and it can be cancelled; https has neither.
 * @param[out] device Owned by the caller; freed with poslatch_device_free.
 * @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
 * @return POSLATCH_E_ARGUMENT if the URL has another form. Does not block.
 */
poslatch_status poslatch_device_new(const char *url, poslatch_device **device, poslatch_error **error);

/**
 * Loads the Root CA chain that the merchant downloaded: PEM, or the JSON object with
 * "certificateChain". Its self-signed CAs become trust anchors, the others complete the chains of
 * devices that send only their own certificate. Needed before anything can be opened.
 *
 * @param path File name in UTF-8.
 * @return POSLATCH_E_FILE, or POSLATCH_E_ROOT_CA_UNUSABLE with what is wrong in which block.
 */
poslatch_status poslatch_device_set_root_ca_file(poslatch_device *device,
                                                 const char *path,
                                                 poslatch_error **error);

/**
 * Takes the Root CA chain from memory, in the forms of poslatch_device_set_root_ca_file.
 *
 * @param pem The bytes; copied. Need not be terminated.
 * @param size Their number.
 * @return POSLATCH_E_ROOT_CA_UNUSABLE with what is wrong in which block.
 */
poslatch_status poslatch_device_set_root_ca_pem(poslatch_device *device,
                                                const uint8_t *pem,
                                                size_t size,
                                                poslatch_error **error);

/**
 * Expects exactly the device with this serial number; the same as poslatch_device_set_identity_check
 * with POSLATCH_CHECK_NAME. After pairing it is not needed: the identity remembers its device.
 *
 * @param serial As the device's About screen shows it, or a whole DNS name. UTF-8; case does not
 *   matter.
 * @return POSLATCH_E_ARGUMENT if it cannot be part of a host name.
 */
poslatch_status poslatch_device_set_serial(poslatch_device *device,
                                           const char *serial,
                                           poslatch_error **error);

/**
 * Sets how the device has to prove that it is the right one when no identity remembers it: at the
 * first pairing, and in poslatch_open_tls. There is no check that accepts anything.
 *
 * @param check One of the POSLATCH_CHECK_ constants. Default: POSLATCH_CHECK_DOMAIN.
 * @param name For POSLATCH_CHECK_NAME the serial number or DNS name; for POSLATCH_CHECK_DOMAIN the
 *   domain under which devices are named, or NULL to keep it (default "cybs.seclib.io"); NULL for the
 *   others. UTF-8.
 * @return POSLATCH_E_ARGUMENT if check or name will not do.
 */
poslatch_status poslatch_device_set_identity_check(poslatch_device *device,
                                                   int32_t check,
                                                   const char *name,
                                                   poslatch_error **error);

/**
 * Sets a time-out.
 *
 * @param which One of the POSLATCH_TIMEOUT_ constants.
 * @param ms Milliseconds, at most a day; 0 means the default. Connections that are open keep what they
 *   were opened with.
 * @return POSLATCH_E_ARGUMENT if either will not do.
 */
poslatch_status poslatch_device_set_timeout_ms(poslatch_device *device,
                                               int32_t which,
                                               uint32_t ms,
                                               poslatch_error **error);

/**
 * Sets how a quiet wss connection is watched: a ping after each ping_ms of silence, and the device is
 * taken to be gone after missed_max pings without an answer and one more ping_ms. By default, a device
 * that is gone is noticed after 30 s.
 *
 * A device that has never answered a ping is not held to it; the operating system's own probes then
 * notice after 30 s that its machine is gone. Connections that are open keep what they were opened
 * with.
 *
 * @param ping_ms Milliseconds, at most a day; 0 sends no pings.
 * @param missed_max At least 1.
 * @return POSLATCH_E_ARGUMENT if either will not do.
 */
poslatch_status poslatch_device_set_keep_alive(poslatch_device *device,
                                               uint32_t ping_ms,
                                               uint32_t missed_max,
                                               poslatch_error **error);

/**
 * Makes the calls of poslatch_pair, poslatch_open_mtls, poslatch_open_tls, poslatch_probe and
 * poslatch_find_device that run on this device now return POSLATCH_E_CANCELLED, within 200 ms. Later calls
 * and open connections are not touched. From any thread, as often as you like. NULL is allowed.
 */
void poslatch_device_interrupt(const poslatch_device *device);

/**
 * Frees the description. No call may be using it; connections opened with it live on. NULL is
 * allowed.
 */
void poslatch_device_free(poslatch_device *device);

/**
 * Pairs the till with the device: sends posId and setup code, and gets an identity, which is the
 * till's private key with its certificates. Done once; keep the identity with poslatch_identity_save.
 *
 * The code is sent only after the device has proven who it is. The device shows a new code every
 * 300 s, so have everything else ready before it is asked for. Blocks for at most the connect and the
 * pairing time-out together; poslatch_device_interrupt ends it earlier.
 *
 * @param pos_id Your name for this till, unique in the shop. UTF-8; digits are safest, since some
 *   versions of the app accept nothing else.
 * @param setup_code The eight characters on the device's screen; spaces around them are ignored.
 * @param[out] identity Owned by the caller; freed with poslatch_identity_free.
 * @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
 * @return POSLATCH_E_CODE_MALFORMED before anything is dialled; POSLATCH_E_WRONG_DEVICE,
 *   POSLATCH_E_UNKNOWN_ISSUER and others of the category TRUST, with nothing sent;
 *   POSLATCH_E_PAIRING_REJECTED with the device's words: ask for a new code;
 *   POSLATCH_E_PAIRING_REPLY_LOST: take the code as spent and ask for a new one.
 */
poslatch_status poslatch_pair(const poslatch_device *device,
                              const char *pos_id,
                              const char *setup_code,
                              poslatch_identity **identity,
                              poslatch_error **error);

/**
 * The certificate chain of an identity as PEM text: the till's own certificate first, each followed
 * by its issuer, the root last. Holds no secret.
 *
 * @param[out] pem Owned by the caller; freed with poslatch_buffer_free.
 * @return POSLATCH_E_ARGUMENT if `identity` or `pem` is NULL. Does not block.
 */
poslatch_status poslatch_get_cert_chain(const poslatch_identity *identity,
                                        poslatch_buffer **pem,
                                        poslatch_error **error);

/**
 * Writes the identity to one PEM file that only this user can read (Unix: mode 0600; Windows: an
 * access list that holds this user alone and inherits nothing). An older file is replaced only when
 * the new one is safe on disk: a process that is killed leaves the old file or the new one, whole, and
 * perhaps a hidden ".NAME.PROCESS-NUMBER.new" beside it, which the next save removes. openssl and curl
 * read the file as it is.
 *
 * @param path File name in UTF-8. A symbolic link there is replaced, not followed.
 * @param passphrase Encrypts the private key (PBES2, AES-256); UTF-8. NULL: not encrypted.
 * @return POSLATCH_E_FILE, POSLATCH_E_ARGUMENT. Blocks for the disk, and about a second on a slow
 *   machine for the passphrase.
 */
poslatch_status poslatch_identity_save(const poslatch_identity *identity,
                                       const char *path,
                                       const char *passphrase,
                                       poslatch_error **error);

/**
 * Reads an identity from a file that poslatch_identity_save wrote. An expired one is read too: its
 * facts are of use.
 *
 * @param path File name in UTF-8.
 * @param passphrase The one that it was saved with; NULL if without.
 * @param[out] identity Owned by the caller; freed with poslatch_identity_free.
 * @return POSLATCH_E_FILE, POSLATCH_E_PASSPHRASE, POSLATCH_E_IDENTITY_UNUSABLE.
 */
poslatch_status poslatch_identity_load(const char *path,
                                       const char *passphrase,
                                       poslatch_identity **identity,
                                       poslatch_error **error);

/**
 * Gives the identity out as the text that poslatch_identity_save writes, for tills that keep their
 * keys elsewhere. It holds the private key.
 *
 * @param passphrase Encrypts the private key; NULL: not encrypted.
 * @param[out] pem Owned by the caller; freed, and wiped, with poslatch_buffer_free.
 * @return POSLATCH_E_ARGUMENT.
 */
poslatch_status poslatch_identity_export_pem(const poslatch_identity *identity,
                                             const char *passphrase,
                                             poslatch_buffer **pem,
                                             poslatch_error **error);

/**
 * Gives the identity out as PKCS#12 (.p12, .pfx), for programs that take no PEM: .NET Framework,
 * Java 8, OpenSSL and whatever is newer read it. Its name in their stores is the posId. It holds the
 * private key.
 *
 * What all of them read is encryption of the nineties (Triple DES, SHA-1): choose a passphrase that
 * nobody can guess, and remove the file once it was imported. poslatch itself does not read PKCS#12;
 * keep the identity with poslatch_identity_save.
 *
 * @param passphrase Encrypts key and certificates; UTF-8, not empty. Java takes ASCII only.
 * @param[out] pkcs12 Owned by the caller; freed, and wiped, with poslatch_buffer_free.
 * @return POSLATCH_E_ARGUMENT.
 */
poslatch_status poslatch_identity_export_pkcs12(const poslatch_identity *identity,
                                                const char *passphrase,
                                                poslatch_buffer **pkcs12,
                                                poslatch_error **error);

/**
 * Reads an identity from the text that poslatch_identity_export_pem gave.
 *
 * @param pem The bytes; copied. Need not be terminated.
 * @param size Their number.
 * @param passphrase The one that it was exported with; NULL if without.
 * @param[out] identity Owned by the caller; freed with poslatch_identity_free.
 * @return POSLATCH_E_PASSPHRASE, POSLATCH_E_IDENTITY_UNUSABLE.
 */
poslatch_status poslatch_identity_from_pem(const uint8_t *pem,
                                           size_t size,
                                           const char *passphrase,
                                           poslatch_identity **identity,
                                           poslatch_error **error);

/**
 * The posId under which the till was paired. UTF-8.
 *
 * @return Valid until the identity is freed; "" if `identity` is NULL. Never NULL.
 */
const char *poslatch_identity_pos_id(const poslatch_identity *identity);

/**
 * The name of the device that the till was paired with, in lower case, such as
 * "1850000123.cybs.seclib.io". Only that device can be opened with the identity.
 *
 * @return Valid until the identity is freed; "" if the device's certificate held no name, or
 *   `identity` is NULL. Never NULL.
 */
const char *poslatch_identity_device_name(const poslatch_identity *identity);

/**
 * The serial number of the device that the till was paired with: the first label of its name, such as
 * "1850000123".
 *
 * @return Valid until the identity is freed; "" if the device is known by an address, a bare host name
 *   or not at all, or `identity` is NULL. Never NULL.
 */
const char *poslatch_identity_serial(const poslatch_identity *identity);

/**
 * Who issued the till's certificate: the issuer's common name, or its organisation where it has none.
 * UTF-8.
 *
 * @return Valid until the identity is freed; "" if `identity` is NULL. Never NULL.
 */
const char *poslatch_identity_issuer(const poslatch_identity *identity);

/** Start of the till certificate's life, in seconds since 1970 (UTC); 0 if `identity` is NULL. */
int64_t poslatch_identity_not_before(const poslatch_identity *identity);

/**
 * End of the till certificate's life, in seconds since 1970 (UTC); 0 if `identity` is NULL. There is
 * no renewal but pairing again.
 */
int64_t poslatch_identity_not_after(const poslatch_identity *identity);

/**
 * When the first certificate of the till's chain ends, in seconds since 1970 (UTC); 0 if `identity` is
 * NULL. From then on the device refuses the till, even where the till's own certificate lasts longer.
 */
int64_t poslatch_identity_earliest_expiry(const poslatch_identity *identity);

/**
 * Whether it is time to pair again, by this machine's clock: two thirds of the till certificate's life
 * have gone, or the chain has expired or will within `days` days. A till that asks at each start, with
 * the longest time that it may stay unattended, is never surprised.
 *
 * @param days 0 is allowed: then it is two thirds of the life, or the end.
 * @return 1 if it is time, 0 if not, or `identity` is NULL.
 */
int32_t poslatch_identity_needs_renewal(const poslatch_identity *identity, uint32_t days);

/**
 * SHA-256 of the till's certificate: 64 lower-case hexadecimal digits.
 *
 * @return Valid until the identity is freed; "" if `identity` is NULL. Never NULL.
 */
const char *poslatch_identity_fingerprint(const poslatch_identity *identity);

/** Frees an identity. Connections opened with it live on. NULL is allowed. */
void poslatch_identity_free(poslatch_identity *identity);

/**
 * Finds a device again whose address has changed, by short TLS handshakes with every address that it
 * could have, on the port of the device's URL: first the address that the URL stands for, then those
 * nearest to it, IPv4 before IPv6. The device is the one whose certificate proves the name that is
 * looked for, exactly as in poslatch_open_mtls. The till shows no certificate, and nothing else is
 * sent: not to the device, not to anybody else.
 *
 * 64 addresses are asked at a time, each for 1.1 s or, if it accepts a connection, 2 s more. Blocks
 * until the device is found or all were asked: 4.4 s for a subnet of 254 addresses where nobody
 * answers, at most 12.4 s for one where everybody does; before, for at most the connect time-out if the
 * URL holds a name that has to be resolved. poslatch_device_interrupt ends it earlier. Search only
 * networks that are yours, and only when the device does not answer at the address that you know.
 *
 * @param device Where the device was. Its Root CA chain has to be set.
 * @param identity The identity that was paired with the device. NULL if there is none; then the serial
 *   number that was set on the device (poslatch_device_set_serial) says who is looked for.
 * @param subnets Subnets and single addresses, with commas between: "192.168.1.0/24,192.168.2.17". At
 *   most 4096 addresses. UTF-8. NULL: the 254 addresses that share their first three numbers with the
 *   address from which this machine reaches the device's URL, if that is a private IPv4 address;
 *   the loopback and addresses of the internet have to be given.
 * @param on_progress May be NULL.
 * @param user Passed to on_progress as it is. May be NULL.
 * @param[out] url Where the device is: its URL with the new address, such as
 *   "wss://192.168.1.57:8443/", ready for poslatch_device_new. Owned by the caller; freed with
 *   poslatch_buffer_free.
 * @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
 * @return POSLATCH_E_DEVICE_NOT_FOUND, whose advice names other devices that answered;
 *   POSLATCH_E_ARGUMENT if neither identity nor serial number says who is looked for, or subnets will
 *   not do; POSLATCH_E_NAME_NOT_RESOLVED, POSLATCH_E_CONNECT_TIMEOUT and POSLATCH_E_UNREACHABLE where
 *   subnets is NULL; POSLATCH_E_ROOT_CA_UNUSABLE if no Root CA chain was set; POSLATCH_E_IDENTITY_UNUSABLE
 *   if the serial number that was set is another device's than the identity's; POSLATCH_E_CANCELLED.
 */
poslatch_status poslatch_find_device(const poslatch_device *device,
                                     const poslatch_identity *identity,
                                     const char *subnets,
                                     poslatch_on_progress on_progress,
                                     void *user,
                                     poslatch_buffer **url,
                                     poslatch_error **error);

/**
 * Opens a mutual-TLS connection: the device proves that it is the one that the identity was paired
 * with, whatever its address now, and the till shows its certificate. Success means that the device
 * has accepted it.
 *
 * Blocks for at most the connect time-out; poslatch_device_interrupt ends it earlier.
 *
 * @param[out] connection Owned by the caller; freed with poslatch_connection_free.
 * @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
 * @return POSLATCH_E_REFUSED and others of the category NETWORK: try again later;
 *   POSLATCH_E_WRONG_DEVICE, POSLATCH_E_TILL_CERTIFICATE_REJECTED and others of the category TRUST: do
 *   not try again by yourself.
 */
poslatch_status poslatch_open_mtls(const poslatch_device *device,
                                   const poslatch_identity *identity,
                                   poslatch_connection **connection,
                                   poslatch_error **error);

/**
 * Opens a connection without a till certificate, for a device whose Security setting is TLS. The
 * device is verified exactly as otherwise. A device set to mTLS lets such a connection do nothing but
 * pair.
 *
 * As poslatch_open_mtls in all other respects.
 */
poslatch_status poslatch_open_tls(const poslatch_device *device,
                                  poslatch_connection **connection,
                                  poslatch_error **error);

/**
 * Sends one request and waits for its final reply: the message of the matching type, or an
 * ErrorResponse. What else arrives meanwhile, status messages above all, goes to `on_status`.
 *
 * One exchange at a time on a connection. Another thread may meanwhile send a CancelRequest with
 * poslatch_connection_send, or close the connection. Over https there are no status messages.
 *
 * Store the request's merchantReferenceCode before you call. If the error's request state is
 * POSLATCH_REQUEST_IN_DOUBT, the payment may have gone through: do not repeat it, but ask with
 * poslatch_connection_recover. Nothing is ever sent twice by itself.
 *
 * What the device or the network has dropped since the last exchange is opened again first, within the
 * connect time-out, with the device verified afresh.
 *
 * @param json One JSON object with a string "type", in UTF-8; need not be terminated.
 * @param size Its size in bytes, at most 1 MiB.
 * @param silence_ms How long the device may say nothing at all; each message starts it anew. 0 means
 *   POSLATCH_SILENCE_DEFAULT_MS.
 * @param on_status May be NULL.
 * @param user Passed to on_status as it is.
 * @param[out] reply The device's JSON; owned by the caller, freed with poslatch_buffer_free. Whether
 *   the payment was approved stands in processingDetails.status, never in the message texts.
 * @return POSLATCH_OK also for an ErrorResponse: it is a reply. Failures before sending:
 *   POSLATCH_E_REQUEST_NOT_JSON, POSLATCH_E_BUSY, POSLATCH_E_CLOSED, those of connecting again and
 *   others, not sent. Failures after: POSLATCH_E_RESPONSE_TIMEOUT, POSLATCH_E_PEER_CLOSED,
 *   POSLATCH_E_PEER_SILENT and others, in doubt.
 */
poslatch_status poslatch_connection_exchange(const poslatch_connection *connection,
                                             const char *json,
                                             size_t size,
                                             uint32_t silence_ms,
                                             poslatch_on_status on_status,
                                             void *user,
                                             poslatch_buffer **reply,
                                             poslatch_error **error);

/**
 * Sends one message and does not wait for an answer: a CancelRequest while an exchange runs, or any
 * message for a till that takes the answers with poslatch_connection_receive. Needs wss.
 *
 * From any thread. A CancelRequest blocks only as long as the device does not take the bytes, at most
 * 10 s; any other message may connect again first, like an exchange. An ErrorResponse names nobody: while
 * a message that was sent so is unanswered, an exchange does not take one for its own end.
 *
 * @param json One JSON object with a string "type", in UTF-8; need not be terminated.
 * @param size Its size in bytes, at most 1 MiB.
 * @return POSLATCH_E_BUSY if an exchange runs and the message is no CancelRequest;
 *   POSLATCH_E_ARGUMENT on an https connection; else as poslatch_connection_exchange.
 */
poslatch_status poslatch_connection_send(const poslatch_connection *connection,
                                         const char *json,
                                         size_t size,
                                         poslatch_error **error);

/**
 * Waits for a message that belongs to no exchange. At most 64 of them are kept; then the oldest goes.
 * Needs wss.
 *
 * From any thread. A time-out loses nothing: call again.
 *
 * @param timeout_ms How long to wait; 0 means POSLATCH_SILENCE_DEFAULT_MS.
 * @param[out] kind One of the POSLATCH_MESSAGE_ constants. May be NULL.
 * @param[out] message The device's JSON; owned by the caller, freed with poslatch_buffer_free.
 * @return POSLATCH_E_RESPONSE_TIMEOUT if none came. Once everything received was handed out:
 *   POSLATCH_E_CLOSED if the till has closed the connection; POSLATCH_E_PEER_CLOSED,
 *   POSLATCH_E_PEER_SILENT and others if it is lost, until an exchange has connected again.
 */
poslatch_status poslatch_connection_receive(const poslatch_connection *connection,
                                            uint32_t timeout_ms,
                                            int32_t *kind,
                                            poslatch_buffer **message,
                                            poslatch_error **error);

/**
 * Finds out how a request has ended whose reply was lost, by its merchantReferenceCode: asks the device
 * again and again (TransactionLookupRequest), connecting anew where need be, until it tells an end or
 * patience_ms are over; a look-up that has begun gets 2 s more. Sends nothing but look-ups. What arrives
 * meanwhile and is no answer is kept for poslatch_connection_receive.
 *
 * A device that knows nothing of a request shortly after the loss may still be at work on it, so
 * "not found" is believed only when it still stands after patience_ms.
 *
 * Blocks; poslatch_connection_close ends it. It is an exchange: no other can run meanwhile.
 *
 * @param reference The request's merchantReferenceCode, in UTF-8.
 * @param patience_ms How long to ask; 0 means POSLATCH_PATIENCE_DEFAULT_MS.
 * @param[out] outcome One of the POSLATCH_RECOVERY_ constants; 0 on failure.
 * @param[out] reply The device's last answer, as JSON; owned by the caller, freed with
 *   poslatch_buffer_free. May be NULL.
 * @return POSLATCH_OK if the device has answered, whatever it knows. Else the last failure; the request
 *   looked for is then still POSLATCH_REQUEST_IN_DOUBT.
 */
poslatch_status poslatch_connection_recover(const poslatch_connection *connection,
                                            const char *reference,
                                            uint32_t patience_ms,
                                            int32_t *outcome,
                                            poslatch_buffer **reply,
                                            poslatch_error **error);

/**
 * What is known about the connection, without asking the device: one of the POSLATCH_CONNECTION_
 * constants. A change of it is also a log record ("connection to ADDRESS: open", "lost: REASON",
 * "connecting again", "closed by the till").
 */
int32_t poslatch_connection_state(const poslatch_connection *connection);

/**
 * The verified name of the device, in lower case.
 *
 * @return Valid until the connection is freed; "" if the device's certificate holds no name, or
 *   `connection` is NULL. Never NULL.
 */
const char *poslatch_connection_server_name(const poslatch_connection *connection);

/**
 * "TLSv1.3" or "TLSv1.2".
 *
 * @return A constant; "" if `connection` is NULL. Never NULL.
 */
const char *poslatch_connection_tls_version(const poslatch_connection *connection);

/**
 * Closes the connection: calls that wait on it return within 50 ms, an exchange with
 * POSLATCH_E_CANCELLED and in doubt; later calls return POSLATCH_E_CLOSED. From any thread, as often
 * as you like. NULL is allowed.
 */
void poslatch_connection_close(const poslatch_connection *connection);

/**
 * Closes and frees a connection. No other call may be using it: close it first, and let them return.
 * NULL is allowed.
 */
void poslatch_connection_free(poslatch_connection *connection);

/**
 * Writes each request with a merchantReferenceCode down in a file before it is sent, and strikes it out
 * at its final reply. A till that died in between finds what it does not know with
 * poslatch_device_journal_pending, and asks the device with poslatch_connection_recover.
 *
 * Any number of devices, threads and processes of one user may share a file. It holds reference, type,
 * device and time; no amounts and no card data. It is made for its owner only, stays small, and an empty
 * file named PATH.lock stays beside it. A request that cannot be written down is not sent. Connections
 * that are open keep what they were opened with.
 *
 * @param path The file, which is made if it is not there; its folder must exist. UTF-8. NULL ends the
 *   writing.
 * @return POSLATCH_E_FILE if it cannot be read and written, or is something else.
 */
poslatch_status poslatch_device_set_journal(poslatch_device *device,
                                            const char *path,
                                            poslatch_error **error);

/**
 * What stands in the device's journal: the requests whose end the till does not know, the oldest
 * first. While exchanges run, theirs are among them.
 *
 * @param[out] json A JSON array of objects with the strings "reference", "type", "device" and "time"
 *   (UTC, as 2026-11-24T16:28:13Z); owned by the caller, freed with poslatch_buffer_free.
 * @return POSLATCH_E_ARGUMENT if no journal was set; POSLATCH_E_FILE if it cannot be read.
 */
poslatch_status poslatch_device_journal_pending(const poslatch_device *device,
                                                poslatch_buffer **json,
                                                poslatch_error **error);

/**
 * Strikes every request with this reference out of the device's journal: the till knows how it ended.
 * One that poslatch_connection_recover finds final is struck out already.
 *
 * @param reference A merchantReferenceCode, in UTF-8. One that does not stand there is no error.
 * @return POSLATCH_E_ARGUMENT if no journal was set; POSLATCH_E_FILE if it cannot be written.
 */
poslatch_status poslatch_device_journal_forget(const poslatch_device *device,
                                               const char *reference,
                                               poslatch_error **error);

/**
 * Looks at everything between this till and the device: address, identity, name, route, TCP, TLS, the
 * certificates (also untrusted ones), the device's name, the clocks, whether it accepts the till, WebSocket
 * and ping. For a support desk; docs/probe.md lists what is told.
 *
 * Sends no payment, no pairing request and no code, and nothing at all to a server that has not passed;
 * keeps nothing. What device and network do is a step of the report, not an error. At most three
 * connections, one after the other. Blocks for at most three connect time-outs and 4 s;
 * poslatch_device_interrupt ends it earlier. Not while a payment is on its way: what the device sends to the
 * probe is lost.
 *
 * @param device Needs no Root CA chain; that there is none is then a step of the report.
 * @param identity As which till, as poslatch_open_mtls would be called. NULL: as one that wants to pair.
 * @param[out] report JSON, UTF-8; owned by the caller, freed with poslatch_buffer_free. An object with
 *   "schema" ("poslatch-probe/1"), "address", "time" (UTC, as 2026-11-24T16:28:13Z), "verdict" ("ok",
 *   "warning" or "failed"), "cause" (the name of the step to mend first, or null), "screen" (the report for
 *   people, at most 24 lines of 100 columns) and "steps": an array of objects with "name", "result" ("ok",
 *   "warning", "failed" or "not_run"), "finding" (one line), "advice" (one line, or null), "status" and
 *   "status_name" (what a call would fail with, or null) and "facts", an object. Members and steps are only
 *   ever added. The names of the steps, in their order: address, machine, identity, name, route, tcp, tls,
 *   handshake, chain, root_ca, device_name, clock, client_certificate, websocket, ping.
 * @param[out] error May be NULL. On failure an error, freed with poslatch_error_free.
 * @return POSLATCH_E_CANCELLED after poslatch_device_interrupt; POSLATCH_E_ARGUMENT if `device` or `report`
 *   is NULL.
 */
poslatch_status poslatch_probe(const poslatch_device *device,
                               const poslatch_identity *identity,
                               poslatch_buffer **report,
                               poslatch_error **error);

/**
 * The content. A NUL follows it, so text can be used as a C string.
 *
 * @return Valid until the buffer is freed; NULL if `buffer` is NULL.
 */
const uint8_t *poslatch_buffer_data(const poslatch_buffer *buffer);

/** Size of the content in bytes, without the NUL that follows it; 0 if `buffer` is NULL. */
size_t poslatch_buffer_size(const poslatch_buffer *buffer);

/** Wipes and frees a buffer. NULL is allowed. */
void poslatch_buffer_free(poslatch_buffer *buffer);

/** The status that the failed call returned; POSLATCH_OK if `error` is NULL. */
poslatch_status poslatch_error_status(const poslatch_error *error);

/** What to branch on: one of the POSLATCH_CATEGORY_ constants; 0 if `error` is NULL. */
int32_t poslatch_error_category(const poslatch_error *error);

/**
 * What happened, with the facts: one line of UTF-8, a lower-case fragment without full stop.
 *
 * @return Valid until the error is freed; "" if `error` is NULL. Never NULL.
 */
const char *poslatch_error_message(const poslatch_error *error);

/**
 * What to do now, in whole sentences for the person at the till or the support desk: one line of
 * UTF-8.
 *
 * @return Valid until the error is freed; "" if `error` is NULL. Never NULL.
 */
const char *poslatch_error_advice(const poslatch_error *error);

/**
 * What is known about the request that the call carried: one of the POSLATCH_REQUEST_ constants.
 *
 * After POSLATCH_REQUEST_IN_DOUBT a payment must not be repeated: look it up.
 */
int32_t poslatch_error_request_state(const poslatch_error *error);

/** The HTTP status that the device answered with, where that is what failed; else 0. */
int32_t poslatch_error_http_status(const poslatch_error *error);

/** The operating system's error number (errno, or the one of Winsock), where there is one; else 0. */
int32_t poslatch_error_os_code(const poslatch_error *error);

/** Frees an error. NULL is allowed. */
void poslatch_error_free(poslatch_error *error);

/**
 * The name of a status, such as "WRONG_DEVICE": the constant without its prefix.
 *
 * @return Static text; "OK" for POSLATCH_OK, "UNKNOWN" for a number that this library does not know.
 */
const char *poslatch_status_name(poslatch_status status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POSLATCH_H */
