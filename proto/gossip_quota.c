/*
 * What may be used up in a while: by a feed's pushes, by a peer's nuisance.
 *
 * The quota of a feed keeps one author from taking the live lane from all the
 * others. Each node counts for itself: the author what it pushes, the others
 * what is pushed to them, once an update. So an honest author stays within the
 * quota of all, and what is over it is not pushed any further than to where it
 * was found. It is not lost: peers hear of it, and fetch it by want.
 */
#include "proto/gossip_private.h"

/* What jitter between the author and us may take from what is forgiven. */
#define SLACK 5u
#define UNIT  UINT64_C(1000)

static uint64_t level_now(const struct gossip *g, const struct gossip_bucket *b,
			  uint64_t per_s)
{
	uint64_t ms = g->now - b->at_ms;

	if (ms > b->level / per_s) {
		return 0;
	}
	return b->level - ms * per_s; /* a thousandth of it each ms */
}

bool gossip_bucket_add(const struct gossip *g, struct gossip_bucket *b,
		       uint64_t n, uint64_t max, uint64_t per_s)
{
	uint64_t level = level_now(g, b, per_s) + n * UNIT;

	if (level > max * UNIT) {
		return false;
	}
	b->level = level;
	b->at_ms = g->now;
	return true;
}

static uint64_t quota_max(enum gossip_quota how)
{
	switch (how) {
	case GOSSIP_QUOTA_CATCHUP:
		return GOSSIP_QUOTA_BURST / 2; /* half is for what is new */
	case GOSSIP_QUOTA_OWN:
		return GOSSIP_QUOTA_BURST;
	default:
		return GOSSIP_QUOTA_BURST + SLACK;
	}
}

bool gossip_quota_take(const struct gossip *g, struct gossip_feed *f,
		       size_t len, enum gossip_quota how)
{
	uint64_t max = quota_max(how);
	struct gossip_bucket before = f->quota_n;

	if (!gossip_bucket_add(g, &f->quota_n, 1, max, GOSSIP_QUOTA_PER_S)) {
		return false;
	}
	if (!gossip_bucket_add(g, &f->quota_bytes, len,
			       max * GOSSIP_QUOTA_BYTES,
			       (uint64_t)GOSSIP_QUOTA_PER_S *
				       GOSSIP_QUOTA_BYTES)) {
		f->quota_n = before;
		return false;
	}
	return true;
}

void gossip_quota_return(struct gossip_feed *f, size_t len)
{
	uint64_t bytes = len * UNIT;

	f->quota_n.level -= f->quota_n.level < UNIT ? f->quota_n.level : UNIT;
	f->quota_bytes.level -=
		f->quota_bytes.level < bytes ? f->quota_bytes.level : bytes;
}

bool gossip_quota_has_room(const struct gossip *g, const struct gossip_feed *f,
			   uint64_t n)
{
	struct gossip_bucket copy = f->quota_n;

	return gossip_bucket_add(g, &copy, n, GOSSIP_QUOTA_BURST,
				 GOSSIP_QUOTA_PER_S) &&
	       level_now(g, &f->quota_bytes,
			 (uint64_t)GOSSIP_QUOTA_PER_S * GOSSIP_QUOTA_BYTES) <
		       (uint64_t)GOSSIP_QUOTA_BURST * GOSSIP_QUOTA_BYTES * UNIT;
}

/*
 * No honest node pushes more than the quota on one link, but the quota here may
 * have been used up by others: so the peer is to blame only for what goes
 * beyond twice the quota on its own link.
 */
bool gossip_quota_exceeded(struct gossip *g, struct gossip_feed *f,
			   struct gossip_peer *p, uint64_t seq)
{
	struct gossip_link *l = &p->links[f->slot];
	uint32_t now_s = (uint32_t)(g->now / UNIT);
	uint32_t forgiven = (now_s - l->over_s) * GOSSIP_QUOTA_PER_S;
	bool blame;

	l->over = (l->over > forgiven ? l->over - forgiven : 0) + 1;
	l->over_s = now_s;
	blame = l->over > 2 * GOSSIP_QUOTA_BURST;
	if (!f->quota_over) {
		gossip_report_add(g, GOSSIP_WHY_QUOTA, f, p, seq);
	} else if (!blame) {
		gossip_count_add(g, GOSSIP_WHY_QUOTA);
	}
	f->quota_over = true;
	l->follows = true;
	if (seq > l->has) {
		l->has = seq;
	}
	gossip_tree_graft_soon(g, f);
	return !blame || gossip_peer_nuisance(g, p, GOSSIP_WHY_QUOTA, 1);
}
