/* cmd/kept.c - the picture and the numbered invariants are in kept.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/kept.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/texts.h"
#include "config/textfile.h"
#include "runtime/path.h"

enum { PATH = 1024, RIGHTS = 0640, FOLDER_RIGHTS = 0750 };

/* One thing to keep: a file, or a folder of texts. */
struct thing {
    bool is_file;
    const char *here;
    char kept[PATH];
};
enum { THINGS = KTG_TEXTS_PARTS + 1 };

/* In the order of the parts, the settings last. */
static void list_things(const struct ktg_call *call, const struct ktg_settings *s, const char *dir,
                        struct thing to[static THINGS])
{
    for (size_t i = 0; i < KTG_TEXTS_PARTS; i++) {
        const struct ktg_texts_part *p = &ktg_texts_parts[i];
        to[i].is_file = ktg_texts_is_file(p);
        to[i].here = ktg_settings_text(s, p->path);
        snprintf(to[i].kept, PATH, "%s/texts/%s%s", dir, p->name, to[i].is_file ? ".yaml" : "");
    }
    to[KTG_TEXTS_PARTS].is_file = true;
    to[KTG_TEXTS_PARTS].here = ktg_installation_settings_file(call);
    snprintf(to[KTG_TEXTS_PARTS].kept, PATH, "%s/texts/kentongan.yaml", dir);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* As the centre sees it: a folder of texts is a folder. */
static bool is_had(const struct thing *t)
{
    struct stat st;
    return stat(t->here, &st) == 0 && (t->is_file || S_ISDIR(st.st_mode));
}

/* Settings that were named on the command line hold, whatever the backup has. */
static bool is_settled(const struct ktg_call *call, const struct thing *t)
{
    const char *named = ktg_call_text(call, "config");
    return named && t->here == named && is_there(named);
}

static int read_thing(const struct thing *t, const char *path, struct ktg_files *to,
                      struct ktg_err *err)
{
    return t->is_file ? ktg_files_read_one(to, path, "", err) : ktg_files_read(to, path, "", err);
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

int ktg_kept_folder(const char *path, mode_t rights, struct ktg_err *err)
{
    if (mkdir(path, rights) && errno != EEXIST)
        return ktg_path_fail(err, path, errno, "a folder that can be made");
    return KTG_OK;
}

/* The folders above it that are not there. */
static int make_way(const char *to, struct ktg_err *err)
{
    char path[PATH];
    int rc = KTG_OK;
    if ((size_t)snprintf(path, sizeof path, "%s", to) >= sizeof path)
        return ktg_path_fail(err, to, ENAMETOOLONG, NULL);
    for (char *p = path + 1; !rc && (p = strchr(p, '/')); p++) {
        *p = 0;
        rc = access(path, F_OK) ? ktg_kept_folder(path, FOLDER_RIGHTS, err) : KTG_OK;
        *p = '/';
    }
    return rc;
}

int ktg_kept_write(const char *folder, const struct ktg_file *f, struct ktg_err *err)
{
    char path[2 * PATH];
    snprintf(path, sizeof path, "%s/%.*s", folder, (int)f->name.size, (const char *)f->name.data);
    int rc = make_way(path, err); /* refuses what is too long */
    return rc ? rc : ktg_textfile_write(path, f->text, RIGHTS, true, err);
}

/* All of it from one place to another where nothing is. */
static int copy(const struct thing *t, const char *from, const char *to, size_t *count,
                struct ktg_err *err)
{
    struct ktg_files files = KTG_FILES_INIT;
    int rc = read_thing(t, from, &files, err);
    if (!rc)
        rc = make_way(to, err);
    if (!rc && t->is_file)
        rc = ktg_textfile_write(to, files.at[0].text, RIGHTS, true, err);
    else if (!rc)
        rc = ktg_kept_folder(to, FOLDER_RIGHTS, err);
    for (size_t i = 0; !rc && !t->is_file && i < files.count; i++)
        rc = ktg_kept_write(to, &files.at[i], err);
    *count += rc ? 0 : files.count;
    ktg_files_done(&files);
    return rc;
}

int ktg_kept_save(struct ktg_call *call, const struct ktg_settings *s, const char *dir,
                  size_t *ret_count)
{
    struct thing things[THINGS];
    char texts[PATH];
    size_t count = 0;
    snprintf(texts, sizeof texts, "%s/texts", dir);
    list_things(call, s, dir, things);
    int rc = ktg_kept_folder(texts, FOLDER_RIGHTS, &call->err);
    for (size_t i = 0; !rc && i < THINGS; i++)
        if (is_had(&things[i]))
            rc = copy(&things[i], things[i].here, things[i].kept, &count, &call->err);
    if (!rc)
        *ret_count = count;
    return rc;
}

int ktg_kept_settings(struct ktg_call *call, const char *dir, struct ktg_settings **ret_s)
{
    char kept[PATH];
    snprintf(kept, sizeof kept, "%s/texts/kentongan.yaml", dir);
    return is_there(kept) && !is_there(ktg_installation_settings_file(call))
               ? ktg_installation_settings_of(call, kept, ret_s)
               : ktg_installation_settings(call, ret_s);
}

/* ---- comparing -------------------------------------------------------------------------------------------------------- */

/* The first that is not the same in both, or is in one alone; NULL: none.  Both are sorted. */
static const struct ktg_file *first_other(const struct ktg_files *a, const struct ktg_files *b)
{
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        if (i == a->count)
            return &b->at[i];
        if (i == b->count || !ktg_bytes_eq(a->at[i].name, b->at[i].name) ||
            !ktg_bytes_eq(a->at[i].text, b->at[i].text))
            return &a->at[i];
    }
    return NULL;
}

static int compare(const struct thing *t, struct ktg_err *err)
{
    struct ktg_files here = KTG_FILES_INIT, kept = KTG_FILES_INIT;
    const struct ktg_file *other = NULL;
    char path[2 * PATH];
    int rc = read_thing(t, t->kept, &kept, err);
    if (!rc)
        rc = read_thing(t, t->here, &here, err);
    if (!rc && (other = first_other(&here, &kept))) {
        snprintf(path, sizeof path, "%s%s%.*s", t->here, t->is_file ? "" : "/",
                 (int)other->name.size, (const char *)other->name.data);
        rc = ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_TEXT_DIFFERS], path, NULL, t->kept);
    }
    ktg_files_done(&here);
    ktg_files_done(&kept);
    return rc;
}

int ktg_kept_compare(struct ktg_call *call, const struct ktg_settings *s, const char *dir,
                     bool whole)
{
    struct thing things[THINGS];
    int rc = KTG_OK;
    list_things(call, s, dir, things);
    for (size_t i = 0; !rc && i < THINGS; i++) {
        const struct thing *t = &things[i];
        if (!is_there(t->kept) || is_settled(call, t))
            continue;
        if (is_there(t->here))
            rc = compare(t, &call->err);
        else if (whole)
            rc = ktg_call_fail(call, KTG_CMD_NOT_PUT_BACK, t->here, NULL, t->kept);
    }
    return rc;
}

int ktg_kept_restore(struct ktg_call *call, const struct ktg_settings *s, const char *dir,
                     size_t *ret_count)
{
    struct thing things[THINGS];
    size_t count = 0;
    int rc = KTG_OK;
    list_things(call, s, dir, things);
    for (size_t i = 0; !rc && i < THINGS; i++)
        if (is_there(things[i].kept) && !is_there(things[i].here))
            rc = copy(&things[i], things[i].kept, things[i].here, &count, &call->err);
    if (!rc)
        *ret_count = count;
    return rc;
}
