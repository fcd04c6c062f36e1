/*
 * The node: start, stop, signals, reload.
 *
 * Start: lock the home, read config, members, keys and receipts, open the
 * feeds, begin the engine, listen, dial, serve the control socket, tell
 * systemd. Whatever fails on the way undoes what was done and is the result.
 *
 * Stop (SIGTERM, SIGINT, or a failure that leaves nothing to do): stop
 * listening and dialling, say bye to the peers, let the jobs finish, so that
 * what was verified is stored, write the receipts, close.
 */
#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/node/indexer.h"
#include "daemon/version.h"

#define HOME_LOCK_WAIT_MS 5000u
#define TICK_MS           1000u
#define RECEIPT_MS        3000u
#define RECEIPT_IDLE_MS   600000u

uv_loop_t *node_loop(struct node *n)
{
	return &n->loop;
}

struct home *node_home(struct node *n)
{
	return n->home;
}

/* ---- stopping ------------------------------------------------------------
 */

static void handle_closed_cb(uv_handle_t *handle)
{
	struct node *n = handle->data;

	assert(n->handles > 0);
	n->handles--;
}

static void close_handle(const struct node *n, uv_handle_t *handle)
{
	if (handle->data == n && !uv_is_closing(handle)) {
		uv_close(handle, handle_closed_cb);
	}
}

static void control_closed_cb(void *ctx)
{
	struct node *n = ctx;

	n->stopped_control = true;
	node_idle(n);
}

static void node_stop(struct node *n)
{
	size_t i;

	if (n->stopping) {
		return;
	}
	n->stopping = true;
	(void)sd_notify(0, "STOPPING=1");
	log_info("stopping");
	listener_close(n->listener);
	n->listener = NULL;
	dialler_close(n->dialler);
	n->dialler = NULL; /* its functions take that */
	membership_stop(n);
	for (i = 0; i < n->sessions_n; i++) {
		/* the engine need not hear of it: it will be gone too */
		session_close(n->sessions[i], false, "stopping",
			      "the daemon is stopped");
	}
	node_idle(n);
}

/*
 * Called whenever something has ended. While stopping: when nothing of the
 * peers and no job is left, the rest is closed, and the loop ends.
 */
void node_idle(struct node *n)
{
	struct control_server *control;
	size_t i;

	alone_try(n);
	if (!n->stopping || n->driving || n->sessions_n > 0 || n->jobs > 0 ||
	    n->verify_waiting.first != NULL) {
		return;
	}
	if (n->control != NULL) {
		control = n->control;
		n->control = NULL;
		control_server_close(control, control_closed_cb, n);
		return;
	}
	if (!n->stopped_control) {
		return;
	}
	receipts_save(n);
	if (n->jobs > 0) {
		return;
	}
	indexer_stop(n);
	close_handle(n, (uv_handle_t *)&n->wake);
	close_handle(n, (uv_handle_t *)&n->tick);
	for (i = 0; i < sizeof(n->signals) / sizeof(n->signals[0]); i++) {
		close_handle(n, (uv_handle_t *)&n->signals[i]);
	}
}

static void tick_cb(uv_timer_t *timer);

void node_fail(struct node *n, int err, const struct weald_msg *msg)
{
	assert(err != WEALD_OK);
	if (n->err == WEALD_OK) {
		n->err = err;
		if (msg != NULL) {
			n->msg = *msg;
		}
		log_error("the node must stop error=%s: %s", err_name(err),
			  msg_text(msg, err));
	}
	n->fail_pending = true; /* tick_cb(): never from within a step */
	uv_timer_start(&n->tick, tick_cb, 0, TICK_MS);
}

struct soon {
	uv_timer_t timer;
	struct node *node;
	void (*fn)(void *ctx);
	void *ctx;
};

static void soon_closed_cb(uv_handle_t *handle)
{
	struct soon *s = handle->data;

	s->node->handles--;
	free(s);
}

static void soon_cb(uv_timer_t *timer)
{
	struct soon *s = timer->data;

	s->fn(s->ctx);
	uv_close((uv_handle_t *)timer, soon_closed_cb);
}

int node_soon(struct node *n, void (*fn)(void *ctx), void *ctx)
{
	struct soon *s = calloc(1, sizeof(*s));

	if (s == NULL || uv_timer_init(&n->loop, &s->timer) != 0) {
		free(s);
		return WEALD_NOMEM;
	}
	s->node = n;
	s->fn = fn;
	s->ctx = ctx;
	s->timer.data = s;
	n->handles++;
	(void)uv_timer_start(&s->timer, soon_cb, 0, 0);
	return WEALD_OK;
}

