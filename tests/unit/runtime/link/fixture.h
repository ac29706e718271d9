/* tests/unit/runtime/link/fixture.h - a loop, a context with a doorkeeper, and links that write
 * down what they hear.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_RUNTIME_LINK_FIXTURE_H
#define KTG_TESTS_UNIT_RUNTIME_LINK_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/link/context.h"
#include "runtime/link/curve.h"
#include "runtime/link/link.h"
#include "runtime/loop/loop.h"
#include "tests/support/cmocka.h"

enum { KEYS = 4, PATIENCE = 10000 };

/* libzmq is not built with ThreadSanitizer, so what it does inside cannot be judged. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libzmq.so\n";
}

struct bench {
    struct ktg_loop *loop;
    struct ktg_context *context;
    char dir[32];
    struct ktg_curve_pair server, keys[KEYS];
    const char *users[KEYS]; /* who a key is; NULL: unknown */
    const char *local_user;  /* who our own uid is; NULL: unknown */
    const char *plain_user;
    struct ktg_asker asked; /* the last one; its pointers are not valid any more */
    char asked_domain[32], asked_address[64];
    int askings;
};

/* What one link has heard. */
struct ear {
    struct bench *bench;
    int messages, bursts, peers, gone, writable, refusals, ups, downs;
    uint64_t sum;
    size_t last_size;
    ktg_peer peer;
    char user[KTG_USER_SIZE], relayed[64], payload[128], gone_user[KTG_USER_SIZE];
    int want_messages, want_refusals, want_gone; /* what `heard` waits for */
    bool echo, refuse_peers, gone_before_message;
    int max_per_burst, in_burst;
};

static inline int look_up(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
                          const char **ret_reason)
{
    struct bench *b = arg;
    b->asked = *asker;
    b->askings++;
    snprintf(b->asked_domain, sizeof b->asked_domain, "%s", asker->domain);
    snprintf(b->asked_address, sizeof b->asked_address, "%s", asker->address);
    const char *found = asker->proof == KTG_PROOF_NONE ? b->plain_user : NULL;
    if (asker->proof == KTG_PROOF_UID && asker->uid == geteuid() && asker->pid == getpid())
        found = b->local_user;
    for (int i = 0; i < KEYS && asker->key; i++)
        if (memcmp(asker->key, &b->keys[i].public_key, sizeof *asker->key) == 0)
            found = b->users[i];
    if (!found) {
        *ret_reason = "unknown";
        return KTG_EDENIED;
    }
    snprintf(user, KTG_USER_SIZE, "%s", found);
    return KTG_OK;
}

static inline void hear_message(void *arg, struct ktg_link *link, const struct ktg_link_message *m)
{
    struct ear *e = arg;
    e->messages++;
    e->in_burst++;
    e->last_size = m->payload.size;
    e->peer = m->peer;
    for (size_t i = 0; i < m->payload.size && m->payload.size < 16; i++)
        e->sum += m->payload.data[i];
    snprintf(e->user, sizeof e->user, "%s", m->user);
    snprintf(e->relayed, sizeof e->relayed, "%.*s", (int)m->relayed.size,
             (const char *)m->relayed.data);
    snprintf(e->payload, sizeof e->payload, "%.*s", (int)m->payload.size,
             (const char *)m->payload.data);
    if (e->gone > 0)
        e->gone_before_message = true;
    if (e->echo)
        assert_int_equal(ktg_link_send(link, m->peer, m->relayed, m->payload), KTG_OK);
}
static inline int hear_peer(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct ear *e = arg;
    (void)link, (void)peer, (void)user;
    e->peers++;
    return e->refuse_peers ? KTG_EDENIED : KTG_OK;
}
static inline void hear_gone(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct ear *e = arg;
    (void)link, (void)peer;
    e->gone++;
    snprintf(e->gone_user, sizeof e->gone_user, "%s", user);
}
static inline void hear_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct ear *e = arg;
    e->ups += state == KTG_LINK_UP;
    e->downs += state == KTG_LINK_DOWN;
    e->refusals += state == KTG_LINK_REFUSED;
    if (state != KTG_LINK_REFUSED)
        assert_int_equal(ktg_link_is_up(link), state == KTG_LINK_UP);
}
static inline void hear_writable(void *arg, struct ktg_link *link)
{
    (void)link;
    ((struct ear *)arg)->writable++;
}
static inline void hear_burst(void *arg, struct ktg_link *link)
{
    struct ear *e = arg;
    (void)link;
    e->bursts++;
    if (e->in_burst > e->max_per_burst)
        e->max_per_burst = e->in_burst;
    e->in_burst = 0;
}

