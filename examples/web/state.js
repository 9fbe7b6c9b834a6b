// SPDX-License-Identifier: Apache-2.0
// What is asked: the page's whole state. It is in the address behind the #, so that a link shows the same.

import {decodable} from './ask.js'

const ADDRESS_MS = 300 // until the address follows; browsers let it change a few times a second
const LONGEST_ADDRESS = 1 << 20 // what is longer, no browser takes
const LINGER_MS = 1000 // from when on what was looked at is worth a step back

export const FOLDS = ['case=fold', 'word=yes', 'space=fold', 'form=fold']
export const ORDERS = ['index', 'left', 'right', 'document', 'random']
export const PLACEHOLDERS = {text: 'Any text, to the letter', grep: 'A regular expression, of lines', trace: 'Paste a text: what of it occurs is marked'}

export const state = {index: '', mode: 'text', query: '', folds: [], only: [], order: 'index', at: 0, open: false}
export const indexes = new Map()
export const here = () => indexes.get(state.index)
export const question = () => ({query: state.query, settings: [...state.folds, ...state.only]})

const shown = {what: '', since: 0} // in the newest entry of the history
let addressed = 0

const what = () => JSON.stringify([state.index, state.mode, state.query, state.folds, state.only, state.order])

// What leads to a state: what stands behind the address, "" for the page as it begins.
export function addressOf({index, query, mode, folds, only, order, at, open}) {
	const words = new URLSearchParams()
	if (indexes.size > 1)
		words.set('in', index)
	if (query)
		words.set('q', query)
	if (mode !== 'text')
		words.set('as', mode)
	for (const setting of [...folds, ...only])
		words.append('with', setting)
	if (order !== 'index')
		words.set('order', order)
	if (at)
		words.set('n', at + 1)
	if (open)
		words.set('doc', '')
	return words.toString() && '#' + words
}

// A query that was looked at for a while, and what leads to another by a click, stay behind Back.
export function keepAddress(replace = true) {
	clearTimeout(addressed)
	if (what() !== shown.what) {
		replace &&= performance.now() - shown.since < LINGER_MS
		Object.assign(shown, {what: what(), since: performance.now()})
	}
	const hash = addressOf(state)
	if (hash !== location.hash && hash.length <= LONGEST_ADDRESS)
		history[replace ? 'replaceState' : 'pushState'](replace ? history.state : {opened: state.open}, '', hash || location.pathname)
}

// Whether the newest entry of the history is a document that was opened over the lines, and Back leads to them.
export const isOpened = () => history.state?.opened === true && state.open

export function keepAddressSoon() {
	clearTimeout(addressed)
	addressed = setTimeout(() => keepAddress(), ADDRESS_MS)
}

export function readAddress() {
	const words = new URLSearchParams(location.hash.slice(1))
	state.index = indexes.has(words.get('in')) ? words.get('in') : indexes.keys().next().value
	state.query = words.get('q') ?? ''
	state.mode = words.get('as') in PLACEHOLDERS ? words.get('as') : 'text'
	state.folds = FOLDS.filter(fold => words.getAll('with').includes(fold))
	state.only = words.getAll('with').filter(setting => /^where=[^/,]+:[^/,]*$/.test(setting) && decodable(setting))
	state.order = ORDERS.includes(words.get('order')) ? words.get('order') : 'index'
	state.at = Math.max(0, Math.trunc(Number(words.get('n') ?? 1)) - 1 || 0)
	state.open = words.has('doc')
	clearTimeout(addressed)
	Object.assign(shown, {what: what(), since: performance.now()})
}
