/*
 * PNG of an SVG that we wrote, by librsvg, in a process of its own.
 *
 * librsvg's own program, rsvg-convert, does it: the library comes with some
 * forty others, 30 MB of memory and threads, of which nothing enters ours. The
 * only thing in daemon/picture that is not pure. Where it is not installed
 * there is no PNG.
 *
 * The program is given the bytes of @svg and no file: they refer to nothing.
 * Pixels differ with the fonts of the machine; the SVG is what is the same
 * everywhere.
 */
#ifndef WEALD_DAEMON_PICTURE_PNG_H
#define WEALD_DAEMON_PICTURE_PNG_H

#include "proto/bytes.h"
#include "proto/err.h"

#define PNG_PROGRAM "rsvg-convert"

/*
 * @scale: pixels of the PNG a pixel of the SVG, 0.5 to 8. @out is a whole PNG
 * file, and empty where it fails. Blocks, for a second or so, and never for
 * more than @seconds: then the program is killed, as it is where this process
 * ends. Forks: not for a process with threads.
 *
 *   WEALD_NOTFOUND  the program is not installed
 *   WEALD_INVALID   the program refuses, takes longer, or prints something
 *                   else: @msg says which
 *   WEALD_TOOBIG    the PNG is larger than @out's maximum
 *   WEALD_NOMEM, WEALD_IO
 */
int png_of_svg(struct span svg, double scale, unsigned seconds, struct buf *out,
	       struct weald_msg *msg);

#endif
