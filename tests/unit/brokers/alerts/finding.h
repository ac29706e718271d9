/* tests/unit/brokers/alerts/finding.h - differences as correlation writes them, with a person in every place where one may stand.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_BROKERS_ALERTS_FINDING_H
#define KTG_TESTS_UNIT_BROKERS_ALERTS_FINDING_H

#include <string.h>

#include "schema/wire.h"

#define PERSON \
    "SPECIMEN" /* stands in every field of class identity, contact, family, case, biometric */

struct difference {
    uint8_t label; /* of the finding: its 16 bytes */
    uint64_t rev;
    const char *op, *state, *rule;
    const char *to[4];  /* ended by NULL */
    const char *status; /* NULL: live */
    const char *agency; /* value of this name; NULL: none */
    const char *level;  /* NULL: high */
};

static inline void put_pair(struct ktg_buf *b, const char *key, const char *text)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_text(b, text);
}

static inline void put_instant(struct ktg_buf *b, const char *key, int64_t at)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, at);
    ktg_wire_put_int(b, 420);
}

/* `kind`: of the subject; `sender`: of the evidence. */
static inline struct ktg_bytes difference_about(const struct difference *d, const char *kind,
                                                const char *sender, struct ktg_buf *b)
{
    uint8_t id[16];
    uint32_t n = 0;
    memset(id, d->label, sizeof id);
    while (n < 4 && d->to[n])
        n++;
    ktg_buf_clear(b);
    ktg_wire_put_map(b, 16);
    ktg_wire_put_text(b, "anchor");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    put_instant(b, "at", 1000 * (int64_t)d->rev);
    ktg_wire_put_text(b, "evidence");
    ktg_wire_put_array(b, 1);
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    ktg_wire_put_text(b, "evidence_total");
    ktg_wire_put_int(b, 1);
    ktg_wire_put_text(b, "finding");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    put_instant(b, "from", 500);
    put_pair(b, "key", PERSON "-key");
    put_pair(b, "level", d->level ? d->level : "high");
    put_pair(b, "op", d->op);
    put_pair(b, "reason", "event");
    ktg_wire_put_text(b, "rev");
    ktg_wire_put_int(b, (int64_t)d->rev);
    ktg_wire_put_text(b, "route");
    ktg_wire_put_map(b, 10);
    ktg_wire_put_text(b, "agencies");
    ktg_wire_put_array(b, 1);
    ktg_wire_put_text(b, sender);
    ktg_wire_put_text(b, "disproved_by");
    ktg_wire_put_map(b, 2);
    put_pair(b, "en", PERSON " left");
    put_pair(b, "id", PERSON " pergi");
    put_pair(b, "district", "sanggau");
    put_pair(b, "kind", kind);
    put_pair(b, "legal", "UU 6/2011");
    ktg_wire_put_text(b, "rule_version");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    put_pair(b, "status", d->status ? d->status : "live");
    ktg_wire_put_text(b, "title");
    ktg_wire_put_map(b, 2);
    put_pair(b, "en", PERSON " stayed");
    put_pair(b, "id", PERSON " menetap");
    ktg_wire_put_text(b, "to");
    ktg_wire_put_array(b, n);
    for (uint32_t i = 0; i < n; i++)
        ktg_wire_put_text(b, d->to[i]);
    ktg_wire_put_text(b, "weight");
    ktg_wire_put_int(b, 5);
    put_pair(b, "rule", d->rule ? d->rule : "overstay-deport");
    put_pair(b, "state", d->state);
    put_pair(b, "subject", "doc:UTO:" PERSON);
    ktg_wire_put_text(b, "values");
    ktg_wire_put_map(b, 4u + (d->agency != NULL));
    if (d->agency)
        put_pair(b, "agency", d->agency);
    put_pair(b, "biometric_ref", PERSON);
    put_pair(b, "case_no", PERSON);
    put_pair(b, "phone", PERSON);
    put_pair(b, "spouse", PERSON);
    return ktg_buf_view(b);
}

static inline struct ktg_bytes difference_bytes(const struct difference *d, struct ktg_buf *b)
{
    return difference_about(d, "person", "IMI", b);
}

#endif
