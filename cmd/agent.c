/* cmd/agent.c - agent, spool status, spool rejects: the producer's side, for as long as the line is down.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/agent/agent.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/phrase.h"
#include "cmd/producer.h"
#include "runtime/civil.h"
#include "runtime/station/station.h"
#include "schema/event.h"
#include "schema/faults.h"

enum message {
#define X(symbol, id, level, text, action) MESSAGE_##symbol,
#include "cmd/messages.def"
#undef X
};
static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "cmd/messages.def"
#undef X
};

/* ---- agent ---- */

static const struct ktg_parameter agent_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_CALLER_PARAMETERS,
    KTG_OUTBOX_PARAMETER,
    KTG_END_PARAMETERS,
};
static const struct ktg_example agent_examples[] = {
    {"kentongan agent --key IMI.ENTIKONG.1",
     {"takes events of publish on this machine, brings them to the centre",
      "menerima kejadian dari publish di mesin ini, membawanya ke pusat"}},
    {"kentongan agent --set agent.sources='IMI.ENTIKONG.1 IMI.ENTIKONG.2'",
     {"with heartbeats for two sources", "dengan detak untuk dua sumber"}},
    KTG_END_EXAMPLES,
};

struct shell {
    struct ktg_station *station;
};

static void on_state(void *arg, enum ktg_agent_state state, const struct ktg_err *why)
{
    (void)arg;
    bool wrong = state == KTG_AGENT_REFUSED || state == KTG_AGENT_FENCED;
    ktg_log(&messages[wrong ? MESSAGE_AGENT_REFUSED : MESSAGE_AGENT_STATE], "state=%s fault=%s",
            ktg_agent_state_name(state), why && why->fault ? why->fault->name : "-");
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    (void)arg;
    ktg_log(&messages[MESSAGE_AGENT_TROUBLE], "fault=%s", what->fault ? what->fault->name : "-");
}

static void on_broken(void *arg, const struct ktg_err *why)
{
    struct shell *s = arg;
    ktg_log(&messages[MESSAGE_AGENT_BROKEN], "fault=%s", why->fault ? why->fault->name : "-");
    ktg_station_stop(s->station, KTG_EIO);
}

#define MOST_SOURCES 256

/* Words of the setting agent.sources; `text` is cut up in place. */
static int split_sources(char *text, const char *to[MOST_SOURCES + 1], struct ktg_err *err)
{
    size_t n = 0;
    for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        if (n == MOST_SOURCES)
            return ktg_call_too_many(err, "agent.sources", MOST_SOURCES);
        to[n++] = w;
    }
    to[n] = NULL;
    return KTG_OK;
}

static int serve(struct ktg_call *call, const struct ktg_settings *s,
                 const struct ktg_installation_caller *caller)
{
    struct shell shell = {0};
    struct ktg_context *context = NULL;
    struct ktg_agent *agent = NULL;
    struct ktg_agent_options o;
    const char *sources[MOST_SOURCES + 1] = {NULL};
    char ipc[160], words[4200];
    const struct ktg_station_options station = {
        .name = "agent",
        .run_dir = ktg_settings_text(s, KTG_SET_PATHS_RUN),
        .clock = ktg_settings_clock(s),
        .log_level = (enum ktg_log_level)ktg_settings_int(s, KTG_SET_LOG_LEVEL),
    };
    const struct ktg_agent_calls calls = {
        .on_state = on_state, .on_trouble = on_trouble, .on_broken = on_broken, .arg = &shell};
    snprintf(words, sizeof words, "%s", ktg_settings_text(s, KTG_SET_AGENT_SOURCES));
    int rc = split_sources(words, sources, &call->err);
    if (!rc)
        rc = ktg_station_open(&station, &shell.station, &call->err);
    if (!rc)
        rc = ktg_context_new(ktg_station_loop(shell.station), ktg_agent_lookup, NULL, &context,
                             &call->err);
    if (!rc) {
        ktg_producer_agent(call, s, caller, &o);
        ktg_producer_ipc(s, ipc, sizeof ipc);
        o.loop = ktg_station_loop(shell.station);
        o.context = context;
        o.sources = sources;
        o.ipc = ipc;
        rc = ktg_agent_open(&o, &calls, &agent, &call->err);
    }
    if (!rc) {
        ktg_station_ready(shell.station);
        rc = ktg_station_run(shell.station);
    }
    ktg_agent_close(agent);
    ktg_context_free(context);
    ktg_station_close(shell.station);
    return rc;
}

