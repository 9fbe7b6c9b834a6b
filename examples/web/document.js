// SPDX-License-Identifier: Apache-2.0
// The document beside the occurrences: the part of it that is around the one that is chosen.

import {bytes} from './ask.js'
import {$, called, element, isolated, linked, number} from './dom.js'

const BEFORE_BYTES = 8 << 10
const AFTER_BYTES = 24 << 10

export async function showDocument(all, {match, document: id, offset, match_text, metadata, index = all, from: name}, signal) {
	const length = bytes(match_text)
	const lo = Math.max(0, offset - BEFORE_BYTES)
	const {part, total} = await index.part(id, lo, offset + length + AFTER_BYTES, signal)
	signal.throwIfAborted()
	const hi = lo + part.length
	const text = (from, to) => new TextDecoder().decode(part.subarray(from - lo, to - lo))
	const mark = element('mark', {id: 'match', textContent: text(offset, offset + length)})
	$('page').replaceChildren(
		...marked((lo ? '… ' : '') + text(lo, offset).replace(lo ? /^\ufffd+/ : /^$/, ''), match_text), mark,
		...marked(text(offset + length, hi).replace(hi < total ? /\ufffd+$/ : /^$/, '') + (hi < total ? ' …' : ''), match_text))
	$('page').dataset.document = id
	$('page').dataset.match = match
	describe(index, id, metadata)
	$('where').textContent = `${name === undefined ? '' : `${name}: `}document ${number(id)}, byte ${number(offset)} of ${number(total)}`
	// Only now, since the fields above take of its height.
	const page = $('page').getBoundingClientRect()
	$('page').scrollTop += mark.getBoundingClientRect().top - page.top - page.height / 3
}

// Text in which other occurrences are marked, too.
function marked(text, query) {
	const parts = text.split(query)
	return parts.flatMap((part, i) => i ? [element('mark', {textContent: query}), part] : [part])
}

function describe(index, id, metadata) {
	const {title, from, fields} = called(metadata)
	$('name').replaceChildren(linked(title))
	$('text').href = index.document(id, 'txt')
	$('meta').href = index.document(id, 'json')
	$('fields').replaceChildren(...[...Object.entries(fields), ['from', from]].filter(([, value]) => value !== title).flatMap(([key, value]) => [
		element('dt', {}, isolated(key)),
		element('dd', {}, linked(typeof value === 'string' ? value : JSON.stringify(value))),
	]))
}
