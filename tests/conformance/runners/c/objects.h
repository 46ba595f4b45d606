/*
 * The objects that the director has named. C leaves it to the caller that nothing is freed while a call uses it: so
 * each use is counted, and releasing closes, waits for the calls to return, and frees, as the header demands.
 */
#ifndef RUNNER_OBJECTS_H
#define RUNNER_OBJECTS_H

#include "command.h"
#include "text.h"

enum kind { DEVICE, IDENTITY, CONNECTION };

struct object;

struct use {
    struct object *object;
    void *pointer;
};

/* Gives a name to an object that a call gave out. What had the name before is released. */
void objects_put(const char *name, enum kind kind, void *pointer);

/* Begins to use the object that `key` names; an absent key gives NULL. Returns 0, and answers, if it is not there. */
int use_begin(struct use *use, const struct command *command, const char *key, enum kind kind, struct text *answer);
void use_end(struct use *use);

/* Twice is allowed. Returns 0 if there never was such a name. */
int objects_release(const char *name);

/* Ends what waits on any object, so that every call returns. */
void objects_wake_all(void);
void objects_release_all(void);

#endif
