/* SPDX-License-Identifier: Apache-2.0 */
/* One check on its way: what its parts share. Functions of this folder return 0 when a part was
 * checked, whatever they found, and a negative errno when they could not go on: -EINTR, -ENOMEM. */
#pragma once

#include <pthread.h>

#include "check/check.h"
#include "format/shardfile.h"

/* Parts of a file beside its sections, whose types they follow; 0 is padding. */
enum ng_part {
	NG_PART_FILE = NG_SECTION_TYPES, /* the file as a whole */
	NG_PART_HEADER,
	NG_PART_TABLE,
	NG_PART_FACETS,
	NG_PART_UNKNOWN, /* a section that may be passed over */
	NG_PARTS,
};

struct ng_checker {
	const struct ng_check_options *options;
	unsigned threads;
	pthread_mutex_t lock; /* of all that follows, and while options' functions are called */
	const char *path;     /* of the file that is being checked */
	uint64_t damages;     /* in all files */
	uint64_t in_part[NG_PARTS]; /* of them, in this file */
	uint64_t shard;             /* how many were checked before this one */
	const char *phase;          /* a constant */
	uint64_t done, total;
};

void ng_checker_init(struct ng_checker *checker, const struct ng_check_options *options);
void ng_checker_clear(struct ng_checker *checker);

/* Begin with a file, and end with it. path is borrowed. */
void ng_checker_file(struct ng_checker *checker, const char *path);
void ng_checker_file_end(struct ng_checker *checker);

/* Damage of a part (a section's type or an enum ng_part) at an offset in the file, or at
 * NG_NO_OFFSET. Thread-safe. */
void ng_checker_damage(struct ng_checker *checker, uint32_t part, uint64_t offset, const char *fmt,
		       ...) __attribute__((__format__(printf, 4, 5)));

/* Something about the file that is no damage. */
void ng_checker_note(struct ng_checker *checker, const char *fmt, ...)
	__attribute__((__format__(printf, 2, 3)));

/* Whether no damage was found in this file so far, or in a part of it. */
bool ng_checker_file_sound(struct ng_checker *checker);
bool ng_checker_part_sound(struct ng_checker *checker, uint32_t part);

/* Begin a phase, a constant string, of total bytes (0: unknown), and add to what is done of it.
 * Thread-safe. */
void ng_checker_phase(struct ng_checker *checker, const char *phase, uint64_t total);
void ng_checker_advance(struct ng_checker *checker, uint64_t bytes);

/* What an error's text says after the path that it begins with, which a damage has by itself, and
 * without saying that this is one. A part of text. */
const char *ng_checker_reason(const char *text, const char *path);

static inline bool ng_checker_cancelled(const struct ng_checker *checker)
{
	return ng_cancelled(checker->options->cancel);
}
