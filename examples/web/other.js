// SPDX-License-Identifier: Apache-2.0
// Other questions than for a text: lines that an expression matches, and where a text comes from.

import {$, counted, element, isolated, line, replaceItems} from './dom.js'
import {addressOf, state} from './state.js'

const LINES = 200
const LEAST_BYTES = 16 // of a stretch
const SHOWN = 300
const ASKED = 200 // of a line, when it is looked for

// choose(query) is called by a click on a line; what isn't in a name of a document is looked for.
export async function showGrep(index, question, choose, signal) {
	const found = await index.grep(question, LINES, signal)
	signal.throwIfAborted()
	let expression = null
	try {
		expression = new RegExp(question.query, question.settings.includes('case=fold') ? 'iu' : 'u')
	} catch { // it is PCRE's, and only shown without a mark
	}
	$('summary').textContent = !found.length ? 'No line' : (found.cut ? 'The first ' : '') + counted(found.length, 'line')
	$('results').hidden = !found.length
	replaceItems($('results'), found.map(({place, text, from}) => {
		const match = expression?.exec(text)
		const [before, middle, after] = match ? [text.slice(0, match.index), match[0], text.slice(match.index + match[0].length)] : [text, '', '']
		const button = element('button', {type: 'button', dir: 'auto'},
			element('span', {className: 'unseen', textContent: `${line(middle)}: `}), isolated(before.slice(-80)), element('mark', {textContent: middle}), isolated(after.slice(0, SHOWN)))
		button.addEventListener('click', () => choose(longest(text)))
		const [name, longer] = [place.split('/').pop(), place.split('/').slice(-2).join('/')].map(part => from === undefined ? part : `${from}: ${part}`)
		return element('li', {}, button, element('small', {title: longer}, isolated(name)))
	}))
}

// Of a line what can be looked for: the longest part without bytes that are no text, in whole characters.
function longest(text) {
	const part = text.split('\ufffd').reduce((most, part) => part.length > most.length ? part : most)
	return part.slice(0, ASKED).replace(/[\ud800-\udbff]$/, '')
}

// A text with its stretches marked, each a link that looks for it.
export async function showTrace(index, {query: text, settings}, choose, signal) {
	const {stretches, cut} = await index.trace(text, [`min=${LEAST_BYTES}`, ...settings], signal)
	signal.throwIfAborted()
	const all = new TextEncoder().encode(text)
	const decoder = new TextDecoder()
	const parts = []
	let done = 0
	for (const {begin, end, text: stretch, count} of stretches) {
		// Where stretches overlap the earlier one is shown first; characters stay whole.
		let from = Math.max(begin, done), to = end
		while (from < to && (all[from] & 0xc0) === 0x80)
			from++
		while (to > from && to < all.length && (all[to] & 0xc0) === 0x80)
			to--
		if (from >= to)
			continue
		parts.push(decoder.decode(all.subarray(done, from)))
		const shown = decoder.decode(all.subarray(from, to))
		const query = stretch.replaceAll('\ufffd', '')
		// A link goes on in the next line, as no button does, and opens in another tab, too.
		const link = element('a', {href: addressOf({...state, mode: 'text', query, at: 0, open: false}), textContent: shown, title: `${counted(count, 'time')}: ${line(stretch)}`})
		link.addEventListener('click', event => {
			if (event.ctrlKey || event.metaKey || event.shiftKey)
				return
			event.preventDefault()
			choose(query)
		})
		parts.push(link)
		done = to
	}
	parts.push(decoder.decode(all.subarray(done)))
	$('summary').textContent = (stretches.length ? counted(stretches.length, 'stretch', 'stretches') : 'No stretch') +
		` of ${LEAST_BYTES} bytes or more that ${stretches.length > 1 ? 'occur' : 'occurs'}` + (cut ? '; there are more, which took too long' : '')
	$('results').hidden = false
	replaceItems($('results'), [element('li', {className: 'traced', dir: 'auto'}, ...parts)])
}
