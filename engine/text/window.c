/* SPDX-License-Identifier: Apache-2.0 */
#include "text/window.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include "text/sevenzip.h"
#include "text/signature.h"

#define HEAD_BYTES            4096u
#define SEVENZIP_HEADER_BYTES (1u << 20)

static bool may_have_window(const char *path)
{
	static const char *const suffixes[] = {".zst", ".zstd", ".xz", ".lzma",
					       ".lz",  ".txz",  ".7z", ".tzst"};
	size_t len = strlen(path);

	for (size_t i = 0; i < ng_array_size(suffixes); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && strcasecmp(path + len - n, suffixes[i]) == 0)
			return true;
	}
	return false;
}

/* Refused all memory, a decoder says how much it wants. */
static uint64_t ask(const struct ng_codec *codec, const uint8_t *head, size_t len)
{
	uint8_t out[1];
	struct ng_codec_io io = {.in = head, .in_len = len, .out = out, .out_room = sizeof(out)};
	const char *why;
	void *state = NULL;
	uint64_t takes = 0;

	if (codec->begin(&state, head, len, 1, &why) == 0 && codec->run(state, &io, &why) == -E2BIG)
		takes = codec->takes(state);
	if (state)
		codec->end(state);
	return takes;
}

uint64_t ng_window_of(const uint8_t *head, size_t len)
{
	const struct ng_signature *s;

	/* As pzstd makes them. */
	while (ng_signature_is_skippable(head, len) && len > 8 && ng_load32(head + 4) < len - 8) {
		size_t n = 8 + (size_t)ng_load32(head + 4);

		head += n;
		len -= n;
	}
	s = ng_signature_of(head, len);
	if (!s || !s->codec)
		return 0;
	return s->codec == &ng_codec_zstd ? ng_codec_zstd_window(head, len)
					  : ask(s->codec, head, len);
}

uint64_t ng_window_of_file(const char *path)
{
	int fd ng_cleanup(ng_closep) = -1;
	uint8_t head[HEAD_BYTES];
	uint64_t window;
	const char *why;
	struct stat st;
	ssize_t n;

	if (!may_have_window(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	n = pread(fd, head, sizeof(head), 0);
	if (n >= 6 && memcmp(head, "7z\xbc\xaf\x27\x1c", 6) == 0)
		return ng_sevenzip_look(fd, SEVENZIP_HEADER_BYTES, &window, &why) < 0 ? 0 : window;
	return n > 0 ? ng_window_of(head, (size_t)n) : 0;
}
