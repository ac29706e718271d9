/* runtime/yaml/yaml.h - YAML text as one bounded tree of nodes with line marks.
 *
 *     map ─┬─ key "rule"  ─ value scalar "overstay-fee"        every scalar is text; what it means is the reader's
 *          └─ key "when"  ─ value list ─┬─ scalar               business (our own key tables, never a type guess)
 *                                       └─ scalar
 *
 * (1) Several documents in a file give several roots, in order; an empty document gives none.
 * (2) Anchors, aliases and tags are refused by name; so are duplicate keys, keys that are no scalars, NUL
 *     characters, text that is not UTF-8, and more nodes, depth or bytes than the limits allow.
 * (3) All nodes and texts live in the arena that the caller gave.
 * The only room that knows <yaml.h>.  Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_YAML_YAML_H
#define KTG_RUNTIME_YAML_YAML_H

#include "runtime/bytes.h"
#include "runtime/err.h"
#include "runtime/mem.h"

enum ktg_yaml_kind { KTG_YAML_SCALAR, KTG_YAML_LIST, KTG_YAML_MAP };

struct ktg_yaml_node {
    enum ktg_yaml_kind kind;
    int line, column;                   /* of its first character, from 1 */
    struct ktg_bytes text;              /* scalar: the text, NUL-terminated behind its size */
    bool plain;                         /* scalar: written without quotes or block style */
    bool block;                         /* scalar: literal or folded block */
    size_t count;                       /* children of a list, pairs of a map */
    const struct ktg_yaml_node **items; /* list: children; map: values */
    const struct ktg_yaml_node **keys;  /* map: keys (scalars), same order as items */
};

struct ktg_yaml_limits {
    size_t bytes, nodes, depth;
};
#define KTG_YAML_LIMITS ((struct ktg_yaml_limits){4u << 20, 200000, 32})

/* Parse all documents of `text`.  `name` (a file name) begins every message: "rules/a.yaml:14:9: ...".
 * *ret_roots is an array of *ret_count nodes in the arena.  KTG_EINVALID with the place, or KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_yaml_parse(struct ktg_bytes text, const char *name,
                                  const struct ktg_yaml_limits *limits, struct ktg_arena *arena,
                                  const struct ktg_yaml_node ***ret_roots, size_t *ret_count,
                                  struct ktg_err *err);

/* KTG_EINVALID with "NAME:line:column: " before the text, for readers that find a node wrong.  `at` may be NULL: then
 * only the name stands before the text. */
int ktg_yaml_fail(const struct ktg_yaml_node *at, const char *name, struct ktg_err *err,
                  const char *format, ...) KTG_PRINTF(4, 5);

/* The value of `key` in a map, or NULL (also when `map` is NULL or no map). */
const struct ktg_yaml_node *ktg_yaml_get(const struct ktg_yaml_node *map, const char *key);
/* Text of a scalar, or NULL when node is NULL or no scalar. */
const char *ktg_yaml_text(const struct ktg_yaml_node *node);

/* One row per key that a map may hold; the readers' tables are arrays of these, ended by a NULL name. */
struct ktg_yaml_key {
    const char *name;
    bool required;
};
/* Every key of `map` stands in the table and every required one is there.  KTG_EINVALID names the place, the key
 * and the nearest known name ("unknown key 'titel' - did you mean 'title'?"). */
KTG_MUST_CHECK int ktg_yaml_check_keys(const struct ktg_yaml_node *map, const char *name,
                                       const struct ktg_yaml_key *keys, struct ktg_err *err);
/* The word of `words` (ended by NULL) that is nearest to `got`: fewest letters added, dropped, replaced or swapped
 * with their neighbour, without regard to case, at most a third of the letters of `got`; the first of equals.
 * NULL: none is that near. */
const char *ktg_yaml_nearest(const char *got, const char *const *words);

#endif
