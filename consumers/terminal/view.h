/* consumers/terminal/view.h - what a desk receives, as text: one JSON line, or cells and paragraphs for a person.
 *
 * An alert's body is a canonical map whose keys depend on what the agency may see; what is not there is left out.
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONSUMERS_TERMINAL_VIEW_H
#define KTG_CONSUMERS_TERMINAL_VIEW_H

#include "schema/protocol.h"

/* A canonical value as JSON: instants as RFC 3339, event ids as UUID text, other bytes as hex. */
void ktg_view_json(struct ktg_bytes value, struct ktg_buf *to);
/* One delivered alert as a JSON line without its end: {"cursor", "alert", "rev", ...body}. */
void ktg_view_item_json(const struct ktg_item *item, struct ktg_buf *to);

/* The cells of one line.  Texts live in `text` until it is cleared; "" where there is nothing. */
struct ktg_view_row {
    const char *at, *level, *op, *state, *rule, *title, *subject, *district, *alert, *track;
    uint64_t order; /* of a listed alert */
};
/* From a delivered body, or from an item of a list (both hold the same keys as far as they go). */
void ktg_view_row(struct ktg_bytes map, bool indonesian, struct ktg_buf *text,
                  struct ktg_view_row *ret_row);

/* `alerts show` for a person: why, conditions with values, evidence, what would disprove it, who was told and did what. */
void ktg_view_alert(struct ktg_bytes item, bool indonesian, bool colour, struct ktg_buf *to);

#endif
