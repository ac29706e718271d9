/* cmd/backup.c - backup, restore: the stores that matter, taken while the centre runs, and brought back.
 *
 *     DIR/findings   first: so that it never answers more than ...
 *     DIR/journal    ... the event journal that is copied after it
 *     DIR/keys       who may speak (public halves only; secrets are kept by those who hold them)
 *     DIR/texts      settings, agencies, own rules, lists and event types (kept.h)
 *
 * State and casebook are not in it: they are built again from the two journals when the stations start.  Subscribers then
 * receive again what was not yet confirmed in a casebook that is gone, from the beginning; that is the promise "at least once".
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "brokers/correlation/repeat.h"
#include "cmd/kept.h"
#include "cmd/texts.h"
#include "runtime/journal/journal.h"
#include "runtime/lockfile.h"
#include "runtime/mem.h"
#include "runtime/path.h"

static const struct ktg_parameter folder_operands[] = {
    {.name = "DIR",
     .kind = KTG_VALUE_FOLDER,
     .required = true,
     .help = {"the backup", "cadangannya"}},
    KTG_END_PARAMETERS,
};

static const struct ktg_column columns[] = {
    {.key = "store", .title = {"STORE", "PENYIMPANAN"}},
    {.key = "records", .title = {"RECORDS", "CATATAN"}, .kind = KTG_CELL_NUMBER},
    {.key = "last", .title = {"LAST", "AKHIR"}, .kind = KTG_CELL_NUMBER},
    {.key = "head", .title = {"HEAD", "KEPALA"}},
};

static void show(struct ktg_call *call, const char *store, const struct ktg_journal_report *r)
{
    char records[24], last[24], head[65];
    snprintf(records, sizeof records, "%" PRIu64, r->records);
    snprintf(last, sizeof last, "%" PRIu64, r->last);
    ktg_hex(r->chain.b, sizeof r->chain.b, head);
    ktg_output_row(call->out, (const char *const[]){store, records, last, head});
}

static void show_count(struct ktg_call *call, const char *store, size_t files)
{
    char records[24];
    snprintf(records, sizeof records, "%zu", files);
    ktg_output_row(call->out, (const char *const[]){store, records, NULL, NULL});
}

static int copy_store(struct ktg_call *call, const char *from_folder, const char *to_folder,
                      const char *store)
{
    char from[320], to[320];
    struct ktg_journal_report report;
    snprintf(from, sizeof from, "%s/%s", from_folder, store);
    snprintf(to, sizeof to, "%s/%s", to_folder, store);
    int rc = ktg_kept_folder(to, 0700, &call->err);
    if (!rc)
        rc = ktg_journal_copy(from, to, &report, &call->err);
    if (!rc)
        show(call, store, &report);
    return rc ? ktg_err_wrap(&call->err, rc, "%s", store) : KTG_OK;
}

/* A small text file, synced. */
static int copy_file(struct ktg_call *call, const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, rc = KTG_OK;
    ssize_t n = in < 0 ? -1 : read(in, bytes, sizeof bytes);
    if (n >= 0)
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (n < 0 || n == (ssize_t)sizeof bytes || out < 0 || write(out, bytes, (size_t)n) != n ||
        fsync(out))
        rc = ktg_path_fail(&call->err, out < 0 && n >= 0 ? to : from,
                           n < 0 || out < 0 ? errno : EIO, "a file that can be copied");
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return rc;
}

static int copy_registry(struct ktg_call *call, const char *from_keys, const char *to_keys)
{
    char from[320], to[320], a[600], b[600];
    snprintf(from, sizeof from, "%s/registry", from_keys);
    snprintf(to, sizeof to, "%s/registry", to_keys);
    int rc = ktg_kept_folder(to_keys, 0700, &call->err);
    if (!rc)
        rc = ktg_kept_folder(to, 0700, &call->err);
    DIR *dir = rc ? NULL : opendir(from);
    for (struct dirent *e; !rc && dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(a, sizeof a, "%s/%s", from, e->d_name);
        snprintf(b, sizeof b, "%s/%s", to, e->d_name);
        rc = copy_file(call, a, b);
    }
    if (dir)
        closedir(dir);
    return rc;
}

