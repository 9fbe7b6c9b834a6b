/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of frames in shards, for the unit tests. */
#pragma once

#include "format/framelayout.h"
#include "format/shardfile.h"
#include "fixture.h"

#include <setjmp.h>

#include <cmocka.h>

#define DATA      NG_SECTION_TEXT_FRAMES
#define DIRECTORY NG_SECTION_TEXT_DIRECTORY

enum kind { TEXT, RECORDS, NOISE, ZEROES };

uint8_t *make_data(size_t len, enum kind kind);
void write_shard(struct fixture *f, const uint8_t *data, size_t len, size_t piece, int level,
		 unsigned threads);

struct opened {
	struct ng_shard_file *file;
	struct ng_frames *frames;
	const uint8_t *data, *directory;
	size_t data_bytes, directory_bytes;
};

void open_shard(struct fixture *f, struct opened *o);
void close_shard(struct opened *o);
size_t dict_bytes(const struct opened *o);
