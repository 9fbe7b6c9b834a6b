/* SPDX-License-Identifier: Apache-2.0 */
#include "format/decoders.h"

#include <pthread.h>

/* Kept when nobody uses them; more threads than that make their own. */
#define IDLE_MAX  16u
#define DICTS_MAX 32u

struct dict {
	const void *stream; /* NULL: there is none here */
	ZSTD_DDict *ddict;
	unsigned users;
	uint64_t used; /* when it was taken last */
};

struct ng_decoders {
	pthread_mutex_t lock;
	uint64_t takes;
	unsigned n_idle;
	struct ng_decoder *idle[IDLE_MAX];
	struct dict dicts[DICTS_MAX];
};

int ng_decoders_new(struct ng_decoders **ret_decoders)
{
	struct ng_decoders *decoders = calloc(1, sizeof(*decoders));

	if (!decoders)
		return -ENOMEM;
	pthread_mutex_init(&decoders->lock, NULL);
	*ret_decoders = decoders;
	return 0;
}

static void decoder_free(struct ng_decoder *decoder)
{
	ZSTD_freeDCtx(decoder->ctx);
	free(decoder);
}

struct ng_decoders *ng_decoders_free(struct ng_decoders *decoders)
{
	if (!decoders)
		return NULL;
	while (decoders->n_idle)
		decoder_free(decoders->idle[--decoders->n_idle]);
	for (unsigned i = 0; i < DICTS_MAX; i++)
		ZSTD_freeDDict(decoders->dicts[i].ddict);
	pthread_mutex_destroy(&decoders->lock);
	free(decoders);
	return NULL;
}

static int decoder_new(struct ng_decoder **ret_decoder)
{
	struct ng_decoder *decoder = malloc(sizeof(*decoder));

	if (!decoder)
		return -ENOMEM;
	decoder->stream = NULL;
	decoder->frame = NG_NO_FRAME;
	decoder->ctx = ZSTD_createDCtx();
	if (!decoder->ctx) {
		free(decoder);
		return -ENOMEM;
	}
	*ret_decoder = decoder;
	return 0;
}

/* Under the lock: the place of a stream's dictionary, or, where it isn't here, of that which nobody
 * uses and which was taken longest ago; NULL: all are in use. */
static struct dict *dict_place(struct ng_decoders *decoders, const void *stream)
{
	struct dict *oldest = NULL;

	for (unsigned i = 0; i < DICTS_MAX; i++) {
		struct dict *dict = &decoders->dicts[i];

		if (dict->stream == stream)
			return dict;
		if (!dict->users && (!oldest || dict->used < oldest->used))
			oldest = dict;
	}
	return oldest;
}

/* The dictionary made ready, without the lock: its bytes may have to come from storage first.
 * zstd doesn't say which of two reasons it has for making none: no memory, or a header that it
 * can't read. An empty frame that is decompressed with it, which takes no memory, does. */
static int dict_new(ZSTD_DCtx *ctx, const void *bytes, size_t n_bytes, ZSTD_DDict **ret_ddict)
{
	static const uint8_t EMPTY_FRAME[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0};
	ZSTD_DDict *ddict = ZSTD_createDDict(bytes, n_bytes);
	char nothing;

	if (!ddict) {
		size_t n = ZSTD_decompress_usingDict(ctx, &nothing, 0, EMPTY_FRAME,
						     sizeof(EMPTY_FRAME), bytes, n_bytes);
		return ZSTD_isError(n) ? -EUCLEAN : -ENOMEM;
	}
	*ret_ddict = ddict;
	return 0;
}

/* Under the lock: whether the stream's dictionary is here; the decoder has it then. */
static bool dict_found(struct ng_decoders *decoders, struct ng_decoder *decoder)
{
	struct dict *place = dict_place(decoders, decoder->stream);

	if (!place || place->stream != decoder->stream)
		return false;
	place->users++;
	place->used = ++decoders->takes;
	decoder->ddict = place->ddict;
	return true;
}

/* Under the lock. Where all places are in use, the dictionary is the decoder's alone: dict_leave
 * finds it in none of them. */
