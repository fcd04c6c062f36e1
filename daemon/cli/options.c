/* Options and --help, from one table per command, through getopt_long(). */
#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/out.h"
#include "proto/bytes.h"

#define OPTIONS_MAX    24u
#define OPTION_BASE    256 /* above every letter */
#define DURATION_MAX_S UINT64_C(31536000)

/* The common options come after the command's own. */
struct option_set {
	struct cli_option all[OPTIONS_MAX];
	size_t n;
	bool help;
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 + 2 * OPTIONS_MAX + 1];
};

int cli_usage_error(struct cli *c, const char *fmt, ...)
{
	char text[WEALD_MSG_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (c->command == NULL) {
		msg_set(&c->msg, "%.400s; see weald help", text);
	} else {
		msg_set(&c->msg, "%.400s; see weald %s --help", text,
			c->command);
	}
	return cli_fail(c, CLI_ABOUT_ASKED, WEALD_USAGE);
}

static void set_add(struct option_set *set, const struct cli_option *o)
{
	struct option *l = &set->longs[set->n];
	size_t at = strlen(set->shorts);

	assert(set->n < OPTIONS_MAX);
	*l = (struct option){
		.name = o->name,
		.has_arg = o->type == CLI_OPTION_FLAG ? no_argument
						      : required_argument,
		.val = OPTION_BASE + (int)set->n,
	};
	if (o->letter != 0) {
		set->shorts[at++] = o->letter;
		if (o->type != CLI_OPTION_FLAG) {
			set->shorts[at++] = ':';
		}
		set->shorts[at] = '\0';
	}
	set->all[set->n++] = *o;
}

static void set_fill(struct option_set *set, struct cli *c,
		     const struct cli_usage *usage)
{
	const struct cli_option common[] = {
		{ "home", 0, CLI_OPTION_TEXT, &c->home, "DIR",
		  "the home to work on (else $WEALD_HOME, else\n"
		  "~/.local/share/weald)" },
		{ "json", 0, CLI_OPTION_FLAG, &c->json, NULL,
		  "print JSON, one object a line" },
		{ "help", 'h', CLI_OPTION_FLAG, &set->help, NULL,
		  "print this help" },
	};
	size_t i;

	*set = (struct option_set){ .n = 0 };
	/* '+': stop at the first argument; ':': say which value is missing */
	snprintf(set->shorts, sizeof set->shorts,
		 "%s:", usage->args_are_foreign ? "+" : "");
	for (i = 0; i < usage->options_n; i++) {
		set_add(set, &usage->options[i]);
	}
	for (i = 0; i < sizeof common / sizeof common[0]; i++) {
		set_add(set, &common[i]);
	}
}

/* @text in lines, each but the first behind @indent spaces. */
static void print_indented(const char *text, int indent)
{
	const char *lf;

	while ((lf = strchr(text, '\n')) != NULL) {
		printf("%.*s\n%*s", (int)(lf - text), text, indent, "");
		text = lf + 1;
	}
	printf("%s\n", text);
}

/* A line that begins with a space goes on with the one above it. */
static void print_synopsis(const char *text)
{
	const char *head = "usage:";
	size_t len;

	for (;;) {
		len = strcspn(text, "\n");
		printf("%-6s %-5s %.*s\n", head, *text == ' ' ? "" : "weald",
		       (int)len, text);
		if (text[len] == '\0') {
			return;
		}
		head = "";
		text += len + 1;
	}
}

static void print_help(const struct cli_usage *usage,
		       const struct option_set *set)
{
	const struct cli_option *o;
	char left[64];
	size_t i;
	int n;

	print_synopsis(usage->synopsis);
	printf("\n%s\nOptions:\n", usage->text);
	for (i = 0; i < set->n; i++) {
		o = &set->all[i];
		n = snprintf(left, sizeof left, "%s%c%s --%s%s%s",
			     o->letter == 0 ? "  " : "-",
			     o->letter == 0 ? ' ' : o->letter,
			     o->letter == 0 ? "" : ",", o->name,
			     o->value == NULL ? "" : " ",
			     o->value == NULL ? "" : o->value);
		assert(n > 0 && (size_t)n < sizeof left);
		printf("  %-28s ", left);
		print_indented(o->help, 31);
	}
}

static const struct cli_option *set_find(const struct option_set *set, int val)
{
	size_t i;

	if (val >= OPTION_BASE) {
		i = (size_t)(val - OPTION_BASE);
		return i < set->n ? &set->all[i] : NULL;
	}
	for (i = 0; i < set->n; i++) {
		if (set->all[i].letter != 0 && set->all[i].letter == val) {
			return &set->all[i];
		}
	}
	return NULL;
}

/* getopt_long() said '?' or ':': say what is wrong with which option. */
static int refuse_option(struct cli *c, const struct option_set *set, int said,
			 const char *arg)
{
	const struct cli_option *o = set_find(set, optopt);

	if (said == ':' && o != NULL) {
		return cli_usage_error(c, "option --%s needs a value: %s",
				       o->name, o->value);
	}
	if (o != NULL) {
		return cli_usage_error(c, "option --%s takes no value",
				       o->name);
	}
	if (optopt != 0) {
		return cli_usage_error(c, "unknown option -%c", optopt);
	}
	return cli_usage_error(c, "unknown option %s", arg);
}

int cli_duration(const char *text, uint64_t *out_seconds)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct span digits = span_of(text);
	uint64_t n;
	size_t i;

	if (digits.len < 2) {
		return WEALD_INVALID;
	}
	digits.len--;
	for (i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (units[i].letter == text[digits.len] &&
		    parse_u64(digits, 1, DURATION_MAX_S / units[i].seconds,
			      &n) == WEALD_OK) {
			*out_seconds = n * units[i].seconds;
			return WEALD_OK;
		}
	}
	return WEALD_INVALID;
}

