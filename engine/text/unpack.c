/* SPDX-License-Identifier: Apache-2.0 */
#include "text/unpack.h"

#include <inttypes.h>

#include "text/signature.h"
#include "text/uncompress.h"

#define OUT_BYTES   (128u << 10)
#define MAGIC_BYTES 16u /* enough for any magic of a compression */

struct layer {
	struct ng_unpack *unpack;
	struct ng_feed *below;
	const struct ng_codec *codec; /* NULL: compress, or still behind skippable frames */
	struct ng_uncompress *uncompress;
	void *state;    /* of codec */
	bool in_stream; /* begun, and not ended */
	uint64_t skip;  /* bytes of a skippable frame still to be passed over */
	uint8_t out[OUT_BYTES];
};

struct ng_unpack {
	struct ng_unpack_params params;
	unsigned n;
	bool padded;
	struct layer *layers[NG_UNPACK_LAYERS_MAX];
	struct ng_feed feeds[NG_UNPACK_LAYERS_MAX + 1]; /* under each layer, and the last one */
};

static const char *label_of(const struct layer *layer)
{
	return layer->unpack->params.label;
}

static int fail_cut(const struct layer *layer, struct ng_error *err)
{
	return ng_fail(err, -EBADMSG, "%s: truncated: it ends in the midst of its %s stream",
		       label_of(layer), layer->codec ? layer->codec->name : "zstd or lz4");
}

/* What the windows of the other layers leave. */
static uint64_t memory_left(const struct layer *layer)
{
	const struct ng_unpack *unpack = layer->unpack;
	uint64_t left = unpack->params.memory_bytes;

	for (unsigned i = 0; i < unpack->n; i++) {
		const struct layer *other = unpack->layers[i];

		if (other != layer && other->state)
			left -= ng_min(left, other->codec->takes(other->state));
	}
	return left;
}

static int fail_codec(const struct layer *layer, int code, const char *why, struct ng_error *err)
{
	const char *label = label_of(layer);

	if (code == -E2BIG)
		return ng_fail(err, code,
			       "%s: its %s stream takes more memory to decompress than the %" PRIu64
			       " MiB that --memory leaves for that; give it more, or pipe it: "
			       "%s FILE | mkngramfs -o INDEX -",
			       label, layer->codec->name, memory_left(layer) >> 20,
			       layer->codec->by_hand);
	if (code == -ENOMEM)
		return ng_fail(err, code, "%s: out of memory", label);
	return ng_fail(err, code, "%s: damaged: the %s stream before byte %" PRIu64 ": %s", label,
		       layer->codec->name, layer->below->at, why);
}

/* The compression that begins here, or NULL. A .Z file has no end, so none begins behind one. */
static const struct ng_codec *codec_at(const struct ng_feed *feed)
{
	const struct ng_signature *s = ng_signature_of(feed->data, feed->len);

	return s && s->kind == NG_SIGNATURE_COMPRESSION ? s->codec : NULL;
}

/* lz4's two forms may stand side by side; else all streams are of one kind. */
static bool may_follow(const struct layer *layer, const struct ng_codec *codec)
{
	return codec == layer->codec || !layer->codec ||
	       (strncmp(codec->name, "lz4", 3) == 0 && strncmp(layer->codec->name, "lz4", 3) == 0);
}

static int begin_stream(struct layer *layer, const struct ng_codec *codec, struct ng_error *err)
{
	const char *why = NULL;
	int r;

	if (layer->state && codec != layer->codec) {
		layer->codec->end(layer->state);
		layer->state = NULL;
	}
	layer->codec = codec;
	r = codec->begin(&layer->state, layer->below->data, layer->below->len, memory_left(layer),
			 &why);
	if (r < 0)
		return fail_codec(layer, r, why, err);
	layer->in_stream = true;
	return 0;
}

