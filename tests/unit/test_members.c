#include "store/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "store/fs.h"
#include "store/home_config.h"
#include "tests/unit/scratch.h"

#define F4   "4444444444444444444444444444444444444444444444444444444444444444"
#define F1   "1111111111111111111111111111111111111111111111111111111111111111"
#define F2   "2222222222222222222222222222222222222222222222222222222222222222"
#define F3   "abababababababababababababababababababababababababababababababab"
#define K1   "0101010101010101010101010101010101010101010101010101010101010141"
#define K2   "0202020202020202020202020202020202020202020202020202020202020242"
#define I1   "00112233445566778899aabbccddeeff"
#define WEAK "0100000000000000000000000000000000000000000000000000000000000000"

#define NOW UINT64_C(1795338341) /* 2026-11-22T09:05:41Z */

void *__real_reallocarray(void *old, size_t n, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);

/* How many allocations still succeed; then one fails. */
static size_t left = SIZE_MAX;

static bool fails(void)
{
	if (left == SIZE_MAX) {
		return false;
	}
	if (left > 0) {
		left--;
		return false;
	}
	left = SIZE_MAX;
	return true;
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, n, size);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

/* A home for each test, and members. */
struct room {
	struct scratch scratch;
	struct home *home;
	struct members m;
	struct weald_msg msg;
};

static int room_setup(void **state)
{
	static const uint8_t feed[SHA256_BYTES] = { 9 };
	struct room *room = calloc(1, sizeof *room);
	const char *path;

	assert_non_null(room);
	scratch_make(&room->scratch);
	path = scratch_path(&room->scratch, "home");
	assert_int_equal(home_create(path, &room->home, NULL), WEALD_OK);
	assert_int_equal(home_finish(room->home, "south-west", feed, NULL),
			 WEALD_OK);
	*state = room;
	return 0;
}

static int room_teardown(void **state)
{
	struct room *room = *state;

	fault_disarm();
	left = SIZE_MAX;
	members_release(&room->m);
	home_close(room->home);
	scratch_remove(&room->scratch);
	free(room);
	return 0;
}

static const char *file_of(struct room *room)
{
	return scratch_path(&room->scratch, "home/members");
}

static void put(struct room *room, const char *text)
{
	assert_int_equal(fs_write_durable(file_of(room), span_of(text), 0600,
					  NULL),
			 WEALD_OK);
}

static void load(struct room *room)
{
	members_release(&room->m);
	if (members_load(room->home, &room->m, &room->msg) != WEALD_OK) {
		fail_msg("%s", room->msg.text);
	}
}

/* The text that members_format() writes; the caller frees. */
static char *text_of(const struct members *m)
{
	struct buf b;

	buf_init(&b, HOME_CONFIG_BYTES_MAX);
	assert_int_equal(members_format(m, &b), WEALD_OK);
	assert_int_equal(buf_add_byte(&b, 0), WEALD_OK);
	return (char *)b.data;
}

