/* cmd/schema.c - schema ls, schema show, schema validate: what may be said, and whether a file says it rightly.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/command.h"
#include "cmd/lines.h"
#include "cmd/phrase.h"
#include "cmd/shipped.h"
#include "schema/json.h"

#define SCHEMA_PARAMETER                                           \
    {                                                              \
        .name = "schema", .kind = KTG_VALUE_FOLDER, .help = {      \
            "event types and code lists besides the shipped ones", \
            "jenis kejadian dan daftar kode selain bawaan"         \
        }                                                          \
    }

static const char *const field_types[] = {
    [KTG_F_STRING] = "string",   [KTG_F_TEXT] = "text",   [KTG_F_CODE] = "code",
    [KTG_F_PHONE] = "phone",     [KTG_F_EMAIL] = "email", [KTG_F_INT] = "int",
    [KTG_F_MONEY] = "money",     [KTG_F_BOOL] = "bool",   [KTG_F_DATE] = "date",
    [KTG_F_INSTANT] = "instant", [KTG_F_UUID] = "uuid",   [KTG_F_OBJECT] = "object",
};

static int load(struct ktg_call *call, struct ktg_catalogue **ret_c)
{
    struct ktg_files files = KTG_FILES_INIT;
    int rc = ktg_shipped_gather(
        &(struct ktg_shipped_choice){.schema = ktg_call_text(call, "schema")}, &files, &call->err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, ret_c, &call->err);
    ktg_files_done(&files);
    return rc;
}

static void join(const char *const *words, const char *between, struct ktg_buf *to)
{
    for (size_t i = 0; words && words[i]; i++)
        ktg_buf_printf(to, "%s%s", i ? between : "", words[i]);
}

/* ---- one field, with the fields in it ---- */

typedef void each_field(void *arg, const struct ktg_catalogue *c, const char *path,
                        const struct ktg_field *f);

/* `depth` bounds shapes that hold each other. */
static void walk(const struct ktg_catalogue *c, const struct ktg_shape *shape, const char *prefix,
                 int depth, each_field *each, void *arg)
{
    for (size_t i = 0; shape && i < shape->count; i++) {
        const struct ktg_field *f = &shape->fields[i];
        char path[160];
        snprintf(path, sizeof path, "%s%s%s%s", prefix, prefix[0] ? "." : "", f->name,
                 f->list ? "[]" : "");
        each(arg, c, path, f);
        bool shared = f->shape && (f->shape == ktg_catalogue_shape(c, "doc") ||
                                   f->shape == ktg_catalogue_shape(c, "place"));
        if (f->shape && !shared && depth > 0)
            walk(c, f->shape, path, depth - 1, each, arg);
    }
}

static void put_type(struct ktg_buf *to, const struct ktg_field *f)
{
    ktg_buf_put_str(to,
                    f->type == KTG_F_OBJECT && f->shape ? f->shape->name : field_types[f->type]);
    if (f->codes) {
        ktg_buf_put_str(to, ": ");
        join(f->codes, " ", to);
    } else if (f->list_name) {
        ktg_buf_printf(to, ": list %s", f->list_name);
    }
    if (f->unit)
        ktg_buf_printf(to, " (%s)", f->unit);
}

static void put_kinds(struct ktg_buf *to, const struct ktg_catalogue *c, const struct ktg_field *f)
{
    bool first = true;
    for (size_t k = 0; k < ktg_catalogue_kind_count(c); k++)
        if (f->kinds >> k & 1) {
            ktg_buf_printf(to, "%s%s", first ? "" : " ", ktg_catalogue_kind_name(c, (int)k));
            first = false;
        }
    if (f->role != KTG_ROLE_HOLDER && !first)
        ktg_buf_printf(to, " (%s)", ktg_catalogue_role_name(c, f->role));
}

static const char *text_or_null(struct ktg_buf *b)
{
    return b->size ? ktg_buf_text(b) : NULL;
}