/* Zeros behind a stream, or one end of a line at the end of the file. 1 when there were any. */
static int pass_padding(struct layer *layer, struct ng_error *err)
{
	struct ng_feed *feed = layer->below;
	bool passed = false;

	if (feed->ended && ((feed->len == 1 && feed->data[0] == '\n') ||
			    (feed->len == 2 && memcmp(feed->data, "\r\n", 2) == 0))) {
		ng_feed_take(feed, feed->len);
		return 1;
	}
	while (feed->len && !feed->data[0]) {
		size_t n = 1;
		int r;

		while (n < feed->len && !feed->data[n])
			n++;
		ng_feed_take(feed, n);
		r = ng_feed_look(feed, NG_CODEC_HEAD_BYTES, err);
		if (r < 0)
			return r;
		passed = true;
	}
	return passed;
}

/* Pass over a skippable frame, from its header on. */
static int skip_frame(struct layer *layer, struct ng_error *err)
{
	struct ng_feed *feed = layer->below;

	if (feed->len < 8)
		return fail_cut(layer, err);
	layer->skip = 8 + (uint64_t)ng_load32(feed->data + 4);
	while (layer->skip) {
		size_t n;
		int r = ng_feed_look(feed, 1, err);

		if (r < 0)
			return r;
		if (!feed->len)
			return fail_cut(layer, err);
		n = (size_t)ng_min(layer->skip, (uint64_t)feed->len);
		ng_feed_take(feed, n);
		layer->skip -= n;
	}
	return 0;
}

static bool has_frames(const struct layer *layer)
{
	return !layer->codec || layer->codec == &ng_codec_zstd || may_follow(layer, &ng_codec_lz4);
}

/* Between streams: 1 when another one has begun, 0 at the end of the file. */
static int next_stream(struct layer *layer, struct ng_error *err)
{
	struct ng_feed *feed = layer->below;
	bool padding_passed = false;

	for (;;) {
		const struct ng_codec *codec;
		int r = ng_feed_look(feed, NG_CODEC_HEAD_BYTES, err);

		if (r < 0 || !feed->len)
			return r;
		if (has_frames(layer) && ng_signature_is_skippable(feed->data, feed->len)) {
			r = skip_frame(layer, err);
			if (r < 0)
				return r;
			continue;
		}
		codec = codec_at(feed);
		if (codec && may_follow(layer, codec)) {
			r = begin_stream(layer, codec, err);
			return r < 0 ? r : 1;
		}
		if (!padding_passed) {
			r = pass_padding(layer, err);
			if (r < 0)
				return r;
			padding_passed = r > 0;
			layer->unpack->padded |= padding_passed;
			if (padding_passed)
				continue;
		}
		if (feed->ended && ng_signature_is_cut(feed->data, feed->len))
			return fail_cut(layer, err);
		return ng_fail(err, -EBADMSG,
			       "%s: damaged: bytes that cannot be decompressed follow the "
			       "compressed stream, from byte %" PRIu64 " on",
			       label_of(layer), feed->at);
	}
}

/* Decompress into the layer's buffer: 1 when something came, 0 when the stream has ended (or the
 * file, where it may). */
static int run_stream(struct layer *layer, size_t *ret_len, struct ng_error *err)
{
	struct ng_feed *feed = layer->below;
	size_t want = MAGIC_BYTES;

	for (;;) {
		struct ng_codec_io io = {.out = layer->out, .out_room = OUT_BYTES};
		const char *why = "invalid data";
		size_t taken;
		int r = ng_feed_look(feed, want, err);

		if (r < 0)
			return r;
		io.in = feed->data;
		io.in_len = feed->len;
		r = layer->codec->run(layer->state, &io, &why);
		taken = feed->len - io.in_len;
		ng_feed_take(feed, taken);
		if (r < 0)
			return fail_codec(layer, r, why, err);
		layer->in_stream = r == 0;
		*ret_len = OUT_BYTES - io.out_room;
		if (*ret_len)
			return 1;
		if (r > 0)
			return 0;
		want = MAGIC_BYTES;
		if (taken)
			continue;
		if (!feed->ended) {
			want = ng_max(feed->len, (size_t)MAGIC_BYTES) + 1;
			continue;
		}
		if (feed->len || !layer->codec->may_end || !layer->codec->may_end(layer->state))
			return fail_cut(layer, err);
		layer->in_stream = false;
		return 0;
	}
}

