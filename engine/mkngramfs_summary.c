/* SPDX-License-Identifier: Apache-2.0 */
#include "mkngramfs_summary.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "base/printable.h"

static double cpu_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1e-6;
}

static void print_sizes(const char *label, uint64_t docs, uint64_t text_bytes)
{
	char text[NG_PROGRESS_BYTES_LEN];

	fprintf(stderr, "  %-12s %" PRIu64 " (%" PRIu64 " bytes of text, %s)\n", label, docs,
		text_bytes, ng_progress_bytes(text_bytes, text));
}

static void print_index(uint64_t index_bytes, uint64_t text_bytes, uint32_t shards)
{
	char index[NG_PROGRESS_BYTES_LEN];

	fprintf(stderr, "  index        %" PRIu64 " bytes (%s), ", index_bytes,
		ng_progress_bytes(index_bytes, index));
	if (text_bytes)
		fprintf(stderr, "%.3f of the text, ", (double)index_bytes / (double)text_bytes);
	fprintf(stderr, "%" PRIu32 " shard%s\n", shards, shards == 1 ? "" : "s");
}

/* Of the binary files, those that are known. */
static void print_known(const struct ng_passed *passed)
{
	const char *before = "  of these     ";

	for (size_t i = 0; i < ng_n_signatures; i++) {
		if (!passed->known[i])
			continue;
		fprintf(stderr, "%s%" PRIu64 " x %s", before, passed->known[i],
			ng_signatures[i].name);
		before = ", ";
	}
	if (*before == ',')
		fputs(" (see mkngramfs --list-formats)\n", stderr);
}

static void print_passed(const struct arguments *args, const struct ng_source_stats *stats)
{
	for (unsigned kind = 0; kind < NG_PASSED_KINDS; kind++)
		if (stats->passed.counts[kind])
			fprintf(stderr, "  %-12s %" PRIu64 ", passed over\n", ng_passed_name(kind),
				stats->passed.counts[kind]);
	print_known(&stats->passed);
	if (args->list_passed)
		ng_say(stderr, "  passed over  %" PRIu64 ", see %s",
		       ng_passed_total(&stats->passed), args->list_passed);
	if (stats->json_texts)
		fprintf(stderr,
			"  JSON files   %" PRIu64
			", taken for texts, since they don't hold the text's field "
			"(--text-field)\n",
			stats->json_texts);
}

void summary_print(const struct arguments *args, const struct summary *s)
{
	char peak[NG_PROGRESS_BYTES_LEN];
	const char *skip_bad = args->skip_bad;
	const struct ng_build_summary *summary = &s->build;
	const struct ng_source_stats *stats = &s->source;
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	ng_say(stderr, "mkngramfs: %s is %s", args->build.output,
	       args->merge           ? "merged"
	       : s->was_done         ? "there already, whole"
	       : args->join          ? "joined"
	       : !args->build.append ? "made"
	       : summary->added_docs ? "appended to"
				     : "as it was");
	if (args->build.append) {
		print_sizes("added", summary->added_docs, summary->added_text_bytes);
		print_index(summary->added_index_bytes, summary->added_text_bytes,
			    summary->added_shards);
		fputs("  now in all\n", stderr);
	}
	print_sizes("documents", summary->docs, summary->text_bytes);
	print_index(summary->index_bytes, summary->text_bytes, summary->shards);
	fprintf(stderr,
		"  time         %.1f s, %.1f s of CPU\n"
		"  peak memory  %s\n",
		s->seconds, cpu_seconds(&usage),
		ng_progress_bytes((uint64_t)usage.ru_maxrss * 1024, peak));
	if (skip_bad)
		ng_say(stderr, "  rejected     %" PRIu64 " lines or files, see %s", stats->bad_docs,
		       skip_bad);
	print_passed(args, stats);
	if (stats->csv_texts)
		fprintf(stderr,
			"  CSV as text  %" PRIu64 " files, in whose header --text-field is not\n",
			stats->csv_texts);
	if (stats->padded_files)
		fprintf(stderr,
			"  padding      %" PRIu64
			" files, zeros or an end of line behind compressed data, passed over\n",
			stats->padded_files);
	if (stats->blank_lines)
		fprintf(stderr, "  blank lines  %" PRIu64 ", passed over\n", stats->blank_lines);
	if (!summary->added_docs && !args->merge && !s->was_done)
		fprintf(stderr, "mkngramfs: note: no document in the sources; the index is %s\n",
			summary->docs ? "as it was" : "empty");
}

