/* brokers/alerts/track.c - see track.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/track.h"

#include "schema/wire.h"

static const char *const state_names[KTG_TRACK_STATES] = {"new", "acknowledged", "closed"};

const char *ktg_track_state_name(enum ktg_track_state s)
{
    return state_names[s];
}

static bool is_same(const struct ktg_seen *a, const struct ktg_seen *b)
{
    return ktg_bytes_eq(a->district, b->district) && ktg_bytes_eq(a->level, b->level) &&
           ktg_bytes_eq(a->state, b->state);
}

void ktg_alert_saw(struct ktg_alert *a)
{
    const struct ktg_seen now = {a->district, a->level, a->state};
    size_t i = 0;
    while (i < a->seen_count && !is_same(&a->seen[i], &now))
        i++;
    if (i < a->seen_count) /* it was so before */
        return;
    if (a->seen_count == KTG_SEEN)
        a->seen[KTG_SEEN - 1] = (struct ktg_seen){KTG_BYTES_NONE, KTG_BYTES_NONE, KTG_BYTES_NONE};
    else
        a->seen[a->seen_count++] = now;
}

void ktg_alert_put_seen(const struct ktg_alert *a, struct ktg_buf *to)
{
    ktg_wire_put_array(to, (uint32_t)a->seen_count);
    for (size_t i = 0; i < a->seen_count; i++) {
        ktg_wire_put_array(to, 3);
        ktg_wire_put_str(to, a->seen[i].district);
        ktg_wire_put_str(to, a->seen[i].level);
        ktg_wire_put_str(to, a->seen[i].state);
    }
}

bool ktg_seen_read(const struct ktg_wire_value *v, struct ktg_seen *list, size_t *ret_count)
{
    struct ktg_wire_value row, part[3];
    size_t n = 0;
    if (v->kind != KTG_WIRE_ARRAY || v->count > KTG_SEEN)
        return false;
    for (struct ktg_wire w = ktg_wire_inside(v); n < v->count; n++) {
        if (ktg_wire_next(&w, &row) || row.kind != KTG_WIRE_ARRAY || row.count != 3)
            return false;
        struct ktg_wire in = ktg_wire_inside(&row);
        for (int i = 0; i < 3; i++)
            if (ktg_wire_next(&in, &part[i]) || part[i].kind != KTG_WIRE_STR)
                return false;
        list[n] = (struct ktg_seen){part[0].bytes, part[1].bytes, part[2].bytes};
    }
    *ret_count = n;
    return true;
}

void ktg_alert_encode(const struct ktg_alert *a, struct ktg_buf *to)
{
    ktg_wire_put_map(to, 11);
    ktg_wire_put_int_pair(to, "at", a->at);
    ktg_wire_put_str_pair(to, "district", a->district);
    ktg_wire_put_int_pair(to, "first", (int64_t)a->first);
    ktg_wire_put_str_pair(to, "level", a->level);
    ktg_wire_put_int_pair(to, "offset", a->offset_min);
    ktg_wire_put_int_pair(to, "pos", (int64_t)a->position);
    ktg_wire_put_int_pair(to, "rev", (int64_t)a->rev);
    ktg_wire_put_str_pair(to, "rule", a->rule);
    ktg_wire_put_text(to, "seen");
    ktg_alert_put_seen(a, to);
    ktg_wire_put_str_pair(to, "state", a->state);
    ktg_wire_put_text(to, "tracks");
    ktg_wire_put_map(to, (uint32_t)a->track_count);
    for (size_t i = 0; i < a->track_count; i++) {
        const struct ktg_track *t = &a->tracks[i];
        ktg_wire_put_str(to, t->agency);
        ktg_wire_put_array(to, 4);
        ktg_wire_put_int(to, t->state);
        ktg_wire_put_int(to, t->at);
        ktg_wire_put_str(to, t->officer);
        ktg_wire_put_str(to, t->disposition);
    }
}

static bool get_text(struct ktg_bytes map, const char *key, struct ktg_bytes *ret)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_STR)
        return false;
    *ret = v.bytes;
    return true;
}

static bool get_number(struct ktg_bytes map, const char *key, int64_t *ret)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_INT)
        return false;
    *ret = v.integer;
    return true;
}

