/*
 * The tables of the index; inside store/index/ only.
 *
 * A record is called region/kind/slug, where region is the feed's name here:
 * record.ref. References in records are kept as that text, whether or not what
 * they name has arrived, and resolved when a question is asked; so the order
 * in which feeds arrive changes nothing.
 *
 * Everything but `feed` and `version` is of a record's latest version that may
 * be shown. Ids mean nothing beyond this file, and are used again.
 */
#ifndef WEALD_STORE_INDEX_SCHEMA_H
#define WEALD_STORE_INDEX_SCHEMA_H

/* Raised with every change of the tables or of what is put into them. */
#define INDEX_SCHEMA_VERSION 4
/* PRAGMA application_id: "Weal" */
#define INDEX_APPLICATION_ID 0x5765616c

/* version.state */
enum index_state {
	INDEX_SHOWN = 0,
	INDEX_WITHHELD = 1, /* the privacy guard would block it */
	INDEX_ABSENT = 2,   /* its contents are not in this home (narrow) */
	INDEX_UNREAD = 3    /* record.md is missing or is no text */
};

/*
 * name       of its folder, as in references
 * title      name of region.yaml; '' where none
 * contact    'role <mailbox>' of it; ''
 * seq        taken in up to here; commit_id is that update's, empty while it
 *            is being taken out
 */
#define INDEX_TABLE_FEED                 \
	"CREATE TABLE feed ("            \
	" id INTEGER PRIMARY KEY,"       \
	" name TEXT NOT NULL UNIQUE,"    \
	" feed_id BLOB NOT NULL UNIQUE," \
	" own INTEGER NOT NULL,"         \
	" title TEXT NOT NULL,"          \
	" contact TEXT NOT NULL,"        \
	" seq INTEGER NOT NULL,"         \
	" commit_id BLOB NOT NULL) STRICT;"

/*
 * ref        region/kind/slug
 * path       kind/YYYY-MM/slug
 * version    the latest that is shown; 0: none is
 * last       the latest of all
 * seq, time  of `version` (of `last` where that is 0); the author's claim
 * created    time of version 1
 * title      '' where no version is shown
 * known      1: its kind is known here and its fields are as they should be,
 *            but for fields that this version does not know
 * withdrawn  1: its author withdrew it: at `version` or after
 * example    1: invented, for tests
 * digest     SHA-256 of record.md of `version`, 8 bytes; empty where 0
 */
#define INDEX_TABLE_RECORD                                 \
	"CREATE TABLE record ("                            \
	" id INTEGER PRIMARY KEY,"                         \
	" ref TEXT NOT NULL UNIQUE,"                       \
	" feed INTEGER NOT NULL,"                          \
	" kind TEXT NOT NULL,"                             \
	" slug TEXT NOT NULL,"                             \
	" path TEXT NOT NULL,"                             \
	" version INTEGER NOT NULL,"                       \
	" last INTEGER NOT NULL,"                          \
	" seq INTEGER NOT NULL,"                           \
	" time INTEGER NOT NULL,"                          \
	" created INTEGER NOT NULL,"                       \
	" title TEXT NOT NULL,"                            \
	" known INTEGER NOT NULL,"                         \
	" withdrawn INTEGER NOT NULL,"                     \
	" example INTEGER NOT NULL,"                       \
	" digest BLOB NOT NULL) STRICT;"                   \
	"CREATE INDEX record_feed ON record (feed, kind);" \
	"CREATE INDEX record_kind ON record (kind, time);"

/*
 * summary    '' where withheld
 * note       of a withdrawal: its author's reason, without the line that
 *            confirms warnings; '' of all others, and where withheld
 * state      enum index_state
 * absent     1: contents of it are not here, so that it is looked at again;
 *            it may be withheld for what the update says of itself
 * why        kinds of the guard that block, "," between, in its order; ""
 * override   1: warnings were passed
 *
 * Of the updates about a feed itself only those are here that are withheld:
 * record is then the feed's id below zero, version the seq.
 */
