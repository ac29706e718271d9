/* cmd/doctor_disks.c - see doctor_parts.h.
 *
 * Each store may lie on a disk of its own.  One that shares the disk of `data` is not told twice.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd/doctor_parts.h"

#define MIB (INT64_C(1) << 20)

static const struct store {
    const char *what, *folder; /* folder: of paths.data; NULL: paths.keys */
    int64_t need;              /* bytes; 0: a segment of a journal */
    const char *next;
} stores[] = {
    {"disk of journal", "journal", 0,
     "make room: under disk.stop, or without room for a segment, no event is taken"},
    {"disk of findings", "findings", 0,
     "make room: without it correlation holds what it answers, and no alert is raised"},
    {"disk of state", "state", 4 * MIB,
     "make room: without it the state is kept in memory, up to state.memory"},
    {"disk of casebook", "casebook", 4 * MIB,
     "make room: without it alerts go out from memory, and officers' actions are refused"},
    {"disk of keys", NULL, MIB, "make room: without it no key can be made or revoked"},
};

static void check(struct ktg_doctor *d, const char *what, const char *path, int64_t need,
                  bool stops, bool only_if_bad, const char *next)
{
    struct statvfs st;
    if (statvfs(path, &st)) {
        if (!only_if_bad)
            ktg_doctor_say(d, what, KTG_VERDICT_WARNING,
                           "it is made when the centre starts: kentongan up", "%s: %s", path,
                           strerror(errno));
        return;
    }
    int64_t bytes = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
    int64_t percent = st.f_blocks ? (int64_t)((double)st.f_bavail * 100 / (double)st.f_blocks) : 0;
    int64_t warn = ktg_settings_int(d->settings, KTG_SET_DISK_WARN),
            stop = ktg_settings_int(d->settings, KTG_SET_DISK_STOP);
    enum ktg_verdict v = bytes < need || (stops && percent < stop) ? KTG_VERDICT_WRONG
                         : percent < warn                          ? KTG_VERDICT_WARNING
                                                                   : KTG_VERDICT_OK;
    if (access(path, W_OK))
        ktg_doctor_say(d, what, KTG_VERDICT_WRONG, "give this user the right to write there",
                       "%s is read-only for us", path);
    else if (!only_if_bad || v == KTG_VERDICT_WRONG)
        ktg_doctor_say(d, what, v, next, "%s: %" PRId64 " %% free, %" PRId64 " MiB", path, percent,
                       bytes / MIB);
}

void ktg_doctor_disks(struct ktg_doctor *d)
{
    const char *data = ktg_settings_text(d->settings, KTG_SET_PATHS_DATA);
    struct stat of_data = {0}, st;
    bool known = stat(data, &of_data) == 0;
    check(d, "data", data, MIB, true, false, "make room: under the stop mark no event is taken");
    check(d, "run", ktg_settings_text(d->settings, KTG_SET_PATHS_RUN), MIB, false, false,
          "make room: stations write there what they are asked for here");
    for (size_t i = 0; i < KTG_COUNT(stores); i++) {
        const struct store *s = &stores[i];
        char path[320];
        if (s->folder)
            snprintf(path, sizeof path, "%s/%s", data, s->folder);
        else
            snprintf(path, sizeof path, "%s", ktg_settings_text(d->settings, KTG_SET_PATHS_KEYS));
        if (stat(path, &st))
            continue; /* it is told with data, or with the keys */
        bool shared = known && st.st_dev == of_data.st_dev;
        int64_t segment = ktg_settings_int(d->settings, KTG_SET_JOURNAL_SEGMENT);
        check(d, s->what, path, s->need ? s->need : segment, i == 0, shared, s->next);
    }
}