static bool get_track(struct ktg_wire *w, struct ktg_track *t)
{
    struct ktg_wire_value agency, row, v[4];
    if (ktg_wire_next(w, &agency) || ktg_wire_next(w, &row) || row.kind != KTG_WIRE_ARRAY ||
        row.count != 4)
        return false;
    struct ktg_wire inside = ktg_wire_inside(&row);
    for (int i = 0; i < 4; i++)
        if (ktg_wire_next(&inside, &v[i]))
            return false;
    if (v[0].integer < 0 || v[0].integer >= KTG_TRACK_STATES)
        return false;
    *t = (struct ktg_track){.agency = agency.bytes,
                            .state = (enum ktg_track_state)v[0].integer,
                            .at = v[1].integer,
                            .officer = v[2].bytes,
                            .disposition = v[3].bytes};
    return true;
}

int ktg_alert_decode(struct ktg_bytes value, struct ktg_alert *a)
{
    int64_t first, position, rev, offset;
    struct ktg_wire_value tracks, seen;
    if (!get_number(value, "at", &a->at) || !get_text(value, "district", &a->district) ||
        !get_number(value, "first", &first) || !get_text(value, "level", &a->level) ||
        !get_number(value, "offset", &offset) || !get_number(value, "pos", &position) ||
        !get_number(value, "rev", &rev) || !get_text(value, "rule", &a->rule) ||
        !get_text(value, "state", &a->state) || !ktg_wire_get(value, "tracks", &tracks) ||
        tracks.kind != KTG_WIRE_MAP || tracks.count > KTG_TRACKS)
        return KTG_ECORRUPT;
    a->first = (uint64_t)first;
    a->position = (uint64_t)position;
    a->rev = (uint64_t)rev;
    a->offset_min = (int)offset;
    a->seen_count = 0; /* none in a casebook from before there were filters */
    if (ktg_wire_get(value, "seen", &seen) && !ktg_seen_read(&seen, a->seen, &a->seen_count))
        return KTG_ECORRUPT;
    struct ktg_wire w = ktg_wire_inside(&tracks);
    for (a->track_count = 0; a->track_count < tracks.count; a->track_count++)
        if (!get_track(&w, &a->tracks[a->track_count]))
            return KTG_ECORRUPT;
    return KTG_OK;
}

struct ktg_track *ktg_alert_find(struct ktg_alert *a, struct ktg_bytes agency)
{
    for (size_t i = 0; i < a->track_count; i++)
        if (ktg_bytes_eq(a->tracks[i].agency, agency))
            return &a->tracks[i];
    return NULL;
}

const struct ktg_track *ktg_alert_track(const struct ktg_alert *a, struct ktg_bytes agency)
{
    for (size_t i = 0; i < a->track_count; i++)
        if (ktg_bytes_eq(a->tracks[i].agency, agency))
            return &a->tracks[i];
    return NULL;
}

int ktg_alert_tell(struct ktg_alert *a, struct ktg_bytes agency, ktg_time at)
{
    size_t i = 0;
    while (i < a->track_count && ktg_bytes_cmp(a->tracks[i].agency, agency) < 0)
        i++;
    if (i < a->track_count && ktg_bytes_eq(a->tracks[i].agency, agency))
        return KTG_OK;
    if (a->track_count == KTG_TRACKS)
        return KTG_EFULL;
    memmove(&a->tracks[i + 1], &a->tracks[i], (a->track_count - i) * sizeof a->tracks[0]);
    a->tracks[i] =
        (struct ktg_track){.agency = agency, .state = KTG_TRACK_NEW, .at = at, .fresh = true};
    a->track_count++;
    return KTG_OK;
}

void ktg_alert_anew(struct ktg_alert *a, ktg_time at)
{
    for (size_t i = 0; i < a->track_count; i++)
        a->tracks[i] = (struct ktg_track){
            .agency = a->tracks[i].agency, .state = KTG_TRACK_NEW, .at = at, .fresh = true};
}

int ktg_alert_may(const struct ktg_alert *a, struct ktg_bytes agency, bool close)
{
    const struct ktg_track *t = ktg_alert_track(a, agency);
    if (!t)
        return KTG_EDENIED;
    if (t->state == KTG_TRACK_CLOSED || (!close && t->state == KTG_TRACK_ACKNOWLEDGED))
        return KTG_ECONFLICT;
    return KTG_OK;
}