static void assert_same(const struct members *a, const struct members *b)
{
	char *x = text_of(a);
	char *y = text_of(b);

	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void id_of(const char *hex, uint8_t *out, size_t len)
{
	assert_int_equal(hex_decode(span_of(hex), out, len), WEALD_OK);
}

static struct member_follow follow_of(const char *hex, const char *slug)
{
	struct member_follow f = { .since = NOW };

	id_of(hex, f.feed, sizeof f.feed);
	(void)snprintf(f.slug, sizeof f.slug, "%s", slug);
	return f;
}

static void assert_says(struct room *room, const char *part)
{
	if (strstr(room->msg.text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", room->msg.text, part);
	}
}

/* All that may stand there, in the form in which it is written. */
static const char whole[] =
	"[follow \"" F1 "\"]\n"
	"\tslug = wessex\n\tby = hand\n\tsince = 2026-11-22T09:05:41Z\n"
	"[follow \"" F2 "\"]\n"
	"\tslug = kent\n\tby = introduction\n"
	"\tsince = 2026-11-22T09:05:42Z\n"
	"\tintroducedBy = " F1 "\n\tintroducedBy = " F3 "\n"
	"\ttopic = falls\n\ttopic = sepsis\n\tkind = intervention\n"
	"[unfollow \"" F4 "\"]\n"
	"\tslug = dull\n\tsince = 2026-11-22T09:05:41Z\n"
	"[block \"" F3 "\"]\n"
	"\tslug = spam\n\tsince = 1970-01-01T00:00:00Z\n"
	"[peer \"" K1 "\"]\n"
	"\tfeed = " F1 "\n\taddress = weald.example.org:7411\n"
	"\taddress = [2001:db8::1]:7411\n\tsecret = " I1 "\n"
	"[peer \"" K2 "\"]\n\taddress = a:1\n"
	"[invite \"" I1 "\"]\n"
	"\texpires = 2026-11-29T09:05:41Z\n\tusedBy = " F2 "\n";

static void members_load__takes_no_file_for_an_empty_one(void **state)
{
	struct room *room = *state;

	load(room);
	assert_int_equal(room->m.follows_n, 0);
	assert_string_equal(room->msg.text, "");
	assert_int_equal(members_load_file(file_of(room), &room->m, &room->msg),
			 WEALD_NOTFOUND);
	put(room, "");
	load(room);
	assert_int_equal(room->m.peers_n, 0);
}

static void members_load__reads_what_members_save_writes(void **state)
{
	struct room *room = *state;
	struct buf file;
	struct stat st;
	const char *at;

	put(room, whole);
	load(room);
	assert_int_equal(room->m.follows_n, 2);
	assert_string_equal(room->m.follows[0].slug, "wessex");
	assert_int_equal(room->m.follows[0].by, REGION_BY_HAND);
	assert_true(room->m.follows[0].since == NOW);
	assert_int_equal(room->m.follows[1].by, REGION_BY_INTRODUCTION);
	assert_int_equal(room->m.follows[1].introducers_n, 2);
	assert_string_equal(room->m.follows[1].topics[0], "falls");
	assert_int_equal(room->m.follows[1].kinds_n, 1);
	assert_int_equal(room->m.unfollows_n, 1);
	assert_string_equal(room->m.unfollows[0].slug, "dull");
	assert_int_equal(room->m.blocks_n, 1);
	assert_true(room->m.blocks[0].since == 0);
	assert_int_equal(room->m.peers_n, 2);
	assert_true(room->m.peers[0].has_feed);
	assert_true(room->m.peers[0].has_secret);
	assert_int_equal(room->m.peers[0].secret[1], 0x11);
	assert_string_equal(room->m.peers[0].addresses[1],
			    "[2001:db8::1]:7411");
	assert_true(room->m.invites[0].used);
	assert_int_equal(members_save(room->home, &room->m, &room->msg),
			 WEALD_OK);
	assert_int_equal(stat(file_of(room), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	buf_init(&file, 0);
	assert_int_equal(fs_read_file(file_of(room), 65536, &file, NULL),
			 WEALD_OK);
	assert_int_equal(file.data[0], '#');
	at = memmem(file.data, file.len, "[follow", 7);
	assert_non_null(at);
	assert_int_equal(file.len - (size_t)(at - (char *)file.data),
			 strlen(whole));
	assert_memory_equal(at, whole, strlen(whole));
	buf_release(&file);
	load(room);
	assert_int_equal(room->m.follows_n, 2);
}

static void members_load__takes_a_file_edited_by_hand(void **state)
{
	struct room *room = *state;

	put(room, "; ours\r\n[Follow \"" F3 "\"] slug=kent # near\r\n"
		  "[block \"" F2 "\"]\r\n\tslug = \"spam\"\r\n"
		  "[follow \"" F1 "\"]\r\nTopic = sepsis\r\n"
		  "[follow \"ABABababababababababababababababababababababababa"
		  "bababababababab\"]\r\n"
		  "slug = dorset\r\n\r\nKIND = report\r\nkind = report");
	load(room);
	assert_int_equal(room->m.follows_n, 2);
	assert_string_equal(room->m.follows[0].slug, "");
	assert_int_equal(room->m.follows[0].by, REGION_BY_HAND);
	assert_string_equal(room->m.follows[1].slug, "dorset");
	assert_int_equal(room->m.follows[1].kinds_n, 1);
	assert_string_equal(room->m.blocks[0].slug, "spam");
}

static void members_load__tells_file_line_and_what_is_allowed(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} table[] = {
		{ "[folow \"" F1 "\"]\nby = hand\n",
		  "/home/members:2: \"folow." F1
		  ".by\" is not known; allowed: the sections follow, "
		  "unfollow, block, peer and invite" },
		{ "[unfollow \"" F1 "\"]\nslug = aa\n[follow \"" F1
		  "\"]\nslug = aa\n",
		  "/home/members:4: the feed " F1
		  " is followed and unfollowed; remove one" },
		{ "[follow \"" F1 "\"]\nslug = aa\n[unfollow \"" F1
		  "\"]\nslug = aa\n",
		  "/home/members:4: the feed " F1
		  " is followed and unfollowed" },
		{ "[unfollow \"" F1 "\"]\nby = hand\n",
		  "is not known; allowed: slug, since" },
		{ "x = 1\n", "/home/members:1: \"x\" is not known" },
		{ "[follow \"" F1 "\"]\nby = hand\n\nname = x\n",
		  "/home/members:4: \"follow." F1
		  ".name\" is not known; allowed: slug, by, since, "
		  "introducedBy, topic, kind" },
		{ "[follow]\nby = hand\n",
		  "/home/members:2: in a section [follow \"\"]; allowed "
		  "between the quotes: 64 hex digits" },
		{ "[peer \"12\"]\naddress = a:1\n",
		  "/home/members:2: in a section [peer \"12\"]" },
		{ "[invite \"" F1 "\"]\nexpires = 2026-11-22T09:05:41Z\n",
		  "allowed between the quotes: 32 hex digits" },
		{ "[follow \"" F1 "\"]\nby\n",
		  "/home/members:2: follow.by has no value" },
		{ "[follow \"" F1 "\"]\nby = foot\n",
		  "/home/members:2: follow.by is \"foot\"; allowed: hand or "
		  "introduction" },
		{ "[follow \"" F1 "\"]\nslug = A\n",
		  "/home/members:2: follow.slug is \"A\"; allowed: 2 to 40 "
		  "of" },
		{ "[follow \"" F1 "\"]\nsince = 2026-02-30T00:00:00Z\n",
		  "/home/members:2: follow.since is \"2026-02-30T00:00:00Z\"; "
		  "allowed: a time such as 2026-11-22T09:05:41Z" },
		{ "[follow \"" F1 "\"]\nsince = 1969-12-31T23:59:59Z\n",
		  "follow.since" },
		{ "[follow \"" F1 "\"]\nsince = 12026-01-01T00:00:00Z\n",
		  "follow.since" },
		{ "[follow \"" F1 "\"]\nsince = yesterday\n", "follow.since" },
		{ "[follow \"" F1 "\"]\nintroducedBy = x\n",
		  "/home/members:2: follow.introducedby is \"x\"; allowed: 64 "
		  "hex digits" },
		{ "[follow \"" F1 "\"]\ntopic = a b\n",
		  "follow.topic is \"a b\"; allowed: a code" },
		{ "[follow \"" F1 "\"]\nkind = a/b\n",
		  "follow.kind is \"a/b\"; allowed: a word" },
		{ "[peer \"" K1 "\"]\naddress = a\n",
		  "peer.address is \"a\"; allowed: host:port" },
		{ "[peer \"" K1 "\"]\naddress = a:1\n\tfeed = x\n",
		  "/home/members:3: peer.feed is \"x\"" },
		{ "[peer \"" K1 "\"]\nsecret = 1234\n",
		  "/home/members:2: peer.secret is not 32 hex digits" },
		{ "[peer \"" WEAK "\"]\naddress = a:1\n", "/home/members:2: " },
		{ "[invite \"" I1 "\"]\nexpires = soon\n",
		  "invite.expires is \"soon\"" },
		{ "[invite \"" I1 "\"]\nusedBy = me\n",
		  "invite.usedby is \"me\"" },
		{ "[block \"" F1 "\"]\nsince = soon\n", "block.since" },
		{ "[block \"" F1 "\"]\nslug = -\n", "block.slug" },
		{ "[block \"" F1 "\"]\nslug = aa\n[follow \"" F1
		  "\"]\nslug = aa\n",
		  "/home/members:4: the feed " F1
		  " is followed and blocked; remove one of the two sections" },
		{ "[follow \"" F1 "\"]\nslug = aa\n[block \"" F1
		  "\"]\nslug = aa\n",
		  "/home/members:4: the feed " F1 " is followed and blocked" },
		{ "[follow \"" F1 "\"\nslug = aa\n", "/home/members:1: " },
		{ "[include]\npath = other\n",
		  "/home/members:1: include is not allowed" },
	};
	struct room *room = *state;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		put(room, table[i].text);
		assert_int_equal(members_load(room->home, &room->m, &room->msg),
				 WEALD_CORRUPT);
		assert_says(room, table[i].part);
		assert_null(strchr(room->msg.text, '\n'));
		assert_int_equal(room->m.follows_n, 0);
	}
}

static void members_load__refuses_a_section_without_lines(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} table[] = {
		{ "[follow \"zz\"]\n",
		  "/home/members:1: [follow \"zz\"] has no lines" },
		{ "# a\n[block \"" F1 "\"]\n\tslug = aa\n\n[block \"" F2
		  "\"]\n; slug = bb\n",
		  "/home/members:5: [block \"" F2 "\"] has no lines" },
		{ "[peer \"" K1 "\"] # nothing\n[peer \"" K2
		  "\"]\naddress = a:1\n",
		  "/home/members:1: [peer \"" K1 "\"] has no lines" },
		{ "[block \"" F1 "\"][block \"" F2 "\"]slug = aa\n",
		  "/home/members:1: [block \"" F1 "\"] has no lines" },
		{ "[folow \"a ] \\\" b\"]\r\n",
		  "/home/members:1: [folow \"a ] \\\" b\"] has no lines" },
	};
	struct room *room = *state;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		put(room, table[i].text);
		assert_int_equal(members_load(room->home, &room->m, &room->msg),
				 WEALD_CORRUPT);
		assert_says(room, table[i].part);
		assert_int_equal(room->m.blocks_n, 0);
	}
	/* what goes on from the line before is no header */
	put(room, "[block \"" F1 "\"]\nslug = a\\\n[b\\\n]\n");
	assert_int_equal(members_load(room->home, &room->m, &room->msg),
			 WEALD_CORRUPT);
	assert_says(room, "/home/members:2: block.slug is");
	put(room, "[block \"" F1 "\"] slug = aa ; [x]\n");
	load(room);
	assert_int_equal(room->m.blocks_n, 1);
}

