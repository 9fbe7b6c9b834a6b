/* SPDX-License-Identifier: Apache-2.0 */
#include "text/signature.h"

#include "text/sniff.h"

#define FROM_TAR "bsdtar -cf - @FILE | mkngramfs -o INDEX --format=tar -"
#define FROM_SQL(scan)                                                                             \
	"duckdb -c \"COPY (SELECT * FROM " scan ") TO '/dev/stdout' (FORMAT json)\" | "            \
	"mkngramfs -o INDEX --format=jsonl -"

#define COMPRESSION(n, m, c)                                                                       \
	.name = n, .kind = NG_SIGNATURE_COMPRESSION, .magic = m, .magic_len = sizeof(m) - 1,       \
	.codec = c
#define ARCHIVE(n, m, a)                                                                           \
	.name = n, .kind = NG_SIGNATURE_ARCHIVE, .magic = m, .magic_len = sizeof(m) - 1,           \
	.archive = a
#define UNREAD(n, m, r)                                                                            \
	.name = n, .kind = NG_SIGNATURE_UNREAD, .magic = m, .magic_len = sizeof(m) - 1, .remedy = r
#define UNREAD_BY(n, f, h, r)                                                                      \
	.name = n, .kind = NG_SIGNATURE_UNREAD, .match = f, .how = h, .remedy = r

