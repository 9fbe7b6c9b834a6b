#include <time.h>

#include "session.h"
#include "spool.h"
#include "transcript.h"

/* Sizes of pieces of answers: small at first, then twice as large each time. A piece also ends when
 * so many bytes of questions have been answered, or so much time has passed. */
#define PIECE_BYTES_FIRST (64u << 10)
#define PIECE_BYTES_MAX   (1u << 20)
#define PIECE_ASKED_BYTES (4u << 20)
#define PIECE_MS          100

/* Bytes taken from the spool at once. */
#define TAKE_BYTES (256u << 10)

struct session {
	struct ng_stream stream;
	ng_session_answer answer;
	bool fold;
	struct ng_spool spool; /* written, and not yet looked at */
	/* Taken from it: lines [next, asked.len), the last one perhaps not complete. */
	struct ng_buf asked;
	size_t next;
	bool skipping; /* it has become too long, and its rest is dropped */
	struct ng_transcript transcript;
	size_t piece_bytes;
	size_t together;
	struct ng_line lines[NG_SESSION_LINES];
};

static int session_write(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len)
{
	struct session *s = (struct session *)stream;
	int r = ng_transcript_reserve(&s->transcript, offset, len);

	if (r == 0)
		r = ng_spool_append(&s->spool, data, len);
	if (r)
		return r;
	ng_transcript_write(&s->transcript, offset, data, len);
	atomic_store(&stream->bytes, ng_transcript_end(&s->transcript));
	return 0;
}

/* Drop the beginning of what was taken, which is answered; and read on in the spool. *ret_more is
 * false at its end. */
static int take(struct session *s, bool *ret_more)
{
	size_t left = s->asked.len - s->next, got;
	uint8_t *newline;
	int r;

	if (s->next)
		memmove(s->asked.data, s->asked.data + s->next, left);
	s->asked.len = left;
	s->next = 0;
	r = ng_buf_reserve(&s->asked, TAKE_BYTES);
	if (r == 0)
		r = ng_spool_take(&s->spool, TAKE_BYTES, s->asked.data + left, &got);
	if (r)
		return r;
	*ret_more = got > 0;
	s->asked.len += got;
	if (s->skipping) {
		newline = memchr(s->asked.data + left, '\n', got);
		got = newline ? (size_t)(s->asked.data + s->asked.len - newline) : 0;
		if (newline)
			memmove(s->asked.data + left, newline, got);
		s->asked.len = left + got;
	}
	return 0;
}

/* Complete lines, as many as are answered together at most; *ret_end is where the last one ends. */
static size_t find_lines(struct session *s, size_t *ret_end)
{
	size_t n = 0, at = s->next;

	while (n < s->together && at < s->asked.len) {
		const uint8_t *text = s->asked.data + at;
		const uint8_t *newline = memchr(text, '\n', s->asked.len - at);

		if (!newline)
			break;
		s->lines[n++] = (struct ng_line){.text = text, .len = (size_t)(newline - text)};
		at += (size_t)(newline - text) + 1;
	}
	*ret_end = at;
	return n;
}

/* The next lines to be answered, and how many; none when there is no complete one. */
static int next_lines(struct session *s, const ng_cancel *cancel, size_t *ret_n, size_t *ret_end)
{
	bool more = true;
	int r = 0;

	for (;;) {
		size_t n = find_lines(s, ret_end);

		if (n) {
			/* The one whose rest was dropped is the first. */
			s->lines[0].cut = s->skipping;
			*ret_n = n;
			return 0;
		}
		if (s->asked.len - s->next > NG_SESSION_LINE_MAX) {
			s->asked.len = s->next + NG_SESSION_LINE_MAX;
			s->skipping = true;
		}
		/* A line without an end is looked at until its writer is tired. */
		r = ng_cancelled(cancel) ? -EINTR : take(s, &more);
		if (r || !more) {
			*ret_n = 0;
			return r;
		}
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int session_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct session *s = (struct session *)stream;
	struct ng_buf *content = &s->transcript.content;
	size_t asked_bytes = 0, before, n, end;
	int64_t until = now_ms() + PIECE_MS;
	int r = 0;

	if (!ng_transcript_is_read(&s->transcript))
		return 0;
	before = content->len;
	while (r == 0 && content->len - before < s->piece_bytes &&
	       asked_bytes < PIECE_ASKED_BYTES) {
		size_t good = content->len;

		r = next_lines(s, cancel, &n, &end);
		if (r || n == 0)
			break;
		r = s->answer(stream->index, s->lines, n, s->fold, cancel, content);
		if (r) {
			content->len = good;
			break;
		}
		asked_bytes += end - s->next;
		s->next = end;
		s->skipping = false;
		if (now_ms() >= until)
			break;
	}
	if (content->len == before)
		return r;
	s->piece_bytes = ng_min(s->piece_bytes * 2, (size_t)PIECE_BYTES_MAX);
	atomic_store(&stream->bytes, ng_transcript_end(&s->transcript));
	return 0;
}

static int session_read(struct ng_stream *stream, uint64_t offset, size_t len,
			const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct session *s = (struct session *)stream;

	return ng_transcript_read(&s->transcript, offset, len, buf, ret_len);
}

static void session_free(struct ng_stream *stream)
{
	struct session *s = (struct session *)stream;

	ng_spool_clear(&s->spool);
	ng_buf_free(&s->asked);
	ng_transcript_free(&s->transcript);
	free(s);
}

int ng_session_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		   ng_session_answer answer, bool fold, size_t together,
		   struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = session_grow,
		.read = session_read,
		.write = session_write,
		.free = session_free,
	};
	struct session *s = calloc(1, sizeof(*s));

	if (!s) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&s->stream, &ops, indexes, index);
	s->answer = answer;
	s->fold = fold;
	s->together = together;
	s->spool = NG_SPOOL_INIT;
	s->piece_bytes = PIECE_BYTES_FIRST;
	*ret_stream = &s->stream;
	return 0;
}
