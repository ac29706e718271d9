/* cmd/rules_ls.c - rules ls: the texts, and with a key what the centre says of them.
 *
 *     rule files ─> compiled, in order of answering ─┐
 *     QUERY rules: suspended, or right too seldom ───┴─> one row for each rule
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>
#include <sys/stat.h>

#include "cmd/dial.h"
#include "cmd/rules.h"
#include "cmd/texts.h"
#include "rules/engine/suspended.h"
#include "rules/tests_model.h"

static const struct ktg_parameter ls_options[] = {
    KTG_DIAL_PARAMETERS,
    KTG_RULES_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter ls_operands[] = {
    {.name = "PATH",
     .kind = KTG_VALUE_FILE,
     .repeat = true,
     .help = {"rule files and folders; none: those in force here, else the shipped ones",
              "berkas dan folder aturan; kosong: yang berlaku di sini, jika tidak, aturan bawaan"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example ls_examples[] = {
    {"kentongan rules ls", {"those in force here", "yang berlaku di sini"}},
    {"kentongan rules ls --key IMI.DESK",
     {"and which of them the centre has suspended", "dan yang dihentikan oleh pusat"}},
    {"kentongan rules ls my-rules/ --json",
     {"own ones, for programs", "milik sendiri, untuk program"}},
    KTG_END_EXAMPLES,
};

/* ---- what the centre says ------------------------------------------------------------------------------------------ */

struct state { /* of one rule */
    char rule[72], why[24];
    bool held;
    int64_t right, of, floor;
};
struct states {
    struct ktg_call *call;
    struct state *list;
    size_t count, cap;
};

static bool text_at(struct ktg_bytes map, const char *key, char *to, size_t size)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_STR || v.bytes.size >= size)
        return false;
    memcpy(to, v.bytes.data, v.bytes.size);
    to[v.bytes.size] = 0;
    return true;
}

static int64_t number_at(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_INT ? v.integer : 0;
}

static int take(struct states *x, struct ktg_bytes row)
{
    struct ktg_wire_value held;
    int rc = ktg_grow(&x->list, &x->cap, x->count + 1, sizeof *x->list);
    struct state *s = rc ? NULL : &x->list[x->count];
    if (!s || !text_at(row, "rule", s->rule, sizeof s->rule) ||
        !text_at(row, "why", s->why, sizeof s->why))
        return rc; /* nothing that we know */
    s->held = ktg_wire_get(row, "held", &held) && held.kind == KTG_WIRE_BOOL && held.integer;
    s->right = number_at(row, "right");
    s->of = number_at(row, "of");
    s->floor = number_at(row, "floor");
    x->count++;
    return KTG_OK;
}

static int on_answer(void *arg, const struct ktg_msg_answer *m)
{
    struct states *x = arg;
    struct ktg_wire items = ktg_list_open(m->items);
    struct ktg_wire_value item, list, row;
    if (ktg_wire_next(&items, &item) || !ktg_wire_get(item.raw, "rules", &list) ||
        list.kind != KTG_WIRE_ARRAY)
        return ktg_call_fail(x->call, KTG_CMD_NO_ANSWER, "rules ls", NULL, NULL);
    int rc = KTG_OK;
    for (struct ktg_wire w = ktg_wire_inside(&list); !rc && !ktg_wire_next(&w, &row);)
        rc = take(x, row.raw);
    return rc;
}

static int ask_centre(struct states *x)
{
    struct ktg_dial d = KTG_DIAL_INIT;
    struct ktg_msg_query q = {.what = KTG_QUERY_RULES};
    int rc = ktg_dial_open(&d, x->call);
    if (!rc)
        rc = ktg_caller_ask(&d.options, &q, on_answer, x, &x->call->err);
    ktg_dial_done(&d);
    return rc;
}

static const struct state *state_of(const struct states *x, const struct ktg_rule *r)
{
    for (size_t i = 0; i < x->count; i++)
        if (strcmp(x->list[i].rule, ktg_rule_name(r)) == 0)
            return &x->list[i];
    return NULL;
}

