/*
 * Shows what a till holds after pairing: whose identity it is, until when, and its certificate chain in PEM.
 *
 * Build:  cc -std=c99 -Iinclude examples-c/show_chain.c -Ltarget/release -lposlatch -o show_chain
 * Run:    LD_LIBRARY_PATH=target/release ./show_chain till.pem
 *
 * The chain is public and goes to standard output, where a file or another program can take it; the facts go to
 * standard error. The private key is in neither.
 *
 * Exit code: 0 shown, 2 usage or an identity that cannot be read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "poslatch.h"

/* Warn while there is still time to send someone to the device: renewing means pairing again. */
static const int64_t WARN_DAYS_BEFORE_END = 30;

static int explain(const char *step, const poslatch_error *error)
{
    fprintf(stderr, "%s failed: %s\n  %s\n  %s\n", step, poslatch_status_name(poslatch_error_status(error)),
            poslatch_error_message(error), poslatch_error_advice(error));
    return 2;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: show_chain IDENTITY_FILE\n");
        return 2;
    }
    const char *identity_file = argv[1];
    /* NULL, because pair.c saved the identity without a passphrase. */
    const char *passphrase = NULL;

    int exit_code = 0;
    poslatch_identity *identity = NULL;
    poslatch_buffer *pem = NULL;
    poslatch_error *error = NULL;

    if (poslatch_identity_load(identity_file, passphrase, &identity, &error) != POSLATCH_OK) {
        exit_code = explain("loading the identity", error);
        goto done;
    }
    if (poslatch_get_cert_chain(identity, &pem, &error) != POSLATCH_OK) {
        exit_code = explain("reading the certificate chain", error);
        goto done;
    }

    int64_t seconds_left = poslatch_identity_not_after(identity) - (int64_t)time(NULL);
    int64_t days_left = seconds_left / (24 * 60 * 60);
    fprintf(stderr, "  device       %s\n", poslatch_identity_device_name(identity));
    fprintf(stderr, "  posId        %s\n", poslatch_identity_pos_id(identity));
    fprintf(stderr, "  fingerprint  %s\n", poslatch_identity_fingerprint(identity));
    fprintf(stderr, "  days left    %" PRId64 "\n", days_left);
    if (seconds_left <= 0)
        fprintf(stderr, "The certificate has expired by this machine's clock: pair again.\n");
    else if (days_left < WARN_DAYS_BEFORE_END)
        fprintf(stderr, "The certificate ends soon: pair again in time.\n");

    fwrite(poslatch_buffer_data(pem), 1, poslatch_buffer_size(pem), stdout);

done:
    poslatch_error_free(error);
    poslatch_buffer_free(pem);
    poslatch_identity_free(identity);
    return exit_code;
}
