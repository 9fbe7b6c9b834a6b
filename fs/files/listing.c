/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <pthread.h>
#include <time.h>

#include "files/listing.h"

/* How soon a thread that waits for another one's walk notices that it was cancelled. */
#define WAIT_MS 50

struct listing {
	struct listing *newer, *older; /* by last use */
	const struct ng_index *index;
	unsigned users; /* threads inside ng_listings_page; a used one stays */
	bool busy;      /* one of them walks, without the lock */
	bool complete;  /* no page follows those made */
	struct ng_doclist *walk;
	struct ng_page **pages; /* pages[first_kept..made-1]; those before were dropped */
	size_t first_kept, made, cap;
	size_t page_docs;
	struct ng_query query;
	uint8_t query_bytes[];
};

struct ng_listings {
	pthread_mutex_t lock;
	pthread_cond_t walked;
	struct listing *newest, *oldest;
	size_t n, max_listings;
	size_t bytes, max_bytes; /* of pages kept */
};

int ng_listings_new(size_t max_listings, size_t max_bytes, struct ng_listings **ret_listings)
{
	struct ng_listings *listings = calloc(1, sizeof(*listings));

	if (!listings)
		return -ENOMEM;
	assert(max_listings > 0);
	listings->max_listings = max_listings;
	listings->max_bytes = max_bytes;
	pthread_mutex_init(&listings->lock, NULL);
	pthread_cond_init(&listings->walked, NULL);
	*ret_listings = listings;
	return 0;
}

void ng_page_unref(struct ng_page *page)
{
	if (atomic_fetch_sub(&page->refs, 1) == 1)
		free(page);
}

static size_t page_bytes(const struct ng_page *page)
{
	return sizeof(*page) + page->n_docs * sizeof(page->docs[0]);
}

static void drop_first_page(struct ng_listings *listings, struct listing *listing)
{
	struct ng_page *page = listing->pages[listing->first_kept];

	listings->bytes -= page_bytes(page);
	listing->pages[listing->first_kept++] = NULL;
	ng_page_unref(page);
}

/* Back to the state before the first page. */
static void rewind_walk(struct ng_listings *listings, struct listing *listing)
{
	while (listing->first_kept < listing->made)
		drop_first_page(listings, listing);
	listing->walk = ng_doclist_free(listing->walk);
	listing->first_kept = 0;
	listing->made = 0;
	listing->complete = false;
}

static void unlink_listing(struct ng_listings *listings, struct listing *listing)
{
	if (listing->newer)
		listing->newer->older = listing->older;
	else
		listings->newest = listing->older;
	if (listing->older)
		listing->older->newer = listing->newer;
	else
		listings->oldest = listing->newer;
	listings->n--;
}

static void link_newest(struct ng_listings *listings, struct listing *listing)
{
	listing->newer = NULL;
	listing->older = listings->newest;
	if (listings->newest)
		listings->newest->newer = listing;
	else
		listings->oldest = listing;
	listings->newest = listing;
	listings->n++;
}

static void free_listing(struct ng_listings *listings, struct listing *listing)
{
	rewind_walk(listings, listing);
	unlink_listing(listings, listing);
	ng_scope_unref(listing->query.scope);
	free(listing->pages);
	free(listing);
}

struct ng_listings *ng_listings_free(struct ng_listings *listings)
{
	if (!listings)
		return NULL;
	while (listings->newest)
		free_listing(listings, listings->newest);
	pthread_cond_destroy(&listings->walked);
	pthread_mutex_destroy(&listings->lock);
	free(listings);
	return NULL;
}

/* Give back what is over the limits: whole listings that nobody is using, the longest unused
 * first, then the first pages of the one that keeps the most recent. */
static void trim(struct ng_listings *listings)
{
	struct listing *listing = listings->oldest;

	while (listing && (listings->n > listings->max_listings ||
			   (listings->bytes > listings->max_bytes && listing->newer))) {
		struct listing *newer = listing->newer;

		if (listing->users == 0)
			free_listing(listings, listing);
		listing = newer;
	}
	for (listing = listings->oldest; listing; listing = listing->newer) {
		while (listings->bytes > listings->max_bytes &&
		       listing->made - listing->first_kept > 1)
			drop_first_page(listings, listing);
	}
}

static bool is_same_scope(const struct ng_scope *a, const struct ng_scope *b)
{
	return a == b || (a && b && a->hash == b->hash);
}

static struct listing *find(const struct ng_listings *listings, const struct ng_index *index,
			    const struct ng_query *query, size_t page_docs)
{
	struct listing *listing = listings->newest;

	while (listing && (listing->index != index || listing->page_docs != page_docs ||
			   !is_same_scope(listing->query.scope, query->scope) ||
			   listing->query.fold != query->fold || listing->query.len != query->len ||
			   memcmp(listing->query_bytes, query->bytes, query->len) != 0))
		listing = listing->older;
	return listing;
}

static struct listing *find_or_add(struct ng_listings *listings, const struct ng_index *index,
				   const struct ng_query *query, size_t page_docs)
{
	struct listing *listing = find(listings, index, query, page_docs);

	if (listing) {
		unlink_listing(listings, listing);
	} else {
		listing = calloc(1, sizeof(*listing) + query->len);
		if (!listing)
			return NULL;
		listing->index = index;
		listing->query = *query;
		listing->query.bytes = listing->query_bytes;
		ng_scope_ref(listing->query.scope);
		listing->page_docs = page_docs;
		memcpy(listing->query_bytes, query->bytes, query->len);
	}
	link_newest(listings, listing);
	return listing;
}

