/* SPDX-License-Identifier: Apache-2.0 */
/* A facet's column in the making: its values, and which of them each document has. */
#pragma once

#include "base/dictionary.h"
#include "format/facets.h"

struct ng_column_writer {
	struct ng_dictionary
		values;    /* in the order of their first documents; the caller's to add to */
	struct ng_buf ids; /* of the documents up to the last that has a value, id_bytes each: 1 +
			    * its number, or 0 */
	unsigned id_bytes;
	uint64_t with; /* documents that have one */
};

#define NG_COLUMN_WRITER_INIT ((struct ng_column_writer){.id_bytes = 1})

/* Document doc, which is greater than those before, has the value of that number. -ENOMEM. */
int ng_column_writer_put(struct ng_column_writer *column, uint64_t doc, uint32_t number);

/* Append the column of so many documents to buf, whose length is a multiple of 8, and fill in all
 * of header but the name and the prefix. -ENOMEM. */
int ng_column_writer_write(struct ng_column_writer *column, uint64_t docs,
			   struct ng_facet_header *header, struct ng_buf *buf);

void ng_column_writer_clear(
	struct ng_column_writer *column); /* and back to NG_COLUMN_WRITER_INIT */
