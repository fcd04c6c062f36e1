#include "store/record/region.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/address.h"
#include "proto/ed25519.h"
#include "proto/text.h"
#include "store/record/ryaml.h"

static_assert(REGION_ADDRESS_BYTES_MAX == ADDRESS_BYTES_MAX,
	      "every address fits");

/* What is being filled in, and from where. */
struct reading {
	struct ryaml *y;
	const char *name;
	struct region region;
	struct weald_msg *msg;
};

static void release_node(struct region_node *node)
{
	size_t i;

	for (i = 0; i < node->addresses_n; i++) {
		free(node->addresses[i]);
	}
	*node = (struct region_node){ .addresses_n = 0 };
}

void region_release(struct region *r)
{
	size_t i;

	for (i = 0; i < r->nodes_n; i++) {
		release_node(&r->nodes[i]);
	}
	free(r->nodes);
	free(r->follows);
	*r = (struct region){ .nodes_n = 0 };
}

static int shown(struct span s)
{
	return (int)(s.len > 80 ? 80 : s.len);
}

/* @field is what stands in @ev; @allowed is what may. */
static int refuse(const struct reading *rd, const struct ryaml_event *ev,
		  const char *field, const char *allowed)
{
	if (ev->type == RYAML_TEXT) {
		msg_set(rd->msg, "%s:%zu: %s is \"%.*s\"; allowed: %s",
			rd->name, ev->line, field, shown(ev->text),
			ev->text.len == 0 ? "" : (const char *)ev->text.data,
			allowed);
	} else {
		msg_set(rd->msg, "%s:%zu: %s is a list or fields; allowed: %s",
			rd->name, ev->line, field, allowed);
	}
	return WEALD_INVALID;
}

static int refuse_more(const struct reading *rd, const struct ryaml_event *ev,
		       const char *field, unsigned max)
{
	msg_set(rd->msg, "%s:%zu: more than %u %s", rd->name, ev->line, max,
		field);
	return WEALD_TOOBIG;
}

static int read_line(struct reading *rd, const char *field, char *out,
		     size_t bytes_max)
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, rd->msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (ev.type != RYAML_TEXT) {
		return refuse(rd, &ev, field, "a line of text");
	}
	if (ev.text.len > bytes_max) {
		msg_set(rd->msg, "%s:%zu: %s has %zu bytes, allowed are %zu",
			rd->name, ev.line, field, ev.text.len, bytes_max);
		return WEALD_TOOBIG;
	}
	r = text_check_line(ev.text, 0, bytes_max, field, WEALD_INVALID,
			    rd->msg);
	if (r != WEALD_OK) {
		msg_prefix(rd->msg, "%s:%zu", rd->name, ev.line);
		return r;
	}
	if (ev.text.len > 0) {
		memcpy(out, ev.text.data, ev.text.len);
	}
	out[ev.text.len] = '\0';
	return WEALD_OK;
}

static int read_id(struct reading *rd, const char *field,
		   uint8_t out[SHA256_BYTES])
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, rd->msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (ev.type != RYAML_TEXT ||
	    hex_decode(ev.text, out, SHA256_BYTES) != WEALD_OK) {
		return refuse(rd, &ev, field, "64 hex digits");
	}
	return WEALD_OK;
}

/*
 * The next field of the mapping that is open: its name in @out, until it ends
 * (RYAML_MAP_END).
 */
static int next_field(struct reading *rd, struct ryaml_event *out)
{
	return ryaml_next(rd->y, out, rd->msg);
}

static bool is_field(const struct ryaml_event *ev, const char *name)
{
	return span_equal(ev->text, span_of(name));
}

/* A value that must be a list or fields: @type begins it. */
static int open_value(struct reading *rd, enum ryaml_type type,
		      const char *field, const char *allowed)
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, rd->msg);

	if (r == WEALD_OK && ev.type != type) {
		r = refuse(rd, &ev, field, allowed);
	}
	return r;
}

