/* bench/texts.h - the texts that a measuring program answers by: event types, lists and rules, shipped or of folders.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_TEXTS_H
#define KTG_BENCH_TEXTS_H

#include "runtime/buf.h"
#include "schema/files.h"

struct ktg_texts {
    struct ktg_files files;
    struct ktg_catalogue *catalogue;
    struct ktg_buf bundle; /* as in a ruleset record */
};

/* `rules`: FOLDER[,FOLDER...] in place of the shipped rules; NULL: those.  done() also after a failure. */
KTG_MUST_CHECK int ktg_texts_open(const char *rules, struct ktg_texts *ret_t, struct ktg_err *err);
void ktg_texts_done(struct ktg_texts *t);

#endif
