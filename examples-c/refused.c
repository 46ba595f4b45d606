/*
 * The counter-proof: the payment of pay.c without an identity, which a device set to mutual TLS has to refuse.
 *
 * Build:  cc -std=c99 -Iinclude examples-c/refused.c -Ltarget/release -lposlatch -o refused
 * Run:    LD_LIBRARY_PATH=target/release ./refused wss://192.168.1.20:8443/ root-ca.pem 1.00 USD
 *
 * A shop can run it against its own device: if the request is taken, the device is set to plain TLS, and everybody in
 * the shop's network can send it payments. A device that cannot be reached proves nothing, and gets another exit code.
 *
 * Exit code: 0 refused as it should be, 1 the device took the request, 2 usage or set-up, 3 anything else.
 */
#include <stdio.h>
#include <string.h>

#include "poslatch.h"

/* Not the vendor's 180 s: the refusal of a healthy device comes at once. */
static const uint32_t SILENCE_MS = 10000;

/* Says whether it was the missing certificate that ended the attempt. Returns the exit code. */
static int judge(const char *step, const poslatch_error *error)
{
    poslatch_status status = poslatch_error_status(error);
    int32_t http_status = poslatch_error_http_status(error);

    /* In the TLS handshake, or over https:// by Unauthorized or Forbidden. */
    if (status == POSLATCH_E_TILL_CERTIFICATE_REQUIRED || status == POSLATCH_E_TILL_CERTIFICATE_REJECTED
        || http_status == 401 || http_status == 403) {
        printf("Refused, as it should be: without the till's certificate there is no payment.\n");
        printf("  reason       %s: %s\n", poslatch_status_name(status), poslatch_error_message(error));
        return 0;
    }
    fprintf(stderr, "%s failed: %s\n  %s\n  %s\n", step, poslatch_status_name(status), poslatch_error_message(error),
            poslatch_error_advice(error));
    return poslatch_error_category(error) == POSLATCH_CATEGORY_USAGE ? 2 : 3;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: refused URL ROOT_CA_FILE AMOUNT CURRENCY\n");
        return 2;
    }
    const char *url = argv[1], *root_ca_file = argv[2], *amount = argv[3], *currency = argv[4];

    int exit_code = 0, size = 0;
    char request[256];
    const char *answer = NULL;
    poslatch_device *device = NULL;
    poslatch_connection *connection = NULL;
    poslatch_buffer *reply = NULL;
    poslatch_error *error = NULL;

    size = snprintf(request, sizeof request,
                    "{\"type\":\"PaymentRequest\",\"merchantReferenceCode\":\"without-identity\","
                    "\"amountDetails\":{\"amount\":\"%s\",\"currency\":\"%s\"}}", amount, currency);
    if (size < 0 || (size_t)size >= sizeof request) {
        fprintf(stderr, "the amount or the currency is too long\n");
        return 2;
    }
    if (poslatch_device_new(url, &device, &error) != POSLATCH_OK
        || poslatch_device_set_root_ca_file(device, root_ca_file, &error) != POSLATCH_OK) {
        exit_code = judge("preparing", error);
        goto done;
    }

    /* The device is verified exactly as in pay.c; only the till shows nothing of its own. */
    if (poslatch_open_tls(device, &connection, &error) != POSLATCH_OK) {
        exit_code = judge("connecting", error);
        goto done;
    }
    if (poslatch_connection_exchange(connection, request, (size_t)size, SILENCE_MS, NULL, NULL, &reply, &error)
        != POSLATCH_OK) {
        exit_code = judge("paying", error);
        goto done;
    }

    /* Some devices let the till in to say no. A reply about a payment has processingDetails, whatever came of it. A
     * busy device answers with an ErrorResponse too, so its words are shown, for a person to read. */
    answer = (const char *)poslatch_buffer_data(reply);
    if (strstr(answer, "\"ErrorResponse\"") != NULL && strstr(answer, "\"processingDetails\"") == NULL) {
        printf("Refused, as it should be: without the till's certificate there is no payment.\n");
        printf("  reason       %s\n", answer);
    } else {
        fprintf(stderr, "The device took a request without a certificate. Set its Security to mutual TLS.\n  %s\n",
                answer);
        exit_code = 1;
    }

done:
    poslatch_error_free(error);
    poslatch_buffer_free(reply);
    poslatch_connection_free(connection);
    poslatch_device_free(device);
    return exit_code;
}
