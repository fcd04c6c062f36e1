/* The author: what publish, withdraw and key do to the own feed. */
#include "store/author.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/path.h"
#include "proto/sshsig.h"
#include "proto/text.h"
#include "tests/unit/feedkit.h"
#include "tests/unit/vectors.h"

#define RECORD_MD "record.md"
#define TEXT                                                           \
	"---\nkind: lesson\ntitle: A title\ntopics: [sepsis]\n---\n\n" \
	"Some text.\n"

/* A home with a feed in it, its key, and their author. */
struct authorkit {
	struct feedkit *feed;
	struct home *home;
	struct author author;
	struct weald_msg msg;
};

static int setup(void **state)
{
	struct authorkit *k = calloc(1, sizeof *k);
	static const uint8_t id[SHA256_BYTES] = { 1 };
	char path[SCRATCH_PATH_BYTES];
	void *feed = NULL;

	assert_non_null(k);
	assert_int_equal(feedkit_setup(&feed), 0);
	k->feed = feed;
	k->feed->now = 1700000000; /* before the clock of any machine */
	feedkit_found(k->feed);
	(void)snprintf(path, sizeof path, "%s/home", k->feed->scratch.dir);
	feed_ok(k->feed, home_create(path, &k->home, &k->feed->msg));
	feed_ok(k->feed, home_finish(k->home, "south-west", id, &k->feed->msg));
	feed_ok(k->feed,
		home_key_write(k->home, HOME_KEY_FEED,
			       vectors_get()->seed_first, &k->feed->msg));
	k->author.home = k->home;
	k->author.feed = k->feed->feed;
	*state = k;
	return 0;
}

static int teardown(void **state)
{
	struct authorkit *k = *state;
	void *feed = k->feed;

	author_release(&k->author);
	home_close(k->home);
	assert_int_equal(feedkit_teardown(&feed), 0);
	free(k);
	return 0;
}

static int publish_after(struct authorkit *k, const char *text,
			 uint64_t follows, bool bring_back,
			 struct author_result *out)
{
	const struct draft_file file = { span_of(RECORD_MD), span_of(text) };
	struct author_record record = {
		.kind = "lesson",
		.slug = "a",
		.title = "A title",
		.note = span_of("Why"),
		.topics = { span_of("sepsis") },
		.topics_n = 1,
		.files = &file,
		.files_n = 1,
		.bring_back = bring_back,
		.follows = follows,
	};

	return author_publish(&k->author, &record, out, &k->msg);
}

static int publish(struct authorkit *k, const char *text,
		   struct author_result *out)
{
	return publish_after(k, text, 0, false, out);
}

static void commit(struct authorkit *k)
{
	assert_int_equal(author_commit(&k->author, &k->msg), WEALD_OK);
}

static int withdraw(struct authorkit *k, const char *slug, const char *reason,
		    struct author_result *out)
{
	return author_withdraw(&k->author, span_of("lesson"), span_of(slug),
			       span_of(reason), out, &k->msg);
}

/* The update at the end of the feed; the caller releases it. */
static struct stored last(struct authorkit *k)
{
	struct stored s;

	assert_int_equal(feed_read(k->author.feed, feedkit_seq(k->feed), &s,
				   &k->msg),
			 WEALD_OK);
	return s;
}

static void author_publish__makes_the_next_version(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;
	struct stored s;

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	assert_int_equal(r.version, 1);
	assert_int_equal(r.seq, 3);
	commit(k);
	s = last(k);
	assert_memory_equal(r.commit, s.commit_id, sizeof r.commit);
	assert_true(span_equal(s.update.record, span_of(r.record)));
	assert_true(span_equal(s.update.summary,
			       span_of("Publish lesson: A title")));
	assert_true(span_equal(s.update.note, span_of("Why")));
	assert_int_equal(update_action(&s.update), ACTION_PUBLISH);
	stored_release(&s);
	assert_int_equal(publish(k, TEXT "More.\n", &r), WEALD_OK);
	assert_int_equal(r.version, 2);
	commit(k);
	s = last(k);
	assert_int_equal(update_action(&s.update), ACTION_REVISE);
	stored_release(&s);
	feedkit_assert_git_agrees(k->feed);
	feedkit_assert_signatures(k->feed);
}

static void author_publish__of_the_same_is_no_version(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.version, 1);
	assert_int_equal(k->msg.text[0], 0);
	commit(k);
	assert_int_equal(feedkit_seq(k->feed), 3);
}

