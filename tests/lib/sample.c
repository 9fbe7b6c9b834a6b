/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include "plain.h"

int sample_new(void **state)
{
	static uint8_t text[400000];
	struct sample *s = calloc(1, sizeof(*s));
	uint64_t rng = naive_seed();

	if (!s)
		return -1;
	s->corpus.name = "prose";
	naive_words(&rng, text, sizeof(text));
	for (size_t at = 0; at < sizeof(text); at += 4000)
		naive_add(&s->corpus, text + at, 3990 + at / 4000 % 9);
	made_index_new(&s->corpus, &sample_options, &s->made);
	forged_read(&s->made, &s->f);
	s->sound = malloc(s->f.bytes);
	if (!s->sound)
		return -1;
	memcpy(s->sound, s->f.data, s->f.bytes);
	*state = s;
	return 0;
}

int sample_free(void **state)
{
	struct sample *s = *state;

	naive_clear(&s->corpus);
	made_index_free(&s->made);
	free(s->f.data);
	free(s->sound);
	free(s);
	return 0;
}

uint8_t *sample_section(const struct sample *s, uint32_t type, size_t *ret_bytes)
{
	const struct ng_shard_entry *e = forged_section(&s->f, type);

	assert_non_null(e);
	*ret_bytes = e->bytes;
	return s->f.data + e->offset;
}

struct ng_shard_params *sample_params(const struct sample *s)
{
	size_t bytes;

	return (void *)sample_section(s, NG_SECTION_PARAMS, &bytes);
}

void sample_packed_put(uint8_t *data, uint64_t i, uint64_t value)
{
	unsigned width = ng_load32(data + 8);

	for (unsigned b = 0; b < width; b++) {
		uint64_t bit = 16 * 8 + i * width + b;

		data[bit / 8] &= (uint8_t) ~(1u << bit % 8);
		data[bit / 8] |= (uint8_t)((value >> b & 1) << bit % 8);
	}
}

uint64_t sample_packed_get(const struct sample *s, uint64_t i)
{
	struct ng_packed packed;
	size_t bytes;
	const uint8_t *data = sample_section(s, NG_SECTION_SA_SAMPLES, &bytes);

	assert_int_equal(ng_packed_open(NULL, data, bytes, &packed), 0);
	return plain_packed_get(&packed, i);
}

void sample_sequence_add(const struct sample *s, uint32_t type, uint64_t i, int64_t add)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint64_t *values = NULL;
	struct ng_ef ef;
	size_t bytes;
	uint8_t *data = sample_section(s, type, &bytes);

	assert_int_equal(ng_ef_open(NULL, data, bytes, &ef), 0);
	values = calloc(ef.n, sizeof(*values));
	assert_non_null(values);
	for (uint64_t k = 0; k < ef.n; k++)
		values[k] = plain_ef_get(&ef, k);
	values[i] += (uint64_t)add;
	assert_int_equal(ng_ef_encode(values, ef.n, &buf), 0);
	assert_int_equal(buf.len, bytes);
	memcpy(data, buf.data, bytes);
}
