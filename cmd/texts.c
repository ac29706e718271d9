/* cmd/texts.c - the picture and the numbered invariants are in texts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/texts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "brokers/ingest/in_force.h"
#include "cmd/shipped.h"
#include "rules/ruleset.h"

#define AGENCIES "agencies.yaml"

enum { NAMED = 6 /* texts that differ */ };

const struct ktg_texts_part ktg_texts_parts[KTG_TEXTS_PARTS] = {
    {"rules", KTG_SET_PATHS_RULES, {"rules/"}},
    {"lists", KTG_SET_PATHS_LISTS, {"lists/"}},
    {"schema", KTG_SET_PATHS_SCHEMA, {"events/", "codes/"}},
    {"agencies", KTG_SET_PATHS_AGENCIES, {AGENCIES}},
};

const char *ktg_texts_folder(const struct ktg_settings *s, enum ktg_setting which)
{
    const char *path = ktg_settings_text(s, which);
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

bool ktg_texts_is_file(const struct ktg_texts_part *p)
{
    return p->path == KTG_SET_PATHS_AGENCIES;
}

bool ktg_texts_is_there(const struct ktg_settings *s, const struct ktg_texts_part *p)
{
    return ktg_texts_is_file(p) ? access(ktg_settings_text(s, p->path), F_OK) == 0
                                : ktg_texts_folder(s, p->path) != NULL;
}

/* ---- what is gone ----------------------------------------------------------------------------------------------------- */

static const struct ktg_file *find(const struct ktg_file *files, size_t count,
                                   struct ktg_bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (ktg_bytes_eq(files[i].name, name))
            return &files[i];
    return NULL;
}

static bool belongs(const struct ktg_texts_part *p, struct ktg_bytes name)
{
    for (size_t i = 0; i < KTG_COUNT(p->begins) && p->begins[i]; i++) {
        size_t n = strlen(p->begins[i]);
        if (name.size >= n && memcmp(name.data, p->begins[i], n) == 0)
            return true;
    }
    return false;
}

/* Is there a text of this part that did not come with this program? */
static bool is_other(const struct ktg_texts_part *p, const struct ktg_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ktg_file *s =
            belongs(p, files[i].name) ? find(ktg_shipped, ktg_shipped_count, files[i].name) : NULL;
        if (belongs(p, files[i].name) && (!s || !ktg_bytes_eq(s->text, files[i].text)))
            return true;
    }
    return false;
}

static bool lists(struct ktg_bytes own, const char *name)
{
    char line[32];
    int n = snprintf(line, sizeof line, "- %s\n", name);
    return memmem(own.data, own.size, line, (size_t)n) != NULL;
}

/* A bundle from before own.yaml does not say: then it counts that other texts would go and the shipped ones come. */
static bool is_gone(const struct ktg_settings *s, const struct ktg_texts_part *p,
                    const struct ktg_file *old, size_t old_count, const struct ktg_files *fresh)
{
    const struct ktg_file *own = find(old, old_count, KTG_LIT(KTG_BUNDLE_OWN));
    if (ktg_texts_is_there(s, p))
        return false;
    return own ? lists(own->text, p->name)
               : is_other(p, old, old_count) && !is_other(p, fresh->at, fresh->count);
}

static int check_gone(const struct ktg_settings *s, struct ktg_bytes in_force,
                      const struct ktg_files *fresh, struct ktg_err *err)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_file *old = NULL;
    size_t count = 0;
    int rc = in_force.size ? ktg_bundle_decode(in_force, &arena, &old, &count, err) : KTG_OK;
    for (size_t i = 0; !rc && i < KTG_TEXTS_PARTS; i++)
        if (is_gone(s, &ktg_texts_parts[i], old, count, fresh))
            rc = ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_TEXTS_GONE], ktg_texts_parts[i].name,
                               "nothing", ktg_settings_text(s, ktg_texts_parts[i].path));
    ktg_arena_done(&arena);
    return rc;
}

/* ---- gathering -------------------------------------------------------------------------------------------------------- */

/* Who there is to be told: the alerts station routes by what the journal has. */
static int add_agencies(const struct ktg_settings *s, struct ktg_files *files, struct ktg_err *err)
{
    const char *path = ktg_settings_text(s, KTG_SET_PATHS_AGENCIES);
    struct ktg_agencies *read = NULL;
    int rc = access(path, F_OK) == 0
                 ? ktg_files_read_one(files, path, AGENCIES, err)
                 : ktg_files_put(files, AGENCIES, ktg_installation_shipped_agencies(), err);
    const struct ktg_file *f = rc ? NULL : find(files->at, files->count, KTG_LIT(AGENCIES));
    if (f)
        rc = ktg_agencies_parse(f->text, path, &read, err);
    ktg_agencies_free(read); /* it is right: that is all we wanted */
    return rc;
}

