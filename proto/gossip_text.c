#include <assert.h>

#include "proto/gossip.h"

struct reason_words {
	const char *name;
	const char *text;
	const char *todo;
};

static const struct reason_words words[GOSSIP_REASONS_N] = {
#define GOSSIP_X(code, name, text, todo) \
	[GOSSIP_WHY_##code] = { name, text, todo },
	GOSSIP_REASONS(GOSSIP_X)
#undef GOSSIP_X
};

const char *gossip_reason_name(enum gossip_reason reason)
{
	return (unsigned)reason < GOSSIP_REASONS_N ? words[reason].name
						   : "unknown";
}

const char *gossip_reason_text(enum gossip_reason reason)
{
	return (unsigned)reason < GOSSIP_REASONS_N ? words[reason].text
						   : "not a known reason";
}

const char *gossip_reason_todo(enum gossip_reason reason)
{
	return (unsigned)reason < GOSSIP_REASONS_N ? words[reason].todo
						   : "update weald";
}

const char *gossip_guard_text(enum gossip_guard why)
{
	switch (why) {
	case GOSSIP_SIGN_ALLOWED:
		return "signing is allowed";
	case GOSSIP_SIGN_NO_FEED:
		return "this node has no feed of its own";
	case GOSSIP_SIGN_WAITING:
		return "waiting for other nodes to say what they hold of our "
		       "feed; weald run --i-am-first, or weald publish "
		       "--i-am-first, is for a feed that no other node has "
		       "ever held: never after a restore";
	case GOSSIP_SIGN_BEHIND:
		return "others hold more of our own feed than we do; it is "
		       "being taken back";
	case GOSSIP_SIGN_DISPUTED:
		return "our feed's key was used twice; this version cannot "
		       "recover the feed, which takes no further updates";
	}
	return "unknown";
}
