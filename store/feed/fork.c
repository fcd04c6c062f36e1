/*
 * Both questions end in the same check, of the proof's bytes as they travel:
 * what accuses a region here convinces every other node, too.
 */
#include "store/feed/fork.h"

#include <assert.h>
#include <string.h>

#include "proto/digest.h"
#include "store/feed/feed_private.h"
#include "store/feed/objectid.h"

/* The update that is to be judged; it borrows the envelope's bytes. */
struct suspect {
	struct envelope envelope;
	struct update update;
	uint8_t digest[SHA256_BYTES];
};

static void suspect_release(struct suspect *s)
{
	update_release(&s->update);
	envelope_release(&s->envelope);
}

static int suspect_decode(struct span bytes, struct suspect *out,
			  struct weald_msg *msg)
{
	struct suspect s = { .digest = { 0 } };
	int r;

	r = envelope_decode(bytes, &s.envelope, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = update_decode(s.envelope.payload, &s.update, msg);
	if (r == WEALD_OK) {
		r = digest_sha256(s.envelope.payload, s.digest);
		if (r != WEALD_OK) {
			update_release(&s.update);
		}
	}
	if (r != WEALD_OK) {
		envelope_release(&s.envelope);
		return r;
	}
	*out = s;
	return WEALD_OK;
}

/* May it be on a second line of this feed's epoch at all? */
static bool is_of_feed(const struct feed *f, const struct suspect *s)
{
	const struct identity *id = &f->chain.identity;
	const uint8_t *feed = s->update.seq == 1 ? s->digest : s->update.feed;

	return f->committed_seq > 0 && s->update.epoch == id->epoch &&
	       memcmp(feed, id->feed, sizeof id->feed) == 0;
}

/* A proof of @ours and @theirs, appended to @out; not checked. */
static int build_proof(const struct feed *f, const struct stored *ours,
		       const struct suspect *theirs, struct buf *out)
{
	struct envelope own = { .payload = buf_span(&ours->payload) };
	struct forkproof p = { .lines[0].first.len = 0 };
	struct buf lines[2];
	int r;

	buf_init(&lines[0], FORKPROOF_ENVELOPE_MAX);
	buf_init(&lines[1], FORKPROOF_ENVELOPE_MAX);
	memcpy(p.feed, f->chain.identity.feed, sizeof p.feed);
	memcpy(own.sig, ours->sig, sizeof own.sig);
	own.contents_n = ours->update.changes_n;
	r = forkproof_add_bare(&own, &lines[0]);
	if (r == WEALD_OK) {
		r = forkproof_add_bare(&theirs->envelope, &lines[1]);
	}
	if (r == WEALD_OK) {
		p.lines[0].envelope = buf_span(&lines[0]);
		p.lines[1].envelope = buf_span(&lines[1]);
		r = forkproof_encode(&p, out);
	}
	buf_release(&lines[0]);
	buf_release(&lines[1]);
	return r;
}

/* The state after the update before the fork, as far as this feed goes. */
static int identity_before(const struct feed *f, uint64_t seq,
			   struct identity *out, struct weald_msg *msg)
{
	uint64_t before = seq - 1;

	/* forkproof_judge() says what is missing where it is not there */
	if (before > f->committed_seq) {
		before = f->committed_seq;
	}
	return feed_identity_at(f, before, out, msg);
}

/*
 * Did the root key confirm our line after update @seq? Its grant named what
 * came before, so that a fork down there disputes nothing.
 */
static int is_confirmed(const struct feed *f, uint64_t seq, bool *out,
			struct weald_msg *msg)
{
	struct identity then;
	int r;

	*out = false;
	if (seq >= f->committed_seq) {
		return WEALD_OK;
	}
	r = feed_identity_at(f, seq, &then, msg);
	if (r == WEALD_OK) {
		/* only a granted update changes the key */
		*out = memcmp(then.key, f->chain.identity.key,
			      sizeof then.key) != 0;
	}
	return r;
}

int feed_check_proof(const struct feed *f, struct span proof, uint64_t *out_seq,
		     struct weald_msg *msg)
{
	struct forkproof_facts facts;
	struct identity before;
	struct forkproof p;
	bool confirmed = false;
	int r;

