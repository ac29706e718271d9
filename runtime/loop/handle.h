/* runtime/loop/handle.h - inside this room: what every handle of a loop has in common.
 *
 * A handle starts with a `struct ktg_handle` and owns some uv handles ("parts").  Closing takes it
 * off the loop's list; the memory goes back when the last part has told that it is closed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LOOP_HANDLE_H
#define KTG_RUNTIME_LOOP_HANDLE_H

#include <uv.h>

#include "runtime/loop/loop.h"

struct ktg_handle {
    struct ktg_loop *loop;
    struct ktg_handle *prev, *next;
    int parts;                          /* initialised and not yet closed */
    bool closed;                        /* no callback any more */
    void (*close)(struct ktg_handle *); /* closes the parts, by ktg_handle_close_part */
};

struct ktg_loop {
    uv_loop_t uv;
    uv_timer_t deadline; /* of ktg_loop_run_until */
    uv_check_t counter;  /* counts the turns */
    uint64_t turn;
    struct ktg_handle *handles;
    bool running;
};

/* A zeroed handle of `size` bytes on the loop's list; NULL: no memory. */
void *ktg_handle_new(struct ktg_loop *loop, size_t size, void (*close)(struct ktg_handle *));
/* Count a part in if it was initialised: `rc` is what uv_*_init said.  Returns rc. */
int ktg_handle_add_part(struct ktg_handle *h, void *part, int rc);
void ktg_handle_close_part(struct ktg_handle *h, void *part);
/* Idempotent; NULL is fine. */
void ktg_handle_close(struct ktg_handle *h);

/* The code for a libuv error, with the text "what: reason". */
int ktg_handle_error(struct ktg_err *err, int rc, const char *what);

#endif