/* Nothing that may be set is written as a section without lines. */
static void members_save__writes_what_members_load_takes(void **state)
{
	const struct member_block b = { .feed = { 1 } };
	const struct member_block u = { .feed = { 2 } };
	const struct member_follow f = { .feed = { 3 } };
	const struct member_invite i = { .id = { 4 } };
	struct member_peer p = { .has_secret = true };
	struct room *room = *state;

	id_of(K1, p.key, sizeof p.key);
	assert_int_equal(members_set_block(&room->m, &b, NULL), WEALD_OK);
	assert_int_equal(members_set_unfollowed(&room->m, &u, NULL), WEALD_OK);
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
	assert_int_equal(members_set_invite(&room->m, &i, NULL), WEALD_OK);
	assert_int_equal(members_set_peer(&room->m, &p, NULL), WEALD_OK);
	assert_int_equal(members_save(room->home, &room->m, NULL), WEALD_OK);
	load(room);
	assert_int_equal(room->m.blocks_n, 1);
	assert_int_equal(room->m.unfollows_n, 1);
	assert_int_equal(room->m.follows_n, 1);
	assert_int_equal(room->m.invites_n, 1);
	assert_int_equal(room->m.peers_n, 1);
	assert_false(room->m.peers[0].has_feed);
	assert_int_equal(room->m.peers[0].addresses_n, 0);
	assert_true(room->m.peers[0].has_secret);
	/* a peer of whom nothing is known is none */
	p.has_secret = false;
	assert_int_equal(members_set_peer(&room->m, &p, NULL), WEALD_INVALID);
}

