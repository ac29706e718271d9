/* brokers/ingest/retired.h - the operator's words on sources that send no more, as far as the journal has them.
 *
 *     IMI.ARUK.1    09:03 taken back     11:40 ended by a heartbeat     17:00 stands
 *
 * (1) (source, at) names a word.  It is said once and taken back once at most; one that was taken back never stands again.
 *     So the words that lie in a file may be read again whenever it changed, in whatever state it is.
 * (2) A word stands until it is taken back, and holds until a heartbeat is dated after it.
 * (3) It is folded from records of the journal alone (RETIRED, HEARTBEAT), so a restart knows the same; a segment's snapshot
 *     carries it.
 * Pure.  Floor 3; the number of words is bounded by the file that they come from.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_RETIRED_H
#define KTG_BROKERS_INGEST_RETIRED_H

#include "schema/record.h"

enum { KTG_RETIRED_NAME = 96 };

struct ktg_retired_word {
    char source[KTG_RETIRED_NAME];
    ktg_time at;
    bool taken_back, ended;
};
struct ktg_retired {
    struct ktg_retired_word *words; /* sorted by source, then time */
    size_t count, cap;
};
#define KTG_RETIRED_INIT \
    {                    \
        0                \
    }

void ktg_retired_done(struct ktg_retired *r);
/* Does the word say what is not known yet?  Nothing is taken back that was not said. */
bool ktg_retired_is_news(const struct ktg_retired *r, const struct ktg_retirement *w);
/* Such a word; any other changes nothing.  KTG_EINVALID: the name is too long.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_retired_take(struct ktg_retired *r, const struct ktg_retirement *w);
/* A heartbeat of the source, dated `at`. */
void ktg_retired_heard(struct ktg_retired *r, struct ktg_bytes source, ktg_time at);
/* The word by which the source is retired now; NULL: it is not. */
const struct ktg_retired_word *ktg_retired_holds(const struct ktg_retired *r,
                                                 struct ktg_bytes source);

/* Array of [source, at, 1 taken back + 2 ended], and back into an empty one.  KTG_EINVALID, KTG_ENOMEM. */
void ktg_retired_encode(const struct ktg_retired *r, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_retired_decode(struct ktg_retired *r, struct ktg_bytes list);

#endif