/* "suspended: precision 7 of 100, floor 10 %" */
static const char *describe(const struct ktg_output *o, const struct ktg_rule *r,
                            const struct state *s, char to[static 160])
{
    struct ktg_label what =
        s->held ? (struct ktg_label){"suspended", "dihentikan"}
                : (struct ktg_label){"live, below the floor", "berlaku, di bawah batas"};
    if (!o->table)
        return s->held ? "suspended" : ktg_rules_status(r);
    if (strcmp(s->why, ktg_suspended_why_name(KTG_SUSPENDED_PRECISION)) == 0)
        snprintf(to, 160, "%s: %s %lld %s %lld, %s %lld %%", ktg_label_text(what, o->lang),
                 ktg_label_text((struct ktg_label){"precision", "ketepatan"}, o->lang),
                 (long long)s->right, ktg_label_text((struct ktg_label){"of", "dari"}, o->lang),
                 (long long)s->of, ktg_label_text((struct ktg_label){"floor", "batas"}, o->lang),
                 (long long)s->floor);
    else
        snprintf(to, 160, "%s: %s", ktg_label_text(what, o->lang),
                 ktg_label_text((struct ktg_label){"its budget is used up", "anggarannya habis"},
                                o->lang));
    return to;
}

/* ---- the rows ------------------------------------------------------------------------------------------------------ */

static const char *digits(int64_t n, char to[static 24])
{
    snprintf(to, 24, "%lld", (long long)n);
    return to;
}

static void show_rule(struct ktg_output *o, const struct ktg_catalogue *c, const struct ktg_rule *r,
                      const struct state *s)
{
    struct ktg_buf per = KTG_BUF_INIT;
    size_t count, tests;
    int line;
    const int *kinds = ktg_rule_per(r, &count);
    const char *file = ktg_rule_file(r, &line);
    char stratum[24], test_count[24], right[24], of[24], floor[24], said[160];
    ktg_rule_tests(r, &tests);
    for (size_t i = 0; i < count; i++)
        ktg_buf_printf(&per, "%s%s", i ? " " : "", ktg_catalogue_kind_name(c, kinds[i]));
    const char *title = ktg_label_text(
        (struct ktg_label){ktg_rule_text(r, "title.en"), ktg_rule_text(r, "title.id")}, o->lang);
    bool counted = s && s->of;
    ktg_output_row(o,
                   (const char *const[]){
                       ktg_rule_name(r), s ? describe(o, r, s, said) : ktg_rules_status(r),
                       ktg_rule_text(r, "level"), ktg_buf_text(&per),
                       digits(ktg_rule_stratum(r), stratum), digits((int64_t)tests, test_count),
                       title[0] ? title : NULL, ktg_rule_text(r, "form"), file, s ? s->why : NULL,
                       counted ? digits(s->right, right) : NULL, counted ? digits(s->of, of) : NULL,
                       counted ? digits(s->floor, floor) : NULL});
    ktg_buf_done(&per);
}

