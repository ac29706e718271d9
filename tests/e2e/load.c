/* tests/e2e/load.c - a producer under load that may be killed at any instant: the agent, fed by the synthetic country.
 *
 *     country(seed), country(seed + 1) ... ─ event n ─> agent, outbox ─> centre
 *          n is due at START + n / RATE        └─> ledger: S n id content seed first    on this disk
 *                                                          R id status position         on the centre's
 *
 *     load KEYS NAME ENDPOINT OUTBOX LEDGER SEED RATE START_MS PERCENT
 *
 * (1) Event n is the same bytes in every run, so a run that was killed is continued: the next one begins after the last S
 *     line and may say some of it again.  The outbox knows them.
 * (2) A line stands in the ledger (written, synced) only after the agent said so; a killed run may have heard more.
 * (3) SIGTERM: nothing more is offered; when all is acknowledged it ends with status 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/shipped.h"
#include "config/registry.h"
#include "producers/agent/agent.h"
#include "producers/simulate/simulate.h"
#include "runtime/journal/journal.h"
#include "runtime/log.h"
#include "schema/json.h"

struct load {
    struct ktg_loop *loop;
    struct ktg_agent *agent;
    struct ktg_catalogue *catalogue;
    struct ktg_simulate *country;
    struct ktg_buf line, blob, ledger;
    uint64_t seed, rate, next; /* next: number of the event to offer */
    uint64_t in_last;          /* ... of the one before */
    uint64_t in_country;       /* number of the first event of the country with this seed */
    ktg_time start;
    int percent, fd;
    bool have, frozen; /* have: `blob` is event `next` */
};

static int fail(const struct ktg_err *err, const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, err->text);
    return 1;
}

/* ---- events by number ---- */

static int open_country(struct load *l, uint64_t seed, struct ktg_err *err)
{
    const struct ktg_simulate_options options = {
        .scenario = "borneo-week", .seed = seed, .percent = l->percent};
    l->country = ktg_simulate_free(l->country);
    return ktg_simulate_new(&options, &l->country, err);
}

/* Stand before event `next`, which is in this country or the next. */
static int go_to_next(struct load *l, struct ktg_err *err)
{
    struct ktg_simulate_event e;
    int rc = open_country(l, l->seed, err);
    for (uint64_t i = l->in_country; !rc && i < l->next; i++)
        if (!ktg_simulate_next(l->country, &e))
            rc = ktg_err_set(err, KTG_EINVALID, "the ledger is not of this seed");
    return rc;
}

static int make_next(struct load *l, struct ktg_err *err)
{
    struct ktg_simulate_event e;
    struct ktg_json_extra extra;
    if (l->have)
        return KTG_OK;
    if (!ktg_simulate_next(l->country, &e)) {
        l->in_last = l->in_country;
        l->in_country = l->next;
        int rc = open_country(l, ++l->seed, err);
        if (rc || !ktg_simulate_next(l->country, &e))
            return rc ? rc : KTG_EINVALID;
    }
    ktg_buf_clear(&l->line);
    ktg_buf_clear(&l->blob);
    ktg_simulate_print(&e, false, &l->line);
    int rc = ktg_json_decode(l->catalogue, ktg_buf_view(&l->line), &l->blob, &extra, err);
    l->have = !rc;
    return rc;
}

/* ---- the ledger ---- */

static void put_receipt(struct load *l, const struct ktg_outbox_receipt *r)
{
    char id[33];
    ktg_hex(r->id, sizeof r->id, id);
    ktg_buf_printf(&l->ledger, "R %s %s %" PRIu64 "\n", id, ktg_receipt_status_name(r->status),
                   r->position);
}