static int add_address(struct reading *rd, struct region_node *node,
		       const struct ryaml_event *ev)
{
	struct address address;
	int r;

	if (ev->type != RYAML_TEXT) {
		return refuse(rd, ev, "address", "host:port");
	}
	if (node->addresses_n == REGION_ADDRESSES_MAX) {
		return refuse_more(rd, ev, "addresses of a node",
				   REGION_ADDRESSES_MAX);
	}
	r = address_parse(ev->text, &address, rd->msg);
	if (r != WEALD_OK) {
		msg_prefix(rd->msg, "%s:%zu", rd->name, ev->line);
		return r;
	}
	node->addresses[node->addresses_n] =
		strndup((const char *)ev->text.data, ev->text.len);
	if (node->addresses[node->addresses_n] == NULL) {
		return WEALD_NOMEM;
	}
	node->addresses_n++;
	return WEALD_OK;
}

static int read_addresses(struct reading *rd, struct region_node *node)
{
	struct ryaml_event ev;
	int r = open_value(rd, RYAML_LIST, "addresses",
			   "a list, such as [\"weald.example.org:7411\"]");

	while (r == WEALD_OK) {
		r = ryaml_next(rd->y, &ev, rd->msg);
		if (r != WEALD_OK || ev.type == RYAML_LIST_END) {
			break;
		}
		r = add_address(rd, node, &ev);
	}
	return r;
}

static int read_key(struct reading *rd, uint8_t out[PUBKEY_BYTES], size_t line)
{
	int r = read_id(rd, "key", out);

	if (r == WEALD_OK && ed25519_check_key(out, rd->msg) != WEALD_OK) {
		msg_prefix(rd->msg, "%s:%zu: key", rd->name, line);
		r = WEALD_INVALID;
	}
	return r;
}

/* The fields of a node, whose mapping was opened in line @line. */
static int read_node_fields(struct reading *rd, struct region_node *node,
			    size_t line)
{
	struct ryaml_event ev;
	bool has_key = false;
	int r;

	for (;;) {
		r = next_field(rd, &ev);
		if (r != WEALD_OK || ev.type == RYAML_MAP_END) {
			break;
		}
		if (is_field(&ev, "key")) {
			r = read_key(rd, node->key, ev.line);
			has_key = true;
		} else if (is_field(&ev, "addresses")) {
			r = read_addresses(rd, node);
		} else {
			r = ryaml_skip(rd->y, rd->msg);
		}
		if (r != WEALD_OK) {
			break;
		}
	}
	if (r == WEALD_OK && !has_key) {
		msg_set(rd->msg, "%s:%zu: a node without a key", rd->name,
			line);
		r = WEALD_INVALID;
	}
	return r;
}