/* ---- while running -------------------------------------------------------
 */

/* After a catch-up much memory is free, in small pieces: give it back. */
static void trim(struct node *n)
{
	if (n->trim_ms != 0 && node_now_ms(n) >= n->trim_ms) {
		n->trim_ms = 0;
		(void)malloc_trim(64 * 1024);
	}
}

static void tick_cb(uv_timer_t *timer)
{
	struct node *n = timer->data;

	if (n->fail_pending && !n->stopping) {
		node_stop(n);
		return;
	}
	if (n->stopping) {
		node_idle(n);
		return;
	}
	consolidate_tick(n);
	trim(n);
	if (n->roster_due) {
		n->roster_due = false;
		sessions_review(n);
		plan_refresh(n);
	}
	sessions_tick(n);
	plan_tick(n);
	membership_tick(n);
	contents_tick(n);
	indexer_tick(n);
	receipts_save(n);
}

static void signal_cb(uv_signal_t *handle, int signum)
{
	struct node *n = handle->data;
	struct weald_msg msg = { "" };
	int r;

	if (signum != SIGHUP) {
		node_stop(n);
		return;
	}
	r = node_reload(n, &msg);
	if (r != WEALD_OK) {
		log_error("not reloaded, going on as before error=%s: %s",
			  err_name(r), msg_text(&msg, r));
	}
}

/* Tell the engine how a feed is followed, and what of it is here. */
static void follow(struct node *n, struct replica *r, enum gossip_policy policy)
{
	struct gossip_event event = { .type = GOSSIP_FOLLOW };

	if (r->engine_knows && r->policy == policy) {
		return;
	}
	if (r->open_err != WEALD_OK) {
		return; /* what is on disk is not known: not asked for */
	}
	r->policy = policy;
	r->engine_knows = true;
	memcpy(event.follow.feed, r->id, sizeof(r->id));
	event.follow.policy = policy;
	event.follow.head = r->head;
	event.follow.disputed_from = r->disputed_from;
	event.follow.proof = buf_span(&r->proof);
	drive(n, &event);
}

static enum gossip_policy policy_of(struct node *n, const struct replica *r)
{
	const struct member_follow *f = members_follow(&n->members, r->id);

	if (r == n->own) {
		return GOSSIP_FOLLOW_WHOLE;
	}
	if (members_blocked(&n->members, r->id) != NULL) {
		return GOSSIP_BLOCKED_FEED;
	}
	if (f == NULL) {
		return GOSSIP_NOT_FOLLOWED;
	}
	return f->topics_n + f->kinds_n > 0 ? GOSSIP_FOLLOW_NARROW
					    : GOSSIP_FOLLOW_WHOLE;
}

/* Every feed that members names has a replica. */
static void add_replicas(struct node *n)
{
	struct replica *r;
	size_t i;
	int err = WEALD_OK;

	for (i = 0; i < n->members.follows_n && err == WEALD_OK; i++) {
		err = replica_add(n, n->members.follows[i].feed, &r);
		if (err == WEALD_OK && r->slug[0] == '\0') {
			memcpy(r->slug, n->members.follows[i].slug,
			       sizeof(r->slug));
		}
	}
	for (i = 0; i < n->members.blocks_n && err == WEALD_OK; i++) {
		err = replica_add(n, n->members.blocks[i].feed, &r);
	}
	if (err != WEALD_OK) {
		log_warning("not all feeds of members are followed error=%s",
			    err_name(err));
	}
}

void node_members_changed(struct node *n)
{
	enum gossip_policy policy;
	struct replica *r;
	size_t i;

	add_replicas(n);
	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		policy = policy_of(n, r);
		if (policy == GOSSIP_NOT_FOLLOWED && !r->engine_knows) {
			continue;
		}
		follow(n, r, policy);
		if (r->narrow) {
			contents_look(r, true);
		}
	}
	sessions_review(n);
	plan_refresh(n);
}