static void on_stored(void *arg, void *tag, const struct ktg_outbox_event *event,
                      const struct ktg_outbox_verdict *verdict)
{
    struct load *l = arg;
    uint8_t content[16];
    char id[33], hash[33];
    if (verdict->kind == KTG_OUTBOX_CONFLICT) {
        fprintf(stderr, "load: the outbox holds other bytes under an id of ours\n");
        exit(1);
    }
    ktg_journal_content_hash(event->blob, content);
    ktg_hex(event->id, sizeof event->id, id);
    ktg_hex(content, sizeof content, hash);
    uint64_t n = (uintptr_t)tag - 1;
    bool before = n < l->in_country; /* of the country that was left a moment ago */
    ktg_buf_printf(&l->ledger, "S %" PRIu64 " %s %s %" PRIu64 " %" PRIu64 "\n", n, id, hash,
                   before ? l->seed - 1 : l->seed, before ? l->in_last : l->in_country);
    if (verdict->kind == KTG_OUTBOX_DONE)
        put_receipt(l, &verdict->receipt);
}

static void on_receipt(void *arg, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault)
{
    struct load *l = arg;
    put_receipt(l, r);
    if (fault)
        fprintf(stderr, "load: rejected: %.*s at %.*s, got %.*s\n", (int)fault->code.size,
                (const char *)fault->code.data, (int)fault->where.size,
                (const char *)fault->where.data, (int)fault->got.size,
                (const char *)fault->got.data);
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    (void)arg;
    fprintf(stderr, "load: %s\n", what->text);
}

static void on_broken(void *arg, const struct ktg_err *why)
{
    (void)arg;
    fprintf(stderr, "load: broken: %s\n", why->text);
    _exit(74);
}

static void write_ledger(struct load *l)
{
    size_t done = 0;
    while (done < l->ledger.size) {
        ssize_t n = write(l->fd, l->ledger.data + done, l->ledger.size - done);
        if (n <= 0)
            _exit(74);
        done += (size_t)n;
    }
    if (done && fdatasync(l->fd))
        _exit(74);
    ktg_buf_clear(&l->ledger);
}

/* Goes on after the last whole line (a killed run may have left half of one), and after the last event stored. */
static int continue_ledger(struct load *l, const char *path)
{
    char line[192], *p;
    long whole = 0;
    FILE *f = fopen(path, "r");
    for (; f && fgets(line, sizeof line, f) && strchr(line, '\n'); whole += (long)strlen(line))
        if (line[0] == 'S') {
            l->next = strtoull(line + 2, &p, 10) + 1;
            l->seed = strtoull(p + 1 + 32 + 1 + 32, &p, 10);
            l->in_country = strtoull(p, NULL, 10);
        }
    if (f)
        fclose(f);
    l->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return l->fd < 0 || ftruncate(l->fd, whole) || lseek(l->fd, whole, SEEK_SET) < 0 ? KTG_EIO
                                                                                     : KTG_OK;
}

/* ---- the loop ---- */

static void on_turn(void *arg)
{
    struct load *l = arg;
    struct ktg_err err = KTG_ERR_INIT;
    uint64_t due =
        (uint64_t)(ktg_clock_now(&KTG_CLOCK_REAL) - l->start) * l->rate / 1000; /* START <= now */
    for (int n = 0; !l->frozen && l->next < due && n < 1000; n++) {
        if (make_next(l, &err)) {
            fail(&err, "an event of the country");
            exit(1);
        }
        int rc = ktg_agent_submit(l->agent, ktg_buf_view(&l->blob),
                                  (void *)(uintptr_t)(l->next + 1), &err);
        if (rc == KTG_EAGAIN)
            break;
        if (rc) {
            fail(&err, "submit");
            exit(1);
        }
        l->next++;
        l->have = false;
    }
    write_ledger(l);
}

static void on_signal(void *arg, int number)
{
    (void)number;
    ((struct load *)arg)->frozen = true;
}

static bool is_done(void *arg)
{
    struct load *l = arg;
    return l->frozen && l->ledger.size == 0 && ktg_agent_is_idle(l->agent);
}

