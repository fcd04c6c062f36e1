#include "store/record/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Keys that are points' encodings in canonical form, and feed ids. */
#define K1 "0101010101010101010101010101010101010101010101010101010101010141"
#define K2 "0202020202020202020202020202020202020202020202020202020202020242"
#define F1 "1111111111111111111111111111111111111111111111111111111111111111"
#define F2 "2222222222222222222222222222222222222222222222222222222222222222"
#define F3 "abababababababababababababababababababababababababababababababab"
/* the neutral point of the curve: of small order */
#define WEAK "0100000000000000000000000000000000000000000000000000000000000000"

static const char whole[] = "name: Health Innovation South West\n"
			    "nodes:\n"
			    "  - key: \"" K2 "\"\n"
			    "    addresses: [\"weald.example.org:7411\", "
			    "\"[2001:db8::1]:7411\"]\n"
			    "  - key: \"" K1 "\"\n"
			    "    addresses: []\n"
			    "follows:\n"
			    "  - feed: \"" F1 "\"\n"
			    "    slug: wessex\n"
			    "    by: hand\n"
			    "  - feed: \"" F2 "\"\n"
			    "    slug: \"no\"\n"
			    "    by: introduction\n"
			    "  - feed: \"" F3 "\"\n"
			    "    by: hand\n"
			    "contact: {role: \"Lead, safety\", "
			    "mailbox: safety@example.nhs.uk}\n"
			    "predecessor: \"" F2 "\"\n";

static int parse(const char *text, struct region *out, struct weald_msg *msg)
{
	memset(out, 0, sizeof *out);
	memset(msg, 0, sizeof *msg);
	return region_parse(span_of(text), "region.yaml", out, msg);
}

static void assert_refused(const char *text, int code, const char *why)
{
	struct weald_msg msg;
	struct region r;

	assert_int_equal(parse(text, &r, &msg), code);
	assert_string_equal(msg.text, why);
	assert_null(r.nodes);
	assert_null(r.follows);
	assert_int_equal(region_parse(span_of(text), "region.yaml", &r, NULL),
			 code);
}

/* @text reads as something that is written as @written. */
static void assert_means(const char *text, const char *written)
{
	struct weald_msg msg;
	struct region r;
	struct buf b;
	int err = parse(text, &r, &msg);

	if (err != WEALD_OK) {
		fail_msg("%s: %s", text, msg.text);
	}
	buf_init(&b, CONTENT_BYTES_MAX);
	assert_int_equal(region_format(&r, &b), WEALD_OK);
	assert_int_equal(buf_add_byte(&b, 0), WEALD_OK);
	assert_string_equal((const char *)b.data, written);
	buf_release(&b);
	region_release(&r);
}

static void region_parse__reads_all_fields(void **state)
{
	struct weald_msg msg;
	struct region r;
	uint8_t id[SHA256_BYTES];

	(void)state;
	assert_int_equal(parse(whole, &r, &msg), WEALD_OK);
	assert_string_equal(r.name, "Health Innovation South West");
	assert_int_equal(r.nodes_n, 2);
	assert_int_equal(hex_decode(span_of(K2), id, sizeof id), WEALD_OK);
	assert_memory_equal(r.nodes[0].key, id, sizeof id);
	assert_int_equal(r.nodes[0].addresses_n, 2);
	assert_string_equal(r.nodes[0].addresses[1], "[2001:db8::1]:7411");
	assert_int_equal(r.nodes[1].addresses_n, 0);
	assert_int_equal(r.follows_n, 3);
	assert_int_equal(hex_decode(span_of(F2), id, sizeof id), WEALD_OK);
	assert_memory_equal(r.follows[1].feed, id, sizeof id);
	assert_string_equal(r.follows[1].slug, "no");
	assert_int_equal(r.follows[1].by, REGION_BY_INTRODUCTION);
	assert_string_equal(r.follows[2].slug, "");
	assert_int_equal(r.follows[2].by, REGION_BY_HAND);
	assert_string_equal(r.role, "Lead, safety");
	assert_string_equal(r.mailbox, "safety@example.nhs.uk");
	assert_true(r.has_predecessor);
	assert_memory_equal(r.predecessor, id, sizeof id);
	region_release(&r);
	region_release(&r);
}

static void region_format__has_one_form(void **state)
{
	(void)state;
	assert_means(whole, whole);
	assert_means("{predecessor: " F1 ", name: 'A'}",
		     "name: A\nnodes: []\nfollows: []\npredecessor: \"" F1
		     "\"\n");
	assert_means("follows: [{by: hand, feed: " F3 "},\n"
		     "  {feed: " F1 ", slug: kent, by: hand}]\n"
		     "nodes: []\ncontact: {mailbox: a@b.c}\n",
		     "nodes: []\nfollows:\n"
		     "  - feed: \"" F1 "\"\n    slug: kent\n    by: hand\n"
		     "  - feed: \"" F3 "\"\n    by: hand\n"
		     "contact: {mailbox: a@b.c}\n");
	assert_means("contact: {role: On, mailbox: \"\"}\n",
		     "nodes: []\nfollows: []\ncontact: {role: \"On\"}\n");
}

