// SPDX-License-Identifier: Apache-2.0
// The page: what is asked, as it is typed, and what is shown of the answers. Its whole state is in the
// address behind the #, so that a link shows the same.

import {Index, Refusal, bytes, spell} from './ask.js'

const LINES = 20 // occurrences on the page
const BARS = 24
const SETTLED_MS = 90 // without a key stroke, before more than the count is asked
const ADDRESS_MS = 300 // until the address follows; browsers let it change a few times a second
const LINGER_MS = 1000 // from when on what was looked at is worth a step back
const LOOK_MS = 80 // from one look at occurrences to the next, while the slider moves
const BEFORE_BYTES = 8 << 10 // of a document's text, around the match
const AFTER_BYTES = 24 << 10

const $ = id => document.getElementById(id)
const number = n => n.toLocaleString('en')
const state = {index: '', query: '', at: 0, open: false}
const shown = {what: '', since: 0} // in the newest entry of the history
const indexes = new Map()
let count = 0
let asked = new AbortController() // ends when something else is asked
let looked = new AbortController() // ends when another occurrence is looked at
let addressed = 0
let lookedAt = -LOOK_MS
let settled = 0
let waiting = 0

// ---- elements ----

function element(name, properties, ...children) {
	const made = Object.assign(document.createElement(name), properties)
	made.append(...children)
	return made
}

// Text within a line: what would break it, as a sign.
const SIGNS = {'\n': '↵', '\t': '⇥', '\r': '␍', ' ': '␣'}
const line = text => text.replace(/[\n\t\r]/g, c => SIGNS[c])

// Whether the first letter that has a direction has this one.
const rightToLeft = text => /^\P{L}*[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Adlam}]/u.test(text)

// Text of the corpus in a sentence of the page.
const isolated = text => element('bdi', {textContent: text})

function complain(error) {
	$('trouble').textContent = error instanceof Refusal ? error.message : 'The server does not answer.'
	$('trouble').hidden = false
}

// ---- the address ----

const what = () => JSON.stringify([state.index, state.query])

// A query that was looked at for a while, and what leads to another by a click, stay behind Back.
function keepAddress(replace = true) {
	clearTimeout(addressed)
	if (what() !== shown.what) {
		replace &&= performance.now() - shown.since < LINGER_MS
		Object.assign(shown, {what: what(), since: performance.now()})
	}
	const words = new URLSearchParams()
	if (indexes.size > 1)
		words.set('in', state.index)
	if (state.query)
		words.set('q', state.query)
	if (state.at)
		words.set('n', state.at + 1)
	if (state.open)
		words.set('doc', '')
	const hash = words.toString() && '#' + words
	if (hash !== location.hash)
		history[replace ? 'replaceState' : 'pushState'](null, '', hash || location.pathname)
}

function keepAddressSoon() {
	clearTimeout(addressed)
	addressed = setTimeout(() => keepAddress(), ADDRESS_MS)
}

function readAddress() {
	const words = new URLSearchParams(location.hash.slice(1))
	state.index = indexes.has(words.get('in')) ? words.get('in') : indexes.keys().next().value
	state.query = words.get('q') ?? ''
	state.at = Math.max(0, Math.trunc(Number(words.get('n') ?? 1)) - 1 || 0)
	state.open = words.has('doc')
	clearTimeout(addressed)
	Object.assign(shown, {what: what(), since: performance.now()})
	$('index').value = state.index
	$('query').value = state.query
	grow()
	describe()
	ask(performance.now())
}

// ---- asking ----

function type(event) {
	state.query = $('query').value
	state.at = 0
	state.open = false
	grow()
	ask(event.timeStamp)
}

async function ask(since) {
	asked.abort()
	asked = new AbortController()
	clearTimeout(settled)
	clearTimeout(waiting)
	const {signal} = asked
	const {query} = state
	const index = indexes.get(state.index)
	$('trouble').hidden = true
	document.title = query ? `${line(query)} – ngramfs` : 'ngramfs'
	keepAddressSoon()
	if (!query)
		return showNothing()
	try {
		showCount(await index.count(query, signal), since)
	} catch (error) {
		if (signal.aborted)
			return
		showNothing()
		return complain(error)
	}
	settled = setTimeout(() => {
		if (count) {
			follow(index, query, signal)
			go(state.at)
		}
	}, SETTLED_MS)
}

function showNothing() {
	count = 0
	$('count').textContent = $('unit').textContent = $('time').textContent = ''
	$('count').value = ''
	$('next').hidden = $('found').hidden = true
}

