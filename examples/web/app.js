// SPDX-License-Identifier: Apache-2.0
// The page: what is asked, as it is typed, and what is shown of the answers. Its whole state is in the
// address behind the #, so that a link shows the same.

import {Index, Refusal, spell} from './ask.js'
import {showDocument} from './document.js'
import {$, SIGNS, called, element, isolated, line, number, rightToLeft} from './dom.js'
import {arrange, listed} from './orders.js'
import {showGrep, showTrace} from './other.js'
import {showDocuments, showFacet, showFields, showWords} from './panes.js'
import {save} from './save.js'
import {showStart} from './start.js'

const LINES = 20 // occurrences on the page
const BARS = 24
const SETTLED_MS = 8 // without a key stroke, before more than the count is asked
const PAUSE_MS = 600 // and before what takes long
const QUICK = 2000 // occurrences that are looked up at once
const MOST = 150000 // and at all
const ADDRESS_MS = 300 // until the address follows; browsers let it change a few times a second
const LINGER_MS = 1000 // from when on what was looked at is worth a step back
const LOOK_MS = 80 // from one look at occurrences to the next, while the slider moves

const FOLDS = ['case=fold', 'word=yes', 'space=fold', 'form=fold']
const ORDERS = ['index', 'left', 'right', 'document', 'random']
const PLACEHOLDERS = {text: 'Any text, to the letter', grep: 'A regular expression, of lines', trace: 'Paste a text: what of it occurs is marked'}
const state = {index: '', mode: 'text', query: '', folds: [], only: [], order: 'index', at: 0, open: false}
const shown = {what: '', since: 0} // in the newest entry of the history
const indexes = new Map()
let count = 0
let arranged = null // the occurrences in their order
let asked = new AbortController() // ends when something else is asked
let looked = new AbortController() // ends when another occurrence is looked at
let addressed = 0
let lookedAt = -LOOK_MS
let settled = 0
let waiting = 0

function complain(error) {
	$('trouble').textContent = error instanceof Refusal ? error.message : 'The server does not answer.'
	$('trouble').hidden = false
}

// ---- the address ----

const what = () => JSON.stringify([state.index, state.mode, state.query, state.folds, state.only, state.order])

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
	if (state.mode !== 'text')
		words.set('as', state.mode)
	for (const setting of [...state.folds, ...state.only])
		words.append('with', setting)
	if (state.order !== 'index')
		words.set('order', state.order)
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
	state.mode = words.get('as') in PLACEHOLDERS ? words.get('as') : 'text'
	state.folds = FOLDS.filter(fold => words.getAll('with').includes(fold))
	state.only = words.getAll('with').filter(setting => /^where=[^/,]+:[^/,]*$/.test(setting))
	state.order = ORDERS.includes(words.get('order')) ? words.get('order') : 'index'
	state.at = Math.max(0, Math.trunc(Number(words.get('n') ?? 1)) - 1 || 0)
	state.open = words.has('doc')
	clearTimeout(addressed)
	Object.assign(shown, {what: what(), since: performance.now()})
	$('index').value = state.index
	$('query').value = state.query
	showSettings()
	grow()
	describe()
	ask(performance.now())
}

// ---- settings ----

const question = () => ({query: state.query, settings: [...state.folds, ...state.only]})

function showSettings() {
	for (const box of document.querySelectorAll('#folds input')) {
		box.checked = state.folds.includes(box.value)
		box.disabled = state.mode === 'grep' && box.value !== 'case=fold'
	}
	for (const button of document.querySelectorAll('#modes input'))
		button.checked = button.value === state.mode
	$('query').placeholder = PLACEHOLDERS[state.mode]
	$('query').maxLength = state.mode === 'trace' ? 60000 : 4000
	$('order').value = state.order
	$('only').replaceChildren(...state.only.map(setting => {
		const text = decodeURIComponent(setting.slice('where='.length).replace(':', ': '))
		const button = element('button', {type: 'button', ariaLabel: `${text}: all documents again`}, isolated(text), ' ✕')
		button.addEventListener('click', () => change({only: state.only.filter(other => other !== setting)}))
		return button
	}))
}

