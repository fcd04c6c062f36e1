/*
 * The tables that scripts/vocab.awk makes of store/record/vocab; only
 * vocab.c reads them. See store/record/vocab.h.
 */
#ifndef WEALD_STORE_RECORD_VOCAB_DATA_H
#define WEALD_STORE_RECORD_VOCAB_DATA_H

#include "store/record/vocab.h"

extern const struct code_list vocab_list_table[];
extern const size_t vocab_lists_n;
extern const struct kind vocab_kind_table[];
extern const size_t vocab_kinds_n;
extern const struct topic vocab_topic_table[];
extern const size_t vocab_topics_n;
extern const struct region_name vocab_region_table[];
extern const size_t vocab_regions_n;

#endif
