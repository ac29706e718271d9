/* cmd/rules_backtest.c - rules backtest: a rule answered over the journal of an installation, and nobody is told.
 *
 *     texts in force + FILEs in place of rules of the same name ─> the rules asked for and those they stand on
 *     event journal, read-only, from its beginning ─> engine in memory ─> findings since T ─┬─> per agency, per day
 *     findings journal, read-only ─────────────────> what was said since T ─────────────────┴─> more, less, otherwise
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "brokers/correlation/feed.h"
#include "cmd/backtest_sieve.h"
#include "cmd/installation.h"
#include "cmd/outcome_rows.h"
#include "cmd/progress.h"
#include "cmd/rules.h"
#include "cmd/texts.h"
#include "rules/testing/cast.h"
#include "schema/record.h"

static const struct ktg_parameter backtest_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "since",
     .kind = KTG_VALUE_SINCE,
     .required = true,
     .help = {"findings that began from here on: a time, or 90d before the journal's end",
              "temuan yang mulai sejak ini: saat, atau 90d sebelum akhir jurnal"}},
    {.name = "journal",
     .kind = KTG_VALUE_FOLDER,
     .help = {"the event journal; else that of the installation",
              "jurnal kejadian; jika tidak, milik pemasangan"}},
    {.name = "findings",
     .kind = KTG_VALUE_FOLDER,
     .help = {"the findings journal; else that of the installation",
              "jurnal temuan; jika tidak, milik pemasangan"}},
    {.name = "most",
     .kind = KTG_VALUE_NUMBER,
     .fallback = "20",
     .help = {"rows of each kind of change that are shown; all are counted",
              "baris tiap jenis perubahan yang ditampilkan; semua dihitung"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter backtest_operands[] = {
    {.name = "RULE|FILE",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .repeat = true,
     .help = {"rules in force, by name; files of rules, which replace those of the same name",
              "aturan yang berlaku, menurut nama; berkas aturan, pengganti yang bernama sama"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example backtest_examples[] = {
    {"kentongan rules backtest overstay-fee --since 90d",
     {"how many, for whom, on which day", "berapa, untuk siapa, pada hari apa"}},
    {"kentongan rules backtest my-rule.yaml --since 2026-04-01",
     {"what an edited rule would add or lose", "apa yang akan bertambah atau berkurang"}},
    KTG_END_EXAMPLES,
};

struct backtest {
    struct ktg_call *call;
    struct ktg_settings *settings;
    struct ktg_files files;
    struct ktg_ruleset *rs;
    bool *asked; /* per rule: its findings are counted */
    struct ktg_buf bundle;
    struct ktg_journal_reader *reader;
    struct ktg_state *state;
    struct ktg_engine *engine;
    struct ktg_outcomes would, did;
    ktg_time since;
    uint64_t events;
    int64_t ms;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- the rules ------------------------------------------------------------------------------------------------------ */

