/* SPDX-License-Identifier: Apache-2.0 */
/* How a document is called in /files: a key, which is the names of the directories on the way and
 * of the file, with a NUL between each two. So keys are in the order of a walk, a directory's
 * before those of what comes after it, and a directory is a range of them. Pure; thread-safe. */
#pragma once

#include "base/buf.h"
#include "files/name_sort.h"
#include "query/doc_source.h"

/* The longest name of a file or directory. */
#define NG_FILE_NAME_BYTES_MAX 255u

/* The longest key that a path has: another document of the same path has room for more. */
#define NG_FILE_KEY_BYTES_MAX (NG_NAME_BYTES_MAX - NG_FILE_NAME_BYTES_MAX)

/* How often the name of such a document may be tried again. */
#define NG_FILE_KEY_MORE_MAX 200u

/* What stands between names in a key, and the least byte behind all that a directory holds. */
#define NG_FILE_KEY_SEPARATOR 0u
#define NG_FILE_KEY_BEHIND    1u

/* Where documents without a path are. */
#define NG_FILE_NAME_UNNAMED "unnamed"

/* Append the key of document number doc. It is the source's path, without what names nothing in it
 * (empty names, . and ..); where the document is a part of that source, then the part's number, of
 * eight digits or more, and ".txt". A NUL in a name is %00. A name that is longer than may be is
 * its beginning, not cut within a character, ~, and 16 hexadecimal digits of a hash of all of it.
 * Where nothing is left of the path, or the key would have more than NG_FILE_KEY_BYTES_MAX bytes,
 * it is the document's number, likewise, in NG_FILE_NAME_UNNAMED. -ENOMEM. */
int ng_file_key(const struct ng_doc_source *source, uint64_t doc, struct ng_buf *key);

/* Append the key of another document of the same path: key with ~ and the document's number behind
 * the last name, which loses characters at its end where it would be too long, and then `more`, up
 * to NG_FILE_KEY_MORE_MAX, times another ~. Those of different documents are different. -ENOMEM. */
int ng_file_key_again(const uint8_t *key, size_t len, uint64_t doc, unsigned more,
		      struct ng_buf *again);

/* The number with leading zeroes that a name such as 17.txt, of fewer than eight digits, stands for
 * where a file of many documents has them: false for any other name. ret has room for 16 bytes. */
bool ng_file_key_padded(const char *name, char ret[static 16]);

/* Whether a key is that of something in a directory, or below. */
static inline bool ng_file_key_is_in(const uint8_t *key, size_t len, const uint8_t *dir,
				     size_t dir_bytes)
{
	return dir_bytes == 0 || (len > dir_bytes && key[dir_bytes] == NG_FILE_KEY_SEPARATOR &&
				  memcmp(key, dir, dir_bytes) == 0);
}
