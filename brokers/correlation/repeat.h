/* brokers/correlation/repeat.h - answer a whole event journal again, offline, and compare with a findings journal.
 *
 * The proof behind `restore --verify`: the same journal gives the same findings, byte for byte.  Where another engine has
 * said some of them, or events were erased, bytes cannot be compared (docs/adr/0009): then what stands is compared with what was told.
 * State is kept in memory only.  Shell of the two journals.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_REPEAT_H
#define KTG_BROKERS_CORRELATION_REPEAT_H

#include "runtime/bytes.h"
#include "runtime/err.h"
#include "runtime/hash.h"

struct ktg_repeat_report {
    uint64_t positions, events, findings; /* answered; findings compared */
    uint64_t
        unsaid; /* answers after the end of the findings journal: a tail that was still to come */
    struct ktg_hash digest; /* running BLAKE2b over the findings payloads (DECISIONS 8) */
    bool by_standing, other_engine, erased; /* what stands was compared, and why */
    uint64_t stood,
        differences; /* then: findings that were told and stand; what a start of the station would tell */
};

/* `progress` (may be NULL) is called now and then with how far it came, out of how much.  KTG_ECORRUPT: a difference that is a fault, with its place. */
KTG_MUST_CHECK int ktg_repeat(const char *journal_dir, const char *findings_dir,
                              void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg,
                              struct ktg_repeat_report *ret_report, struct ktg_err *err);

#endif
