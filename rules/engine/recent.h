/* rules/engine/recent.h - of a long timeline only its end is asked again.
 *
 *     what stands    [kept .......]   [asked: open, or later than the change]
 *     timeline       ................|----- back -----|since|---------> now
 *
 * A subject with a hundred thousand entries is asked at each of its events.  Where a rule's reach is known (answer.h), what
 * an event of time t can change lies after t, or is open; all else stands as it was found, and its entries are not read.
 *
 * (1) What is kept follows from what stands and from the earliest instant that changed: nothing else is remembered, so a
 *     restart, another size of batches or a rebuild do the same.
 * (2) The whole answer is the same answer: engines that are told to work out whole ones say the same bytes.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_RECENT_H
#define KTG_RULES_ENGINE_RECENT_H

#include "rules/engine/engine_parts.h"

struct ktg_recent {
    bool is; /* false: the whole is to be asked, and all that stands is `asked` */
    struct ktg_resume resume;
    struct ktg_standing **open; /* by resume.open */
    struct ktg_standing *kept, *asked;
    size_t kept_count, asked_count;
};

/* `part`: what stands of the rule about `s`, opened; NULL: nothing.  `since`: the earliest instant at which anything changed
 * since it was found.  `again`: what was open has ended, so it is asked from its beginning.  In the arena `record`. */
KTG_MUST_CHECK int ktg_recent_split(struct ktg_engine *e, const struct ktg_rule *rule,
                                    struct ktg_live_subject *s, const struct ktg_answers_part *part,
                                    ktg_time since, bool again, struct ktg_recent *ret_r);

#endif
