#include "command.h"

#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    return found == NULL ? 0 : (int)(found - digits);
}

/* Returns the size; the text only gets shorter. */
static size_t decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '%' && from[1] != '\0' && from[2] != '\0') {
            *to++ = (char)(16 * digit(from[1]) + digit(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

int command_read(struct command *command, char *line)
{
    char *word = line;

    command->verb = line;
    command->count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    while ((word = strchr(word, ' ')) != NULL) {
        struct value *value = &command->values[command->count];
        char *end, *equals;

        *word++ = '\0';
        end = strchr(word, ' ');
        if (end != NULL)
            *end = '\0';
        equals = strchr(word, '=');
        if (equals != NULL) {
            if (command->count == sizeof command->values / sizeof command->values[0])
                return 0;
            *equals = '\0';
            value->key = word;
            value->data = equals + 1;
            value->size = decode(equals + 1);
            command->count++;
        }
        if (end == NULL)
            break;
        *end = ' ';
        word = end;
    }
    return 1;
}

const struct value *command_value(const struct command *command, const char *key)
{
    for (size_t at = 0; at < command->count; at++)
        if (strcmp(command->values[at].key, key) == 0)
            return &command->values[at];
    return NULL;
}

const char *command_text(const struct command *command, const char *key)
{
    const struct value *value = command_value(command, key);

    return value == NULL ? NULL : value->data;
}

size_t command_size(const struct command *command, const char *key)
{
    const struct value *value = command_value(command, key);

    return value == NULL ? 0 : value->size;
}

uint32_t command_u32(const struct command *command, const char *key)
{
    const char *text = command_text(command, key);

    return text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

int32_t command_i32(const struct command *command, const char *key)
{
    const char *text = command_text(command, key);

    return text == NULL ? 0 : (int32_t)strtol(text, NULL, 10);
}

int command_has_nul_in_text(const struct command *command)
{
    static const char *const sized[] = {"json", "message", "pem", "root_ca_pem"};

    for (size_t at = 0; at < command->count; at++) {
        const struct value *value = &command->values[at];
        int is_sized = 0;

        for (size_t name = 0; name < sizeof sized / sizeof sized[0]; name++)
            is_sized = is_sized || strcmp(value->key, sized[name]) == 0;
        if (!is_sized && strlen(value->data) != value->size)
            return 1;
    }
    return 0;
}
