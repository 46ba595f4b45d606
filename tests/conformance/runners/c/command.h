/* One line from the director, read into a verb and its values. */
#ifndef RUNNER_COMMAND_H
#define RUNNER_COMMAND_H

#include <stddef.h>
#include <stdint.h>

struct value {
    const char *key;
    char *data; /* Decoded and terminated. */
    size_t size;
};

struct command {
    const char *verb;
    size_t count;
    struct value values[24];
};

/* Splits and decodes a line in place; the command lives as long as the line. 0 if it has too many words. */
int command_read(struct command *command, char *line);

/* NULL if the key is absent. */
const struct value *command_value(const struct command *command, const char *key);
const char *command_text(const struct command *command, const char *key);
size_t command_size(const struct command *command, const char *key);

/* 0 if the key is absent, which stands for the default where the interface knows one. */
uint32_t command_u32(const struct command *command, const char *key);
int32_t command_i32(const struct command *command, const char *key);

/* Whether a text has a NUL inside, which C cannot pass on: there it is the end. */
int command_has_nul_in_text(const struct command *command);

#endif