static inline struct ktg_link_calls calls_of(struct ear *e)
{
    return (struct ktg_link_calls){hear_message,  hear_peer,  hear_gone, hear_state,
                                   hear_writable, hear_burst, e};
}

static inline bool is_up(void *arg)
{
    return ktg_link_is_up(arg);
}
static inline bool heard(void *arg)
{
    struct ear *e = arg;
    return e->messages >= e->want_messages && e->refusals >= e->want_refusals &&
           e->gone >= e->want_gone;
}

static inline bool wait_for(struct bench *b, bool (*done)(void *arg), void *arg)
{
    int64_t deadline = ktg_mono_ms() + PATIENCE;
    /* done only because the deadline woke the loop: that is a stall */
    return ktg_loop_run_until(b->loop, done, arg, deadline) && ktg_mono_ms() < deadline;
}
static inline void wait_messages(struct bench *b, struct ear *e, int n)
{
    e->want_messages = n;
    if (!wait_for(b, heard, e))
        fail_msg("heard %d of %d messages, %d of %d refusals, %d of %d goodbyes", e->messages,
                 e->want_messages, e->refusals, e->want_refusals, e->gone, e->want_gone);
}
static inline bool always_false(void *arg)
{
    (void)arg;
    return false;
}
/* Let everything that is under way happen, where the test waits for something not to happen. */
static inline void let_turn(struct bench *b, int ms)
{
    (void)!ktg_loop_run_until(b->loop, always_false, NULL, ktg_mono_ms() + ms);
}

static inline int bench_open(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->dir, "/tmp/ktg-link-XXXXXX");
    if (!mkdtemp(b->dir) || ktg_loop_new(&b->loop, NULL) != KTG_OK ||
        ktg_curve_generate(&b->server, NULL) != KTG_OK)
        return -1;
    for (int i = 0; i < KEYS; i++)
        if (ktg_curve_generate(&b->keys[i], NULL) != KTG_OK)
            return -1;
    b->users[0] = "UTO.POST.1";
    b->users[1] = "UTO.HOTEL.7";
    b->local_user = "gateway";
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_context_new(b->loop, look_up, b, &b->context, &err) != KTG_OK) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    *state = b;
    return 0;
}

static inline int bench_close(void **state)
{
    struct bench *b = *state;
    char command[64];
    ktg_context_free(b->context);
    ktg_loop_free(b->loop);
    snprintf(command, sizeof command, "rm -rf %s", b->dir);
    int rc = system(command);
    free(b);
    return rc;
}

static inline struct ktg_link *bind_curve(struct bench *b, struct ear *e)
{
    struct ktg_link *l = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_link_calls calls = calls_of(e);
    struct ktg_link_options o = {
        .endpoint = "tcp://127.0.0.1:*", .domain = "agencies", .keys = &b->server};
    if (ktg_link_bind(b->context, &o, &calls, &l, &err) != KTG_OK)
        fail_msg("%s", err.text);
    return l;
}
static inline struct ktg_link *connect_curve(struct bench *b, const struct ktg_link *to, int key,
                                             struct ear *e)
{
    struct ktg_link *l = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_link_calls calls = calls_of(e);
    struct ktg_link_options o = {.endpoint = ktg_link_endpoint(to),
                                 .keys = &b->keys[key],
                                 .server_key = &b->server.public_key,
                                 .retry_min = 20,
                                 .retry_max = 100};
    if (ktg_link_connect(b->context, &o, &calls, &l, &err) != KTG_OK)
        fail_msg("%s", err.text);
    return l;
}
/* Both ends of an ipc hop.  `tune` is applied to both. */
static inline void open_ipc(struct bench *b, struct ktg_link_options tune, struct ear *here,
                            struct ktg_link **ret_here, struct ear *there,
                            struct ktg_link **ret_there)
{
    char endpoint[64];
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_link_calls here_calls = calls_of(here), there_calls = calls_of(there);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/in.ipc", b->dir);
    tune.endpoint = endpoint;
    tune.domain = "stations";
    tune.retry_min = 20;
    if (ktg_link_bind(b->context, &tune, &here_calls, ret_here, &err) != KTG_OK ||
        ktg_link_connect(b->context, &tune, &there_calls, ret_there, &err) != KTG_OK)
        fail_msg("%s", err.text);
    assert_true(wait_for(b, is_up, *ret_there));
}

#endif
