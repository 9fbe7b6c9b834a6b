/* SPDX-License-Identifier: Apache-2.0 */
#include "text/readahead.h"

#include <pthread.h>
#include <signal.h>

#define BLOCKS 8u

struct block {
	size_t len;
	uint8_t bytes[NG_READAHEAD_BLOCK];
};

struct ng_readahead {
	ng_readahead_source source;
	void *userdata;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, but for the bytes of blocks */
	pthread_cond_t changed;
	bool stop;
	bool ended;          /* no more is read, for the reason in */
	int status;          /* 0, or an error, */
	struct ng_error err; /* and its text */
	unsigned first, n;   /* blocks that are read: those from first on, in a ring */
	bool taken;          /* the first one is with who uses it */
	struct block blocks[BLOCKS];
};

/* A free block, or NULL when it's time to stop. */
static struct block *block_wait(struct ng_readahead *ahead)
{
	struct block *block = NULL;

	pthread_mutex_lock(&ahead->lock);
	while (ahead->n == BLOCKS && !ahead->stop)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	if (!ahead->stop)
		block = &ahead->blocks[(ahead->first + ahead->n) % BLOCKS];
	pthread_mutex_unlock(&ahead->lock);
	return block;
}

static void block_give(struct ng_readahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	ahead->n++;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
}

static void *work(void *arg)
{
	struct ng_readahead *ahead = arg;
	struct ng_error err = {""};
	const uint8_t *data;
	size_t len;
	int r;

	while ((r = ahead->source(ahead->userdata, &data, &len, &err)) > 0) {
		while (len) {
			struct block *block = block_wait(ahead);

			if (!block)
				return NULL;
			block->len = ng_min(len, (size_t)NG_READAHEAD_BLOCK);
			memcpy(block->bytes, data, block->len);
			data += block->len;
			len -= block->len;
			block_give(ahead);
		}
	}
	pthread_mutex_lock(&ahead->lock);
	ahead->ended = true;
	ahead->status = r;
	ahead->err = err;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

int ng_readahead_new(ng_readahead_source source, void *userdata, struct ng_readahead **ret_ahead)
{
	struct ng_readahead *ahead = malloc(sizeof(*ahead));
	sigset_t all, before;
	int r;

	if (!ahead)
		return -ENOMEM;
	memset(ahead, 0, offsetof(struct ng_readahead, blocks));
	ahead->source = source;
	ahead->userdata = userdata;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->changed, NULL);
	/* Signals are for the others. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = -pthread_create(&ahead->thread, NULL, work, ahead);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0) {
		pthread_cond_destroy(&ahead->changed);
		pthread_mutex_destroy(&ahead->lock);
		free(ahead);
		return r;
	}
	*ret_ahead = ahead;
	return 0;
}

int ng_readahead_next(struct ng_readahead *ahead, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	const struct block *block;
	int r = 1;

	pthread_mutex_lock(&ahead->lock);
	if (ahead->taken) {
		ahead->first = (ahead->first + 1) % BLOCKS;
		ahead->n--;
		ahead->taken = false;
		pthread_cond_signal(&ahead->changed);
	}
	while (!ahead->n && !ahead->ended)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	if (ahead->n) {
		block = &ahead->blocks[ahead->first];
		ahead->taken = true;
		*ret_data = block->bytes;
		*ret_len = block->len;
	} else {
		r = ahead->status;
		if (r < 0 && err)
			*err = ahead->err;
	}
	pthread_mutex_unlock(&ahead->lock);
	return r;
}

struct ng_readahead *ng_readahead_free(struct ng_readahead *ahead)
{
	if (!ahead)
		return NULL;
	pthread_mutex_lock(&ahead->lock);
	ahead->stop = true;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	pthread_join(ahead->thread, NULL);
	pthread_cond_destroy(&ahead->changed);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
	return NULL;
}
