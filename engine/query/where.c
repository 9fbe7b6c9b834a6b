/* SPDX-License-Identifier: Apache-2.0 */
#include "query/where.h"

#include <xxhash.h>

#include "base/percent.h"
#include "format/meta_fields.h"

static void condition_clear(struct ng_condition *condition)
{
	for (size_t i = 0; i < condition->n; i++)
		free(condition->terms[i].bytes);
	free(condition->terms);
	free(condition->field);
	*condition = (struct ng_condition){0};
}

void ng_where_unref(struct ng_where *where)
{
	if (!where || atomic_fetch_sub(&where->refs, 1) != 1)
		return;
	for (size_t i = 0; i < where->n; i++)
		condition_clear(&where->conditions[i]);
	free(where->conditions);
	free(where);
}

struct ng_where *ng_where_ref(struct ng_where *where)
{
	if (where)
		atomic_fetch_add(&where->refs, 1);
	return where;
}

/* text[0..len-1] without escapes, from malloc. */
static int decode(const char *text, size_t len, uint8_t **ret, size_t *ret_len)
{
	ng_cleanup(ng_freep) uint8_t *bytes = malloc(len + 1);
	int r = bytes ? ng_percent_decode(text, len, bytes, ret_len) : -ENOMEM;

	if (r == 0)
		*ret = ng_steal_ptr(&bytes);
	return r;
}

static int term_parse(const char *text, size_t len, struct ng_where_term *ret_term)
{
	static const struct {
		const char *sign;
		enum ng_where_op op;
	} signs[] = {{"<=", NG_WHERE_LESS_OR_IS},
		     {">=", NG_WHERE_GREATER_OR_IS},
		     {"<", NG_WHERE_LESS},
		     {">", NG_WHERE_GREATER}};
	struct ng_where_term term = {.op = NG_WHERE_IS};

	for (size_t i = 0; i < ng_array_size(signs) && term.op == NG_WHERE_IS; i++) {
		size_t n = strlen(signs[i].sign);

		if (len < n || memcmp(text, signs[i].sign, n) != 0)
			continue;
		term.op = signs[i].op;
		text += n;
		len -= n;
	}
	if (len && text[len - 1] == '*') {
		if (term.op != NG_WHERE_IS)
			return -EINVAL;
		term.op = NG_WHERE_PREFIX;
		len--;
	}
	/* An asterisk elsewhere looks like a pattern, which this isn't. */
	if (len && memchr(text, '*', len))
		return -EINVAL;
	*ret_term = term;
	return decode(text, len, &ret_term->bytes, &ret_term->len);
}

static int terms_parse(const char *text, size_t len, struct ng_condition *condition)
{
	size_t room = 1;
	int r = 0;

	for (size_t i = 0; i < len; i++)
		room += text[i] == '|';
	condition->terms = calloc(room, sizeof(*condition->terms));
	if (!condition->terms)
		return -ENOMEM;
	while (r == 0) {
		const char *bar = len ? memchr(text, '|', len) : NULL;
		size_t n = bar ? (size_t)(bar - text) : len;

		r = term_parse(text, n, &condition->terms[condition->n]);
		condition->n += r == 0;
		if (!bar)
			break;
		text += n + 1;
		len -= n + 1;
	}
	return r;
}

static uint64_t condition_hash(const struct ng_condition *condition, uint64_t seed)
{
	uint64_t hash =
		XXH3_64bits_withSeed(condition->field, condition->field_bytes, seed ^ condition->n);

	for (size_t i = 0; i < condition->n; i++) {
		const struct ng_where_term *term = &condition->terms[i];

		hash = XXH3_64bits_withSeed(term->bytes, term->len, hash + (uint64_t)term->op);
	}
	return hash;
}

static int condition_parse(const char *text, size_t len, struct ng_condition *ret_condition)
{
	ng_cleanup(condition_clear) struct ng_condition condition = {0};
	const char *colon = len ? memchr(text, ':', len) : NULL;
	int r;

	if (!colon || colon == text)
		return -EINVAL;
	r = decode(text, (size_t)(colon - text), &condition.field, &condition.field_bytes);
	if (r == 0)
		r = terms_parse(colon + 1, (size_t)(text + len - colon - 1), &condition);
	if (r < 0)
		return r;
	*ret_condition = condition;
	condition = (struct ng_condition){0};
	return 0;
}

int ng_where_add(struct ng_where **where, const char *text, size_t len)
{
	ng_cleanup(condition_clear) struct ng_condition condition = {0};
	struct ng_where *w = *where;
	struct ng_condition *grown;
	int r = condition_parse(text, len, &condition);

	if (r == 0 && w && w->n == NG_WHERE_CONDITIONS_MAX)
		r = -EINVAL;
	if (r < 0)
		return r;
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return -ENOMEM;
		atomic_init(&w->refs, 1);
	}
	grown = reallocarray(w->conditions, w->n + 1, sizeof(*grown));
	if (!grown) {
		if (!*where)
			free(w);
		return -ENOMEM;
	}
	w->conditions = grown;
	w->conditions[w->n++] = condition;
	w->hash = condition_hash(&condition, w->hash);
	condition = (struct ng_condition){0};
	*where = w;
	return 0;
}

