/* Text that grows: answers, and what callbacks collect. Memory that runs out ends the runner, with a word. */
#ifndef RUNNER_TEXT_H
#define RUNNER_TEXT_H

#include <stddef.h>

struct text {
    char *data; /* Terminated; NULL while nothing was added. */
    size_t size;
    size_t capacity;
};

void text_add(struct text *text, const char *data, size_t size);
void text_say(struct text *text, const char *words);

/* Every byte but A-Z a-z 0-9 - . _ ~ as %XX. */
void text_add_escaped(struct text *text, const char *data, size_t size);

void text_free(struct text *text);

/* malloc and strdup that do not fail. */
void *memory(size_t size);
char *copy(const char *words);

#endif
