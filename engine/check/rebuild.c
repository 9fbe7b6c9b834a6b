#include <inttypes.h>

#include "base/parallel.h"
#include "check/full.h"

#define STRETCH_BYTES 16384u /* on average, or more */
#define STRETCHES_MAX 65536u
#define BATCH         64u /* stretches that a thread takes at a time */
#define CHAINS        16u /* of them, walked side by side */
#define CANCEL_STEPS  4096u

/* A row whose position is known: a stretch is walked from here to the place before. */
struct place {
	uint64_t position, row;
};

struct walk {
	struct ng_full *full;
	struct place *places; /* [n + 1], by position: the beginning of the text first */
	uint64_t n;
	_Atomic uint64_t separators;
};

/* A stretch on its way. */
struct chain {
	uint64_t stretch;
	uint64_t at; /* position of its row */
	uint64_t end;
	uint64_t to_sample; /* steps to the next position that is sampled */
};

static int by_position(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return a->position < b->position ? -1 : a->position > b->position;
}

static void samples_damage(struct ng_full *full, const char *what, uint64_t row, uint64_t position)
{
	ng_checker_damage(full->checker, NG_SECTION_SA_SAMPLES,
			  ng_full_section_at(full, NG_SECTION_SA_SAMPLES),
			  "%s: row %" PRIu64 ", position %" PRIu64, what, row, position);
}

/* Where to begin: rows at equal distances, at the positions that the index gives them. False: one
 * has none, or two have the same. */
static int places_make(struct walk *walk, bool *ret_sound)
{
	struct ng_full *full = walk->full;
	const struct ng_shard_params *params = &full->shard->params;

	walk->n = ng_min(params->rows / STRETCH_BYTES + 1, (uint64_t)STRETCHES_MAX);
	walk->places = calloc(walk->n + 1, sizeof(*walk->places));
	if (!walk->places)
		return -ENOMEM;
	*ret_sound = false;
	walk->places[0] = (struct place){0, params->primary};
	for (uint64_t i = 0; i < walk->n; i++) {
		/* Row 0 first: it is the text's end. */
		struct place place = {0, i * (params->rows / walk->n)};
		int r = ng_shard_locate(full->shard, place.row, 1, full->checker->options->cancel,
					&place.position);

		if (r == -EUCLEAN || (r == 0 && place.position > full->n)) {
			samples_damage(full, "this row cannot be located", place.row, 0);
			return 0;
		}
		if (r < 0)
			return r;
		walk->places[i + 1] = place;
	}
	qsort(walk->places + 1, walk->n, sizeof(*walk->places), by_position);
	if (walk->places[walk->n].position != full->n || walk->places[walk->n].row != 0) {
		samples_damage(full, "the text's end is at a wrong place",
			       walk->places[walk->n].row, walk->places[walk->n].position);
		return 0;
	}
	for (uint64_t i = 1; i <= walk->n; i++) {
		const struct place *p = &walk->places[i];

		/* The first may be the primary row itself. */
		if (p->position > p[-1].position ||
		    (i == 1 && p->position == 0 && p->row == params->primary))
			continue;
		samples_damage(full, "this row has the position of another", p->row, p->position);
		return 0;
	}
	*ret_sound = true;
	return 0;
}

/* A row at a sampled position is marked, and its sample is this position. */
static void sample_check(struct ng_full *full, uint64_t row, uint64_t position, bool *bad)
{
	const struct ng_shard *shard = full->shard;
	uint64_t sample;

	if (ng_bwt_mark(shard->bwt, row, &sample, bad) && sample < shard->sa.numbers.n &&
	    ng_packed_get(&shard->sa.numbers, sample) == position / full->sa_rate)
		return;
	samples_damage(full, "this row's sample is missing or wrong", row, position);
}

