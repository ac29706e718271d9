/* brokers/ingest/retired.c - the picture and the numbered invariants are in retired.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/retired.h"

#include "runtime/mem.h"
#include "schema/wire.h"

void ktg_retired_done(struct ktg_retired *r)
{
    ktg_free(r->words);
    *r = (struct ktg_retired)KTG_RETIRED_INIT;
}

/* Where the first word of the source stands that is not before `at`. */
static size_t place(const struct ktg_retired *r, struct ktg_bytes source, ktg_time at)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct ktg_retired_word *w = &r->words[mid];
        int c = ktg_bytes_cmp(ktg_bytes_str(w->source), source);
        if (c < 0 || (c == 0 && w->at < at))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_of(const struct ktg_retired *r, size_t i, struct ktg_bytes source)
{
    return i < r->count && ktg_bytes_is(source, r->words[i].source);
}

static struct ktg_retired_word *find(const struct ktg_retired *r, const struct ktg_retirement *w)
{
    size_t i = place(r, w->source, w->at);
    return is_of(r, i, w->source) && r->words[i].at == w->at ? &r->words[i] : NULL;
}

bool ktg_retired_is_news(const struct ktg_retired *r, const struct ktg_retirement *w)
{
    const struct ktg_retired_word *known = find(r, w);
    return w->retired ? !known : known && !known->taken_back;
}

int ktg_retired_take(struct ktg_retired *r, const struct ktg_retirement *w)
{
    struct ktg_retired_word *known = find(r, w);
    if (!w->retired && known)
        known->taken_back = true;
    if (!w->retired || known)
        return KTG_OK;
    if (!w->source.size || w->source.size >= KTG_RETIRED_NAME)
        return KTG_EINVALID;
    int rc = ktg_grow(&r->words, &r->cap, r->count + 1, sizeof *r->words);
    if (rc)
        return rc;
    size_t i = place(r, w->source, w->at);
    memmove(&r->words[i + 1], &r->words[i], (r->count++ - i) * sizeof *r->words);
    r->words[i] = (struct ktg_retired_word){.at = w->at};
    memcpy(r->words[i].source, w->source.data, w->source.size);
    return KTG_OK;
}

void ktg_retired_heard(struct ktg_retired *r, struct ktg_bytes source, ktg_time at)
{
    for (size_t i = place(r, source, KTG_LONG_AGO); is_of(r, i, source) && r->words[i].at < at; i++)
        r->words[i].ended = true;
}

const struct ktg_retired_word *ktg_retired_holds(const struct ktg_retired *r,
                                                 struct ktg_bytes source)
{
    const struct ktg_retired_word *last = NULL;
    for (size_t i = place(r, source, KTG_LONG_AGO); is_of(r, i, source); i++)
        if (!r->words[i].taken_back && !r->words[i].ended)
            last = &r->words[i];
    return last;
}

void ktg_retired_encode(const struct ktg_retired *r, struct ktg_buf *to)
{
    ktg_wire_put_array(to, (uint32_t)r->count);
    for (size_t i = 0; i < r->count; i++) {
        const struct ktg_retired_word *w = &r->words[i];
        ktg_wire_put_array(to, 3);
        ktg_wire_put_text(to, w->source);
        ktg_wire_put_int(to, w->at);
        ktg_wire_put_int(to, w->taken_back + 2 * w->ended);
    }
}

static int decode_word(struct ktg_retired *r, const struct ktg_wire_value *list)
{
    struct ktg_wire_value source, at, state;
    if (list->kind != KTG_WIRE_ARRAY || list->count != 3)
        return KTG_EINVALID;
    struct ktg_wire w = ktg_wire_inside(list);
    if (ktg_wire_next(&w, &source) || source.kind != KTG_WIRE_STR || ktg_wire_next(&w, &at) ||
        at.kind != KTG_WIRE_INT || ktg_wire_next(&w, &state) || state.kind != KTG_WIRE_INT)
        return KTG_EINVALID;
    const struct ktg_retirement word = {source.bytes, at.integer, true};
    int rc = ktg_retired_take(r, &word);
    if (rc)
        return rc;
    struct ktg_retired_word *known = find(r, &word);
    known->taken_back = state.integer & 1;
    known->ended = state.integer & 2;
    return KTG_OK;
}

int ktg_retired_decode(struct ktg_retired *r, struct ktg_bytes list)
{
    struct ktg_wire w = ktg_wire_open(list);
    struct ktg_wire_value v;
    if (ktg_wire_next(&w, &v) || v.kind != KTG_WIRE_ARRAY)
        return KTG_EINVALID;
    int rc = KTG_OK;
    struct ktg_wire inside = ktg_wire_inside(&v);
    for (uint32_t i = 0; !rc && i < v.count; i++) {
        struct ktg_wire_value one;
        rc = ktg_wire_next(&inside, &one) ? KTG_EINVALID : decode_word(r, &one);
    }
    return rc;
}
