/* SPDX-License-Identifier: Apache-2.0 */
#include "query/folding.h"

#include "base/utf8.h"
#include "query/casefold.h"

/* The most frequent ones first. */
static const uint32_t spaces[] = {
	' ',    '\n',   '\r',   '\t',   0xa0,   0x3000, 0x202f, 0x2009, 0x2003,
	0x2002, 0x200a, '\v',   '\f',   0x85,   0x1680, 0x2000, 0x2001, 0x2004,
	0x2005, 0x2006, 0x2007, 0x2008, 0x2028, 0x2029, 0x205f,
};

bool ng_folding_is_space(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r');
	if (c > 0x3000)
		return false;
	for (size_t i = 0; i < ng_array_size(spaces); i++)
		if (spaces[i] == c)
			return true;
	return false;
}

/* NULL: c is no variant. */
static const struct ng_form *form_find(uint32_t c)
{
	size_t lo = 0, hi = ng_forms_n;

	if (c < ng_forms[0].c)
		return NULL;
	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (ng_forms[middle].c <= c)
			lo = middle;
		else
			hi = middle;
	}
	return ng_forms[lo].c == c ? &ng_forms[lo] : NULL;
}

static uint32_t fold_case(unsigned folds, uint32_t c)
{
	return folds & NG_FOLD_CASE ? ng_casefold(c) : c;
}

size_t ng_folding_symbols(unsigned folds, const uint8_t *text, size_t len,
			  uint32_t ret_symbols[static NG_SYMBOLS_MAX], unsigned *ret_n)
{
	unsigned bytes = ng_utf8_len(text, text + len);
	const struct ng_form *form;
	uint32_t c;

	*ret_n = 1;
	if (bytes == 0) {
		ret_symbols[0] = NG_SYMBOL_BYTE + text[0];
		return 1;
	}
	c = ng_utf8_get(text, bytes);
	form = folds & NG_FOLD_FORM ? form_find(c) : NULL;
	if (folds & NG_FOLD_SPACE && ng_folding_is_space(c)) {
		ret_symbols[0] = NG_SYMBOL_SPACE;
	} else if (form) {
		*ret_n = form->n;
		for (unsigned i = 0; i < form->n; i++)
			ret_symbols[i] = fold_case(folds, ng_form_symbols[form->at + i]);
	} else {
		ret_symbols[0] = fold_case(folds, c);
	}
	return bytes;
}

int ng_folding_query(unsigned folds, const uint8_t *pat, size_t len, uint32_t **ret_symbols,
		     size_t *ret_n)
{
	/* A character of several symbols has as many bytes, save for some of fewer. */
	ng_cleanup(ng_freep) uint32_t *symbols = calloc(len * NG_SYMBOLS_MAX, sizeof(*symbols));
	size_t n = 0;

	if (!symbols)
		return -ENOMEM;
	while (len) {
		unsigned more;
		size_t bytes = ng_folding_symbols(folds, pat, len, symbols + n, &more);

		if (n == 0 || symbols[n] != NG_SYMBOL_SPACE || symbols[n - 1] != NG_SYMBOL_SPACE)
			n += more;
		pat += bytes;
		len -= bytes;
	}
	*ret_symbols = ng_steal_ptr(&symbols);
	*ret_n = n;
	return 0;
}

static void variant_add(struct ng_variant *variants, unsigned *n, uint32_t c, unsigned width)
{
	struct ng_variant *variant = &variants[*n];

	if (*n == NG_VARIANTS_MAX)
		return;
	variant->len = (uint8_t)ng_utf8_put(c, variant->bytes);
	variant->width = (uint8_t)width;
	++*n;
}

