/* config/sources.h - what operators said of sources: a list that only grows.
 *
 *     - {source: IMI.ARUK.1, at: '2026-11-22T09:03:00.250Z', retired: yes}     it sends no more
 *     - {source: IMI.ARUK.1, at: '2026-11-22T09:03:00.250Z', retired: no}      ... that was a mistake
 *
 * (1) A word is (source, at): at most one of each sort.  One that takes back stands behind the one that it takes back.
 * (2) In the order of the file.  Immutable after load; any thread.
 *
 * Floor 1, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_SOURCES_H
#define KTG_CONFIG_SOURCES_H

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/err.h"

#define KTG_SOURCE_NAME 96 /* bytes, NUL included */

struct ktg_source_word {
    const char *source;
    ktg_time at;
    bool retired; /* false: the word of that instant is taken back */
};
struct ktg_source_words;

/* KTG_EINVALID "FILE:LINE:COLUMN: ..."; KTG_ENOTFOUND: no such file. */
KTG_MUST_CHECK int ktg_source_words_load(const char *path, struct ktg_source_words **ret_w,
                                         struct ktg_err *err);
KTG_MUST_CHECK int ktg_source_words_parse(struct ktg_bytes text, const char *name,
                                          struct ktg_source_words **ret_w, struct ktg_err *err);
struct ktg_source_words *ktg_source_words_free(struct ktg_source_words *w);
size_t ktg_source_words_count(const struct ktg_source_words *w);
const struct ktg_source_word *ktg_source_words_at(const struct ktg_source_words *w, size_t i);

/* One more at the end of the file, which is made if there is none; its text and comments stay.  KTG_EINVALID: it, or the
 * file, breaks (1). */
KTG_MUST_CHECK int ktg_source_words_add(const char *path, const struct ktg_source_word *word,
                                        struct ktg_err *err);

#endif
