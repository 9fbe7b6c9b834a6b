/* SPDX-License-Identifier: Apache-2.0 */
#include "format/decoders.h"

#include <pthread.h>

/* Kept when nobody uses them; more threads than that make their own. */
#define IDLE_MAX 16u

/* Of them, so many are left what they hold, for who reads several streams by turns. */
#define LEFT 4u

_Static_assert(offsetof(struct ng_decoder, raw) ==
		       offsetof(struct ng_decoder, dict) + NG_FRAMES_DICT_BYTES_MAX,
	       "there is nothing between a dictionary and the frame");

struct ng_decoders {
	pthread_mutex_t lock;
	unsigned n_idle;
	struct ng_decoder *idle[IDLE_MAX]; /* the one given back last is the last */
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
	decoder->dict_bytes = 0;
	decoder->ctx = ZSTD_createDCtx();
	if (!decoder->ctx) {
		free(decoder);
		return -ENOMEM;
	}
	*ret_decoder = decoder;
	return 0;
}

/* Under the lock. Where none is of the stream, the one that was given back longest ago, or NULL
 * where they are few. */
static struct ng_decoder *idle_take(struct ng_decoders *decoders, const void *stream,
				    uint64_t frame)
{
	struct ng_decoder *decoder;
	unsigned pick = decoders->n_idle;

	for (unsigned i = 0; i < decoders->n_idle; i++) {
		if (decoders->idle[i]->stream != stream)
			continue;
		pick = i;
		if (decoders->idle[i]->frame == frame)
			break;
	}
	if (pick == decoders->n_idle) {
		if (pick < LEFT)
			return NULL;
		pick = 0;
	}
	decoder = decoders->idle[pick];
	decoders->n_idle--;
	memmove(&decoders->idle[pick], &decoders->idle[pick + 1],
		(decoders->n_idle - pick) * sizeof(decoder));
	return decoder;
}

int ng_decoders_take(struct ng_decoders *decoders, const void *stream, uint64_t frame,
		     const void *dict, size_t dict_bytes, struct ng_decoder **ret_decoder)
{
	struct ng_decoder *decoder = NULL;

	pthread_mutex_lock(&decoders->lock);
	decoder = idle_take(decoders, stream, frame);
	pthread_mutex_unlock(&decoders->lock);
	if (!decoder) {
		int r = decoder_new(&decoder);

		if (r < 0)
			return r;
	}
	/* Without the lock: a dictionary's bytes may have to come from storage. */
	if (decoder->stream != stream) {
		decoder->stream = stream;
		decoder->frame = NG_NO_FRAME;
		decoder->dict_bytes = dict_bytes;
		if (dict_bytes)
			memcpy(ng_decoder_dict(decoder), dict, dict_bytes);
	}
	*ret_decoder = decoder;
	return 0;
}

void ng_decoders_return(struct ng_decoders *decoders, struct ng_decoder *decoder)
{
	pthread_mutex_lock(&decoders->lock);
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
	pthread_mutex_unlock(&decoders->lock);
}
