/* SPDX-License-Identifier: Apache-2.0 */
#include "text/field.h"

#include "base/number.h"

/* The number of an element is written one way only. */
static uint64_t index_of(const char *name)
{
	uint64_t index;

	if (name[strspn(name, "0123456789")] || !*name || (*name == '0' && name[1]) ||
	    ng_number_parse(name, false, &index) < 0)
		return NG_FIELD_NO_INDEX;
	return index;
}

/* Copy the part that begins at arg, and return where it ends: at a dot or the end. */
static const char *part_copy(const char *arg, char *ret_name)
{
	while (*arg && *arg != '.') {
		if (*arg == '\\' && (arg[1] == '.' || arg[1] == '\\'))
			arg++;
		*ret_name++ = *arg++;
	}
	*ret_name = '\0';
	return arg;
}

static int part_add(struct ng_field *field, const char **arg)
{
	struct ng_field_part *parts =
		reallocarray(field->parts, field->n_parts + 1, sizeof(*parts));
	char *name = malloc(strlen(*arg) + 1);

	if (parts)
		field->parts = parts;
	if (!parts || !name) {
		free(name);
		return -ENOMEM;
	}
	*arg = part_copy(*arg, name);
	parts[field->n_parts++] =
		(struct ng_field_part){.name = name, .len = strlen(name), .index = index_of(name)};
	return 0;
}

int ng_field_parse(const char *arg, struct ng_field *ret_field)
{
	struct ng_field field = {.name = arg, .len = strlen(arg)};

	for (;; arg++) {
		if (part_add(&field, &arg) < 0) {
			ng_field_clear(&field);
			return -ENOMEM;
		}
		if (!*arg)
			break;
	}
	field.is_path = field.n_parts > 1 || strcmp(field.parts[0].name, field.name) != 0;
	*ret_field = field;
	return 0;
}

void ng_field_clear(struct ng_field *field)
{
	for (size_t i = 0; i < field->n_parts; i++)
		free(field->parts[i].name);
	free(field->parts);
	*field = (struct ng_field){0};
}
