/* SPDX-License-Identifier: Apache-2.0 */
#include "text/sevenzip.h"

#include <lzma.h>

#include "text/sevenzip_header.h"

#define SIGNATURE_BYTES 32u

static const char damaged[] = "damaged: its header makes no sense";

static int read_at(int fd, uint64_t at, size_t len, struct ng_buf *ret, const char **ret_why)
{
	int r = ng_buf_reserve(ret, len);

	ret->len = 0;
	while (r == 0 && ret->len < len) {
		ssize_t n = pread(fd, ret->data + ret->len, len - ret->len, (off_t)(at + ret->len));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0) {
			*ret_why = "truncated: its header, which stands at its end, is missing";
			return -EBADMSG;
		}
		ret->len += n > 0 ? (size_t)n : 0;
	}
	return r;
}

/* Decode a header that is packed itself. What a dictionary takes is at most what comes out. */
static int unpack_header(int fd, const struct ng_sevenzip_streams *s, uint64_t header_max,
			 struct ng_buf *ret, const char **ret_why)
{
	struct ng_buf packed ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	lzma_filter filters[] = {{.id = LZMA_FILTER_LZMA1}, {.id = LZMA_VLI_UNKNOWN}};
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret code;
	int r;

	if (s->unpack_size > header_max || s->pack_size > header_max)
		return -E2BIG;
	*ret_why = damaged;
	if (!s->unpack_size || s->pack_at > INT64_MAX - SIGNATURE_BYTES - s->pack_size)
		return -EBADMSG;
	if (s->method == NG_SEVENZIP_LZMA2)
		filters[0].id = LZMA_FILTER_LZMA2;
	r = read_at(fd, SIGNATURE_BYTES + s->pack_at, (size_t)s->pack_size, &packed, ret_why);
	if (r == 0)
		r = ng_buf_reserve(ret, (size_t)s->unpack_size);
	if (r < 0)
		return r;
	*ret_why = damaged;
	if (lzma_properties_decode(&filters[0], NULL, s->props, s->props_len) != LZMA_OK)
		return -EBADMSG;
	code = lzma_raw_decoder(&stream, filters);
	free(filters[0].options);
	stream.next_in = packed.data;
	stream.avail_in = packed.len;
	stream.next_out = ret->data;
	stream.avail_out = (size_t)s->unpack_size;
	/* It ends where its size says, or with a mark. */
	while (code == LZMA_OK && stream.avail_out)
		code = lzma_code(&stream, LZMA_RUN);
	lzma_end(&stream);
	if (code == LZMA_MEM_ERROR)
		return -ENOMEM;
	if (stream.avail_out)
		return -EBADMSG;
	ret->len = (size_t)s->unpack_size;
	return 0;
}

int ng_sevenzip_look(int fd, uint64_t header_max, uint64_t *ret_window, const char **ret_why)
{
	struct ng_buf header ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct ng_buf unpacked ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	const struct ng_buf *plain = &header;
	struct ng_sevenzip_streams outer = {0}, inner;
	uint64_t at, size;
	int r = read_at(fd, 0, SIGNATURE_BYTES, &header, ret_why);

	if (r < 0)
		return r;
	at = ng_load64(header.data + 12);
	size = ng_load64(header.data + 20);
	*ret_window = 0;
	if (size == 0)
		return 0;
	if (size > header_max)
		return -E2BIG;
	*ret_why = damaged;
	if (at > INT64_MAX - SIGNATURE_BYTES - size)
		return -EBADMSG;
	r = read_at(fd, SIGNATURE_BYTES + at, (size_t)size, &header, ret_why);
	if (r < 0)
		return r;
	if (ng_sevenzip_is_packed(header.data, header.len)) {
		plain = &unpacked;
		r = ng_sevenzip_parse_packed(header.data, header.len, &outer, ret_why);
		if (r == 0)
			r = unpack_header(fd, &outer, header_max, &unpacked, ret_why);
	}
	if (r == 0)
		r = ng_sevenzip_parse(plain->data, plain->len, &inner, ret_why);
	if (r < 0)
		return r;
	*ret_window = ng_max(inner.window, outer.window);
	return 0;
}
