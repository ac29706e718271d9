/* cmd/rules_precision.c - rules precision: what agencies said of the alerts of each rule, from the journal of an installation.
 *
 *     texts in force ─> which dispositions there are, and what they say of a rule ─┐
 *     event journal, read-only, from its beginning ────────────────────────────────┴─> a row per rule and agency
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/judged.h"
#include "cmd/progress.h"
#include "cmd/shipped.h"
#include "cmd/texts.h"
#include "runtime/journal/journal.h"
#include "schema/record.h"

static const struct ktg_parameter precision_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "since",
     .kind = KTG_VALUE_SINCE,
     .help = {"closed from here on: a time, or 30d before the journal's end; else all",
              "ditutup sejak ini: saat, atau 30d sebelum akhir jurnal; jika tidak, semua"}},
    {.name = "journal",
     .kind = KTG_VALUE_FOLDER,
     .help = {"the event journal; else that of the installation",
              "jurnal kejadian; jika tidak, milik pemasangan"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example precision_examples[] = {
    {"kentongan rules precision --since 30d",
     {"the monthly report: which rules are right how often, and for whom",
      "laporan bulanan: aturan mana yang benar seberapa sering, dan bagi siapa"}},
    {"kentongan rules precision --json",
     {"of all time, for programs", "sejak awal, untuk program"}},
    KTG_END_EXAMPLES,
};

/* ---- the columns --------------------------------------------------------------------------------------------------- */

/* Titles of the dispositions of alert.closed; another code is its own title. */
static const struct {
    const char *code;
    struct ktg_label title;
} titles[] = {
    {"confirmed", {"CONFIRMED", "TERBUKTI"}},       {"dismissed", {"DISMISSED", "DIKESAMPINGKAN"}},
    {"not-match", {"NOT-MATCH", "BUKAN ORANGNYA"}}, {"duplicate", {"DUPLICATE", "GANDA"}},
    {"data-error", {"DATA-ERROR", "SALAH DATA"}},
};

static struct ktg_label title_of(const char *code)
{
    for (size_t i = 0; i < KTG_COUNT(titles); i++)
        if (strcmp(titles[i].code, code) == 0)
            return titles[i].title;
    return (struct ktg_label){code, code};
}

/* The dispositions that the catalogue knows; NULL: it has no type that judges. */
static const char *const *codes_of(const struct ktg_catalogue *c)
{
    for (size_t i = 0; i < ktg_catalogue_type_count(c); i++) {
        const struct ktg_type *t = ktg_catalogue_type_at(c, (int)i);
        for (size_t f = 0; t->judges && f < t->data->count; f++)
            if (t->data->fields[f].right)
                return t->data->fields[f].codes;
    }
    return NULL;
}

/* ---- the journal --------------------------------------------------------------------------------------------------- */

static int read_all(struct ktg_call *call, struct ktg_journal_reader *r, uint64_t mark,
                    struct ktg_judged_rows *j)
{
    struct ktg_progress progress;
    struct ktg_journal_item item;
    struct ktg_event e;
    uint64_t first = ktg_journal_reader_first(r);
    int rc = ktg_journal_reader_seek(r, first, &call->err);
    ktg_progress_begin(&progress, call->out, (struct ktg_label){"records", "catatan"},
                       mark >= first ? mark - first + 1 : 0);
    for (uint64_t pos = first; !rc && pos <= mark; pos++) {
        rc = ktg_journal_reader_next(r, &item, &call->err);
        if (!rc && item.kind == KTG_RECORD_EVENT && !item.erased &&
            !ktg_event_read(j->catalogue, item.payload, &e, NULL))
            rc = ktg_judged_event(j, &e);
        if ((pos & 0xff) == 0)
            ktg_progress_at(&progress, pos - first + 1);
    }
    ktg_progress_end(&progress);
    return rc;
}

static int read_journal(struct ktg_call *call, const struct ktg_settings *s,
                        struct ktg_judged_rows *j)
{
    char room[KTG_INSTALLATION_PATH];
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item last;
    const char *folder = ktg_installation_folder(call, s, "journal", "journal", room);
    int rc = ktg_journal_reader_open(folder, NULL, &r, &call->err);
    uint64_t mark = rc ? 0 : ktg_journal_reader_mark(r);
    if (!rc && mark)
        rc = ktg_journal_reader_at(r, mark, &last, &call->err);
    if (rc)
        rc = ktg_err_wrap(&call->err, rc, "%s", folder);
    if (!rc && mark && ktg_call_text(call, "since"))
        j->since = ktg_call_since(call, "since", last.recorded_at);
    if (!rc && mark)
        rc = read_all(call, r, mark, j);
    ktg_journal_reader_close(r);
    return rc;
}

