// SPDX-License-Identifier: Apache-2.0
// Making what the page shows. All of the corpus goes in as text.

import {Refusal} from './ask.js'

export const $ = id => document.getElementById(id)
export const number = n => n.toLocaleString('en')

export function element(name, properties, ...children) {
	const made = Object.assign(document.createElement(name), properties)
	made.append(...children)
	return made
}

// Who goes through the page by keys doesn't lose the place when what had the focus goes away; a finger that has
// tapped on it needs no keyboard.
let byKeys = false
addEventListener('keydown', () => byKeys = true, true)
addEventListener('pointerdown', () => byKeys = false, true)

export const usesKeys = () => byKeys

export function refocus(element) {
	if (byKeys)
		element.focus()
}

// Put others into the place of a list's items: the focus is at the one that stands there now.
export function replaceItems(list, items) {
	const at = [...list.children].findIndex(item => item.contains(document.activeElement))
	list.replaceChildren(...items)
	if (at < 0)
		return
	const buttons = [...list.children].map(item => item.matches('button') ? item : item.querySelector('button:not(:disabled), a[href]')).filter(button => button && !button.disabled)
	refocus(buttons[Math.min(at, buttons.length - 1)] ?? $('query'))
}

// Something and how many of it, in the words of the page.
export const counted = (n, one, several = `${one}s`) => `${number(n)} ${n === 1 ? one : several}`

const UNITS = ['kB', 'MB', 'GB', 'TB']

// A size that is no less than it was.
export function sized(n) {
	if (n < 1000)
		return counted(n, 'byte')
	const power = Math.min(UNITS.length, Math.floor(Math.log10(n) / 3))
	const value = n / 1000 ** power
	return `${number(value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value))} ${UNITS[power - 1]}`
}

// Sections that are shown no more.
export function hide(...ids) {
	const held = ids.some(id => $(id).contains(document.activeElement))
	for (const id of ids)
		$(id).hidden = true
	if (held)
		refocus($('query'))
}

// Text within a line: what would break it, as a sign.
export const SIGNS = {'\n': '↵', '\t': '⇥', '\r': '␍', ' ': '␣'}
export const line = text => text.replace(/[\n\t\r]/g, c => SIGNS[c])

// Whether the first letter has this direction.
export const rightToLeft = text => /^\P{L}*[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Adlam}]/u.test(text)

// Text of the corpus in a sentence of the page.
export const isolated = text => element('bdi', {textContent: text})

// Metadata is anyone's: of addresses only those of the web are links.
export function linked(text) {
	const address = /^https?:\/\/\S+$/i.test(text) && URL.canParse(text)
	return address ? element('a', {href: text, target: '_blank', rel: 'noopener noreferrer', textContent: text}) : isolated(text)
}

// Lines of a name, a bar and a number: rows of {label, size, title, act}; without act it is no button.
export function showBars(list, rows) {
	const most = Math.max(1, ...rows.map(({size}) => size))
	replaceItems(list, rows.map(({label, size, title, act}) => {
		const bar = element('span', {className: 'length'})
		bar.style.setProperty('--length', size / most)
		const button = element('button', {type: 'button', title, disabled: !act},
			element('span', {className: 'label'}, isolated(line(label))), bar, element('small', {textContent: title.split(' ')[0]}))
		if (act)
			button.addEventListener('click', act)
		return element('li', {}, button)
	}))
}

// What a document is called, and where it comes from. Where files lie on the machine that has indexed
// them is nobody's business.
export function called({path = '', line: at, metadata: own}) {
	const fields = own ?? {}
	const file = path.startsWith('/') ? path.split('/').slice(at === undefined ? -2 : -1).join('/') : path
	const from = at === undefined ? file : `${file}, line ${number(at)}`
	const names = [fields.title, fields.path, fields.url].filter(value => ['string', 'number'].includes(typeof value))
	return {title: names.map(String).find(name => name.trim()) ?? from, from, fields}
}

// What went wrong, for who asked.
export function complain(error) {
	$('trouble').textContent = error instanceof Refusal ? error.message : 'The server does not answer.'
	$('trouble').hidden = false
}