/* ---- whether one holds ---- */

/* A number as JSON writes it, 0.DIGITS times 10 to the power of point. DIGITS are in two pieces, as
 * they stand before the point and behind it; the first is none of 0, and 0 has none at all. */
struct number {
	bool negative;
	int64_t point;
	const uint8_t *digits[2];
	size_t n[2];
};

static size_t digits_at(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - from);
}

/* Over the exponent at *p, if one is there; false: it is none, or too large. */
static bool exponent_parse(const uint8_t **p, const uint8_t *end, int64_t *ret)
{
	const uint8_t *at = *p;
	bool negative = false;
	int64_t value = 0;
	size_t n;

	*ret = 0;
	if (at == end || (*at | 0x20) != 'e')
		return true;
	at++;
	if (at < end && (*at == '+' || *at == '-'))
		negative = *at++ == '-';
	n = digits_at(at, end);
	if (n == 0)
		return false;
	for (; n && *at == '0'; n--)
		at++;
	if (n > NG_WHERE_EXPONENT_MAX)
		return false;
	for (; n; n--)
		value = value * 10 + (*at++ - '0');
	*ret = negative ? -value : value;
	*p = at;
	return true;
}

static bool number_parse(const uint8_t *p, size_t len, struct number *ret)
{
	const uint8_t *end = p + len;
	struct number number = {.negative = len && *p == '-'};

	p += number.negative;
	number.digits[0] = p;
	number.n[0] = digits_at(p, end);
	/* 007 is a name, as a number of a telephone is. */
	if (number.n[0] == 0 || (number.n[0] > 1 && *p == '0'))
		return false;
	p += number.n[0];
	if (p < end && *p == '.') {
		number.digits[1] = ++p;
		number.n[1] = digits_at(p, end);
		if (number.n[1] == 0)
			return false;
		p += number.n[1];
	}
	if (!exponent_parse(&p, end, &number.point) || p != end)
		return false;
	if (*number.digits[0] == '0') {
		number.n[0] = 0;
		for (; number.n[1] && *number.digits[1] == '0'; number.n[1]--, number.point--)
			number.digits[1]++;
	}
	number.point += (int64_t)number.n[0];
	*ret = number;
	return true;
}

/* -1, 0 or 1. */
static int number_sign(const struct number *number)
{
	if (number->n[0] + number->n[1] == 0)
		return 0;
	return number->negative ? -1 : 1;
}

/* Digit i from the first one; zeroes follow the last one. */
static uint8_t number_digit(const struct number *number, size_t i)
{
	if (i < number->n[0])
		return number->digits[0][i];
	i -= number->n[0];
	return i < number->n[1] ? number->digits[1][i] : '0';
}

/* Exact: digit for digit, however many there are. */
static int number_compare(const struct number *a, const struct number *b)
{
	int sign = number_sign(a), order = (a->point > b->point) - (a->point < b->point);
	size_t n = ng_max(a->n[0] + a->n[1], b->n[0] + b->n[1]);

	if (sign != number_sign(b))
		return sign < number_sign(b) ? -1 : 1;
	if (sign == 0)
		return 0;
	for (size_t i = 0; order == 0 && i < n; i++)
		order = number_digit(a, i) - number_digit(b, i);
	return sign * order;
}

static int order_of(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	struct number na, nb;

	if (!number_parse(a, a_len, &na) || !number_parse(b, b_len, &nb))
		return ng_bytes_compare(a, a_len, b, b_len);
	return number_compare(&na, &nb);
}

static bool term_holds(const struct ng_where_term *term, const uint8_t *value, size_t len)
{
	switch (term->op) {
	case NG_WHERE_IS:
		return len == term->len && (len == 0 || memcmp(value, term->bytes, len) == 0);
	case NG_WHERE_PREFIX:
		return len >= term->len &&
		       (term->len == 0 || memcmp(value, term->bytes, term->len) == 0);
	case NG_WHERE_LESS:
		return order_of(value, len, term->bytes, term->len) < 0;
	case NG_WHERE_LESS_OR_IS:
		return order_of(value, len, term->bytes, term->len) <= 0;
	case NG_WHERE_GREATER:
		return order_of(value, len, term->bytes, term->len) > 0;
	case NG_WHERE_GREATER_OR_IS:
		return order_of(value, len, term->bytes, term->len) >= 0;
	}
	return false;
}

bool ng_condition_holds(const struct ng_condition *condition, const uint8_t *value, size_t len)
{
	for (size_t i = 0; i < condition->n; i++)
		if (term_holds(&condition->terms[i], value, len))
			return true;
	return false;
}