static int take_text(struct cli *c, const struct cli_option *o,
		     const char *value)
{
	struct cli_list *list = o->to;

	if (value[0] == '\0') {
		return cli_usage_error(c, "option --%s is empty", o->name);
	}
	if (o->type == CLI_OPTION_TEXT) {
		*(const char **)o->to = value;
		return WEALD_OK;
	}
	if (list->n == CLI_LIST_MAX) {
		return cli_usage_error(c,
				       "option --%s is given more than %u "
				       "times",
				       o->name, CLI_LIST_MAX);
	}
	list->list[list->n++] = value;
	return WEALD_OK;
}

static int take_value(struct cli *c, const struct cli_option *o,
		      const char *value)
{
	uint64_t v;

	switch (o->type) {
	case CLI_OPTION_FLAG:
		*(bool *)o->to = true;
		return WEALD_OK;
	case CLI_OPTION_TEXT:
	case CLI_OPTION_LIST:
		return take_text(c, o, value);
	case CLI_OPTION_DURATION:
		if (cli_duration(value, o->to) != WEALD_OK) {
			return cli_usage_error(
				c,
				"option --%s: %s is no length of time up to a "
				"year like 90s, 30m, 12h or 7d",
				o->name, value);
		}
		return WEALD_OK;
	case CLI_OPTION_NUMBER:
		if (parse_u64(span_of(value), 1, UINT_MAX_VALUE, &v) !=
		    WEALD_OK) {
			return cli_usage_error(
				c, "option --%s: %s is not a number from 1 on",
				o->name, value);
		}
		*(uint64_t *)o->to = v;
		return WEALD_OK;
	}
	assert(false && "an option has one of these types");
	return WEALD_USAGE;
}

static int check_count(struct cli *c, const struct cli_usage *usage, int argc,
		       char **argv)
{
	size_t n = (size_t)(argc - optind);

	if (n < usage->args_min) {
		assert(usage->args_wanted != NULL);
		return cli_usage_error(c, "%s", usage->args_wanted);
	}
	if (n > usage->args_max) {
		return cli_usage_error(c, "unexpected argument %s",
				       argv[(size_t)optind + usage->args_max]);
	}
	return WEALD_OK;
}

int cli_parse(struct cli *c, const struct cli_usage *usage, int argc,
	      char **argv, int *out_first)
{
	struct option_set set;
	const struct cli_option *o;
	int val;
	int r;

	set_fill(&set, c, usage);
	opterr = 0;
	optind = 0; /* GNU: begin anew, also after another argv */
	while ((val = getopt_long(argc, argv, set.shorts, set.longs, NULL)) !=
	       -1) {
		if (val == '?' || val == ':') {
			return refuse_option(c, &set, val, argv[optind - 1]);
		}
		o = set_find(&set, val);
		assert(o != NULL);
		r = take_value(c, o, optarg);
		if (r != WEALD_OK) {
			return r;
		}
	}
	if (set.help) {
		if (usage->synopsis != NULL) {
			print_help(usage, &set);
		}
		c->done = true;
		return WEALD_OK;
	}
	r = check_count(c, usage, argc, argv);
	if (r != WEALD_OK) {
		return r;
	}
	*out_first = optind;
	return WEALD_OK;
}