/* @n sections, each with one line; the caller frees. */
static char *sections_of(unsigned n, const char *section, const char *tail,
			 const char *line)
{
	char *text = malloc((size_t)n * 256 + 1);
	size_t at = 0;
	unsigned i;

	assert_non_null(text);
	for (i = 0; i < n; i++) {
		at += (size_t)snprintf(text + at, 256, "[%s \"%08x%s\"]\n%s\n",
				       section, i, tail, line);
	}
	return text;
}

static void assert_bounded(struct room *room, unsigned max, const char *section,
			   const char *tail, const char *line)
{
	char *text = sections_of(max, section, tail, line);
	char part[64];

	put(room, text);
	free(text);
	load(room);
	text = sections_of(max + 1, section, tail, line);
	put(room, text);
	free(text);
	assert_int_equal(members_load(room->home, &room->m, &room->msg),
			 WEALD_CORRUPT);
	(void)snprintf(part, sizeof part, "/home/members:%u: there are %u ",
		       2 * (max + 1), max);
	assert_says(room, part);
}

static void members_load__keeps_to_its_bounds(void **state)
{
	struct room *room = *state;
	struct buf b;
	unsigned i;

	assert_bounded(room, MEMBERS_FOLLOWS_MAX, "follow", &F1[8],
		       "by = hand");
	assert_bounded(room, MEMBERS_UNFOLLOWS_MAX, "unfollow", &F1[8],
		       "slug = aa");
	assert_bounded(room, MEMBERS_BLOCKS_MAX, "block", &F1[8], "slug = aa");
	assert_bounded(room, MEMBERS_PEERS_MAX, "peer", &K1[8],
		       "address = a:1");
	assert_bounded(room, MEMBERS_INVITES_MAX, "invite", &I1[8],
		       "expires = 2026-11-22T09:05:41Z");
	buf_init(&b, 65536);
	assert_int_equal(buf_add_text(&b, "[follow \"" F1 "\"]\n"), WEALD_OK);
	for (i = 0; i <= MEMBERS_SELECTS_MAX; i++) {
		assert_int_equal(buf_addf(&b, "kind = k%u\n", i), WEALD_OK);
	}
	assert_int_equal(buf_add_byte(&b, 0), WEALD_OK);
	put(room, (const char *)b.data);
	buf_release(&b);
	assert_int_equal(members_load(room->home, &room->m, &room->msg),
			 WEALD_CORRUPT);
	assert_says(room, "/home/members:66: more than 64 lines kind");
}

