/*
 * Consolidation: keeps the number of packs of a repository bounded while
 * every batch adds one.
 *
 * Packs fall into tiers by the size of their file, each tier's packs up to
 * CONSOLIDATE_FACTOR times as large as those of the one below. A tier that
 * holds CONSOLIDATE_FACTOR packs is merged, with the smaller tiers, into one
 * pack of a higher tier; so an object is rewritten once per tier, and there
 * are never more than CONSOLIDATE_PACKS_MAX packs below the size at which
 * packs are left alone. Entries are copied as they are, not inflated.
 *
 * Left alone are packs with a .keep, .promisor or .bitmap beside them, packs
 * with deltas (git gc makes them), and packs of large_bytes or more. In a
 * narrow feed all packs are promisor packs, and merged ones are marked, too.
 *
 * A merge is durable before the packs it replaces are removed, index first,
 * so that a crash at any point leaves every object readable; packs that are
 * left over twice are merged again the next time. Whoever has a removed pack
 * open keeps reading it; others find the objects when they look again.
 *
 * Bit rot does not spread: a merge counts only if each entry had the CRC that
 * its index has, and each pack and index its own checksum.
 *
 * The caller holds the lock of the repository: one writer at a time. Blocks
 * on the disk. Memory: about 150 bytes per object merged.
 */
#ifndef WEALD_STORE_FEED_CONSOLIDATE_H
#define WEALD_STORE_FEED_CONSOLIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

#define CONSOLIDATE_FACTOR 8u
/* The smallest tier: packs under this size. */
#define CONSOLIDATE_SMALL_BYTES UINT64_C(1024)
/* Packs of this size or more are left alone, unless the options say other. */
#define CONSOLIDATE_LARGE_BYTES (UINT64_C(1) << 29)
/* 8 tiers from 1 KiB to 512 MiB, at most 7 packs in each. */
#define CONSOLIDATE_PACKS_MAX 56u

struct consolidate_options {
	uint64_t large_bytes; /* 0 stands for CONSOLIDATE_LARGE_BYTES */
	bool promisor;        /* the feed is narrow */
};

struct consolidate_stats {
	size_t packs_before; /* packs with an index, of any kind */
	size_t packs_after;
	size_t packs_left;   /* after: left alone, whatever their number */
	size_t packs_merged; /* removed because a merge holds their objects */
	size_t merges;       /* packs written */
	uint64_t objects;    /* entries copied */
	uint64_t objects_twice; /* dropped because an earlier pack had them */
	uint64_t bytes;         /* bytes of the packs written */
};

/*
 * Merge until no tier is full.
 *
 * @options  NULL for the defaults.
 * @out      what was done; also written on failure, for what was done before
 *           it. May be NULL.
 *
 * On failure the packs of the failing merge are all still there.
 *   WEALD_CORRUPT  a pack or an index is damaged; @msg names it
 *   and the codes of store/fs.h
 */
int consolidate_packs(const char *pack_dir,
		      const struct consolidate_options *options,
		      struct consolidate_stats *out, struct weald_msg *msg);

/*
 * Would consolidate_packs() find a full tier? Reads the folder only, so it
 * also says yes for packs that turn out to hold deltas: a hint for when to
 * call, not a condition of a loop.
 */
int consolidate_needed(const char *pack_dir,
		       const struct consolidate_options *options,
		       bool *out_needed, struct weald_msg *msg);

/*
 * Remove what a crash may have left in @pack_dir: tmp_* files, a .pack without
 * .idx (never announced: the index is renamed last and removed first) unless
 * a .keep or .promisor protects it, and an .idx without .pack. In a narrow feed
 * (@promisor) a .promisor protects nothing, and goes where it has no pack. The
 * caller holds the lock, and nothing else writes there.
 *
 * @out_removed  how many files; may be NULL.
 */
int packs_clean_leftovers(const char *pack_dir, bool promisor,
			  size_t *out_removed, struct weald_msg *msg);

#endif