/* Documents of the rules that `fresh` holds are taken out of the other files, their lines kept. */
static int make_way(struct backtest *b, const struct ktg_file *fresh)
{
    struct ktg_bytes rest = fresh->text;
    while (rest.size) {
        struct ktg_bytes name = ktg_cast_rule_of(ktg_cast_next_document(&rest));
        for (size_t i = 0; name.size && i < b->files.count; i++) {
            struct ktg_bytes old = b->files.at[i].text;
            if (&b->files.at[i] == fresh || memcmp(b->files.at[i].name.data, "rules/", 6) != 0)
                continue;
            while (old.size) {
                struct ktg_bytes document = ktg_cast_next_document(&old);
                if (!ktg_bytes_eq(ktg_cast_rule_of(document), name))
                    continue;
                char *blank =
                    ktg_arena_strndup(&b->files.arena, (const char *)b->files.at[i].text.data,
                                      b->files.at[i].text.size);
                if (!blank)
                    return KTG_ENOMEM;
                size_t at = (size_t)(document.data - b->files.at[i].text.data);
                for (size_t k = at; k < at + document.size; k++)
                    blank[k] = blank[k] == '\n' ? '\n' : ' ';
                b->files.at[i].text = ktg_bytes(blank, b->files.at[i].text.size);
                break;
            }
        }
    }
    return KTG_OK;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A file of rules: in place of the one of its name, or beside the others. */
static int add_file(struct backtest *b, const char *path)
{
    const char *slash = strrchr(path, '/');
    char name[256];
    snprintf(name, sizeof name, "rules/%s", slash ? slash + 1 : path);
    for (size_t i = 0; i < b->files.count; i++) {
        if (ktg_bytes_is(b->files.at[i].name, name)) {
            memmove(&b->files.at[i], &b->files.at[i + 1],
                    (b->files.count - i - 1) * sizeof *b->files.at);
            b->files.count--;
            break;
        }
    }
    int rc = ktg_files_read_one(&b->files, path, name, &b->call->err);
    for (size_t i = 0; !rc && i < b->files.count; i++) {
        if (ktg_bytes_is(b->files.at[i].name, name)) {
            rc = make_way(b, &b->files.at[i]);
            break;
        }
    }
    return rc;
}

/* The rules that the operands name or hold. */
static int ask_for(struct backtest *b, const char *operand)
{
    size_t found = 0;
    for (size_t i = 0; i < ktg_ruleset_count(b->rs); i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(b->rs, i);
        int unused;
        bool is = is_file(operand) ? strcmp(ktg_rule_file(r, &unused), operand) == 0
                                   : strcmp(ktg_rule_name(r), operand) == 0;
        if (!is || (is_file(operand) && ktg_rule_status(r) == KTG_RULE_OFF))
            continue;
        if (ktg_rule_status(r) == KTG_RULE_OFF)
            return ktg_call_fail(b->call, KTG_CMD_RULE_OFF, "rules backtest", operand, NULL);
        b->asked[i] = true;
        found++;
    }
    return found ? KTG_OK
                 : ktg_call_fail(b->call, KTG_CMD_NO_RULE, "rules backtest", operand,
                                 "a rule in force, or a file of rules");
}

/* Those asked for, and all whose findings they read. */
static int make_bundle(struct backtest *b)
{
    size_t count = ktg_ruleset_count(b->rs);
    struct ktg_cast cast = {
        .files = b->files.at, .count = b->files.count, .rs = b->rs, .keeps_local = true};
    if (!(cast.takes_part = ktg_calloc(count + 1, sizeof *cast.takes_part)))
        return KTG_ENOMEM;
    for (size_t i = count; i-- > 0;) { /* by stratum: readers stand above what they read */
        cast.takes_part[i] |= b->asked[i];
        for (size_t q = 0; cast.takes_part[i] && q < i; q++)
            cast.takes_part[q] |= ktg_rule_reads_finding(ktg_ruleset_rule(b->rs, i), (int)q) &&
                                  ktg_rule_status(ktg_ruleset_rule(b->rs, q)) != KTG_RULE_OFF;
    }
    int rc = ktg_cast_bundle(&cast, KTG_BYTES_NONE, KTG_BYTES_NONE, &b->bundle, &b->call->err);
    ktg_cast_done(&cast);
    return rc;
}

static int prepare(struct backtest *b)
{
    struct ktg_call *call = b->call;
    struct ktg_notes notes = {0};
    uint64_t position;
    int rc = ktg_installation_settings(call, &b->settings);
    if (!rc)
        rc = ktg_texts_that_hold(b->settings, &b->files, &position, &call->err);
    for (size_t i = 0; !rc && i < call->operand_count; i++)
        rc = is_file(call->operands[i]) ? add_file(b, call->operands[i]) : KTG_OK;
    if (!rc)
        rc = ktg_rules_compile(call, &b->files, false, &b->rs, &notes);
    if (!rc && !(b->asked = ktg_calloc(ktg_ruleset_count(b->rs) + 1, sizeof *b->asked)))
        rc = KTG_ENOMEM;
    for (size_t i = 0; !rc && i < call->operand_count; i++)
        rc = ask_for(b, call->operands[i]);
    if (!rc)
        rc = make_bundle(b);
    ktg_buf_done(&notes.text);
    return rc;
}

/* ---- the journals --------------------------------------------------------------------------------------------------- */

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct backtest *b = arg;
    return ktg_feed_event_at(b->reader, pos, ret_blob, NULL);
}

/* Is this an op of a rule that was asked for? */
static bool is_asked(const struct backtest *b, struct ktg_bytes payload)
{
    struct ktg_wire_value rule;
    const struct ktg_rule *r =
        ktg_wire_get(payload, "rule", &rule) ? ktg_ruleset_find(b->rs, rule.bytes) : NULL;
    return r && b->asked[ktg_rule_index(r)];
}

static int on_op(void *arg, const struct ktg_op *op)
{
    struct backtest *b = arg;
    return is_asked(b, op->payload) ? ktg_outcomes_take(&b->would, op->payload) : KTG_OK;
}

