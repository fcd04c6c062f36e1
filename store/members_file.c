/*
 * The members file: reading and writing.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/address.h"
#include "proto/ed25519.h"
#include "proto/path.h"
#include "proto/text.h"
#include "store/fs.h"
#include "store/home_config.h"
#include "store/members.h"
#include "store/members_private.h"

#define MEMBERS "members"

static const char head[] =
	"# Whom this node follows, blocks, knows and has invited. weald "
	"writes\n"
	"# this file: change it with weald follow, unfollow, block, unblock,\n"
	"# invite, join and peer; or by hand, and then send SIGHUP to weald.\n";

/* 2026-11-22T09:05:41Z */
#define TIME_TEXT_BYTES 21u

static int format_time(uint64_t seconds, char out[TIME_TEXT_BYTES])
{
	struct tm tm;
	time_t t;

	if (seconds > TIME_MAX) {
		return WEALD_TIME;
	}
	t = (time_t)seconds;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, TIME_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		return WEALD_TIME;
	}
	return WEALD_OK;
}

static int parse_time(const char *text, uint64_t *out)
{
	char again[TIME_TEXT_BYTES];
	const char *end;
	struct tm tm;
	time_t t;

	memset(&tm, 0, sizeof tm);
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0') {
		return WEALD_TIME;
	}
	t = timegm(&tm);
	/* strptime() takes other digits and days that there are not */
	if (t < 0 || format_time((uint64_t)t, again) != WEALD_OK ||
	    strcmp(again, text) != 0) {
		return WEALD_TIME;
	}
	*out = (uint64_t)t;
	return WEALD_OK;
}

/*
 * Reading. An entry of the file changes the one member that its section is
 * about, made when its first line is read.
 */

struct loading {
	struct members m;
	struct member_follow *follow; /* what the section is about */
	struct member_block *block;
	struct member_peer *peer;
	struct member_invite *invite;
};

typedef int take_fn(struct loading *l, const struct home_config_entry *e,
		    struct weald_msg *msg);

/* A list in the file is full: @r is WEALD_TOOBIG. */
static int check_room(const struct home_config_entry *e, int r, unsigned max,
		      struct weald_msg *msg)
{
	if (r == WEALD_TOOBIG) {
		msg_set(msg, "%s:%zu: more than %u lines %s", e->path, e->line,
			max, e->name);
		return WEALD_CORRUPT;
	}
	return r;
}

static int take_slug_to(char out[SLUG_BYTES_MAX + 1],
			const struct home_config_entry *e,
			struct weald_msg *msg)
{
	if (!text_is_slug(span_of(e->value))) {
		return home_config_refuse_value(
			e,
			"2 to 40 of a-z, 0-9 and \"-\", a letter or digit at "
			"both ends",
			msg);
	}
	(void)snprintf(out, SLUG_BYTES_MAX + 1, "%s", e->value);
	return WEALD_OK;
}

static int take_time_to(uint64_t *out, const struct home_config_entry *e,
			struct weald_msg *msg)
{
	if (parse_time(e->value, out) != WEALD_OK) {
		return home_config_refuse_value(
			e, "a time such as 2026-11-22T09:05:41Z", msg);
	}
	return WEALD_OK;
}

static int take_id_to(uint8_t out[SHA256_BYTES],
		      const struct home_config_entry *e, struct weald_msg *msg)
{
	if (hex_decode(span_of(e->value), out, SHA256_BYTES) != WEALD_OK) {
		return home_config_refuse_value(e, "64 hex digits", msg);
	}
	return WEALD_OK;
}

static int take_follow_slug(struct loading *l,
			    const struct home_config_entry *e,
			    struct weald_msg *msg)
{
	return take_slug_to(l->follow->slug, e, msg);
}

static int take_follow_by(struct loading *l, const struct home_config_entry *e,
			  struct weald_msg *msg)
{
	if (strcmp(e->value, "hand") == 0) {
		l->follow->by = REGION_BY_HAND;
	} else if (strcmp(e->value, "introduction") == 0) {
		l->follow->by = REGION_BY_INTRODUCTION;
	} else {
		return home_config_refuse_value(e, "hand or introduction", msg);
	}
	return WEALD_OK;
}

static int take_follow_since(struct loading *l,
			     const struct home_config_entry *e,
			     struct weald_msg *msg)
{
	return take_time_to(&l->follow->since, e, msg);
}

static int take_follow_introducer(struct loading *l,
				  const struct home_config_entry *e,
				  struct weald_msg *msg)
{
	uint8_t id[SHA256_BYTES];
	int r = take_id_to(id, e, msg);

