/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of 7z archives, written by hand. */
#include "scratch.h"
#include "text/sevenzip_header.h"

#include <setjmp.h>
#include <cmocka.h>

#define FOLDERS 200000u

/* Packed streams of 10 and 11 bytes; folders of LZMA, and of x86 and LZMA2; their sizes, a checksum
 * of the first one's; a file in that, two in the other. */
#define PACKED   "\x06\x00\x02\x09\x0a\x0b\x00"
#define LZMA     "\x01\x23\x03\x01\x01\x05\x5d\x00\x00\x01\x00"
#define X86      "\x02\x04\x03\x03\x01\x03\x21\x21\x01\x18\x00\x01"
#define UNPACKED "\x07\x0b\x02\x00" LZMA X86 "\x0c\x20\x21\x22\x0a\x00\x80\x01\x02\x03\x04\x00"
#define FILES_IN "\x08\x0d\x01\x02\x09\x05\x0a\x00\xc0\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00"
#define NAMED                                                                                      \
	"\x05\x03"                                                                                 \
	"abcdef"

static void put(struct ng_buf *buf, const void *data, size_t len)
{
	assert_int_equal(ng_buf_append(buf, data, len), 0);
}

#define PUT(buf, s) put(buf, s, sizeof(s) - 1)

static int parse(const struct ng_buf *buf, bool packed, struct ng_sevenzip_streams *ret,
		 const char **ret_why)
{
	/* Memory that ends with the header. */
	ng_cleanup(ng_freep) uint8_t *exact = malloc(buf->len);

	assert_non_null(exact);
	memcpy(exact, buf->data, buf->len);
	*ret_why = NULL;
	return packed ? ng_sevenzip_parse_packed(exact, buf->len, ret, ret_why)
		      : ng_sevenzip_parse(exact, buf->len, ret, ret_why);
}

static void test_sound(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	struct ng_sevenzip_streams s;
	const char *why;

	PUT(&buf, "\x01\x04" PACKED UNPACKED FILES_IN NAMED);
	assert_int_equal(parse(&buf, false, &s, &why), 0);
	assert_int_equal(s.folders, 2);
	assert_int_equal(s.unpack_size, 0x20);
	assert_int_equal(s.pack_size, 10);
	assert_int_equal(s.method, NG_SEVENZIP_LZMA);
	assert_int_equal(s.coders, 1);
	/* Of LZMA2 16 MiB, and something for x86. */
	assert_in_range(s.window, 16u << 20, 17u << 20);
	/* Any byte less is damage: three files have names of six bytes at least. */
	while (--buf.len)
		assert_int_equal(parse(&buf, false, &s, &why), -EBADMSG);
}

static void test_packed(void **state)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT, two = NG_BUF_INIT;
	struct ng_sevenzip_streams s;
	const char *why;

	PUT(&buf, "\x17\x06\x00\x01\x09\x0a\x00\x07\x0b\x01\x00" LZMA "\x0c\x20\x00\x00");
	assert_true(ng_sevenzip_is_packed(buf.data, buf.len));
	assert_int_equal(parse(&buf, true, &s, &why), 0);
	assert_int_equal(s.window, 1u << 16);
	assert_int_equal(s.props_len, 5);
	assert_int_equal(parse(&buf, false, &s, &why), -EBADMSG);
	/* In two steps, which is not read. */
	PUT(&two, "\x17\x06\x00\x01\x09\x0a\x00\x07\x0b\x01\x00" X86 "\x0c\x20\x21\x00\x00");
	assert_int_equal(parse(&two, true, &s, &why), -EBADMSG);
	assert_non_null(strstr(why, "not read"));
}

/* Sections that come twice, so that there are more folders than checksums were of. */
static void test_twice(void **state)
{
	static const char number[] = {(char)(0xc0 | FOLDERS >> 16), (char)(FOLDERS & 0xff),
				      (char)(FOLDERS >> 8 & 0xff)};

	for (unsigned k = 0; k < 3; k++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
		struct ng_sevenzip_streams s;
		const char *why;

		PUT(&buf, "\x01\x04\x07");
		if (k)
			PUT(&buf, "\x0b\x01\x00\x01\x01\x00\x0a\x01\x01\x02\x03\x04");
		if (k == 2)
			PUT(&buf, "\x00\x07");
		PUT(&buf, "\x0b");
		put(&buf, number, sizeof(number));
		PUT(&buf, "\x00");
		for (unsigned i = 0; i < FOLDERS; i++)
			PUT(&buf, "\x01\x01\x00");
		PUT(&buf, "\x00\x08\x00\x00\x00");
		assert_int_equal(parse(&buf, false, &s, &why), k ? -EBADMSG : 0);
		if (k)
			assert_non_null(strstr(why, "makes no sense"));
		else
			assert_int_equal(s.folders, FOLDERS);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} cases[] = {
#define CASE(s, why) {s, sizeof(s) - 1, why}
#define FOLDER(s)    "\x01\x04\x07\x0b\x01\x00" s "\x0c\x20\x00\x00\x00"
		CASE("\x02", "makes no sense"),
		CASE("\x01\x05\x7f", "makes no sense"),
		CASE("\x01\x06", "makes no sense"),
		CASE("\x01\x04\x0c", "makes no sense"),
		CASE("\x01\x04\x06\x00\x01\x0c", "makes no sense"),
		CASE("\x01\x04\x06\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x09\x01\x01\x01",
		     "makes no sense"),
		CASE("\x01\x04\x06\x00\x88\x0a\x00\xff\x01\x02\x03\x04", "makes no sense"),
		CASE("\x01\x04\x07\x0b\x01\x01" LZMA, "makes no sense"),
		CASE("\x01\x04\x07\x0b\xdf\xff\xff\x00" LZMA, "makes no sense"),
		CASE(FOLDER("\x00"), "makes no sense"),
		CASE(FOLDER("\x05\x01\x00"), "makes no sense"),
		CASE(FOLDER("\x01\x23\x03\x01\x01\x04\x5d\x00\x00\x01"), "makes no sense"),
		CASE(FOLDER("\x01\x21\x21\x01\x29"), "makes no sense"),
		CASE(FOLDER("\x01\x21\x21\x00"), "makes no sense"),
		CASE(FOLDER("\x01\x04\x06\xf1\x07\x01"), "encrypted"),
		CASE(FOLDER("\x01\x03\x04\x01\x09"), "not read"),
		CASE(FOLDER("\x01\x14\x03\x03\x01\x1b\x04\x01"), "not read"),
		CASE("\x01\x04\x07\x0b\x01\x00" LZMA "\x0c\x20\x00\x08\x0d\x7f\x00\x00",
		     "makes no sense"),
		CASE("\x01\x04\x07\x0b\x01\x00" LZMA "\x0c\x20\x00\x08\x0b\x00", "makes no sense"),
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
		struct ng_sevenzip_streams s;
		const char *why;
		int r;

		put(&buf, cases[i].bytes, cases[i].len);
		r = parse(&buf, false, &s, &why);
		if (r != -EBADMSG || !strstr(why, cases[i].why))
			fail_msg("case %zu: %d: %s", i, r, r ? why : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
