/*
 * The conformance runner of C: a till without a will of its own, straight on poslatch.h. README.md two folders up has
 * the protocol.
 *
 * Build:  cc -std=c99 -Iinclude tests/conformance/runners/c/[a-z]*.c -Ltarget/release -lposlatch -lpthread -o runner
 *
 * C99 and POSIX threads, which mingw has as well: the same runner is built for Windows.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "objects.h"
#include "verbs.h"

static void release(const struct command *command, struct text *answer)
{
    const char *name = command_text(command, "object");

    if (name == NULL || objects_release(name))
        answer_ok(answer);
    else
        answer_refusal(answer, POSLATCH_E_ARGUMENT, POSLATCH_REQUEST_NONE, "there is no such object");
}

static void not_in_c(const struct command *command, struct text *answer)
{
    (void)command;
    answer_unsupported(answer);
}

static const struct {
    const char *name;
    verb *run;
} verbs[] = {
    {"hello", hello},
    {"status_name", status_name},
    {"log", log_from_now_on},
    {"log_take", log_take},
    {"device", make_device},
    {"interrupt", interrupt},
    {"journal_pending", journal_pending},
    {"journal_forget", journal_forget},
    {"probe", probe},
    {"pair", pair},
    {"open_mtls", open_mtls},
    {"open_tls", open_tls},
    {"identity", describe_identity},
    {"needs_renewal", needs_renewal},
    {"cert_chain", cert_chain},
    {"save", save},
    {"load", load},
    {"export_pem", export_pem},
    {"from_pem", from_pem},
    {"export_pkcs12", export_pkcs12},
    {"save_root_ca", save_root_ca},
    {"fetch_root_ca", fetch_root_ca},
    {"exchange", exchange},
    {"unclaimed_reply", not_in_c},
    {"send", send_message},
    {"receive", receive},
    {"recover", recover},
    {"connection", describe_connection},
    {"close", close_connection},
    {"release", release},
    {"abandon", not_in_c},
    {"collect", not_in_c},
};

static void run(char *line, struct text *answer)
{
    struct command command;

    if (command_read(&command, line)) {
        for (size_t at = 0; at < sizeof verbs / sizeof verbs[0]; at++) {
            if (strcmp(verbs[at].name, command.verb) != 0)
                continue;
            if (command_has_nul_in_text(&command))
                answer_unsupported(answer);
            else
                verbs[at].run(&command, answer);
            return;
        }
    }
    answer_refusal(answer, POSLATCH_E_ARGUMENT, POSLATCH_REQUEST_NONE, "unknown verb");
}

/* A command on a thread of its own. */
struct thread {
    struct thread *next;
    char *name;
    char *line;
    struct text answer;
    pthread_t id;
};

static struct thread *threads;

static void *run_thread(void *argument)
{
    struct thread *thread = argument;

    run(thread->line, &thread->answer);
    return NULL;
}

/* "start thread=NAME VERB ..." */
static void start(const char *line, struct text *answer)
{
    const char *name = line + strlen("start thread=");
    size_t size = strcspn(name, " ");
    struct thread *thread = memory(sizeof *thread);

    thread->name = memory(size + 1);
    memcpy(thread->name, name, size);
    thread->line = copy(name[size] == '\0' ? "" : name + size + 1);
    if (pthread_create(&thread->id, NULL, run_thread, thread) != 0) {
        fprintf(stderr, "cannot start a thread\n");
        exit(1);
    }
    thread->next = threads;
    threads = thread;
    answer_ok(answer);
}

/* Waits for the thread, gives its answer, and forgets it. */
static void join(struct thread **link, struct text *answer)
{
    struct thread *thread = *link;

    pthread_join(thread->id, NULL);
    text_add(answer, thread->answer.data, thread->answer.size);
    *link = thread->next;
    text_free(&thread->answer);
    free(thread->name);
    free(thread->line);
    free(thread);
}

/* "join thread=NAME" */
static void join_named(const char *line, struct text *answer)
{
    const char *name = line + strlen("join thread=");
    size_t size = strcspn(name, "\r\n");
    struct thread **link = &threads;

    while (*link != NULL && (strlen((*link)->name) != size || strncmp((*link)->name, name, size) != 0))
        link = &(*link)->next;
    if (*link == NULL)
        answer_refusal(answer, POSLATCH_E_ARGUMENT, POSLATCH_REQUEST_NONE, "there is no such thread");
    else
        join(link, answer);
}

static int begins(const char *line, const char *words)
{
    return strncmp(line, words, strlen(words)) == 0;
}

/* One more line, of any length; 0 at the end of the input. */
static int read_line(struct text *line)
{
    static char part[65536];

    line->size = 0;
    while (fgets(part, sizeof part, stdin) != NULL) {
        text_say(line, part);
        if (line->data[line->size - 1] == '\n')
            return 1;
    }
    return line->size > 0;
}

int main(void)
{
    struct text line = {NULL, 0, 0};
    struct text answer = {NULL, 0, 0};

    while (read_line(&line)) {
        if (begins(line.data, "start thread="))
            start(line.data, &answer);
        else if (begins(line.data, "join thread="))
            join_named(line.data, &answer);
        else
            run(line.data, &answer);
        text_say(&answer, "\n");
        fwrite(answer.data, 1, answer.size, stdout);
        fflush(stdout);
        text_free(&answer);
    }
    text_free(&line);

    poslatch_log_set(POSLATCH_LOG_OFF, NULL, NULL, NULL);
    objects_wake_all();
    while (threads != NULL)
        join(&threads, &answer);
    text_free(&answer);
    objects_release_all();
    return 0;
}