	if (r == WEALD_OK) {
		r = check_room(e, members_add_introducer(l->follow, id),
			       MEMBERS_INTRODUCERS_MAX, msg);
	}
	return r;
}

static int take_follow_topic(struct loading *l,
			     const struct home_config_entry *e,
			     struct weald_msg *msg)
{
	struct member_follow *f = l->follow;

	if (!text_is_topic(span_of(e->value))) {
		return home_config_refuse_value(
			e, "a code of a-z, 0-9 and \"-\", such as sepsis", msg);
	}
	return check_room(e,
			  members_add_text(&f->topics, &f->topics_n,
					   MEMBERS_SELECTS_MAX,
					   span_of(e->value)),
			  MEMBERS_SELECTS_MAX, msg);
}

static int take_follow_kind(struct loading *l,
			    const struct home_config_entry *e,
			    struct weald_msg *msg)
{
	struct member_follow *f = l->follow;

	if (!path_is_name(span_of(e->value))) {
		return home_config_refuse_value(
			e, "a word of a-z, 0-9 and \"-\", such as intervention",
			msg);
	}
	return check_room(e,
			  members_add_text(&f->kinds, &f->kinds_n,
					   MEMBERS_SELECTS_MAX,
					   span_of(e->value)),
			  MEMBERS_SELECTS_MAX, msg);
}

static int take_block_slug(struct loading *l, const struct home_config_entry *e,
			   struct weald_msg *msg)
{
	return take_slug_to(l->block->slug, e, msg);
}

static int take_block_since(struct loading *l,
			    const struct home_config_entry *e,
			    struct weald_msg *msg)
{
	return take_time_to(&l->block->since, e, msg);
}

static int take_peer_feed(struct loading *l, const struct home_config_entry *e,
			  struct weald_msg *msg)
{
	l->peer->has_feed = true;
	return take_id_to(l->peer->feed, e, msg);
}

static int take_peer_address(struct loading *l,
			     const struct home_config_entry *e,
			     struct weald_msg *msg)
{
	struct address address;

	if (address_parse(span_of(e->value), &address, NULL) != WEALD_OK) {
		return home_config_refuse_value(
			e, "host:port, an IPv6 address in brackets", msg);
	}
	return check_room(e, members_add_address(l->peer, span_of(e->value)),
			  MEMBERS_ADDRESSES_MAX, msg);
}

static int take_peer_secret(struct loading *l,
			    const struct home_config_entry *e,
			    struct weald_msg *msg)
{
	if (hex_decode(span_of(e->value), l->peer->secret,
		       sizeof l->peer->secret) != WEALD_OK) {
		/* not what stands there: it may be most of a secret */
		msg_set(msg, "%s:%zu: peer.secret is not 32 hex digits",
			e->path, e->line);
		return WEALD_CORRUPT;
	}
	l->peer->has_secret = true;
	return WEALD_OK;
}

static int take_invite_expires(struct loading *l,
			       const struct home_config_entry *e,
			       struct weald_msg *msg)
{
	return take_time_to(&l->invite->expires, e, msg);
}

static int take_invite_used(struct loading *l,
			    const struct home_config_entry *e,
			    struct weald_msg *msg)
{
	l->invite->used = true;
	return take_id_to(l->invite->used_by, e, msg);
}

static int decode_subsection(const struct home_config_entry *e, uint8_t *out,
			     size_t len, struct weald_msg *msg)
{
	const char *text = e->subsection == NULL ? "" : e->subsection;

	if (hex_decode(span_of(text), out, len) != WEALD_OK) {
		msg_set(msg,
			"%s:%zu: in a section [%s \"%.80s\"]; allowed between "
			"the quotes: %zu hex digits",
			e->path, e->line, e->section, text, 2 * len);
		return WEALD_CORRUPT;
	}
	return WEALD_OK;
}

/* A maximum of store/members.h was said in @msg without the line. */
static int say_where(const struct home_config_entry *e, int r,
		     struct weald_msg *msg)
{
	if (r == WEALD_TOOBIG) {
		msg_prefix(msg, "%s:%zu", e->path, e->line);
		return WEALD_CORRUPT;
	}
	return r;
}

static int refuse_both(const struct home_config_entry *e, const char *other,
		       struct weald_msg *msg)
{
	msg_set(msg,
		"%s:%zu: the feed %.80s is followed and %s; remove one of the "
		"two sections",
		e->path, e->line, e->subsection, other);
	return WEALD_CORRUPT;
}

