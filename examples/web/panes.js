// SPDX-License-Identifier: Apache-2.0
// What is told of a query beside its occurrences: documents, the words that follow, values of a field.

import {$, SIGNS, counted, element, isolated, number, replaceItems, showBars} from './dom.js'
import {here} from './state.js'
import {only} from './ask.js'

const BARS = 24
const WORDS = 10
const VALUES = 8
const MANY_VALUES = 100 // a field that has as many is rather a name
const usual = new Map() // the field of each index that says most

// Fields by which documents are grouped: none that names each of them, nor one that tells them nothing. Gives the
// one that is shown, and none where another index is asked meanwhile.
export async function showFields(index, chosen) {
	if (!usual.has(index)) {
		const good = []
		for (const field of await index.fields()) {
			const values = await index.facet(field, {query: '', settings: []}, MANY_VALUES)
			if (values.length > 1 && values.length < MANY_VALUES)
				good.push(field)
		}
		// What the corpus says of itself comes before what its files are called.
		const last = field => ['dir', 'ext', 'path'].includes(field)
		usual.set(index, good.sort((a, b) => last(a) - last(b)))
	}
	if (index !== here())
		return ''
	const fields = usual.get(index)
	$('field').replaceChildren(...fields.map(field => new Option(decodeURIComponent(field), field)))
	$('facet').hidden = !fields.length
	$('field').value = fields.includes(chosen) ? chosen : fields[0] ?? ''
	return $('field').value
}

// choose(setting) is called by a click on a value.
export async function showFacet(index, question, field, choose, signal) {
	const values = await index.facet(field, question, VALUES, signal)
	signal.throwIfAborted()
	showBars($('values'), values.map(({value, count, documents}) => ({
		label: value ?? 'none', size: count,
		title: `${counted(count, question.query ? 'time' : 'byte')} in ${counted(documents, 'document')}`,
		act: value === null ? null : () => choose(only(field, value)),
	})))
}

export async function showWords(index, question, choose, signal) {
	const words = await index.words(question, signal)
	signal.throwIfAborted()
	showBars($('words'), words.slice(0, WORDS).map(({count, shown, text}) => ({
		label: text ?? {$END: 'end of a document', $FAR: 'no word near'}[shown] ?? shown, size: count,
		title: counted(count, 'time'), act: text === null ? null : () => choose(text),
	})))
	$('kinds').textContent = words.length > WORDS ? `${WORDS} of ${number(words.length)}${words.cut ? ' and more' : ''}` : ''
}

export async function showDocuments(index, question, signal) {
	const documents = await index.df(question, signal)
	signal.throwIfAborted()
	$('df').textContent = `in ${counted(documents, 'document')}`
}

// Characters that follow; append(text) is called by a click on one.
export async function showNext(index, question, append, signal) {
	const next = await index.next(question, signal)
	signal.throwIfAborted()
	const most = next.length ? next[0].share : 1
	const kinds = next.filter(({text}) => text !== null).length
	$('follow').textContent = counted(kinds, 'different character')
	replaceItems($('bars'), next.slice(0, BARS).map(({count, share, shown, text}) => {
		const bar = element('span', {className: 'bar'})
		bar.style.setProperty('--height', share / most)
		const label = text === null ? (shown === '$END' ? 'end' : shown) : SIGNS[text] ?? shown
		const percent = share < 0.0005 ? '<0.1%' : `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`
		const button = element('button', {
			type: 'button', disabled: text === null,
			title: counted(count, 'time'),
		}, element('span', {className: 'sign'}, isolated(label)), ' ', element('small', {textContent: percent}), bar)
		button.addEventListener('click', event => append(text, event))
		return element('li', {}, button)
	}))
}