/* An ng_feed_next. */
static int layer_next(void *userdata, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	struct layer *layer = userdata;

	if (layer->uncompress)
		return ng_uncompress_next(layer->uncompress, ret_data, ret_len, err);
	for (;;) {
		int r = layer->in_stream ? 1 : next_stream(layer, err);

		if (r <= 0)
			return r;
		r = run_stream(layer, ret_len, err);
		if (r < 0)
			return r;
		if (r > 0) {
			*ret_data = layer->out;
			return 1;
		}
	}
}

static int add_layer(struct ng_unpack *unpack, const struct ng_signature *signature,
		     struct ng_error *err)
{
	struct layer *layer;

	if (unpack->n == NG_UNPACK_LAYERS_MAX)
		return ng_fail(err, -EBADMSG, "%s: compressed more than %u times over",
			       unpack->params.label, NG_UNPACK_LAYERS_MAX);
	layer = malloc(sizeof(*layer));
	if (!layer)
		return ng_fail(err, -ENOMEM, "%s: out of memory", unpack->params.label);
	memset(layer, 0, offsetof(struct layer, out));
	layer->unpack = unpack;
	layer->below = &unpack->feeds[unpack->n];
	layer->codec = signature ? signature->codec : NULL;
	unpack->layers[unpack->n++] = layer;
	unpack->feeds[unpack->n] = (struct ng_feed){.next = layer_next, .userdata = layer};
	/* All but what compress made have a codec. */
	if (!signature || signature->codec)
		return 0;
	return ng_uncompress_new(unpack->params.label, layer->below, &layer->uncompress, err);
}

static int find_layers(struct ng_unpack *unpack, struct ng_error *err)
{
	for (;;) {
		struct ng_feed *feed = ng_unpack_feed(unpack);
		const struct ng_signature *s;
		int r = ng_feed_look(feed, MAGIC_BYTES, err);

		if (r < 0)
			return r;
		if (feed->ended && ng_signature_is_cut(feed->data, feed->len))
			return ng_fail(err, -EBADMSG,
				       "%s: truncated: the header of the compressed stream is cut "
				       "short",
				       unpack->params.label);
		s = ng_signature_of(feed->data, feed->len);
		if (s && s->kind != NG_SIGNATURE_COMPRESSION)
			return 0;
		if (!s && !ng_signature_is_skippable(feed->data, feed->len))
			return 0;
		r = add_layer(unpack, s, err);
		if (r < 0)
			return r;
	}
}

int ng_unpack_new(const struct ng_unpack_params *params, struct ng_unpack **ret_unpack,
		  struct ng_error *err)
{
	struct ng_unpack *unpack ng_cleanup(ng_unpack_freep) = calloc(1, sizeof(*unpack));
	int r;

	if (!unpack)
		return ng_fail(err, -ENOMEM, "%s: out of memory", params->label);
	unpack->params = *params;
	unpack->feeds[0] = (struct ng_feed){.next = params->next, .userdata = params->userdata};
	r = find_layers(unpack, err);
	if (r < 0)
		return r;
	*ret_unpack = ng_steal_ptr(&unpack);
	return 0;
}

struct ng_unpack *ng_unpack_free(struct ng_unpack *unpack)
{
	if (!unpack)
		return NULL;
	for (unsigned i = 0; i < unpack->n; i++) {
		struct layer *layer = unpack->layers[i];

		ng_uncompress_free(layer->uncompress);
		if (layer->state)
			layer->codec->end(layer->state);
		free(layer);
	}
	for (unsigned i = 0; i <= unpack->n; i++)
		ng_feed_free(&unpack->feeds[i]);
	free(unpack);
	return NULL;
}

unsigned ng_unpack_layers(const struct ng_unpack *unpack)
{
	return unpack->n;
}

struct ng_feed *ng_unpack_feed(struct ng_unpack *unpack)
{
	return &unpack->feeds[unpack->n];
}

bool ng_unpack_is_padded(const struct ng_unpack *unpack)
{
	return unpack->padded;
}
