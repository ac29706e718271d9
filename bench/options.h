/* bench/options.h - the words `name=value` of the measuring programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_OPTIONS_H
#define KTG_BENCH_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct ktg_option { /* one of the two */
    const char *name;
    uint64_t *number;
    const char **text; /* a view into argv */
};

/* 0, or -1 with a line on stderr: an unknown name, or no number where one is wanted. */
int ktg_options_read(const struct ktg_option *options, size_t count, int argc, char **argv);

#endif
