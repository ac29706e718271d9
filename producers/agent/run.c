/* producers/agent/run.c - the agent as a station: one process, until a signal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>

#include "producers/agent/agent.h"
#include "runtime/log.h"

enum {
#define X(symbol, id, level, text, action) LOG_##symbol,
#include "producers/agent/messages.def"
#undef X
};
static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "producers/agent/messages.def"
#undef X
};

struct run {
    const char *name;
    struct ktg_loop *loop;
    struct ktg_agent *agent;
    struct ktg_err broken;
};

static const char *fault_name(const struct ktg_err *err)
{
    return err && err->fault ? err->fault->name : err ? ktg_code_name(err->code) : "-";
}

static void on_state(void *arg, enum ktg_agent_state state, const struct ktg_err *why)
{
    const struct run *r = arg;
    static const int log_of[] = {
        [KTG_AGENT_OFFLINE] = LOG_OFFLINE, [KTG_AGENT_CALLING] = -1,
        [KTG_AGENT_ONLINE] = LOG_ONLINE,   [KTG_AGENT_REFUSED] = LOG_REFUSED,
        [KTG_AGENT_FENCED] = LOG_FENCED,   [KTG_AGENT_STOPPED] = -1};
    if (log_of[state] >= 0)
        ktg_log(&messages[log_of[state]], "producer=%s fault=%s", r->name, fault_name(why));
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    const struct run *r = arg;
    ktg_log(&messages[LOG_TROUBLE], "producer=%s fault=%s", r->name, fault_name(what));
}

static void on_broken(void *arg, const struct ktg_err *why)
{
    struct run *r = arg;
    r->broken = *why;
    ktg_log(&messages[LOG_BROKEN], "producer=%s fault=%s", r->name, fault_name(why));
    ktg_loop_stop(r->loop);
}

static void on_signal(void *arg, int number)
{
    const struct run *r = arg;
    (void)number;
    ktg_loop_stop(r->loop); /* closing stores what is queued and says goodbye */
}

static void say_stopped(struct run *r)
{
    struct ktg_outbox_stat st;
    if (ktg_outbox_stat(ktg_agent_outbox(r->agent), &st, NULL) == KTG_OK)
        ktg_log(&messages[LOG_STOPPED],
                "producer=%s waiting=%" PRIu64 " accepted=%" PRIu64 " rejected=%" PRIu64, r->name,
                st.waiting, st.accepted, st.rejected);
}

int ktg_agent_run(const struct ktg_agent_options *options, struct ktg_err *err)
{
    struct run r = {.name = options->name};
    struct ktg_agent_options o = *options;
    struct ktg_context *context = NULL;
    struct ktg_signal *stop[2] = {NULL, NULL};
    struct ktg_agent_calls calls = {
        .on_state = on_state, .on_trouble = on_trouble, .on_broken = on_broken, .arg = &r};
    int rc = ktg_loop_new(&r.loop, err);
    if (!rc)
        rc = ktg_signal_new(r.loop, SIGINT, on_signal, &r, &stop[0], err);
    if (!rc)
        rc = ktg_signal_new(r.loop, SIGTERM, on_signal, &r, &stop[1], err);
    if (!rc)
        rc = ktg_context_new(r.loop, ktg_agent_lookup, NULL, &context, err);
    if (rc)
        goto out;
    o.loop = r.loop;
    o.context = context;
    rc = ktg_agent_open(&o, &calls, &r.agent, err);
    if (rc)
        goto out;
    ktg_log(&messages[LOG_READY], "producer=%s", r.name);
    ktg_loop_run(r.loop);
    rc = r.broken.code;
    if (rc && err)
        *err = r.broken;
    if (!rc)
        say_stopped(&r);
out:
    ktg_agent_close(r.agent);
    if (context)
        ktg_context_free(context);
    for (size_t i = 0; i < 2; i++)
        ktg_signal_free(stop[i]);
    if (r.loop)
        ktg_loop_free(r.loop);
    return rc;
}