// Ask something else, by a click.
function change(what) {
	Object.assign(state, {at: 0, open: false}, what)
	if (state.mode === 'grep')
		state.folds = state.folds.filter(fold => fold === 'case=fold')
	if (state.mode === 'trace')
		state.only = []
	$('query').value = state.query
	showSettings()
	grow()
	ask(performance.now())
	keepAddress(false)
}

const lookFor = query => change({mode: 'text', query})

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
	looked.abort()
	asked = new AbortController()
	arranged = null
	clearTimeout(settled)
	clearTimeout(waiting)
	const {signal} = asked
	const {query} = state
	const index = indexes.get(state.index)
	const what = question()
	$('trouble').hidden = true
	document.title = query ? `${line(query.slice(0, 100))} – ngramfs` : 'ngramfs'
	keepAddressSoon()
	if (!query || state.mode !== 'text') {
		showNothing()
		settled = setTimeout(() => showInstead(index, what, signal).catch(error => signal.aborted || complain(error)), query ? PAUSE_MS / 3 : 0)
		return
	}
	try {
		showCount(await index.count(what, signal), since)
	} catch (error) {
		if (signal.aborted)
			return
		showNothing()
		return complain(error)
	}
	settled = setTimeout(() => {
		const quick = count <= QUICK
		const others = () => showOthers(index, what, signal)
		Promise.all(count ? [follow(index, what, signal), begun(index, what, signal), quick ? others() : null] : []).then(() => {
			if (!signal.aborted)
				performance.measure('panes', {start: since, end: performance.now()})
		})
		if (!quick)
			settled = setTimeout(others, PAUSE_MS)
		showElsewhere(index, what, signal)
	}, SETTLED_MS)
}

