/* runtime/journal/journal.h - the store that never loses what was acknowledged.
 *
 *   position   1       2    3    4        5       6    7
 *            +-------+----+----+----+   +-------+----+----+
 *            | clock |  record ...  |   | clock | records |    one box: one frame, one batch, one sync
 *            +-------+----+----+----+   +-------+----+----+
 *                                   ^                      ^
 *                              durable mark            written, not yet synced: no reader goes here
 *
 * (1) A position is a place on one line: each frame takes one for its header (the clock record: kind 0,
 *     no bytes), then one for each record.  The first is 1; 0 means "none".  An empty batch is one.
 * (2) A frame is there whole or not at all.  What lies up to the durable mark is synced and chained.
 * (3) The mark is published after fdatasync and stands at the end of a frame.  Readers stop at it.
 * (4) A failed write or sync ends the process (on_fatal, then _exit): it is never tried again.
 * (5) recorded_at never goes back; with `strict_clock` it rises with each frame.
 * (6) Bytes of another journal, another segment, another place in the file never look valid.
 *
 * The byte layout and every failure mode are in docs/journal-format.md.  The room knows no event: a
 * record is a kind (1..255), an optional id of 16 bytes (all zero: none), meta bytes that stay, payload
 * bytes that can be erased.
 *
 * A writer belongs to one thread (with one thread of its own that commits and one that prepares
 * segments); one writer per journal, held by a lock on the folder.  A reader belongs to one thread; any
 * number of readers, in any process.  Nobody may shorten a segment file that is mapped somewhere.
 *
 * Floor 0; depends on base only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_JOURNAL_H
#define KTG_RUNTIME_JOURNAL_JOURNAL_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/clock.h" /* ktg_time */
#include "runtime/err.h"
#include "runtime/hash.h"

typedef uint64_t ktg_position; /* 0: none */

#define KTG_JOURNAL_ID_SIZE  16
#define KTG_JOURNAL_META_MAX 65535u

/* Faults of this room (ktg_err.fault points to one of them); the table is faults.def. */
enum ktg_journal_fault {
#define X(name, label, code, what, apa, next, langkah) KTG_JOURNAL_FAULT_##name,
#include "runtime/journal/faults.def"
#undef X
    KTG_JOURNAL_FAULTS
};
const struct ktg_fault *ktg_journal_fault(enum ktg_journal_fault f);

/* One position as a reader sees it.  Views (id, meta, payload, hash, chain) lie in the mapped
 * segment and stay valid until the reader is closed; those given to on_recover, until it returns.
 */
struct ktg_journal_item {
    ktg_position pos;
    ktg_position base; /* position of the frame's header; pos == base: this is the clock record */
    uint32_t left; /* records that follow in the same frame; 0: the last position of its frame */
    uint8_t kind;  /* 0: clock */
    bool erased;   /* payload and salt are gone; meta, id and hash stand */
    ktg_time recorded_at; /* of the frame */
    uint64_t tag;         /* of the frame: the writer's own number */
    const uint8_t *id;    /* 16 bytes, or NULL: no id */
    struct ktg_bytes meta, payload;
    const struct ktg_hash *hash;  /* record hash; NULL for a clock */
    const struct ktg_hash *chain; /* chain hash at the end of this frame */
};

/* ---- writer
 * ----------------------------------------------------------------------------------------------------
 */

enum ktg_journal_disk_state { KTG_JOURNAL_DISK_OK, KTG_JOURNAL_DISK_WARN, KTG_JOURNAL_DISK_STOP };

/* What the writer is doing, in the mark file, for whoever looks (tests that kill it). */
enum ktg_journal_phase {
    KTG_JOURNAL_IDLE,
    KTG_JOURNAL_WRITING, /* inside pwrite of a frame, or creating a segment */
    KTG_JOURNAL_SYNCING, /* inside fdatasync */
    /* Set by the owner with ktg_journal_set_phase: */
    KTG_JOURNAL_CHECKPOINT,
    KTG_JOURNAL_MERGE,  /* answering a record by which names merged or split */
    KTG_JOURNAL_RELOAD, /* answering a rule set */
    KTG_JOURNAL_PHASES
};