static void author_rollback__forgets_what_is_not_durable(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	author_rollback(&k->author);
	commit(k);
	assert_int_equal(feedkit_seq(k->feed), 2);
}

/* Publish TEXT and @more with @note. */
static int publish_noted(struct authorkit *k, const char *more,
			 const char *note, struct author_result *out)
{
	const struct draft_file files[] = {
		{ span_of("notes.txt"), span_of(more) },
		{ span_of(RECORD_MD), span_of(TEXT) },
	};
	const struct author_record record = {
		.kind = "lesson",
		.slug = "a",
		.title = "A title",
		.note = span_of(note),
		.files = files,
		.files_n = 2,
	};

	return author_publish(&k->author, &record, out, &k->msg);
}

static void author_publish__is_the_last_gate_of_the_guard(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	/* whatever the note says */
	assert_int_equal(publish_noted(k, "call 07700 900123",
				       "Privacy-Checked: mobile; role: Lead; "
				       "reason: why",
				       &r),
			 WEALD_PRIVACY);
	assert_non_null(strstr(k->msg.text, "notes.txt:1: privacy: mobile"));
	assert_null(strstr(k->msg.text, "900123"));
	assert_int_equal(author_fault(WEALD_PRIVACY), AUTHOR_FAULT_INPUT);
	assert_int_equal(publish_noted(k, "fine", "call 07700 900123", &r),
			 WEALD_PRIVACY);
	/* a warning passes where the note names it */
	assert_int_equal(publish_noted(k, "Mrs Smith wrote", "Why", &r),
			 WEALD_PRIVACY);
	assert_int_equal(publish_noted(k, "Mrs Smith wrote",
				       "Privacy-Checked: landline; role: "
				       "Lead; reason: why",
				       &r),
			 WEALD_PRIVACY);
	assert_int_equal(feed_staged(k->author.feed), 0);
	assert_int_equal(publish_noted(k, "Mrs Smith wrote",
				       "Privacy-Checked: person-name; role: "
				       "Lead; reason: why",
				       &r),
			 WEALD_OK);
	assert_int_equal(r.version, 1);
}

static void author_publish__says_that_the_key_is_missing(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(home_key_remove(k->home, HOME_KEY_FEED, &k->msg),
			 WEALD_OK);
	assert_int_equal(publish(k, TEXT, &r), WEALD_NOTFOUND);
	assert_non_null(strstr(k->msg.text, "weald key rotate --root-key"));
	assert_int_equal(author_fault(WEALD_NOTFOUND), AUTHOR_FAULT_HOME);
}

static void author_withdraw__marks_the_record(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;
	struct stored s;
	char month[8];

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	commit(k);
	assert_int_equal(versions_month(feed_versions(k->author.feed),
					span_of("lesson"), span_of("a"), month),
			 WEALD_OK);
	assert_int_equal(withdraw(k, "a", "It was wrong", &r), WEALD_OK);
	assert_int_equal(r.version, 2);
	commit(k);
	s = last(k);
	assert_int_equal(update_action(&s.update), ACTION_WITHDRAW);
	assert_true(span_equal(s.update.summary,
			       span_of("Withdraw lesson: A title")));
	assert_true(span_equal(s.update.note, span_of("It was wrong")));
	assert_int_equal(s.update.topics_n, 1);
	stored_release(&s);
	assert_int_equal(scratch_run("git -C %s show main:lesson/%s/a/"
				     "record.md | grep -q '^> Withdrawn: It "
				     "was wrong$'",
				     k->feed->dir, month),
			 0);
	assert_int_equal(withdraw(k, "a", "It was wrong", &r), WEALD_OK);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.version, 2);
}

static void author_publish__undoes_no_withdrawal_unasked(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	commit(k);
	assert_int_equal(withdraw(k, "a", "It was wrong", &r), WEALD_OK);
	commit(k);
	assert_int_equal(publish(k, TEXT, &r), WEALD_EXISTS);
	assert_string_equal(k->msg.text,
			    "lesson/a was withdrawn in version 2; --bring-back "
			    "publishes it again for all to find");
	assert_int_equal(author_fault(WEALD_EXISTS), AUTHOR_FAULT_INPUT);
	assert_int_equal(feed_staged(k->author.feed), 0);
	assert_int_equal(publish_after(k, TEXT, 0, true, &r), WEALD_OK);
	assert_int_equal(r.version, 3);
	/* brought back, and not durable yet */
	assert_int_equal(publish(k, TEXT "More.\n", &r), WEALD_OK);
	commit(k);
	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	assert_int_equal(r.version, 5);
}

