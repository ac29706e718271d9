/* rules/called.h - what an event calls somebody: the names that it gives of its holder, and those that an entry lists.
 *
 *     holder block (or the one nested block)    surname given dob doc.issuer, name_native   ─> one or two names
 *     every field of shape `variant`            surname given dob issuers                   ─> a name each
 *
 * Which fields these are is one table (called.c) over the catalogue's shapes.
 * Pure, but for the normaliser.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CALLED_H
#define KTG_RULES_CALLED_H

#include "rules/names/names.h"
#include "schema/event.h"

/* May events of the type give the name of their holder?  May they list names? */
bool ktg_called_has_holder(const struct ktg_catalogue *c, const struct ktg_type *t);
bool ktg_called_has_list(const struct ktg_catalogue *c, const struct ktg_type *t);
/* What an event calls its holder, as it is written; views of the event. */
struct ktg_called {
    struct ktg_bytes surname, given, native, born;
    uint32_t issuers[KTG_NAME_ISSUERS];
};
struct ktg_called ktg_called_read(const struct ktg_catalogue *c, const struct ktg_event *e);
/* Letter for letter the same? */
bool ktg_called_alike(const struct ktg_called *a, const struct ktg_called *b);
/* In the arena; names without a token are left out. */
KTG_MUST_CHECK int ktg_called_names(struct ktg_normaliser *n, const struct ktg_called *called,
                                    struct ktg_arena *a, const struct ktg_tokens **ret_names,
                                    size_t *ret_count);
/* Both at once. */
KTG_MUST_CHECK int ktg_called_holder(const struct ktg_catalogue *c, struct ktg_normaliser *n,
                                     const struct ktg_event *e, struct ktg_arena *a,
                                     const struct ktg_tokens **ret_names, size_t *ret_count);
KTG_MUST_CHECK int ktg_called_list(const struct ktg_catalogue *c, struct ktg_normaliser *n,
                                   const struct ktg_event *e, struct ktg_arena *a,
                                   const struct ktg_tokens **ret_names, size_t *ret_count);
/* Same tokens, date of birth and issuers? */
bool ktg_name_is_same(const struct ktg_tokens *a, const struct ktg_tokens *b);

#endif