static void on_notice(void *arg, const struct ktg_notice *n)
{
    struct backtest *b = arg;
    if (n->kind.size)
        ktg_output_say(b->call->out,
                       "%.*s is over its budget at %" PRIu64 ": one %.*s is not asked about again",
                       "%.*s melewati anggarannya pada %" PRIu64
                       ": satu %.*s tidak ditanyakan lagi",
                       (int)n->rule.size, (const char *)n->rule.data, n->pos, (int)n->kind.size,
                       (const char *)n->kind.data);
    else
        ktg_output_say(b->call->out, "%.*s is suspended at %" PRIu64 ": its budget is used up",
                       "%.*s dihentikan pada %" PRIu64 ": anggarannya habis", (int)n->rule.size,
                       (const char *)n->rule.data, n->pos);
}

/* One item; what the rules can do without is passed over, the end of its batch is not. */
static int feed(struct backtest *b, struct ktg_backtest_sieve *sieve, struct ktg_arena *scratch,
                struct ktg_journal_item item)
{
    bool needed = item.kind != KTG_RECORD_RULESET; /* ours hold from the beginning */
    int rc = needed ? ktg_backtest_sieve_item(sieve, &item, &needed, &b->call->err) : KTG_OK;
    b->events += item.kind == KTG_RECORD_EVENT && !item.erased;
    if (!needed)
        item.kind = KTG_RECORD_PROGRESS;
    return rc ? rc : ktg_feed_item(b->engine, scratch, &item, &b->call->err);
}

/* KTG_EAGAIN: the sieve was too fine. */
static int feed_all(struct backtest *b, struct ktg_backtest_sieve *sieve)
{
    struct ktg_arena scratch = KTG_ARENA_INIT;
    struct ktg_progress progress;
    struct ktg_journal_item item;
    uint64_t first = ktg_journal_reader_first(b->reader), mark = sieve->most;
    int rc = ktg_journal_reader_seek(b->reader, first, &b->call->err);
    ktg_progress_begin(&progress, b->call->out, (struct ktg_label){"records", "catatan"},
                       mark >= first ? mark - first + 1 : 0);
    for (uint64_t pos = first; !rc && !interrupted && pos <= mark; pos++) {
        rc = ktg_journal_reader_next(b->reader, &item, &b->call->err);
        if (!rc)
            rc = feed(b, sieve, &scratch, item);
        if ((pos & 0xff) == 0)
            ktg_progress_at(&progress, pos - first + 1);
    }
    ktg_progress_end(&progress);
    ktg_arena_done(&scratch);
    return rc;
}

/* An engine of its own, in memory, from the first event to the mark. */
static int run(struct backtest *b, uint64_t mark, bool sieved)
{
    const struct ktg_engine_world world = {
        .arg = b,
        .event_at = event_at,
        .out = on_op,
        .notice = on_notice,
        .tell_internal = true,
        .judges_nobody = true,
    };
    struct ktg_backtest_sieve sieve;
    struct ktg_err *err = &b->call->err;
    int64_t began = ktg_mono_ms();
    b->engine = ktg_engine_free(b->engine);
    b->state = ktg_state_free(b->state);
    ktg_outcomes_done(&b->would);
    b->events = 0;
    int rc = ktg_state_new(NULL, &b->state);
    if (rc || (rc = ktg_engine_new(b->state, &world, &b->engine, err)) ||
        (rc = ktg_engine_ruleset(b->engine, 0, ktg_buf_view(&b->bundle), err)))
        return rc;
    rc = ktg_backtest_sieve_init(&sieve, ktg_engine_rules(b->engine), mark);
    sieve.off |= !sieved;
    if (!rc)
        rc = feed_all(b, &sieve);
    ktg_backtest_sieve_done(&sieve);
    b->ms = ktg_mono_ms() - began;
    return rc;
}

static int answer(struct backtest *b)
{
    char room[512];
    struct ktg_journal_item last;
    struct ktg_err *err = &b->call->err;
    const char *folder = ktg_installation_folder(b->call, b->settings, "journal", "journal", room);
    int rc = ktg_journal_reader_open(folder, NULL, &b->reader, err);
    uint64_t mark = rc ? 0 : ktg_journal_reader_mark(b->reader);
    if (!rc && !mark)
        return ktg_call_fail(b->call, KTG_CMD_JOURNAL_EMPTY, folder, NULL, NULL);
    if (!rc)
        rc = ktg_journal_reader_at(b->reader, mark, &last, err);
    if (rc)
        return ktg_err_wrap(err, rc, "%s", folder);
    b->since = ktg_call_since(b->call, "since", last.recorded_at);
    rc = run(b, mark, true);
    return rc == KTG_EAGAIN ? run(b, mark, false) : rc;
}