static int save_texts(struct ktg_call *call, const struct ktg_settings *s, const char *to)
{
    size_t files = 0;
    int rc = ktg_kept_save(call, s, to, &files);
    if (!rc)
        show_count(call, "texts", files);
    return rc ? ktg_err_wrap(&call->err, rc, "texts") : KTG_OK;
}

static bool is_there(const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* Before anything is written: is there something to copy? */
static int find_stores(struct ktg_call *call, const char *data)
{
    static const char *const stores[] = {"findings", "journal"};
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < KTG_COUNT(stores); i++) {
        char path[320];
        struct ktg_journal_mark *m = NULL;
        snprintf(path, sizeof path, "%s/%s", data, stores[i]);
        rc = ktg_journal_mark_open(path, &m, &call->err);
        ktg_journal_mark_close(m);
    }
    return rc;
}

static int run_backup(struct ktg_call *call)
{
    const char *to = ktg_call_operand(call, 0);
    struct ktg_settings *s = NULL;
    char keys[320];
    int rc = ktg_installation_settings(call, &s);
    const char *data = rc ? "" : ktg_settings_text(s, KTG_SET_PATHS_DATA);
    if (!rc)
        rc = find_stores(call, data);
    if (!rc && (is_there(to, "journal") || is_there(to, "findings") || is_there(to, "texts")))
        rc = ktg_call_fail(call, KTG_CMD_BACKUP_THERE, to, NULL, NULL);
    if (!rc)
        rc = ktg_kept_folder(to, 0700, &call->err);
    if (!rc) {
        snprintf(keys, sizeof keys, "%s/keys", to);
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        rc = copy_store(call, data, to, "findings");
        if (!rc)
            rc = copy_store(call, data, to, "journal");
        if (!rc)
            rc = copy_registry(call, ktg_settings_text(s, KTG_SET_PATHS_KEYS), keys);
        if (!rc)
            rc = save_texts(call, s, to);
        ktg_output_end(call->out);
    }
    ktg_settings_free(s);
    return rc;
}

static int restore_texts(struct ktg_call *call, const struct ktg_settings *s, const char *from)
{
    size_t files = 0;
    int rc = ktg_kept_restore(call, s, from, &files);
    if (!rc)
        show_count(call, "texts", files);
    return rc ? ktg_err_wrap(&call->err, rc, "texts") : KTG_OK;
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    struct ktg_call *call = arg;
    if (isatty(STDERR_FILENO) && all)
        ktg_output_say(call->out, "answering again: %" PRIu64 " %%",
                       "menjawab ulang: %" PRIu64 " %%", done * 100 / all);
}

static int prove(struct ktg_call *call, const char *data)
{
    char journal[320], findings[320], digest[65];
    struct ktg_repeat_report report;
    snprintf(journal, sizeof journal, "%s/journal", data);
    snprintf(findings, sizeof findings, "%s/findings", data);
    int rc = ktg_repeat(journal, findings, on_progress, call, &report, &call->err);
    if (rc)
        return ktg_err_wrap(&call->err, rc,
                            "the restored events do not answer as the restored findings say");
    if (report.by_standing) {
        ktg_output_say(
            call->out,
            "another engine said some of the findings, or events were erased: of %" PRIu64
            " that stand, %" PRIu64 " differences will be told at the next start",
            "sebagian temuan disampaikan mesin lain, atau ada kejadian yang dihapus: "
            "dari %" PRIu64 " yang berlaku, %" PRIu64 " perbedaan akan disampaikan saat mulai",
            report.stood, report.differences);
        return KTG_OK;
    }
    ktg_hex(report.digest.b, sizeof report.digest.b, digest);
    ktg_output_say(
        call->out, "the same findings, byte for byte: %" PRIu64 " of %" PRIu64 " events; digest %s",
        "temuan yang sama, bita demi bita: %" PRIu64 " dari %" PRIu64 " kejadian; sidik %s",
        report.findings, report.events, digest);
    return KTG_OK;
}

