/* cmd/lines.h - the lines of a file or of standard input, one at a time and bounded.
 *
 * Empty lines count, too.  A line over `max` bytes ends the reading: it may never have ended.
 * Owned by one thread.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_LINES_H
#define KTG_CMD_LINES_H

#include <stdio.h>

#include "cmd/output.h"
#include "runtime/buf.h"

struct ktg_lines {
    FILE *file;
    const char *name;
    struct ktg_buf line;
    size_t number, max; /* of the line that was read last, from 1; most bytes of one */
};

/* "-" is standard input.  KTG_ENOTFOUND, KTG_EDENIED, KTG_EIO name the file. */
KTG_MUST_CHECK int ktg_lines_open(struct ktg_lines *l, const char *path, size_t max,
                                  struct ktg_err *err);
/* The next line without its end, valid until the next call.  KTG_ENOTFOUND: no more; KTG_EINVALID:
 * too long; KTG_EIO; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_lines_next(struct ktg_lines *l, struct ktg_bytes *ret_line,
                                  struct ktg_err *err);
/* Is there a line from here on that holds `word` and for which `is` says yes?  Only a regular file is looked through, of a
 * stream it is not known: no.  Reading goes on where it was. */
bool ktg_lines_find(struct ktg_lines *l, const char *word, bool (*is)(struct ktg_bytes line));
/* Tell of the line that it is passed over, and why. */
void ktg_lines_say_wrong(const struct ktg_lines *l, struct ktg_output *to, size_t line,
                         const char *why);
/* When all were read: KTG_EINVALID "lines-wrong" if so many of them were passed over. */
KTG_MUST_CHECK int ktg_lines_verdict(const struct ktg_lines *l, size_t wrong, struct ktg_err *err);
void ktg_lines_close(struct ktg_lines *l);

#endif
