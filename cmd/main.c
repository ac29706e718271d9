/* cmd/main.c - from the words of a command line to an exit status.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/help.h"

static int show_help(struct ktg_call *call)
{
    struct ktg_buf b = KTG_BUF_INIT;
    if (call->command)
        ktg_help_command(call->command, &b, call->out->lang);
    else
        ktg_help_all(&b, call->out->lang);
    int rc = ktg_buf_check(&b);
    if (!rc)
        ktg_output_text(call->out, ktg_buf_view(&b));
    ktg_buf_done(&b);
    return rc;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* 0: no terminal, or one that does not say. */
static size_t screen_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_DFL); /* nobody reads any more: end quietly; stations decide otherwise */
    struct ktg_output out;
    ktg_output_init(&out, stdout, stderr,
                    &(struct ktg_output_world){
                        .tty = isatty(STDOUT_FILENO),
                        .screen = screen_columns(),
                        .now = ktg_clock_now(&KTG_CLOCK_REAL),
                        .no_color = getenv("NO_COLOR"),
                        .clicolor_force = getenv("CLICOLOR_FORCE"),
                        .term = getenv("TERM"),
                        .lc_all = getenv("LC_ALL"),
                        .lc_messages = getenv("LC_MESSAGES"),
                        .lang = getenv("LANG"),
                    });
    struct ktg_call call = {.out = &out, .program = argv[0]};
    if (argc == 2 && (is(argv[1], "--version") || is(argv[1], "-V")))
        argv[1] = "version"; /* what every program answers to */
    int rc;
    if (argc < 2)
        rc = show_help(&call), call.negative = false;
    else
        rc = ktg_call_parse(&call, argc - 1, argv + 1);
    if (!rc && argc >= 2)
        rc = call.wants_help ? show_help(&call) : call.command->run(&call);
    int status = rc ? ktg_output_fail(&out, rc, &call.err) : call.negative ? 1 : 0;
    rc = ktg_output_flush(&out, &call.err);
    if (rc && !status)
        status = ktg_output_fail(&out, rc, &call.err);
    ktg_call_done(&call);
    ktg_output_done(&out);
    return status;
}