/* The symbol at a position. */
static void symbol_put(struct walk *walk, unsigned symbol, uint64_t position)
{
	struct ng_full *full = walk->full;
	const struct ng_ef *starts = &full->shard->doc_starts;
	uint64_t doc;

	if (symbol != NG_SEPARATOR) {
		full->text[position] = (uint8_t)symbol;
		return;
	}
	full->text[position] = 0;
	atomic_fetch_add(&walk->separators, 1);
	doc = ng_ef_rank(starts, position);
	if (doc == 0 || doc >= starts->n || ng_ef_get(starts, doc) != position + 1)
		ng_checker_damage(full->checker, NG_SECTION_DOC_STARTS,
				  ng_full_section_at(full, NG_SECTION_DOC_STARTS),
				  "a document ends at position %" PRIu64
				  ", the document starts say otherwise",
				  position);
}

static struct chain chain_start(const struct walk *walk, uint64_t stretch, uint64_t *ret_row)
{
	const struct place *p = &walk->places[stretch + 1];

	*ret_row = p->row;
	return (struct chain){stretch, p->position, p[-1].position,
			      p->position % walk->full->sa_rate};
}

/* The chain has come to its end: in the row where the stretch before began? */
static void chain_end(const struct walk *walk, const struct chain *chain, uint64_t row)
{
	if (row != walk->places[chain->stretch].row)
		samples_damage(walk->full, "the text leads to this row, the samples to another",
			       row, chain->end);
}

/* What is to be done at a row before its step: look at its sample. True: the chain goes on. */
static bool chain_visit(const struct walk *walk, struct chain *chain, uint64_t row, bool *bad)
{
	if (chain->to_sample == 0) {
		sample_check(walk->full, row, chain->at, bad);
		chain->to_sample = walk->full->sa_rate;
	}
	if (chain->at > chain->end)
		return true;
	chain_end(walk, chain, row);
	return false;
}

static int batch_walk(void *userdata, uint64_t batch)
{
	struct walk *walk = userdata;
	struct ng_checker *checker = walk->full->checker;
	uint64_t next = batch * BATCH, last = ng_min(next + BATCH, walk->n), bytes;
	struct chain chains[CHAINS];
	uint64_t rows[CHAINS];
	unsigned n = 0, steps = 0;
	bool bad = false;

	bytes = walk->places[last].position - walk->places[next].position;
	while (!bad) {
		for (unsigned c = 0; c < n || (n < CHAINS && next < last);) {
			if (c == n) {
				chains[n] = chain_start(walk, next++, &rows[n]);
				n++;
			}
			if (chain_visit(walk, &chains[c], rows[c], &bad)) {
				c++;
				continue;
			}
			chains[c] = chains[--n];
			rows[c] = rows[n];
		}
		if (n == 0)
			break;
		for (unsigned c = 0; c < n; c++) {
			unsigned symbol =
				ng_bwt_lf(walk->full->shard->bwt, rows[c], &rows[c], &bad);

			chains[c].at--;
			chains[c].to_sample--;
			symbol_put(walk, symbol, chains[c].at);
		}
		if (++steps % CANCEL_STEPS == 0 && ng_checker_cancelled(checker))
			return -EINTR;
	}
	if (bad)
		ng_checker_damage(checker, NG_SECTION_BWT_BLOCKS,
				  ng_full_section_at(walk->full, NG_SECTION_BWT_BLOCKS),
				  "the text before position %" PRIu64 " cannot be followed",
				  walk->places[last].position);
	ng_checker_advance(checker, bytes);
	return 0;
}

int ng_full_rebuild(struct ng_full *full)
{
	struct walk walk = {.full = full};
	ng_cleanup(ng_freep) struct place *places = NULL;
	bool sound;
	int r = places_make(&walk, &sound);

	places = walk.places;
	if (r < 0 || !sound)
		return r;
	ng_checker_phase(full->checker, "rebuilding the text", full->n);
	r = ng_parallel(ng_div_up(walk.n, BATCH), full->checker->threads, batch_walk, &walk);
	if (r < 0)
		return r;
	if (atomic_load(&walk.separators) != full->shard->params.docs)
		ng_checker_damage(full->checker, NG_SECTION_DOC_STARTS,
				  ng_full_section_at(full, NG_SECTION_DOC_STARTS),
				  "%" PRIu64 " documents end in the text, instead of %" PRIu64,
				  atomic_load(&walk.separators), full->shard->params.docs);
	return 0;
}
