/* cmd/source_words.h - the list of retired sources of a running centre: read again when its file changed.
 *
 * (1) The means is stat().  What was read within a tick of its change is read once more, for another change may bear the same
 *     time (members.h does so).
 * (2) While there is no file nothing is said: a list that is lost takes nothing back.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_SOURCE_WORDS_H
#define KTG_CMD_SOURCE_WORDS_H

#include "config/sources.h"
#include "schema/record.h"

struct ktg_source_look { /* zeroed: nothing was read yet */
    int64_t changed, inode, size;
    bool early; /* another change may come under this stamp */
};

/* As ingest.h has it (source_words). */
KTG_MUST_CHECK int ktg_source_look(struct ktg_source_look *l, const char *path, bool again,
                                   int (*each)(void *to, const struct ktg_retirement *w), void *to,
                                   struct ktg_err *err);

#endif
