/* The verbs that need no object: version, log, Root CA. */
#include <pthread.h>

#include "answer.h"
#include "verbs.h"

void hello(const struct command *command, struct text *answer)
{
    (void)command;
    if (poslatch_abi_check(POSLATCH_ABI_MAJOR, POSLATCH_ABI_MINOR) != POSLATCH_OK) {
        answer_refusal(answer, POSLATCH_E_ARGUMENT, POSLATCH_REQUEST_NONE, "the library has another ABI");
        return;
    }
    answer_ok(answer);
    answer_text(answer, "language", "c");
    answer_text(answer, "library", poslatch_version_string());
}

void status_name(const struct command *command, struct text *answer)
{
    answer_ok(answer);
    answer_text(answer, "name", poslatch_status_name(command_i32(command, "status")));
}

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct text log_records;

static void on_log(void *user, int32_t level, const char *message)
{
    (void)user, (void)level;
    pthread_mutex_lock(&log_lock);
    text_say(&log_records, message);
    text_say(&log_records, "\n");
    pthread_mutex_unlock(&log_lock);
}

void log_from_now_on(const struct command *command, struct text *answer)
{
    poslatch_error *error = NULL;
    int32_t level = command_i32(command, "level");

    answer_outcome(answer, poslatch_log_set(level, level == POSLATCH_LOG_OFF ? NULL : on_log, NULL, &error), error);
}

void log_take(const struct command *command, struct text *answer)
{
    (void)command;
    answer_ok(answer);
    pthread_mutex_lock(&log_lock);
    answer_sized(answer, "text", log_records.data, log_records.size);
    text_free(&log_records);
    pthread_mutex_unlock(&log_lock);
}

void fetch_root_ca(const struct command *command, struct text *answer)
{
    poslatch_buffer *pem = NULL;
    poslatch_error *error = NULL;
    int32_t auth = command_value(command, "auth") == NULL ? POSLATCH_AUTH_JWT : command_i32(command, "auth");
    poslatch_status status = poslatch_fetch_root_ca(
        command_text(command, "base_url"), command_text(command, "merchant_id"), command_text(command, "key_id"),
        command_text(command, "shared_secret"), auth, command_text(command, "web_root_pem"),
        command_u32(command, "timeout_ms"), &pem, &error);

    answer_outcome(answer, status, error);
    if (status == POSLATCH_OK)
        answer_buffer(answer, "pem", pem);
}

void save_root_ca(const struct command *command, struct text *answer)
{
    poslatch_error *error = NULL;
    poslatch_status status
        = poslatch_save_root_ca((const uint8_t *)command_text(command, "pem"), command_size(command, "pem"),
                                command_text(command, "path"), &error);

    answer_outcome(answer, status, error);
}
