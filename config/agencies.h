/* config/agencies.h - the agencies that report and that are told.
 *
 *     - {code: IMI, name: {id: Kantor Imigrasi, en: Immigration Office}, tier: district, districts:
 * ["*"]}
 *
 * (1) Codes are unique, 2 to 8 capitals and digits, a letter first: the first part of every
 * source's name. (2) In the order of the file.  Immutable after load; any thread.
 * (3) `superior: CODE`, optional, names another agency of the table, and nobody stands above itself.
 *
 * Floor 1, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_AGENCIES_H
#define KTG_CONFIG_AGENCIES_H

#include "runtime/bytes.h"

enum ktg_tier {
    KTG_TIER_CENTRAL,
    KTG_TIER_PROVINCE,
    KTG_TIER_DISTRICT,
    KTG_TIER_SUBDISTRICT,
    KTG_TIER_SYSTEM
};
const char *ktg_tier_name(enum ktg_tier tier);

#define KTG_AGENCY_CODE 9 /* bytes, NUL included */

struct ktg_agency {
    const char *code, *name_id, *name_en;
    enum ktg_tier tier;
    const char *const *districts; /* BPS codes of kab/kota, or "*" for all; ended by NULL */
    size_t district_count;
    const char *superior; /* code of the agency above it; NULL: none is named */
};

struct ktg_agencies;

/* KTG_EINVALID "FILE:LINE:COLUMN: ..."; KTG_ENOTFOUND: no such file. */
KTG_MUST_CHECK int ktg_agencies_load(const char *path, struct ktg_agencies **ret_a,
                                     struct ktg_err *err);
KTG_MUST_CHECK int ktg_agencies_parse(struct ktg_bytes text, const char *name,
                                      struct ktg_agencies **ret_a, struct ktg_err *err);
struct ktg_agencies *ktg_agencies_free(struct ktg_agencies *a);

size_t ktg_agencies_count(const struct ktg_agencies *a);
const struct ktg_agency *ktg_agencies_at(const struct ktg_agencies *a, size_t i);
const struct ktg_agency *ktg_agencies_find(const struct ktg_agencies *a,
                                           struct ktg_bytes code); /* NULL */
/* The code that is nearest to a mistyped one, or NULL. */
const char *ktg_agencies_nearest(const struct ktg_agencies *a, const char *code);
/* Does the agency's word reach into this district?  An empty district is everybody's. */
bool ktg_agency_reaches(const struct ktg_agency *a, struct ktg_bytes district);

/* Add one at the end of the file, whose text and comments stay as they are.  KTG_ECONFLICT: the
 * code is there. */
KTG_MUST_CHECK int ktg_agencies_add(const char *path, const struct ktg_agency *agency,
                                    struct ktg_err *err);

#endif
