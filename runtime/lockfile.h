/* runtime/lockfile.h - one process at a time, and a directory that is ours alone.
 *
 *     run/                 0700 (or 0750), ours: ktg_rundir_prepare
 *     run/ingest.lock      held by the living process: ktg_lockfile_open; its text is a pid
 *
 * (1) The lock dies with the process, however it dies; the file stays and means nothing by itself.
 * (2) Nothing is opened before the lock is held: a second process that binds an ipc path would
 *     silently steal it, a second writer would ruin a journal.
 * (3) Locks of one process exclude each other too: they belong to the open file, not to the
 *     process.
 *
 * A shell of the world, floor 0, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LOCKFILE_H
#define KTG_RUNTIME_LOCKFILE_H

#include <stdbool.h>

#include "runtime/err.h"

struct ktg_lockfile;

/* Create PATH if need be, lock it and write our pid into it.  KTG_ECONFLICT "already-running" names
 * the holder's pid; KTG_EDENIED: the file cannot be opened; KTG_EIO; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_lockfile_open(const char *path, struct ktg_lockfile **ret_lock,
                                     struct ktg_err *err);
struct ktg_lockfile *ktg_lockfile_close(struct ktg_lockfile *lock); /* NULL is fine; returns NULL */

/* Does somebody hold it?  Asked by whoever looks only: nothing is written, and whoever is about to take it is not in his way, unless
 * its last holder lives or another has got his pid. */
bool ktg_lockfile_is_held(const char *path);

/* Make sure that PATH is a directory of ours that grants nothing beyond `mode` (0700, 0750); make
 * it if it is missing (its parent must exist).  KTG_EDENIED "open-directory": a link, another
 * owner, or more rights. */
KTG_MUST_CHECK int ktg_rundir_prepare(const char *path, unsigned mode, struct ktg_err *err);

#endif
