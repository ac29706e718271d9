/* cmd/source.c - source ls, source retire: who was heard of, and who sends no more.
 *
 * What is known stands in the event journal; what an operator says of it goes into a file of the installation, from which a
 * running ingest takes it into the journal, and one that is not running at its next start (ADR 22).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "brokers/ingest/roll.h"
#include "cmd/ever_heard.h"
#include "cmd/installation.h"
#include "config/sources.h"
#include "runtime/civil.h"
#include "runtime/mem.h"
#include "runtime/yaml/yaml.h"

#define LATELY (5 * 60 * 1000) /* ms: who was heard since then still speaks */

/* ---- what is known ---- */

struct known {
    struct ktg_settings *settings;
    const char *path; /* of the operators' words */
    const char *data;
    struct ktg_roll roll;    /* of the journal ... */
    struct ktg_retired said; /* ... and with what it does not have yet */
};

static void known_done(struct known *k)
{
    ktg_roll_done(&k->roll);
    ktg_retired_done(&k->said);
    ktg_settings_free(k->settings);
}

static int copy_words(struct known *k)
{
    struct ktg_buf copy = KTG_BUF_INIT;
    ktg_retired_encode(&k->roll.retired, &copy);
    int rc = ktg_buf_check(&copy);
    if (!rc)
        rc = ktg_retired_decode(&k->said, ktg_buf_view(&copy));
    ktg_buf_done(&copy);
    return rc;
}

static int add_words(struct known *k, struct ktg_err *err)
{
    struct ktg_source_words *words = NULL;
    int rc = ktg_source_words_load(k->path, &words, err);
    if (rc == KTG_ENOTFOUND) {
        ktg_err_clear(err);
        return KTG_OK;
    }
    for (size_t i = 0; !rc && i < ktg_source_words_count(words); i++) {
        const struct ktg_source_word *w = ktg_source_words_at(words, i);
        rc = ktg_retired_take(
            &k->said, &(struct ktg_retirement){ktg_bytes_str(w->source), w->at, w->retired});
    }
    ktg_source_words_free(words);
    return rc;
}

/* The caller ends it with known_done(), after a failure too. */
static int known_open(struct known *k, struct ktg_call *call)
{
    char journal[KTG_INSTALLATION_PATH];
    int rc = ktg_installation_settings(call, &k->settings);
    if (rc)
        return rc;
    k->path = ktg_settings_text(k->settings, KTG_SET_PATHS_SOURCES);
    k->data = ktg_settings_text(k->settings, KTG_SET_PATHS_DATA);
    snprintf(journal, sizeof journal, "%s/journal", k->data);
    rc = ktg_roll_read(&k->roll, journal, &call->err);
    if (!rc)
        rc = copy_words(k);
    return rc ? rc : add_words(k, &call->err);
}

/* ---- ls ---- */

static const struct ktg_parameter ls_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example ls_examples[] = {
    {"kentongan source ls",
     {"who was heard, and when last", "siapa yang terdengar, dan kapan terakhir"}},
    {"kentongan source ls --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static const char *instant(ktg_time at, char to[static KTG_INSTANT_TEXT])
{
    if (!at)
        return NULL;
    ktg_instant_format(at, 0, to);
    return to;
}

static void show_source(struct ktg_output *o, const struct known *k, const char *producer,
                        const struct ktg_tally_source *s)
{
    char event[KTG_INSTANT_TEXT], beat[KTG_INSTANT_TEXT], retired[KTG_INSTANT_TEXT];
    struct ktg_bytes name = ktg_bytes(s->name, s->size);
    const struct ktg_retired_word *said = ktg_retired_holds(&k->said, name),
                                  *holds = ktg_retired_holds(&k->roll.retired, name);
    bool waits = (said ? said->at : 0) != (holds ? holds->at : 0);
    ktg_output_row(o, (const char *const[]){s->name, producer, instant(s->event_at, event),
                                            instant(s->heartbeat_at, beat),
                                            instant(said ? said->at : 0, retired),
                                            waits ? "true" : "false"});
}

static bool is_counted(const struct ktg_tallies *t, const char *name)
{
    for (size_t p = 0; p < t->count; p++)
        for (size_t i = 0; i < t->rows[p].count; i++)
            if (strcmp(t->rows[p].sources[i].name, name) == 0)
                return true;
    return false;
}

/* Those of whom nothing but that is known any more. */
static void show_forgotten(struct ktg_output *o, const struct known *k)
{
    for (size_t i = 0; i < k->said.count; i++) {
        struct ktg_bytes name = ktg_bytes_str(k->said.words[i].source);
        struct ktg_tally_source s = {.size = name.size};
        if (ktg_retired_holds(&k->said, name) != &k->said.words[i] ||
            is_counted(&k->roll.tallies, k->said.words[i].source))
            continue;
        memcpy(s.name, name.data, name.size);
        show_source(o, k, NULL, &s);
    }
}

static int run_ls(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "source", .title = {"SOURCE", "SUMBER"}},
        {.key = "key", .title = {"KEY", "KUNCI"}},
        {.key = "event_at", .title = {"LAST EVENT", "KEJADIAN AKHIR"}, .kind = KTG_CELL_INSTANT},
        {.key = "heartbeat_at",
         .title = {"LAST HEARTBEAT", "DETAK AKHIR"},
         .kind = KTG_CELL_INSTANT},
        {.key = "retired_at", .title = {"RETIRED", "PENSIUN"}, .kind = KTG_CELL_INSTANT},
        {.key = "waits", .title = {"NOT IN JOURNAL YET", "BELUM DI JURNAL"}, .kind = KTG_CELL_BOOL},
    };
    struct known k = {.roll = KTG_ROLL_INIT};
    int rc = known_open(&k, call);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        for (size_t p = 0; p < k.roll.tallies.count; p++)
            for (size_t i = 0; i < k.roll.tallies.rows[p].count; i++)
                show_source(call->out, &k, k.roll.tallies.rows[p].producer,
                            &k.roll.tallies.rows[p].sources[i]);
        show_forgotten(call->out, &k);
        ktg_output_end(call->out);
    }
    known_done(&k);
    return rc;
}