/* Everything at its maximum, with the longest texts. */
static void fill(struct members *m)
{
	static char names[MEMBERS_SELECTS_MAX][NAME_BYTES_MAX + 1];
	char *list[MEMBERS_SELECTS_MAX];
	struct member_follow f = { .by = REGION_BY_INTRODUCTION,
				   .since = TIME_MAX,
				   .topics = list,
				   .topics_n = MEMBERS_SELECTS_MAX,
				   .introducers_n = MEMBERS_INTRODUCERS_MAX };
	uint8_t introducers[MEMBERS_INTRODUCERS_MAX][SHA256_BYTES];
	unsigned i;

	f.introducers = introducers;
	memset(f.slug, 'a', SLUG_BYTES_MAX);
	for (i = 0; i < MEMBERS_SELECTS_MAX; i++) {
		(void)snprintf(names[i], sizeof names[i], "%0*u",
			       (int)TOPIC_BYTES_MAX, i);
		list[i] = names[i];
		memset(introducers[i], (int)i, SHA256_BYTES);
	}
	for (i = 0; i < MEMBERS_FOLLOWS_MAX; i++) {
		f.feed[0] = (uint8_t)(i >> 8);
		f.feed[1] = (uint8_t)i;
		f.kinds = list;
		f.kinds_n = MEMBERS_SELECTS_MAX;
		assert_int_equal(members_set_follow(m, &f, NULL), WEALD_OK);
	}
	f.feed[2] = 1;
	assert_int_equal(members_set_follow(m, &f, NULL), WEALD_TOOBIG);
}

static void members_save__has_room_for_every_maximum(void **state)
{
	struct room *room = *state;
	struct members again = { .follows_n = 0 };

	fill(&room->m);
	assert_int_equal(members_save(room->home, &room->m, &room->msg),
			 WEALD_OK);
	assert_int_equal(members_load(room->home, &again, &room->msg),
			 WEALD_OK);
	assert_same(&room->m, &again);
	members_release(&again);
}

static void members_save__leaves_the_file_on_failure(void **state)
{
	struct room *room = *state;
	struct member_follow f = follow_of(F1, "wessex");
	struct members before = { .follows_n = 0 };

	put(room, whole);
	load(room);
	assert_int_equal(members_copy(&room->m, &before), WEALD_OK);
	assert_int_equal(members_remove_follow(&room->m, f.feed), WEALD_OK);
	fault_arm(FAULT_WRITE, 1, 1, ENOSPC);
	assert_int_equal(members_save(room->home, &room->m, &room->msg),
			 WEALD_NOSPACE);
	fault_arm(FAULT_FSYNC, 1, 1, EIO);
	assert_int_equal(members_save(room->home, &room->m, &room->msg),
			 WEALD_IO);
	fault_disarm();
	load(room);
	assert_same(&room->m, &before);
	members_release(&before);
}

static void members_copy__is_of_its_own(void **state)
{
	struct room *room = *state;
	struct members copy = { .follows_n = 0 };
	uint8_t id[SHA256_BYTES];

	put(room, whole);
	load(room);
	assert_int_equal(members_copy(&room->m, &copy), WEALD_OK);
	assert_same(&copy, &room->m);
	id_of(F2, id, sizeof id);
	assert_int_equal(members_remove_follow(&copy, id), WEALD_OK);
	id_of(K1, id, sizeof id);
	assert_int_equal(members_remove_peer(&copy, id), WEALD_OK);
	assert_int_equal(copy.follows_n, 1);
	assert_int_equal(copy.peers_n, 1);
	assert_int_equal(room->m.follows_n, 2);
	assert_int_equal(room->m.peers_n, 2);
	members_release(&copy);
}

static void members_set_follow__replaces_and_sorts(void **state)
{
	char *topics[] = { (char[]){ "sepsis" }, (char[]){ "falls" },
			   (char[]){ "sepsis" } };
	struct room *room = *state;
	struct member_follow f = follow_of(F2, "kent");
	struct member_follow g = follow_of(F1, "wessex");

	f.topics = topics;
	f.topics_n = 3;
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
	assert_int_equal(members_set_follow(&room->m, &g, NULL), WEALD_OK);
	assert_string_equal(room->m.follows[0].slug, "wessex");
	assert_int_equal(room->m.follows[1].topics_n, 2);
	assert_string_equal(room->m.follows[1].topics[0], "falls");
	assert_non_null(members_follow(&room->m, f.feed));
	/* what is replaced may be given */
	assert_int_equal(members_set_follow(&room->m, &room->m.follows[1],
					    NULL),
			 WEALD_OK);
	f.topics_n = 0;
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
	assert_int_equal(room->m.follows_n, 2);
	assert_int_equal(room->m.follows[1].topics_n, 0);
	assert_int_equal(members_remove_follow(&room->m, f.feed), WEALD_OK);
	assert_int_equal(members_remove_follow(&room->m, f.feed),
			 WEALD_NOTFOUND);
	assert_null(members_follow(&room->m, f.feed));
}