/* They are here as they were there; and are they what the restored journal has in force?  They need not be: who edits
 * rules when the backup is made has drafts, and a backup from before has no texts at all. */
static int prove_texts(struct ktg_call *call, const struct ktg_settings *s, const char *from)
{
    struct ktg_buf in_force = KTG_BUF_INIT, which = KTG_BUF_INIT;
    struct ktg_files draft = KTG_FILES_INIT;
    uint64_t position = 0;
    int rc = ktg_kept_compare(call, s, from, true);
    if (!rc)
        rc = ktg_texts_in_force(s, &in_force, &position, &call->err);
    if (rc == KTG_ENOTFOUND && !in_force.size) /* no rule set yet: nothing to compare with */
        return KTG_OK;
    if (!rc)
        rc = ktg_texts_gather(s, ktg_buf_view(&in_force), &draft, &call->err);
    if (rc) {
        ktg_err_wrap(&call->err, rc, "the texts that were restored are not those in force");
    } else {
        size_t n = ktg_texts_differ(ktg_buf_view(&in_force), &draft, &which);
        if (n)
            ktg_output_say(
                call->out,
                "the texts as they were; of them %zu are no more than drafts: %s. The "
                "rule set at position %" PRIu64 " is in force",
                "teks seperti semula; %zu di antaranya hanya rancangan: %s. Yang berlaku "
                "kumpulan aturan pada posisi %" PRIu64,
                n, ktg_buf_text(&which), position);
        else
            ktg_output_say(call->out,
                           "the texts as they were, and in force since position %" PRIu64,
                           "teks seperti semula, dan berlaku sejak posisi %" PRIu64, position);
    }
    ktg_files_done(&draft);
    ktg_buf_done(&which);
    ktg_buf_done(&in_force);
    return rc;
}

/* No station may run: its lock tells. */
static int hold_centre(struct ktg_call *call, const struct ktg_settings *s,
                       struct ktg_lockfile *locks[2])
{
    static const char *const names[2] = {"ingest.lock", "correlation.lock"};
    const char *run = ktg_settings_text(s, KTG_SET_PATHS_RUN);
    int rc = ktg_rundir_prepare(run, 0750, &call->err);
    for (int i = 0; !rc && i < 2; i++) {
        char path[320];
        snprintf(path, sizeof path, "%s/%s", run, names[i]);
        rc = ktg_lockfile_open(path, &locks[i], &call->err);
    }
    return rc ? ktg_err_wrap(&call->err, rc, "stop the centre first") : KTG_OK;
}

static int run_restore(struct ktg_call *call)
{
    const char *from = ktg_call_operand(call, 0);
    struct ktg_settings *s = NULL;
    struct ktg_lockfile *locks[2] = {NULL, NULL};
    int rc = ktg_kept_settings(call, from, &s);
    if (rc)
        return rc;
    const char *data = ktg_settings_text(s, KTG_SET_PATHS_DATA),
               *keys = ktg_settings_text(s, KTG_SET_PATHS_KEYS);
    if (!is_there(from, "journal") || !is_there(from, "findings"))
        rc = ktg_call_fail(call, KTG_CMD_NO_BACKUP, from, NULL,
                           "a folder with journal and findings in it");
    if (!rc && (is_there(data, "journal") || is_there(data, "findings") ||
                is_there(data, "state") || is_there(data, "casebook")))
        rc = ktg_call_fail(call, KTG_CMD_DATA_THERE, data, NULL, NULL);
    if (!rc)
        rc = ktg_kept_compare(call, s, from, false);
    if (!rc)
        rc = hold_centre(call, s, locks);
    if (!rc)
        rc = ktg_kept_folder(data, 0700, &call->err);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        rc = copy_store(call, from, data, "journal");
        if (!rc)
            rc = copy_store(call, from, data, "findings");
        if (!rc)
            rc = restore_texts(call, s, from);
        ktg_output_end(call->out);
    }
    if (!rc && !is_there(keys, "registry")) {
        char kept[320];
        snprintf(kept, sizeof kept, "%s/keys", from);
        rc = copy_registry(call, kept, keys);
    }
    if (!rc && ktg_call_flag(call, "verify"))
        rc = prove(call, data);
    if (!rc && ktg_call_flag(call, "verify"))
        rc = prove_texts(call, s, from);
    for (int i = 0; i < 2; i++)
        ktg_lockfile_close(locks[i]);
    ktg_settings_free(s);
    return rc;
}