static bool knows_node(const struct region *region,
		       const uint8_t key[PUBKEY_BYTES])
{
	size_t i;

	for (i = 0; i < region->nodes_n; i++) {
		if (memcmp(region->nodes[i].key, key, PUBKEY_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

static int add_node(struct reading *rd, const struct region_node *node,
		    size_t line)
{
	struct region *region = &rd->region;
	struct region_node *grown;

	if (knows_node(region, node->key)) {
		msg_set(rd->msg, "%s:%zu: this node is named twice", rd->name,
			line);
		return WEALD_INVALID;
	}
	grown = reallocarray(region->nodes, region->nodes_n + 1, sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	region->nodes = grown;
	grown[region->nodes_n] = *node;
	region->nodes_n++;
	return WEALD_OK;
}

/* An element of nodes has begun: @ev. */
static int read_node(struct reading *rd, const struct ryaml_event *ev)
{
	struct region_node node = { .addresses_n = 0 };
	const size_t line = ev->line;
	int r;

	if (ev->type != RYAML_MAP) {
		return refuse(rd, ev, "a node", "fields key and addresses");
	}
	if (rd->region.nodes_n == REGION_NODES_MAX) {
		return refuse_more(rd, ev, "nodes", REGION_NODES_MAX);
	}
	r = read_node_fields(rd, &node, line);
	if (r == WEALD_OK) {
		r = add_node(rd, &node, line);
	}
	if (r != WEALD_OK) {
		release_node(&node);
	}
	return r;
}

/*
 * A way of following that this version does not know counts for nothing, as
 * one by introduction does.
 */
static int read_by(struct reading *rd, enum region_by *out)
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, rd->msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (ev.type != RYAML_TEXT) {
		return refuse(rd, &ev, "by", "hand or introduction");
	}
	*out = is_field(&ev, "hand") ? REGION_BY_HAND : REGION_BY_INTRODUCTION;
	return WEALD_OK;
}

static int read_slug(struct reading *rd, char out[SLUG_BYTES_MAX + 1])
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, rd->msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (ev.type != RYAML_TEXT || !text_is_slug(ev.text)) {
		return refuse(rd, &ev, "slug",
			      "2 to 40 of a-z, 0-9 and \"-\", a letter or "
			      "digit at both ends");
	}
	memcpy(out, ev.text.data, ev.text.len);
	out[ev.text.len] = '\0';
	return WEALD_OK;
}

static int read_follow_fields(struct reading *rd, struct region_follow *f,
			      size_t line)
{
	struct ryaml_event ev;
	bool has_feed = false;
	int r;

	for (;;) {
		r = next_field(rd, &ev);
		if (r != WEALD_OK || ev.type == RYAML_MAP_END) {
			break;
		}
		if (is_field(&ev, "feed")) {
			r = read_id(rd, "feed", f->feed);
			has_feed = true;
		} else if (is_field(&ev, "slug")) {
			r = read_slug(rd, f->slug);
		} else if (is_field(&ev, "by")) {
			r = read_by(rd, &f->by);
		} else {
			r = ryaml_skip(rd->y, rd->msg);
		}
		if (r != WEALD_OK) {
			break;
		}
	}
	if (r == WEALD_OK && !has_feed) {
		msg_set(rd->msg, "%s:%zu: a follow without a feed", rd->name,
			line);
		r = WEALD_INVALID;
	}
	return r;
}

/* Room for one more follow: doubled each time, whatever the file announces. */
static int grow_follows(struct region *region)
{
	const size_t n = region->follows_n;
	struct region_follow *grown;

	if (n != 0 && (n & (n - 1)) != 0) {
		return WEALD_OK;
	}
	grown = reallocarray(region->follows, n == 0 ? 1 : 2 * n,
			     sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	region->follows = grown;
	return WEALD_OK;
}

static int read_follow(struct reading *rd, const struct ryaml_event *ev)
{
	struct region_follow f = { .by = REGION_BY_INTRODUCTION };
	int r;

	if (ev->type != RYAML_MAP) {
		return refuse(rd, ev, "a follow", "fields feed, slug and by");
	}
	if (rd->region.follows_n == REGION_FOLLOWS_MAX) {
		return refuse_more(rd, ev, "follows", REGION_FOLLOWS_MAX);
	}
	r = read_follow_fields(rd, &f, ev->line);
	if (r == WEALD_OK) {
		r = grow_follows(&rd->region);
	}
	if (r == WEALD_OK) {
		rd->region.follows[rd->region.follows_n] = f;
		rd->region.follows_n++;
	}
	return r;
}

static int compare_follows(const void *a, const void *b)
{
	const struct region_follow *x = a;
	const struct region_follow *y = b;

	return memcmp(x->feed, y->feed, SHA256_BYTES);
}

/* Sort them; none may be there twice. */
static int sort_follows(struct reading *rd)
{
	struct region *region = &rd->region;
	char hex[2 * SHA256_BYTES + 1];
	size_t i;

	if (region->follows_n == 0) {
		return WEALD_OK;
	}
	qsort(region->follows, region->follows_n, sizeof *region->follows,
	      compare_follows);
	for (i = 1; i < region->follows_n; i++) {
		if (compare_follows(&region->follows[i - 1],
				    &region->follows[i]) == 0) {
			hex_encode(region->follows[i].feed, SHA256_BYTES, hex);
			msg_set(rd->msg, "%s: follows names the feed %s twice",
				rd->name, hex);
			return WEALD_INVALID;
		}
	}
	return WEALD_OK;
}

typedef int element_fn(struct reading *rd, const struct ryaml_event *ev);

static int read_list(struct reading *rd, const char *field, element_fn *element)
{
	struct ryaml_event ev;
	int r = open_value(rd, RYAML_LIST, field, "a list; [] where none");

	while (r == WEALD_OK) {
		r = ryaml_next(rd->y, &ev, rd->msg);
		if (r != WEALD_OK || ev.type == RYAML_LIST_END) {
			break;
		}
		r = element(rd, &ev);
	}
	return r;
}

static int read_nodes(struct reading *rd)
{
	return read_list(rd, "nodes", read_node);
}

static int read_follows(struct reading *rd)
{
	int r = read_list(rd, "follows", read_follow);

	return r != WEALD_OK ? r : sort_follows(rd);
}

static int read_name(struct reading *rd)
{
	return read_line(rd, "name", rd->region.name, REGION_NAME_BYTES_MAX);
}

static int read_contact(struct reading *rd)
{
	struct ryaml_event ev;
	int r = open_value(rd, RYAML_MAP, "contact", "fields role and mailbox");

	while (r == WEALD_OK) {
		r = next_field(rd, &ev);
		if (r != WEALD_OK || ev.type == RYAML_MAP_END) {
			break;
		}
		if (is_field(&ev, "role")) {
			r = read_line(rd, "role", rd->region.role,
				      REGION_CONTACT_BYTES_MAX);
		} else if (is_field(&ev, "mailbox")) {
			r = read_line(rd, "mailbox", rd->region.mailbox,
				      REGION_CONTACT_BYTES_MAX);
		} else {
			r = ryaml_skip(rd->y, rd->msg);
		}
	}
	return r;
}

static int read_predecessor(struct reading *rd)
{
	rd->region.has_predecessor = true;
	return read_id(rd, "predecessor", rd->region.predecessor);
}

static int read_field(struct reading *rd, struct span key)
{
	static const struct {
		const char *name;
		int (*read)(struct reading *rd);
	} fields[] = {
		{ "name", read_name },
		{ "nodes", read_nodes },
		{ "follows", read_follows },
		{ "contact", read_contact },
		{ "predecessor", read_predecessor },
	};
	size_t i;

	for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (span_equal(key, span_of(fields[i].name))) {
			return fields[i].read(rd);
		}
	}
	return ryaml_skip(rd->y, rd->msg);
}

static int read_fields(struct reading *rd)
{
	struct ryaml_event ev;
	int r = ryaml_next(rd->y, &ev, rd->msg);

	if (r != WEALD_OK || ev.type == RYAML_END) {
		return r;
	}
	if (ev.type != RYAML_MAP) {
		msg_set(rd->msg,
			"%s:%zu: must be fields, one \"name: value\" a line",
			rd->name, ev.line);
		return WEALD_INVALID;
	}
	for (;;) {
		r = next_field(rd, &ev);
		if (r != WEALD_OK || ev.type == RYAML_MAP_END) {
			break;
		}
		r = read_field(rd, ev.text);
		if (r != WEALD_OK) {
			break;
		}
	}
	/* the end, or what may not stand behind the fields */
	return r == WEALD_OK ? ryaml_next(rd->y, &ev, rd->msg) : r;
}

int region_parse(struct span text, const char *name, struct region *out,
		 struct weald_msg *msg)
{
	struct reading rd = { .name = name, .msg = msg };
	int r = ryaml_open(text, name, 1, &rd.y, msg);

	if (r != WEALD_OK) {
		return r;
	}
	r = read_fields(&rd);
	if (r == WEALD_OK) {
		*out = rd.region; /* transferred */
	} else {
		region_release(&rd.region);
	}
	ryaml_close(rd.y);
	return r;
}

/*
 * Writing.
 */

/*
 * May @s stand in YAML without quotes, also within { }? Letters, digits and a
 * few marks that mean nothing there, no word that YAML reads as another type.
 */
static bool is_plain(const char *s)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on",
					     "off",  "null",  "y",   "n" };
	size_t i;

	if (!((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z'))) {
		return false;
	}
	for (i = 0; s[i] != '\0'; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
			   "Z"
			   "0123456789 .-_()/&@'+",
			   s[i]) == NULL) {
			return false;
		}
	}
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(s, words[i]) == 0) {
			return false;
		}
	}
	return true;
}

