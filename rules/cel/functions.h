/* rules/cel/functions.h - the evaluations behind functions.def, by theme.  Arguments have the kinds of the row, none is
 * ABSENT or NULL.  Private to rules/cel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CEL_FUNCTIONS_H
#define KTG_RULES_CEL_FUNCTIONS_H

#include "rules/cel/plan.h"

#define KTG_CEL_ARGS struct ktg_cel_env *env, const struct ktg_cel_value *args, size_t count

/* functions_time.c */
struct ktg_cel_value ktg_cel_fn_end_of_day(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_start_of_day(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_date_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_civil_days_since(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_days_between(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_days(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_duration(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_timestamp(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_minutes(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_hours(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_age(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_anniversary(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_covered_days(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_day_reaching(KTG_CEL_ARGS);
/* functions_set.c */
struct ktg_cel_value ktg_cel_fn_size_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_percent(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_above(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_least_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_greatest_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_first_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_last_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_unique(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_flatten(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_common(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_pairs(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_disjoint(KTG_CEL_ARGS);
/* functions_place.c */
struct ktg_cel_value ktg_cel_fn_metres(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_km(KTG_CEL_ARGS);
/* functions_text.c */
struct ktg_cel_value ktg_cel_fn_string_of(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_lower(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_starts_with(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_ends_with(KTG_CEL_ARGS);
struct ktg_cel_value ktg_cel_fn_contains(KTG_CEL_ARGS);

#endif