static const struct ktg_parameter backup_options[] = {KTG_INSTALLATION_PARAMETERS,
                                                      KTG_END_PARAMETERS};
static const struct ktg_example backup_examples[] = {
    {"kentongan backup /backup/2026-11-21",
     {"while everything runs", "sementara semuanya berjalan"}},
    {"kentongan backup /backup/today --set paths.data=/var/lib/kentongan",
     {"of data elsewhere", "dari data di tempat lain"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_backup = {
    .path = "backup",
    .summary = {"copy the journals, the key registry and the texts, while everything runs",
                "salin jurnal, daftar kunci, dan teks, sementara semuanya berjalan"},
    .detail =
        {"Up to the durable mark; the copy is proved.  In texts/: the settings' file, "
         "agencies.yaml, own rules, lists and\n"
         "event types.  Not in it: secret keys and what --set says, which are kept elsewhere; "
         "state and casebook, which\n"
         "are built again from the journals.",
         "Sampai tanda tahan; salinannya dibuktikan.  Di texts/: berkas pengaturan, "
         "agencies.yaml, aturan, daftar, dan\n"
         "jenis kejadian sendiri.  Tidak termasuk: kunci rahasia dan isi --set, yang disimpan "
         "di tempat lain; keadaan\n"
         "dan buku kasus, yang dibangun ulang dari jurnal."},
    .options = backup_options,
    .operands = folder_operands,
    .examples = backup_examples,
    .run = run_backup,
};

static const struct ktg_parameter restore_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "verify",
     .kind = KTG_VALUE_FLAG,
     .help = {"answer all events again and compare the findings, byte for byte",
              "jawab ulang semua kejadian dan bandingkan temuannya, bita demi bita"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example restore_examples[] = {
    {"kentongan restore /backup/2026-11-21 --verify",
     {"into the empty data folder, then proved", "ke folder data yang kosong, lalu dibuktikan"}},
    {"kentongan restore /backup/2026-11-21 --set paths.data=/srv/drill --set paths.run=/tmp/drill",
     {"elsewhere, as a drill, while the centre runs",
      "di tempat lain, sebagai latihan, sementara pusat berjalan"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_restore = {
    .path = "restore",
    .summary = {"bring a backup back into an empty data folder",
                "kembalikan cadangan ke folder data yang kosong"},
    .detail =
        {"Texts go where the settings say: --config, else ./kentongan.yaml, else the file of "
         "the backup, which is put\n"
         "back.  What is there already has to be the same; the key registry that is there "
         "stays.  Secret keys come from\n"
         "where they are kept.",
         "Teks ditaruh menurut pengaturan: --config, jika tidak ./kentongan.yaml, jika tidak "
         "berkas dari cadangan, yang\n"
         "dikembalikan.  Yang sudah ada harus sama; daftar kunci yang sudah ada tetap.  Kunci "
         "rahasia diambil dari\n"
         "tempat penyimpanannya."},
    .options = restore_options,
    .operands = folder_operands,
    .examples = restore_examples,
    .run = run_restore,
};