static int enter_follow(struct loading *l, const struct home_config_entry *e,
			struct weald_msg *msg)
{
	uint8_t id[SHA256_BYTES];
	int r = decode_subsection(e, id, sizeof id, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (members_blocked(&l->m, id) != NULL) {
		return refuse_both(e, "blocked", msg);
	}
	if (members_unfollowed(&l->m, id) != NULL) {
		return refuse_both(e, "unfollowed", msg);
	}
	return say_where(e, members_need_follow(&l->m, id, &l->follow, msg),
			 msg);
}

static int enter_block(struct loading *l, const struct home_config_entry *e,
		       struct weald_msg *msg)
{
	uint8_t id[SHA256_BYTES];
	int r = decode_subsection(e, id, sizeof id, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (members_follow(&l->m, id) != NULL) {
		return refuse_both(e, "blocked", msg);
	}
	return say_where(e, members_need_block(&l->m, id, &l->block, msg), msg);
}

static int enter_unfollow(struct loading *l, const struct home_config_entry *e,
			  struct weald_msg *msg)
{
	uint8_t id[SHA256_BYTES];
	int r = decode_subsection(e, id, sizeof id, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (members_follow(&l->m, id) != NULL) {
		return refuse_both(e, "unfollowed", msg);
	}
	return say_where(e, members_need_unfollow(&l->m, id, &l->block, msg),
			 msg);
}

static int enter_peer(struct loading *l, const struct home_config_entry *e,
		      struct weald_msg *msg)
{
	uint8_t key[PUBKEY_BYTES];
	int r = decode_subsection(e, key, sizeof key, msg);

	if (r == WEALD_OK && ed25519_check_key(key, msg) != WEALD_OK) {
		msg_prefix(msg, "%s:%zu", e->path, e->line);
		r = WEALD_CORRUPT;
	}
	if (r != WEALD_OK) {
		return r;
	}
	return say_where(e, members_need_peer(&l->m, key, &l->peer, msg), msg);
}

static int enter_invite(struct loading *l, const struct home_config_entry *e,
			struct weald_msg *msg)
{
	uint8_t id[MEMBERS_INVITE_BYTES];
	int r = decode_subsection(e, id, sizeof id, msg);

	if (r != WEALD_OK) {
		return r;
	}
	return say_where(e, members_need_invite(&l->m, id, &l->invite, msg),
			 msg);
}

/* What may stand in a section; names as libgit2 tells them, in lower case. */
struct section {
	const char *name;
	take_fn *enter;
	const char *allowed;
	struct {
		const char *name;
		take_fn *take;
	} entries[6];
};

static const struct section sections[] = {
	{ "follow",
	  enter_follow,
	  "slug, by, since, introducedBy, topic, kind",
	  { { "slug", take_follow_slug },
	    { "by", take_follow_by },
	    { "since", take_follow_since },
	    { "introducedby", take_follow_introducer },
	    { "topic", take_follow_topic },
	    { "kind", take_follow_kind } } },
	{ "unfollow",
	  enter_unfollow,
	  "slug, since",
	  { { "slug", take_block_slug }, { "since", take_block_since } } },
	{ "block",
	  enter_block,
	  "slug, since",
	  { { "slug", take_block_slug }, { "since", take_block_since } } },
	{ "peer",
	  enter_peer,
	  "feed, address, secret",
	  { { "feed", take_peer_feed },
	    { "address", take_peer_address },
	    { "secret", take_peer_secret } } },
	{ "invite",
	  enter_invite,
	  "expires, usedBy",
	  { { "expires", take_invite_expires },
	    { "usedby", take_invite_used } } },
};

static int take_in_section(struct loading *l, const struct section *section,
			   const struct home_config_entry *e,
			   struct weald_msg *msg)
{
	const size_t n = sizeof section->entries / sizeof section->entries[0];
	size_t i;
	int r;

	for (i = 0; i < n && section->entries[i].name != NULL; i++) {
		if (strcmp(e->name, section->entries[i].name) != 0) {
			continue;
		}
		if (e->value == NULL) {
			return home_config_refuse_value(e, "a value", msg);
		}
		r = section->enter(l, e, msg);
		return r != WEALD_OK ? r : section->entries[i].take(l, e, msg);
	}
	return home_config_refuse_name(e, section->allowed, msg);
}

static int take_entry(void *ctx, const struct home_config_entry *e,
		      struct weald_msg *msg)
{
	size_t i;

