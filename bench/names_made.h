/* bench/names_made.h - made names as a country's posts and lists see them: seeded, nobody's.
 *
 *     kinds      Indonesian, Arabic, Chinese, Cyrillic, Western writings, each out of syllables and a few common words
 *     frequency  squared or cubed uniform numbers: few words are very common (one Arabic name in seven), most are rare
 *     distorted  what another clerk, romanisation or memory makes of a name
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_NAMES_MADE_H
#define KTG_BENCH_NAMES_MADE_H

#include <stddef.h>
#include <stdint.h>

struct ktg_made_name {
    char surname[64], given[96];
    char born[12]; /* "1974-08-12", perhaps with unknown parts, or "" */
};
uint64_t ktg_made_random(uint64_t *state);
void ktg_made_name(uint64_t *state, struct ktg_made_name *ret_n);
void ktg_made_distort(uint64_t *state, struct ktg_made_name *n);

#endif