function showCount(answer, since) {
	count = answer
	$('count').value = answer
	$('count').textContent = number(answer)
	$('unit').textContent = answer === 1 ? 'occurrence' : 'occurrences'
	const {duration} = performance.measure('count', {start: since, end: performance.now()})
	$('time').textContent = `${duration.toFixed(1)} ms`
	$('found').hidden = $('next').hidden = answer === 0
	$('of').textContent = number(answer)
	$('slider').max = Math.max(0, answer - 1)
	$('number').max = answer
	$('api').replaceChildren('As a file: ', element('a', {
		href: indexes.get(state.index).url('count', state.query),
		textContent: `${decodeURIComponent(indexes.get(state.index).path)}/count/${line(spell(state.query))}`,
	}))
}

// ---- what follows ----

async function follow(index, query, signal) {
	try {
		showFollowing(await index.next(query, signal))
		$('bars').dataset.query = query
	} catch (error) {
		if (signal.aborted)
			return
		$('bars').replaceChildren()
		$('follow').textContent = ''
		complain(error)
	}
}

function showFollowing(next) {
	const most = next.length ? next[0].share : 1
	const kinds = next.filter(({text}) => text !== null).length
	$('follow').textContent = `${number(kinds)} different ${kinds === 1 ? 'character' : 'characters'}`
	$('bars').replaceChildren(...next.slice(0, BARS).map(({count, share, shown, text}) => {
		const bar = element('span', {className: 'bar'})
		bar.style.setProperty('--height', share / most)
		const label = text === null ? (shown === '$END' ? 'end' : shown) : SIGNS[text] ?? shown
		const percent = share < 0.0005 ? '<0.1%' : `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`
		const button = element('button', {
			type: 'button', disabled: text === null,
			title: `${number(count)} times`,
			ariaLabel: `${label}: ${percent}`,
		}, element('small', {textContent: percent}), bar, element('span', {className: 'sign'}, isolated(label)))
		button.addEventListener('click', event => {
			$('query').value += text
			type(event)
			keepAddress(false)
		})
		return element('li', {}, button)
	}))
}

// ---- occurrences ----

function go(at) {
	state.at = Math.min(Math.max(0, at), count - 1)
	for (const button of $('lines').querySelectorAll('button'))
		select(button, Number(button.dataset.match) === state.at)
	$('slider').value = state.at
	$('number').value = state.at + 1
	$('before').disabled = state.at === 0
	$('after').disabled = state.at === count - 1
	$('document').classList.toggle('open', state.open)
	keepAddressSoon()
	clearTimeout(waiting)
	waiting = setTimeout(look, Math.max(0, lookedAt + LOOK_MS - performance.now()))
}

async function look() {
	looked.abort()
	looked = new AbortController()
	lookedAt = performance.now()
	const signal = AbortSignal.any([asked.signal, looked.signal])
	const {query} = state
	const index = indexes.get(state.index)
	const first = state.at - state.at % LINES
	const numbers = Array.from({length: Math.min(LINES, count - first)}, (_, i) => first + i)
	try {
		const matches = await Promise.all(numbers.map(n => index.match(query, n, signal)))
		signal.throwIfAborted()
		showLines(matches)
		await read(index, query, matches[state.at - first], signal)
	} catch (error) {
		if (!signal.aborted) // what was overtaken may fail as it likes
			complain(error)
	}
}

