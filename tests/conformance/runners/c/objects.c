#include "objects.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

struct object {
    struct object *next;
    char *name;
    enum kind kind;
    void *pointer; /* NULL once it was released. */
    unsigned uses;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t use_ended = PTHREAD_COND_INITIALIZER;
static struct object *objects;

static struct object *find(const char *name)
{
    struct object *object = objects;

    while (object != NULL && strcmp(object->name, name) != 0)
        object = object->next;
    return object;
}

/* Ends the calls that wait on the object. */
static void wake(const struct object *object)
{
    if (object->kind == DEVICE)
        poslatch_device_interrupt(object->pointer);
    else if (object->kind == CONNECTION)
        poslatch_connection_close(object->pointer);
}

static void free_pointer(enum kind kind, void *pointer)
{
    switch (kind) {
    case DEVICE:
        poslatch_device_free(pointer);
        break;
    case IDENTITY:
        poslatch_identity_free(pointer);
        break;
    case CONNECTION:
        poslatch_connection_free(pointer);
        break;
    }
}

/* With the lock held, which waiting gives up. From the first step on, no new use begins. */
static void release(struct object *object)
{
    void *pointer = object->pointer;

    wake(object);
    object->pointer = NULL;
    while (object->uses > 0)
        pthread_cond_wait(&use_ended, &lock);
    free_pointer(object->kind, pointer);
}

void objects_put(const char *name, enum kind kind, void *pointer)
{
    struct object *object;

    pthread_mutex_lock(&lock);
    object = find(name);
    if (object == NULL) {
        object = memory(sizeof *object);
        object->name = copy(name);
        object->next = objects;
        objects = object;
    } else {
        release(object);
    }
    object->kind = kind;
    object->pointer = pointer;
    pthread_mutex_unlock(&lock);
}

int use_begin(struct use *use, const struct command *command, const char *key, enum kind kind, struct text *answer)
{
    const char *name = command_text(command, key);
    int can_begin = 0;

    use->object = NULL;
    use->pointer = NULL;
    if (name == NULL)
        return 1;
    pthread_mutex_lock(&lock);
    use->object = find(name);
    if (use->object == NULL || use->object->kind != kind) {
        answer_refusal(answer, POSLATCH_E_ARGUMENT, POSLATCH_REQUEST_NONE, "there is no such object");
    } else if (use->object->pointer == NULL) {
        answer_refusal(answer, POSLATCH_E_CLOSED, POSLATCH_REQUEST_NOT_SENT, "the object was released");
    } else {
        use->object->uses++;
        use->pointer = use->object->pointer;
        can_begin = 1;
    }
    pthread_mutex_unlock(&lock);
    return can_begin;
}

void use_end(struct use *use)
{
    if (use->object == NULL)
        return;
    pthread_mutex_lock(&lock);
    use->object->uses--;
    pthread_cond_broadcast(&use_ended);
    pthread_mutex_unlock(&lock);
}

int objects_release(const char *name)
{
    struct object *object;

    pthread_mutex_lock(&lock);
    object = find(name);
    if (object != NULL)
        release(object);
    pthread_mutex_unlock(&lock);
    return object != NULL;
}

void objects_wake_all(void)
{
    pthread_mutex_lock(&lock);
    for (const struct object *object = objects; object != NULL; object = object->next)
        wake(object);
    pthread_mutex_unlock(&lock);
}

void objects_release_all(void)
{
    while (objects != NULL) {
        struct object *first = objects;

        pthread_mutex_lock(&lock);
        release(first);
        pthread_mutex_unlock(&lock);
        objects = first->next;
        free(first->name);
        free(first);
    }
}
