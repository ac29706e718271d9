/* runtime/disk.h - the calls that change a disk, behind one narrow door, so that a test can break
 * them.
 *
 * Each call is the system call of its name: -1 and errno, or its result.  With a `struct ktg_disk`
 * (tests only) they are counted, and the n-th one fails, is cut short, or is the last one that this
 * "machine" ever does:
 *
 *   FAIL    the call fails with `error`, the next ones work
 *   SHORT   a pwrite writes half and says so (other calls: as FAIL)
 *   CRASH   nothing happens from this call on; everything fails with EIO
 *   TORN    as CRASH, but if the call is a pwrite half of it still reaches the disk
 *   LOSE    as CRASH, and what was written but not synced is gone, too: the power was cut
 *
 * NULL is the real disk.  Thread-safe.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_DISK_H
#define KTG_RUNTIME_DISK_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/err.h"

enum ktg_disk_fault {
    KTG_DISK_SOUND,
    KTG_DISK_FAIL,
    KTG_DISK_SHORT,
    KTG_DISK_CRASH,
    KTG_DISK_TORN,
    KTG_DISK_LOSE,
};

struct ktg_disk {
    enum ktg_disk_fault fault;
    int error;             /* errno for FAIL; 0: EIO */
    _Atomic int64_t after; /* calls that still work before the fault; -1: no fault */
    _Atomic int64_t calls; /* counted */
    _Atomic int crashed;
    struct ktg_disk_undo *undo; /* LOSE: what unsynced writes overwrote, newest first */
};
#define KTG_DISK_INIT(fault_, after_)        \
    {                                        \
        .fault = (fault_), .after = (after_) \
    }

void ktg_disk_done(struct ktg_disk *d); /* after LOSE: frees what was kept */

int ktg_disk_open(struct ktg_disk *d, int dir, const char *name, int flags, mode_t mode);
/* All of it, or -1: goes on after a short write until the kernel says why. */
int ktg_disk_pwrite(struct ktg_disk *d, int fd, const void *data, size_t size, off_t at);
int ktg_disk_fdatasync(struct ktg_disk *d, int fd);
int ktg_disk_fsync(struct ktg_disk *d, int fd); /* folders, too */
/* Room for size bytes, file length unchanged. */
int ktg_disk_reserve(struct ktg_disk *d, int fd, off_t size);
int ktg_disk_rename(struct ktg_disk *d, int dir, const char *from, const char *to);
int ktg_disk_unlink(struct ktg_disk *d, int dir, const char *name);
uint64_t ktg_disk_free_bytes(const char *path); /* as below; 0: none, or unknown */
int ktg_disk_free_percent(struct ktg_disk *d,
                          int fd); /* of the filesystem, for an ordinary user; -1: unknown */

#endif
