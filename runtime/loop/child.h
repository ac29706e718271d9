/* runtime/loop/child.h - child processes, for the supervisor.
 *
 * (1) on_exit is called exactly once, after the last output, unless the child was freed before.
 * (2) Freeing a child that still runs does not end it: it is only forgotten.  End it with
 *     ktg_child_kill.
 * (3) A child inherits no descriptor but the three that are named here.
 *
 * Owned by the loop's thread; the lifetime rules are those of loop.h.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LOOP_CHILD_H
#define KTG_RUNTIME_LOOP_CHILD_H

#include <sys/types.h>

#include "runtime/bytes.h"
#include "runtime/err.h"
#include "runtime/loop/loop.h"

struct ktg_child;

enum ktg_child_stream {
    KTG_CHILD_NULL,    /* /dev/null */
    KTG_CHILD_INHERIT, /* ours */
    KTG_CHILD_PIPE,    /* stdout, stderr: to on_output; stdin: by ktg_child_write */
};

struct ktg_child_spec {
    const char *const *argv; /* ends with NULL; argv[0] without a slash is looked up in PATH */
    const char *const *env;  /* ends with NULL, "NAME=VALUE"; NULL: ours */
    const char *dir;         /* working directory; NULL: ours */
    enum ktg_child_stream in, out, err;
    /* `fd` is 1 or 2; the view is valid during the call.  Needed when out or err is a pipe. */
    void (*on_output)(void *arg, int fd, struct ktg_bytes bytes);
    void (*on_exit)(void *arg, int status, int signal); /* signal 0: it ended by itself */
    void *arg;
};

/* The spec is only read during the call.  KTG_ENOTFOUND: no such program; KTG_EDENIED; KTG_ENOMEM;
 * KTG_EAGAIN: no process or descriptor to be had. */
KTG_MUST_CHECK int ktg_child_spawn(struct ktg_loop *loop, const struct ktg_child_spec *spec,
                                   struct ktg_child **ret_child, struct ktg_err *err);
pid_t ktg_child_pid(const struct ktg_child *child); /* 0 once it has ended */
/* KTG_ENOTFOUND: it has ended. */
KTG_MUST_CHECK int ktg_child_kill(struct ktg_child *child, int signal);
/* Queue a copy for its stdin (must be a pipe).  KTG_EFULL over 1 MiB unread; KTG_EUNREACHABLE:
 * closed. */
KTG_MUST_CHECK int ktg_child_write(struct ktg_child *child, struct ktg_bytes bytes);
void ktg_child_close_stdin(struct ktg_child *child); /* after what is queued */
struct ktg_child *ktg_child_free(struct ktg_child *child);

/* Called in a child early in main: be killed (SIGKILL) when the process `parent` dies.  If it is
 * dead already, KTG_EUNREACHABLE: end yourself. */
KTG_MUST_CHECK int ktg_child_die_with(pid_t parent);

#endif
