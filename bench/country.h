/* bench/country.h - the events of the synthetic country (producers/simulate) as the journal would hold them.
 *
 *     simulate ──in order of arrival──> canonical blobs, when each arrives, which it corrects
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_COUNTRY_H
#define KTG_BENCH_COUNTRY_H

#include "runtime/clock.h"
#include "schema/catalogue.h"

struct ktg_country_event {
    struct ktg_bytes blob;
    const uint8_t *id;
    ktg_time arrives_at;
    size_t
        corrects; /* index + 1 of the event that it supersedes, where that one came before; 0: none */
};

struct ktg_country;

/* `percent` of the ordinary population.  KTG_EINVALID: an event does not pass the catalogue. */
KTG_MUST_CHECK int ktg_country_new(const struct ktg_catalogue *c, uint64_t percent, uint64_t seed,
                                   struct ktg_country **ret_c, struct ktg_err *err);
struct ktg_country *ktg_country_free(struct ktg_country *c);
size_t ktg_country_count(const struct ktg_country *c);
const struct ktg_country_event *ktg_country_at(const struct ktg_country *c, size_t i);

#endif