/* @s, one line of text, in double quotes. */
static int add_quoted(struct buf *b, const char *s)
{
	int r = buf_add_byte(b, '"');

	for (; r == WEALD_OK && *s != '\0'; s++) {
		if (*s == '"' || *s == '\\') {
			r = buf_add_byte(b, '\\');
		}
		if (r == WEALD_OK) {
			r = buf_add_byte(b, (uint8_t)*s);
		}
	}
	return r != WEALD_OK ? r : buf_add_byte(b, '"');
}

/* @s between @before and @after, in quotes where it needs them. */
static int add_scalar(struct buf *b, const char *before, const char *s,
		      const char *after)
{
	int r = buf_add_text(b, before);

	if (r == WEALD_OK) {
		r = is_plain(s) ? buf_add_text(b, s) : add_quoted(b, s);
	}
	return r != WEALD_OK ? r : buf_add_text(b, after);
}

/* In quotes: others might take a row of digits for a number. */
static int add_id(struct buf *b, const char *before,
		  const uint8_t id[SHA256_BYTES])
{
	char hex[2 * SHA256_BYTES + 1];

	hex_encode(id, SHA256_BYTES, hex);
	return buf_addf(b, "%s\"%s\"\n", before, hex);
}

static int format_node(struct buf *b, const struct region_node *node)
{
	size_t i;
	int r = add_id(b, "  - key: ", node->key);

	if (r == WEALD_OK) {
		r = buf_add_text(b, "    addresses: [");
	}
	for (i = 0; r == WEALD_OK && i < node->addresses_n; i++) {
		r = buf_add_text(b, i == 0 ? "" : ", ");
		if (r == WEALD_OK) {
			r = add_quoted(b, node->addresses[i]);
		}
	}
	return r != WEALD_OK ? r : buf_add_text(b, "]\n");
}