/* ---- ls ---- */

static const struct ktg_parameter ls_options[] = {
    SCHEMA_PARAMETER,
    {.name = "markdown",
     .help = {"the reference of all event types", "rujukan semua jenis kejadian"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example ls_examples[] = {
    {"kentongan schema ls", {"the event types", "jenis-jenis kejadian"}},
    {"kentongan schema ls --schema /srv/types --json",
     {"with an agency's own", "dengan milik sebuah instansi"}},
    KTG_END_EXAMPLES,
};

static void markdown_field(void *arg, const struct ktg_catalogue *c, const char *path,
                           const struct ktg_field *f)
{
    struct ktg_buf type = KTG_BUF_INIT, kinds = KTG_BUF_INIT, *to = arg;
    put_type(&type, f);
    put_kinds(&kinds, c, f);
    const char *sens = f->sens < 0 ? "" : ktg_catalogue_sens_name(c, f->sens);
    ktg_buf_printf(to, "| `%s` | %s | %s | %s | %s | %s |\n", path, ktg_buf_text(&type),
                   f->required ? "yes" : "", ktg_buf_text(&kinds), sens ? sens : "",
                   f->note ? f->note : "");
    ktg_buf_done(&type);
    ktg_buf_done(&kinds);
}

static void put_markdown(const struct ktg_catalogue *c, struct ktg_buf *to)
{
    static const char head[] =
        "| Field | Type | Needed | Names a | Seen by class | Note |\n|---|---|---|---|---|---|\n";
    ktg_buf_put_str(
        to, "# Event types\n\nMade by `kentongan schema ls --markdown`; do not edit.\n\n"
            "A type with a holder block has the fields of `person` at its top.\n\n## person\n");
    ktg_buf_put_str(to, head);
    walk(c, ktg_catalogue_shape(c, "person"), "", 2, markdown_field, to);
    for (int i = 0; i < (int)ktg_catalogue_type_count(c); i++) {
        const struct ktg_type *t = ktg_catalogue_type_at(c, i);
        const struct ktg_shape *person = ktg_catalogue_shape(c, "person");
        ktg_buf_printf(to, "\n## %s\n%s / %s. From: ", t->name, t->title_en, t->title_id);
        join(t->from, ", ", to);
        ktg_buf_printf(to, ".%s\n\n%s", t->holder ? " With a holder block." : "", head);
        for (size_t k = 0; k < t->data->count; k++) { /* the holder block is told once, above */
            const struct ktg_field *f = &t->data->fields[k];
            if (t->holder && ktg_shape_field(person, ktg_bytes_str(f->name)))
                continue;
            struct ktg_shape one = {.name = "", .fields = f, .count = 1};
            walk(c, &one, "", 2, markdown_field, to);
        }
    }
}

static void show_types(struct ktg_output *o, const struct ktg_catalogue *c)
{
    static const struct ktg_column columns[] = {
        {.key = "type", .title = {"TYPE", "JENIS"}},
        {.key = "title", .title = {"TITLE", "JUDUL"}},
        {.key = "version", .title = {"V", "V"}, .kind = KTG_CELL_NUMBER},
        {.key = "from", .title = {"FROM", "DARI"}},
        {.key = "holder", .title = {"HOLDER", "PEMEGANG"}, .kind = KTG_CELL_BOOL},
    };
    ktg_output_table(o, columns, KTG_COUNT(columns));
    for (int i = 0; i < (int)ktg_catalogue_type_count(c); i++) {
        const struct ktg_type *t = ktg_catalogue_type_at(c, i);
        struct ktg_buf from = KTG_BUF_INIT;
        char version[16];
        snprintf(version, sizeof version, "%d", t->version);
        join(t->from, " ", &from);
        ktg_output_row(o, (const char *const[]){
                              t->name,
                              ktg_label_text((struct ktg_label){t->title_en, t->title_id}, o->lang),
                              version, ktg_buf_text(&from), t->holder ? "true" : "false"});
        ktg_buf_done(&from);
    }
    ktg_output_end(o);
}

static int run_ls(struct ktg_call *call)
{
    struct ktg_catalogue *c = NULL;
    struct ktg_buf page = KTG_BUF_INIT;
    int rc = load(call, &c);
    if (rc)
        return rc;
    if (ktg_call_flag(call, "markdown")) {
        put_markdown(c, &page);
        rc = ktg_buf_check(&page);
        if (!rc)
            fwrite(page.data, 1, page.size, call->out->out);
    } else {
        show_types(call->out, c);
    }
    ktg_buf_done(&page);
    ktg_catalogue_free(c);
    return rc;
}

const struct ktg_command ktg_cmd_schema_ls = {
    .path = "schema ls",
    .summary = {"the event types", "jenis-jenis kejadian"},
    .options = ls_options,
    .examples = ls_examples,
    .run = run_ls,
};

/* ---- show ---- */

static const struct ktg_parameter show_options[] = {
    SCHEMA_PARAMETER,
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter show_operands[] = {
    {.name = "TYPE",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"as border.crossing", "seperti border.crossing"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example show_examples[] = {
    {"kentongan schema show border.crossing",
     {"its fields, and who may see them", "isiannya, dan siapa yang boleh melihatnya"}},
    {"kentongan schema show lodging.checkin --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static void show_field(void *arg, const struct ktg_catalogue *c, const char *path,
                       const struct ktg_field *f)
{
    struct ktg_buf type = KTG_BUF_INIT, kinds = KTG_BUF_INIT;
    put_type(&type, f);
    put_kinds(&kinds, c, f);
    ktg_output_row(arg, (const char *const[]){
                            path, ktg_buf_text(&type), f->required ? "true" : "false",
                            text_or_null(&kinds),
                            f->sens < 0 ? NULL : ktg_catalogue_sens_name(c, f->sens), f->note});
    ktg_buf_done(&type);
    ktg_buf_done(&kinds);
}

static int run_show(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "field", .title = {"FIELD", "ISIAN"}},
        {.key = "type", .title = {"TYPE", "JENIS"}},
        {.key = "required", .title = {"NEEDED", "WAJIB"}, .kind = KTG_CELL_BOOL},
        {.key = "names", .title = {"NAMES A", "MENYEBUT"}},
        {.key = "class", .title = {"CLASS", "KELAS"}},
        {.key = "note", .title = {"NOTE", "CATATAN"}},
    };
    struct ktg_catalogue *c = NULL;
    int rc = load(call, &c);
    if (rc)
        return rc;
    struct ktg_bytes name = ktg_bytes_str(ktg_call_operand(call, 0));
    const struct ktg_type *t = ktg_catalogue_type(c, name);
    if (t) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        walk(c, t->data, "", 2, show_field, call->out);
        ktg_output_end(call->out);
    } else {
        const char *near = ktg_catalogue_nearest_type(c, name);
        char want[128];
        snprintf(want, sizeof want, "perhaps '%s'", near ? near : "");
        rc = ktg_call_fail(call, KTG_CMD_NO_TYPE, "schema show", ktg_call_operand(call, 0),
                           near ? want : NULL);
    }
    ktg_catalogue_free(c);
    return rc;
}

const struct ktg_command ktg_cmd_schema_show = {
    .path = "schema show",
    .summary = {"the fields of an event type", "isian sebuah jenis kejadian"},
    .options = show_options,
    .operands = show_operands,
    .examples = show_examples,
    .run = run_show,
};

/* ---- validate ---- */

static const struct ktg_parameter validate_operands[] = {
    {.name = "FILE",
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"events, one a line; - is standard input",
              "kejadian, satu per baris; - adalah masukan baku"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example validate_examples[] = {
    {"kentongan schema validate events.ndjson",
     {"what is wrong, line by line", "apa yang salah, baris demi baris"}},
    {"kentongan simulate | kentongan schema validate -", {"of a pipe", "dari pipa"}},
    KTG_END_EXAMPLES,
};

static int check_line(const struct ktg_catalogue *c, struct ktg_bytes line, struct ktg_buf *blob,
                      struct ktg_err *err)
{
    struct ktg_event e;
    ktg_buf_clear(blob);
    int rc = ktg_json_decode(c, line, blob, NULL, err);
    if (!rc)
        rc = ktg_event_read(c, ktg_buf_view(blob), &e, err);
    if (!rc)
        rc = ktg_event_check(c, &e, err);
    return rc;
}

static void show_wrong(struct ktg_output *o, size_t line, const struct ktg_err *err)
{
    char number[24], what[KTG_PHRASE_TEXT], got[KTG_PHRASE_TEXT], want[KTG_PHRASE_TEXT];
    const struct ktg_fault *f = err->fault;
    snprintf(number, sizeof number, "%zu", line);
    ktg_output_row(o, (const char *const[]){
                          number, f ? f->name : NULL, err->where[0] ? err->where : NULL,
                          f ? ktg_phrase_what(f, o->lang) : ktg_phrase_err(err, o->lang, what),
                          err->got[0] ? ktg_phrase(err->got, o->lang, got) : NULL,
                          err->want[0] ? ktg_phrase(err->want, o->lang, want) : NULL,
                          f ? ktg_phrase_next(f, o->lang) : NULL});
}

static int run_validate(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "line", .title = {"LINE", "BARIS"}, .kind = KTG_CELL_NUMBER},
        {.key = "fault", .title = {"FAULT", "GALAT"}},
        {.key = "where", .title = {"WHERE", "DI MANA"}},
        {.key = "what", .title = {"WHAT", "APA"}},
        {.key = "got", .title = {"GOT", "DIDAPAT"}},
        {.key = "wanted", .title = {"WANTED", "SEHARUSNYA"}},
        {.key = "next", .title = {"DO NEXT", "LAKUKAN"}},
    };
    struct ktg_catalogue *c = NULL;
    struct ktg_lines lines = {0};
    struct ktg_buf blob = KTG_BUF_INIT;
    size_t right = 0, wrong = 0;
    int rc = load(call, &c);
    if (!rc)
        rc = ktg_lines_open(&lines, ktg_call_operand(call, 0), KTG_JSON_LINE_MAX, &call->err);
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    struct ktg_bytes line;
    while (!rc && !(rc = ktg_lines_next(&lines, &line, &call->err))) {
        if (!line.size)
            continue;
        struct ktg_err err = KTG_ERR_INIT;
        int verdict = check_line(c, line, &blob, &err);
        if (verdict == KTG_ENOMEM)
            rc = verdict;
        else if (verdict) {
            wrong++;
            show_wrong(call->out, lines.number, &err);
        } else
            right++;
    }
    if (rc == KTG_ENOTFOUND && !call->err.text[0]) {
        rc = KTG_OK;
        if (wrong || call->out->table == false)
            ktg_output_end(call->out);
        ktg_output_say(call->out, "%zu right, %zu wrong", "%zu benar, %zu salah", right, wrong);
        call->negative = wrong > 0;
    }
    ktg_lines_close(&lines);
    ktg_buf_done(&blob);
    ktg_catalogue_free(c);
    return rc;
}

const struct ktg_command ktg_cmd_schema_validate = {
    .path = "schema validate",
    .summary = {"is every line of a file a right event?",
                "apakah setiap baris berkas kejadian yang benar?"},
    .detail =
        {"Exit status 1: a line is wrong.  Stores nothing and asks nobody.",
         "Status 1: ada baris yang salah.  Tidak menyimpan dan tidak bertanya kepada siapa pun."},
    .options = show_options,
    .operands = validate_operands,
    .examples = validate_examples,
    .run = run_validate,
};
