// SPDX-License-Identifier: Apache-2.0
// What of a page keeps people out who don't see it well or use no mouse, a text each: of its elements what
// can be told from these; names, as the browser gives them to screen readers, are in accessible.py. It is the
// body of a function, which returns them.
const faults = []
const said = element => {
	const text = element.outerHTML.replace(element.innerHTML, '')
	return text.length > 160 ? `${text.slice(0, 160)}…` : text
}
const fault = (element, what) => faults.push(`${what}: ${said(element)}`)
const shown = element => element.checkVisibility({visibilityProperty: true})
const all = selector => [...document.querySelectorAll(selector)]

// ---- the document ----
if (!/^[a-z]{2,3}(-|$)/.test(document.documentElement.lang)) fault(document.documentElement, 'no language')
if (!document.title.trim()) fault(document.head, 'no title')
if (all('meta[name=viewport]').some(({content}) => /user-scalable\s*=\s*(no|0)|maximum-scale\s*=\s*[0-4]/.test(content)))
	fault(document.head, 'it cannot be enlarged')
const ids = all('[id]').map(({id}) => id)
for (const element of all('[id]'))
	if (ids.indexOf(element.id) !== ids.lastIndexOf(element.id)) fault(element, 'an id that is there twice')
if (all('main, [role=main]').length !== 1) fault(document.body, 'not one main')
const levels = all('h1, h2, h3, h4, h5, h6').filter(shown).map(heading => [heading, Number(heading.localName[1])])
if (levels.filter(([, level]) => level === 1).length !== 1) fault(document.body, 'not one h1')
levels.forEach(([heading, level], i) => { if (level > (i ? levels[i - 1][1] : 0) + 1) fault(heading, 'a level is left out') })

// ---- attributes ----
const ROLES = new Set(`alert application article banner button cell checkbox columnheader combobox complementary
	contentinfo dialog document feed figure form grid gridcell group heading img link list listbox listitem log main
	menu menubar menuitem meter navigation none note option presentation progressbar radio radiogroup region row
	rowgroup rowheader scrollbar search searchbox separator slider spinbutton status switch tab table tablist tabpanel
	textbox timer toolbar tooltip tree treeitem`.split(/\s+/))
const BOOLEAN = 'true false', MIXED = `${BOOLEAN} mixed`, IDS = /^(activedescendant|controls|describedby|details|errormessage|flowto|labelledby|owns)$/
const VALUES = {atomic: BOOLEAN, busy: BOOLEAN, checked: MIXED, current: `page step location date time ${BOOLEAN}`, disabled: BOOLEAN,
	expanded: BOOLEAN, haspopup: `menu listbox tree grid dialog ${BOOLEAN}`, hidden: BOOLEAN, invalid: `grammar spelling ${BOOLEAN}`,
	live: 'assertive off polite', modal: BOOLEAN, multiline: BOOLEAN, multiselectable: BOOLEAN, orientation: 'horizontal vertical',
	pressed: MIXED, readonly: BOOLEAN, required: BOOLEAN, selected: BOOLEAN, sort: 'ascending descending none other'}
const NUMBERS = /^(colcount|colindex|colspan|level|posinset|rowcount|rowindex|rowspan|setsize|valuemax|valuemin|valuenow)$/
const TEXTS = /^(autocomplete|description|keyshortcuts|label|placeholder|relevant|roledescription|valuetext)$/
for (const element of all('*')) {
	const role = element.getAttribute('role')
	if (role !== null && !ROLES.has(role)) fault(element, 'no such role')
	for (const {name, value} of element.attributes) {
		const key = name.startsWith('aria-') ? name.slice(5) : ''
		if (key && !(IDS.test(key) ? value.trim().split(/\s+/).every(id => document.getElementById(id))
			: NUMBERS.test(key) ? value.trim() && isFinite(value) : key in VALUES ? VALUES[key].split(' ').includes(value) : TEXTS.test(key)))
			fault(element, `${name} is no attribute, or cannot be that`)
	}
}
for (const label of all('label[for]'))
	if (!document.getElementById(label.htmlFor)?.labels) fault(label, 'a label of nothing')

// ---- what is in what, and what keys reach ----
const REACHED = 'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, [tabindex]:not([tabindex^="-"])'
for (const element of all(':is(ol, ul) > :not(li, script, template)')) fault(element, 'in a list, and no item')
for (const element of all('li')) if (!element.parentElement.matches('ol, ul, menu')) fault(element, 'an item of no list')
for (const element of all('dt, dd')) if (!element.parentElement.matches('dl, dl > div')) fault(element, 'a part of no dl')
for (const element of all(':is(a[href], button) :is(a[href], button, input, select, textarea)')) fault(element, 'a control in another')
for (const element of all('[tabindex]')) if (element.tabIndex > 0) fault(element, 'an order of its own')
for (const element of all('[aria-hidden=true]'))
	if ([element, ...element.querySelectorAll('*')].some(one => one.matches(REACHED) && shown(one))) fault(element, 'hidden, and keys reach it')
for (const element of all('body *').filter(shown)) {
	const {overflowX, overflowY} = getComputedStyle(element)
	const scrolls = (/auto|scroll/.test(overflowY) && element.scrollHeight > element.clientHeight + 1) ||
		(/auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth + 1)
	if (scrolls && !element.matches(REACHED) && ![...element.querySelectorAll(REACHED)].some(shown)) fault(element, 'keys cannot scroll it')
}

// ---- contrast, by WCAG 2 ----
const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true})
const rgba = color => {
	canvas.clearRect(0, 0, 1, 1)
	canvas.fillStyle = color
	canvas.fillRect(0, 0, 1, 1)
	const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
	return [r, g, b, a / 255]
}
const over = ([r, g, b, a], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a))
const luminance = color => {
	const [r, g, b] = color.map(value => value / 255).map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
	return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const behind = element => {
	const below = element ? behind(element.parentElement) : rgba('Canvas').slice(0, 3)
	return element ? over(rgba(getComputedStyle(element).backgroundColor), below) : below
}
const opacity = element => element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
while (texts.nextNode()) {
	const element = texts.currentNode.parentElement
	const off = element.closest(':disabled') ?? element.closest('label')?.control?.matches(':disabled')
	if (!texts.currentNode.data.trim() || off || !shown(element) || element.closest('option, .unseen')) continue
	const style = getComputedStyle(element), background = behind(element)
	const [r, g, b, a] = rgba(style.color)
	const [light, dark] = [over([r, g, b, a * opacity(element)], background), background].map(luminance).sort((x, y) => y - x)
	const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
	const ratio = (light + 0.05) / (dark + 0.05)
	if (ratio < (large ? 3 : 4.5)) fault(element, `a contrast of ${ratio.toFixed(2)}`)
}
return faults
