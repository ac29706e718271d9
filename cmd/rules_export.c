/* cmd/rules_export.c - rules export: the texts that are in force, written to a folder, as the journal has them.
 *
 *     newest rule set of the event journal ──> DIR/rules/ lists/ events/ codes/ settings.yaml local.yaml
 *
 * The folder is one that --rules, rules check and rules diff take as it is, so what runs can be compared with what is meant.
 * Agencies stay out: they are in force without a reload (`agency ls`), and are no texts of rules.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/kept.h"
#include "cmd/shipped.h"
#include "cmd/texts.h"
#include "rules/ruleset.h"
#include "runtime/path.h"

enum { FOLDER_RIGHTS = 0750 };

static const struct ktg_parameter export_options[] = {KTG_INSTALLATION_PARAMETERS,
                                                      KTG_END_PARAMETERS};
static const struct ktg_parameter export_operands[] = {
    {.name = "DIR",
     .kind = KTG_VALUE_FOLDER,
     .required = true,
     .help = {"a new folder, or an empty one", "folder baru, atau yang kosong"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example export_examples[] = {
    {"kentongan rules export running", {"what the centre here goes by", "yang dipakai pusat ini"}},
    {"kentongan rules export running && diff -r running/rules rules",
     {"how the drafts differ, line by line", "beda rancangannya, baris demi baris"}},
    {"kentongan rules export running && kentongan rules diff running rules --events week.ndjson",
     {"what they would raise more, less, otherwise",
      "apa yang akan bertambah, berkurang, berubah karenanya"}},
    KTG_END_EXAMPLES,
};

/* KTG_ECONFLICT "folder-not-empty": something lies there. */
static int check_empty(const char *path, struct ktg_err *err)
{
    bool empty = true;
    DIR *dir = opendir(path);
    if (!dir)
        return ktg_path_fail(err, path, errno, "an empty folder");
    for (struct dirent *e; empty && (e = readdir(dir));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(dir);
    return empty ? KTG_OK
                 : ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_FOLDER_TAKEN], path, NULL, NULL);
}

/* A journal may have come from elsewhere: nothing is written outside of the folder. */
static bool stays_inside(struct ktg_bytes name)
{
    return name.size && name.data[0] != '/' && !memmem(name.data, name.size, "../", 3) &&
           !memchr(name.data, 0, name.size);
}

static bool is_shipped(const struct ktg_file *f)
{
    for (size_t i = 0; i < ktg_shipped_count; i++)
        if (ktg_bytes_eq(ktg_shipped[i].name, f->name))
            return ktg_bytes_eq(ktg_shipped[i].text, f->text);
    return false;
}

static int write_all(struct ktg_call *call, const char *dir, const struct ktg_files *files,
                     size_t *ret_count)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < files->count; i++) {
        const struct ktg_file *f = &files->at[i];
        char name[512], size[24];
        if (ktg_bytes_is(f->name, "agencies.yaml") || ktg_bytes_is(f->name, KTG_BUNDLE_OWN))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)f->name.size, (const char *)f->name.data);
        rc = stays_inside(f->name) ? ktg_kept_write(dir, f, &call->err)
                                   : ktg_err_set(&call->err, KTG_ECORRUPT,
                                                 "a text of the journal bears a name of no use");
        if (rc)
            return rc;
        snprintf(size, sizeof size, "%zu", f->text.size);
        ktg_output_row(call->out,
                       (const char *const[]){name, is_shipped(f) ? "true" : "false", size});
        ++*ret_count;
    }
    return rc;
}

static int export(struct ktg_call *call, const struct ktg_settings *s, const char *dir)
{
    static const struct ktg_column columns[] = {
        {.key = "text", .title = {"TEXT", "TEKS"}},
        {.key = "shipped", .title = {"AS SHIPPED", "SEPERTI BAWAAN"}, .kind = KTG_CELL_BOOL},
        {.key = "bytes", .title = {"BYTES", "BITA"}, .kind = KTG_CELL_NUMBER},
    };
    struct ktg_files files = KTG_FILES_INIT;
    uint64_t position = 0;
    size_t count = 0;
    int rc = ktg_texts_that_hold(s, &files, &position, &call->err);
    if (!rc && !position)
        rc = ktg_call_fail(call, KTG_CMD_NOT_IN_FORCE, ktg_settings_text(s, KTG_SET_PATHS_DATA),
                           NULL, NULL);
    if (!rc)
        rc = ktg_kept_folder(dir, FOLDER_RIGHTS, &call->err);
    if (!rc)
        rc = check_empty(dir, &call->err);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        rc = write_all(call, dir, &files, &count);
        ktg_output_end(call->out);
    }
    if (!rc)
        ktg_output_say(call->out, "%zu texts in %s, in force since position %" PRIu64,
                       "%zu teks di %s, berlaku sejak posisi %" PRIu64, count, dir, position);
    ktg_files_done(&files);
    return rc;
}

static int run_export(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    int rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = export(call, s, ktg_call_operand(call, 0));
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_rules_export = {
    .path = "rules export",
    .summary = {"write the texts that are in force to a folder",
                "tulis teks yang berlaku ke sebuah folder"},
    .detail =
        {"Rules, lists, event types and settings of the last reload, as the journal of this "
         "installation has them, whether the\n"
         "centre runs or not; what lies in its folders is a draft.  The folder is one that "
         "--rules, rules check and rules\n"
         "diff take.  One with something in it is refused, and so is an installation that never "
         "started.",
         "Aturan, daftar, jenis kejadian, dan pengaturan dari reload terakhir, menurut jurnal "
         "pemasangan ini, pusat berjalan\n"
         "atau tidak; isi foldernya adalah rancangan.  Foldernya dapat dipakai oleh --rules, rules "
         "check, dan rules\n"
         "diff.  Folder yang berisi ditolak, demikian juga pemasangan yang belum pernah "
         "dijalankan."},
    .options = export_options,
    .operands = export_operands,
    .examples = export_examples,
    .run = run_export,
};
