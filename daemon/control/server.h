/*
 * Inside the control socket: a call that is being answered, and the methods.
 * daemon/control/control.h is for others.
 */
#ifndef WEALD_DAEMON_CONTROL_SERVER_H
#define WEALD_DAEMON_CONTROL_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/control/rpc.h"
#include "daemon/node/node.h"

/*
 * A call, from its request to its answer. Whoever has it answers exactly once,
 * with call_reply() or call_fail(), at once or later; either gives it up. The
 * caller may have gone by then: the answer is thrown away, and nobody has to
 * know. Loop's thread; the parameters may be read on any thread until then.
 */
struct call;

struct node *call_node(const struct call *call);
const msgpack_object *call_params(const struct call *call);
size_t call_params_n(const struct call *call);

/* Takes @result; NULL (no memory) is answered with an error. */
void call_reply(struct call *call, json_t *result);

/* What a failure was about, as the command's exit code needs it. */
enum call_about {
	CALL_ABOUT_ASKED,
	CALL_ABOUT_INPUT,
	CALL_ABOUT_SOURCE,
	CALL_ABOUT_HOME,
	CALL_ABOUT_FEED
};

struct call_error {
	int err;
	enum call_about about;
	struct weald_msg msg;
	json_t *more; /* further keys, taken; NULL: none */
};
void call_fail(struct call *call, struct call_error *error);
/* The same, without further keys. @msg may be NULL. */
void call_fail_plain(struct call *call, enum call_about about, int err,
		     const struct weald_msg *msg);

/* Answer with {}, then tell the caller of every event until it goes. */
void call_watch(struct call *call);

/* A method answers @call; its parameters are as many as the table says. */
typedef void method_fn(struct call *call);
struct method {
	const char *name;
	size_t params_n;
	method_fn *fn;
};
/* NULL where there is none. */
const struct method *method_find(struct span name);

#endif
