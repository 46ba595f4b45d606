/*
 * One payment over mutual TLS, with its endings told apart: approved, declined, never sent, in doubt. What is in doubt
 * is asked for before anybody gives up.
 *
 * Build:  cc -std=c99 -Iinclude examples-c/pay.c -Ltarget/release -lposlatch -o pay
 * Run:    LD_LIBRARY_PATH=target/release ./pay wss://192.168.1.20:8443/ root-ca.pem till.pem 1.00 USD
 *
 * Over https:// the same payment runs too, but the device's status messages stay away.
 *
 * Exit code: 0 approved, 1 declined or refused, 2 usage or set-up, 3 connection, 4 IN DOUBT: never repeat it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "poslatch.h"

/* How long the device may stay silent; each status message starts it anew. A cardholder may take minutes. */
static const uint32_t SILENCE_MS = POSLATCH_SILENCE_DEFAULT_MS;

/* How long to go on asking about a payment in doubt. A device that has just come back may not know it yet. */
static const uint32_t PATIENCE_MS = 10000;

static int explain(const char *step, const poslatch_error *error)
{
    fprintf(stderr, "%s failed: %s\n  %s\n  %s\n", step, poslatch_status_name(poslatch_error_status(error)),
            poslatch_error_message(error), poslatch_error_advice(error));
    if (poslatch_error_request_state(error) == POSLATCH_REQUEST_IN_DOUBT)
        return 4;
    return poslatch_error_category(error) == POSLATCH_CATEGORY_USAGE ? 2 : 3;
}

static int in_doubt(const char *reference)
{
    fprintf(stderr, "IN DOUBT: the payment \"%s\" may have gone through. Do not repeat it.\n"
                    "  Look at the device, and in the Business Center, before the customer leaves.\n", reference);
    return 4;
}

/* Runs on the thread that waits in the exchange. The text is for the cashier's screen; never decide by it. */
static void on_status(void *user, const char *json, size_t size)
{
    (void)user;
    printf("  status       %.*s\n", (int)size, json);
    fflush(stdout);
}

/*
 * Finds a member of the JSON object that `json` begins with, or NULL. Only members of that very object count, so a text
 * from a receipt cannot pose as the outcome. It keeps this file free of dependencies: a till uses its JSON library.
 */
static const char *member(const char *json, const char *name)
{
    const char *blanks = " \t\r\n";
    int depth = 0;

    if (json == NULL)
        return NULL;
    json += strspn(json, blanks);
    for (; *json != '\0'; json++) {
        if (*json == '{' || *json == '[') {
            depth++;
        } else if (*json == '}' || *json == ']') {
            depth--;
        } else if (*json == '"') {
            const char *text = ++json;
            for (; *json != '"'; json++) {
                if (*json == '\\' && json[1] != '\0')
                    json++;
                if (*json == '\0')
                    return NULL;
            }
            if (depth == 1 && strlen(name) == (size_t)(json - text) && strncmp(text, name, strlen(name)) == 0) {
                const char *colon = json + 1 + strspn(json + 1, blanks);
                if (*colon == ':')
                    return colon + 1 + strspn(colon + 1, blanks);
            }
        }
        if (depth <= 0)
            return NULL;
    }
    return NULL;
}

static int is(const char *value, const char *word)
{
    size_t size = strlen(word);
    return value != NULL && value[0] == '"' && strncmp(value + 1, word, size) == 0 && value[1 + size] == '"';
}

/* Anything that is not plainly yes or no is in doubt: INCONCLUSIVE, words of a later version, a missing status. */
static int decide(const char *reply, const char *reference)
{
    const char *status = member(member(reply, "processingDetails"), "status");

    if (is(status, "APPROVED") || is(status, "ACCEPTED")) {
        /* ACCEPTED: taken while the device is offline, and the bank may still decline it later. */
        printf("Approved%s\n", is(status, "ACCEPTED") ? " by the device alone, which is offline." : ".");
        return 0;
    }
    if (is(status, "DECLINED") || is(status, "ABORTED") || is(member(reply, "type"), "ErrorResponse")) {
        printf("Not paid. The device says: %s\n", reply);
        return 1;
    }
    return in_doubt(reference);
}

