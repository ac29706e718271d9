/* schema/catalogue_parts.h - what a catalogue is made of, and how it is loaded; for files of this room alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_CATALOGUE_PARTS_H
#define KTG_SCHEMA_CATALOGUE_PARTS_H

#include "runtime/mem.h"
#include "runtime/yaml/yaml.h"
#include "schema/catalogue.h"
#include "schema/text.h"

struct ktg_names { /* sorted, each once */
    const char **at;
    size_t count, cap;
};

struct ktg_catalogue {
    struct ktg_arena arena; /* everything below, and the texts */
    struct ktg_type *types; /* sorted by name */
    size_t type_count;
    const char **type_names; /* ended by NULL */
    struct ktg_names kinds, roles, classes, sens;
    uint32_t quotable; /* bit per class of sensitivity */
    const struct ktg_shape **shapes;
    size_t shape_count;
    const struct ktg_shape *doc, *place, *person;
    const struct ktg_field *doc_number; /* NULL: it is no needed string */
    int person_kind, biodata_kind, cell_kind, key_kind, source_kind;
    enum ktg_kind_form {
        KTG_KIND_AS_IS,
        KTG_KIND_WORDS,
        KTG_KIND_CONTACT
    } kind_forms[KTG_MAX_KINDS];
    struct ktg_code_list *lists; /* sorted by name */
    size_t list_count;
    struct ktg_hash hash;
};

/* The names of a shape as they stand on the wire (head, then letters), under a hash that is different for each of them:
 * one look finds the field.  Names of more than 31 letters have a longer head and are not there. */
struct ktg_shape_name {
    uint64_t first,
        last; /* the first eight bytes, zeros behind a shorter one; the last eight, 0 for up to eight */
};
enum { KTG_SHAPE_FIELDS = 255, KTG_SHAPE_NAME = 31 };
struct ktg_shape_names {
    const struct ktg_shape_name *at; /* by field */
    uint64_t factor;
    unsigned shift;
    uint8_t slots[]; /* number of the field, KTG_SHAPE_FIELDS: none */
};
static inline size_t ktg_shape_slot(const struct ktg_shape_names *n, struct ktg_shape_name name)
{
    return (size_t)((name.first ^ (name.last << 23 | name.last >> 41)) * n->factor >> n->shift);
}

int ktg_names_find(const struct ktg_names *n, struct ktg_bytes name); /* -1: none */

/* --- while it is loaded --- */

typedef const struct ktg_yaml_node *ktg_node;

struct ktg_load_text_file {   /* a file and its tree */
    const char *name, *shown; /* of a bundle; for messages */
    struct ktg_bytes bytes;
    ktg_node root;
};

struct ktg_loading {
    struct ktg_catalogue *c;
    struct ktg_load_text_file *texts;
    size_t text_count;
    const struct ktg_load_text_file *common;
    struct ktg_err *err;
    const char *name; /* of the file at hand, for messages */
};

#define KTG_LOAD_FAIL(l, at, ...) ktg_yaml_fail(at, (l)->name, (l)->err, __VA_ARGS__)

int ktg_load_no_memory(struct ktg_loading *l);
/* The value of a key of `map`; an absent key leaves *ret as it is. */
int ktg_load_flag(struct ktg_loading *l, ktg_node map, const char *key, bool *ret);
int ktg_load_text(struct ktg_loading *l, ktg_node map, const char *key, const char **ret);
int ktg_load_words(struct ktg_loading *l, ktg_node map, const char *key,
                   const char *const **ret); /* ends with NULL */
int ktg_load_title(struct ktg_loading *l, ktg_node map, const char **id, const char **en);
/* The fields of `map` and those of `above` (or NULL) as one shape. */
int ktg_load_fields(struct ktg_loading *l, const char *shape_name, ktg_node map,
                    const struct ktg_shape *above, bool sens_needed, const struct ktg_shape **ret);
/* All files with a key `codes`. */
int ktg_load_code_lists(struct ktg_loading *l);

#endif
