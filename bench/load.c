/* bench/load.c - one producer: sends events in PUBLISH frames and waits for their acknowledgements.
 *
 *     bench_load ENDPOINT PRODUCER SECONDS [name=value ...]
 *         rate=N       events a second; 0 (default): as fast as the window allows
 *         frame=N      most events in a frame (64)
 *         events=N     stop after so many; 0 (default): after SECONDS
 *         window=N     most events in flight (24576); never more than the credit
 *         persons=N    (1000000)        seed=N (1)
 *         refused=N    events of 65536 that raise an alert at once (1311)
 *         overdue=N    events of 65536 that become due `ahead` ms after they were sent (0)
 *         ahead=N      ms (1500)
 *         server=KEY secret=KEY         Z85; without them plain
 *         data=FOLDER  of the centre: counts until correlation has answered what was sent, too
 *         lag=N        most positions in flight, or durable and not answered, when a frame goes out (needs data); 0: any
 *         country=PERCENT clock=FILE    the synthetic country in place of all this, each event once, as fast as it is taken;
 *                      FILE is made, and the domain clock in it stands at the arrival of the newest event sent
 *
 * With a rate each event has its instant, t0 + n / rate; it is sent at the first look after it, and latency counts from
 * that instant, not from when it was sent.  Without one, latency counts from the sending.  What is in flight at the end
 * is waited for.  One JSON line: what was acknowledged, in how long, and how long that took event by event; with data,
 * what was answered, in how long, and how far that lay behind.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/client.h"
#include "bench/country.h"
#include "bench/figures.h"
#include "bench/options.h"
#include "bench/texts.h"
#include "bench/traffic.h"
#include "runtime/clockfile.h"
#include "runtime/journal/journal.h"

enum {
    RING = 1 << 20,
    LOOK_NS =
        200000, /* as one host does that sends for many: what waits meanwhile is in the latency */
    SETTLE_NS = 500000000,
    DAY = 24 * 3600 * 1000,
    PATIENCE_S = 30
};
#define SECOND INT64_C(1000000000)

static struct ktg_figures answers;
static int64_t sent_at[RING]; /* or due at, of sequence number % RING */
static uint8_t incoming[KTG_FRAME_MAX];

struct load {
    struct ktg_client client;
    struct ktg_traffic *traffic;
    struct ktg_country *country;
    struct ktg_clockfile *clockfile;
    struct ktg_journal_mark *journal, *findings; /* NULL: nobody asked */
    uint64_t rate, frame, events, window, persons, seed, refused, overdue, ahead, lag, percent;
    const char *server, *secret, *data, *clock;
    int64_t began, wall; /* mono ns; realtime - mono */
    uint64_t seq, acked, rejected, bytes, held;
    uint64_t widest;               /* lag */
    int64_t acked_ns, answered_ns; /* from the beginning until the last */
    struct ktg_buf list, out;
};

static int read_options(struct load *l, int argc, char **argv)
{
    const struct ktg_option options[] = {
        {"rate", &l->rate, NULL},       {"frame", &l->frame, NULL},
        {"events", &l->events, NULL},   {"window", &l->window, NULL},
        {"persons", &l->persons, NULL}, {"seed", &l->seed, NULL},
        {"refused", &l->refused, NULL}, {"overdue", &l->overdue, NULL},
        {"ahead", &l->ahead, NULL},     {"lag", &l->lag, NULL},
        {"country", &l->percent, NULL}, {"server", NULL, &l->server},
        {"secret", NULL, &l->secret},   {"data", NULL, &l->data},
        {"clock", NULL, &l->clock}};
    if (ktg_options_read(options, KTG_COUNT(options), argc, argv))
        return -1;
    if ((l->lag && !l->data) || (l->percent && (!l->clock || l->rate)))
        return -1;
    return l->frame >= 1 && l->frame <= KTG_PUBLISH_EVENTS ? 0 : -1;
}

/* ---- how far the answers are ---------------------------------------------------------------------------------------- */

static struct ktg_journal_mark *open_mark(const char *data, const char *name)
{
    char path[512];
    struct ktg_journal_mark *m = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", data, name);
    for (int64_t until = ktg_mono_ns() + PATIENCE_S * SECOND; ktg_mono_ns() < until;) {
        if (!ktg_journal_mark_open(path, &m, &err))
            return m;
        struct timespec rest = {0, LOOK_NS};
        nanosleep(&rest, NULL); /* the station has not made it yet */
    }
    fprintf(stderr, "bench_load: %s\n", err.text);
    return NULL;
}

