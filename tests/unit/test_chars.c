/* SPDX-License-Identifier: Apache-2.0 */
/* Which characters a shard has, asked again and again, so that what is known is used and pushed
 * out. */
#include "query/chars.h"

#include "base/utf8.h"
#include "indexmake.h"
#include "query/index_internal.h"

#define CHARACTERS 6000u

static uint32_t character(uint64_t *rng)
{
	/* Of two bytes to four; and some of one. */
	static const uint32_t from[] = {0x20, 0x80, 0x800, 0xe000, 0x10000, 0x1d400};
	uint64_t i = scratch_random(rng) % ng_array_size(from);

	return from[i] + (uint32_t)(scratch_random(rng) % (i ? 0x500 : 0x60));
}

static bool is_in(const struct naive *c, const struct ng_variant *variant)
{
	return memmem(c->text, c->n, variant->bytes, variant->len) != NULL;
}

static bool bytes_in(const struct naive *c, const struct ng_variant *variant)
{
	bool all = true;

	for (unsigned i = 0; i < variant->len; i++)
		all &= memchr(c->text, variant->bytes[i], c->n) != NULL;
	return all;
}

/* Some characters, of which the same are kept as by looking through the text. */
static void check(const struct naive *c, const struct ng_shard *shard, uint64_t *rng)
{
	struct ng_variant variants[NG_VARIANTS_MAX], kept[NG_VARIANTS_MAX];
	unsigned all = (unsigned)(scratch_random(rng) % (NG_VARIANTS_MAX + 1)), n = all, k = 0;
	bool exact = scratch_random(rng) % 4;

	for (unsigned i = 0; i < all; i++) {
		variants[i] = (struct ng_variant){.width = (uint8_t)i};
		variants[i].len = (uint8_t)ng_utf8_put(character(rng), variants[i].bytes);
	}
	memcpy(kept, variants, sizeof(kept));
	assert_int_equal(ng_chars_keep(shard, exact, kept, &n), 0);
	for (unsigned i = 0; i < all; i++) {
		if (exact ? !is_in(c, &variants[i]) : !bytes_in(c, &variants[i]))
			continue;
		assert_true(k < n);
		assert_memory_equal(kept[k].bytes, variants[i].bytes, variants[i].len);
		assert_int_equal(kept[k].width, variants[i].width);
		k++;
	}
	assert_int_equal(k, n);
}

static void test_kept(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "characters"};
	uint64_t rng = naive_seed();
	struct made_index made;
	uint8_t text[4 * 1000];

	for (unsigned d = 0; d < 3; d++) {
		size_t len = 0;

		for (unsigned i = 0; i < 900; i++)
			len += ng_utf8_put(character(&rng), text + len);
		naive_add(&c, text, len);
	}
	made_index_new(&c, &options, &made);
	for (unsigned i = 0; i < CHARACTERS / NG_VARIANTS_MAX * 4; i++)
		check(&c, made.index->shards[0], &rng);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