static void dict_enter(struct ng_decoders *decoders, struct ng_decoder *decoder, ZSTD_DDict *ddict)
{
	struct dict *place;

	if (dict_found(decoders, decoder)) { /* Another thread's was made sooner. */
		ZSTD_freeDDict(ddict);
		return;
	}
	place = dict_place(decoders, decoder->stream);
	decoder->ddict = ddict;
	if (!place)
		return;
	ZSTD_freeDDict(place->ddict);
	*place = (struct dict){
		.stream = decoder->stream,
		.ddict = ddict,
		.users = 1,
		.used = ++decoders->takes,
	};
}

/* Under the lock. */
static void dict_leave(struct ng_decoders *decoders, struct ng_decoder *decoder)
{
	for (unsigned i = 0; decoder->ddict && i < DICTS_MAX; i++) {
		if (decoders->dicts[i].ddict == decoder->ddict) {
			decoders->dicts[i].users--;
			decoder->ddict = NULL;
		}
	}
	ZSTD_freeDDict((ZSTD_DDict *)decoder->ddict);
	decoder->ddict = NULL;
}

/* Under the lock. */
static struct ng_decoder *idle_take(struct ng_decoders *decoders, const void *stream,
				    uint64_t frame)
{
	unsigned pick = decoders->n_idle - 1;
	struct ng_decoder *decoder;

	for (unsigned i = 0; i < decoders->n_idle; i++)
		if (decoders->idle[i]->stream == stream && decoders->idle[i]->frame == frame)
			pick = i;
	decoder = decoders->idle[pick];
	decoders->idle[pick] = decoders->idle[--decoders->n_idle];
	return decoder;
}

int ng_decoders_take(struct ng_decoders *decoders, const void *stream, uint64_t frame,
		     const void *dict, size_t dict_bytes, struct ng_decoder **ret_decoder)
{
	struct ng_decoder *decoder = NULL;
	ZSTD_DDict *ddict = NULL;
	bool ready = true;
	int r = 0;

	pthread_mutex_lock(&decoders->lock);
	if (decoders->n_idle)
		decoder = idle_take(decoders, stream, frame);
	else
		r = decoder_new(&decoder);
	if (r == 0) {
		if (decoder->stream != stream)
			decoder->frame = NG_NO_FRAME;
		decoder->stream = stream;
		decoder->ddict = NULL;
		ready = !dict_bytes || dict_found(decoders, decoder);
	}
	pthread_mutex_unlock(&decoders->lock);
	if (r == 0 && !ready) {
		r = dict_new(decoder->ctx, dict, dict_bytes, &ddict);
		if (r < 0) {
			decoder_free(decoder);
		} else {
			pthread_mutex_lock(&decoders->lock);
			dict_enter(decoders, decoder, ddict);
			pthread_mutex_unlock(&decoders->lock);
		}
	}
	if (r < 0)
		return r;
	*ret_decoder = decoder;
	return 0;
}

void ng_decoders_return(struct ng_decoders *decoders, struct ng_decoder *decoder)
{
	pthread_mutex_lock(&decoders->lock);
	dict_leave(decoders, decoder);
	if (decoders->n_idle < IDLE_MAX) {
		decoders->idle[decoders->n_idle++] = decoder;
		decoder = NULL;
	}
	pthread_mutex_unlock(&decoders->lock);
	if (decoder)
		decoder_free(decoder);
}

void ng_decoders_forget(struct ng_decoders *decoders, const void *stream)
{
	pthread_mutex_lock(&decoders->lock);
	for (unsigned i = 0; i < decoders->n_idle; i++) {
		if (decoders->idle[i]->stream == stream) {
			decoders->idle[i]->stream = NULL;
			decoders->idle[i]->frame = NG_NO_FRAME;
		}
	}
	for (unsigned i = 0; i < DICTS_MAX; i++) {
		if (decoders->dicts[i].stream != stream)
			continue;
		ZSTD_freeDDict(decoders->dicts[i].ddict);
		decoders->dicts[i] = (struct dict){0};
	}
	pthread_mutex_unlock(&decoders->lock);
}
