/* tests/e2e/frames.c - a client that sends any bytes: the line protocol of a test around one DEALER.
 *
 *     frames ENDPOINT SERVER_PUBLIC_KEY SECRET_FILE|none
 *
 *     in:   HEX              one frame to send; the end of the input ends it
 *     out:  UP DOWN REFUSED  the connection        GOT HEX  a frame that came
 *
 * "none": without CURVE, as somebody without a key would try it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/buf.h"
#include "runtime/link/link.h"
#include "runtime/loop/loop.h"
#include "runtime/mem.h"

struct frames {
    struct ktg_loop *loop;
    struct ktg_link *link;
    struct ktg_buf in;
};

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *m)
{
    char *hex = ktg_alloc(m->payload.size * 2 + 1);
    (void)arg, (void)link;
    if (!hex)
        exit(1);
    ktg_hex(m->payload.data, m->payload.size, hex);
    printf("GOT %s\n", hex);
    ktg_free(hex);
}

static void on_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    static const char *const words[] = {"UP", "DOWN", "REFUSED"};
    (void)arg, (void)link;
    puts(words[state]);
}

static void send_line(struct frames *f, const char *hex, size_t size)
{
    uint8_t *bytes = ktg_alloc(size / 2 + 1);
    if (!bytes || ktg_unhex(hex, size, bytes))
        exit(2);
    if (ktg_link_send(f->link, 0, KTG_BYTES_NONE, ktg_bytes(bytes, size / 2)))
        puts("UNSENT");
    ktg_free(bytes);
}

static void on_input(void *arg, int what)
{
    struct frames *f = arg;
    static char piece[65536];
    ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
    (void)what;
    if (n <= 0) {
        ktg_loop_stop(f->loop);
        return;
    }
    ktg_buf_put(&f->in, piece, (size_t)n);
    size_t done = 0;
    for (const uint8_t *end; (end = memchr(f->in.data + done, '\n', f->in.size - done));) {
        size_t size = (size_t)(end - f->in.data) - done;
        send_line(f, (const char *)f->in.data + done, size);
        done += size + 1;
    }
    memmove(f->in.data, f->in.data + done, f->in.size - done);
    f->in.size -= done;
}

static int read_secret(const char *path, struct ktg_curve_pair *pair, struct ktg_err *err)
{
    char text[64];
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    int rc = ktg_curve_parse(ktg_bytes(text, n), &pair->secret_key, err);
    return rc ? rc : ktg_curve_derive(&pair->secret_key, &pair->public_key, err);
}

int main(int argc, char **argv)
{
    struct frames f = {0};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_curve_pair own;
    struct ktg_curve_key server;
    struct ktg_context *context = NULL;
    struct ktg_watch *input = NULL;
    if (argc != 4)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool plain = strcmp(argv[3], "none") == 0;
    const struct ktg_link_calls calls = {.on_message = on_message, .on_state = on_state, .arg = &f};
    const struct ktg_link_options options = {.endpoint = argv[1],
                                             .keys = plain ? NULL : &own,
                                             .server_key = plain ? NULL : &server,
                                             .plain = plain,
                                             .max_frame = 8u << 20,
                                             .retry_max = 250};
    int rc = ktg_curve_parse(ktg_bytes_str(argv[2]), &server, &err);
    if (!rc && !plain)
        rc = read_secret(argv[3], &own, &err);
    if (!rc)
        rc = ktg_loop_new(&f.loop, &err);
    if (!rc)
        rc = ktg_context_new(f.loop, NULL, NULL, &context, &err);
    if (!rc)
        rc = ktg_link_connect(context, &options, &calls, &f.link, &err);
    if (!rc)
        rc = ktg_watch_new(f.loop, STDIN_FILENO, on_input, &f, &input, &err);
    if (!rc)
        rc = ktg_watch_start(input, KTG_WATCH_READ);
    if (!rc)
        ktg_loop_run(f.loop);
    else
        fprintf(stderr, "frames: %s\n", err.text);
    f.link = ktg_link_close(f.link);
    ktg_watch_free(input);
    ktg_context_free(context);
    ktg_loop_free(f.loop);
    ktg_buf_done(&f.in);
    return rc ? 1 : 0;
}
