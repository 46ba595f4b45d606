/*
 * After a crash or a lost reply: which payments does this till not know the end of, and how did they end?
 *
 * Build:  cc -std=c99 -Iinclude examples-c/recover.c -Ltarget/release -lposlatch -o recover
 * Run:    LD_LIBRARY_PATH=target/release ./recover wss://192.168.1.20:8443/ root-ca.pem till.pem
 *         LD_LIBRARY_PATH=target/release ./recover wss://192.168.1.20:8443/ root-ca.pem till.pem sale-20261124-101530
 *
 * Without a reference it lists what the journal of pay.c holds, and asks nobody. With one it asks the device.
 *
 * Exit code: 0 listed, or its end is known, 2 usage or set-up, 3 connection, 4 still not known.
 */
#include <stdio.h>

#include "poslatch.h"

/* Seconds count at a counter; a till that recovers in the background takes minutes. */
static const uint32_t PATIENCE_MS = 30000;

static int explain(const char *step, const poslatch_error *error)
{
    fprintf(stderr, "%s failed: %s\n  %s\n  %s\n", step, poslatch_status_name(poslatch_error_status(error)),
            poslatch_error_message(error), poslatch_error_advice(error));
    return poslatch_error_category(error) == POSLATCH_CATEGORY_USAGE ? 2 : 3;
}

static int tell(int32_t outcome, const char *reply)
{
    switch (outcome) {
    case POSLATCH_RECOVERY_FINAL:
        /* APPROVED or DECLINED stands in processingDetails.status; a till reads it with its JSON library. */
        printf("It has ended. The device says: %s\n", reply);
        return 0;
    case POSLATCH_RECOVERY_RUNNING:
        printf("The device is still at work on it: look at its screen, then ask again.\n");
        return 4;
    default:
        printf("The device does not know how it ended. Look in the Business Center before you repeat anything.\n"
               "  The device says: %s\n", reply);
        return 4;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: recover URL ROOT_CA_FILE IDENTITY_FILE [REFERENCE]\n");
        return 2;
    }
    const char *url = argv[1], *root_ca_file = argv[2], *identity_file = argv[3], *passphrase = NULL;

    int exit_code = 0;
    int32_t outcome = 0;
    char journal[4096] = "";
    poslatch_device *device = NULL;
    poslatch_identity *identity = NULL;
    poslatch_connection *connection = NULL;
    poslatch_buffer *text = NULL;
    poslatch_error *error = NULL;

    snprintf(journal, sizeof journal, "%s.journal", identity_file);
    if (poslatch_device_new(url, &device, &error) != POSLATCH_OK
        || poslatch_device_set_root_ca_file(device, root_ca_file, &error) != POSLATCH_OK
        || poslatch_device_set_journal(device, journal, &error) != POSLATCH_OK
        || poslatch_identity_load(identity_file, passphrase, &identity, &error) != POSLATCH_OK) {
        exit_code = explain("preparing", error);
        goto done;
    }
    if (argc == 4) {
        if (poslatch_device_journal_pending(device, &text, &error) != POSLATCH_OK)
            exit_code = explain("reading the journal", error);
        else
            printf("Not known: %s\n", (const char *)poslatch_buffer_data(text));
        goto done;
    }
    /* What is found to have ended is struck out of the journal. */
    if (poslatch_open_mtls(device, identity, &connection, &error) != POSLATCH_OK
        || poslatch_connection_recover(connection, argv[4], PATIENCE_MS, &outcome, &text, &error) != POSLATCH_OK)
        exit_code = explain("asking", error);
    else
        exit_code = tell(outcome, (const char *)poslatch_buffer_data(text));

done:
    poslatch_error_free(error);
    poslatch_buffer_free(text);
    poslatch_connection_free(connection);
    poslatch_identity_free(identity);
    poslatch_device_free(device);
    return exit_code;
}
