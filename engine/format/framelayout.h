/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a frames stream, for its writer and its reader: this header, the dictionary
 * padded to 8 bytes, and the Elias-Fano coded offsets of the frames, one more than there are
 * frames. All numbers are little-endian. */
#pragma once

#include "format/frames.h"

#define NG_FRAMES_DICT_BYTES_MAX (112u << 10)

struct ng_frames_header {
	uint64_t raw_bytes;
	uint32_t frame_bytes; /* NG_FRAME_BYTES */
	uint32_t dict_bytes;  /* 0: no dictionary */
};

_Static_assert(sizeof(struct ng_frames_header) == 16, "file format");