/* What was told by the rules of these names.  A centre that has said nothing yet has no findings journal. */
static int read_findings(struct backtest *b)
{
    char room[512];
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_err *err = &b->call->err;
    const char *folder =
        ktg_installation_folder(b->call, b->settings, "findings", "findings", room);
    int rc = ktg_journal_reader_open(folder, NULL, &r, err);
    if (rc == KTG_ENOTFOUND && !ktg_call_text(b->call, "findings")) {
        *err = (struct ktg_err)KTG_ERR_INIT;
        return KTG_OK;
    }
    while (!rc && !interrupted && !(rc = ktg_journal_reader_next(r, &item, err))) {
        if (item.pos != item.base && !item.erased && is_asked(b, item.payload))
            rc = ktg_outcomes_take(&b->did, item.payload);
    }
    ktg_journal_reader_close(r);
    return rc == KTG_EAGAIN ? KTG_OK : ktg_err_wrap(err, rc, "%s", folder);
}

/* ---- what came of it ------------------------------------------------------------------------------------------------ */

struct count {
    char part[8], rule[80], name[24];
    size_t n[2]; /* would be, was */
};
struct counts {
    struct count *list;
    size_t count, cap;
    bool was; /* what is being counted */
    int code;
};

static void add(struct counts *c, const char *part, struct ktg_bytes rule, struct ktg_bytes name)
{
    struct count x = {.n = {!c->was, c->was}};
    snprintf(x.part, sizeof x.part, "%s", part);
    snprintf(x.rule, sizeof x.rule, "%.*s", (int)rule.size, (const char *)rule.data);
    snprintf(x.name, sizeof x.name, "%.*s", (int)name.size, (const char *)name.data);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->list[i].part, x.part) == 0 && strcmp(c->list[i].rule, x.rule) == 0 &&
            strcmp(c->list[i].name, x.name) == 0) {
            c->list[i].n[c->was]++;
            return;
        }
    if (ktg_grow(&c->list, &c->cap, c->count + 1, sizeof *c->list))
        c->code = KTG_ENOMEM;
    else
        c->list[c->count++] = x;
}

static int by_name(const void *p, const void *q)
{
    static const char order[] = "tad"; /* total, agency, day */
    const struct count *x = p, *y = q;
    int c = (int)(strchr(order, x->part[0]) - strchr(order, y->part[0]));
    if (!c)
        c = strcmp(x->rule, y->rule);
    return c ? c : strcmp(x->name, y->name);
}

static void count_one(struct counts *c, const struct ktg_outcome *x)
{
    struct ktg_bytes agency;
    char day[KTG_DATE_TEXT];
    if (x->withdrawn) {
        add(c, "total", x->rule, KTG_LIT("withdrawn"));
        return;
    }
    add(c, "total", x->rule, KTG_LIT("findings"));
    if (x->unknown)
        add(c, "total", x->rule, KTG_LIT("unknown"));
    else if (x->until == KTG_NEVER)
        add(c, "total", x->rule, KTG_LIT("open"));
    ktg_date_format(ktg_date_of(x->from, x->offset_min), day);
    add(c, "day", x->rule, ktg_bytes_str(day));
    bool told = !c->was || ktg_outcome_is_live(x);
    for (size_t n = 0; told && ktg_outcome_agency(x, n, &agency); n++)
        add(c, "agency", x->rule, agency);
}

static void count_all(const struct backtest *b, const struct ktg_outcomes *o, bool was,
                      struct counts *c)
{
    c->was = was;
    for (size_t i = 0; i < o->count; i++)
        if (o->list[i].from >= b->since)
            count_one(c, &o->list[i]);
}