struct ktg_disk; /* runtime/disk.h; NULL: the real one */
struct ktg_journal;

/* Zero means the default everywhere. */
struct ktg_journal_options {
    uint64_t segment_size;  /* bytes, multiple of 4096, 64 KiB to 1 GiB; default 256 MiB.  Holds for
                               new segments */
    uint32_t batch_records; /* most records in a batch; default 8192 */
    uint32_t
        batch_bytes; /* most bytes of a frame; default 4 MiB, never more than a segment holds */
    bool salted;     /* records carry salts, so erasure is final.  Fixed when the journal is made */
    bool strict_clock; /* recorded_at = max(previous + 1, given); else max(previous, given) */
    bool no_threads; /* commit, prepare and index inside the call: tools and deterministic tests */
    uint8_t disk_warn_percent, disk_stop_percent; /* free space; default 15 and 8 */

    void *arg; /* for the callbacks */
    /* A batch is durable up to `mark`.  From the committer thread (with no_threads and seal_and_wait: the caller's).
     * seal() may be called again from here on.  Who mixes seal and seal_and_wait may be called from both at once. */
    void (*on_durable)(void *arg, ktg_position mark);
    /* A segment is being sealed: append to `to` what saves the owner from scanning older segments.
     * From the caller's thread, inside seal(); it covers everything appended so far, the batch
     * being sealed included.  May be NULL. */
    void (*snapshot)(void *arg, struct ktg_buf *to);
    /* At open: the newest usable snapshot (not called if there is none), then each item after it in
     * order, clocks too. A code other than 0 stops the opening and is returned. */
    int (*on_snapshot)(void *arg, ktg_position upto, struct ktg_bytes bytes);
    int (*on_recover)(void *arg, const struct ktg_journal_item *item);
    /* The disk failed: say so and die.  NULL: text to stderr, _exit(74).  If it returns (tests),
     * the journal is dead: every later call says KTG_EIO and nothing is written any more. */
    void (*on_fatal)(void *arg, const char *text);

    struct ktg_disk *disk;
    bool test_skip_sync; /* mutant: never calls fdatasync on frames (also -DKTG_MUTANT_SKIP_SYNC) */
    bool test_ack_early; /* mutant: publishes and reports before the pwrite (also
                            -DKTG_MUTANT_ACK_EARLY) */
};

/* Open or create the journal in the folder `dir` (which must exist) and recover it.
 * KTG_ECORRUPT: it must not be written to (err says where and why); KTG_ECONFLICT: another writer
 * has it; KTG_EFULL: no room for a segment, nothing was made; KTG_EIO, KTG_ENOMEM, KTG_EINVALID
 * (options). */
KTG_MUST_CHECK int ktg_journal_open(const char *dir, const struct ktg_journal_options *options,
                                    struct ktg_journal **ret_j, struct ktg_err *err);
/* Waits for the running commit; what was appended and not sealed is gone.  NULL is fine; returns
 * NULL. */
struct ktg_journal *ktg_journal_close(struct ktg_journal *j);

/* Put a record into the open batch (memory).  kind 1..255; id NULL or 16 bytes, not all zero.
 * KTG_EFULL: the batch is full (seal it), or the disk has no room for another segment
 * (ktg_journal_disk_full tells); KTG_EAGAIN: the next segment is still being prepared;
 * KTG_EINVALID: too large ever to fit.  *ret_pos is final if and when the batch becomes durable. */
KTG_MUST_CHECK int ktg_journal_append(struct ktg_journal *j, uint8_t kind, struct ktg_bytes meta,
                                      struct ktg_bytes payload, const uint8_t *id,
                                      ktg_position *ret_pos);