static int read_keys(const char *keys, const char *name, struct ktg_curve_pair *own,
                     struct ktg_curve_key *server, struct ktg_err *err)
{
    char secret[KTG_KEY_TEXT];
    struct ktg_curve_key of_server;
    int rc = ktg_registry_secret(keys, name, secret, err);
    if (!rc)
        rc = ktg_curve_parse(ktg_bytes_str(secret), &own->secret_key, err);
    if (!rc)
        rc = ktg_curve_derive(&own->secret_key, &own->public_key, err);
    if (!rc)
        rc = ktg_registry_secret(keys, "gateway", secret, err);
    if (!rc)
        rc = ktg_curve_parse(ktg_bytes_str(secret), &of_server, err);
    return rc ? rc : ktg_curve_derive(&of_server, server, err);
}

int main(int argc, char **argv)
{
    struct load l = {.fd = -1};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_curve_pair own;
    struct ktg_curve_key server;
    struct ktg_context *context = NULL;
    struct ktg_timer *turn = NULL;
    struct ktg_signal *stop = NULL;
    struct ktg_files files = KTG_FILES_INIT;
    if (argc != 10) {
        fprintf(stderr,
                "usage: load KEYS NAME ENDPOINT OUTBOX LEDGER SEED RATE START_MS PERCENT\n");
        return 2;
    }
    sigset_t early; /* who starts it blocks SIGTERM, so that a stop that comes too early waits */
    sigemptyset(&early);
    sigaddset(&early, SIGTERM);
    ktg_log_setup("load", KTG_LOG_ERROR);
    l.seed = strtoull(argv[6], NULL, 10);
    l.rate = strtoull(argv[7], NULL, 10);
    l.start = strtoll(argv[8], NULL, 10);
    l.percent = (int)strtol(argv[9], NULL, 10);
    struct ktg_agent_calls calls = {.on_stored = on_stored,
                                    .on_receipt = on_receipt,
                                    .on_trouble = on_trouble,
                                    .on_broken = on_broken,
                                    .arg = &l};
    int rc = continue_ledger(&l, argv[5]);
    if (!rc)
        rc = ktg_shipped_gather(&(struct ktg_shipped_choice){0}, &files, &err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, &l.catalogue, &err);
    if (!rc)
        rc = go_to_next(&l, &err);
    if (!rc)
        rc = read_keys(argv[1], argv[2], &own, &server, &err);
    if (!rc)
        rc = ktg_loop_new(&l.loop, &err);
    if (!rc)
        rc = ktg_context_new(l.loop, NULL, NULL, &context, &err);
    if (!rc)
        rc = ktg_timer_new(l.loop, on_turn, &l, &turn, &err);
    if (!rc)
        rc = ktg_signal_new(l.loop, SIGTERM, on_signal, &l, &stop, &err);
    const struct ktg_agent_options options = {
        .loop = l.loop,
        .context = context,
        .name = argv[2],
        .folder = argv[4],
        .outbox = {.map_size = UINT64_C(1) << 30, .receipts = 100000, .rejects = 10000},
        .endpoint = argv[3],
        .keys = &own,
        .server_key = &server,
        .retry_max = 1000};
    if (!rc)
        rc = ktg_agent_open(&options, &calls, &l.agent, &err);
    if (!rc) {
        sigprocmask(SIG_UNBLOCK, &early, NULL);
        ktg_timer_start(turn, 0, 5);
        while (!ktg_loop_run_until(l.loop, is_done, &l, ktg_mono_ms() + 60000))
            continue; /* whoever started it decides how long is too long */
        on_turn(&l);
    }
    l.agent = ktg_agent_close(l.agent);
    ktg_context_free(context);
    ktg_loop_free(l.loop);
    ktg_files_done(&files);
    ktg_catalogue_free(l.catalogue);
    ktg_simulate_free(l.country);
    ktg_buf_done(&l.line);
    ktg_buf_done(&l.blob);
    ktg_buf_done(&l.ledger);
    return rc ? fail(&err, "cannot begin") : 0;
}
