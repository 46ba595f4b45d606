#include "answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void answer_ok(struct text *answer)
{
    text_say(answer, "ok");
}

void answer_unsupported(struct text *answer)
{
    text_say(answer, "unsupported");
}

void answer_error(struct text *answer, poslatch_status status, poslatch_error *error)
{
    if (poslatch_error_status(error) != status) {
        fprintf(stderr, "the call returned %d, its error says %d\n", (int)status, (int)poslatch_error_status(error));
        exit(1); /* The director has no words for it, and no case may pass with it. */
    }
    text_say(answer, "error");
    answer_number(answer, "status", status);
    answer_number(answer, "category", poslatch_error_category(error));
    answer_number(answer, "request", poslatch_error_request_state(error));
    answer_number(answer, "http", poslatch_error_http_status(error));
    answer_number(answer, "os", poslatch_error_os_code(error));
    answer_text(answer, "message", poslatch_error_message(error));
    answer_text(answer, "advice", poslatch_error_advice(error));
    poslatch_error_free(error);
}

void answer_outcome(struct text *answer, poslatch_status status, poslatch_error *error)
{
    if (status == POSLATCH_OK)
        answer_ok(answer);
    else
        answer_error(answer, status, error);
}

void answer_refusal(struct text *answer, poslatch_status status, int32_t request, const char *message)
{
    text_say(answer, "error");
    answer_number(answer, "status", status);
    answer_number(answer, "category", POSLATCH_CATEGORY_USAGE);
    answer_number(answer, "request", request);
    answer_number(answer, "http", 0);
    answer_number(answer, "os", 0);
    answer_text(answer, "message", message);
    answer_text(answer, "advice", "");
}

void answer_text(struct text *answer, const char *key, const char *value)
{
    answer_sized(answer, key, value, strlen(value));
}

void answer_sized(struct text *answer, const char *key, const char *value, size_t size)
{
    text_say(answer, " ");
    text_say(answer, key);
    text_say(answer, "=");
    text_add_escaped(answer, value, size);
}

void answer_number(struct text *answer, const char *key, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%" PRId64, value);
    answer_text(answer, key, digits);
}

void answer_buffer(struct text *answer, const char *key, poslatch_buffer *buffer)
{
    answer_sized(answer, key, (const char *)poslatch_buffer_data(buffer), poslatch_buffer_size(buffer));
    poslatch_buffer_free(buffer);
}