static void members_set_follow__refuses_what_is_none(void **state)
{
	char *bad[] = { (char[]){ "Sepsis" } };
	struct room *room = *state;
	struct member_follow f = follow_of(F1, "Wessex");

	assert_int_equal(members_set_follow(&room->m, &f, &room->msg),
			 WEALD_INVALID);
	assert_says(room, "\"Wessex\" is no slug");
	f = follow_of(F1, "");
	f.topics = bad;
	f.topics_n = 1;
	assert_int_equal(members_set_follow(&room->m, &f, &room->msg),
			 WEALD_INVALID);
	assert_says(room, "topic \"Sepsis\" must be a code of");
	f.kinds = bad;
	f.kinds_n = 1;
	f.topics_n = 0;
	assert_int_equal(members_set_follow(&room->m, &f, &room->msg),
			 WEALD_INVALID);
	assert_says(room, "kind \"Sepsis\" must be a word of");
	f.kinds_n = MEMBERS_SELECTS_MAX + 1;
	assert_int_equal(members_set_follow(&room->m, &f, &room->msg),
			 WEALD_TOOBIG);
	assert_int_equal(room->m.follows_n, 0);
}

static void members_set_block__ends_and_forbids_following(void **state)
{
	struct room *room = *state;
	struct member_follow f = follow_of(F1, "wessex");
	struct member_block b = { .slug = "wessex", .since = NOW };

	memcpy(b.feed, f.feed, sizeof b.feed);
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
	assert_int_equal(members_set_block(&room->m, &b, NULL), WEALD_OK);
	assert_null(members_follow(&room->m, f.feed));
	assert_non_null(members_blocked(&room->m, f.feed));
	assert_int_equal(members_set_follow(&room->m, &f, &room->msg),
			 WEALD_DENIED);
	assert_says(room, "unblock it first");
	assert_int_equal(members_remove_block(&room->m, f.feed), WEALD_OK);
	assert_int_equal(members_remove_block(&room->m, f.feed),
			 WEALD_NOTFOUND);
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
}

static void members_set_unfollowed__lasts_until_it_is_followed(void **state)
{
	struct room *room = *state;
	struct member_follow f = follow_of(F1, "wessex");
	struct member_block b = { .slug = "wessex", .since = NOW };
	unsigned i;

	memcpy(b.feed, f.feed, sizeof b.feed);
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
	assert_int_equal(members_set_unfollowed(&room->m, &b, NULL), WEALD_OK);
	assert_null(members_follow(&room->m, f.feed));
	assert_non_null(members_unfollowed(&room->m, f.feed));
	assert_int_equal(members_set_follow(&room->m, &f, NULL), WEALD_OK);
	assert_null(members_unfollowed(&room->m, f.feed));
	/* the oldest is forgotten */
	for (i = 0; i <= MEMBERS_UNFOLLOWS_MAX; i++) {
		b.since = i == 700 ? 1 : NOW;
		b.feed[0] = (uint8_t)(i >> 8);
		b.feed[1] = (uint8_t)i;
		assert_int_equal(members_set_unfollowed(&room->m, &b, NULL),
				 WEALD_OK);
	}
	assert_int_equal(room->m.unfollows_n, MEMBERS_UNFOLLOWS_MAX);
	assert_non_null(members_unfollowed(&room->m, b.feed));
	b.feed[0] = 700 >> 8;
	b.feed[1] = 700 & 0xff;
	assert_null(members_unfollowed(&room->m, b.feed));
}

static void members_set_peer__checks_key_and_addresses(void **state)
{
	char *addresses[] = { (char[]){ "b:2" }, (char[]){ "a:1" } };
	char *bad[] = { (char[]){ "a" } };
	struct room *room = *state;
	struct member_peer p = { .has_feed = false };

	id_of(WEAK, p.key, sizeof p.key);
	p.addresses = addresses;
	p.addresses_n = 2;
	assert_int_equal(members_set_peer(&room->m, &p, &room->msg),
			 WEALD_INVALID);
	id_of(K1, p.key, sizeof p.key);
	assert_int_equal(members_set_peer(&room->m, &p, NULL), WEALD_OK);
	/* tried in the order given */
	assert_string_equal(members_peer(&room->m, p.key)->addresses[0], "b:2");
	p.addresses = bad;
	p.addresses_n = 1;
	assert_int_equal(members_set_peer(&room->m, &p, &room->msg),
			 WEALD_INVALID);
	p.addresses_n = MEMBERS_ADDRESSES_MAX + 1;
	assert_int_equal(members_set_peer(&room->m, &p, &room->msg),
			 WEALD_TOOBIG);
	p.addresses_n = 0;
	assert_int_equal(members_set_peer(&room->m, &p, &room->msg),
			 WEALD_INVALID);
	assert_says(room, "a peer needs an address");
	assert_int_equal(room->m.peers[0].addresses_n, 2);
}

