/* brokers/alerts/listed.c - see listed.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/listed.h"

void ktg_listed_row(const struct ktg_alert *a, const struct ktg_track *own,
                    const struct ktg_handed *h, struct ktg_buf *to)
{
    struct ktg_wire_value route, title = {0};
    bool all = h && ktg_handed_sees_all(own->agency) && ktg_wire_get(h->payload, "route", &route) &&
               ktg_wire_get(route.raw, "title", &title);
    char hex[33];
    ktg_hex(a->finding, 16, hex);
    ktg_wire_put_map(to, 8u + (a->district.size > 0) + (all ? 2 : 0));
    ktg_wire_put_str_pair(to, "alert", ktg_bytes(hex, 32));
    ktg_wire_put_text(to, "at");
    ktg_wire_put_array(to, 2);
    ktg_wire_put_int(to, a->at);
    ktg_wire_put_int(to, a->offset_min);
    if (a->district.size)
        ktg_wire_put_str_pair(to, "district", a->district);
    ktg_wire_put_str_pair(to, "level", a->level);
    ktg_wire_put_text(to, "order");
    ktg_wire_put_int(to, (int64_t)a->first);
    ktg_wire_put_text(to, "rev");
    ktg_wire_put_int(to, (int64_t)a->rev);
    ktg_wire_put_str_pair(to, "rule", a->rule);
    ktg_wire_put_str_pair(to, "state", a->state);
    if (all) {
        ktg_wire_put_str_pair(to, "subject", h->subject);
        ktg_wire_put_text(to, "title");
        ktg_buf_put_bytes(to, title.raw);
    }
    ktg_wire_put_str_pair(to, "track", ktg_bytes_str(ktg_track_state_name(own->state)));
}

void ktg_listed_tracks(const struct ktg_alert *a, struct ktg_bytes agency, struct ktg_buf *to)
{
    bool all = ktg_handed_sees_all(agency);
    uint32_t n = 0;
    for (size_t i = 0; i < a->track_count; i++)
        n += all || ktg_bytes_eq(a->tracks[i].agency, agency);
    ktg_wire_put_text(to, "tracks");
    ktg_wire_put_map(to, n);
    for (size_t i = 0; i < a->track_count; i++) {
        const struct ktg_track *t = &a->tracks[i];
        if (!all && !ktg_bytes_eq(t->agency, agency))
            continue;
        bool acted = t->state != KTG_TRACK_NEW;
        ktg_wire_put_str(to, t->agency);
        ktg_wire_put_map(to, 2u + acted + (t->disposition.size > 0));
        ktg_wire_put_text(to, "at");
        ktg_wire_put_array(to, 2);
        ktg_wire_put_int(to, t->at);
        ktg_wire_put_int(to, a->offset_min);
        if (t->disposition.size)
            ktg_wire_put_str_pair(to, "disposition", t->disposition);
        if (acted)
            ktg_wire_put_str_pair(to, "officer", t->officer);
        ktg_wire_put_str_pair(to, "state", ktg_bytes_str(ktg_track_state_name(t->state)));
    }
}