/* Those that are no variants in form. */
static unsigned add_cases(unsigned folds, uint32_t symbol, struct ng_variant *variants)
{
	struct ng_cases cases;
	unsigned n = 0;

	if (!(folds & NG_FOLD_CASE)) {
		variant_add(variants, &n, symbol, 1);
		return n;
	}
	ng_casefold_cases(symbol, &cases);
	for (unsigned k = 0; k < cases.n; k++) {
		uint32_t c = ng_utf8_get(cases.of[k].bytes, cases.of[k].len);

		if (!(folds & NG_FOLD_FORM) || !form_find(c))
			variant_add(variants, &n, c, 1);
	}
	return n;
}

static const struct ng_form *form_by_last(size_t i)
{
	return &ng_forms[ng_forms_by_last[i]];
}

static uint32_t last_symbol(const struct ng_form *form)
{
	return ng_casefold(ng_form_symbols[form->at + form->n - 1u]);
}

/* The first of those whose last symbol is at least as large. */
static size_t first_by_last(uint32_t symbol)
{
	size_t lo = 0, hi = ng_forms_n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (last_symbol(form_by_last(middle)) < symbol)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static bool form_ends(unsigned folds, const struct ng_form *form, const uint32_t *symbols, size_t n)
{
	if (form->n > n)
		return false;
	for (unsigned i = 0; i < form->n; i++)
		if (fold_case(folds, ng_form_symbols[form->at + i]) != symbols[n - form->n + i])
			return false;
	return !(folds & NG_FOLD_SPACE) || !ng_folding_is_space(form->c);
}

unsigned ng_folding_variants(unsigned folds, const uint32_t *symbols, size_t n,
			     struct ng_variant ret_variants[static NG_VARIANTS_MAX])
{
	uint32_t symbol = symbols[n - 1], folded;
	unsigned found = 0;
	size_t end;

	if (symbol >= NG_SYMBOL_BYTE) {
		ret_variants[0] = (struct ng_variant){{(uint8_t)(symbol - NG_SYMBOL_BYTE)}, 1, 1};
		return 1;
	}
	if (symbol == NG_SYMBOL_SPACE) {
		for (size_t i = 0; i < ng_array_size(spaces); i++)
			variant_add(ret_variants, &found, spaces[i], 1);
		return found;
	}
	found = add_cases(folds, symbol, ret_variants);
	if (!(folds & NG_FOLD_FORM))
		return found;
	folded = ng_casefold(symbol);
	end = first_by_last(folded + 1);
	for (size_t i = first_by_last(folded); i < end; i++) {
		const struct ng_form *form = form_by_last(i);

		if (form_ends(folds, form, symbols, n))
			variant_add(ret_variants, &found, form->c, form->n);
	}
	return found;
}

/* Whether the first `width` symbols of a variant are the last ones of symbols[0..n-1]. */
static bool form_begins(unsigned folds, const struct ng_form *form, unsigned width,
			const uint32_t *symbols, size_t n)
{
	if (width > n)
		return false;
	for (unsigned i = 0; i < width; i++)
		if (fold_case(folds, ng_form_symbols[form->at + i]) != symbols[n - width + i])
			return false;
	return !(folds & NG_FOLD_SPACE) || !ng_folding_is_space(form->c);
}

bool ng_folding_cut(unsigned folds, const uint32_t *symbols, size_t n, size_t *at,
		    struct ng_variant *ret_variant)
{
	/* Each variant has NG_SYMBOLS_MAX numbers. */
	for (; *at < ng_forms_n * NG_SYMBOLS_MAX; ++*at) {
		const struct ng_form *form = &ng_forms[*at / NG_SYMBOLS_MAX];
		unsigned width = *at % NG_SYMBOLS_MAX, found = 0;

		/* Most make one symbol. */
		if (form->n == 1 || width >= form->n) {
			*at |= NG_SYMBOLS_MAX - 1;
			continue;
		}
		if (width == 0 || !form_begins(folds, form, width, symbols, n))
			continue;
		variant_add(ret_variant, &found, form->c, width);
		++*at;
		return true;
	}
	return false;
}
