/* producers/simulate/planted_papers.c - stories on identity and documents.  Tables as story.h says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_PAPERS 7000

/* The camera knows the face of somebody who is here under another name; one hit looked at, one not yet. */
static const struct step two_names_one_face[] = {
    {IN, -12, 9, 1, .last = 2, .visa = "B1"},
    {BED, -12, 15, 1, .last = 2, .hotel = 3, .nights = 9},
    {IN, -3, 10, 3, .last = 4, .every = 1, .visa = "B1"},
    {SAYS, -3, 10, 3, .from = "IMI.SUPADIO.1", .type = "biometric.hit",
     .text = "'modality':'face','probe_ref':'PR-$r;1','candidate':$D1;,'score':941,'threshold':900,"
             "'gallery':'arrivals','algorithm':'sim "
             "1.0','verdict':'match','verdict_by':'officer','same_bio':false"},
    {SAYS, -2, 10, 4, .from = "IMI.SUPADIO.1", .type = "biometric.hit",
     .text = "'modality':'face','probe_ref':'PR-$r;2','candidate':$D2;,'score':917,'threshold':900,"
             "'gallery':'arrivals','algorithm':'sim 1.0','same_bio':false"},
    {BED, -3, 16, 3, .last = 4, .every = 1, .hotel = 4, .nights = 9},
    {FOUND, .who = 3, .rule = "doc-swap-biometric",
     .text = "one face, two names, an officer has looked"},
    {FOUND, .who = 4, .rule = "doc-swap-biometric",
     .text = "one face, two names, nobody has looked yet"},
};

static const struct step second_passport[] = {
    {LIKE, .who = 2, .days = 1},
    {IN, -30, 9, 1, .visa = "B1"},
    {BED, -30, 15, 1, .hotel = 10, .nights = 8},
    {OUT, -20, 12, 1, .post = ENTIKONG},
    {IN, -2, 9, 2, .visa = "B1"},
    {BED, -2, 15, 2, .hotel = 10, .nights = 9},
    {FOUND, .who = 2, .rule = "doc-swap-mrz", .subject = "$I2;",
     .text = "same name and birth, a second valid passport"},
};

static const struct step seen_never_entered[] = {
    {SAYS, 2, 19, 0, .from = "IMI.SANGGAU", .type = "biometric.hit",
     .text = "'modality':'face','probe_ref':'PR-$r;3','candidate':$D1;,'score':955,'threshold':900,"
             "'gallery':'refused','algorithm':'sim 1.0','verdict':'match','verdict_by':'officer'"},
    {FOUND, .who = 1, .rule = "face-hit-no-entry", .text = "recognised in town, never entered"},
};

static const struct step bad_readings[] = {
    {IN, 1, 9, 1, .visa = "B1", .misread = true, .text = "'mrz_failed':['number']"},
    {BED, 1, 15, 1, .hotel = 0, .nights = 9},
    {EXPIRES, .day = -3, .hour = 9, .who = 2},
    {IN, 1, 9, 2, .visa = "B1"},
    {BED, 1, 15, 2, .hotel = 0, .nights = 9},
    {FOUND, .who = 1, .rule = "mrz-invalid", .text = "a check digit is wrong"},
    {FOUND, .who = 2, .rule = "mrz-invalid", .text = "the passport had run out"},
};

/* One letter more than on the list, then the names the other way round. */
static const struct step listed_by_name[] = {
    {NAMED, .who = 1, .text = "VEKMERTOLAN/GORISANDE"},
    {BORN, .who = 1, .text = "1979-04-11"},
    {NAMED, .who = 2, .text = "ROLNISWATAN/HUJAMER"},
    {BORN, .who = 2, .text = "1984-09-02"},
    {SAYS, -40, 9, 0, .from = "IMI.PUSAT", .type = "watchlist.entry",
     .text = "'op':'add','entry':'W-96001','list':'interest','names':[{'surname':'VEKMERTTOLAN','"
             "given':'GORISANDE',"
             "'dob':'1979-04-11','issuers':['UTO']}],'owner':'POL','until':'2027-12-31','action':'"
             "notify'"},
    {IN, 0, 9, 1, .visa = "B1"},
    {BED, 0, 15, 1, .hotel = 1, .nights = 9},
    {IN, -4, 9, 2, .visa = "B1"},
    {BED, -4, 15, 2, .hotel = 1, .nights = 15},
    {SAYS, 3, 9, 0, .from = "IMI.PUSAT", .type = "watchlist.entry",
     .text = "'op':'add','entry':'W-96002','list':'interest','names':[{'surname':'HUJAMER','given':"
             "'ROLNISWATAN',"
             "'dob':'1984-09-02','issuers':['UTO']}],'owner':'POL','until':'2027-12-31','action':'"
             "notify'"},
    {FOUND, .who = 1, .rule = "watchlist-fuzzy",
     .text = "a name like one on the list, then entered"},
    {FOUND, .who = 2, .rule = "watchlist-fuzzy",
     .text = "is here, then listed with the names about"},
};

void plant_papers(struct country *c)
{
    static const struct story stories[] = {
        STORY(two_names_one_face), STORY(second_passport), STORY(seen_never_entered),
        STORY(bad_readings),       STORY(listed_by_name),
    };
    tell_stories(c, SEED_PAPERS, stories, KTG_COUNT(stories));
}
