/* brokers/alerts/handed.h - what is handed out: a difference as it is read, the event that records it, and the body that one
 * agency may see.
 *
 *     findings payload ──read──> struct ktg_handed ─┬─ event: alert.raised | amended | withdrawn, id derived, for the journal
 *                                                   └─ body:  by the agency's profile, default deny
 *
 * (1) The event's id follows from (finding, rev, agency), and from the type where it is not the one that rev has usually:
 *     a casebook that is built anew queues the same events, and one that says otherwise than the journal has it queues others.
 * (2) Redaction happens here, before anything is serialised.  Until the full authority matrix exists there are two profiles:
 *     IMI sees the finding; everybody else sees rule, level, district, reference and time.  A finding about a rule that rests on
 *     the pipeline's own events alone speaks of nobody: whoever is told sees it.
 * (3) A finding in shadow is delivered to nobody: to whoever was told of it while its rule was live, what is said of it
 *     now is a withdrawal, whatever `op` and `state` of the payload say.
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_HANDED_H
#define KTG_BROKERS_ALERTS_HANDED_H

#include "brokers/alerts/casebook.h"

struct ktg_handed {
    struct ktg_bytes payload;
    uint8_t finding[16];
    bool live; /* route.status; op and state are as told: (3) */
    struct ktg_bytes op, rule, state, level, district, subject, reason;
    struct ktg_bytes kind, key; /* of the subject; of the finding; may be empty */
    struct ktg_bytes to;        /* raw array of agency codes, and of words that router.h resolves */
    struct ktg_bytes route, values; /* raw maps; values may be empty */
    ktg_time at;
    int offset_min;
    uint64_t rev;
};

KTG_MUST_CHECK int ktg_handed_read(struct ktg_bytes payload,
                                   struct ktg_handed *ret_h); /* KTG_ECORRUPT; views into payload */

/* The canonical blob of the event that says that the agency of `t`, a track of `a`, was told. */
void ktg_handed_event(const struct ktg_handed *h, const struct ktg_alert *a,
                      const struct ktg_track *t, struct ktg_buf *to);

/* What an agency may see of a difference: a canonical map. */
void ktg_handed_body(const struct ktg_handed *h, struct ktg_bytes agency, struct ktg_buf *to);
bool ktg_handed_sees_all(struct ktg_bytes agency);

/* Does this disposition say that the person of the finding is not whom its key means?  Then, and only then, the event
 * names both, and rules remember it.  False too when the finding is not about a person. */
bool ktg_handed_pair(const struct ktg_handed *h, struct ktg_bytes disposition);

/* An officer's action as an event: alert.ack or alert.closed.  Empty texts are left out. */
struct ktg_handed_action {
    bool close;
    struct ktg_bytes alert, agency, officer, disposition, reason, note;
    struct ktg_bytes about, key; /* of a pair that an officer parts (ktg_handed_pair) */
};
/* Fills in `about` and `key` from the finding's payload where that is so; views into it. */
void ktg_handed_part(struct ktg_handed_action *action, struct ktg_bytes payload);
void ktg_handed_action_event(const struct ktg_handed_action *action, const uint8_t id[static 16],
                             ktg_time at, struct ktg_buf *to);

#endif
