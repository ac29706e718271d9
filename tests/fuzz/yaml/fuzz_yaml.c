/* tests/fuzz/yaml/fuzz_yaml.c - rule and catalogue files of anybody, up to the limits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "runtime/yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every node has its place and its children; no map has a key twice. */
static size_t walk(const struct ktg_yaml_node *n)
{
    size_t nodes = 1;
    if (n->line < 1 || n->column < 1 ||
        (n->kind == KTG_YAML_SCALAR && n->text.data[n->text.size] != 0))
        abort();
    for (size_t i = 0; i < n->count; i++) {
        nodes += walk(n->items[i]);
        if (n->kind == KTG_YAML_MAP && ktg_yaml_get(n, ktg_yaml_text(n->keys[i])) != n->items[i])
            abort();
    }
    return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ktg_yaml_limits limits = {1u << 20, 2000, 16};
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_yaml_node **roots;
    size_t count, nodes = 0;
    if (ktg_yaml_parse(ktg_bytes(data, size), "f", &limits, &arena, &roots, &count, &err) ==
        KTG_OK) {
        for (size_t i = 0; i < count; i++)
            nodes += walk(roots[i]);
        if (nodes > limits.nodes)
            abort();
    } else if (err.text[0] != 'f') {
        abort();
    }
    ktg_arena_done(&arena);
    return 0;
}