	for (i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (strcmp(e->section, sections[i].name) == 0) {
			return take_in_section(ctx, &sections[i], e, msg);
		}
	}
	return home_config_refuse_name(
		e, "the sections follow, unfollow, block, peer and invite",
		msg);
}

/*
 * Sections without lines. libgit2 tells of lines only, so that a block, say, of
 * which nothing but its header is left would be passed over without a word.
 */

/* What is looked at; lines as git reads them. */
struct scan {
	const char *path;
	struct span rest;
	size_t line;        /* the number of the line that is looked at */
	struct span header; /* of the section that has no line yet */
	size_t header_line; /* 0: it has one, or there is none */
	bool continues;     /* the line before ended with "\\" */
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct span *s)
{
	while (s->len > 0 && is_blank(s->data[0])) {
		s->data++;
		s->len--;
	}
}

/* Does the value go on in the next line? */
static bool goes_on(struct span line)
{
	bool odd = false;

	if (line.len > 0 && line.data[line.len - 1] == '\r') {
		line.len--;
	}
	while (line.len > 0 && line.data[line.len - 1] == '\\') {
		odd = !odd;
		line.len--;
	}
	return odd;
}

/* Where the header at the start of @s ends; all of it where it does not. */
static size_t header_bytes(struct span s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (quoted && s.data[i] == '\\') {
			i++;
		} else if (s.data[i] == '"') {
			quoted = !quoted;
		} else if (s.data[i] == ']' && !quoted) {
			return i + 1;
		}
	}
	return s.len;
}

static int refuse_empty(const struct scan *s, struct weald_msg *msg)
{
	if (s->header_line == 0) {
		return WEALD_OK;
	}
	msg_set(msg, "%s:%zu: %.*s has no lines; give it one or remove it",
		s->path, s->header_line,
		(int)(s->header.len < 120 ? s->header.len : 120),
		(const char *)s->header.data);
	return WEALD_CORRUPT;
}

/* One line, or what is left of it behind a header. */
static int scan_line(struct scan *s, struct span line, struct weald_msg *msg)
{
	int r;

	skip_blanks(&line);
	while (line.len > 0 && line.data[0] == '[') {
		r = refuse_empty(s, msg);
		if (r != WEALD_OK) {
			return r;
		}
		s->header = (struct span){ line.data, header_bytes(line) };
		s->header_line = s->line;
		line.data += s->header.len;
		line.len -= s->header.len;
		skip_blanks(&line);
	}
	if (line.len > 0 && line.data[0] != '#' && line.data[0] != ';') {
		s->header_line = 0;
		s->continues = goes_on(line);
	}
	return WEALD_OK;
}

static int refuse_empty_sections(const char *path, struct span text,
				 struct weald_msg *msg)
{
	struct scan s = { .path = path, .rest = text };
	int r = WEALD_OK;

	while (r == WEALD_OK && s.rest.len > 0) {
		const uint8_t *lf = memchr(s.rest.data, '\n', s.rest.len);
		size_t n = lf == NULL ? s.rest.len : (size_t)(lf - s.rest.data);
		struct span line = { s.rest.data, n };

		n += lf != NULL;
		s.rest.data += n;
		s.rest.len -= n;
		s.line++;
		if (s.continues) {
			s.continues = goes_on(line);
		} else {
			r = scan_line(&s, line, msg);
		}
	}
	return r != WEALD_OK ? r : refuse_empty(&s, msg);
}

static int check_sections(const char *path, struct weald_msg *msg)
{
	struct buf text = { .max = 0 };
	int r = fs_read_file(path, HOME_CONFIG_BYTES_MAX, &text, msg);

	if (r == WEALD_OK) {
		r = refuse_empty_sections(path, buf_span(&text), msg);
	}
	if (text.data != NULL) {
		OPENSSL_cleanse(text.data, text.cap); /* secrets of joins */
	}
	buf_release(&text);
	return r;
}

int members_load_file(const char *path, struct members *out,
		      struct weald_msg *msg)
{
	struct loading l = { .follow = NULL };
	int r = home_config_each(path, HOME_CONFIG_BYTES_MAX, take_entry, &l,
				 msg);

	if (r == WEALD_OK) {
		r = check_sections(path, msg);
	}
	if (r != WEALD_OK) {
		members_release(&l.m);
		return r;
	}
	*out = l.m; /* transferred */
	return WEALD_OK;
}

int members_load(const struct home *h, struct members *out,
		 struct weald_msg *msg)
{
	char *path = NULL;
	int r = home_join(h, MEMBERS, &path);

	if (r != WEALD_OK) {
		return r;
	}
	r = members_load_file(path, out, msg);
	free(path);
	if (r == WEALD_NOTFOUND) {
		*out = (struct members){ .follows_n = 0 };
		return WEALD_OK;
	}
	return r;
}

/*
 * Writing.
 */

static int add_section(struct buf *b, const char *section, const void *id,
		       size_t len)
{
	char hex[2 * SHA256_BYTES + 1];

	hex_encode(id, len, hex);
	return buf_addf(b, "[%s \"%s\"]\n", section, hex);
}

static int add_text(struct buf *b, const char *name, const char *text)
{
	return home_config_add(b, name, span_of(text));
}

static int add_texts(struct buf *b, const char *name, char *const *texts,
		     size_t n)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = add_text(b, name, texts[i]);
	}
	return r;
}