static void members_forget_secret__keeps_the_peer(void **state)
{
	struct room *room = *state;
	struct member_peer p = { .has_secret = true, .has_feed = true };

	id_of(K1, p.key, sizeof p.key);
	memset(p.secret, 7, sizeof p.secret);
	assert_int_equal(members_forget_secret(&room->m, p.key),
			 WEALD_NOTFOUND);
	assert_int_equal(members_set_peer(&room->m, &p, NULL), WEALD_OK);
	assert_int_equal(members_forget_secret(&room->m, p.key), WEALD_OK);
	assert_false(members_peer(&room->m, p.key)->has_secret);
	assert_int_equal(members_peer(&room->m, p.key)->secret[0], 0);
	/* of this one nothing would be left */
	p.has_feed = false;
	assert_int_equal(members_set_peer(&room->m, &p, NULL), WEALD_OK);
	assert_int_equal(members_forget_secret(&room->m, p.key), WEALD_OK);
	assert_null(members_peer(&room->m, p.key));
}

/* @change fails at each of its allocations, and @m is as it was. */
typedef int change_fn(struct members *m);

static int change_follow(struct members *m)
{
	char *texts[] = { (char[]){ "b" }, (char[]){ "a" } };
	uint8_t introducers[2][SHA256_BYTES] = { { 1 }, { 2 } };
	struct member_follow f = follow_of(F1, "other");

	f.feed[0] = 3;
	f.topics = texts;
	f.topics_n = 2;
	f.kinds = texts;
	f.kinds_n = 2;
	f.introducers = introducers;
	f.introducers_n = 2;
	return members_set_follow(m, &f, NULL);
}

static int change_peer(struct members *m)
{
	char *addresses[] = { (char[]){ "a:1" }, (char[]){ "b:1" } };
	struct member_peer p = { .addresses = addresses, .addresses_n = 2 };

	memset(p.key, 5, sizeof p.key);
	return members_set_peer(m, &p, NULL);
}

static int change_block(struct members *m)
{
	const struct member_block b = { .since = NOW };

	return members_set_block(m, &b, NULL);
}

static int change_unfollow(struct members *m)
{
	const struct member_block b = { .since = NOW };

	return members_set_unfollowed(m, &b, NULL);
}

static int change_invite(struct members *m)
{
	const struct member_invite i = { .expires = NOW };

	return members_set_invite(m, &i, NULL);
}

static int change_nothing(struct members *m)
{
	struct members copy;
	int r = members_copy(m, &copy);

	if (r == WEALD_OK) {
		members_release(&copy);
	}
	return r;
}

static void changing__fails_whole_where_memory_ends(void **state)
{
	static change_fn *const changes[] = { change_follow, change_peer,
					      change_block,  change_unfollow,
					      change_invite, change_nothing };
	struct room *room = *state;
	struct members before = { .follows_n = 0 };
	size_t at;
	size_t i;
	int r;

	put(room, whole);
	load(room);
	assert_int_equal(members_copy(&room->m, &before), WEALD_OK);
	for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		for (at = 0;; at++) {
			left = at;
			r = changes[i](&room->m);
			if (r == WEALD_OK) {
				break;
			}
			assert_int_equal(r, WEALD_NOMEM);
			assert_same(&room->m, &before);
		}
		assert_true(at > 0);
		left = SIZE_MAX;
		load(room);
	}
	members_release(&before);
}

static void members_use_invite__is_for_one_region_until_it_expires(void **state)
{
	static const uint8_t secret[FRAME_SECRET_BYTES] = { 1, 2, 3 };
	static const uint8_t other[FRAME_SECRET_BYTES] = { 3, 2, 1 };
	struct room *room = *state;
	struct member_invite i = { .expires = NOW + 10 };
	uint8_t first[SHA256_BYTES] = { 1 };
	uint8_t second[SHA256_BYTES] = { 2 };

	assert_int_equal(members_invite_id(secret, i.id), WEALD_OK);
	assert_memory_not_equal(i.id, secret, sizeof i.id);
	assert_int_equal(members_set_invite(&room->m, &i, NULL), WEALD_OK);
	assert_int_equal(members_use_invite(&room->m, other, first, NOW,
					    &room->msg),
			 WEALD_NOTFOUND);
	assert_int_equal(members_use_invite(&room->m, secret, first, NOW + 10,
					    &room->msg),
			 WEALD_EXPIRED);
	assert_false(room->m.invites[0].used);
	assert_int_equal(members_use_invite(&room->m, secret, first, NOW + 9,
					    &room->msg),
			 WEALD_OK);
	assert_true(room->m.invites[0].used);
	/* the first answer may have been lost */
	assert_int_equal(members_use_invite(&room->m, secret, first, NOW,
					    &room->msg),
			 WEALD_OK);
	assert_int_equal(members_use_invite(&room->m, secret, second, NOW,
					    &room->msg),
			 WEALD_EXISTS);
	assert_memory_equal(room->m.invites[0].used_by, first, sizeof first);
	assert_int_equal(members_use_invite(&room->m, secret, first, NOW + 10,
					    &room->msg),
			 WEALD_EXPIRED);
}