void summary_print_json(const struct summary *s)
{
	const struct ng_build_summary *summary = &s->build;
	const struct ng_source_stats *stats = &s->source;
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr,
		"{\"phase\":\"done\",\"documents\":%" PRIu64 ",\"text_bytes\":%" PRIu64
		",\"index_bytes\":%" PRIu64 ",\"shards\":%" PRIu32,
		summary->docs, summary->text_bytes, summary->index_bytes, summary->shards);
	fprintf(stderr,
		",\"added_documents\":%" PRIu64 ",\"added_text_bytes\":%" PRIu64
		",\"added_index_bytes\":%" PRIu64 ",\"added_shards\":%" PRIu32,
		summary->added_docs, summary->added_text_bytes, summary->added_index_bytes,
		summary->added_shards);
	fprintf(stderr,
		",\"rejected\":%" PRIu64 ",\"blank_lines\":%" PRIu64 ",\"json_texts\":%" PRIu64
		",\"padded_files\":%" PRIu64,
		stats->bad_docs, stats->blank_lines, stats->json_texts, stats->padded_files);
	for (unsigned kind = 0; kind < NG_PASSED_KINDS; kind++)
		fprintf(stderr, ",\"%s\":%" PRIu64, ng_passed_field(kind),
			stats->passed.counts[kind]);
	fprintf(stderr,
		",\"elapsed_seconds\":%.1f,\"cpu_seconds\":%.1f,\"peak_memory_bytes\":%" PRIu64
		"}\n",
		s->seconds, cpu_seconds(&usage), (uint64_t)usage.ru_maxrss * 1024);
}

void summary_print_failure(const struct arguments *args, int code, bool bad_stays, bool kept,
			   const struct ng_error *err)
{
	bool append = args->build.append || args->merge || args->remove;

	if (code == -EINTR && kept) {
		fprintf(stderr, "mkngramfs: interrupted\n");
	} else if (code == -EINTR) {
		ng_say(stderr, "mkngramfs: interrupted; nothing was left behind%s%s",
		       bad_stays ? " but " : "", bad_stays ? args->skip_bad : "");
		return;
	}
	if (code != -EINTR)
		ng_say(stderr, "mkngramfs: %s", *err->text ? err->text : strerror(-code));
	if (kept) {
		ng_say(stderr,
		       "mkngramfs: what is finished is in %s.building; the same command with "
		       "--resume goes on from there",
		       args->build.output);
		return;
	}
	if (code == -ENOSPC || code == -EDQUOT)
		fprintf(stderr,
			"mkngramfs: no room on the disk; nothing was left behind. Free some%s\n",
			append           ? ""
			: args->estimate ? ", or name another place (--tmp)"
					 : ", or put the index (-o) elsewhere");
	if (code == -EBADMSG && !args->skip_bad)
		fprintf(stderr, "mkngramfs: %s; --skip-bad FILE leaves out bad input and goes on\n",
			append ? "nothing was appended" : "no index was made");
}

void summary_print_removed(const struct arguments *args, const struct ng_remove_summary *s)
{
	char before[48] = "";

	if (args->quiet)
		return;
	if (args->progress == NG_PROGRESS_JSON) {
		fprintf(stderr,
			"{\"phase\":\"done\",\"removed_documents\":%" PRIu64
			",\"removed_text_bytes\":%" PRIu64 ",\"removed_before\":%" PRIu64
			",\"documents\":%" PRIu64 ",\"text_bytes\":%" PRIu64 "}\n",
			s->docs, s->text_bytes, s->before, s->left_docs, s->left_text_bytes);
		return;
	}
	if (s->before)
		snprintf(before, sizeof(before), ", %" PRIu64 " were before", s->before);
	ng_say(stderr,
	       "mkngramfs: %s: %" PRIu64 " document%s removed (%" PRIu64
	       " bytes of text)%s; %" PRIu64 " left%s",
	       args->build.output, s->docs, s->docs == 1 ? "" : "s", s->text_bytes, before,
	       s->left_docs,
	       s->docs ? "; the bytes stay in its files until it is merged (--merge)" : "");
}