static void author_publish__follows_the_version_it_was_made_from(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(publish_after(k, TEXT, 1, false, &r),
			 WEALD_VERSION_OTHER);
	assert_int_equal(publish_after(k, TEXT, 0, false, &r), WEALD_OK);
	commit(k);
	assert_int_equal(publish_after(k, TEXT "A.\n", 1, false, &r), WEALD_OK);
	/* whether the other is durable yet or not */
	assert_int_equal(publish_after(k, TEXT "B.\n", 1, false, &r),
			 WEALD_VERSION_OTHER);
	commit(k);
	assert_int_equal(publish_after(k, TEXT "B.\n", 1, false, &r),
			 WEALD_VERSION_OTHER);
	assert_non_null(strstr(k->msg.text, "version 2 is there since"));
	assert_int_equal(author_fault(WEALD_VERSION_OTHER), AUTHOR_FAULT_INPUT);
	assert_int_equal(feed_staged(k->author.feed), 0);
	assert_int_equal(publish_after(k, TEXT "B.\n", 3, false, &r),
			 WEALD_VERSION_OTHER);
	assert_int_equal(publish_after(k, TEXT "B.\n", 2, false, &r), WEALD_OK);
	assert_int_equal(r.version, 3);
}

static void author_publish__again_is_no_fault(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	commit(k);
	assert_int_equal(publish_after(k, TEXT "A.\n", 1, false, &r), WEALD_OK);
	commit(k);
	/* the answer was lost, say */
	k->msg.text[0] = '\0';
	assert_int_equal(publish_after(k, TEXT "A.\n", 1, false, &r), WEALD_OK);
	assert_int_equal(r.seq, 0);
	assert_int_equal(r.version, 2);
	assert_string_equal(k->msg.text, "");
}

static void author_withdraw__refuses_what_is_not_there(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(withdraw(k, "b", "Why", &r), WEALD_RECORD);
	assert_string_equal(k->msg.text, "south-west has no record lesson/b");
	assert_int_equal(withdraw(k, "b", "two\nlines", &r), WEALD_NOTE);
	assert_int_equal(withdraw(k, "b", "", &r), WEALD_NOTE);
}

static void author_withdraw__looks_at_the_reason_alone(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;
	struct stored s;

	/* what should never have been published must be withdrawn all the same
	 */
	feedkit_publish(k->feed, "lesson/2023-11/a",
			"---\nkind: lesson\ntitle: Call 07700 900123\n---\n");
	assert_int_equal(withdraw(k, "a", "It named 07700 900123", &r),
			 WEALD_PRIVACY);
	assert_int_equal(withdraw(k, "a", "Mrs Smith asked", &r),
			 WEALD_PRIVACY);
	assert_int_equal(withdraw(k, "a", "It named a number", &r), WEALD_OK);
	commit(k);
	s = last(k);
	assert_true(span_equal(s.update.summary,
			       span_of("Withdraw lesson/2023-11/a")));
	stored_release(&s);
}

/* A prison number, without the word that tells what it is. */
#define CUSTODY                                                 \
	"---\nkind: lesson\ntitle: A title\ntopics: [sepsis]\n" \
	"settings: [custody]\n---\n\nSome text.\n"

static void author_withdraw__reads_the_reason_beside_the_record(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;

	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	commit(k);
	assert_int_equal(withdraw(k, "a", "See a1234aa", &r), WEALD_OK);
	author_rollback(&k->author);
	assert_int_equal(publish(k, CUSTODY, &r), WEALD_OK);
	commit(k);
	assert_int_equal(withdraw(k, "a", "See a1234aa", &r), WEALD_PRIVACY);
	assert_non_null(strstr(k->msg.text, "the reason:1: privacy: prison-"));
	assert_null(strstr(k->msg.text, "1234"));
	assert_int_equal(feed_staged(k->author.feed), 0);
	assert_int_equal(withdraw(k, "a", "Counted twice", &r), WEALD_OK);
}

