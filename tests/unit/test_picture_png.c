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

#include <cmocka.h>

#include "daemon/picture/png.h"
#include "daemon/picture/svg.h"

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
	assert_int_equal(png_of_svg(buf_span(&svg), 2, &png, &msg), WEALD_OK);
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
	assert_int_equal(png_of_svg(buf_span(&svg), 0.4, &png, &msg),
			 WEALD_INVALID);
	assert_int_equal(png_of_svg(buf_span(&svg), 9, &png, &msg),
			 WEALD_INVALID);
	assert_int_equal(png_of_svg(span_of("no picture"), 1, &png, &msg),
			 WEALD_INVALID);
	assert_int_equal(png_of_svg(span_of(""), 1, &png, &msg), WEALD_INVALID);
	assert_int_equal(png.len, 0);
	buf_release(&svg);
	draw(&svg, 20000, 50);
	assert_int_equal(png_of_svg(buf_span(&svg), 8, &png, &msg),
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
	assert_int_equal(png_of_svg(buf_span(&svg), 1, &png, NULL),
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
	assert_int_equal(png_of_svg(buf_span(&svg), 1, &png, &msg),
			 WEALD_NOTFOUND);
	assert_non_null(strstr(msg.text, "librsvg2-bin"));
	assert_int_equal(png.len, 0);
	assert_int_equal(setenv("PATH", before, 1), 0);
	free(before);
	buf_release(&png);
	buf_release(&svg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(png_is_as_large_as_asked),
		cmocka_unit_test(png_refuses_what_it_cannot_draw),
		cmocka_unit_test(png_is_whole_or_not_at_all),
		cmocka_unit_test(png_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