static void members_prune_invites__forgets_after_thirty_days(void **state)
{
	const uint64_t month = UINT64_C(30) * 86400;
	struct room *room = *state;
	struct member_invite i = { .expires = NOW };

	assert_int_equal(members_set_invite(&room->m, &i, NULL), WEALD_OK);
	i.id[0] = 1;
	i.expires = NOW + 1;
	assert_int_equal(members_set_invite(&room->m, &i, NULL), WEALD_OK);
	members_prune_invites(&room->m, 5);
	members_prune_invites(&room->m, NOW + month);
	assert_int_equal(room->m.invites_n, 2);
	members_prune_invites(&room->m, NOW + month + 1);
	assert_int_equal(room->m.invites_n, 1);
	assert_int_equal(room->m.invites[0].id[0], 1);
	members_prune_invites(&room->m, UINT64_MAX);
	assert_int_equal(room->m.invites_n, 0);
}

static void member_wants__takes_every_withdrawal(void **state)
{
	char *topics[] = { (char[]){ "sepsis" } };
	char *kinds[] = { (char[]){ "measure" } };
	const struct span falls = span_of("falls");
	struct member_follow f = { .topics = topics, .topics_n = 1 };

	(void)state;
	assert_true(member_wants(&f, &falls, 1, span_of("withdrawal")));
	assert_true(member_wants(&f, NULL, 0, span_of("withdrawal")));
	assert_false(member_wants(&f, &falls, 1, span_of("lesson")));
	f = (struct member_follow){ .kinds = kinds, .kinds_n = 1 };
	assert_true(member_wants(&f, &falls, 1, span_of("withdrawal")));
	assert_false(member_wants(&f, &falls, 1, span_of("withdrawals")));
}

static void member_wants__takes_a_topic_or_a_kind(void **state)
{
	char *topics[] = { (char[]){ "sepsis" } };
	char *kinds[] = { (char[]){ "report" } };
	const struct span sepsis = span_of("sepsis");
	const struct span falls = span_of("falls");
	const struct span report = span_of("report");
	const struct span none = span_of("");
	struct member_follow f = { .since = 0 };

	(void)state;
	assert_true(member_wants(&f, &falls, 1, report));
	assert_true(member_wants(&f, NULL, 0, none));
	f.topics = topics;
	f.topics_n = 1;
	assert_true(member_wants(&f, &sepsis, 1, none));
	assert_false(member_wants(&f, &falls, 1, report));
	assert_false(member_wants(&f, NULL, 0, none));
	f.kinds = kinds;
	f.kinds_n = 1;
	assert_true(member_wants(&f, &falls, 1, report));
	f.topics_n = 0;
	assert_false(member_wants(&f, &sepsis, 1, none));
}

static int group_setup(void **state)
{
	(void)state;
	return feed_library_init(NULL) == WEALD_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	feed_library_shutdown();
	return 0;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(members_load__takes_no_file_for_an_empty_one),
		TEST(members_load__reads_what_members_save_writes),
		TEST(members_load__takes_a_file_edited_by_hand),
		TEST(members_load__tells_file_line_and_what_is_allowed),
		TEST(members_load__refuses_a_section_without_lines),
		TEST(members_save__writes_what_members_load_takes),
		TEST(members_load__keeps_to_its_bounds),
		TEST(members_save__has_room_for_every_maximum),
		TEST(members_save__leaves_the_file_on_failure),
		TEST(members_copy__is_of_its_own),
		TEST(members_set_follow__replaces_and_sorts),
		TEST(members_set_follow__refuses_what_is_none),
		TEST(members_set_block__ends_and_forbids_following),
		TEST(members_set_unfollowed__lasts_until_it_is_followed),
		TEST(members_set_peer__checks_key_and_addresses),
		TEST(members_forget_secret__keeps_the_peer),
		TEST(changing__fails_whole_where_memory_ends),
		TEST(members_use_invite__is_for_one_region_until_it_expires),
		TEST(members_prune_invites__forgets_after_thirty_days),
		cmocka_unit_test(member_wants__takes_a_topic_or_a_kind),
		cmocka_unit_test(member_wants__takes_every_withdrawal),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
