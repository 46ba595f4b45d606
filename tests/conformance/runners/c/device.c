/* The verbs of a device: its settings, its journal, pairing and opening. */
#include "answer.h"
#include "objects.h"
#include "verbs.h"

/* The settings that were given, in the order of the protocol; the first that fails ends it. */
static poslatch_status set(poslatch_device *device, const struct command *command, poslatch_error **error)
{
    static const struct {
        const char *key;
        int32_t which;
    } timeouts[] = {
        {"connect_ms", POSLATCH_TIMEOUT_CONNECT},
        {"pairing_ms", POSLATCH_TIMEOUT_PAIRING},
        {"exchange_ms", POSLATCH_TIMEOUT_EXCHANGE},
    };
    poslatch_status status = POSLATCH_OK;

    if (command_value(command, "root_ca_file") != NULL)
        status = poslatch_device_set_root_ca_file(device, command_text(command, "root_ca_file"), error);
    if (status == POSLATCH_OK && command_value(command, "root_ca_pem") != NULL)
        status = poslatch_device_set_root_ca_pem(device, (const uint8_t *)command_text(command, "root_ca_pem"),
                                                 command_size(command, "root_ca_pem"), error);
    if (status == POSLATCH_OK && command_value(command, "serial") != NULL)
        status = poslatch_device_set_serial(device, command_text(command, "serial"), error);
    if (status == POSLATCH_OK && command_value(command, "check") != NULL)
        status = poslatch_device_set_identity_check(device, command_i32(command, "check"),
                                                    command_text(command, "check_name"), error);
    for (size_t at = 0; at < sizeof timeouts / sizeof timeouts[0]; at++)
        if (status == POSLATCH_OK && command_value(command, timeouts[at].key) != NULL)
            status = poslatch_device_set_timeout_ms(device, timeouts[at].which,
                                                    command_u32(command, timeouts[at].key), error);
    if (status == POSLATCH_OK && command_value(command, "ping_ms") != NULL)
        status = poslatch_device_set_keep_alive(device, command_u32(command, "ping_ms"),
                                                command_u32(command, "missed_max"), error);
    if (status == POSLATCH_OK && command_value(command, "journal") != NULL)
        status = poslatch_device_set_journal(device, command_text(command, "journal"), error);
    return status;
}

void make_device(const struct command *command, struct text *answer)
{
    poslatch_device *device = NULL;
    poslatch_error *error = NULL;
    poslatch_status status = poslatch_device_new(command_text(command, "url"), &device, &error);

    if (status == POSLATCH_OK)
        status = set(device, command, &error);
    if (status == POSLATCH_OK)
        objects_put(command_text(command, "as"), DEVICE, device);
    else
        poslatch_device_free(device);
    answer_outcome(answer, status, error);
}

void interrupt(const struct command *command, struct text *answer)
{
    struct use device;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    poslatch_device_interrupt(device.pointer);
    use_end(&device);
    answer_ok(answer);
}

void journal_pending(const struct command *command, struct text *answer)
{
    struct use device;
    poslatch_buffer *json = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    status = poslatch_device_journal_pending(device.pointer, &json, &error);
    use_end(&device);
    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_buffer(answer, "json", json);
}

void journal_forget(const struct command *command, struct text *answer)
{
    struct use device;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    status = poslatch_device_journal_forget(device.pointer, command_text(command, "reference"), &error);
    use_end(&device);
    answer_outcome(answer, status, error);
}

void probe(const struct command *command, struct text *answer)
{
    struct use device, identity;
    const int has_identity = command_value(command, "identity") != NULL;
    poslatch_buffer *json = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    if (has_identity && !use_begin(&identity, command, "identity", IDENTITY, answer)) {
        use_end(&device);
        return;
    }
    status = poslatch_probe(device.pointer, has_identity ? identity.pointer : NULL, &json, &error);
    if (has_identity)
        use_end(&identity);
    use_end(&device);
    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_buffer(answer, "json", json);
}

void pair(const struct command *command, struct text *answer)
{
    struct use device;
    poslatch_identity *identity = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    status = poslatch_pair(device.pointer, command_text(command, "pos_id"), command_text(command, "setup_code"),
                           &identity, &error);
    use_end(&device);
    if (status == POSLATCH_OK)
        objects_put(command_text(command, "as"), IDENTITY, identity);
    answer_outcome(answer, status, error);
}

void open_mtls(const struct command *command, struct text *answer)
{
    struct use device, identity;
    poslatch_connection *connection = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    if (use_begin(&identity, command, "identity", IDENTITY, answer)) {
        status = poslatch_open_mtls(device.pointer, identity.pointer, &connection, &error);
        use_end(&identity);
        if (status == POSLATCH_OK)
            objects_put(command_text(command, "as"), CONNECTION, connection);
        answer_outcome(answer, status, error);
    }
    use_end(&device);
}

void open_tls(const struct command *command, struct text *answer)
{
    struct use device;
    poslatch_connection *connection = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&device, command, "device", DEVICE, answer))
        return;
    status = poslatch_open_tls(device.pointer, &connection, &error);
    use_end(&device);
    if (status == POSLATCH_OK)
        objects_put(command_text(command, "as"), CONNECTION, connection);
    answer_outcome(answer, status, error);
}
