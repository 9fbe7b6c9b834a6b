// SPDX-License-Identifier: Apache-2.0
// The occurrences of a query, a line each, and the document of the one that is chosen.

import {showDocument} from './document.js'
import {$, called, complain, element, isolated, line, number, refocus, rightToLeft} from './dom.js'
import {arrange, listed} from './orders.js'
import {save} from './save.js'
import {here, indexes, isOpened, keepAddress, keepAddressSoon, question, state} from './state.js'

const LINES = 20 // occurrences on the page
const LOOK_MS = 80 // from one look at occurrences to the next, while the slider moves

let arranged = null // the occurrences in their order
let asked = null // ends when something else is asked
let looked = new AbortController() // ends when another occurrence is looked at
let lookedAt = -LOOK_MS
let waiting = 0

// Something else is asked.
export function forget() {
	looked.abort()
	clearTimeout(waiting)
	arranged = null
}

// Show them, of a question that has so many, until the signal.
export async function begun(index, what, count, signal) {
	asked = signal
	try {
		arranged = await arrange(index, what, count, state.order, signal)
		signal.throwIfAborted()
		$('of').textContent = number(arranged.size) + (arranged.note && ` (${arranged.note})`)
		$('slider').max = Math.max(0, arranged.size - 1)
		$('number').max = arranged.size
		$('found').hidden = arranged.size === 0
		if (arranged.size)
			await go(state.at)
	} catch (error) {
		if (!signal.aborted)
			complain(error)
	}
}

export function go(at) {
	if (!arranged) // something else is asked meanwhile
		return undefined
	state.at = Math.min(Math.max(0, at), arranged.size - 1)
	for (const button of $('lines').querySelectorAll('button'))
		select(button, Number(button.dataset.match) === state.at)
	$('slider').value = state.at
	$('number').value = state.at + 1
	for (const [id, last] of [['before', 0], ['after', arranged.size - 1]]) {
		const held = document.activeElement === $(id)
		$(id).disabled = state.at === last
		if (held && $(id).disabled)
			refocus($('slider'))
	}
	$('document').classList.toggle('open', state.open)
	keepAddressSoon()
	clearTimeout(waiting)
	return new Promise(done => {
		waiting = setTimeout(() => look().then(done), Math.max(0, lookedAt + LOOK_MS - performance.now()))
	})
}

async function look() {
	looked.abort()
	looked = new AbortController()
	lookedAt = performance.now()
	const signal = AbortSignal.any([asked, looked.signal])
	const index = here()
	const first = state.at - state.at % LINES
	try {
		const matches = await arranged.page(first, LINES, signal)
		signal.throwIfAborted()
		showLines(matches)
		await showDocument(index, matches[state.at - first], signal)
	} catch (error) {
		if (!signal.aborted) // what was overtaken may fail as it likes
			complain(error)
	}
}

function showLines(matches) {
	const focused = $('lines').contains(document.activeElement)
	$('lines').replaceChildren(...matches.map(({match, before, match_text, after, metadata, from}) => {
		const [left, found, right] = [before, match_text, after].map(line)
		const {title} = called(metadata)
		const source = from === undefined ? title : `${from}: ${title}`
		// A line runs as its match does, and what stands in it doesn't mix with what stands beside.
		const button = element('button', {
			type: 'button', dir: rightToLeft(match_text + after + before) ? 'rtl' : 'ltr',
		},
			element('span', {className: 'unseen', textContent: `${found}: `}), // its name begins with what was found
			element('span', {className: 'left'}, element('bdi', {textContent: left})),
			element('mark', {}, element('bdi', {textContent: found})),
			element('span', {className: 'right'}, element('bdi', {textContent: right})),
			element('span', {className: 'source', title: source}, isolated(from === undefined ? title.split('/').pop() || title : `${from}: ${title.split('/').pop()}`)))
		button.dataset.match = match
		button.addEventListener('click', () => choose(match))
		select(button, match === state.at)
		return element('li', {}, button)
	}))
	if (focused)
		focusLine()
}

// Of the lines only the chosen one is a stop of the Tab key.
function select(button, chosen) {
	button.tabIndex = chosen ? 0 : -1
	button.ariaCurrent = chosen ? 'true' : null
}

export const focusLine = () => $('lines').querySelector('[aria-current]')?.focus()

function choose(at) {
	state.open = true
	state.at = at
	keepAddress(!matchMedia('(max-width: 60rem)').matches)
	go(at)
	// Where the document covers the lines.
	if (getComputedStyle($('close')).display !== 'none')
		refocus($('close'))
}

export function back() {
	// As the button of the browser does, which else would lead here once more.
	if (isOpened())
		return history.back()
	state.open = false
	$('document').classList.remove('open')
	keepAddress()
}

// Keys that lead through them, and how far.
const STEPS = {ArrowUp: -1, ArrowDown: 1, PageUp: -LINES, PageDown: LINES, Home: -Infinity, End: Infinity}

// Whether a key does.
export function step(key) {
	if (!(key in STEPS) || !arranged)
		return false
	go(state.at + STEPS[key])
	focusLine()
	return true
}

export async function keep(kind, count, signal) {
	const {query, settings} = question()
	const list = await listed(here(), question(), count, state.order, arranged, signal)
	save(kind, list, {index: state.index || [...indexes.keys()].filter(name => name), query, settings, order: state.order, count})
}
