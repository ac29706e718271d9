/* runtime/journal/writer.h - the inside of a writer, shared by writer, prepare and recovery.
 *
 *   owner's thread          committer                     preparer
 *   append -> open batch
 *   seal   -> flying  --->  (roll) pwrite, fdatasync
 *                           mark, on_durable     --job--> .idx of the sealed segment
 *                                                         next, zeros ahead
 *
 * (1) `lock` guards flying, spare, jobs, end, stop.  What is marked owner is the owner's alone;
 * what is marked committer belongs to whoever commits: the committer thread while `flying` is set,
 * else the owner. (2) At most one batch flies; the other is open.  (3) A running segment is freed
 * by the preparer (or at close), so zeroing may go on while the committer takes it into use.
 * Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_WRITER_H
#define KTG_RUNTIME_JOURNAL_WRITER_H

#include <pthread.h>

#include "runtime/journal/index.h"
#include "runtime/journal/mark.h"
#include "runtime/journal/segment.h"

enum { KTG_DISK_BLOCK = 4096 };

/* A segment file that is written, or will be. */
struct ktg_running {
    int fd, direct; /* direct: the same file past the page cache, for zeros; -1: none */
    uint64_t size;
    pthread_mutex_t lock;    /* held while zeros are being written */
    _Atomic uint64_t zeroed; /* bytes below it are zeros or frames */
    uint64_t let_go;         /* bytes below it were given back to the page cache; committer's */
};

/* A segment with a successor. */
struct ktg_sealed {
    struct ktg_index_head head;
    struct ktg_idtable table; /* ids, until the file can answer */
    struct ktg_index index;   /* open when table is not used */
    struct ktg_buf snapshot;
    struct ktg_running *running; /* to be closed with the job */
    _Atomic bool written;        /* the .idx is there; nobody else looks at table */
    struct ktg_sealed *next;     /* in the list of jobs */
};

struct ktg_batch {
    uint8_t *bytes; /* room for batch_bytes; the frame's header first */
    uint32_t size, count;
    ktg_position base;
    ktg_time recorded_at;
    uint64_t tag;
    struct ktg_identry *
        *entries; /* of its records with ids; NULL: none, or the id was there before */
    uint32_t *at; /* where each of its records begins */
    struct ktg_sealed *sealing; /* it begins a new segment, and this is the old one */
    struct ktg_running *fresh;  /* and this the new one */
};

/* TAKEN: a batch on its way holds it, and the file is still called `next`. */
enum ktg_spare_state {
    KTG_SPARE_NONE,
    KTG_SPARE_WANTED,
    KTG_SPARE_MAKING,
    KTG_SPARE_READY,
    KTG_SPARE_TAKEN,
};

struct ktg_journal {
    struct ktg_journal_options o;
    int dir;
    uint8_t id[KTG_JOURNAL_ID_SIZE];
    uint32_t flags;
    struct ktg_mark mark;
    _Atomic uint32_t resting; /* the phase between batches: what the owner set */
    _Atomic bool dead, full;  /* full: the last try to make `next` found no room */
    int forced_disk;          /* -1: ask */

    /* owner */
    struct ktg_batch batches[2], *open;
    ktg_position segment_base; /* of the segment where the open batch would go, if it fits */
    uint64_t segment_size, offset;
    ktg_time recorded_at; /* of the last sealed batch */
    struct ktg_idtable table;
    struct ktg_sealed **sealed;
    size_t sealed_count, sealed_cap;

    /* committer */
    struct ktg_running *live;
    uint64_t at, generation;
    ktg_position live_base;
    struct ktg_frame_work hashing;

    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t work, idle, prepare;
    struct ktg_batch *flying;
    struct ktg_running *spare;
    enum ktg_spare_state spare_state;
    struct ktg_sealed *jobs;
    struct ktg_journal_end end;
    bool stop, threads, locks;
    pthread_t committer, preparer;
};

/* prepare.c */
struct ktg_running *ktg_running_new(int fd, uint64_t size,
                                    uint64_t zeroed); /* owns fd; NULL: no memory, fd closed */
struct ktg_running *ktg_running_free(struct ktg_running *r);
/* KTG_OK: a spare is ready; KTG_EAGAIN: being made; KTG_EFULL: no room. */
KTG_MUST_CHECK int ktg_spare_want(struct ktg_journal *j);
/* Make it now, in this thread.  KTG_EFULL: no room, nothing is left behind; KTG_EIO: dead. */
KTG_MUST_CHECK int ktg_spare_make(struct ktg_journal *j, struct ktg_running **ret_r);
/* Rename the spare to the segment `base` and take it into use.  KTG_EIO: dead. */
KTG_MUST_CHECK int ktg_spare_use(struct ktg_journal *j, struct ktg_running *spare,
                                 ktg_position base, const struct ktg_hash *prev);
void *ktg_prepare_thread(void *journal);
void ktg_sealed_index(struct ktg_journal *j,
                      struct ktg_sealed *s); /* the job: write .idx, close the file */
struct ktg_sealed *ktg_sealed_free(struct ktg_sealed *s);

/* writer.c */
void ktg_journal_fatal(struct ktg_journal *j, const char *what); /* errno names why */
void *ktg_commit_thread(void *journal);
KTG_MUST_CHECK int ktg_journal_room_for_sealed(struct ktg_journal *j);

/* recovery.c */
KTG_MUST_CHECK int ktg_recovery_run(struct ktg_journal *j, const char *dir, struct ktg_err *err);
/* Ids of a whole segment, by walking it; what the walk finds at its end goes to *ret_head (not the
 * snapshot). */
KTG_MUST_CHECK int ktg_recovery_walk(const struct ktg_segment *s, ktg_position stop,
                                     struct ktg_idtable *table, struct ktg_index_head *ret_head,
                                     struct ktg_err *err);
KTG_MUST_CHECK int ktg_recovery_add_ids(struct ktg_idtable *table, const struct ktg_frame *f);

/* erase.c */
KTG_MUST_CHECK int ktg_erase_finish(int dir, struct ktg_disk *disk, struct ktg_err *err);

/* A writer's (or eraser's) hold on the folder: the open folder, or KTG_ECONFLICT, KTG_ENOTFOUND,
 * KTG_EIO. */
KTG_MUST_CHECK int ktg_journal_lock(const char *dir, int *ret_fd, struct ktg_err *err);

#endif
