/* tests/e2e/strike.c - kill -9 at a chosen instant, and tell what the victim was doing.
 *
 *     strike PID JOURNAL PHASES MS      PHASES: "any": at once; "commit": inside a write or a sync of the journal;
 *                                       "checkpoint": inside one
 *
 * Watches the mapped mark of the journal for at most MS, then kills.  The mark is read again when the process is gone:
 * whoever died inside a write left its phase there.  Prints one word: idle, writing, syncing, checkpoint, none.
 * Status 3: there was no such process.
 * SPDX-License-Identifier: Apache-2.0
 */
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

int main(int argc, char **argv)
{
    static const char *const words[] = {"idle", "writing", "syncing", "checkpoint"};
    struct ktg_journal_mark *m = NULL;
    struct ktg_journal_mark_view v;
    if (argc != 5)
        return 2;
    int pid = (int)strtol(argv[1], NULL, 10);
    int victim = (int)syscall(SYS_pidfd_open, pid, 0);
    if (victim < 0)
        return 3;
    if (strcmp(argv[2], "-") != 0 && ktg_journal_mark_open(argv[2], &m, NULL))
        m = NULL; /* it has none yet */
    bool commit = strcmp(argv[3], "commit") == 0, any = strcmp(argv[3], "any") == 0;
    int64_t until = ktg_mono_ms() + strtol(argv[4], NULL, 10);
    while (m && !any && ktg_mono_ms() < until) {
        v = ktg_journal_mark_read(m);
        if (commit ? v.phase == KTG_JOURNAL_WRITING || v.phase == KTG_JOURNAL_SYNCING
                   : v.phase == KTG_JOURNAL_CHECKPOINT)
            break;
        sched_yield();
    }
    if (syscall(SYS_pidfd_send_signal, victim, SIGKILL, NULL, 0))
        return 3;
    struct pollfd gone = {.fd = victim, .events = POLLIN};
    if (poll(&gone, 1, 10000) != 1)
        return 1;
    puts(m ? words[ktg_journal_mark_read(m).phase & 3] : "none");
    ktg_journal_mark_close(m);
    return 0;
}
