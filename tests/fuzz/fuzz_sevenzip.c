/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: the header of a 7z archive from a stranger, who gets its checksum right.
 * Parsed as it stands, and as one that says how the header is packed: it is damaged, for a reason,
 * or what it says is in range. */
#include "fuzz.h"

#include "text/sevenzip_header.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned packed = 0; packed < 2; packed++) {
		struct ng_sevenzip_streams streams = {0};
		const char *why = NULL;
		int r = packed ? ng_sevenzip_parse_packed(data, size, &streams, &why)
			       : ng_sevenzip_parse(data, size, &streams, &why);

		require(!streams.has_crc.data);
		if (r < 0) {
			require(r == -EBADMSG && why && *why);
			continue;
		}
		/* A folder takes more than a byte. */
		require(streams.folders <= size && streams.props_len <= sizeof(streams.props));
		require(!packed || streams.coders == 1);
	}
	return 0;
}

#define STREAMS                                                                                    \
	"\x06\x00\x02\x09\x0a\x0b\x00"                     /* packed: two, of 10 and 11 bytes */   \
	"\x07\x0b\x02\x00"                                 /* two folders, */                      \
	"\x01\x23\x03\x01\x01\x05\x5d\x00\x00\x01\x00"     /* of LZMA, */                          \
	"\x02\x01\x04\x21\x21\x01\x18\x00\x01"             /* and of x86 and LZMA2 */              \
	"\x0c\x20\x21\x22\x0a\x00\x80\x01\x02\x03\x04\x00" /* sizes, one checksum */               \
	"\x08\x0d\x01\x02\x09\x05\x0a\x01"                 /* files in each, */                    \
	"\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00"

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const struct {
		const char *data;
		size_t size;
	} seeds[] = {
#define SEED(s) {s, sizeof(s) - 1}
		SEED("\x01\x04" STREAMS "\x05\x01\x11\x05\x00"
		     "a\0\0\0\x00\x00"),
		SEED("\x17\x06\x00\x01\x09\x0a\x00\x07\x0b\x01\x00\x01\x23\x03\x01\x01\x05\x5d\x00"
		     "\x00\x01\x00\x0c\x20\x0a\x01\x01\x02\x03\x04\x00\x00"),
		SEED("\x17\x06\x00\x01\x09\x0a\x00\x07\x0b\x01\x00\x01\x21\x21\x01\x18\x0c\x20\x00"
		     "\x00"),
		SEED("\x01\x00"),
	};
	uint8_t *seed;

	if (number >= sizeof(seeds) / sizeof(*seeds))
		return NULL;
	*ret_size = seeds[number].size;
	seed = malloc(*ret_size);
	require(seed);
	return memcpy(seed, seeds[number].data, *ret_size);
}
