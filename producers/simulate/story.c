/* producers/simulate/story.c - see story.h: tells the tables.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 40 };

struct telling {
    struct country *c;
    struct ktg_random_stream r;
    struct person people[PEOPLE + 1]; /* 0: nobody */
    int number, shift, later;         /* which telling; days before; minutes after */
};

struct turn { /* one person's part of a row */
    const struct step *s;
    const struct person *p;
    int nth;
    ktg_time at;
};

/* ---- texts ---- */

static void put_filling(const struct telling *t, const struct turn *u, const char *what,
                        struct ktg_buf *to)
{
    long n = strtol(what + 1, NULL, 10);
    const struct person *p = n > 0 && n <= PEOPLE ? &t->people[n] : u->p;
    char text[KTG_INSTANT_TEXT];
    switch (what[0]) {
    case 'D':
        put_document(to, p);
        break;
    case 'B':
        put_holder(to, p);
        break;
    case 'S':
        ktg_buf_printf(to, "\"surname\":\"%s\",\"given\":\"%s\"", p->surname, p->given);
        break;
    case 'I':
        ktg_date_format(p->dob, text);
        ktg_buf_printf(to, "%s|%s|%s|%c", p->surname, p->given, text, p->sex);
        break;
    case '@':
        ktg_instant_format(u->at + n * MINUTE, WIB, text);
        ktg_buf_put_str(to, text);
        break;
    case 'k':
        ktg_buf_printf(to, "%d", u->nth);
        break;
    case 'r':
        ktg_buf_printf(to, "%02d", t->number);
        break;
    default: /* + or -: the sign belongs to the number */
        ktg_date_format(date_at(u->at) + (ktg_date)strtol(what, NULL, 10), text);
        ktg_buf_put_str(to, text);
    }
}

/* In the arena; "" for NULL. */
static const char *fill(const struct telling *t, const struct turn *u, const char *text)
{
    struct country *c = t->c;
    struct ktg_buf b = KTG_BUF_INIT;
    for (; text && *text; text++) {
        if (*text == '$') {
            put_filling(t, u, text + 1, &b);
            text = strchr(text, ';');
        } else {
            ktg_buf_put_u8(&b, *text == '\'' ? '"' : (uint8_t)*text);
        }
    }
    const char *whole = ktg_buf_text(&b);
    char *s = b.bad ? NULL : ktg_arena_strndup(&c->arena, whole, b.size);
    ktg_buf_done(&b);
    c->bad |= !s;
    return s ? s : "";
}

/* ---- deeds ---- */

static void settle(struct country *c, const struct turn *u, const char *text)
{
    const struct step *s = u->s;
    char until[KTG_DATE_TEXT];
    cross(c, u->p,
          (struct crossing){.entry = true,
                            .post = s->post,
                            .at = u->at,
                            .visa = s->visa,
                            .until = date_at(u->at) + 29});
    ktg_date_format(date_at(u->at) + 365, until);
    write_down(
        c, office_near(s->post), "permit.status", u->at + 4 * DAY, u->p,
        "\"action\":\"issued\",\"class\":\"ITAS\",\"permit_no\":\"2C11%s\",\"basis_index\":\"%s\","
        "\"until\":\"%s\"%s%s",
        u->p->number, s->visa, until, text[0] ? "," : "", text);
    register_resident(c, u->p, s->post, u->at + 4 * DAY);
}

static void travel(struct telling *t, const struct turn *u, const char *text)
{
    const struct step *s = u->s;
    cross(t->c, u->p,
          (struct crossing){.entry = s->deed == IN,
                            .post = s->post,
                            .at = u->at,
                            .visa = s->visa,
                            .until = date_at(u->at) + (s->days ? s->days : 30) - 1,
                            .with = s->with ? &t->people[s->with] : NULL,
                            .with_count = s->with ? s->with_last - s->with + 1 : 0,
                            .misread = s->misread,
                            .extra = text});
}

static void name(struct person *p, const char *text)
{
    size_t n = strcspn(text, "/");
    snprintf(p->surname, sizeof p->surname, "%.*s", (int)n, text);
    snprintf(p->given, sizeof p->given, "%s", text[n] ? text + n + 1 : "");
}