async function begun(index, what, signal) {
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

// What is there besides, each for itself: one that takes too long leaves its place empty.
async function showOthers(index, what, signal) {
	const quietly = (asking, clear) => asking.catch(() => signal.aborted || clear())
	if (count > MOST) {
		$('facet').hidden = $('following').hidden = true
		$('df').textContent = 'in too many documents to count here'
		return
	}
	await Promise.all([
		quietly(showDocuments(index, what, signal), () => $('df').textContent = ''),
		quietly(showWords(index, {...what, settings: state.folds}, text => lookFor(`${state.query.trimEnd()} ${text}`), signal).then(() => $('following').hidden = false),
			() => $('following').hidden = true),
		quietly(showFields(index, $('field').value).then(field => field && showFacet(index, what, field, filter, signal)),
			() => $('facet').hidden = true),
	])
}

const filter = setting => change({only: [...new Set([...state.only, setting])]})

// How often it is in the other indexes.
async function showElsewhere(here, what, signal) {
	// A filter is by fields that are this index's.
	const others = state.only.length ? [] : [...indexes].filter(([, index]) => index !== here)
	const counts = await Promise.all(others.map(([, index]) => index.count(what, signal).catch(() => null)))
	if (signal.aborted)
		return
	$('elsewhere').replaceChildren(...others.map(([name], i) => {
		const button = element('button', {type: 'button', disabled: counts[i] === null},
			isolated(name), ` ${counts[i] === null ? '–' : number(counts[i])}`)
		button.addEventListener('click', () => {
			$('index').value = name
			change({index: name, only: []})
			describe()
		})
		return button
	}))
}

// Nothing is typed, or no text to look for.
async function showInstead(index, what, signal) {
	if (state.mode === 'grep' && what.query)
		await showGrep(index, what, lookFor, signal)
	else if (state.mode === 'trace' && what.query)
		await showTrace(index, {...what, settings: state.folds}, lookFor, signal)
	else
		return showBeginning(index, signal)
	$('other').hidden = false
}

async function showBeginning(index, signal) {
	if (state.mode === 'text') {
		await showStart(index, lookFor, signal)
		$('start').hidden = false
	}
}

function showNothing() {
	count = 0
	$('count').textContent = $('unit').textContent = $('time').textContent = ''
	$('count').value = ''
	$('next').hidden = $('found').hidden = $('start').hidden = $('other').hidden = true
	$('df').textContent = ''
	$('elsewhere').replaceChildren()
}

function showCount(answer, since) {
	count = answer
	$('count').value = answer
	$('count').textContent = number(answer)
	$('unit').textContent = answer === 1 ? 'occurrence' : 'occurrences'
	const {duration} = performance.measure('count', {start: since, end: performance.now()})
	$('time').textContent = `${duration.toFixed(1)} ms`
	$('next').hidden = answer === 0
	$('found').hidden ||= answer === 0
	$('start').hidden = $('other').hidden = true
	$('df').textContent = ''
	const index = indexes.get(state.index)
	$('api').replaceChildren('As a file: ', element('a', {
		href: index.url('count', question()),
		textContent: `${decodeURIComponent(index.path)}${question().settings.length ? `/with/${question().settings.join()}` : ''}/count/${line(spell(state.query))}`,
	}))
}

// ---- what follows ----

async function follow(index, what, signal) {
	try {
		// A filter has no say in what follows.
		showFollowing(await index.next({...what, settings: state.folds}, signal))
		$('bars').dataset.query = what.query
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
		}, element('span', {className: 'sign'}, isolated(label)), ' ', element('small', {textContent: percent}), bar)
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
	if (!arranged) // something else is asked meanwhile
		return undefined
	state.at = Math.min(Math.max(0, at), arranged.size - 1)
	for (const button of $('lines').querySelectorAll('button'))
		select(button, Number(button.dataset.match) === state.at)
	$('slider').value = state.at
	$('number').value = state.at + 1
	$('before').disabled = state.at === 0
	$('after').disabled = state.at === arranged.size - 1
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
	const signal = AbortSignal.any([asked.signal, looked.signal])
	const index = indexes.get(state.index)
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
	$('lines').replaceChildren(...matches.map(({match, before, match_text, after, metadata}) => {
		const [left, found, right] = [before, match_text, after].map(line)
		const source = called(metadata).title
		// A line runs as its match does, and what stands in it doesn't mix with what stands beside.
		const button = element('button', {
			type: 'button', dir: rightToLeft(match_text + after + before) ? 'rtl' : 'ltr',
		},
			element('span', {className: 'unseen', textContent: `${found}: `}), // its name begins with what was found
			element('span', {className: 'left'}, element('bdi', {textContent: left})),
			element('mark', {}, element('bdi', {textContent: found})),
			element('span', {className: 'right'}, element('bdi', {textContent: right})),
			element('span', {className: 'source', title: source}, isolated(source.split('/').pop() || source)))
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
	showFields(indexes.get(name), '').catch(() => {}) // asked for once
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
	} else if (key === '/' && !['number', 'order', 'field', 'index'].includes(target.id)) {
		$('query').focus()
		$('query').select()
	} else if (key in STEPS && arranged && ($('lines').contains(target) || target === document.body) && count) {
		go(state.at + STEPS[key])
		focusLine()
	} else {
		return
	}
	event.preventDefault()
}

async function keep(kind) {
	const {query, settings} = question()
	const list = await listed(indexes.get(state.index), question(), count, state.order, arranged, asked.signal)
	save(kind, list, {index: state.index, query, settings, order: state.order, count})
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
	$('index').addEventListener('change', () => {
		change({index: $('index').value, only: []})
		describe()
	})
	$('folds').addEventListener('change', () => change({
		folds: [...document.querySelectorAll('#folds input:checked')].map(({value}) => value),
	}))
	$('modes').addEventListener('change', () => {
		change({mode: document.querySelector('#modes input:checked').value})
		$('query').focus()
	})
	$('order').addEventListener('change', () => change({order: $('order').value}))
	$('field').addEventListener('change', () =>
		showFacet(indexes.get(state.index), question(), $('field').value, filter, asked.signal).catch(complain))
	for (const button of document.querySelectorAll('#save button'))
		button.addEventListener('click', () => keep(button.value).catch(complain))
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