/* Positions that are durable and not answered. */
static uint64_t lag(struct load *l)
{
    uint64_t answered = ktg_journal_mark_read(l->findings).tag, /* first: it never runs ahead */
        durable = ktg_journal_mark_read(l->journal).mark;
    uint64_t n = durable > answered ? durable - answered : 0;
    if (n > l->widest)
        l->widest = n;
    return n;
}

/* After the last acknowledgement. */
static void wait_answered(struct load *l)
{
    while (lag(l) && ktg_mono_ns() - l->began < 3600 * SECOND) {
        struct timespec rest = {0, LOOK_NS};
        nanosleep(&rest, NULL);
    }
    l->answered_ns = ktg_mono_ns() - l->began;
}

/* ---- sending -------------------------------------------------------------------------------------------------------- */

/* When event `seq` (from 1) is due, mono ns. */
static int64_t due(const struct load *l, uint64_t seq)
{
    return l->began + (int64_t)((double)(seq - 1) * 1e9 / (double)l->rate);
}

/* How many may go now. */
static uint64_t allowed(struct load *l, int64_t now)
{
    uint64_t flying = l->seq - l->acked, n = flying < l->window ? l->window - flying : 0;
    if (n > l->frame)
        n = l->frame;
    if (l->events && n > l->events - l->seq)
        n = l->events - l->seq;
    if (n && l->lag && lag(l) + flying >= l->lag)
        return 0;
    if (!l->rate)
        return n;
    uint64_t k = 0;
    while (k < n && due(l, l->seq + k + 1) <= now)
        k++;
    return k;
}

/* The event with the number l->seq, which is due or sent at `at`, mono ns. */
static struct ktg_bytes event(struct load *l, int64_t at)
{
    int64_t wall = at + l->wall;
    if (l->country) {
        const struct ktg_country_event *e = ktg_country_at(l->country, l->seq - 1);
        ktg_clockfile_set(l->clockfile, e->arrives_at, 1);
        return e->blob;
    }
    enum ktg_traffic_kind kind =
        ktg_traffic_kind(l->traffic, (uint32_t)l->refused, (uint32_t)l->overdue);
    ktg_time occurred =
        wall / 1000000 - (kind == KTG_TRAFFIC_OVERDUE ? DAY - (int64_t)l->ahead : 0);
    return ktg_traffic_next(l->traffic, kind, wall, occurred);
}

static int send_frame(struct load *l, uint64_t count, int64_t now)
{
    uint64_t first = l->seq + 1;
    ktg_buf_clear(&l->out);
    uint8_t head[KTG_FRAME_HEAD] = {'K', 'T', KTG_PROTO_VERSION, KTG_MSG_PUBLISH};
    ktg_frame_set_session(head, l->client.session);
    ktg_buf_put(&l->out, head, sizeof head);
    ktg_wire_put_map(&l->out, 2);
    ktg_wire_put_text(&l->out, "events");
    ktg_wire_put_array(&l->out, (uint32_t)count);
    for (uint64_t i = 0; i < count; i++) {
        int64_t at = l->rate ? due(l, ++l->seq) : (l->seq++, now);
        struct ktg_bytes e = event(l, at);
        sent_at[l->seq % RING] = at;
        ktg_wire_put_bin(&l->out, e);
        l->bytes += e.size;
    }
    ktg_wire_put_text(&l->out, "first_seq");
    ktg_wire_put_int(&l->out, (int64_t)first);
    return ktg_client_send_frame(&l->client, l->out.data, l->out.size);
}

static void on_ack(struct load *l, uint64_t upto, int64_t now)
{
    for (uint64_t s = l->acked + 1; s <= upto; s++)
        if (now - l->began > SETTLE_NS)
            ktg_figures_add(&answers, now - sent_at[s % RING], 1);
    if (upto > l->acked)
        l->acked = upto;
}

/* All that has come.  -1: it is over. */
static int listen_to(struct load *l)
{
    struct ktg_msg m;
    int got;
    while ((got = ktg_client_receive(&l->client, incoming, sizeof incoming, &m)) > 0) {
        if (m.type == KTG_MSG_ACK) {
            on_ack(l, m.ack.seq, ktg_mono_ns());
        } else if (m.type == KTG_MSG_NACK) {
            if (m.nack.nack_class == KTG_NACK_REJECT && l->rejected++)
                continue;
            fprintf(stderr, "bench_load: refused: %.*s %.*s got %.*s\n", (int)m.nack.code.size,
                    (const char *)m.nack.code.data, (int)m.nack.where.size,
                    (const char *)m.nack.where.data, (int)m.nack.got.size,
                    (const char *)m.nack.got.data);
            if (m.nack.nack_class != KTG_NACK_REJECT)
                return -1;
        }
    }
    return got;
}