uint32_t ktg_journal_pending(const struct ktg_journal *j); /* records in the open batch */

/* Hand the open batch, empty or not, to the committer; returns at once.  KTG_EAGAIN: the one before
 * is still on its way (append goes on; seal again after on_durable), or the next segment is being
 * prepared; KTG_EFULL: no room for another segment, the batch stays open; KTG_EIO: dead.  `ret_end`
 * (may be NULL): the position on_durable will report. */
KTG_MUST_CHECK int ktg_journal_seal(struct ktg_journal *j, ktg_time now, uint64_t tag,
                                    ktg_position *ret_end);
/* The same, and return when it is durable.  Waits for a running commit and for a segment being
 * prepared. */
KTG_MUST_CHECK int ktg_journal_seal_and_wait(struct ktg_journal *j, ktg_time now, uint64_t tag,
                                             ktg_position *ret_end);
/* Wait until nothing is on its way. */
KTG_MUST_CHECK int ktg_journal_wait(struct ktg_journal *j);

/* The position of a record with this id: durable, on its way, or in the open batch.  KTG_ENOTFOUND:
 * there is none. content: first 16 bytes of BLAKE2b-256(payload); all zero if the record was
 * erased. */
KTG_MUST_CHECK int ktg_journal_find(struct ktg_journal *j, const uint8_t id[static 16],
                                    ktg_position *ret_pos, uint8_t ret_content[static 16],
                                    struct ktg_err *err);
/* This id will be asked for soon: its place in memory, mostly in no cache, may be fetched meanwhile. */
void ktg_journal_prefetch(const struct ktg_journal *j, const uint8_t id[static 16]);
void ktg_journal_content_hash(struct ktg_bytes payload, uint8_t to[static 16]);

struct ktg_journal_end {
    ktg_position mark;    /* end of the last durable frame; 0: empty */
    ktg_time recorded_at; /* of that frame */
    uint64_t tag;
    struct ktg_hash chain;
    uint8_t id[16];   /* of the journal */
    uint64_t commits; /* since open */
    uint64_t sync_ns; /* spent in fdatasync since open */
};
void ktg_journal_end(struct ktg_journal *j, struct ktg_journal_end *ret_end);
ktg_position ktg_journal_mark(const struct ktg_journal *j);

enum ktg_journal_disk_state ktg_journal_disk_state(struct ktg_journal *j); /* asks statvfs */
void ktg_journal_force_disk_state(struct ktg_journal *j, int state); /* -1: ask again; tests */
bool ktg_journal_disk_full(struct ktg_journal *j); /* the next segment could not be made */
void ktg_journal_set_phase(
    struct ktg_journal *j,
    enum ktg_journal_phase phase); /* of the owner's, or IDLE: between batches, from now on */

/* ---- mark, seen from outside
 * ------------------------------------------------------------------------------------ */

struct ktg_journal_mark;
struct ktg_journal_mark_view {
    ktg_position mark;
    uint64_t tag; /* of the frame that ends at mark, or of an earlier one: never of a later one */
    enum ktg_journal_phase phase;
    uint8_t boot_id[16]; /* of the machine when the writer opened it */
    bool clean;          /* the writer closed it */
};
KTG_MUST_CHECK int ktg_journal_mark_open(const char *dir, struct ktg_journal_mark **ret_m,
                                         struct ktg_err *err);
struct ktg_journal_mark *ktg_journal_mark_close(struct ktg_journal_mark *m);
struct ktg_journal_mark_view ktg_journal_mark_read(const struct ktg_journal_mark *m);

/* ---- reader
 * -----------------------------------------------------------------------------------------------------
 */

struct ktg_journal_reader;
struct ktg_journal_reader_options {
    bool test_ignore_mark; /* mutant: reads whatever is whole (also -DKTG_MUTANT_IGNORE_MARK) */
};

/* Stands before the first position.  options may be NULL.  Segments are mapped read-only and stay
 * mapped until close. KTG_ENOTFOUND: there is no journal (yet). */
