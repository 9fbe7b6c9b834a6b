/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a name from a stranger in a directory of queries. The first byte says in
 * which, and under which settings; the rest is the name. */
#include "fuzz.h"
#include "fuzz_index.h"
#include "names/path.h"
#include "tree/probes.h"

static const char *const rooms[] = {"count", "find", "docs", "meta", "match", "kwic", "df", "next"};
static const char *const settings[] = {NULL, "escape=percent", "escape=none", "page=7"};

static ng_node_id must_find(ng_node_id dir, const char *name)
{
	struct ng_entry entry = {0};

	fuzz_require(ng_tree_lookup(fuzz_tree(), dir, name, NULL, &entry) == 0 && entry.id);
	return entry.id;
}

/* The directory that a number stands for; all of them are kept. */
static ng_node_id directory(unsigned room, unsigned setting)
{
	static ng_node_id known[ng_array_size(settings)][ng_array_size(rooms)];
	ng_node_id *dir = &known[setting][room], root = NG_NODE_ROOT;

	if (*dir)
		return *dir;
	if (settings[setting])
		root = must_find(must_find(root, "with"), settings[setting]);
	*dir = must_find(root, rooms[room]);
	return *dir;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = strchr(digits, c);

	return c && at ? (int)(at - digits) % 16 : -1;
}

/* What a name means, said once more: the query's length, or -EINVAL. */
static int decode(const char *name, bool escaped, uint8_t *buf)
{
	int n = 0;

	for (; *name; name++) {
		if (escaped && *name == '%') {
			if (digit(name[1]) < 0 || digit(name[2]) < 0)
				return -EINVAL;
			buf[n++] = (uint8_t)(digit(name[1]) * 16 + digit(name[2]));
			name += 2;
		} else {
			buf[n++] = (uint8_t)*name;
		}
	}
	return n;
}

static uint64_t number_in(ng_node_id id)
{
	uint8_t text[32] = {0};
	struct ng_entry entry;
	size_t len = 0;

	fuzz_require(ng_tree_read(fuzz_tree(), id, 0, sizeof(text) - 1, NULL, text, &len) == 0);
	fuzz_require(ng_tree_entry(fuzz_tree(), id, &entry) == 0);
	fuzz_require(len > 1 && text[len - 1] == '\n' && entry.bytes == len);
	return strtoull((const char *)text, NULL, 10);
}

static void check(unsigned room, unsigned setting, const char *name)
{
	uint8_t query[NG_PATH_NAME_MAX];
	ng_node_id dir = directory(room, setting);
	struct ng_entry entry = {0};
	uint64_t count = 0;
	int len = decode(name, setting != 2, query), want = 0;
	int r = ng_tree_lookup(fuzz_tree(), dir, name, NULL, &entry);

	if (len > 0)
		count = fuzz_count(query, (size_t)len);
	if (ng_probes_has(name))
		want = -ENOENT;
	else if (len < 0)
		want = len;
	else if (count == 0 && room >= 2 && room <= 4)
		want = -ENOENT;
	fuzz_require(r == want);
	if (r)
		return;
	fuzz_require(entry.id);
	if (room == 0)
		fuzz_require(number_in(entry.id) == count);
	if (room == 6)
		fuzz_require(number_in(entry.id) == fuzz_df(query, (size_t)len));
	fuzz_require(ng_tree_is_dir(entry.id) == (room >= 2 && room <= 4));
	ng_tree_forget(fuzz_tree(), entry.id, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NG_PATH_NAME_MAX + 1] = {0};

	/* The kernel lets none of these through. */
	if (size < 2 || size > sizeof(name) || memchr(data + 1, '\0', size - 1) ||
	    memchr(data + 1, '/', size - 1))
		return 0;
	memcpy(name, data + 1, size - 1);
	check(data[0] % ng_array_size(rooms), data[0] / 8 % ng_array_size(settings), name);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const seeds[] = {
		"\x08of the",
		"\x08"
		"a%2Fb",
		"\x10%41",
		"\x01%25%00%ff",
		"\x02%",
		"\x03"
		"100%",
		"\x04.gitignore",
		"\x05%2egitignore",
		"\x06the",
		"\x07"
		"Cargo.toml",
		"\x10.gitignore",
		"\x10..%",
		"\x08\xe4\xb8\xad",
		"\x16"
		"aaaa",
	};
	uint8_t *seed;

	if (number >= ng_array_size(seeds))
		return NULL;
	*ret_size = strlen(seeds[number]);
	seed = malloc(*ret_size);
	if (seed)
		memcpy(seed, seeds[number], *ret_size);
	return seed;
}
