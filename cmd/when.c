/* cmd/when.c - see when.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/when.h"

const char *ktg_when_month(int month, enum ktg_lang lang)
{
    static const struct ktg_label months[] = {{"Jan", "Jan"}, {"Feb", "Feb"}, {"Mar", "Mar"},
                                              {"Apr", "Apr"}, {"May", "Mei"}, {"Jun", "Jun"},
                                              {"Jul", "Jul"}, {"Aug", "Agu"}, {"Sep", "Sep"},
                                              {"Oct", "Okt"}, {"Nov", "Nov"}, {"Dec", "Des"}};
    return ktg_label_text(months[month - 1], lang);
}

void ktg_when_format(ktg_time at, ktg_time now, int offset_min, enum ktg_lang lang,
                     char to[static KTG_WHEN_TEXT])
{
    ktg_date day = ktg_date_of(at, offset_min), today = ktg_date_of(now, offset_min);
    int minute = (int)((at - ktg_start_of_day(day, offset_min)) / 60000), year, this_year, m, d,
        unused;
    ktg_date_to_civil(today, &this_year, &unused, &unused);
    ktg_date_to_civil(day, &year, &m, &d);
    size_t n = 0;
    if (day != today)
        n += (size_t)snprintf(to, KTG_WHEN_TEXT, "%02d %s ", d, ktg_when_month(m, lang));
    if (year != this_year)
        n += (size_t)snprintf(to + n, KTG_WHEN_TEXT - n, "%04d ", year);
    snprintf(to + n, KTG_WHEN_TEXT - n, "%02d:%02d", minute / 60, minute % 60);
}
