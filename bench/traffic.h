/* bench/traffic.h - the events that everything here is measured with: a seeded mix over N persons.
 *
 *     template (one of each kind, canonical, checked once)  +  id, time, person, sponsor, property
 *     ──────────────── copied ─────────────────────────────────── written in place ─────────────> bytes
 *
 * (1) Every event passes the catalogue; all of one kind have the same length, so nothing is encoded per event.
 * (2) The id is a UUIDv7 whose first 68 bits are the instant at which the event was due to be sent: ms, then the 4096th
 *     part of a ms and the 256th part of that.  Whoever sees the id in an alert knows when the event set out.
 * (3) The same seed and persons give the same stream, times and ids apart.
 * Pure; part of the measuring programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_TRAFFIC_H
#define KTG_BENCH_TRAFFIC_H

#include "schema/catalogue.h"

enum ktg_traffic_kind {
    KTG_TRAFFIC_ENTRY, /* over land */
    KTG_TRAFFIC_EXIT,
    KTG_TRAFFIC_CHECKIN,
    KTG_TRAFFIC_PERMIT,
    KTG_TRAFFIC_SPONSOR,
    KTG_TRAFFIC_REFUSED, /* the rule bench-alert tells of it at once */
    KTG_TRAFFIC_OVERDUE, /* by sea: the rule bench-late finds it 24 h after it occurred */
    KTG_TRAFFIC_KINDS
};

struct ktg_traffic;

/* `now` sets the dates within the events.  KTG_EINVALID: a template does not pass the catalogue. */
KTG_MUST_CHECK int ktg_traffic_new(const struct ktg_catalogue *c, uint64_t seed, uint64_t persons,
                                   ktg_time now, struct ktg_traffic **ret_t, struct ktg_err *err);
struct ktg_traffic *ktg_traffic_free(struct ktg_traffic *t);
/* How many houses lodge all these persons; 3000 unless told. */
void ktg_traffic_properties(struct ktg_traffic *t, uint64_t count);

/* The kind that comes next in the mix; REFUSED and OVERDUE stand in it in `refused` and `overdue` of 65536. */
enum ktg_traffic_kind ktg_traffic_kind(struct ktg_traffic *t, uint32_t refused, uint32_t overdue);
/* The next event of this kind.  due_ns: since 1970, when it was to be sent.  The view is valid until the next call. */
struct ktg_bytes ktg_traffic_next(struct ktg_traffic *t, enum ktg_traffic_kind kind, int64_t due_ns,
                                  ktg_time occurred_at);
/* The same of a given person. */
struct ktg_bytes ktg_traffic_of(struct ktg_traffic *t, enum ktg_traffic_kind kind, uint64_t person,
                                int64_t due_ns, ktg_time occurred_at);
/* The instant in an id, ns since 1970. */
int64_t ktg_traffic_due(const uint8_t id[static 16]);

#endif