/* ---- the rows ------------------------------------------------------------------------------------------------------ */

enum { BEFORE = 2, AFTER = 2, DIGITS = 24 };

static void put(char *to, uint64_t n)
{
    snprintf(to, DIGITS, "%" PRIu64, n);
}

static void show_row(struct ktg_output *o, const struct ktg_judged_row *r, size_t codes)
{
    const char *cells[BEFORE + KTG_JUDGED_CODES + AFTER];
    char rule[72], agency[24], counts[KTG_JUDGED_CODES][DIGITS], judged[DIGITS], share[DIGITS];
    uint64_t of = r->right + r->wrong;
    snprintf(rule, sizeof rule, "%.*s", (int)r->rule.size, (const char *)r->rule.data);
    snprintf(agency, sizeof agency, "%.*s", (int)r->agency.size, (const char *)r->agency.data);
    put(judged, of);
    snprintf(share, sizeof share, "%.1f", of ? 100.0 * (double)r->right / (double)of : 0.0);
    cells[0] = rule;
    cells[1] = r->agency.size ? agency : NULL;
    for (size_t i = 0; i < codes; i++) {
        put(counts[i], r->as[i]);
        cells[BEFORE + i] = counts[i];
    }
    cells[BEFORE + codes] = judged;
    cells[BEFORE + codes + 1] = of ? share : NULL;
    ktg_output_row(o, cells);
}

static void show(struct ktg_output *o, const struct ktg_judged_rows *j)
{
    struct ktg_column columns[BEFORE + KTG_JUDGED_CODES + AFTER] = {
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "agency", .title = {"AGENCY", "INSTANSI"}},
    };
    size_t codes = 0;
    for (; j->codes[codes] && codes + 1 < KTG_JUDGED_CODES; codes++)
        columns[BEFORE + codes] = (struct ktg_column){
            .key = j->codes[codes], .title = title_of(j->codes[codes]), .kind = KTG_CELL_NUMBER};
    columns[BEFORE + codes] = (struct ktg_column){
        .key = "judged", .title = {"JUDGED", "DINILAI"}, .kind = KTG_CELL_NUMBER};
    columns[BEFORE + codes + 1] = (struct ktg_column){
        .key = "precision", .title = {"PRECISION %", "KETEPATAN %"}, .kind = KTG_CELL_NUMBER};
    ktg_output_table(o, columns, BEFORE + codes + AFTER);
    for (size_t i = 0; i < j->count; i++)
        show_row(o, &j->rows[i], codes);
    ktg_output_end(o);
}

static int run_precision(struct ktg_call *call)
{
    struct ktg_settings *settings = NULL;
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_catalogue *catalogue = NULL;
    uint64_t position;
    struct ktg_judged_rows j;
    ktg_judged_begin(&j, NULL, NULL, KTG_LONG_AGO);
    int rc = ktg_installation_settings(call, &settings);
    if (!rc)
        rc = ktg_texts_that_hold(settings, &files, &position, &call->err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, &catalogue, &call->err);
    j.catalogue = catalogue;
    j.codes = rc ? NULL : codes_of(catalogue);
    if (!rc && !j.codes)
        rc = ktg_call_fail(call, KTG_CMD_NO_JUDGES, "rules precision", NULL, NULL);
    if (!rc)
        rc = read_journal(call, settings, &j);
    if (!rc)
        rc = ktg_judged_end(&j);
    if (!rc)
        show(call->out, &j);
    ktg_judged_done(&j);
    ktg_catalogue_free(catalogue);
    ktg_files_done(&files);
    ktg_settings_free(settings);
    return rc;
}

const struct ktg_command ktg_cmd_rules_precision = {
    .path = "rules precision",
    .summary = {"how often each rule was right, by agency",
                "seberapa sering tiap aturan benar, per instansi"},
    .detail =
        {"Of the alerts that were closed: how many as what.  Confirmed is right, dismissed and "
         "not-match are wrong,\n"
         "duplicate and data-error are neither.  The row without an agency is of all of them.  "
         "Reads the journal of\n"
         "this machine; counts leave it, and nothing else.",
         "Dari peringatan yang ditutup: berapa sebagai apa.  Terbukti berarti benar, "
         "dikesampingkan dan bukan\n"
         "orangnya berarti salah, ganda dan salah data bukan keduanya.  Baris tanpa instansi "
         "adalah semuanya.\n"
         "Membaca jurnal di mesin ini; hanya jumlah yang keluar."},
    .options = precision_options,
    .examples = precision_examples,
    .run = run_precision,
};