static int run(struct load *l, int64_t length)
{
    int64_t now = l->began = ktg_mono_ns();
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    l->wall = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - now;
    while (now - l->began < length && (!l->events || l->seq < l->events)) {
        uint64_t n = allowed(l, now);
        if (n && send_frame(l, n, now))
            return -1;
        if (listen_to(l))
            return -1;
        if (l->rate ? n < l->frame : n == 0) {
            l->held += l->seq - l->acked >= l->window;
            ktg_client_wait(&l->client, l->rate ? LOOK_NS : 1000000);
        }
        now = ktg_mono_ns();
    }
    while (l->acked < l->seq && ktg_mono_ns() - now < PATIENCE_S * SECOND) {
        ktg_client_wait(&l->client, 1000000);
        if (listen_to(l))
            return -1;
    }
    return l->acked == l->seq ? 0 : -1;
}

/* What is sent, and the clock file, before any station starts. */
static int prepare(struct load *l, const struct ktg_texts *texts, struct ktg_err *err)
{
    if (!l->percent)
        return ktg_traffic_new(texts->catalogue, l->seed, l->persons,
                               ktg_clock_now(&KTG_CLOCK_REAL), &l->traffic, err);
    int rc = ktg_country_new(texts->catalogue, l->percent, l->seed, &l->country, err);
    if (!rc) {
        l->events = ktg_country_count(l->country);
        rc = ktg_clockfile_create(l->clock, ktg_country_at(l->country, 0)->arrives_at, 1,
                                  &l->clockfile, err);
    }
    return rc;
}

static void print(const struct load *l, bool ok)
{
    double seconds = (double)l->acked_ns / 1e9;
    double answered = l->answered_ns ? (double)l->answered_ns / 1e9 : 0;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"ok\":%s,\"acked\":%" PRIu64 ",\"rejected\":%" PRIu64
           ",\"seconds\":%.3f,\"events_per_s\":%.0f,\"bytes_per_event\":%.1f,\"window\":%" PRIu64
           ",\"held\":%" PRIu64 ",\"ack_us_p50\":%.1f,\"ack_us_p99\":%.1f,\"answered_per_s\":%.0f"
           ",\"answered_s\":%.3f,\"widest_lag\":%" PRIu64 ",\"cpu_s\":%.2f}\n",
           ok ? "true" : "false", l->acked, l->rejected, seconds,
           seconds > 0 ? (double)l->acked / seconds : 0,
           l->seq ? (double)l->bytes / (double)l->seq : 0, l->window, l->held,
           (double)ktg_figures_percentile(&answers, 50) / 1e3,
           (double)ktg_figures_percentile(&answers, 99) / 1e3,
           answered > 0 ? (double)l->acked / answered : 0, answered, l->widest, cpu);
}

int main(int argc, char **argv)
{
    static struct load l = {.frame = 64,
                            .window = 24576,
                            .persons = 1000000,
                            .seed = 1,
                            .refused = 1311,
                            .ahead = 1500};
    struct ktg_texts texts;
    struct ktg_err err = KTG_ERR_INIT;
    if (argc < 4 || read_options(&l, argc - 4, argv + 4)) {
        fprintf(stderr, "bench_load ENDPOINT PRODUCER SECONDS [name=value ...]: see the head of "
                        "bench/load.c\n");
        return 2;
    }
    if (ktg_texts_open(NULL, &texts, &err) || prepare(&l, &texts, &err)) {
        fprintf(stderr, "bench_load: %s\n", err.text);
        return 1;
    }
    struct ktg_client_options o = {.endpoint = argv[1],
                                   .producer = argv[2],
                                   .server_key = l.server,
                                   .secret_key = l.secret,
                                   .wants = "publish"};
    int rc = ktg_client_open(&l.client, &o);
    if (!rc && l.client.welcome.credit.events < l.window)
        l.window = l.client.welcome.credit.events;
    if (!rc && l.data &&
        (!(l.journal = open_mark(l.data, "journal")) ||
         !(l.findings = open_mark(l.data, "findings"))))
        rc = -1;
    if (!rc)
        rc = run(&l, (int64_t)(strtod(argv[3], NULL) * 1e9));
    l.acked_ns = l.began ? ktg_mono_ns() - l.began : 0;
    if (!rc && l.data)
        wait_answered(&l);
    print(&l, rc == 0);
    ktg_client_close(&l.client);
    ktg_journal_mark_close(l.journal);
    ktg_journal_mark_close(l.findings);
    ktg_clockfile_close(l.clockfile);
    ktg_buf_done(&l.out);
    ktg_traffic_free(l.traffic);
    ktg_country_free(l.country);
    ktg_texts_done(&texts);
    return rc ? 1 : 0;
}