const struct ng_signature ng_signatures[] = {
	{COMPRESSION("gzip", "\x1f\x8b\x08", &ng_codec_gzip)},
	{COMPRESSION("bzip2", "BZh", &ng_codec_bzip2), .match = ng_sniff_bzip2,
	 .how = "\"BZh\", a digit and the mark of a block"},
	{COMPRESSION("xz",
		     "\xfd"
		     "7zXZ\0",
		     &ng_codec_xz)},
	{COMPRESSION("zstd", "\x28\xb5\x2f\xfd", &ng_codec_zstd)},
	{COMPRESSION("lz4", "\x04\x22\x4d\x18", &ng_codec_lz4)},
	{COMPRESSION("lz4 (of before 2014)", "\x02\x21\x4c\x18", &ng_codec_lz4_legacy)},
	{COMPRESSION("lzip", "LZIP\x01", &ng_codec_lzip)},
	{COMPRESSION("lzma", "\x5d\0\0", &ng_codec_lzma), .match = ng_sniff_lzma,
	 .how = "a header that xz would take for one, with the usual properties (5d)"},
	{COMPRESSION("compress (.Z)", "\x1f\x9d", NULL), .match = ng_sniff_compress},

	{UNREAD("office document (docx, xlsx, pptx)", "PK\x03\x04",
		"libreoffice --headless --cat FILE | mkngramfs -o INDEX -"),
	 .match = ng_sniff_office, .how = "a zip that begins with [Content_Types].xml"},
	{UNREAD("OpenDocument or EPUB file", "PK\x03\x04",
		"pandoc -t plain FILE | mkngramfs -o INDEX -"),
	 .match = ng_sniff_opendocument, .how = "a zip that begins with mimetype"},
	{ARCHIVE("zip archive", "PK\x03\x04", NG_ARCHIVE_ZIP)},
	{ARCHIVE("zip archive (empty)", "PK\x05\x06", NG_ARCHIVE_ZIP)},
	{ARCHIVE("7z archive", "7z\xbc\xaf\x27\x1c", NG_ARCHIVE_7Z)},
	{.name = "tar archive",
	 .kind = NG_SIGNATURE_ARCHIVE,
	 .match = ng_sniff_tar,
	 .how = "a header whose checksum is right, or nothing but zeros",
	 .archive = NG_ARCHIVE_TAR},

	{UNREAD_BY("UTF-32 text", ng_sniff_utf32, "a byte order mark",
		   "iconv -f UTF-32 -t UTF-8 FILE | mkngramfs -o INDEX -")},
	{UNREAD_BY("UTF-16 text", ng_sniff_utf16, "a byte order mark",
		   "iconv -f UTF-16 -t UTF-8 FILE | mkngramfs -o INDEX -")},
	{UNREAD_BY("UTF-16 text, little-endian", ng_sniff_utf16le,
		   "ASCII, each character with a NUL behind it",
		   "iconv -f UTF-16LE -t UTF-8 FILE | mkngramfs -o INDEX -")},
	{UNREAD_BY("UTF-16 text, big-endian", ng_sniff_utf16be,
		   "ASCII, each character with a NUL before it",
		   "iconv -f UTF-16BE -t UTF-8 FILE | mkngramfs -o INDEX -")},
	{UNREAD("Parquet file", "PAR1", FROM_SQL("'FILE'")), .match = ng_sniff_binary,
	 .how = "\"PAR1\" in a binary file"},
	{UNREAD("Parquet file (encrypted)", "PARE", FROM_SQL("'FILE'")), .match = ng_sniff_binary,
	 .how = "\"PARE\" in a binary file"},
	{UNREAD("Arrow or Feather file", "ARROW1\0\0",
		"python3 -c \"import pandas; pandas.read_feather('FILE').to_json('/dev/stdout', "
		"orient='records', lines=True)\" | mkngramfs -o INDEX --format=jsonl -")},
	{UNREAD("Arrow stream (a data set of Hugging Face)", "\xff\xff\xff\xff",
		"python3 -c \"import datasets; datasets.Dataset.from_file('FILE')"
		".to_json('/dev/stdout')\" | mkngramfs -o INDEX --format=jsonl -"),
	 .match = ng_sniff_arrow_stream, .how = "the header of a message of its schema"},
	{UNREAD("Avro file", "Obj\x01", "avro cat FILE | mkngramfs -o INDEX --format=jsonl -")},
	{UNREAD("ORC file", "ORC", "orc-contents FILE | mkngramfs -o INDEX --format=jsonl -"),
	 .match = ng_sniff_binary, .how = "\"ORC\" in a binary file"},
	{UNREAD("HDF5 file", "\x89HDF\r\n\x1a\n",
		"h5dump -y -d DATASET FILE | mkngramfs -o INDEX -")},
	{UNREAD("NumPy array", "\x93NUMPY",
		"python3 -c \"import numpy; print(*numpy.load('FILE'), sep='\\n')\" | "
		"mkngramfs -o INDEX --format=lines -")},
	{UNREAD("SQLite database", "SQLite format 3\0",
		"sqlite3 -json FILE 'SELECT * FROM TABLE' | jq -c '.[]' | "
		"mkngramfs -o INDEX --format=jsonl -")},
	{UNREAD("DuckDB database", "DUCK",
		"duckdb FILE -c \"COPY TABLE TO '/dev/stdout' (FORMAT "
		"json)\" | mkngramfs -o INDEX --format=jsonl -"),
	 .at = 8, .match = ng_sniff_binary},
	{UNREAD("PDF document", "%PDF-", "pdftotext FILE - | mkngramfs -o INDEX -")},
	{UNREAD("DjVu document", "AT&TFORM", "djvutxt FILE | mkngramfs -o INDEX -")},
	{UNREAD("Office document of before 2007 (doc, xls, ppt)",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		"libreoffice --headless --cat FILE | mkngramfs -o INDEX -")},
	{UNREAD("lzop-compressed file", "\x89LZO\0\r\n\x1a\n",
		"lzop -dc FILE | mkngramfs -o INDEX -")},
	{UNREAD("lrzip-compressed file", "LRZI", "lrzcat FILE | mkngramfs -o INDEX -"),
	 .match = ng_sniff_binary, .how = "\"LRZI\" in a binary file"},
	{UNREAD("snappy-compressed file", "\xff\x06\0\0sNaPpY",
		"snzip -dc FILE | mkngramfs -o INDEX -")},
	{UNREAD("rar archive", "Rar!\x1a\x07", FROM_TAR)},
	{UNREAD("cabinet archive", "MSCF\0\0\0\0", FROM_TAR)},
	{UNREAD("lha archive", "-lh", FROM_TAR), .at = 2, .match = ng_sniff_lha,
	 .how = "\"-lh\", a digit and \"-\" at byte 2 of a binary file"},
	{UNREAD("cpio archive", "070701", FROM_TAR), .match = ng_sniff_cpio,
	 .how = "\"070701\" and numbers of a header"},
	{UNREAD("cpio archive", "070707", FROM_TAR), .match = ng_sniff_cpio,
	 .how = "\"070707\" and numbers of a header"},
	{UNREAD("ar archive (or Debian package)", "!<arch>\n", FROM_TAR)},
	{UNREAD("rpm package", "\xed\xab\xee\xdb", FROM_TAR)},
	{UNREAD("ISO 9660 image", "CD001", FROM_TAR), .at = 32769},
	{UNREAD("ELF program or library",
		"\x7f"
		"ELF",
		"strings FILE | mkngramfs -o INDEX --format=lines -")},
	{UNREAD("Windows program", "MZ", "strings FILE | mkngramfs -o INDEX --format=lines -"),
	 .match = ng_sniff_binary, .how = "\"MZ\" in a binary file"},
	{UNREAD("Python pickle or PyTorch file", "\x80",
		"python3 -m pickletools FILE | mkngramfs -o INDEX -"),
	 .match = ng_sniff_pickle, .how = "its protocol's number (2 to 5) behind 80"},
	{UNREAD("PNG image", "\x89PNG\r\n\x1a\n", "tesseract FILE - | mkngramfs -o INDEX -")},
	{UNREAD("JPEG image", "\xff\xd8\xff", "tesseract FILE - | mkngramfs -o INDEX -")},
	{UNREAD("GIF image", "GIF8", "tesseract FILE - | mkngramfs -o INDEX -"),
	 .match = ng_sniff_binary, .how = "\"GIF8\" in a binary file"},
	{UNREAD("TIFF image", "II*\0", "tesseract FILE - | mkngramfs -o INDEX -")},
	{UNREAD("TIFF image", "MM\0*", "tesseract FILE - | mkngramfs -o INDEX -")},
	{UNREAD("WebP image", "WEBP", "dwebp FILE -o - | tesseract - - | mkngramfs -o INDEX -"),
	 .at = 8, .match = ng_sniff_binary},
};

