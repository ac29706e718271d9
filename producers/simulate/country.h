/* producers/simulate/country.h - the country while it is drawn up: places, people, drafts of events.
 *
 * (1) A draft has no id yet: ids are given at the end, in the order in which things were written
 *     down.
 * (2) Nothing that happens after the end of the play is drafted.
 * (3) An allocation that fails is remembered in `bad`; the maker looks once, at the end.
 *
 * Inside producers/simulate only.  Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_SIMULATE_COUNTRY_H
#define KTG_PRODUCERS_SIMULATE_COUNTRY_H

#include "producers/simulate/random.h"
#include "producers/simulate/simulate.h"
#include "runtime/civil.h"
#include "runtime/mem.h"

#define WIB    420 /* minutes east of UTC */
#define MINUTE ((ktg_time)60000)
#define HOUR   (60 * MINUTE)
#define DAY    KTG_DAY_MS

enum place {
    ENTIKONG,
    ARUK,
    BADAU,
    JAGOI, /* hotels are near them in this order */
    LAND_POSTS,
    SUPADIO = LAND_POSTS, /* the airport */
    SINTETE,              /* a roadstead */
    POSTS,
};

struct post {
    const char *name, *mode, *district, *lat, *lon;
    const char *sources[2]; /* lanes; the second may be NULL */
};
extern const struct post posts[POSTS];

struct hotel {
    const char *property, *source, *district, *lat, *lon;
    enum place near;
};
extern const struct hotel hotels[];
extern const size_t hotel_count;

extern const char *const other_sources[]; /* offices, ended by NULL */

struct person {
    char number[10]; /* of the passport or border pass */
    char before[10]; /* of the passport that it replaced, or "" */
    char kind[4];    /* "P", "PLB" */
    char issuer[4];  /* "UTO"; "UNO": beside a passport */
    char surname[20], given[28];
    ktg_date dob, expiry;
    char sex;
};

struct draft {
    const char *source, *type;
    ktg_time occurred, made, arrives;
    uint32_t serial;   /* order of drafting: breaks ties */
    uint32_t corrects; /* serial + 1 of the draft that it supersedes; 0: none */
    struct ktg_bytes data;
    uint8_t id[16];
};

struct country {
    uint64_t seed;
    int percent;
    ktg_time start, live, end;
    struct ktg_simulate_outage outage;
    enum ktg_simulate_manner manner; /* of what is planted */
    bool planting;
    uint32_t planted;       /* events so far */
    struct ktg_arena arena; /* data, subjects */
    struct draft *drafts;
    size_t count, cap;
    struct ktg_simulate_truth *truth;
    size_t truth_count, truth_cap;
    uint32_t people; /* numbers given out */
    struct ktg_buf scratch;
    bool bad;
};

/* An instant: `day` days after the live week began (before it: negative), at a local time. */
ktg_time moment(const struct country *c, int day, int hour, int minute);
ktg_date date_at(ktg_time t); /* in WIB */

/* A new person with a new document. */
struct person person_new(struct country *c, struct ktg_random_stream *r);
struct person person_resident(struct country *c,
                              struct ktg_random_stream *r); /* with a border pass */
/* "doc:ISSUER:NUMBER", of the smallest document of the issuer that the person ever had; in the arena. */
const char *person_subject(struct country *c, const struct person *p);

/* ---- what happens; each gives serial + 1 of its draft, 0 when it lies after the end ---- */

struct crossing {
    bool entry;
    enum place post;
    ktg_time at;
    const char *visa;          /* index, or NULL */
    ktg_date until;            /* permitted; entries */
    const char *traveller;     /* NULL: passenger */
    const char *group;         /* group_ref, or NULL */
    const char *flight;        /* plate, or NULL */
    const struct person *with; /* whom the person declares as companions */
    int with_count;
    const char *extra; /* further members, or NULL */
    bool misread;      /* the check digits are wrong */
    uint32_t corrects;
    ktg_time made; /* 0: at once */
};
uint32_t cross(struct country *c, const struct person *p, struct crossing x);

struct lodging {
    const struct hotel *hotel;
    ktg_time at;
    int nights;
    ktg_time reported; /* 0: within hours */
    const char *group;
    const char *misread; /* number as the device read it, or NULL */
    const char *extra;   /* further members, or NULL */
    uint32_t corrects;
};
uint32_t check_in(struct country *c, const struct person *p, struct lodging l);
void check_out(struct country *c, const struct person *p, const struct hotel *h, ktg_time at);

void permit(struct country *c, const struct person *p, const char *source, const char *action,
            const char *kind, ktg_time at, ktg_date until);
/* The civil registry knows the holder of a limited-stay permit, some days after it was issued. */
void register_resident(struct country *c, const struct person *p, enum place gate, ktg_time issued);
void sponsor(struct country *c, const struct person *p, const char *source, const char *action,
             bool company, const char *id, const char *relation, ktg_time at);
/* Any other type; `format` is the data without its braces.  `p` not NULL: its holder block comes
 * first. */
uint32_t write_down(struct country *c, const char *source, const char *type, ktg_time at,
                    const struct person *p, const char *format, ...) KTG_PRINTF(6, 7);

/* {"kind", "issuer", "number"}, and the whole holder block in braces; onto `to`. */
void put_document(struct ktg_buf *to, const struct person *p);
void put_holder(struct ktg_buf *to, const struct person *p);

/* What lies in the scratch buffer becomes the data of a draft.  made 0: written down at once.  In
 * manner.c: what is planted goes through the manner that the options ask for. */
uint32_t draft(struct country *c, const char *source, const char *type, ktg_time at, ktg_time made,
               uint32_t corrects);
uint32_t draft_plainly(struct country *c, const char *source, const char *type, ktg_time at,
                       ktg_time made, uint32_t corrects);

void expect(struct country *c, const char *rule, const char *subject, enum ktg_simulate_state state,
            const char *story);
/* What a rule must say by what the events tell it, although it is not so. */
void expect_mistake(struct country *c, const char *rule, const char *subject,
                    enum ktg_simulate_state state, const char *story);

const struct hotel *hotel_near(struct ktg_random_stream *r, enum place post);
const char *office_near(enum place post); /* IMI.SANGGAU ... */

/* ---- who makes things happen ---- */
void live_ordinary_lives(struct country *c);  /* people.c */
void live_unlike_lives(struct country *c);    /* lookalikes.c */
void live_on_the_move(struct country *c);     /* lookalikes_moving.c */
void live_at_one_place(struct country *c);    /* lookalikes_staying.c */
void plant_cases(struct country *c);          /* planted.c */
void plant_signs(struct country *c);          /* planted_signs.c */
void plant_cases_together(struct country *c); /* planted_together.c */
void plant_stays(struct country *c);          /* planted_stays.c */
void plant_papers(struct country *c);         /* planted_papers.c */
void plant_rooms(struct country *c);          /* planted_rooms.c */
void plant_marriages(struct country *c);      /* planted_marriages.c */
void plant_workers(struct country *c);        /* planted_workers.c */
void plant_routes(struct country *c);         /* planted_routes.c */

#endif
