/* brokers/ingest/admission.h - may this event enter the journal?
 *
 *     bytes ─ canonical? ─ envelope? ─ seen this id? ─ catalogue? ─ rights? ─ not in the future? ─ correction? ─> ACCEPT
 *                │            │             │             │           │              │               │
 *                └────────────┴─ REJECT ────┼─────────────┴───────────┴──────────────┴───────────────┘
 *                                           └─ same bytes: DUPLICATE
 *
 * (1) The verdict depends on the bytes, the sender's rights, `now` and what the journal holds; on nothing else.
 * (2) A rejected event is consumed: its bytes and the fault go into quarantine, so it never blocks those behind it.
 * (3) A duplicate is a success.
 * Pure: what the journal holds is asked through `world`.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_ADMISSION_H
#define KTG_BROKERS_INGEST_ADMISSION_H

#include "runtime/clock.h"
#include "schema/event.h"

/* What a key may send; from the key registry. */
struct ktg_rights {
    void *arg;
    bool (*may_send_type)(void *arg, struct ktg_bytes type);
    bool (*may_speak_for)(void *arg, struct ktg_bytes source);
};

struct ktg_admission_world {
    void *arg;
    /* The record with this id: its position and content hash (first 16 bytes of BLAKE2b-256).  KTG_ENOTFOUND. */
    int (*find)(void *arg, const uint8_t id[static 16], uint64_t *ret_pos,
                uint8_t ret_content[static 16]);
    /* The source of the event at a position.  KTG_ENOTFOUND: it cannot be read (erased): the check is let go. */
    int (*source_at)(void *arg, uint64_t pos, struct ktg_bytes *ret_source);
};

enum ktg_admission { KTG_ADMIT_ACCEPT, KTG_ADMIT_DUPLICATE, KTG_ADMIT_REJECT };

struct ktg_admission_verdict {
    enum ktg_admission what;
    bool readable, good;    /* of read(): `event` is set; and the catalogue takes it */
    struct ktg_event event; /* ACCEPT: the view, valid while the bytes are */
    uint64_t position;      /* DUPLICATE: where it stands */
    uint64_t
        target; /* ACCEPT of a correction: position of what it corrects; 0: not seen yet, or none */
    struct ktg_err fault; /* REJECT: named */
};

/* The questions that only the bytes answer.  They may be asked before the verdict on those ahead of them. */
void ktg_admission_read(const struct ktg_catalogue *c, struct ktg_bytes blob,
                        struct ktg_admission_verdict *ret_v);
/* The verdict on what was read.  `skew_ahead` ms: how far an event may be dated after `now`.  Never fails: trouble inside
 * the world (KTG_EIO, KTG_ENOMEM from find) is returned as that code and nothing is decided. */
KTG_MUST_CHECK int ktg_admission_judge(const struct ktg_catalogue *c,
                                       const struct ktg_rights *rights, ktg_time now,
                                       ktg_time skew_ahead, const struct ktg_admission_world *world,
                                       struct ktg_admission_verdict *v);

/* What quarantine keeps: canonical map {apa, code, event, got, next, want, what, where}. */
void ktg_admission_quarantine(const struct ktg_err *fault, struct ktg_bytes blob,
                              struct ktg_buf *to);

/* The fault in such a map, as it was set; false: it has none that this program knows. */
bool ktg_admission_fault_of(struct ktg_bytes payload, struct ktg_err *ret_fault);

/* The id under which a quarantined record is found again, so that a resend is recognised: BLAKE2b-128(why, bytes).
 * `why`: "reject", "gap" or "conflict". */
void ktg_admission_quarantine_id(const char *why, struct ktg_bytes producer, struct ktg_bytes blob,
                                 uint8_t to[static 16]);

#endif