const size_t ng_n_signatures = ng_array_size(ng_signatures);
_Static_assert(ng_array_size(ng_signatures) <= NG_SIGNATURES_MAX,
	       "one can be counted by its index");

static bool matches(const struct ng_signature *s, const uint8_t *head, size_t len)
{
	if (s->magic && (len < (size_t)s->at + s->magic_len ||
			 memcmp(head + s->at, s->magic, s->magic_len) != 0))
		return false;
	return !s->match || s->match(head, len);
}

const struct ng_signature *ng_signature_of(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < ng_n_signatures; i++)
		if (matches(&ng_signatures[i], head, len))
			return &ng_signatures[i];
	return NULL;
}

size_t ng_signature_index(const struct ng_signature *signature)
{
	size_t i = 0;

	while (strcmp(ng_signatures[i].name, signature->name) != 0)
		i++;
	return i;
}

bool ng_signature_is_cut(const uint8_t *head, size_t len)
{
	if (len >= 4 && len < NG_SNIFF_BZIP2_BYTES && ng_sniff_bzip2_cut(head, len))
		return true;
	for (size_t i = 0; i < ng_n_signatures; i++) {
		const struct ng_signature *s = &ng_signatures[i];

		if (s->kind == NG_SIGNATURE_COMPRESSION && len >= 3 && len < s->magic_len &&
		    memcmp(head, s->magic, len) == 0)
			return true;
	}
	return ng_signature_is_skippable(head, len) && len < 8;
}

int ng_signature_how(const struct ng_signature *s, struct ng_buf *ret)
{
	bool printable = true;
	int r = 0;

	if (s->how)
		return ng_buf_printf(ret, "%s", s->how);
	for (unsigned i = 0; i < s->magic_len; i++)
		printable &= s->magic[i] >= ' ' && s->magic[i] <= '~';
	if (printable)
		r = ng_buf_printf(ret, "\"%.*s\"", s->magic_len, s->magic);
	for (unsigned i = 0; !printable && r == 0 && i < s->magic_len; i++)
		r = ng_buf_printf(ret, "%s%02x", i ? " " : "", (uint8_t)s->magic[i]);
	return r < 0 ? r : ng_buf_printf(ret, " at byte %u", s->at);
}

bool ng_signature_is_skippable(const uint8_t *head, size_t len)
{
	return len >= 4 && head[0] >= 0x50 && head[0] <= 0x5f &&
	       memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}
