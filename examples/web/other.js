// SPDX-License-Identifier: Apache-2.0
// Other questions than for a text: lines that an expression matches, and where a text comes from.

import {$, element, isolated, line, number, replaceItems} from './dom.js'
import {addressOf, state} from './state.js'

const LINES = 200
const LEAST_BYTES = 16 // of a stretch
const SHOWN = 300

// choose(query) is called by a click on a line; what isn't in a name of a document is looked for.
export async function showGrep(index, question, choose, signal) {
	const found = await index.grep(question, LINES, signal)
	signal.throwIfAborted()
	let expression = null
	try {
		expression = new RegExp(question.query, question.settings.includes('case=fold') ? 'iu' : 'u')
	} catch { // it is PCRE's, and only shown without a mark
	}
	$('summary').textContent = found.length === LINES ? `The first ${LINES} lines` : `${number(found.length)} ${found.length === 1 ? 'line' : 'lines'}`
	replaceItems($('results'), found.map(({place, text, from}) => {
		const match = expression?.exec(text)
		const [before, middle, after] = match ? [text.slice(0, match.index), match[0], text.slice(match.index + match[0].length)] : [text, '', '']
		const button = element('button', {type: 'button', dir: 'auto'},
			element('span', {className: 'unseen', textContent: `${line(middle)}: `}), isolated(before.slice(-80)), element('mark', {textContent: middle}), isolated(after.slice(0, SHOWN)))
		button.addEventListener('click', () => choose(text.slice(0, 200)))
		const [name, longer] = [place.split('/').pop(), place.split('/').slice(-2).join('/')].map(part => from === undefined ? part : `${from}: ${part}`)
		return element('li', {}, button, element('small', {title: longer}, isolated(name)))
	}))
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
		const link = element('a', {href: addressOf({...state, mode: 'text', query, at: 0, open: false}), textContent: shown, title: `${number(count)} times: ${line(stretch)}`})
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
	$('summary').textContent = `${number(stretches.length)} ${stretches.length === 1 ? 'stretch' : 'stretches'} of ${LEAST_BYTES} bytes or more that occur` +
		(cut ? '; there are more, which took too long' : '')
	replaceItems($('results'), [element('li', {className: 'traced', dir: 'auto'}, ...parts)])
}