int node_reload(struct node *n, struct weald_msg *msg)
{
	struct settings settings;
	struct members members = { .follows = NULL };
	struct listener *listener = NULL;
	int r;

	if (n->stopping) {
		msg_set(msg, "the daemon is stopping");
		return WEALD_LOCKED;
	}
	r = settings_load(n->home, &settings, msg);
	if (r == WEALD_OK) {
		r = members_load(n->home, &members, msg);
	}
	if (r == WEALD_OK && settings.listen[0] != '\0' &&
	    strcmp(settings.listen, n->settings.listen) != 0) {
		r = listener_open(&n->setup, settings.listen, &listener, msg);
	}
	if (r != WEALD_OK) {
		members_release(&members);
		return r;
	}
	if (strcmp(settings.listen, n->settings.listen) != 0) {
		listener_close(n->listener);
		n->listener = listener;
	}
	n->settings = settings;
	members_release(&n->members);
	n->members = members;
	log_set_level((enum log_level)settings.log_level);
	node_members_changed(n);
	membership_profile_again(n);
	log_info("config and members were read again");
	return WEALD_OK;
}

/* ---- starting ------------------------------------------------------------
 */

static int start_keys(struct node *n, struct weald_msg *msg)
{
	uint8_t seed[SEED_BYTES];
	int r;

	r = home_node_seed(n->home, seed, msg);
	if (r == WEALD_OK) {
		r = ed25519_public(seed, n->key);
	}
	if (r == WEALD_OK) {
		r = ed25519_signer_new(seed, &n->signer);
	}
	if (r == WEALD_OK) {
		r = tls_new(seed, &n->tls, msg);
	}
	OPENSSL_cleanse(seed, sizeof(seed));
	if (r == WEALD_OK && (getrandom(n->instance, sizeof(n->instance), 0) !=
				      (ssize_t)sizeof(n->instance) ||
			      getrandom(&n->random, sizeof(n->random), 0) !=
				      (ssize_t)sizeof(n->random))) {
		r = WEALD_CRYPTO;
	}
	n->random |= 1;
	return r;
}

static int start_engine(struct node *n, bool first)
{
	char software[FRAME_SOFTWARE_BYTES_MAX];
	struct gossip_config config = { .first = first,
					.receipt_ms = RECEIPT_MS,
					.receipt_idle_ms = RECEIPT_IDLE_MS };
	uint8_t(*view)[PUBKEY_BYTES] = NULL;
	int r;

	snprintf(software, sizeof(software), "weald %s", WEALD_RELEASE);
	memcpy(config.node, n->key, sizeof(config.node));
	memcpy(config.instance, n->instance, sizeof(config.instance));
	memcpy(config.feed, home_feed_id(n->home), sizeof(config.feed));
	config.seed = n->random;
	config.software = span_of(software);
	r = receipts_view(n, &view, &config.view_n);
	config.view = (const uint8_t(*)[PUBKEY_BYTES])view;
	if (r == WEALD_OK) {
		r = gossip_new(&config, node_now_ms(n), &n->engine);
	}
	free(view);
	return r;
}

static uint64_t jitter(void *ctx, uint64_t below)
{
	return node_random(ctx, below);
}

static int start_network(struct node *n, struct weald_msg *msg)
{
	int r;

	n->setup.loop = &n->loop;
	n->setup.tls = n->tls;
	n->setup.handler = &session_handler;
	n->setup.ctx = n;
	r = dialler_new(&n->setup, jitter, n, &n->dialler);
	if (r == WEALD_OK && n->settings.listen[0] != '\0') {
		r = listener_open(&n->setup, n->settings.listen, &n->listener,
				  msg);
	}
	return r;
}

static void start_handle(struct node *n, uv_handle_t *handle)
{
	handle->data = n;
	n->handles++;
}

static int start_handles(struct node *n)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	size_t i;

	if (uv_timer_init(&n->loop, &n->wake) != 0) {
		return WEALD_NOMEM;
	}
	start_handle(n, (uv_handle_t *)&n->wake);
	if (uv_timer_init(&n->loop, &n->tick) != 0) {
		return WEALD_NOMEM;
	}
	start_handle(n, (uv_handle_t *)&n->tick);
	uv_timer_start(&n->tick, tick_cb, TICK_MS, TICK_MS);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (uv_signal_init(&n->loop, &n->signals[i]) != 0) {
			return WEALD_NOMEM;
		}
		start_handle(n, (uv_handle_t *)&n->signals[i]);
		if (uv_signal_start(&n->signals[i], signal_cb, signals[i]) !=
		    0) {
			return WEALD_NOMEM;
		}
	}
	return WEALD_OK;
}

