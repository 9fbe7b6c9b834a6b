/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/probes.h"

/* In the order of strcmp. Programs look for them in every directory that they walk through, or in
 * all that lead to the one they are in: ripgrep, fd, ag, git, Mercurial, Subversion, Bazaar,
 * Jujutsu, rsync; cargo and rustup, npm, yarn, pnpm, deno, go, bazel, maven, pyenv, pytest, asdf
 * and mise; formatters, linters, language servers, vim, Emacs and VS Code; direnv, GLib's and KDE's
 * file managers, Samba's guests, Apache, PHP, and backups. Names that only a program run in the
 * directory itself opens, such as Makefile, aren't among them, since people may well ask for these
 * words. */
static const char *const names[] = {
	".DS_Store",
	".Trash",
	".ackrc",
	".agignore",
	".autorun",
	".babelrc",
	".bazelrc",
	".bazelversion",
	".bzr",
	".bzrignore",
	".cargo",
	".clang-format",
	".clang-tidy",
	".clangd",
	".clippy.toml",
	".cvsignore",
	".dir-locals-2.el",
	".dir-locals.el",
	".directory",
	".dockerignore",
	".editorconfig",
	".env",
	".envrc",
	".eslintignore",
	".eslintrc",
	".eslintrc.json",
	".exrc",
	".fdignore",
	".flake8",
	".fslckout",
	".git",
	".gitattributes",
	".gitignore",
	".gitmodules",
	".hg",
	".hgignore",
	".hidden",
	".htaccess",
	".ignore",
	".jj",
	".localized",
	".metadata_never_index",
	".mise.toml",
	".node-version",
	".nomedia",
	".npmignore",
	".npmrc",
	".nvmrc",
	".pijul",
	".pnp.cjs",
	".pnp.js",
	".prettierignore",
	".prettierrc",
	".pylintrc",
	".python-version",
	".rgignore",
	".rsync-filter",
	".ruby-version",
	".ruff.toml",
	".rustfmt.toml",
	".shellcheckrc",
	".sl",
	".svn",
	".tool-versions",
	".user.ini",
	".vimrc",
	".vscode",
	".watchmanconfig",
	".xdg-volume-info",
	".yarnrc",
	".yarnrc.yml",
	"CACHEDIR.TAG",
	"Cargo.toml",
	"Thumbs.db",
	"autorun.inf",
	"clippy.toml",
	"compile_commands.json",
	"compile_flags.txt",
	"deno.json",
	"desktop.ini",
	"go.mod",
	"go.work",
	"jsconfig.json",
	"mise.toml",
	"mypy.ini",
	"package.json",
	"pnpm-workspace.yaml",
	"pom.xml",
	"pyproject.toml",
	"pyrightconfig.json",
	"pytest.ini",
	"ruff.toml",
	"rust-toolchain",
	"rust-toolchain.toml",
	"rustfmt.toml",
	"setup.cfg",
	"tox.ini",
	"tsconfig.json",
};

bool ng_probes_has(const char *name)
{
	size_t lo = 0, hi = ng_array_size(names);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(name, names[mid]);

		if (order == 0)
			return true;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

const char *ng_probes_name(size_t i)
{
	return i < ng_array_size(names) ? names[i] : NULL;
}