static void author_withdraw__counts_what_was_left_out(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;
	struct buf text;
	size_t i;

	buf_init(&text, 100000);
	assert_int_equal(buf_add_text(&text, "---\nkind: lesson\n"
					     "title: A title\n---\n\n"),
			 WEALD_OK);
	for (i = 0; i < 150; i++) {
		assert_int_equal(buf_addf(&text, "Mrs Smith wrote.\n\n"),
				 WEALD_OK);
	}
	assert_int_equal(buf_add_byte(&text, '\0'), WEALD_OK);
	feedkit_publish(k->feed, "lesson/2023-11/a", (const char *)text.data);
	buf_release(&text);
	assert_int_equal(withdraw(k, "a", "Mrs Smith asked", &r),
			 WEALD_PRIVACY);
	assert_int_equal(withdraw(k, "a", "It named somebody", &r), WEALD_OK);
}

static struct region region_of(const char *name, const char *role,
			       const char *mailbox)
{
	struct region region = { .nodes_n = 0 };

	(void)snprintf(region.name, sizeof region.name, "%s", name);
	(void)snprintf(region.role, sizeof region.role, "%s", role);
	(void)snprintf(region.mailbox, sizeof region.mailbox, "%s", mailbox);
	return region;
}

static void author_check_region__wants_a_role_and_a_mailbox(void **state)
{
	static const char *const bad[][3] = {
		{ "South West, 07700 900123", "Lead", "a@example.nhs.uk" },
		{ "South West", "Jane, mob 07700 900123", "a@example.nhs.uk" },
		{ "South West", "Lead DOB 12/03/1951", "a@example.nhs.uk" },
		{ "South West", "Mr John Smith", "a@example.nhs.uk" },
		{ "South West", "Lead", "jane@gmail.com" },
		{ "South West", "Lead", "john.smith@nhs.net" },
	};
	struct region region =
		region_of("Health Innovation South West", "Patient safety lead",
			  "safety@example.nhs.uk");
	struct authorkit *k = *state;
	size_t i;

	assert_int_equal(author_check_region(&region, &k->msg), WEALD_OK);
	region = region_of("South West", "", "");
	assert_int_equal(author_check_region(&region, &k->msg), WEALD_OK);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		region = region_of(bad[i][0], bad[i][1], bad[i][2]);
		assert_int_equal(author_check_region(&region, &k->msg),
				 WEALD_PRIVACY);
	}
	assert_non_null(strstr(k->msg.text, "contact.mailbox: privacy: "));
}

static void author_profile__keeps_a_contact_that_stands(void **state)
{
#define OLD(address)                                                 \
	"name: South West\nnodes:\n  - key: \""                      \
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f7" \
	"07511a\"\n    addresses: [\"" address "\"]\nfollows: []\n"
#define CONTACT(mailbox) "contact: {role: Safety lead, mailbox: " mailbox "}\n"
	static const char old[] =
		OLD("a.example.org:7411") CONTACT("somebody@gmail.com");
	static const char moved[] =
		OLD("b.example.org:7411") CONTACT("somebody@gmail.com");
	static const char other[] =
		OLD("b.example.org:7411") CONTACT("another@gmail.com");
	const struct draft_file files[] = {
		{ span_of(PATH_REGION), span_of(old) },
		{ span_of(PATH_GITATTRIBUTES), span_of(GITATTRIBUTES_TEXT) },
	};
	struct authorkit *k = *state;
	struct draft d;
	struct stored s;

	/* as an older weald let it in */
	d = feedkit_draft(k->feed, ACTION_PROFILE, "");
	d.files = files;
	d.files_n = 2;
	feed_ok(k->feed, feed_sign(k->feed->feed, &d, k->feed->signer, NULL));
	feed_ok(k->feed, feed_commit(k->feed->feed, NULL));
	assert_int_equal(author_profile(&k->author, span_of(other),
					"Describe the region", &k->msg),
			 WEALD_PRIVACY);
	assert_int_equal(author_profile(&k->author, span_of(moved),
					"Describe the region", &k->msg),
			 WEALD_OK);
	commit(k);
	s = last(k);
	assert_int_equal(update_action(&s.update), ACTION_PROFILE);
	stored_release(&s);
}

static void author_profile__refuses_a_person_as_the_contact(void **state)
{
	static const char yaml[] = "name: South West\nnodes: []\n"
				   "contact: {role: Safety lead, mailbox: "
				   "somebody@gmail.com}\n";
	struct authorkit *k = *state;

	assert_int_equal(author_profile(&k->author, span_of(yaml),
					"Describe the region", &k->msg),
			 WEALD_PRIVACY);
	assert_non_null(strstr(k->msg.text, PATH_REGION));
	assert_null(strstr(k->msg.text, "somebody@"));
	assert_int_equal(feed_staged(k->author.feed), 0);
}