static void show_all(struct ktg_output *o, const struct ktg_ruleset *rs, const struct states *x)
{
    size_t shown = 0;
    static const struct ktg_column columns[] = {
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "status", .title = {"STATUS", "STATUS"}},
        {.key = "level", .title = {"LEVEL", "TINGKAT"}, .kind = KTG_CELL_LEVEL},
        {.key = "per", .title = {"PER", "PER"}},
        {.key = "stratum", .title = {"STRATUM", "LAPIS"}, .kind = KTG_CELL_NUMBER},
        {.key = "tests", .title = {"TESTS", "UJI"}, .kind = KTG_CELL_NUMBER},
        {.key = "title", .title = {"TITLE", "JUDUL"}},
        {.key = "form", .title = {"FORM", "BENTUK"}, .json_only = true},
        {.key = "file", .title = {"FILE", "BERKAS"}, .json_only = true},
        {.key = "why", .title = {"WHY", "SEBAB"}, .json_only = true},
        {.key = "right", .title = {"RIGHT", "BENAR"}, .kind = KTG_CELL_NUMBER, .json_only = true},
        {.key = "of", .title = {"OF", "DARI"}, .kind = KTG_CELL_NUMBER, .json_only = true},
        {.key = "floor", .title = {"FLOOR", "BATAS"}, .kind = KTG_CELL_NUMBER, .json_only = true},
    };
    ktg_output_table(o, columns, KTG_COUNT(columns));
    for (size_t i = 0; i < ktg_ruleset_count(rs); i++) {
        const struct state *s = state_of(x, ktg_ruleset_rule(rs, i));
        show_rule(o, ktg_ruleset_catalogue(rs), ktg_ruleset_rule(rs, i), s);
        shown += s != NULL;
    }
    ktg_output_end(o);
    if (shown < x->count)
        ktg_output_say(o, "the centre speaks of %zu more, which are not among these rules",
                       "pusat menyebut %zu lagi yang tidak ada di antara aturan ini",
                       x->count - shown);
}

/* Is it the installation's folder that is listed? */
static bool lists_own(const struct ktg_call *call, const struct ktg_settings *s)
{
    const char *own = ktg_texts_folder(s, KTG_SET_PATHS_RULES);
    struct stat a, b;
    return call->operand_count == 0 ||
           (own && call->operand_count == 1 && stat(own, &a) == 0 &&
            stat(call->operands[0], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* Whoever lists what the centre here would take is told if it is not what holds. */
static void say_draft(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_files draft = KTG_FILES_INIT;
    struct ktg_buf in_force = KTG_BUF_INIT, which = KTG_BUF_INIT;
    struct ktg_err none = KTG_ERR_INIT;
    uint64_t position = 0;
    if (ktg_installation_settings(call, &s) == KTG_OK && lists_own(call, s) &&
        ktg_texts_in_force(s, &in_force, &position, &none) == KTG_OK &&
        ktg_texts_gather(s, KTG_BYTES_NONE, &draft, &none) == KTG_OK &&
        ktg_texts_differ(ktg_buf_view(&in_force), &draft, &which))
        ktg_output_say(call->out,
                       "not in force: %s. A draft until kentongan reload; the centre goes on with "
                       "the texts of its journal",
                       "belum berlaku: %s. Rancangan sampai kentongan reload; pusat memakai teks "
                       "dalam jurnalnya",
                       ktg_buf_text(&which));
    ktg_buf_done(&in_force);
    ktg_buf_done(&which);
    ktg_files_done(&draft);
    ktg_settings_free(s);
}

static int run_ls(struct ktg_call *call)
{
    struct ktg_ruleset *rs = NULL;
    struct ktg_notes notes = {0};
    struct states x = {.call = call};
    struct ktg_files files = KTG_FILES_INIT;
    int rc = ktg_rules_gather_to_show(call, call->operands, call->operand_count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, false, &rs, &notes);
    if (!rc && ktg_call_text(call, "key"))
        rc = ask_centre(&x);
    if (!rc) {
        show_all(call->out, rs, &x);
        say_draft(call);
    }
    ktg_free(x.list);
    ktg_files_done(&files);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    return rc;
}

const struct ktg_command ktg_cmd_rules_ls = {
    .path = "rules ls",
    .summary = {"the rules, in the order in which they are answered",
                "aturan, menurut urutan menjawabnya"},
    .detail = {"With --key the centre says which it has suspended, and why: `precision 7 of 100, "
               "floor 10 %`.  Such a\n"
               "rule says nothing more until its text changes; what it said stands.",
               "Dengan --key pusat mengatakan aturan mana yang dihentikan, dan sebabnya: "
               "`ketepatan 7 dari 100,\n"
               "batas 10 %`.  Aturan itu diam sampai teksnya berubah; yang sudah disampaikan "
               "tetap berlaku."},
    .options = ls_options,
    .operands = ls_operands,
    .examples = ls_examples,
    .run = run_ls,
};