static int show_counts(struct backtest *b)
{
    static const struct ktg_column columns[] = {
        {.key = "part", .title = {"PART", "BAGIAN"}},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "name", .title = {"NAME", "NAMA"}},
        {.key = "was", .title = {"WAS", "SEBELUM"}, .kind = KTG_CELL_NUMBER},
        {.key = "count", .title = {"WOULD BE", "MENJADI"}, .kind = KTG_CELL_NUMBER},
        {.key = "more", .title = {"MORE", "TAMBAH"}, .kind = KTG_CELL_NUMBER},
    };
    struct counts c = {.list = NULL};
    count_all(b, &b->would, false, &c);
    count_all(b, &b->did, true, &c);
    if (c.count)
        qsort(c.list, c.count, sizeof *c.list, by_name);
    ktg_output_table(b->call->out, columns, KTG_COUNT(columns));
    for (size_t i = 0; i < c.count; i++) {
        const struct count *x = &c.list[i];
        char n[24], was[24], more[24];
        snprintf(n, sizeof n, "%zu", x->n[0]);
        snprintf(was, sizeof was, "%zu", x->n[1]);
        snprintf(more, sizeof more, "%" PRId64, (int64_t)x->n[0] - (int64_t)x->n[1]);
        ktg_output_row(b->call->out,
                       (const char *const[]){x->part, x->rule, x->name, was, n, more});
    }
    ktg_output_end(b->call->out);
    ktg_free(c.list);
    return c.code;
}

static int show(struct backtest *b)
{
    struct ktg_outcome_rows rows = {.call = b->call,
                                    .most = (size_t)ktg_call_number(b->call, "most", 20)};
    ktg_outcomes_sort(&b->would);
    ktg_outcomes_sort(&b->did);
    int rc = show_counts(b);
    ktg_outcome_rows_begin(&rows);
    size_t both =
        ktg_outcomes_compare(&b->did, &b->would, b->since, ktg_outcome_rows_differ, &rows);
    ktg_output_end(b->call->out);
    ktg_output_say(
        b->call->out, "against what was told: %zu added, %zu lost, %zu otherwise, %zu the same",
        "dibanding yang sudah disampaikan: %zu bertambah, %zu hilang, %zu berubah, %zu sama",
        rows.more, rows.less, rows.otherwise, both - rows.otherwise);
    ktg_output_say(
        b->call->out, "%" PRIu64 " events in %.1f s: %.0f a second; nobody was told",
        "%" PRIu64 " kejadian dalam %.1f dtk: %.0f per detik; tidak ada yang diberi tahu",
        b->events, (double)b->ms / 1000, b->ms ? (double)b->events * 1000 / (double)b->ms : 0.0);
    return rc;
}

static int run_backtest(struct ktg_call *call)
{
    struct backtest b = {.call = call};
    struct sigaction before, now;
    memset(&now, 0, sizeof now);
    now.sa_handler = on_interrupt;
    sigemptyset(&now.sa_mask);
    sigaction(SIGINT, &now, &before);
    int rc = prepare(&b);
    if (!rc)
        rc = answer(&b);
    if (!rc && !interrupted)
        rc = read_findings(&b);
    if (!rc && !interrupted)
        rc = show(&b);
    if (rc && !call->err.text[0])
        ktg_err_set(&call->err, rc, "rules backtest: %s", ktg_code_advice(rc));
    ktg_engine_free(b.engine);
    ktg_state_free(b.state);
    ktg_journal_reader_close(b.reader);
    ktg_outcomes_done(&b.would);
    ktg_outcomes_done(&b.did);
    ktg_buf_done(&b.bundle);
    ktg_free(b.asked);
    ktg_ruleset_free(b.rs);
    ktg_files_done(&b.files);
    ktg_settings_free(b.settings);
    sigaction(SIGINT, &before, NULL);
    if (interrupted) /* all is put away: end as whoever sent it expects */
        raise(SIGINT);
    return rc;
}

const struct ktg_command ktg_cmd_rules_backtest = {
    .path = "rules backtest",
    .summary = {"a rule over the real journal, telling nobody",
                "sebuah aturan atas jurnal yang sebenarnya, tanpa memberi tahu siapa pun"},
    .detail =
        {"How many findings, for which agency, on which day, beside what it was so far; and which "
         "of those that were\n"
         "told it would add (+), lose (-) or tell otherwise (~).  What a rule said in shadow was "
         "for no agency.\n"
         "Reads the journals beside their writers and changes nothing.",
         "Berapa temuan, untuk instansi mana, pada hari apa, di samping angka sebelumnya; dan yang "
         "mana dari yang\n"
         "sudah disampaikan akan bertambah (+), hilang (-), atau berubah (~).  Temuan aturan "
         "bayangan tidak untuk\n"
         "instansi mana pun.  Membaca jurnal di samping penulisnya, tidak mengubah apa pun."},
    .options = backtest_options,
    .operands = backtest_operands,
    .examples = backtest_examples,
    .run = run_backtest,
};