static int add_own(const struct ktg_settings *s, struct ktg_files *files, struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    ktg_buf_put_str(&text, "# what came from the installation itself\n");
    for (size_t i = 0; i < KTG_TEXTS_PARTS; i++)
        if (ktg_texts_is_there(s, &ktg_texts_parts[i]))
            ktg_buf_printf(&text, "- %s\n", ktg_texts_parts[i].name);
    int rc = ktg_buf_check(&text);
    if (!rc)
        rc = ktg_files_put(files, KTG_BUNDLE_OWN, ktg_buf_view(&text), err);
    ktg_buf_done(&text);
    return rc;
}

int ktg_texts_gather(const struct ktg_settings *s, struct ktg_bytes in_force,
                     struct ktg_files *files, struct ktg_err *err)
{
    const char *rules = ktg_texts_folder(s, KTG_SET_PATHS_RULES);
    const struct ktg_shipped_choice choice = {
        .rules = rules ? &rules : NULL,
        .rule_count = rules ? 1 : 0,
        .schema = ktg_texts_folder(s, KTG_SET_PATHS_SCHEMA),
        .lists = ktg_texts_folder(s, KTG_SET_PATHS_LISTS),
    };
    int rc = ktg_shipped_gather(&choice, files, err);
    if (!rc)
        rc = add_agencies(s, files, err);
    if (!rc)
        rc = check_gone(s, in_force, files, err);
    return rc ? rc : add_own(s, files, err);
}

/* ---- what is in force --------------------------------------------------------------------------------------------------- */

int ktg_texts_in_force(const struct ktg_settings *s, struct ktg_buf *to, uint64_t *ret_position,
                       struct ktg_err *err)
{
    char journal[320];
    snprintf(journal, sizeof journal, "%s/journal", ktg_settings_text(s, KTG_SET_PATHS_DATA));
    return ktg_in_force_read(journal, 0, to, ret_position, err);
}

static int put_bundle(struct ktg_files *files, struct ktg_bytes bundle, struct ktg_err *err)
{
    const struct ktg_file *texts = NULL;
    size_t count = 0;
    int rc = ktg_bundle_decode(bundle, &files->arena, &texts, &count, err);
    for (size_t i = 0; !rc && i < count; i++) {
        char *name =
            ktg_arena_strndup(&files->arena, (const char *)texts[i].name.data, texts[i].name.size);
        rc = name ? ktg_files_put(files, name, texts[i].text, err) : KTG_ENOMEM;
    }
    return rc;
}

int ktg_texts_that_hold(const struct ktg_settings *s, struct ktg_files *files,
                        uint64_t *ret_position, struct ktg_err *err)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    *ret_position = 0;
    int rc = ktg_texts_in_force(s, &bundle, ret_position, err);
    if (!rc)
        rc = put_bundle(files, ktg_buf_view(&bundle), err);
    else if (rc == KTG_ENOTFOUND)
        rc = ktg_texts_gather(s, KTG_BYTES_NONE, files, err);
    ktg_buf_done(&bundle);
    return rc;
}

static bool is_compared(struct ktg_bytes name)
{
    return !ktg_bytes_is(name, AGENCIES) && !ktg_bytes_is(name, KTG_BUNDLE_OWN);
}

static void name_one(struct ktg_buf *to, size_t n, struct ktg_bytes name, const char *how)
{
    if (n < NAMED)
        ktg_buf_printf(to, "%s%.*s %s", n ? ", " : "", (int)name.size, (const char *)name.data,
                       how);
    else if (n == NAMED)
        ktg_buf_put_str(to, " ...");
}

size_t ktg_texts_differ(struct ktg_bytes in_force, const struct ktg_files *draft,
                        struct ktg_buf *to)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_file *old = NULL;
    size_t count = 0, n = 0;
    if (ktg_bundle_decode(in_force, &arena, &old, &count, NULL))
        count = 0;
    for (size_t i = 0; i < draft->count; i++) {
        const struct ktg_file *f = &draft->at[i], *was = find(old, count, f->name);
        if (is_compared(f->name) && (!was || !ktg_bytes_eq(was->text, f->text)))
            name_one(to, n++, f->name, was ? "changed" : "new");
    }
    for (size_t i = 0; i < count; i++)
        if (is_compared(old[i].name) && !find(draft->at, draft->count, old[i].name))
            name_one(to, n++, old[i].name, "gone");
    ktg_arena_done(&arena);
    return n;
}
