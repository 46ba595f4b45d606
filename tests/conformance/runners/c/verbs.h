/* What the director can ask for: one function per verb, in one file per part of the interface. */
#ifndef RUNNER_VERBS_H
#define RUNNER_VERBS_H

#include "command.h"
#include "text.h"

typedef void verb(const struct command *command, struct text *answer);

/* library.c */
verb hello, status_name, log_from_now_on, log_take, fetch_root_ca, save_root_ca;

/* device.c */
verb make_device, interrupt, journal_pending, journal_forget, probe, pair, open_mtls, open_tls;

/* identity.c */
verb describe_identity, needs_renewal, cert_chain, save, load, export_pem, from_pem, export_pkcs12;

/* connection.c */
verb exchange, send_message, receive, recover, describe_connection, close_connection;

#endif