static int start_walk(const struct ng_index *index, const struct ng_query *query,
		      const ng_cancel *cancel, struct ng_doclist **ret_walk)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	int r = ng_query_find(index, query, cancel, &ranges);

	if (r == 0)
		r = ng_filter_get(index, query->scope, &ranges, cancel, &filter);
	if (r == 0)
		r = ng_doclist_new(index, &ranges, ret_walk);
	if (r == 0)
		ng_doclist_set_filter(*ret_walk, &filter);
	return r;
}

/* Make the next page. Called without the lock, by the one thread that set busy. */
static int walk_on(struct listing *listing, const ng_cancel *cancel, struct ng_page **ret_page)
{
	struct ng_page *page, *fitted;
	int r;

	if (!listing->walk) {
		r = start_walk(listing->index, &listing->query, cancel, &listing->walk);
		if (r)
			return r;
	}
	page = malloc(sizeof(*page) + listing->page_docs * sizeof(page->docs[0]));
	if (!page)
		return -ENOMEM;
	r = ng_doclist_next(listing->walk, listing->page_docs, cancel, page->docs, &page->n_docs,
			    &page->more);
	if (r) {
		free(page);
		return r;
	}
	atomic_init(&page->refs, 1);
	fitted = realloc(page, page_bytes(page));
	*ret_page = fitted ? fitted : page;
	return 0;
}

static int append_page(struct ng_listings *listings, struct listing *listing, struct ng_page *page)
{
	if (listing->made == listing->cap) {
		size_t cap = listing->cap ? listing->cap * 2 : 4;
		struct ng_page **pages = realloc(listing->pages, cap * sizeof(*pages));

		if (!pages)
			return -ENOMEM;
		listing->pages = pages;
		listing->cap = cap;
	}
	listing->pages[listing->made++] = page;
	listings->bytes += page_bytes(page);
	listing->complete = !page->more;
	if (listing->complete)
		listing->walk = ng_doclist_free(listing->walk);
	return 0;
}

static int make_page(struct ng_listings *listings, struct listing *listing, const ng_cancel *cancel)
{
	struct ng_page *page = NULL;
	int r;

	listing->busy = true;
	pthread_mutex_unlock(&listings->lock);
	r = walk_on(listing, cancel, &page);
	pthread_mutex_lock(&listings->lock);
	listing->busy = false;
	pthread_cond_broadcast(&listings->walked);
	if (r == 0)
		r = append_page(listings, listing, page);
	if (r == 0)
		return 0;
	if (page)
		ng_page_unref(page);
	/* A cancelled walk goes on where it was; what another error leaves behind is unknown, and
	 * a page that is made but not kept would be missing. */
	if (r != -EINTR)
		rewind_walk(listings, listing);
	return r;
}

static void wait_walked(struct ng_listings *listings)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += WAIT_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&listings->walked, &listings->lock, &until);
}

static int get_page(struct ng_listings *listings, struct listing *listing, uint64_t page,
		    const ng_cancel *cancel, struct ng_page **ret_page)
{
	for (;;) {
		int r;

		if (page >= listing->first_kept && page < listing->made) {
			atomic_fetch_add(&listing->pages[page]->refs, 1);
			*ret_page = listing->pages[page];
			return 0;
		}
		if (ng_cancelled(cancel))
			return -EINTR;
		if (listing->busy) {
			wait_walked(listings);
			continue;
		}
		if (page < listing->first_kept)
			rewind_walk(listings, listing);
		else if (listing->complete)
			return -ENOENT;
		r = make_page(listings, listing, cancel);
		if (r)
			return r;
		/* Not before the page asked for has been taken: trim might drop it. */
		if (page >= listing->made)
			trim(listings);
	}
}

int ng_listings_page(struct ng_listings *listings, const struct ng_index *index,
		     const struct ng_query *query, size_t page_docs, uint64_t page,
		     const ng_cancel *cancel, struct ng_page **ret_page)
{
	struct listing *listing;
	int r = -ENOMEM;

	pthread_mutex_lock(&listings->lock);
	listing = find_or_add(listings, index, query, page_docs);
	if (listing) {
		listing->users++;
		r = get_page(listings, listing, page, cancel, ret_page);
		listing->users--;
		trim(listings);
	}
	pthread_mutex_unlock(&listings->lock);
	return r;
}

void ng_listings_drop(struct ng_listings *listings, const struct ng_index *index)
{
	struct listing *listing;

	pthread_mutex_lock(&listings->lock);
	listing = listings->newest;
	while (listing) {
		struct listing *older = listing->older;

		if (listing->index == index)
			free_listing(listings, listing);
		listing = older;
	}
	pthread_mutex_unlock(&listings->lock);
}

static int compare_docs(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int ng_listings_holds(struct ng_listings *listings, const struct ng_index *index,
		      const struct ng_query *query, size_t page_docs, uint64_t doc)
{
	struct listing *listing;
	int r = -EAGAIN;

	pthread_mutex_lock(&listings->lock);
	listing = find(listings, index, query, page_docs);
	if (listing && listing->complete && listing->first_kept == 0)
		r = 0;
	for (size_t i = listing ? listing->first_kept : 0; listing && i < listing->made; i++) {
		const struct ng_page *page = listing->pages[i];

		if (bsearch(&doc, page->docs, page->n_docs, sizeof(doc), compare_docs)) {
			r = 1;
			break;
		}
	}
	pthread_mutex_unlock(&listings->lock);
	return r;
}