static int add_id(struct buf *b, const char *name, const void *id, size_t len)
{
	char hex[2 * SHA256_BYTES + 1];

	hex_encode(id, len, hex);
	return add_text(b, name, hex);
}

static int add_time(struct buf *b, const char *name, uint64_t seconds)
{
	char text[TIME_TEXT_BYTES];
	int r = format_time(seconds, text);

	return r != WEALD_OK ? r : add_text(b, name, text);
}

static int add_slug(struct buf *b, const char *slug)
{
	return slug[0] == '\0' ? WEALD_OK : add_text(b, "slug", slug);
}

static int format_follow(struct buf *b, const struct member_follow *f)
{
	size_t i;
	int r = add_section(b, "follow", f->feed, SHA256_BYTES);

	if (r == WEALD_OK) {
		r = add_slug(b, f->slug);
	}
	if (r == WEALD_OK) {
		r = add_text(b, "by",
			     f->by == REGION_BY_HAND ? "hand" : "introduction");
	}
	if (r == WEALD_OK) {
		r = add_time(b, "since", f->since);
	}
	for (i = 0; r == WEALD_OK && i < f->introducers_n; i++) {
		r = add_id(b, "introducedBy", f->introducers[i], SHA256_BYTES);
	}
	if (r == WEALD_OK) {
		r = add_texts(b, "topic", f->topics, f->topics_n);
	}
	return r != WEALD_OK ? r : add_texts(b, "kind", f->kinds, f->kinds_n);
}

static int format_block(struct buf *b, const char *section,
			const struct member_block *block)
{
	int r = add_section(b, section, block->feed, SHA256_BYTES);

	if (r == WEALD_OK) {
		r = add_slug(b, block->slug);
	}
	return r != WEALD_OK ? r : add_time(b, "since", block->since);
}

static int format_peer(struct buf *b, const struct member_peer *p)
{
	int r = add_section(b, "peer", p->key, PUBKEY_BYTES);

	if (r == WEALD_OK && p->has_feed) {
		r = add_id(b, "feed", p->feed, SHA256_BYTES);
	}
	if (r == WEALD_OK) {
		r = add_texts(b, "address", p->addresses, p->addresses_n);
	}
	if (r == WEALD_OK && p->has_secret) {
		r = add_id(b, "secret", p->secret, sizeof p->secret);
	}
	return r;
}

static int format_invite(struct buf *b, const struct member_invite *i)
{
	int r = add_section(b, "invite", i->id, MEMBERS_INVITE_BYTES);

	if (r == WEALD_OK) {
		r = add_time(b, "expires", i->expires);
	}
	if (r == WEALD_OK && i->used) {
		r = add_id(b, "usedBy", i->used_by, SHA256_BYTES);
	}
	return r;
}

int members_format(const struct members *m, struct buf *out)
{
	const size_t before = out->len;
	size_t i;
	int r = buf_add_text(out, head);

	for (i = 0; r == WEALD_OK && i < m->follows_n; i++) {
		r = format_follow(out, &m->follows[i]);
	}
	for (i = 0; r == WEALD_OK && i < m->unfollows_n; i++) {
		r = format_block(out, "unfollow", &m->unfollows[i]);
	}
	for (i = 0; r == WEALD_OK && i < m->blocks_n; i++) {
		r = format_block(out, "block", &m->blocks[i]);
	}
	for (i = 0; r == WEALD_OK && i < m->peers_n; i++) {
		r = format_peer(out, &m->peers[i]);
	}
	for (i = 0; r == WEALD_OK && i < m->invites_n; i++) {
		r = format_invite(out, &m->invites[i]);
	}
	if (r != WEALD_OK) {
		out->len = before;
	}
	return r;
}

int members_save(const struct home *h, const struct members *m,
		 struct weald_msg *msg)
{
	char *path = NULL;
	struct buf text;
	int r = home_join(h, MEMBERS, &path);

	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&text, HOME_CONFIG_BYTES_MAX);
	r = members_format(m, &text);
	if (r == WEALD_OK) {
		r = fs_write_durable(path, buf_span(&text), 0600, msg);
	}
	if (text.data != NULL) {
		OPENSSL_cleanse(text.data, text.cap); /* secrets of joins */
	}
	buf_release(&text);
	free(path);
	return r;
}
