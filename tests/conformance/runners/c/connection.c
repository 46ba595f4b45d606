/* The verbs of a connection. */
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "objects.h"
#include "verbs.h"

/* What the status callback of one exchange knows. */
struct watch {
    const struct command *command;
    const poslatch_connection *connection;
    struct text statuses;
};

/* At the first message it does what it was told to. */
static void act(const struct watch *watch)
{
    const char *action = command_text(watch->command, "on_status");

    if (action == NULL)
        return;
    if (strcmp(action, "close") == 0) {
        poslatch_connection_close(watch->connection);
    } else if (strcmp(action, "send") == 0) {
        poslatch_error *error = NULL;

        if (poslatch_connection_send(watch->connection, command_text(watch->command, "message"),
                                     command_size(watch->command, "message"), &error) != POSLATCH_OK)
            fprintf(stderr, "sending in the callback failed: %s\n", poslatch_error_message(error));
        poslatch_error_free(error);
    }
}

static void on_status(void *user, const char *json, size_t size)
{
    struct watch *watch = user;
    int is_first = watch->statuses.size == 0;

    text_add(&watch->statuses, json, size);
    text_say(&watch->statuses, "\n");
    if (is_first)
        act(watch);
}

void exchange(const struct command *command, struct text *answer)
{
    struct use connection;
    struct watch watch = {command, NULL, {NULL, 0, 0}};
    poslatch_buffer *reply = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;
    const char *action = command_text(command, "on_status");

    if (action != NULL && strcmp(action, "throw") == 0) {
        answer_unsupported(answer);
        return;
    }
    if (!use_begin(&connection, command, "connection", CONNECTION, answer)) {
        answer_text(answer, "statuses", "");
        return;
    }
    watch.connection = connection.pointer;
    status = poslatch_connection_exchange(connection.pointer, command_text(command, "json"),
                                          command_size(command, "json"), command_u32(command, "silence_ms"),
                                          on_status, &watch, &reply, &error);
    use_end(&connection);
    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_buffer(answer, "reply", reply);
    answer_sized(answer, "statuses", watch.statuses.data, watch.statuses.size);
    text_free(&watch.statuses);
}

void send_message(const struct command *command, struct text *answer)
{
    struct use connection;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&connection, command, "connection", CONNECTION, answer))
        return;
    status = poslatch_connection_send(connection.pointer, command_text(command, "json"),
                                      command_size(command, "json"), &error);
    use_end(&connection);
    answer_outcome(answer, status, error);
}

void receive(const struct command *command, struct text *answer)
{
    struct use connection;
    int32_t kind = 0;
    poslatch_buffer *message = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&connection, command, "connection", CONNECTION, answer))
        return;
    status = poslatch_connection_receive(connection.pointer, command_u32(command, "timeout_ms"), &kind, &message,
                                         &error);
    use_end(&connection);
    answer_outcome(answer, status, error);
    if (status != POSLATCH_OK)
        return;
    answer_number(answer, "kind", kind);
    answer_buffer(answer, "message", message);
}

void recover(const struct command *command, struct text *answer)
{
    struct use connection;
    int32_t outcome = 0;
    poslatch_buffer *reply = NULL;
    poslatch_error *error = NULL;
    poslatch_status status;

    if (!use_begin(&connection, command, "connection", CONNECTION, answer))
        return;
    status = poslatch_connection_recover(connection.pointer, command_text(command, "reference"),
                                         command_u32(command, "patience_ms"), &outcome, &reply, &error);
    use_end(&connection);
    answer_outcome(answer, status, error);
    if (status != POSLATCH_OK)
        return;
    answer_number(answer, "outcome", outcome);
    answer_buffer(answer, "reply", reply);
}

void describe_connection(const struct command *command, struct text *answer)
{
    struct use connection;

    if (!use_begin(&connection, command, "connection", CONNECTION, answer))
        return;
    answer_ok(answer);
    answer_number(answer, "state", poslatch_connection_state(connection.pointer));
    answer_text(answer, "server_name", poslatch_connection_server_name(connection.pointer));
    answer_text(answer, "tls_version", poslatch_connection_tls_version(connection.pointer));
    use_end(&connection);
}

/* As often as one likes, even where nothing is left to be closed: a careful program has NULL there. */
void close_connection(const struct command *command, struct text *answer)
{
    struct use connection;
    struct text refusal = {NULL, 0, 0};

    if (!use_begin(&connection, command, "connection", CONNECTION, &refusal))
        connection.object = NULL;
    text_free(&refusal);
    poslatch_connection_close(connection.pointer);
    use_end(&connection);
    answer_ok(answer);
}
