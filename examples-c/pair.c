/*
 * Pairs this till with a device, once, and keeps the identity that the device issues.
 *
 * Build:  cc -std=c99 -Iinclude examples-c/pair.c -Ltarget/release -lposlatch -o pair
 * Run:    LD_LIBRARY_PATH=target/release \
 *             ./pair https://192.168.1.20:8443/ root-ca.pem 1001 8QW1YS1D till.pem 1850000123
 *
 * The device shows its address and the setup code under Generate Code; the code lapses after 300 s, so a till asks for
 * it last. The Root CA file comes from the merchant's Business Center. With the serial number, only that very device is
 * trusted; without it, any genuine device at this address is, and its name is printed for a person to compare.
 *
 * Exit code: 0 paired, 1 the device said no, 2 usage or set-up, 3 connection or trust.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "poslatch.h"

/* Prints what failed, what the library knows about it and what to do now. Returns the exit code. */
static int explain(const char *step, const poslatch_error *error)
{
    fprintf(stderr, "%s failed: %s\n  %s\n  %s\n", step, poslatch_status_name(poslatch_error_status(error)),
            poslatch_error_message(error), poslatch_error_advice(error));
    switch (poslatch_error_category(error)) {
    case POSLATCH_CATEGORY_DEVICE:
        return 1;
    case POSLATCH_CATEGORY_USAGE:
        return 2;
    default:
        return 3;
    }
}

static void print_date(const char *label, int64_t unix_seconds)
{
    time_t moment = (time_t)unix_seconds;
    const struct tm *utc = gmtime(&moment);
    char text[sizeof "YYYY-MM-DD"];

    if (utc != NULL && strftime(text, sizeof text, "%Y-%m-%d", utc) > 0)
        printf("  %s%s\n", label, text);
    else
        printf("  %s%" PRId64 " s after 1970\n", label, unix_seconds);
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: pair URL ROOT_CA_FILE POS_ID SETUP_CODE IDENTITY_FILE [SERIAL]\n");
        return 2;
    }
    /* A real till reads the code from its own screen: arguments can be seen by other users of the machine. */
    const char *url = argv[1], *root_ca_file = argv[2], *pos_id = argv[3], *setup_code = argv[4];
    const char *identity_file = argv[5], *serial = argc == 7 ? argv[6] : NULL;
    /* NULL leaves the key unencrypted, in a file that only this user can read. */
    const char *passphrase = NULL;

    int exit_code = 0;
    poslatch_device *device = NULL;
    poslatch_identity *identity = NULL;
    poslatch_error *error = NULL;

    if (poslatch_device_new(url, &device, &error) != POSLATCH_OK) {
        exit_code = explain("reading the address", error);
        goto done;
    }
    if (poslatch_device_set_root_ca_file(device, root_ca_file, &error) != POSLATCH_OK) {
        exit_code = explain("reading the Root CA", error);
        goto done;
    }
    if (serial != NULL && poslatch_device_set_serial(device, serial, &error) != POSLATCH_OK) {
        exit_code = explain("setting the serial number", error);
        goto done;
    }

    /* The code leaves this machine only after the device has proved who it is. */
    if (poslatch_pair(device, pos_id, setup_code, &identity, &error) != POSLATCH_OK) {
        exit_code = explain("pairing", error);
        goto done;
    }
    /* From here on the code is spent: an identity that is not kept means a new code, and a person at the device. */
    if (poslatch_identity_save(identity, identity_file, passphrase, &error) != POSLATCH_OK) {
        exit_code = explain("saving the identity", error);
        goto done;
    }

    printf("Paired.\n");
    printf("  device       %s\n", poslatch_identity_device_name(identity));
    printf("  posId        %s\n", poslatch_identity_pos_id(identity));
    print_date("valid from   ", poslatch_identity_not_before(identity));
    print_date("valid until  ", poslatch_identity_not_after(identity));
    printf("  fingerprint  %s\n", poslatch_identity_fingerprint(identity));
    printf("  kept in      %s\n", identity_file);

done:
    poslatch_error_free(error);
    poslatch_identity_free(identity);
    poslatch_device_free(device);
    return exit_code;
}