	r = forkproof_decode(proof, &p, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (f->committed_seq > 0 &&
	    memcmp(p.feed, f->chain.identity.feed, sizeof p.feed) != 0) {
		msg_set(msg, "fork proof: about another feed");
		return WEALD_FEED_OTHER;
	}
	r = forkproof_check(&p, object_id, &facts, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = identity_before(f, facts.seq, &before, msg);
	if (r == WEALD_OK) {
		r = forkproof_judge(&facts, &before, msg);
	}
	if (r == WEALD_OK) {
		r = is_confirmed(f, facts.seq, &confirmed, msg);
	}
	if (r == WEALD_OK || r == WEALD_SEQ_GAP || r == WEALD_PREV_OTHER ||
	    r == WEALD_PARENT_OTHER) {
		*out_seq = confirmed ? 0 : facts.seq;
	}
	forkproof_release(&facts);
	return r;
}

/* Did we fail, and not the proof? */
static bool is_own_failure(int err)
{
	return err == WEALD_NOMEM || err == WEALD_CORRUPT || err == WEALD_IO ||
	       err == WEALD_CRYPTO;
}

/* What the comparison found. */
struct finding {
	enum gossip_verdict verdict;
	uint64_t seq;
};

/* Both follow the same update and differ: does that convince others? */
static int prove(const struct feed *f, const struct stored *ours,
		 const struct suspect *theirs, struct buf *out_proof,
		 struct finding *out, struct weald_msg *msg)
{
	size_t start = out_proof->len;
	struct span proof;
	uint64_t seq = 0;
	int r;

	r = build_proof(f, ours, theirs, out_proof);
	if (r != WEALD_OK) {
		return r;
	}
	proof.data = out_proof->data + start;
	proof.len = out_proof->len - start;
	r = feed_check_proof(f, proof, &seq, msg);
	assert(r != WEALD_OK || seq == 0 || seq == theirs->update.seq);
	if (r == WEALD_OK) {
		*out = (struct finding){ GOSSIP_FORK_PROVEN, seq };
	} else {
		out_proof->len = start;
	}
	if (r != WEALD_OK && !is_own_failure(r)) {
		/* a stranger's: nobody is accused */
		msg_clear(msg);
		r = WEALD_OK;
	}
	return r;
}

/* Their update is beyond ours: does it follow on, or where to look next? */
static int judge_beyond(const struct feed *f, const struct suspect *theirs,
			bool *out_follows, struct weald_msg *msg)
{
	const struct update *u = &theirs->update;
	struct identity head;
	int r;

	*out_follows = false;
	if (u->seq > f->committed_seq + 1) {
		return WEALD_OK;
	}
	r = feed_identity_at(f, f->committed_seq, &head, msg);
	if (r == WEALD_OK) {
		*out_follows =
			memcmp(u->prev, head.prev, sizeof head.prev) == 0 &&
			memcmp(u->parent, head.commit, sizeof head.commit) == 0;
	}
	return r;
}

static int judge_held(const struct feed *f, const struct suspect *theirs,
		      struct finding *out, struct buf *out_proof,
		      struct weald_msg *msg)
{
	const struct update *u = &theirs->update;
	struct stored ours;
	int r;

	r = feed_read(f, u->seq, &ours, msg);
	if (r != WEALD_OK) {
		return r;
	}
	/* a commit is its payload and its signature */
	if (span_equal(theirs->envelope.payload, buf_span(&ours.payload)) &&
	    memcmp(theirs->envelope.sig, ours.sig, sizeof ours.sig) == 0) {
		goto out;
	}
	if (memcmp(u->prev, ours.update.prev, sizeof u->prev) != 0 ||
	    memcmp(u->parent, ours.update.parent, sizeof u->parent) != 0) {
		*out = (struct finding){ GOSSIP_FORK_EARLIER, u->seq - 1 };
		goto out;
	}
	r = prove(f, &ours, theirs, out_proof, out, msg);
out:
	stored_release(&ours);
	return r;
}

int feed_judge_fork(const struct feed *f, struct span envelope,
		    enum gossip_verdict *out_verdict, uint64_t *out_seq,
		    struct buf *out_proof, struct weald_msg *msg)
{
	struct finding found = { GOSSIP_FORK_NONE, 0 };
	struct suspect theirs;
	bool follows = false;
	int r;

	r = suspect_decode(envelope, &theirs, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (!is_of_feed(f, &theirs)) {
		r = WEALD_OK;
	} else if (theirs.update.seq <= f->committed_seq) {
		r = judge_held(f, &theirs, &found, out_proof, msg);
	} else {
		r = judge_beyond(f, &theirs, &follows, msg);
		if (r == WEALD_OK && !follows) {
			found.verdict = GOSSIP_FORK_EARLIER;
			found.seq = f->committed_seq;
		}
	}
	if (r == WEALD_OK) {
		*out_verdict = found.verdict;
		*out_seq = found.seq;
	}
	suspect_release(&theirs);
	return r;
}