const struct ktg_command ktg_cmd_source_ls = {
    .path = "source ls",
    .summary = {"the sources that were heard of", "sumber-sumber yang pernah terdengar"},
    .detail = {"By the event journal of this installation, whether the centre runs or not: when it "
               "took the last event and\n"
               "the last heartbeat of each, and since when it is retired.",
               "Menurut jurnal kejadian pemasangan ini, pusat berjalan atau tidak: kapan kejadian "
               "dan detak terakhir\n"
               "tiap sumber diterima, dan sejak kapan ia dipensiunkan."},
    .options = ls_options,
    .examples = ls_examples,
    .run = run_ls,
};

/* ---- retire ---- */

static const struct ktg_parameter retire_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "undo",
     .kind = KTG_VALUE_FLAG,
     .help = {"it was a mistake: the source is missed as if nothing had been said",
              "itu keliru: sumber dinantikan seolah tidak pernah dikatakan apa-apa"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter retire_operands[] = {
    {.name = "NAME",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"of the source, as IMI.ENTIKONG.1", "nama sumber, seperti IMI.ENTIKONG.1"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example retire_examples[] = {
    {"kentongan source retire IMI.ENTIKONG.1",
     {"the post was closed for good", "pos itu ditutup untuk selamanya"}},
    {"kentongan source retire IMI.ENTIKONG.1 --undo", {"it was the wrong one", "ternyata keliru"}},
    KTG_END_EXAMPLES,
};

/* The last heartbeat of the source that the centre took; 0: none that is still known. */
static ktg_time last_heartbeat(const struct ktg_tallies *t, const char *name)
{
    ktg_time last = 0;
    for (size_t p = 0; p < t->count; p++)
        for (size_t i = 0; i < t->rows[p].count; i++) {
            const struct ktg_tally_source *s = &t->rows[p].sources[i];
            if (strcmp(s->name, name) == 0 && s->heartbeat_at > last)
                last = s->heartbeat_at;
        }
    return last;
}

static const char *nearest(const struct ktg_tallies *t, const char *name)
{
    const char *best = NULL;
    for (size_t p = 0; !best && p < t->count; p++)
        for (size_t i = 0; !best && i < t->rows[p].count; i++) {
            const char *pair[] = {t->rows[p].sources[i].name, NULL};
            best = ktg_yaml_nearest(name, pair);
        }
    return best;
}

static int check_heard(const struct known *k, struct ktg_call *call, const char *name)
{
    bool heard = false;
    if (last_heartbeat(&k->roll.tallies, name))
        return KTG_OK;
    int rc = ktg_ever_heard(k->data, ktg_settings_int(k->settings, KTG_SET_STATE_MAP), name, &heard,
                            &call->err);
    if (rc || heard)
        return rc;
    return ktg_err_fault(&call->err, &ktg_cmd_faults[KTG_CMD_SOURCE_UNKNOWN], name, name,
                         nearest(&k->roll.tallies, name));
}

static int clock_now(struct ktg_call *call, const struct known *k, ktg_time *ret_now)
{
    struct ktg_clock clock;
    struct ktg_clockfile *file = NULL;
    int rc = ktg_installation_clock(call, k->settings, &clock, &file);
    if (!rc)
        *ret_now = ktg_clock_now(&clock);
    ktg_clockfile_close(file);
    return rc;
}

static int retire(const struct known *k, struct ktg_call *call, const char *name)
{
    const struct ktg_retired_word *holds = ktg_retired_holds(&k->said, ktg_bytes_str(name));
    ktg_time beat = last_heartbeat(&k->roll.tallies, name), now = 0;
    if (holds) {
        ktg_output_say(call->out, "%s is retired already", "%s sudah dipensiunkan", name);
        return KTG_OK;
    }
    int rc = check_heard(k, call, name);
    if (!rc)
        rc = clock_now(call, k, &now);
    if (!rc)
        rc = ktg_source_words_add(k->path, &(struct ktg_source_word){name, now, true}, &call->err);
    if (rc)
        return rc;
    ktg_output_say(call->out, "%s sends no more; it is in %s", "%s tidak mengirim lagi; ada di %s",
                   name, k->path);
    if (now - beat < LATELY)
        ktg_output_say(
            call->out,
            "but it was heard within the last five minutes: stop it or revoke its key, or "
            "its next heartbeat brings it back",
            "tetapi ia terdengar dalam lima menit terakhir: hentikan atau cabut kuncinya, "
            "sebab detak berikutnya mengembalikannya");
    return KTG_OK;
}

/* Does it stand in the list, too? */
static int find_word(const struct known *k, const struct ktg_source_word *word, bool *ret_there,
                     struct ktg_err *err)
{
    struct ktg_source_words *words = NULL;
    int rc = ktg_source_words_load(k->path, &words, err);
    for (size_t i = 0; !rc && i < ktg_source_words_count(words); i++) {
        const struct ktg_source_word *w = ktg_source_words_at(words, i);
        *ret_there = *ret_there || (w->at == word->at && strcmp(w->source, word->source) == 0);
    }
    ktg_source_words_free(words);
    if (rc == KTG_ENOTFOUND)
        ktg_err_clear(err);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

static int undo(const struct known *k, struct ktg_call *call, const char *name)
{
    const struct ktg_retired_word *holds = ktg_retired_holds(&k->said, ktg_bytes_str(name));
    if (!holds)
        return ktg_err_fault(&call->err, &ktg_cmd_faults[KTG_CMD_SOURCE_NOT_RETIRED], name, name,
                             NULL);
    struct ktg_source_word word = {name, holds->at, true};
    bool there = false;
    int rc = find_word(k, &word, &there, &call->err);
    if (!rc && !there) /* the list was lost: the journal has it */
        rc = ktg_source_words_add(k->path, &word, &call->err);
    word.retired = false;
    if (!rc)
        rc = ktg_source_words_add(k->path, &word, &call->err);
    if (!rc)
        ktg_output_say(call->out, "%s is missed again; it is in %s",
                       "%s dinantikan lagi; ada di %s", name, k->path);
    return rc;
}

static int run_retire(struct ktg_call *call)
{
    const char *name = ktg_call_operand(call, 0);
    struct known k = {.roll = KTG_ROLL_INIT};
    int rc = known_open(&k, call);
    if (!rc)
        rc = ktg_call_flag(call, "undo") ? undo(&k, call, name) : retire(&k, call, name);
    known_done(&k);
    return rc;
}

const struct ktg_command ktg_cmd_source_retire = {
    .path = "source retire",
    .summary = {"say that a source sends no more",
                "nyatakan bahwa sebuah sumber tidak mengirim lagi"},
    .detail =
        {"From then on no rule waits for it, its silence is not told, and what was unknown for "
         "want "
         "of it is answered.\n"
         "What it sent stays, and what it still sends is taken.  A heartbeat brings it back.\n"
         "A running centre takes it within a second, any other at its start.",
         "Sejak itu tidak ada aturan yang menunggunya, diamnya tidak diberitahukan, dan yang belum "
         "diketahui karenanya dijawab.\n"
         "Yang telah dikirimnya tetap ada, dan yang masih dikirimnya diterima.  Satu detak "
         "mengembalikannya.\n"
         "Pusat yang berjalan menerimanya dalam satu detik, yang lain saat dijalankan."},
    .options = retire_options,
    .operands = retire_operands,
    .examples = retire_examples,
    .run = run_retire,
};
