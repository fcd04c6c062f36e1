/*
 * PNG of what we draw, by the program that makes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/picture/png.h"
#include "daemon/picture/svg.h"

#define SECONDS 30u

#define PNG_HEAD "\x89PNG\r\n\x1a\n"

static void draw(struct buf *out, double width, double height)
{
	const struct svg_page page = { width, height, "A title", "A text." };
	const struct svg_text how = { .x = 5, .y = 15, .size = 10 };
	struct buf body;
	struct svg s;

	buf_init(&body, 4096);
	buf_init(out, 8192);
	svg_draw(&s, &body);
	svg_write(&s, &how, "Text & <more>");
	assert_int_equal(svg_finish(&s, &page, out), WEALD_OK);
	buf_release(&body);
}

/* A number of the header, most significant byte first. */
static uint32_t header(const struct buf *png, size_t at)
{
	const uint8_t *d = png->data + at;

	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 |
	       (uint32_t)d[2] << 8 | d[3];
}

static void png_is_as_large_as_asked(void **state)
{
	struct weald_msg msg = { "" };
	struct buf svg;
	struct buf png;

	(void)state;
	draw(&svg, 100, 50);
	buf_init(&png, 1u << 20);
	assert_int_equal(png_of_svg(buf_span(&svg), 2, SECONDS, &png, &msg),
			 WEALD_OK);
	assert_true(png.len > 100);
	assert_memory_equal(png.data, PNG_HEAD, 8);
	assert_int_equal(header(&png, 16), 200);
	assert_int_equal(header(&png, 20), 100);
	buf_release(&png);
	buf_release(&svg);
}

static void png_refuses_what_it_cannot_draw(void **state)
{
	struct weald_msg msg = { "" };
	struct buf svg;
	struct buf png;

	(void)state;
	draw(&svg, 100, 50);
	buf_init(&png, 1u << 20);
	assert_int_equal(png_of_svg(buf_span(&svg), 0.4, SECONDS, &png, &msg),
			 WEALD_INVALID);
	assert_int_equal(png_of_svg(buf_span(&svg), 9, SECONDS, &png, &msg),
			 WEALD_INVALID);
	assert_int_equal(png_of_svg(span_of("no picture"), 1, SECONDS, &png,
				    &msg),
			 WEALD_INVALID);
	assert_int_equal(png_of_svg(span_of(""), 1, SECONDS, &png, &msg),
			 WEALD_INVALID);
	assert_int_equal(png.len, 0);
	buf_release(&svg);
	draw(&svg, 20000, 50);
	assert_int_equal(png_of_svg(buf_span(&svg), 8, SECONDS, &png, &msg),
			 WEALD_INVALID);
	assert_non_null(strstr(msg.text, PNG_PROGRAM " makes no PNG of it: "));
	assert_int_equal(png.len, 0);
	buf_release(&png);
	buf_release(&svg);
}

static void png_is_whole_or_not_at_all(void **state)
{
	struct buf svg;
	struct buf png;

	(void)state;
	draw(&svg, 100, 50);
	buf_init(&png, 64);
	assert_int_equal(png_of_svg(buf_span(&svg), 1, SECONDS, &png, NULL),
			 WEALD_TOOBIG);
	assert_int_equal(png.len, 0);
	buf_release(&png);
	buf_release(&svg);
}

static void png_says_what_is_missing(void **state)
{
	const char *path = getenv("PATH");
	char *before = strdup(path == NULL ? "" : path);
	struct weald_msg msg = { "" };
	struct buf svg;
	struct buf png;

	(void)state;
	assert_non_null(before);
	draw(&svg, 100, 50);
	buf_init(&png, 1u << 20);
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	assert_int_equal(png_of_svg(buf_span(&svg), 1, SECONDS, &png, &msg),
			 WEALD_NOTFOUND);
	assert_non_null(strstr(msg.text, "librsvg2-bin"));
	assert_int_equal(png.len, 0);
	assert_int_equal(setenv("PATH", before, 1), 0);
	free(before);
	buf_release(&png);
	buf_release(&svg);
}

/*
 * What comes of it where the program is this script of a shell: @msg, and
 * nothing in the PNG.
 */
static int made_by(const char *script, unsigned seconds, struct weald_msg *msg)
{
	char folder[] = "/tmp/weald-png-XXXXXX";
	const char *path = getenv("PATH");
	char *before = strdup(path == NULL ? "" : path);
	char program[64];
	struct buf svg;
	struct buf png;
	FILE *f;
	int r;

	assert_non_null(before);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(program, sizeof program, "%s/" PNG_PROGRAM, folder);
	f = fopen(program, "we");
	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/sh\nPATH=%s\n%s\n", before, script) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(program, 0700), 0);
	draw(&svg, 100, 50);
	buf_init(&png, 1u << 20);
	assert_int_equal(setenv("PATH", folder, 1), 0);
	r = png_of_svg(buf_span(&svg), 1, seconds, &png, msg);
	assert_int_equal(setenv("PATH", before, 1), 0);
	assert_true(r == WEALD_OK || png.len == 0);
	assert_int_equal(unlink(program), 0);
	assert_int_equal(rmdir(folder), 0);
	buf_release(&png);
	buf_release(&svg);
	free(before);
	return r;
}

static void png_is_not_waited_for_for_ever(void **state)
{
	const time_t start = time(NULL);
	struct weald_msg msg = { "" };

	(void)state;
	assert_int_equal(made_by("exec sleep 300", 1, &msg), WEALD_INVALID);
	assert_string_equal(msg.text,
			    PNG_PROGRAM " makes no PNG of it: it took more "
					"than 1 second and was stopped");
	assert_true(time(NULL) - start < 60);
}

static void png_is_nothing_else(void **state)
{
	static const char *const scripts[] = {
		"echo this is no picture",
		"exit 0",
		"printf '\\211PNG\\r\\n\\032\\n'",
		"printf '\\211PNG\\r\\n\\032\\nIHDR and so on, cut short'",
		"printf 'x\\0\\0\\0\\0IEND\\256B`\\202'",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct weald_msg msg = { "" };

		assert_int_equal(made_by(scripts[i], SECONDS, &msg),
				 WEALD_INVALID);
		assert_string_equal(msg.text, PNG_PROGRAM
				    " makes no PNG of it: what it printed is "
				    "none, or not a whole one");
	}
}

static void png_says_what_the_program_says(void **state)
{
	struct weald_msg msg = { "" };

	(void)state;
	assert_int_equal(made_by("echo no room >&2; exit 1", SECONDS, &msg),
			 WEALD_INVALID);
	assert_string_equal(msg.text,
			    PNG_PROGRAM " makes no PNG of it: no room");
	assert_int_equal(made_by("kill -9 $$", SECONDS, &msg), WEALD_INVALID);
	assert_string_equal(msg.text,
			    PNG_PROGRAM " makes no PNG of it: it ended and did "
					"not say why");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(png_is_as_large_as_asked),
		cmocka_unit_test(png_refuses_what_it_cannot_draw),
		cmocka_unit_test(png_is_whole_or_not_at_all),
		cmocka_unit_test(png_says_what_is_missing),
		cmocka_unit_test(png_is_not_waited_for_for_ever),
		cmocka_unit_test(png_is_nothing_else),
		cmocka_unit_test(png_says_what_the_program_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