static void become(struct telling *t, const struct turn *u, const char *text)
{
    struct person *p = &t->people[u->p - t->people];
    const struct person *other = &t->people[u->s->days];
    switch (u->s->deed) {
    case BORN:
        if (ktg_date_parse(ktg_bytes_str(text), &p->dob))
            t->c->bad = true;
        break;
    case NAMED:
        name(p, text);
        break;
    case EXPIRES:
        p->expiry = date_at(u->at);
        break;
    case SHARES:
        memcpy(p->number, other->number, sizeof p->number);
        break;
    case FOLLOWS:
        memcpy(p->before, other->number, sizeof p->before);
        break;
    case HOLDS: {
        bool is_issuer = strcmp(text, "UNO") == 0;
        snprintf(is_issuer ? p->issuer : p->kind, sizeof p->kind, "%s", text);
        break;
    }
    default:
        memcpy(p->surname, other->surname, sizeof p->surname);
        memcpy(p->given, other->given, sizeof p->given);
        p->dob = other->dob;
        p->sex = other->sex;
    }
}

/* `drafted`: serial + 1, 0 for none. */
static void tell_late(struct country *c, int hours, uint32_t drafted)
{
    if (!drafted)
        return;
    c->drafts[drafted - 1].made += hours * HOUR;
    c->drafts[drafted - 1].arrives += hours * HOUR;
}

static void take_turn(struct telling *t, const struct turn *u)
{
    struct country *c = t->c;
    const struct step *s = u->s;
    const char *text = fill(t, u, s->text);
    switch (s->deed) {
    case IN:
    case OUT:
        travel(t, u, text);
        break;
    case BED:
        check_in(c, u->p,
                 (struct lodging){.hotel = &hotels[s->hotel],
                                  .at = u->at,
                                  .nights = s->nights ? s->nights : 3,
                                  .extra = text});
        break;
    case WAKE:
        check_out(c, u->p, &hotels[s->hotel], u->at);
        break;
    case SETTLES:
        settle(c, u, text);
        break;
    case SAYS:
        tell_late(
            c, s->told,
            write_down(c, s->from, s->type, u->at, s->who && !s->aside ? u->p : NULL, "%s", text));
        break;
    case FOUND:
        (s->mistaken ? expect_mistake : expect)(
            c, s->rule, s->subject ? fill(t, u, s->subject) : person_subject(c, u->p), s->state,
            s->text);
        break;
    default:
        become(t, u, text);
    }
}

static int most_people(const struct story *s)
{
    int most = 0;
    for (size_t i = 0; i < s->count; i++) {
        int last = s->steps[i].last > s->steps[i].who ? s->steps[i].last : s->steps[i].who;
        most = last > most ? last : most;
    }
    return most < PEOPLE ? most : PEOPLE;
}

static void tell_row(struct telling *t, const struct step *s, int later)
{
    int last = s->last > s->who ? s->last : s->who;
    for (int k = s->who; k <= last; k++) {
        int day = s->day + later + (k - s->who) * s->every - t->shift;
        int first = (int)ktg_random_between(&t->r, 0, 9);
        int minute = (s->minute ? s->minute : first) + 4 * (k - s->who);
        take_turn(t, &(struct turn){.s = s,
                                    .p = &t->people[k],
                                    .nth = k - s->who,
                                    .at = moment(t->c, day, s->hour, minute + t->later)});
    }
}

static void tell(struct telling *t, const struct story *story)
{
    struct country *c = t->c;
    int people = most_people(story);
    for (int i = 1; i <= people; i++)
        t->people[i] = person_new(c, &t->r);
    for (size_t i = 0; i < story->count; i++) {
        const struct step *s = &story->steps[i];
        for (int n = 0; n < (s->times ? s->times : 1); n++)
            tell_row(t, s, n * s->apart);
    }
}

void tell_stories(struct country *c, uint64_t kind, const struct story *stories, size_t count)
{
    struct telling t = {.c = c};
    for (size_t i = 0; i < count; i++) {
        const struct story *s = &stories[i];
        int times = s->times ? (s->times * c->percent + 99) / 100 : 1;
        for (int n = 0; n < times; n++) {
            t.r = ktg_random_split(c->seed, kind, i * 1000000 + (uint64_t)n);
            t.number = n;
            t.shift = s->spread ? (int)ktg_random_between(&t.r, 0, s->spread) : 0;
            t.later = s->spread ? (int)ktg_random_between(&t.r, 0, 180) : 0;
            tell(&t, s);
        }
    }
}
