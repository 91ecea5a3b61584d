/* SPDX-License-Identifier: ISC */
#include "lib/conf/ini_expand.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/util.h"

/* One value being interpolated. */
struct expansion {
	struct ini_scope *scope;
	const struct ini_section *section;
	const struct ini_option *option;
	struct cc_buf out;
	struct cc_note *why;
};

struct reference {
	const char *text; /* NULL: nothing has that name */
	bool nested;	  /* the text is itself to be interpolated */
};

int ini_scope_init(struct ini_scope *scope, const struct ini_raw *raw, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	*scope = (struct ini_scope){.raw = raw, .path = path};
	scope->job_name = dot && dot > base ? strndup(base, (size_t)(dot - base)) : strdup(base);
	if (slash)
		scope->config_dir = strndup(path, slash > path ? (size_t)(slash - path) : 1);
	else
		scope->config_dir = strdup(".");
	gethostname(scope->host_name, sizeof(scope->host_name) - 1);
	return scope->job_name && scope->config_dir ? 0 : -CC_ENOMEM;
}

void ini_scope_deinit(struct ini_scope *scope)
{
	free(scope->job_name);
	free(scope->config_dir);
}

const char *ini_builtin_key(enum ini_builtin b)
{
	static const char *const keys[INI_BUILTINS] = {
		[INI_JOB_NAME] = "job_name",	   [INI_SERVICE_NAME] = "service_name",
		[INI_HOST_NAME] = "host_name",	   [INI_CONFIG_DIR] = "config_dir",
		[INI_CONFIG_FILE] = "config_file",
	};

	return keys[b];
}

const char *ini_builtin_value(const struct ini_scope *scope, const char *service,
			      enum ini_builtin b)
{
	switch (b) {
	case INI_JOB_NAME:
		return scope->job_name;
	case INI_SERVICE_NAME:
		return service;
	case INI_HOST_NAME:
		return scope->host_name;
	case INI_CONFIG_DIR:
		return scope->config_dir;
	default:
		return scope->path;
	}
}

struct ini_option *ini_scope_find(const struct ini_scope *scope, const struct ini_section *s,
				  const char *key)
{
	struct ini_option *o = ini_section_find(s, key, strlen(key));

	return o ? o : ini_section_find(&scope->raw->defaults, key, strlen(key));
}

/*
 * What %(name)s stands for. The injected names have a value in every section, because every section
 * may be some process's main one, and this file is read by all of them.
 */
static struct reference reference_find(const struct expansion *x, const char *key)
{
	struct ini_option *o = ini_scope_find(x->scope, x->section, key);

	if (o) {
		const char *text = ini_option_value(o);

		o->variable = true;
		return (struct reference){text, !o->literal && strchr(text, '%')};
	}
	for (enum ini_builtin b = 0; b < INI_BUILTINS; b++) {
		if (strcmp(ini_builtin_key(b), key) == 0)
			return (struct reference){ini_builtin_value(x->scope, x->section->name, b),
						  false};
	}
	return (struct reference){NULL, false};
}

static int expand_fail(struct expansion *x, int code, const char *what)
{
	return ini_fail(x->why, x->option->at, code, "%s in \"%.64s\" of [%.64s]", what,
			x->option->key, x->section->name);
}

/* Appends, and counts against the bound of the whole configuration: references cost too. */
static int expand_put(struct expansion *x, const char *text, size_t len)
{
	int r;

	x->scope->work += len + 1;
	if (x->scope->work > CC_INI_TOTAL_MAX)
		return expand_fail(x, CC_ELIMIT, "configuration grows too large by %(...)s");
	r = cc_buf_put(&x->out, text, len);
	if (r == -CC_ELIMIT)
		return expand_fail(x, CC_ELIMIT, "value grows too long by %(...)s");
	return r < 0 ? expand_fail(x, CC_ENOMEM, "no memory") : 0;
}

/* Reads the "%(name)s" at *p and moves *p behind it. */
static int expand_reference(struct expansion *x, const char **p, struct reference *ref)
{
	const char *name = *p + strlen("%(");
	const char *end = strchr(name, ')');
	cc_cleanup(cc_freep) char *key = NULL;

	if (!end || end == name || end[1] != 's')
		return expand_fail(x, CC_EFORMAT, "\"%(\" without \")s\": write %(name)s or %%(");
	key = ini_lower_dup((struct ini_slice){name, (size_t)(end - name)});
	if (!key)
		return expand_fail(x, CC_ENOMEM, "no memory");
	*ref = reference_find(x, key);
	if (!ref->text)
		return ini_fail(x->why, x->option->at, CC_EFORMAT,
				"\"%.64s\" names %%(%.64s)s, which neither [%.64s] nor [DEFAULT] "
				"has: set it",
				x->option->key, key, x->section->name);
	*p = end + strlen(")s");
	return 0;
}

/* The '%' at *p. A text that is still to be interpolated goes to *nested. */
static int expand_percent(struct expansion *x, const char **p, const char **nested)
{
	struct reference ref = {0};
	int r;

	if ((*p)[1] == '%') {
		*p += 2;
		return expand_put(x, "%", 1);
	}
	if ((*p)[1] != '(')
		return expand_fail(x, CC_EFORMAT, "lone \"%\": write %% for a percent sign");
	r = expand_reference(x, p, &ref);
	if (r < 0)
		return r;
	if (!ref.nested)
		return expand_put(x, ref.text, strlen(ref.text));
	*nested = ref.text;
	return 0;
}

/* A stack instead of recursion, of the depth that the original allows. */
static int expand(struct expansion *x)
{
	const char *stack[CC_INI_INTERPOLATIONS] = {ini_option_value(x->option)};
	size_t depth = 1;

	while (depth > 0) {
		const char **top = &stack[depth - 1];
		size_t plain = strcspn(*top, "%");
		const char *nested = NULL;
		int r = expand_put(x, *top, plain);

		*top += plain;
		if (r == 0 && **top == 0) {
			depth--;
			continue;
		}
		if (r == 0)
			r = expand_percent(x, top, &nested);
		if (r < 0)
			return r;
		if (!nested)
			continue;
		if (depth >= CC_INI_INTERPOLATIONS &&
		    !CC_SEEDED_BUG(depth == CC_INI_INTERPOLATIONS))
			return expand_fail(x, CC_ELIMIT, "%(...)s nested too deep");
		stack[depth++] = nested;
	}
	return 0;
}

int ini_expand(struct ini_scope *scope, const struct ini_section *s, const struct ini_option *o,
	       char **value, struct cc_note *why)
{
	struct expansion x = {
		.scope = scope,
		.section = s,
		.option = o,
		.out = CC_BUF_INIT(CC_INI_VALUE_MAX),
		.why = why,
	};
	const char *text = ini_option_value(o);
	int r = o->literal ? expand_put(&x, text, strlen(text)) : expand(&x);

	*value = r < 0 ? NULL : cc_buf_take(&x.out);
	cc_buf_deinit(&x.out);
	if (r == 0 && !*value)
		return expand_fail(&x, CC_ENOMEM, "no memory");
	return r;
}
