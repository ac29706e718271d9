/* schema/catalogue_parts.h - what a catalogue is made of; for catalogue.c, catalogue_load.c and event.c alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_CATALOGUE_PARTS_H
#define KTG_SCHEMA_CATALOGUE_PARTS_H

#include "runtime/mem.h"
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
    int person_kind, biodata_kind, cell_kind, key_kind, source_kind;
    enum ktg_kind_form { KTG_KIND_AS_IS, KTG_KIND_WORDS, KTG_KIND_CONTACT } kind_forms[KTG_MAX_KINDS];
    struct ktg_code_list *lists; /* sorted by name */
    size_t list_count;
    struct ktg_hash hash;
};

int ktg_names_find(const struct ktg_names *n, struct ktg_bytes name); /* -1: none */

#endif
