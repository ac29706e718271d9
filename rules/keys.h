/* rules/keys.h - reading the nodes of a rule's document: what the files that do it share.
 *
 * All of them report what is wrong, with its place, and go on.
 * Private to rules/.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_KEYS_H
#define KTG_RULES_KEYS_H

#include "rules/model.h"

void ktg_keys_error(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                    const char *text);
/* The scalar under `key`; false: absent, or wrong (reported). */
bool ktg_keys_scalar(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *map,
                     const char *key, struct ktg_phrase *to);
/* A duration above 0; false: wrong (reported). */
bool ktg_keys_duration(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *p,
                       ktg_time *to);
/* A scalar or a list of scalars, in the arena of the load; 0: absent, or wrong (reported as of `what`). */
size_t ktg_keys_phrases(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                        const char *what, struct ktg_phrase **to);

/* aggregate_keys.c: `count`, `score`, `together` of a rule whose form is one of them. */
void ktg_keys_aggregate(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc);

#endif
