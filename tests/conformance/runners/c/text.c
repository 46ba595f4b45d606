#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_add(struct text *text, const char *data, size_t size)
{
    if (text->capacity - text->size <= size) {
        size_t capacity = 2 * (text->size + size) + 64;
        char *larger = realloc(text->data, capacity);

        if (larger == NULL) {
            fprintf(stderr, "out of memory\n");
            exit(1);
        }
        text->data = larger;
        text->capacity = capacity;
    }
    if (size > 0)
        memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void text_say(struct text *text, const char *words)
{
    text_add(text, words, strlen(words));
}

void text_add_escaped(struct text *text, const char *data, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t at = 0; at < size; at++) {
        unsigned char byte = (unsigned char)data[at];

        if (byte != '\0' && strchr(plain, byte) != NULL) {
            text_add(text, data + at, 1);
        } else {
            char escaped[4];

            snprintf(escaped, sizeof escaped, "%%%02X", byte);
            text_add(text, escaped, 3);
        }
    }
}

void text_free(struct text *text)
{
    struct text empty = {NULL, 0, 0};

    free(text->data);
    *text = empty;
}

void *memory(size_t size)
{
    void *found = calloc(1, size);

    if (found == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return found;
}

char *copy(const char *words)
{
    size_t size = strlen(words) + 1;

    return memcpy(memory(size), words, size);
}