static int start(struct node *n, const struct node_options *options,
		 struct weald_msg *msg)
{
	int r;

	r = home_lock(n->home, HOME_LOCK_WAIT_MS, msg);
	if (r == WEALD_OK) {
		r = settings_load(n->home, &n->settings, msg);
	}
	if (r == WEALD_OK) {
		log_set_level((enum log_level)n->settings.log_level);
		r = members_load(n->home, &n->members, msg);
	}
	if (r == WEALD_OK) {
		r = start_keys(n, msg);
	}
	if (r == WEALD_OK) {
		r = replicas_open(n, msg);
	}
	if (r == WEALD_OK) {
		r = receipts_load(n, msg);
	}
	if (r == WEALD_OK) {
		r = start_handles(n);
	}
	if (r == WEALD_OK) {
		r = start_network(n, msg);
	}
	if (r == WEALD_OK) {
		r = start_engine(n, options->first);
	}
	if (r == WEALD_OK) {
		r = membership_open(n, msg);
	}
	if (r == WEALD_OK) {
		r = indexer_open(n);
	}
	if (r == WEALD_OK) {
		r = control_server_open(n, &n->control, msg);
	}
	return r;
}

static void started(struct node *n, bool first)
{
	struct weald_msg msg = { "" };
	char key[2 * PUBKEY_BYTES + 1];

	n->started_ms = node_now_ms(n);
	n->started_s = node_clock_s();
	follow(n, n->own, GOSSIP_FOLLOW_WHOLE);
	node_members_changed(n);
	membership_profile(n, n->own);
	hex_encode(n->key, sizeof(n->key), key);
	log_info("running version=%s region=%s feeds=%zu port=%u node=%s",
		 WEALD_RELEASE, home_slug(n->home), n->replicas_n,
		 n->listener == NULL ? 0u
				     : (unsigned)listener_port(n->listener),
		 key);
	if (first) {
		log_info("signing is allowed by the admin's word");
	} else if (!node_may_sign(n, &msg)) {
		log_info("signing is held back: %s", msg.text);
	}
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s: %zu feeds", home_slug(n->home),
			 n->replicas_n);
}

/* ---- the whole life ------------------------------------------------------
 */

/* Everything that a start may have left, in any state. */
static void finish(struct node *n)
{
	gossip_free(n->engine);
	verified_release_all(n);
	watch_release(n);
	membership_close(n);
	receipts_release(n);
	indexer_close(n);
	replicas_close(n);
	members_release(&n->members);
	tls_free(n->tls);
	ed25519_signer_free(n->signer);
	free(n->sessions);
	free(n->later);
}

/*
 * libuv reads UV_THREADPOOL_SIZE when the first job comes. Two threads more
 * than processors, since jobs wait for the disk. One malloc arena for each two
 * threads keeps an idle node small.
 */
static void set_process(void)
{
	char text[16];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	snprintf(text, sizeof(text), "%ld",
		 cores < 1 ? 3 : (cores > 14 ? 16 : cores + 2));
	(void)setenv("UV_THREADPOOL_SIZE", text, 1);
	(void)mallopt(M_ARENA_MAX, 2);
	(void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_DUMPABLE, 0); /* no keys in core dumps */
}

int node_run(const struct node_options *options, struct weald_msg *msg)
{
	struct node *n = calloc(1, sizeof(*n));
	int r;

	if (n == NULL) {
		return WEALD_NOMEM;
	}
	set_process();
	n->home = options->home;
	if (uv_loop_init(&n->loop) != 0) {
		free(n);
		return WEALD_NOMEM;
	}
	r = start(n, options, msg);
	if (r == WEALD_OK) {
		started(n, options->first);
	} else {
		n->err = r;
		n->stopping = true;
		listener_close(n->listener);
		dialler_close(n->dialler);
		n->listener = NULL;
		n->dialler = NULL;
		node_idle(n);
	}
	if (n->control == NULL) {
		n->stopped_control = true;
		node_idle(n);
	}
	(void)uv_run(&n->loop, UV_RUN_DEFAULT);
	if (r == WEALD_OK && n->err != WEALD_OK) {
		*msg = n->msg;
	}
	r = n->err;
	if (r == WEALD_OK) {
		log_info("stopped");
	}
	finish(n);
	if (uv_loop_close(&n->loop) != 0) {
		log_error("handles were left open at the end");
	}
	free(n);
	return r;
}