#define INDEX_TABLE_VERSION                                  \
	"CREATE TABLE version ("                             \
	" feed INTEGER NOT NULL,"                            \
	" seq INTEGER NOT NULL,"                             \
	" record INTEGER NOT NULL,"                          \
	" version INTEGER NOT NULL,"                         \
	" time INTEGER NOT NULL,"                            \
	" action TEXT NOT NULL,"                             \
	" summary TEXT NOT NULL,"                            \
	" note TEXT NOT NULL DEFAULT '',"                    \
	" state INTEGER NOT NULL,"                           \
	" absent INTEGER NOT NULL DEFAULT 0,"                \
	" why TEXT NOT NULL,"                                \
	" override INTEGER NOT NULL,"                        \
	" PRIMARY KEY (feed, seq)) STRICT, WITHOUT ROWID;"   \
	"CREATE UNIQUE INDEX version_record"                 \
	" ON version (record, version);"                     \
	"CREATE INDEX version_state ON version (state)"      \
	" WHERE state <> 0;"                                 \
	"CREATE INDEX version_absent ON version (feed, seq)" \
	" WHERE absent <> 0;"                                \
	"CREATE INDEX version_override ON version (feed)"    \
	" WHERE override <> 0;"

/* Topics ('t') and settings ('s'), also ones that are not known here. */
#define INDEX_TABLE_TAG                                             \
	"CREATE TABLE tag ("                                        \
	" type TEXT NOT NULL,"                                      \
	" code TEXT NOT NULL,"                                      \
	" record INTEGER NOT NULL,"                                 \
	" PRIMARY KEY (type, code, record)) STRICT, WITHOUT ROWID;" \
	"CREATE INDEX tag_record ON tag (record);"

/*
 * References. rel is the field's name (problem, intervention, measure also for
 * aim.measure, comparators, about, target ...), or a link's rel. version 0:
 * the latest is meant.
 *
 * target   as record.ref has it. One that is written in the form for machines
 *          is rewritten when the feed with that id comes or goes: it is
 *          weald:FEED ID/kind/slug while there is none
 * feed_id  of one that is written so; empty
 */
#define INDEX_TABLE_LINK                                        \
	"CREATE TABLE link ("                                   \
	" record INTEGER NOT NULL,"                             \
	" rel TEXT NOT NULL,"                                   \
	" target TEXT NOT NULL,"                                \
	" version INTEGER NOT NULL,"                            \
	" feed_id BLOB NOT NULL DEFAULT x'',"                   \
	" PRIMARY KEY (record, rel, target, version, feed_id))" \
	" STRICT, WITHOUT ROWID;"                               \
	"CREATE INDEX link_target ON link (target, rel);"       \
	"CREATE INDEX link_feed_id ON link (feed_id) WHERE feed_id <> x'';"

/*
 * What questions need of the fields, as it is written: stage, started, status,
 * level, reason, conclusion, outcome, shape, type, design, direction,
 * version_seen, target_versions, ack_needed, next_review, review_on,
 * valid_until, endorser, issued, population, harm.physical, ihi_progress,
 * sites.using, sites.planned, summary, start, target_version; and contact
 * ('role <mailbox>'). Only what is there and valid.
 *
 * Of evidence and adoptions also other_changes_could_explain,
 * fidelity.percent, measure_changed, transition_months, judged_certainty,
 * judged_by, judged_reason, scope.level; and other_changes: 'none' where the
 * list is empty, 'some' where it is not, no row where it is left out, which
 * says that it is not known.
 *
 * Of measures also undesired_event, numerator, denominator, data_source,
 * frequency, per, chart, target, min_denominator.
 */
#define INDEX_TABLE_FACT            \
	"CREATE TABLE fact ("       \
	" record INTEGER NOT NULL," \
	" name TEXT NOT NULL,"      \
	" value TEXT NOT NULL,"     \
	" PRIMARY KEY (record, name)) STRICT, WITHOUT ROWID;"

