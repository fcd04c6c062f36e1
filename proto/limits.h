/*
 * Limits: every maximum of the format in one place, with its reason.
 *
 * These are limits of validity: they hold for every update for ever, so that
 * all nodes agree on what is valid. What a command refuses beyond them stands
 * beside that command.
 */
#ifndef WEALD_PROTO_LIMITS_H
#define WEALD_PROTO_LIMITS_H

#include <stdint.h>

/* Sizes that the algorithms give. */
#define SHA256_BYTES    32u
#define OBJECT_ID_BYTES 20u /* git's SHA-1 object ids */
#define PUBKEY_BYTES    32u
#define SEED_BYTES      32u
#define SIG_BYTES       64u
#define NONCE_BYTES     16u

/* Unsigned integers stay exact in every language that reads the feed. */
#define UINT_MAX_VALUE ((UINT64_C(1) << 53))

/* A payload fits in one commit header that git and people can handle. */
#define PAYLOAD_BYTES_MAX (64u * 1024u)

/* A file that git shows, diffs and clones without LFS. */
#define CONTENT_BYTES_MAX  (1024u * 1024u)
#define CONTENTS_BYTES_MAX (4u * 1024u * 1024u)

/* [P, S, contents]: both maxima and the headers of each content. */
#define ENVELOPE_BYTES_MAX (5u * 1024u * 1024u)

/* The shortest change, the removal of a/2026-01/b/c, takes 15 bytes. */
#define CHANGES_MAX (PAYLOAD_BYTES_MAX / 15u)

#define SLUG_BYTES_MIN    2u /* a region's short name */
#define SLUG_BYTES_MAX    40u
#define NAME_BYTES_MAX    60u  /* a kind or a record's slug */
#define FILE_BYTES_MAX    100u /* a file's name */
#define ACTION_BYTES_MAX  20u
#define SUMMARY_BYTES_MAX 200u
#define NOTE_BYTES_MAX    2000u
#define TOPICS_MAX        8u
#define TOPIC_BYTES_MAX   40u
#define EXT_BYTES_MAX     1024u

/* kind/YYYY-MM/slug */
#define RECORD_BYTES_MAX (NAME_BYTES_MAX + 1u + 7u + 1u + NAME_BYTES_MAX)
/* record/attachments/name */
#define PATH_BYTES_MAX (RECORD_BYTES_MAX + 13u + FILE_BYTES_MAX)

/* Git and ssh-keygen write dates from the second day of 1970 to 9999. */
#define TIME_MIN UINT64_C(86400)
#define TIME_MAX UINT64_C(253402300799)

/* Commit: the payload in base64, the armour, the text, with room to spare. */
#define COMMIT_BYTES_MAX (PAYLOAD_BYTES_MAX / 3u * 4u + 8192u)

#endif