static int format_follow(struct buf *b, const struct region_follow *f)
{
	int r = add_id(b, "  - feed: ", f->feed);

	if (r == WEALD_OK && f->slug[0] != '\0') {
		r = add_scalar(b, "    slug: ", f->slug, "\n");
	}
	if (r == WEALD_OK) {
		r = buf_addf(b, "    by: %s\n",
			     f->by == REGION_BY_HAND ? "hand" : "introduction");
	}
	return r;
}

static int format_lists(struct buf *b, const struct region *region)
{
	size_t i;
	int r = buf_add_text(b,
			     region->nodes_n == 0 ? "nodes: []\n" : "nodes:\n");

	for (i = 0; r == WEALD_OK && i < region->nodes_n; i++) {
		r = format_node(b, &region->nodes[i]);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(b, region->follows_n == 0 ? "follows: []\n"
							   : "follows:\n");
	}
	for (i = 0; r == WEALD_OK && i < region->follows_n; i++) {
		r = format_follow(b, &region->follows[i]);
	}
	return r;
}

static int format_contact(struct buf *b, const struct region *region)
{
	const char *before = "contact: {";
	int r = WEALD_OK;

	if (region->role[0] == '\0' && region->mailbox[0] == '\0') {
		return WEALD_OK;
	}
	if (region->role[0] != '\0') {
		r = add_scalar(b, "contact: {role: ", region->role, "");
		before = ", ";
	}
	if (r == WEALD_OK && region->mailbox[0] != '\0') {
		r = buf_add_text(b, before);
		if (r == WEALD_OK) {
			r = add_scalar(b, "mailbox: ", region->mailbox, "");
		}
	}
	return r != WEALD_OK ? r : buf_add_text(b, "}\n");
}

int region_format(const struct region *r, struct buf *out)
{
	const size_t before = out->len;
	int err = WEALD_OK;

	if (r->name[0] != '\0') {
		err = add_scalar(out, "name: ", r->name, "\n");
	}
	if (err == WEALD_OK) {
		err = format_lists(out, r);
	}
	if (err == WEALD_OK) {
		err = format_contact(out, r);
	}
	if (err == WEALD_OK && r->has_predecessor) {
		err = add_id(out, "predecessor: ", r->predecessor);
	}
	if (err != WEALD_OK) {
		out->len = before;
	}
	return err;
}
