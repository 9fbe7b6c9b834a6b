// SPDX-License-Identifier: Apache-2.0
// The page: what is typed and clicked, and what is asked then.

import {Index, spell} from './ask.js'
import {$, complain, counted, element, hide, isolated, line, number, replaceItems, sized, usesKeys} from './dom.js'
import {showInsteadOf} from './instead.js'
import {back, begun, focusLine, forget, go, keep, step} from './occurrences.js'
import {showGrep, showTrace} from './other.js'
import {showDocuments, showFacet, showFields, showNext, showWords} from './panes.js'
import {showStart} from './start.js'
import {Union} from './union.js'
import {PLACEHOLDERS, here, indexes, keepAddress, keepAddressSoon, question, readAddress, state} from './state.js'

const SETTLED_MS = 8 // without a key stroke, before more than the count is asked
const PAUSE_MS = 600 // and before what takes long
const QUICK = 2000 // occurrences that are looked up at once
const MOST = 150000 // and at all

let count = 0
let asked = new AbortController() // ends when something else is asked
let settled = 0

// ---- settings ----

// The state is another: show it, and ask.
function arrive() {
	readAddress()
	$('index').value = state.index
	$('query').value = state.query
	showSettings()
	grow()
	describe()
	ask(performance.now())
}

function showSettings() {
	for (const box of document.querySelectorAll('#folds input')) {
		box.checked = state.folds.includes(box.value)
		box.disabled = state.mode === 'grep' && box.value !== 'case=fold'
	}
	for (const button of document.querySelectorAll('#modes input'))
		button.checked = button.value === state.mode
	$('query').placeholder = PLACEHOLDERS[state.mode]
	$('order').value = state.order
	replaceItems($('only'), state.only.map(setting => {
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
	state.query = edited(state.query, $('query').value)
	askAfresh(event)
}

function askAfresh(event) {
	state.at = 0
	state.open = false
	grow()
	ask(event.timeStamp)
}

// A text after the box was edited, in which each line break is a line feed, whatever it was: those that were not
// touched stay what they are.
function edited(was, now) {
	const units = was.match(/\r\n|[^]/g) ?? []
	const same = (i, j) => (/^\r/.test(units[i]) ? '\n' : units[i]) === now[j]
	const least = Math.min(units.length, now.length)
	let begin = 0, end = 0
	while (begin < least && same(begin, begin))
		begin++
	while (end < least - begin && same(units.length - 1 - end, now.length - 1 - end))
		end++
	return units.slice(0, begin).join('') + now.slice(begin, now.length - end) + units.slice(units.length - end).join('')
}

async function ask(since) {
	asked.abort()
	asked = new AbortController()
	forget()
	clearTimeout(settled)
	const {signal} = asked
	const {query} = state
	const index = here()
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
		Promise.all(count ? [follow(index, what, signal), begun(index, what, count, signal), quick ? others() : null] : []).then(() => {
			if (!signal.aborted)
				performance.measure('panes', {start: since, end: performance.now()})
		})
		if (!quick)
			settled = setTimeout(others, PAUSE_MS)
		if (!count)
			settled = setTimeout(() => showInsteadOf(index, what, change, signal).catch(() => {}), PAUSE_MS)
		showElsewhere(index, what, signal)
	}, SETTLED_MS)
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
		quietly(showWords(index, {...what, settings: state.folds}, text => lookForWord(index, what, text, signal), signal).then(() => $('following').hidden = false),
			() => $('following').hidden = true),
		quietly(showFields(index, $('field').value).then(field => field && showFacet(index, what, field, filter, signal)),
			() => $('facet').hidden = true),
	])
}

// A word that follows is the next one, or the rest of one: whichever is there more often.
async function lookForWord(index, {query, settings}, text, signal) {
	const [apart, joined] = [`${query.trimEnd()} ${text}`, query + text]
	try {
		const [a, b] = await Promise.all([apart, joined].map(query => index.count({query, settings}, signal)))
		lookFor(a >= b ? apart : joined)
	} catch (error) {
		if (!signal.aborted)
			complain(error)
	}
}

const filter = setting => change({only: [...new Set([...state.only, setting])]})