static void region_format__quotes_what_yaml_would_misread(void **state)
{
	static const char *const names[] = {
		"yes",  "Null", "a: b", "a #b", "1e5", "-", "\xc3\xa9t\xc3\xa9",
		"a\\b", "\"a\""
	};
	char text[256];
	struct region r = { .nodes_n = 0 };
	struct region again;
	struct weald_msg msg;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(r.name, sizeof r.name, "%s", names[i]);
		buf_init(&b, CONTENT_BYTES_MAX);
		assert_int_equal(region_format(&r, &b), WEALD_OK);
		assert_memory_equal(b.data, "name: \"", 7);
		(void)snprintf(text, sizeof text, "%.*s", (int)b.len,
			       (const char *)b.data);
		assert_int_equal(parse(text, &again, &msg), WEALD_OK);
		assert_string_equal(again.name, names[i]);
		region_release(&again);
		buf_release(&b);
	}
}

static void region_format__leaves_the_buffer_on_failure(void **state)
{
	struct weald_msg msg;
	struct region r;
	struct buf b;
	size_t max;

	(void)state;
	assert_int_equal(parse(whole, &r, &msg), WEALD_OK);
	for (max = 1; max < sizeof whole; max++) {
		buf_init(&b, max);
		assert_int_equal(buf_add_byte(&b, 'x'), WEALD_OK);
		assert_int_equal(region_format(&r, &b), WEALD_TOOBIG);
		assert_int_equal(b.len, 1);
		buf_release(&b);
	}
	region_release(&r);
}

static void region_parse__passes_over_what_it_does_not_know(void **state)
{
	(void)state;
	assert_means("", "nodes: []\nfollows: []\n");
	assert_means("# nothing\n", "nodes: []\nfollows: []\n");
	assert_means("name: A\nmotto: [1, {x: [2]}]\nnodes:\n"
		     "- {key: " K1 ", weight: {a: 1}, addresses: []}\n"
		     "follows:\n- {since: 2026, feed: " F1 ", by: vouch}\n"
		     "contact: {role: R, hours: [9, 17]}\n",
		     "name: A\nnodes:\n  - key: \"" K1 "\"\n"
		     "    addresses: []\nfollows:\n  - feed: \"" F1 "\"\n"
		     "    by: introduction\ncontact: {role: R}\n");
	/* what does not say that it is by hand counts for nothing */
	assert_means("follows: [{feed: " F1 "}]\n",
		     "nodes: []\nfollows:\n  - feed: \"" F1 "\"\n"
		     "    by: introduction\n");
}

static void region_parse__says_what_is_allowed(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} table[] = {
		{ "- a", "1: must be fields, one \"name: value\" a line" },
		{ "\nname: [a]", "2: name is a list or fields; allowed: a line "
				 "of text" },
		{ "name: \"a\\tb\"",
		  "1: name holds the character U+0009 at byte 1" },
		{ "nodes: none",
		  "1: nodes is \"none\"; allowed: a list; [] where none" },
		{ "nodes: [x]",
		  "1: a node is \"x\"; allowed: fields key and addresses" },
		{ "nodes:\n- {addresses: []}", "2: a node without a key" },
		{ "nodes:\n- key: 12",
		  "2: key is \"12\"; allowed: 64 hex digits" },
		{ "nodes:\n- key: [1]",
		  "2: key is a list or fields; allowed: 64 hex digits" },
		{ "nodes:\n- key: " K1 "\n- key: " K1,
		  "3: this node is named twice" },
		{ "nodes:\n- key: " K1 "\n  addresses: a:1",
		  "3: addresses is \"a:1\"; allowed: a list, such as "
		  "[\"weald.example.org:7411\"]" },
		{ "nodes:\n- key: " K1 "\n  addresses: [a]",
		  "3: address \"a\": the port is missing: host:port" },
		{ "nodes:\n- key: " K1 "\n  addresses: [[a]]",
		  "3: address is a list or fields; allowed: host:port" },
		{ "follows: [" F1 "]",
		  "1: a follow is \"" F1
		  "\"; allowed: fields feed, slug and by" },
		{ "follows:\n- by: hand", "2: a follow without a feed" },
		{ "follows:\n- feed: " F1 "0",
		  "2: feed is \"" F1 "0\"; allowed: 64 hex digits" },
		{ "follows:\n- {feed: " F1 ", slug: A}",
		  "2: slug is \"A\"; allowed: 2 to 40 of a-z, 0-9 and \"-\", a "
		  "letter or digit at both ends" },
		{ "follows:\n- {feed: " F1 ", by: [hand]}",
		  "2: by is a list or fields; allowed: hand or introduction" },
		{ "contact: me",
		  "1: contact is \"me\"; allowed: fields role and mailbox" },
		{ "contact: {role: {a: b}}",
		  "1: role is a list or fields; allowed: a line of text" },
		{ "predecessor: x",
		  "1: predecessor is \"x\"; allowed: 64 hex digits" },
		{ "name: A\nname: B", "2: field \"name\" is given twice" },
		{ "name: A\nx: &a 1", "2: anchors (&) are not allowed; put a "
				      "text that begins with & in quotes" },
	};
	char why[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		(void)snprintf(why, sizeof why, "region.yaml:%s", table[i].why);
		assert_refused(table[i].text, WEALD_INVALID, why);
	}
	assert_refused("follows:\n- feed: " F1 "\n- feed: " F2 "\n- feed: " F1,
		       WEALD_INVALID,
		       "region.yaml: follows names the feed " F1 " twice");
}

