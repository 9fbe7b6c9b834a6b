/* Choosing a shard's code tables. */
#pragma once

#include "bwt/streams.h"

/* Cluster a sample of the BWT's streams by the tables that code them best (Lloyd's iterations over
 * code costs), and make the tables' codes: *ret_lengths[0..*ret_n_tables-1], owned by the caller.
 * Every context of every table has the escape code. The same text gives the same tables,
 * whatever the number of threads.
 * O(sample): at most some 24,000 streams whatever the size. They lie all over the text; progress,
 * which may be NULL, is called from time to time with nothing done, for whoever has the text in a
 * file and its pages to give back. -ENOMEM. */
int ng_code_train(const struct ng_bwt_text *text, unsigned threads,
		  void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		  struct ng_code_lengths **ret_lengths, unsigned *ret_n_tables);