KTG_MUST_CHECK int ktg_journal_reader_open(const char *dir,
                                           const struct ktg_journal_reader_options *options,
                                           struct ktg_journal_reader **ret_r, struct ktg_err *err);
struct ktg_journal_reader *ktg_journal_reader_close(struct ktg_journal_reader *r);

/* The next item.  KTG_EAGAIN: the mark is reached.  Each frame's CRC is checked before any of it is
 * handed out; KTG_ECORRUPT: it is not what was written. */
KTG_MUST_CHECK int ktg_journal_reader_next(struct ktg_journal_reader *r,
                                           struct ktg_journal_item *ret_item, struct ktg_err *err);
/* next() will give `pos` (1 .. mark + 1; 0 counts as the first there is).  KTG_ENOTFOUND: beyond,
 * or before the first. */
KTG_MUST_CHECK int ktg_journal_reader_seek(struct ktg_journal_reader *r, ktg_position pos,
                                           struct ktg_err *err);
/* The item at a position, wherever next() stands; logarithmic once its segment has been walked.
 * KTG_ENOTFOUND: beyond the mark, or before the first segment. */
KTG_MUST_CHECK int ktg_journal_reader_at(struct ktg_journal_reader *r, ktg_position pos,
                                         struct ktg_journal_item *ret_item, struct ktg_err *err);
/* Chain hash of the frame that holds pos; of position 0: what the first frame's chain begins with.
 */
KTG_MUST_CHECK int ktg_journal_reader_chain_at(struct ktg_journal_reader *r, ktg_position pos,
                                               struct ktg_hash *ret_chain, struct ktg_err *err);
/* Append to `to` the newest snapshot that the writer left and that belongs to this journal; *ret_upto: what it covers.
 * KTG_ENOTFOUND: there is none. */
KTG_MUST_CHECK int ktg_journal_reader_snapshot(struct ktg_journal_reader *r, struct ktg_buf *to,
                                               ktg_position *ret_upto);
ktg_position ktg_journal_reader_mark(const struct ktg_journal_reader *r);
ktg_position
ktg_journal_reader_first(const struct ktg_journal_reader *r); /* first position there is */
void ktg_journal_reader_id(const struct ktg_journal_reader *r, uint8_t to[static 16]);

/* ---- offline
 * ----------------------------------------------------------------------------------------------------
 */

struct ktg_journal_report {
    uint64_t segments, frames, records, erased, bytes; /* bytes: of whole frames */
    uint64_t tail_bytes; /* after the last whole frame: a write that was cut, not a fault */
    ktg_position first, last, mark; /* mark 0: the file is missing or not ours */
    struct ktg_hash chain;          /* head */
    uint8_t id[16];
};
/* Walk everything: CRCs, chain, record hashes, positions, times, segments.  KTG_ECORRUPT: err names
 * the first fault and the report counts what was sound before it.  Changes nothing; may run beside
 * a writer. */
KTG_MUST_CHECK int ktg_journal_verify(const char *dir, struct ktg_journal_report *ret_report,
                                      struct ktg_err *err);
/* Copy everything up to the durable mark into the empty folder `to` while the writer goes on, sync it, and prove the copy.
 * KTG_ECONFLICT: a segment is there already; KTG_EFULL; KTG_ECORRUPT: original or copy is damaged. */
KTG_MUST_CHECK int ktg_journal_copy(const char *dir, const char *to,
                                    struct ktg_journal_report *ret_report, struct ktg_err *err);
/* Destroy payload and salt of a record; hash, id and meta stay.  No writer may have the journal
 * open (KTG_ECONFLICT). KTG_EINVALID: a clock; KTG_ENOTFOUND: no such position.  Erasing twice is
 * fine.  Survives a crash at any point. */
KTG_MUST_CHECK int ktg_journal_erase(const char *dir, ktg_position pos, struct ktg_disk *disk,
                                     struct ktg_err *err);

#endif