static int run_agent(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_installation_caller caller = {0};
    int rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = ktg_installation_caller(call, s, &caller);
    if (!rc)
        rc = serve(call, s, &caller);
    ktg_curve_forget(&caller.keys);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_agent = {
    .path = "agent",
    .summary = {"keep events until the centre has them",
                "simpan kejadian sampai pusat memilikinya"},
    .detail = {"Takes events of publish on this machine, stores them, brings them to the centre "
               "when there is a line, and\n"
               "says for its sources that they are alive.",
               "Menerima kejadian dari publish di mesin ini, menyimpannya, membawanya ke pusat "
               "bila ada sambungan, dan\n"
               "menyatakan bahwa sumber-sumbernya hidup."},
    .options = agent_options,
    .examples = agent_examples,
    .run = run_agent,
};

/* ---- spool ---- */

static const struct ktg_parameter spool_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_OUTBOX_PARAMETER,
    KTG_END_PARAMETERS,
};

/* Only to look: its agent may be running, and is not hindered. */
static int open_outbox(struct ktg_call *call, struct ktg_settings **ret_s,
                       struct ktg_outbox **ret_ob)
{
    struct ktg_agent_options o;
    const struct ktg_installation_caller nobody = {.name = "", .endpoint = ""};
    int rc = ktg_installation_settings(call, ret_s);
    if (rc)
        return rc;
    ktg_producer_agent(call, *ret_s, &nobody, &o);
    return ktg_outbox_look(o.folder, &o.outbox, ret_ob, &call->err);
}

