// SPDX-License-Identifier: Apache-2.0
// Occurrences in an order: as the index has them, or at random, each is a file of the mount. For others,
// and under a filter, a list of some is read at once.

import {bytes} from './ask.js'

const LISTED = 1000

const key = {
	left: ({before}) => [...before].reverse().join('').toLowerCase(),
	right: ({after}) => after.toLowerCase(),
}
const sorted = {
	left: list => byKey(list, key.left),
	right: list => byKey(list, key.right),
	document: list => list.sort((a, b) => a.document - b.document || a.offset - b.offset),
}

function byKey(list, of) {
	const collator = new Intl.Collator()
	return list.map(one => [of(one), one]).sort(([a], [b]) => collator.compare(a, b)).map(([, one]) => one)
}

function paged(index, list, note) {
	return {
		size: list.length, note, list,
		page: (first, n, signal) => Promise.all(list.slice(first, first + n).map(async (one, i) =>
			({...one, match: first + i, metadata: await (one.index ?? index).metadata(one.document, signal)}))),
	}
}

// {size, note, page(first, n, signal)}; the note says what is left out.
export async function arrange(index, question, count, order, signal) {
	if (bytes(question.query) > 1000 && !question.settings.length) { // as a file's name it may be too long
		const {documents} = await index.long(question, signal)
		const list = documents.map(one => ({...one, before: '', match_text: question.query, after: ''}))
		return paged(index, list, list.length < count ? 'one a document, ten at most' : '')
	}
	const filtered = question.settings.some(setting => setting.startsWith('where='))
	if (!filtered && !(order in sorted))
		return {
			size: count, note: '',
			page: (first, n, signal) => Promise.all(Array.from({length: Math.min(n, count - first)}, async (_, i) =>
				({...await index.match(question, first + i, order === 'random', signal), match: first + i}))),
		}
	const random = order === 'random' || order in sorted && count > LISTED
	const list = await index.list(question, LISTED, random, signal)
	signal.throwIfAborted()
	const all = list.length >= count
	return paged(index, order in sorted ? sorted[order](list) : list,
		all ? '' : `${list.length.toLocaleString('en')} of ${count.toLocaleString('en')}, ${random ? 'chosen at random' : 'the first'}`)
}

// Those that can be saved: as many as are listed.
export const listed = (index, question, count, order, arranged, signal) =>
	arranged.list ?? index.list(question, LISTED, order === 'random', signal)