static void region_parse__refuses_weak_node_keys(void **state)
{
	struct weald_msg msg;
	struct region r;

	(void)state;
	assert_int_equal(parse("nodes:\n- key: " WEAK, &r, &msg),
			 WEALD_INVALID);
	assert_memory_equal(msg.text, "region.yaml:2: key: ", 20);
}

typedef int element_fn(char *to, size_t size, unsigned i);

static int node_element(char *to, size_t size, unsigned i)
{
	return snprintf(to, size, "{key: \"%04x%s\"}", i, &K1[4]);
}

static int follow_element(char *to, size_t size, unsigned i)
{
	return snprintf(to, size, "{feed: \"%064x\", slug: aa, by: hand}", i);
}

static int address_element(char *to, size_t size, unsigned i)
{
	return snprintf(to, size, "\"a%u:1\"", i);
}

/* "@field: [...]" with @n elements, one a line; the caller frees. */
static char *list_of(const char *field, element_fn *element, unsigned n)
{
	const size_t size = 64 + (size_t)n * 128;
	char *text = malloc(size);
	size_t at;
	unsigned i;

	assert_non_null(text);
	at = (size_t)snprintf(text, size, "%s: [\n", field);
	for (i = 0; i < n; i++) {
		at += (size_t)element(text + at, size - at, i);
		at += (size_t)snprintf(text + at, size - at, ",\n");
	}
	(void)snprintf(text + at, size - at, "]");
	return text;
}

static void assert_bounded(const char *field, element_fn *element, unsigned max,
			   const char *why)
{
	char *text = list_of(field, element, max);
	struct weald_msg msg;
	struct region r;

	assert_int_equal(parse(text, &r, &msg), WEALD_OK);
	region_release(&r);
	free(text);
	text = list_of(field, element, max + 1);
	assert_refused(text, WEALD_TOOBIG, why);
	free(text);
}

static void region_parse__keeps_to_its_bounds(void **state)
{
	char text[512];
	struct weald_msg msg;
	struct region r;
	char *list;

	(void)state;
	assert_bounded("nodes", node_element, REGION_NODES_MAX,
		       "region.yaml:18: more than 16 nodes");
	assert_bounded("follows", follow_element, REGION_FOLLOWS_MAX,
		       "region.yaml:1026: more than 1024 follows");
	list = list_of("addresses", address_element, REGION_ADDRESSES_MAX + 1);
	(void)snprintf(text, sizeof text, "nodes: [{key: " K1 ", %s}]", list);
	free(list);
	assert_refused(text, WEALD_TOOBIG,
		       "region.yaml:10: more than 8 addresses of a node");
	(void)snprintf(text, sizeof text, "name: %0100d", 1);
	assert_int_equal(parse(text, &r, &msg), WEALD_OK);
	region_release(&r);
	(void)snprintf(text, sizeof text, "name: %0101d", 1);
	assert_refused(text, WEALD_TOOBIG,
		       "region.yaml:1: name has 101 bytes, allowed are 100");
	(void)snprintf(text, sizeof text, "contact: {mailbox: %0101d}", 1);
	assert_refused(text, WEALD_TOOBIG,
		       "region.yaml:1: mailbox has 101 bytes, allowed are 100");
}

static void region_parse__refuses_over_the_size_limit(void **state)
{
	char *text = malloc(CONTENT_BYTES_MAX + 1);
	struct region r = { .nodes_n = 0 };

	(void)state;
	assert_non_null(text);
	memset(text, '\n', CONTENT_BYTES_MAX + 1);
	assert_int_equal(region_parse((struct span){ (uint8_t *)text,
						     CONTENT_BYTES_MAX },
				      "region.yaml", &r, NULL),
			 WEALD_OK);
	assert_int_equal(region_parse((struct span){ (uint8_t *)text,
						     CONTENT_BYTES_MAX + 1 },
				      "region.yaml", &r, NULL),
			 WEALD_TOOBIG);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(region_parse__reads_all_fields),
		cmocka_unit_test(region_format__has_one_form),
		cmocka_unit_test(region_format__quotes_what_yaml_would_misread),
		cmocka_unit_test(region_format__leaves_the_buffer_on_failure),
		cmocka_unit_test(
			region_parse__passes_over_what_it_does_not_know),
		cmocka_unit_test(region_parse__says_what_is_allowed),
		cmocka_unit_test(region_parse__refuses_weak_node_keys),
		cmocka_unit_test(region_parse__keeps_to_its_bounds),
		cmocka_unit_test(region_parse__refuses_over_the_size_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