static void author_profile__revises_the_region_and_nothing_else(void **state)
{
	static const char yaml[] = "name: South West\nnodes: []\n";
	struct authorkit *k = *state;
	struct stored s;

	assert_int_equal(author_profile(&k->author, span_of(yaml),
					"Describe the region", &k->msg),
			 WEALD_OK);
	commit(k);
	s = last(k);
	assert_int_equal(update_action(&s.update), ACTION_PROFILE);
	assert_int_equal(s.update.changes_n, 1);
	assert_true(span_equal(s.update.changes[0].path, span_of(PATH_REGION)));
	stored_release(&s);
	assert_int_equal(author_profile(&k->author, span_of(yaml),
					"Describe the region", &k->msg),
			 WEALD_UNCHANGED);
	feedkit_assert_git_agrees(k->feed);
}

/* The grant by @seed's key for what @k would rotate to now. */
static struct grant grant_by(struct authorkit *k, const uint8_t *seed)
{
	struct ed25519_signer *root = NULL;
	uint8_t next[PUBKEY_BYTES];
	struct grant grant = { .until = 0 };
	struct buf statement;
	bool made;

	buf_init(&statement, AUTHOR_STATEMENT_BYTES_MAX);
	assert_int_equal(ed25519_signer_new(seed, &root), WEALD_OK);
	assert_int_equal(author_next_key(&k->author, true, next, &made,
					 &k->msg),
			 WEALD_OK);
	assert_int_equal(author_statement(&k->author, next, &statement),
			 WEALD_OK);
	assert_int_equal(sshsig_sign(root, GRANT_NAMESPACE,
				     buf_span(&statement), grant.sig),
			 WEALD_OK);
	memcpy(grant.root, ed25519_signer_key(root), sizeof grant.root);
	ed25519_signer_free(root);
	buf_release(&statement);
	return grant;
}

static void author_rotate__puts_the_next_key_in_place(void **state)
{
	struct authorkit *k = *state;
	uint8_t next[PUBKEY_BYTES];
	struct author_result r;
	struct grant grant;
	bool made = true;

	assert_int_equal(author_finish_rotation(&k->author, &k->msg), WEALD_OK);
	grant = grant_by(k, vectors_get()->seed_root);
	assert_int_equal(author_next_key(&k->author, true, next, &made,
					 &k->msg),
			 WEALD_OK);
	assert_false(made); /* asking again gives the same */
	assert_int_equal(author_rotate(&k->author, &grant, &k->msg), WEALD_OK);
	assert_memory_equal(feed_identity(k->author.feed)->key, next,
			    sizeof next);
	assert_int_equal(author_next_key(&k->author, false, next, &made,
					 &k->msg),
			 WEALD_NOTFOUND);
	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	commit(k);
	assert_int_equal(feedkit_seq(k->feed), 4);
	feedkit_assert_signatures(k->feed);
}

static void author_rotate__refuses_other_grants(void **state)
{
	struct authorkit *k = *state;
	struct author_result r;
	struct grant grant;

	grant = grant_by(k, vectors_get()->seed_second);
	assert_int_equal(author_rotate(&k->author, &grant, &k->msg),
			 WEALD_GRANT_ROOT);
	grant = grant_by(k, vectors_get()->seed_root);
	assert_int_equal(publish(k, TEXT, &r), WEALD_OK);
	commit(k);
	assert_int_equal(author_rotate(&k->author, &grant, &k->msg),
			 WEALD_SIGNATURE);
	assert_non_null(strstr(k->msg.text, "the feed has moved on"));
	assert_int_equal(author_discard_key(&k->author, &k->msg), WEALD_OK);
	assert_int_equal(author_discard_key(&k->author, &k->msg),
			 WEALD_NOTFOUND);
	assert_int_equal(author_rotate(&k->author, &grant, &k->msg),
			 WEALD_NOTFOUND);
	assert_int_equal(feedkit_seq(k->feed), 3);
}

static void author_finish_rotation__needs_no_feed_key(void **state)
{
	struct authorkit *k = *state;
	struct grant grant;

	assert_int_equal(home_key_remove(k->home, HOME_KEY_FEED, &k->msg),
			 WEALD_OK);
	assert_int_equal(author_finish_rotation(&k->author, &k->msg), WEALD_OK);
	grant = grant_by(k, vectors_get()->seed_root);
	assert_int_equal(author_rotate(&k->author, &grant, &k->msg), WEALD_OK);
	assert_int_equal(author_signer(&k->author, &k->msg), WEALD_OK);
}

