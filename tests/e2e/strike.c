/* tests/e2e/strike.c - kill -9 at a chosen instant, and tell what the victim was doing.
 *
 *     strike PID[,PID] JOURNAL PHASES MS     PHASES: "any": at once; else a row of `aims`: inside what it names
 *
 * Watches the mapped mark of the journal for at most MS, then kills, the first of two first.  Prints twice a phase and the tag:
 *     as the mark has them when the first is gone: whoever wrote it died inside that, and left it there
 *     as it had them when the blow had just fallen, for a victim that does not write it
 * none: there is no such journal.  Status 3: there was no such process.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/journal/journal.h"

#define BIT(phase) (1u << KTG_JOURNAL_##phase)

static const char *const words[KTG_JOURNAL_PHASES] = {
    [KTG_JOURNAL_IDLE] = "idle",       [KTG_JOURNAL_WRITING] = "writing",
    [KTG_JOURNAL_SYNCING] = "syncing", [KTG_JOURNAL_CHECKPOINT] = "checkpoint",
    [KTG_JOURNAL_MERGE] = "merge",     [KTG_JOURNAL_RELOAD] = "reload",
};
static const struct {
    const char *name;
    unsigned phases;
} aims[] = {
    {"commit", BIT(WRITING) | BIT(SYNCING)},
    {"checkpoint", BIT(CHECKPOINT)},
    {"merge", BIT(MERGE)},
    {"reload", BIT(RELOAD)},
};

static unsigned aim_named(const char *name)
{
    for (size_t i = 0; i < KTG_COUNT(aims); i++)
        if (strcmp(aims[i].name, name) == 0)
            return aims[i].phases;
    return 0; /* any */
}

static const char *word_of(struct ktg_journal_mark_view v)
{
    return (unsigned)v.phase < KTG_JOURNAL_PHASES ? words[v.phase] : "unknown";
}

static bool strike(int victim)
{
    return victim >= 0 && !syscall(SYS_pidfd_send_signal, victim, SIGKILL, NULL, 0);
}

int main(int argc, char **argv)
{
    struct ktg_journal_mark *m = NULL;
    struct ktg_journal_mark_view at = {0}, after = {0};
    char *second = NULL;
    if (argc != 5)
        return 2;
    int victims[2] = {(int)syscall(SYS_pidfd_open, (int)strtol(argv[1], &second, 10), 0), -1};
    if (*second == ',')
        victims[1] = (int)syscall(SYS_pidfd_open, (int)strtol(second + 1, NULL, 10), 0);
    if (victims[0] < 0)
        return 3;
    if (strcmp(argv[2], "-") != 0 && ktg_journal_mark_open(argv[2], &m, NULL))
        m = NULL; /* it has none yet */
    unsigned aim = aim_named(argv[3]);
    int64_t until = ktg_mono_ms() + strtol(argv[4], NULL, 10);
    /* Whoever steps aside after each look misses what is over before his turn comes again. */
    for (unsigned n = 1; m && aim && !(1u << ktg_journal_mark_read(m).phase & aim); n++)
        if (n % 4096 == 0 && (sched_yield(), ktg_mono_ms() >= until))
            break;
    bool struck = strike(victims[0]);
    if (m)
        at = ktg_journal_mark_read(m);
    if (!struck)
        return 3;
    strike(victims[1]);
    struct pollfd gone = {.fd = victims[0], .events = POLLIN};
    if (poll(&gone, 1, 10000) != 1)
        return 1;
    if (m)
        after = ktg_journal_mark_read(m);
    printf("%s %" PRIu64 " %s %" PRIu64 "\n", m ? word_of(after) : "none", after.tag,
           m ? word_of(at) : "none", at.tag);
    ktg_journal_mark_close(m);
    return 0;
}
