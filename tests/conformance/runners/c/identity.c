/* The verbs of an identity. */
#include "answer.h"
#include "objects.h"
#include "verbs.h"

void describe_identity(const struct command *command, struct text *answer)
{
    struct use use;
    const poslatch_identity *identity;

    if (!use_begin(&use, command, "identity", IDENTITY, answer))
        return;
    identity = use.pointer;
    answer_ok(answer);
    answer_text(answer, "pos_id", poslatch_identity_pos_id(identity));
    answer_text(answer, "device_name", poslatch_identity_device_name(identity));
    answer_text(answer, "serial", poslatch_identity_serial(identity));
    answer_text(answer, "issuer", poslatch_identity_issuer(identity));
    answer_number(answer, "not_before", poslatch_identity_not_before(identity));
    answer_number(answer, "not_after", poslatch_identity_not_after(identity));
    answer_number(answer, "earliest_expiry", poslatch_identity_earliest_expiry(identity));
    answer_text(answer, "fingerprint", poslatch_identity_fingerprint(identity));
    use_end(&use);
}

void needs_renewal(const struct command *command, struct text *answer)
{
    struct use identity;

    if (!use_begin(&identity, command, "identity", IDENTITY, answer))
        return;
    answer_ok(answer);
    answer_number(answer, "value",
                  poslatch_identity_needs_renewal(identity.pointer, command_u32(command, "days")));
    use_end(&identity);
}

void cert_chain(const struct command *command, struct text *answer)
{
    struct use identity;
    poslatch_buffer *pem = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&identity, command, "identity", IDENTITY, answer))
        return;
    status = poslatch_get_cert_chain(identity.pointer, &pem, &error);
    use_end(&identity);
    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_buffer(answer, "pem", pem);
}

void save(const struct command *command, struct text *answer)
{
    struct use identity;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&identity, command, "identity", IDENTITY, answer))
        return;
    status = poslatch_identity_save(identity.pointer, command_text(command, "path"),
                                    command_text(command, "passphrase"), &error);
    use_end(&identity);
    answer_outcome(answer, status, error);
}

void load(const struct command *command, struct text *answer)
{
    poslatch_identity *identity = NULL;
    poslatch_error *error = NULL;
    poslatch_status status = poslatch_identity_load(command_text(command, "path"),
                                                    command_text(command, "passphrase"), &identity, &error);

    if (status == POSLATCH_OK)
        objects_put(command_text(command, "as"), IDENTITY, identity);
    answer_outcome(answer, status, error);
}

void export_pem(const struct command *command, struct text *answer)
{
    struct use identity;
    poslatch_buffer *pem = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&identity, command, "identity", IDENTITY, answer))
        return;
    status = poslatch_identity_export_pem(identity.pointer, command_text(command, "passphrase"), &pem, &error);
    use_end(&identity);
    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_buffer(answer, "pem", pem);
}

void from_pem(const struct command *command, struct text *answer)
{
    poslatch_identity *identity = NULL;
    poslatch_error *error = NULL;
    poslatch_status status
        = poslatch_identity_from_pem((const uint8_t *)command_text(command, "pem"), command_size(command, "pem"),
                                     command_text(command, "passphrase"), &identity, &error);

    if (status == POSLATCH_OK)
        objects_put(command_text(command, "as"), IDENTITY, identity);
    answer_outcome(answer, status, error);
}

void export_pkcs12(const struct command *command, struct text *answer)
{
    struct use identity;
    poslatch_buffer *pkcs12 = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&identity, command, "identity", IDENTITY, answer))
        return;
    status = poslatch_identity_export_pkcs12(identity.pointer, command_text(command, "passphrase"), &pkcs12, &error);
    use_end(&identity);
    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_number(answer, "size", (int64_t)poslatch_buffer_size(pkcs12));
    poslatch_buffer_free(pkcs12);
}