/* The reply is lost, the payment perhaps not: connects again if need be, and asks the device how it ended. */
static int ask(const poslatch_connection *connection, const char *reference)
{
    int32_t outcome = 0;
    poslatch_buffer *reply = NULL;
    poslatch_error *error = NULL;
    int exit_code = 4;

    printf("Asking the device how the payment ended.\n");
    fflush(stdout);
    if (poslatch_connection_recover(connection, reference, PATIENCE_MS, &outcome, &reply, &error) != POSLATCH_OK)
        explain("asking", error);
    if (outcome == POSLATCH_RECOVERY_FINAL)
        exit_code = decide((const char *)poslatch_buffer_data(reply), reference);
    else
        in_doubt(reference);
    poslatch_error_free(error);
    poslatch_buffer_free(reply);
    return exit_code;
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: pay URL ROOT_CA_FILE IDENTITY_FILE AMOUNT CURRENCY [REFERENCE]\n");
        return 2;
    }
    const char *url = argv[1], *root_ca_file = argv[2], *identity_file = argv[3];
    const char *amount = argv[4], *currency = argv[5], *passphrase = NULL;

    int exit_code = 0, size = 0;
    char reference[51] = "", request[256], journal[4096] = "";
    time_t now = time(NULL);
    poslatch_device *device = NULL;
    poslatch_identity *identity = NULL;
    poslatch_connection *connection = NULL;
    poslatch_buffer *reply = NULL;
    poslatch_error *error = NULL;

    /* What this program does not know when it dies stands there; recover.c reads it. */
    snprintf(journal, sizeof journal, "%s.journal", identity_file);
    if (poslatch_device_new(url, &device, &error) != POSLATCH_OK
        || poslatch_device_set_root_ca_file(device, root_ca_file, &error) != POSLATCH_OK
        || poslatch_device_set_journal(device, journal, &error) != POSLATCH_OK
        || poslatch_identity_load(identity_file, passphrase, &identity, &error) != POSLATCH_OK) {
        exit_code = explain("preparing", error);
        goto done;
    }
    if (poslatch_open_mtls(device, identity, &connection, &error) != POSLATCH_OK) {
        exit_code = explain("connecting", error);
        goto done;
    }
    printf("Connected, both sides with a certificate.\n");
    printf("  device       %s\n", poslatch_connection_server_name(connection));
    printf("  TLS          %s\n", poslatch_connection_tls_version(connection));

    /* The one handle on a payment whose reply is lost, so it is known, and kept, before anything is sent. A till gives
     * its receipt number; the clock is unique only for one till that takes one payment in a second. */
    if (argc == 7)
        snprintf(reference, sizeof reference, "%s", argv[6]);
    else
        strftime(reference, sizeof reference, "sale-%Y%m%d-%H%M%S", gmtime(&now));
    size = snprintf(request, sizeof request,
                    "{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"%s\","
                    "\"amountDetails\":{\"amount\":\"%s\",\"currency\":\"%s\"}}", reference, amount, currency);
    if (size < 0 || (size_t)size >= sizeof request) {
        fprintf(stderr, "the amount or the currency is too long\n");
        exit_code = 2;
        goto done;
    }
    printf("Paying %s %s.\n  reference    %s\n", amount, currency, reference);
    fflush(stdout);

    if (poslatch_connection_exchange(connection, request, (size_t)size, SILENCE_MS, on_status, NULL, &reply, &error)
        != POSLATCH_OK) {
        exit_code = explain("paying", error);
        if (exit_code == 4)
            exit_code = ask(connection, reference);
        goto done;
    }
    exit_code = decide((const char *)poslatch_buffer_data(reply), reference);

done:
    poslatch_error_free(error);
    poslatch_buffer_free(reply);
    poslatch_connection_free(connection);
    poslatch_identity_free(identity);
    poslatch_device_free(device);
    return exit_code;
}
