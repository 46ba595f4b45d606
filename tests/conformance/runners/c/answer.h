/* The answers of the protocol. Each verb makes exactly one. */
#ifndef RUNNER_ANSWER_H
#define RUNNER_ANSWER_H

#include <stdint.h>

#include "poslatch.h"
#include "text.h"

void answer_ok(struct text *answer);
void answer_unsupported(struct text *answer);

/* Frees the error. */
void answer_error(struct text *answer, poslatch_status status, poslatch_error *error);

/* ok, or the error that it is. */
void answer_outcome(struct text *answer, poslatch_status status, poslatch_error *error);

/* For what the runner itself refuses; `request` is one of the POSLATCH_REQUEST_ constants. */
void answer_refusal(struct text *answer, poslatch_status status, int32_t request, const char *message);

/* What follows "ok" or an error. */
void answer_text(struct text *answer, const char *key, const char *value);
void answer_sized(struct text *answer, const char *key, const char *value, size_t size);
void answer_number(struct text *answer, const char *key, int64_t value);

/* Frees the buffer. */
void answer_buffer(struct text *answer, const char *key, poslatch_buffer *buffer);

#endif