// How often it is in the other indexes.
async function showElsewhere(here, what, signal) {
	// A filter is by fields that are this index's.
	const others = state.only.length ? [] : [...indexes].filter(([name, index]) => name && index !== here)
	const counts = await Promise.all(others.map(([, index]) => index.count(what, signal).catch(() => null)))
	if (signal.aborted)
		return
	replaceItems($('elsewhere'), others.map(([name], i) => {
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
	if (state.mode === 'grep' && what.query) {
		await showGrep(index, what, lookFor, signal)
		showFile('grep')
	} else if (state.mode === 'trace' && what.query)
		await showTrace(index, {...what, settings: state.folds}, lookFor, signal)
	else
		return showBeginning(index, signal)
	$('other').hidden = false
}

async function showBeginning(index, signal) {
	await showStart(index, state.mode, lookFor, signal)
	$('start').hidden = false
}

// What is shown, as a file of the mount.
function showFile(node) {
	const index = here(), what = question()
	$('api').replaceChildren(...index instanceof Union ? [] : ['As a file: ', element('a', {
		href: index.url(node, what),
		textContent: `${decodeURIComponent(index.path)}${what.settings.length ? `/with/${what.settings.join()}` : ''}/${node}/${line(spell(what.query))}`,
	})])
}

function showNothing() {
	count = 0
	$('count').textContent = $('unit').textContent = $('time').textContent = ''
	$('count').value = ''
	hide('next', 'found', 'start', 'other', 'instead')
	$('df').textContent = ''
	$('elsewhere').replaceChildren()
	$('api').replaceChildren()
}

function showCount(answer, since) {
	count = answer
	$('count').value = answer
	$('count').textContent = number(answer)
	$('unit').textContent = answer === 1 ? 'occurrence' : 'occurrences'
	const {duration} = performance.measure('count', {start: since, end: performance.now()})
	$('time').textContent = `${duration.toFixed(1)} ms`
	$('next').hidden = answer === 0
	hide(...(answer === 0 ? ['found'] : []), 'start', 'other', 'instead')
	$('df').textContent = ''
	showFile('count')
}

// ---- what follows ----

async function follow(index, what, signal) {
	try {
		// A filter has no say in what follows.
		await showNext(index, {...what, settings: state.folds}, append, signal)
		$('bars').dataset.query = what.query
	} catch (error) {
		if (signal.aborted)
			return
		$('bars').replaceChildren()
		$('follow').textContent = ''
		complain(error)
	}
}

function append(text, event) {
	state.query += text
	$('query').value = state.query
	askAfresh(event)
	keepAddress(false)
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
		$('stats').textContent = `${counted(documents, 'document')}, ${sized(text_bytes)} of text`
}

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
		if (key !== 'Enter' || event.shiftKey)
			return
		if (state.mode === 'text')
			focusLine()
		else
			$('results').querySelector('button, a')?.focus()
	} else if ((key === 'ArrowUp' || key === 'ArrowDown') && $('results').contains(target)) {
		const all = [...$('results').querySelectorAll('button, a')]
		all[all.indexOf(target) + (key === 'ArrowDown' ? 1 : -1)]?.focus()
	} else if (key === '/' && !['number', 'order', 'field', 'index'].includes(target.id)) {
		$('query').focus()
		$('query').select()
	} else if (!(count && ($('lines').contains(target) || target === document.body) && step(key))) {
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
	if (names.length > 1) {
		indexes.set('', new Union(indexes))
		$('index').append(element('option', {value: '', textContent: 'all of them'}))
	}
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
		// Arrow keys may have further to go.
		if (!usesKeys())
			$('query').focus()
	})
	$('order').addEventListener('change', () => change({order: $('order').value}))
	$('field').addEventListener('change', () =>
		showFacet(here(), question(), $('field').value, filter, asked.signal).catch(complain))
	for (const button of document.querySelectorAll('#save button'))
		button.addEventListener('click', () => keep(button.value, count, asked.signal).catch(complain))
	$('slider').addEventListener('input', () => go(Number($('slider').value)))
	$('number').addEventListener('change', () => go(Number($('number').value) - 1 || 0))
	$('before').addEventListener('click', () => go(state.at - 1))
	$('after').addEventListener('click', () => go(state.at + 1))
	$('close').addEventListener('click', back)
	addEventListener('keydown', press)
	addEventListener('popstate', arrive)
	addEventListener('resize', grow)
	arrive()
}

begin().catch(complain)