/*
 * The effects of evidence and of adoptions that have a series, for every shape
 * that the measure may turn out to have: the own-trend effect, and the plain
 * one of the periods before and after (store/evidence/effect.h).
 *
 * shape          code of data_shape
 * state          effect_state_name()
 * ratio .. lag1  of struct effect; 0 but for the states full and short
 * half_added     1: half an event was added to both periods
 * months_before, months_after  in whatever state
 * plain_...      the same of effect_before_after(); plain_log is its log_ratio
 */
#define INDEX_TABLE_EFFECT                                \
	"CREATE TABLE effect ("                           \
	" record INTEGER NOT NULL,"                       \
	" shape TEXT NOT NULL,"                           \
	" state TEXT NOT NULL,"                           \
	" ratio REAL NOT NULL,"                           \
	" low REAL NOT NULL,"                             \
	" high REAL NOT NULL,"                            \
	" log_ratio REAL NOT NULL DEFAULT 0,"             \
	" variance REAL NOT NULL DEFAULT 0,"              \
	" df INTEGER NOT NULL DEFAULT 0,"                 \
	" phi REAL NOT NULL DEFAULT 0,"                   \
	" lag1 REAL NOT NULL DEFAULT 0,"                  \
	" half_added INTEGER NOT NULL DEFAULT 0,"         \
	" months_before INTEGER NOT NULL DEFAULT 0,"      \
	" months_after INTEGER NOT NULL DEFAULT 0,"       \
	" plain_state TEXT NOT NULL DEFAULT 'too-early'," \
	" plain_log REAL NOT NULL DEFAULT 0,"             \
	" plain_variance REAL NOT NULL DEFAULT 0,"        \
	" plain_df INTEGER NOT NULL DEFAULT 0,"           \
	" plain_ratio REAL NOT NULL DEFAULT 0,"           \
	" plain_low REAL NOT NULL DEFAULT 0,"             \
	" plain_high REAL NOT NULL DEFAULT 0,"            \
	" PRIMARY KEY (record, shape)) STRICT, WITHOUT ROWID;"

/*
 * The series of evidence, adoptions and priorities, where it is there and
 * reads without a fault; data: numbers_read() (store/index/numbers.h).
 */
#define INDEX_TABLE_NUMBERS            \
	"CREATE TABLE numbers ("       \
	" record INTEGER PRIMARY KEY," \
	" data BLOB NOT NULL) STRICT;"

/*
 * Words of three letters and more of `search`, as they are written, in small
 * letters: what a mistyped word may have meant. n: records that have it.
 */
#define INDEX_TABLE_TERM          \
	"CREATE TABLE term ("     \
	" term TEXT PRIMARY KEY," \
	" n INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

/*
 * rowid    record.id
 * labels   of topics (with their synonyms), settings and kind, a line each
 * text     the readable values of the fields and the body, a line each
 */
#define INDEX_TABLE_SEARCH                         \
	"CREATE VIRTUAL TABLE search USING fts5 (" \
	" title, labels, text,"                    \
	" tokenize = 'porter unicode61 remove_diacritics 2');"

/* A row, its id 1, where all feeds of the home were taken in once. */
#define INDEX_TABLE_COMPLETE      \
	"CREATE TABLE complete (" \
	" id INTEGER PRIMARY KEY) STRICT;"

#define INDEX_SCHEMA                                                \
	INDEX_TABLE_FEED INDEX_TABLE_RECORD INDEX_TABLE_VERSION     \
		INDEX_TABLE_TAG INDEX_TABLE_LINK INDEX_TABLE_FACT   \
			INDEX_TABLE_EFFECT INDEX_TABLE_NUMBERS      \
				INDEX_TABLE_TERM INDEX_TABLE_SEARCH \
					INDEX_TABLE_COMPLETE

#endif
