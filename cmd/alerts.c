/* cmd/alerts.c - alerts watch, ls, show, ack, close: the duty desk in a terminal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/dial.h"
#include "cmd/phrase.h"
#include "consumers/terminal/view.h"
#include "rules/level.h"

/* ---- watch ------------------------------------------------------------------------------------------------------------ */

static const char *const froms[] = {"cursor", "earliest", "now", NULL};
static const struct ktg_parameter watch_options[] = {
    KTG_DIAL_PARAMETERS,
    {.name = "sub",
     .kind = KTG_VALUE_TEXT,
     .fallback = "terminal",
     .stands_for = "NAME",
     .help = {"name of the durable subscription", "nama langganan tetap"}},
    {.name = "from",
     .kind = KTG_VALUE_CHOICE,
     .choices = froms,
     .fallback = "cursor",
     .help = {"where to begin: after what was confirmed, at the beginning, or with what comes",
              "mulai dari: setelah yang dikonfirmasi, dari awal, atau yang akan datang"}},
    {.name = "level",
     .kind = KTG_VALUE_CHOICE,
     .choices = ktg_level_names,
     .repeat = true,
     .help = {"of this level only", "hanya yang bertingkat ini"}},
    {.name = "rule",
     .kind = KTG_VALUE_TEXT,
     .repeat = true,
     .stands_for = "RULE",
     .help = {"of this rule only; overstay-* is all that begin so",
              "hanya dari aturan ini; overstay-* berarti semua yang berawal demikian"}},
    {.name = "district",
     .kind = KTG_VALUE_TEXT,
     .repeat = true,
     .stands_for = "BPS",
     .help = {"of this kabupaten or kota only", "hanya dari kabupaten atau kota ini"}},
    {.name = "filter",
     .kind = KTG_VALUE_TEXT,
     .stands_for = "CONDITION",
     .help = {"a condition of one's own over district, level, rule, state",
              "syarat sendiri atas district, level, rule, state"}},
    {.name = "count",
     .letter = 'n',
     .kind = KTG_VALUE_NUMBER,
     .help = {"end after so many", "berhenti setelah sekian"}},
    {.name = "window",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 65536,
     .fallback = "256",
     .help = {"most unconfirmed alerts", "peringatan terbanyak yang belum dikonfirmasi"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example watch_examples[] = {
    {"kentongan alerts watch --key IMI.DESK", {"live, as a table", "langsung, sebagai tabel"}},
    {"kentongan alerts watch --key POL.DESK --from earliest --json > alerts.ndjson",
     {"everything, for programs; each line is confirmed once it is written",
      "semuanya, untuk program; tiap baris dikonfirmasi setelah ditulis"}},
    {"kentongan alerts watch --key POL.DESK --level high --level critical --rule 'overstay-*'",
     {"some of them; each choice has its own cursor",
      "sebagian; tiap pilihan punya penandanya sendiri"}},
    KTG_END_EXAMPLES,
};

static const struct ktg_column watch_columns[] = {
    {.key = "at", .title = {"AT", "SAAT"}, .kind = KTG_CELL_INSTANT},
    {.key = "alert", .title = {"ALERT", "PERINGATAN"}},
    {.key = "level", .title = {"LEVEL", "TINGKAT"}, .kind = KTG_CELL_LEVEL},
    {.key = "op", .title = {"WHAT", "APA"}},
    {.key = "rule", .title = {"RULE", "ATURAN"}},
    {.key = "title", .title = {"TITLE", "JUDUL"}},
    {.key = "subject", .title = {"SUBJECT", "SUBJEK"}},
    {.key = "district", .title = {"DISTRICT", "KABUPATEN"}},
};

struct watching {
    struct ktg_call *call;
    const struct ktg_settings *settings;
    struct ktg_buf text;
    int64_t left; /* -1: no end */
    bool headed;
    enum { UNSAID, LIVE, DOWN } said; /* of the line, last */
};

static const char *or_nothing(const char *s)
{
    return s[0] ? s : NULL;
}

static int on_item(void *arg, const struct ktg_item *item)
{
    struct watching *w = arg;
    struct ktg_output *o = w->call->out;
    ktg_buf_clear(&w->text);
    if (o->table) {
        struct ktg_view_row r;
        char reference[33];
        if (!w->headed) {
            ktg_installation_today(w->call, w->settings);
            ktg_output_table(o, watch_columns, KTG_COUNT(watch_columns));
        }
        w->headed = true;
        ktg_view_row(item->body, o->lang == KTG_LANG_ID, &w->text, &r);
        snprintf(reference, sizeof reference, "%.*s",
                 (int)(item->alert.size < 12 ? item->alert.size : 12),
                 (const char *)item->alert.data);
        const char *what = strcmp(r.state, "closed") == 0 ? "close" : r.op;
        ktg_output_row(o, (const char *const[]){r.at, reference, r.level, what, r.rule,
                                                or_nothing(r.title), or_nothing(r.subject),
                                                or_nothing(r.district)});
    } else {
        ktg_view_item_json(item, &w->text);
        ktg_output_line(o, ktg_buf_view(&w->text));
    }
    if (ktg_buf_check(&w->text))
        return ktg_err_set(&w->call->err, KTG_ENOMEM, "out of memory");
    int rc = o->table ? KTG_OK : ktg_output_flush(o, &w->call->err); /* written, then confirmed */
    return rc ? rc : w->left > 0 && --w->left == 0 ? KTG_EFULL : KTG_OK;
}

static void on_burst(void *arg)
{
    struct watching *w = arg;
    if (!w->headed)
        return;
    ktg_output_end(w->call->out);
    w->headed = false;
    if (ktg_output_flush(w->call->out, NULL))
        return; /* the next item says so */
}

static void on_state(void *arg, bool live, const char *why)
{
    struct watching *w = arg;
    char text[KTG_PHRASE_TEXT];
    if (live && w->said != LIVE)
        ktg_output_say(w->call->out, "live: what comes is shown; Ctrl-C ends",
                       "langsung: yang datang ditampilkan; Ctrl-C mengakhiri");
    else if (!live && w->said != DOWN)
        ktg_output_say(w->call->out, "not live: %s; trying again",
                       "tidak langsung: %s; mencoba lagi",
                       ktg_phrase(why, w->call->out->lang, text));
    w->said = live ? LIVE : DOWN;
}

static void on_late(void *arg, const struct ktg_caller_late *l)
{
    struct watching *w = arg;
    if (!l->late)
        ktg_output_say(w->call->out, "the centre has caught up: what comes is live again",
                       "pusat sudah mengejar: yang datang kembali langsung");
    else if (l->still)
        ktg_output_say(w->call->out,
                       "the centre stands still: %" PRIu64 " not answered, for %" PRIu64
                       " s; alerts come late",
                       "pusat berhenti: %" PRIu64 " belum dijawab, selama %" PRIu64
                       " detik; peringatan datang terlambat",
                       l->behind, l->late);
    else
        ktg_output_say(w->call->out,
                       "the centre is behind: %" PRIu64 " not answered, the oldest for %" PRIu64
                       " s; alerts come late",
                       "pusat tertinggal: %" PRIu64 " belum dijawab, yang tertua selama %" PRIu64
                       " detik; peringatan datang terlambat",
                       l->behind, l->late);
}

/* `rule in [...]`, with what ends in * as a beginning: one of them must hold. */
static int put_choice(struct ktg_call *call, const char *name, struct ktg_buf *to)
{
    const char *word;
    for (size_t i = 0; (word = ktg_call_nth(call, name, i)); i++) {
        size_t n = strlen(word), stem = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-");
        bool begins = word[stem] == '*' && stem + 1 == n;
        if (!n || (stem != n && !begins))
            return ktg_call_fail(call, KTG_CMD_BAD_VALUE, name, word,
                                 "small letters, digits and '-', and '*' at the end");
        ktg_buf_printf(to, "%s%s%s%.*s%s",
                       i          ? " || "
                       : to->size ? " && ("
                                  : "(",
                       name, begins ? ".startsWith(\"" : " == \"", (int)stem, word,
                       begins ? "\")" : "\"");
    }
    if (ktg_call_nth(call, name, 0))
        ktg_buf_put_u8(to, ')');
    return KTG_OK;
}

static int put_condition(struct ktg_call *call, struct ktg_buf *to)
{
    static const char *const choices[] = {"level", "rule", "district"};
    const char *own = ktg_call_text(call, "filter");
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < KTG_COUNT(choices); i++)
        rc = put_choice(call, choices[i], to);
    if (!rc && own)
        ktg_buf_printf(to, to->size ? " && (%s)" : "%s", own);
    return rc ? rc : ktg_buf_check(to);
}

static int run_watch(struct ktg_call *call)
{
    struct ktg_dial l = KTG_DIAL_INIT;
    struct ktg_buf filter = KTG_BUF_INIT;
    struct watching w = {.call = call, .left = ktg_call_number(call, "count", -1)};
    const char *from = ktg_call_text(call, "from");
    struct ktg_caller_watch watch = {.sub = ktg_call_text(call, "sub"),
                                     .from = strcmp(from, "earliest") == 0 ? KTG_FROM_EARLIEST
                                             : strcmp(from, "now") == 0    ? KTG_FROM_NOW
                                                                           : KTG_FROM_CURSOR,
                                     .window = (uint32_t)ktg_call_number(call, "window", 256),
                                     .arg = &w,
                                     .on_item = on_item,
                                     .on_burst = on_burst,
                                     .on_state = on_state,
                                     .on_late = on_late};
    int rc = put_condition(call, &filter);
    watch.filter = rc ? NULL : ktg_buf_text(&filter);
    if (!rc)
        rc = ktg_dial_open(&l, call);
    w.settings = l.settings;
    if (!rc)
        rc = ktg_caller_watch(&l.options, &watch, &call->err);
    ktg_buf_done(&w.text);
    ktg_buf_done(&filter);
    ktg_dial_done(&l);
    return rc;
}

const struct ktg_command ktg_cmd_alerts_watch = {
    .path = "alerts watch",
    .summary = {"alerts as they come", "peringatan saat datang"},
    .detail =
        {"A durable subscription: what is written here is confirmed at the centre, what is "
         "not comes again.  Each\n"
         "agency sees what it may see.  Whoever was shown an alert is shown its end, whatever "
         "was asked for.",
         "Langganan tetap: yang ditulis di sini dikonfirmasi di pusat, yang belum akan "
         "datang lagi.  Tiap instansi\n"
         "melihat yang boleh dilihatnya.  Yang pernah melihat suatu peringatan melihat akhirnya "
         "pula, apa pun pilihannya."},
    .options = watch_options,
    .examples = watch_examples,
    .run = run_watch,
};

/* ---- ls ------------------------------------------------------------------------------------------------------------------ */

static const char *const tracks[] = {"new", "acknowledged", "closed", NULL};
static const char *const states[] = {"open", "closed", "withdrawn", "unknown", NULL};
static const struct ktg_parameter ls_options[] = {
    KTG_DIAL_PARAMETERS,
    {.name = "track",
     .kind = KTG_VALUE_CHOICE,
     .choices = tracks,
     .help = {"of our own agency", "milik instansi sendiri"}},
    {.name = "state",
     .kind = KTG_VALUE_CHOICE,
     .choices = states,
     .help = {"of the finding", "keadaan temuan"}},
    {.name = "level",
     .kind = KTG_VALUE_CHOICE,
     .choices = ktg_level_names,
     .help = {"only this one", "hanya ini"}},
    {.name = "rule", .kind = KTG_VALUE_TEXT, .help = {"only this one", "hanya ini"}},
    {.name = "limit",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 1000000,
     .fallback = "100",
     .help = {"most that are shown", "paling banyak ditampilkan"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example ls_examples[] = {
    {"kentongan alerts ls --key IMI.DESK --track new --state open",
     {"what nobody has taken yet", "yang belum diambil siapa pun"}},
    {"kentongan alerts ls --key POL.DESK --level high --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

struct listing {
    struct ktg_call *call;
    int64_t left;
    bool more;
    char after[24];
    struct ktg_buf text;
};

static const struct ktg_column ls_columns[] = {
    {.key = "at", .title = {"AT", "SAAT"}, .kind = KTG_CELL_INSTANT},
    {.key = "alert", .title = {"ALERT", "PERINGATAN"}},
    {.key = "level", .title = {"LEVEL", "TINGKAT"}, .kind = KTG_CELL_LEVEL},
    {.key = "track", .title = {"TRACK", "PENANGANAN"}},
    {.key = "state", .title = {"STATE", "KEADAAN"}},
    {.key = "rule", .title = {"RULE", "ATURAN"}},
    {.key = "title", .title = {"TITLE", "JUDUL"}},
    {.key = "subject", .title = {"SUBJECT", "SUBJEK"}},
    {.key = "district", .title = {"DISTRICT", "KABUPATEN"}},
};

static int on_page(void *arg, const struct ktg_msg_answer *a)
{
    struct listing *l = arg;
    struct ktg_output *o = l->call->out;
    struct ktg_wire w = ktg_list_open(a->items);
    struct ktg_wire_value v;
    l->more = a->more;
    for (; l->left > 0 && !ktg_wire_next(&w, &v); l->left--) {
        struct ktg_view_row r;
        ktg_buf_clear(&l->text);
        ktg_view_row(v.raw, o->lang == KTG_LANG_ID, &l->text, &r);
        snprintf(l->after, sizeof l->after, "%" PRIu64, r.order);
        char shown[33];
        snprintf(shown, sizeof shown, "%.*s", o->table ? 12 : 32, r.alert);
        ktg_output_row(o, (const char *const[]){r.at, shown, r.level, r.track, r.state, r.rule,
                                                or_nothing(r.title), or_nothing(r.subject),
                                                or_nothing(r.district)});
    }
    return KTG_OK;
}

static void put_filter(struct ktg_call *call, struct ktg_buf *to)
{
    static const char *const names[] = {"level", "rule", "state", "track"};
    uint32_t n = 0;
    for (size_t i = 0; i < KTG_COUNT(names); i++)
        n += ktg_call_text(call, names[i]) != NULL;
    ktg_wire_put_map(to, n);
    for (size_t i = 0; i < KTG_COUNT(names); i++)
        if (ktg_call_text(call, names[i])) {
            ktg_wire_put_text(to, names[i]);
            ktg_wire_put_text(to, ktg_call_text(call, names[i]));
        }
}

static int run_ls(struct ktg_call *call)
{
    struct ktg_dial l = KTG_DIAL_INIT;
    struct ktg_buf filter = KTG_BUF_INIT;
    struct listing page = {.call = call, .left = ktg_call_number(call, "limit", 100)};
    int rc = ktg_dial_open(&l, call);
    put_filter(call, &filter);
    if (!rc)
        ktg_output_table(call->out, ls_columns, KTG_COUNT(ls_columns));
    do {
        struct ktg_msg_query q = {.what = KTG_QUERY_ALERTS,
                                  .limit = page.left < 500 ? (uint64_t)page.left : 500,
                                  .after = ktg_bytes_str(page.after),
                                  .filter = ktg_buf_view(&filter)};
        page.more = false;
        if (!rc)
            rc = ktg_caller_ask(&l.options, &q, on_page, &page, &call->err);
    } while (!rc && page.more && page.left > 0);
    if (!rc) {
        ktg_output_end(call->out);
        if (page.more)
            ktg_output_say(call->out, "there are more: --limit", "masih ada lagi: --limit");
    }
    ktg_buf_done(&filter);
    ktg_buf_done(&page.text);
    ktg_dial_done(&l);
    return rc;
}

const struct ktg_command ktg_cmd_alerts_ls = {
    .path = "alerts ls",
    .summary = {"alerts of this agency, newest first", "peringatan instansi ini, terbaru dahulu"},
    .options = ls_options,
    .examples = ls_examples,
    .run = run_ls,
};

/* ---- show ------------------------------------------------------------------------------------------------------------------ */

static const struct ktg_parameter show_options[] = {KTG_DIAL_PARAMETERS, KTG_END_PARAMETERS};
static const struct ktg_parameter alert_operands[] = {
    {.name = "ALERT",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"its id, or the first characters of it (4 or more)",
              "pengenalnya, atau huruf-huruf awalnya (4 atau lebih)"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example show_examples[] = {
    {"kentongan alerts show 9c1e42 --key IMI.DESK",
     {"why it fired, its evidence, and what would disprove it",
      "mengapa berbunyi, buktinya, dan apa yang membantahnya"}},
    {"kentongan alerts show 9c1e42 --key IMI.DESK --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static int on_alert(void *arg, const struct ktg_msg_answer *a)
{
    struct ktg_call *call = arg;
    struct ktg_wire w = ktg_list_open(a->items);
    struct ktg_wire_value v;
    struct ktg_buf text = KTG_BUF_INIT;
    if (ktg_wire_next(&w, &v))
        return ktg_call_fail(call, KTG_CMD_NO_ALERT, ktg_call_operand(call, 0), NULL, NULL);
    if (call->out->table) {
        ktg_view_alert(v.raw, call->out->lang == KTG_LANG_ID, call->out->colour, &text);
    } else {
        ktg_view_json(v.raw, &text);
    }
    int rc = ktg_buf_check(&text);
    if (!rc && call->out->table)
        ktg_output_text(call->out, ktg_buf_view(&text));
    else if (!rc)
        ktg_output_line(call->out, ktg_buf_view(&text));
    ktg_buf_done(&text);
    return rc;
}

static int run_show(struct ktg_call *call)
{
    struct ktg_dial l = KTG_DIAL_INIT;
    struct ktg_msg_query q = {.what = KTG_QUERY_ALERT,
                              .id = ktg_bytes_str(ktg_call_operand(call, 0))};
    int rc = ktg_dial_open(&l, call);
    if (!rc)
        rc = ktg_caller_ask(&l.options, &q, on_alert, call, &call->err);
    ktg_dial_done(&l);
    return rc;
}

const struct ktg_command ktg_cmd_alerts_show = {
    .path = "alerts show",
    .summary = {"one alert, with its explanation", "satu peringatan, dengan penjelasannya"},
    .options = show_options,
    .operands = alert_operands,
    .examples = show_examples,
    .run = run_show,
};

/* ---- ack, close ---------------------------------------------------------------------------------------------------------------- */

#define OFFICER_PARAMETERS                                                                        \
    KTG_DIAL_PARAMETERS,                                                                          \
        {.name = "officer",                                                                       \
         .kind = KTG_VALUE_TEXT,                                                                  \
         .help = {"who acts, as the agency names its officers; else $USER",                       \
                  "siapa yang bertindak, menurut sebutan instansinya; jika tidak, $USER"}},       \
    {                                                                                             \
        .name = "message", .letter = 'm', .kind = KTG_VALUE_TEXT, .stands_for = "TEXT", .help = { \
            "a note",                                                                             \
            "catatan"                                                                             \
        }                                                                                         \
    }

static const struct ktg_parameter ack_options[] = {OFFICER_PARAMETERS, KTG_END_PARAMETERS};
static const struct ktg_parameter alerts_operands[] = {
    {.name = "ALERT",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .repeat = true,
     .help = {"ids, or their first characters (4 or more)",
              "pengenal, atau huruf-huruf awalnya (4 atau lebih)"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example ack_examples[] = {
    {"kentongan alerts ack 9c1e42 --key POL.DESK --officer piket-1",
     {"we have taken notice", "kami sudah mengetahui"}},
    {"kentongan alerts ack 9c1e42 --key IMI.DESK --officer piket-2",
     {"the other agency has its own track", "instansi lain punya jalurnya sendiri"}},
    KTG_END_EXAMPLES,
};
static const char *const dispositions[] = {"confirmed", "dismissed",  "duplicate",
                                           "not-match", "data-error", NULL};
static const struct ktg_parameter close_options[] = {
    OFFICER_PARAMETERS,
    {.name = "as",
     .kind = KTG_VALUE_CHOICE,
     .choices = dispositions,
     .required = true,
     .help = {"what came of it", "hasil tindak lanjutnya"}},
    {.name = "reason", .kind = KTG_VALUE_TEXT, .required = true, .help = {"why", "mengapa"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example close_examples[] = {
    {"kentongan alerts close 9c1e42 --key IMI.DESK --as dismissed --reason 'departure was recorded "
     "late'",
     {"with what came of it", "dengan hasilnya"}},
    {"kentongan alerts close 9c1e42 --key POL.DESK --as confirmed --reason found",
     {"it was so", "memang demikian"}},
    KTG_END_EXAMPLES,
};

static int act(struct ktg_call *call, int action)
{
    static const struct ktg_column columns[] = {
        {.key = "alert", .title = {"ALERT", "PERINGATAN"}},
        {.key = "action", .title = {"DONE", "DILAKUKAN"}},
        {.key = "position", .title = {"POSITION", "POSISI"}, .kind = KTG_CELL_NUMBER},
    };
    struct ktg_dial l = KTG_DIAL_INIT;
    const char *officer = ktg_call_text(call, "officer"), *note = ktg_call_text(call, "message");
    bool close = action == KTG_ACTION_CLOSE;
    size_t done = 0;
    if (!officer)
        officer = getenv("USER");
    if (!officer || !officer[0])
        return ktg_call_fail(call, KTG_CMD_NO_OFFICER, call->command->path, NULL, NULL);
    int rc = ktg_dial_open(&l, call);
    for (size_t i = 0; !rc && ktg_call_operand(call, i); i++) {
        char position[24];
        uint64_t pos;
        struct ktg_msg_action m = {.action = action,
                                   .alert = ktg_bytes_str(ktg_call_operand(call, i)),
                                   .officer = ktg_bytes_str(officer),
                                   .note = ktg_bytes_str(note ? note : "")};
        if (close) {
            m.disposition = ktg_bytes_str(ktg_call_text(call, "as"));
            m.reason = ktg_bytes_str(ktg_call_text(call, "reason"));
        }
        rc = ktg_caller_act(&l.options, &m, &pos, &call->err);
        if (rc) {
            rc = ktg_err_wrap(&call->err, rc, "%s", ktg_call_operand(call, i));
            break;
        }
        if (!done++)
            ktg_output_table(call->out, columns, KTG_COUNT(columns));
        if (pos) /* 0: it stood there before we could hear of it */
            snprintf(position, sizeof position, "%" PRIu64, pos);
        ktg_output_row(call->out, (const char *const[]){ktg_call_operand(call, i),
                                                        close ? "closed" : "acknowledged",
                                                        pos ? position : NULL});
    }
    if (done) /* what was done before one was refused is shown */
        ktg_output_end(call->out);
    ktg_dial_done(&l);
    return rc;
}

static int run_ack(struct ktg_call *call)
{
    return act(call, KTG_ACTION_ACK);
}
static int run_close(struct ktg_call *call)
{
    return act(call, KTG_ACTION_CLOSE);
}

const struct ktg_command ktg_cmd_alerts_ack = {
    .path = "alerts ack",
    .summary = {"take notice of alerts, for our own agency",
                "terima peringatan, untuk instansi sendiri"},
    .detail = {"One agency's acknowledgement does not touch another's.  It stands in the journal "
               "when this returns.",
               "Penerimaan satu instansi tidak menyentuh milik instansi lain.  Sudah tercatat di "
               "jurnal saat perintah ini selesai."},
    .options = ack_options,
    .operands = alerts_operands,
    .examples = ack_examples,
    .run = run_ack,
};

const struct ktg_command ktg_cmd_alerts_close = {
    .path = "alerts close",
    .summary = {"close alerts, with what came of them", "tutup peringatan, dengan hasilnya"},
    .options = close_options,
    .operands = alerts_operands,
    .examples = close_examples,
    .run = run_close,
};