function showLines(matches) {
	const focused = $('lines').contains(document.activeElement)
	$('lines').replaceChildren(...matches.map(({match, before, match_text, after}) => {
		const [left, found, right] = [before, match_text, after].map(line)
		// A line runs as its match does, and what stands in it doesn't mix with what stands beside.
		const button = element('button', {
			type: 'button', dir: rightToLeft(match_text + after + before) ? 'rtl' : 'ltr',
			ariaLabel: `${found}: ${left}${found}${right}`,
		},
			element('span', {className: 'left'}, element('bdi', {textContent: left})),
			element('mark', {}, element('bdi', {textContent: found})),
			element('span', {className: 'right'}, element('bdi', {textContent: right})))
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

const focusLine = () => $('lines').querySelector('[aria-current]')?.focus()

function choose(at) {
	state.open = true
	state.at = at
	keepAddress(!matchMedia('(max-width: 60rem)').matches)
	go(at)
}

// ---- the document ----

async function read(index, query, {match, document: id, doc_len, offset, metadata}, signal) {
	const length = bytes(query)
	const lo = Math.max(0, offset - BEFORE_BYTES)
	const hi = Math.min(doc_len, offset + length + AFTER_BYTES)
	const part = await index.part(id, lo, hi, signal)
	signal.throwIfAborted()
	const text = (from, to) => new TextDecoder().decode(part.subarray(from - lo, to - lo))
	const mark = element('mark', {id: 'match', textContent: text(offset, offset + length)})
	$('page').replaceChildren(
		...marked((lo ? '… ' : '') + text(lo, offset).replace(lo ? /^\ufffd+/ : /^$/, ''), query), mark,
		...marked(text(offset + length, hi).replace(hi < doc_len ? /\ufffd+$/ : /^$/, '') + (hi < doc_len ? ' …' : ''), query))
	$('page').dataset.document = id
	$('page').dataset.match = match
	showFields(index, id, metadata)
	// Only now, since the fields above take of its height.
	const page = $('page').getBoundingClientRect()
	$('page').scrollTop += mark.getBoundingClientRect().top - page.top - page.height / 3
	$('where').textContent = `document ${number(id)}, byte ${number(offset)} of ${number(doc_len)}`
}

// Text in which other occurrences are marked, too.
function marked(text, query) {
	const parts = text.split(query)
	return parts.flatMap((part, i) => i ? [element('mark', {textContent: query}), part] : [part])
}

// Metadata is anyone's: of addresses only those of the web are links.
function linked(text) {
	const address = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text)
	return address ? element('a', {href: text, target: '_blank', rel: 'noopener noreferrer', textContent: text}) : isolated(text)
}

// A document is called what its own fields call it, or else what file it came from.
function showFields(index, id, {path = '', line: at, metadata: own = {}}) {
	// Where files lie on the machine that has indexed them is nobody's business.
	const file = path.startsWith('/') ? path.split('/').slice(at === undefined ? -2 : -1).join('/') : path
	const from = at === undefined ? file : `${file}, line ${number(at)}`
	const title = String(own.title ?? own.path ?? own.url ?? file)
	$('name').replaceChildren(linked(title))
	$('text').href = index.document(id, 'txt')
	$('meta').href = index.document(id, 'json')
	$('fields').replaceChildren(...[...Object.entries(own), ['from', from]].filter(([, value]) => value !== title).flatMap(([key, value]) => [
		element('dt', {textContent: key}),
		element('dd', {}, linked(typeof value === 'string' ? value : JSON.stringify(value))),
	]))
}

function back() {
	state.open = false
	$('document').classList.remove('open')
	keepAddress()
}

// ---- the frame ----

// The box has as many lines as what is in it.
function grow() {
	const box = $('query')
	box.style.height = 'auto'
	// Its height counts borders, scrollHeight doesn't.
	box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`
}

async function describe() {
	const name = state.index
	const {documents, text_bytes} = await indexes.get(name).stats().catch(() => ({}))
	if (name === state.index && documents !== undefined)
		$('stats').textContent = `${number(documents)} documents, ${number(Math.ceil(text_bytes / 1e6))} MB of text`
}

const STEPS = {ArrowUp: -1, ArrowDown: 1, PageUp: -LINES, PageDown: LINES, Home: -Infinity, End: Infinity}

function press(event) {
	const {key, target} = event
	if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing)
		return
	if (key === 'Escape' && (state.open || target !== $('query'))) {
		if (state.open && getComputedStyle($('close')).display !== 'none') {
			back()
			focusLine()
		} else {
			$('query').focus()
		}
	} else if (target === $('query')) {
		if (key === 'Enter' && !event.shiftKey)
			focusLine()
		else
			return
	} else if (key === '/' && target !== $('number')) {
		$('query').focus()
		$('query').select()
	} else if (key in STEPS && ($('lines').contains(target) || target === document.body) && count) {
		go(state.at + STEPS[key])
		focusLine()
	} else {
		return
	}
	event.preventDefault()
}

async function begin() {
	const names = await (await fetch('indexes.json')).json()
	for (const name of names) {
		indexes.set(name, new Index(names.length > 1 ? '/' + encodeURIComponent(name) : ''))
		$('index').append(element('option', {value: name, textContent: name}))
	}
	$('indexes').hidden = names.length === 1
	$('query').addEventListener('input', type)
	$('form').addEventListener('submit', event => event.preventDefault())
	$('index').addEventListener('change', event => {
		state.index = $('index').value
		state.at = 0
		describe()
		ask(event.timeStamp)
	})
	$('slider').addEventListener('input', () => go(Number($('slider').value)))
	$('number').addEventListener('change', () => go(Number($('number').value) - 1 || 0))
	$('before').addEventListener('click', () => go(state.at - 1))
	$('after').addEventListener('click', () => go(state.at + 1))
	$('close').addEventListener('click', back)
	addEventListener('keydown', press)
	addEventListener('popstate', readAddress)
	readAddress()
}

begin().catch(complain)