static const struct ktg_example status_examples[] = {
    {"kentongan spool status", {"how much waits, since when", "berapa yang menunggu, sejak kapan"}},
    {"kentongan spool status --outbox /var/lib/kentongan/outbox --json",
     {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static const char *instant(ktg_time t, char to[static KTG_INSTANT_TEXT])
{
    if (t == KTG_NEVER || t == KTG_LONG_AGO)
        return NULL;
    ktg_instant_format(t, 0, to);
    return to;
}

static void show_stat(struct ktg_output *o, const struct ktg_outbox_stat *s)
{
    static const struct ktg_column columns[] = {
        {.key = "waiting", .title = {"WAITING", "MENUNGGU"}, .kind = KTG_CELL_NUMBER},
        {.key = "bytes", .title = {"BYTES", "BITA"}, .kind = KTG_CELL_NUMBER},
        {.key = "oldest", .title = {"OLDEST", "TERLAMA"}, .kind = KTG_CELL_INSTANT},
        {.key = "last_ack", .title = {"LAST RECEIPT", "TANDA TERIMA"}, .kind = KTG_CELL_INSTANT},
        {.key = "stored", .title = {"STORED", "DISIMPAN"}, .kind = KTG_CELL_NUMBER},
        {.key = "accepted", .title = {"ACCEPTED", "DITERIMA"}, .kind = KTG_CELL_NUMBER},
        {.key = "duplicate", .title = {"KNOWN", "DIKENAL"}, .kind = KTG_CELL_NUMBER},
        {.key = "rejected", .title = {"REJECTED", "DITOLAK"}, .kind = KTG_CELL_NUMBER},
        {.key = "rejects", .title = {"TO SEE", "DILIHAT"}, .kind = KTG_CELL_NUMBER},
    };
    const uint64_t numbers[] = {s->waiting,   s->waiting_bytes, s->stored, s->accepted,
                                s->duplicate, s->rejected,      s->rejects};
    char n[KTG_COUNT(numbers)][24], oldest[KTG_INSTANT_TEXT], last[KTG_INSTANT_TEXT];
    for (size_t i = 0; i < KTG_COUNT(numbers); i++)
        snprintf(n[i], sizeof n[i], "%" PRIu64, numbers[i]);
    ktg_output_table(o, columns, KTG_COUNT(columns));
    ktg_output_row(o,
                   (const char *const[]){n[0], n[1], instant(s->oldest_at, oldest),
                                         instant(s->last_ack, last), n[2], n[3], n[4], n[5], n[6]});
    ktg_output_end(o);
}

static int run_status(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_outbox *ob = NULL;
    struct ktg_outbox_stat stat;
    int rc = open_outbox(call, &s, &ob);
    if (!rc)
        rc = ktg_outbox_stat(ob, &stat, &call->err);
    if (!rc)
        show_stat(call->out, &stat);
    ktg_outbox_close(ob);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_spool_status = {
    .path = "spool status",
    .summary = {"what waits in the outbox", "apa yang menunggu di kotak keluar"},
    .detail = {"Looks only: its agent may be running.",
               "Hanya melihat: agennya boleh sedang berjalan."},
    .options = spool_options,
    .examples = status_examples,
    .run = run_status,
};

static const struct ktg_example rejects_examples[] = {
    {"kentongan spool rejects",
     {"what the centre refused, and why", "apa yang ditolak pusat, dan sebabnya"}},
    {"kentongan spool rejects --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static const char *text_of(struct ktg_bytes b, char *to, size_t size)
{
    snprintf(to, size, "%.*s", (int)b.size, (const char *)b.data);
    return b.size ? to : NULL;
}

struct listing {
    struct ktg_output *out;
    uint64_t next; /* row to begin at */
    bool more;
};

/* One row a look: whoever reads our output may be slow, and the outbox must not wait for him. */
static int show_reject(void *arg, const struct ktg_outbox_reject_view *r)
{
    struct listing *l = arg;
    struct ktg_output *o = l->out;
    char no[24], id[KTG_ID_TEXT], at[KTG_INSTANT_TEXT], part[5][256];
    snprintf(no, sizeof no, "%" PRIu64, r->no);
    ktg_id_format(r->id, id);
    const struct ktg_bytes texts[] = {r->fault.code, r->fault.where, r->fault.got, r->fault.want,
                                      r->fault.text};
    const char *cells[8] = {no, id, instant(r->at, at)};
    char said[3][KTG_PHRASE_TEXT];
    const struct ktg_fault *known = ktg_fault_named(r->fault.code);
    for (size_t i = 0; i < KTG_COUNT(texts); i++)
        cells[3 + i] = text_of(texts[i], part[i], sizeof part[i]);
    for (size_t i = 1; i < 4; i++) /* where, got, wanted */
        cells[3 + i] = cells[3 + i] ? ktg_phrase(cells[3 + i], o->lang, said[i - 1]) : NULL;
    if (known && o->lang != KTG_LANG_EN) /* the centre tells it in English */
        cells[7] = ktg_phrase_what(known, o->lang);
    ktg_output_row(o, cells);
    l->next = r->no + 1;
    l->more = true;
    return KTG_EAGAIN;
}

static int run_rejects(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "no", .title = {"NO", "NO"}, .kind = KTG_CELL_NUMBER},
        {.key = "id", .title = {"EVENT", "KEJADIAN"}},
        {.key = "at", .title = {"HEARD", "DIDENGAR"}, .kind = KTG_CELL_INSTANT},
        {.key = "fault", .title = {"FAULT", "GALAT"}},
        {.key = "where", .title = {"WHERE", "DI MANA"}},
        {.key = "got", .title = {"GOT", "DIDAPAT"}},
        {.key = "wanted", .title = {"WANTED", "SEHARUSNYA"}},
        {.key = "text", .title = {"WHY", "SEBAB"}},
    };
    struct ktg_settings *s = NULL;
    struct ktg_outbox *ob = NULL;
    int rc = open_outbox(call, &s, &ob);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        struct listing l = {.out = call->out, .more = true};
        while (!rc && l.more) {
            l.more = false;
            rc = ktg_outbox_rejects(ob, l.next, show_reject, &l, &call->err);
            rc = l.more ? KTG_OK : rc;
        }
        ktg_output_end(call->out);
    }
    ktg_outbox_close(ob);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_spool_rejects = {
    .path = "spool rejects",
    .summary = {"what the centre refused, and why", "apa yang ditolak pusat, dan sebabnya"},
    .detail = {"Looks only: its agent may be running.",
               "Hanya melihat: agennya boleh sedang berjalan."},
    .options = spool_options,
    .examples = rejects_examples,
    .run = run_rejects,
};
