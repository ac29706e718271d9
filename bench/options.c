/* bench/options.c - see options.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set(const struct ktg_option *o, const char *value)
{
    char *end;
    if (o->text) {
        *o->text = value;
        return 0;
    }
    *o->number = strtoull(value, &end, 10);
    return *value && !*end ? 0 : -1;
}

static int read_one(const struct ktg_option *options, size_t count, const char *word)
{
    const char *value = strchr(word, '=');
    for (size_t i = 0; value && i < count; i++)
        if (strlen(options[i].name) == (size_t)(value - word) &&
            strncmp(options[i].name, word, (size_t)(value - word)) == 0)
            return set(&options[i], value + 1);
    return -1;
}

int ktg_options_read(const struct ktg_option *options, size_t count, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (read_one(options, count, argv[i])) {
            fprintf(stderr, "bench: what is %s?\n", argv[i]);
            return -1;
        }
    }
    return 0;
}