static void write_in_home(struct authorkit *k, const char *name,
			  const char *text)
{
	char *path = NULL;
	FILE *f;

	assert_int_equal(home_join(k->home, name, &path), WEALD_OK);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void author_guard__is_closed_in_a_network(void **state)
{
	static const char *const names[] = { "members", "receipts" };
	struct authorkit *k = *state;
	size_t i;

	assert_int_equal(author_guard(k->home, &k->msg), WEALD_OK);
	for (i = 0; i < 2; i++) {
		write_in_home(k, names[i], "");
		assert_int_equal(author_guard(k->home, &k->msg), WEALD_OK);
		write_in_home(k, names[i], "x");
		assert_int_equal(author_guard(k->home, &k->msg), WEALD_GUARD);
		assert_non_null(strstr(k->msg.text, "weald run"));
		assert_non_null(strstr(k->msg.text, "--i-am-first"));
		write_in_home(k, names[i], "");
	}
}

static void author_summary__keeps_what_fits(void **state)
{
	char out[SUMMARY_BYTES_MAX + 1];
	char title[SUMMARY_BYTES_MAX];
	const size_t room = SUMMARY_BYTES_MAX - strlen("Publish problem: ");

	(void)state;
	author_summary("Publish", "problem", "A title", out);
	assert_string_equal(out, "Publish problem: A title");
	memset(title, 'x', room);
	title[room] = '\0';
	author_summary("Publish", "problem", title, out);
	assert_int_equal(strlen(out), SUMMARY_BYTES_MAX);
	assert_null(strstr(out, "\xe2\x80\xa6"));
}

static void author_summary__cuts_at_a_word(void **state)
{
	char title[400] = "";
	char out[SUMMARY_BYTES_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < 70; i++) {
		memcpy(title + 5 * i, "four ", 6);
	}
	author_summary("Publish", "problem", title, out);
	assert_true(strlen(out) <= SUMMARY_BYTES_MAX);
	assert_true(strlen(out) > SUMMARY_BYTES_MAX - 10);
	assert_string_equal(out + strlen(out) - 8, " four\xe2\x80\xa6");
}

static void author_summary__cuts_a_long_word_at_a_character(void **state)
{
	char kind[NAME_BYTES_MAX + 1];
	char title[401];
	char out[SUMMARY_BYTES_MAX + 1];
	size_t shift;
	size_t i;

	(void)state;
	memset(kind, 'k', NAME_BYTES_MAX);
	for (shift = 0; shift < 4; shift++) {
		kind[NAME_BYTES_MAX - shift] = '\0';
		for (i = 0; i < 400; i += 4) {
			memcpy(title + i, "\xf0\x9f\x98\x80", 5);
		}
		author_summary("Publish", kind, title, out);
		assert_true(strlen(out) <= SUMMARY_BYTES_MAX);
		assert_int_equal(text_check_line(span_of(out), 1,
						 SUMMARY_BYTES_MAX, "summary",
						 WEALD_SUMMARY, NULL),
				 WEALD_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			author_publish__makes_the_next_version, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_publish__of_the_same_is_no_version, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_publish__undoes_no_withdrawal_unasked, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_publish__follows_the_version_it_was_made_from,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			author_publish__again_is_no_fault, setup, teardown),
		cmocka_unit_test_setup_teardown(
			author_rollback__forgets_what_is_not_durable, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_publish__says_that_the_key_is_missing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_publish__is_the_last_gate_of_the_guard, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_withdraw__looks_at_the_reason_alone, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_withdraw__reads_the_reason_beside_the_record,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			author_withdraw__counts_what_was_left_out, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_check_region__wants_a_role_and_a_mailbox, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_profile__keeps_a_contact_that_stands, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_profile__refuses_a_person_as_the_contact, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_withdraw__marks_the_record, setup, teardown),
		cmocka_unit_test_setup_teardown(
			author_withdraw__refuses_what_is_not_there, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_profile__revises_the_region_and_nothing_else,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			author_rotate__puts_the_next_key_in_place, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_rotate__refuses_other_grants, setup, teardown),
		cmocka_unit_test_setup_teardown(
			author_finish_rotation__needs_no_feed_key, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			author_guard__is_closed_in_a_network, setup, teardown),
		cmocka_unit_test(author_summary__keeps_what_fits),
		cmocka_unit_test(author_summary__cuts_at_a_word),
		cmocka_unit_test(
			author_summary__cuts_a_long_word_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
