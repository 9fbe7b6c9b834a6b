# SPDX-License-Identifier: Apache-2.0
"""What of a page keeps people out: the commonest of what axe-core looks for, which no package of Debian has."""

import os

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "accessible.js"), encoding="utf-8") as file:
    SCRIPT = file.read()
# What a screen reader must be able to say of what somebody is at, or may go to.
NAMED = {"alertdialog", "button", "checkbox", "combobox", "dialog", "form", "grid", "group", "heading", "image", "link",
         "listbox", "menuitem", "meter", "option", "progressbar", "radio", "radiogroup", "region", "searchbox", "slider",
         "spinbutton", "switch", "tab", "table", "textbox"}


def faults(browser):
    """All of them, a text each."""
    found = browser.run(SCRIPT)
    for node in browser.devtools("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if role in NAMED and not node["ignored"] and not node.get("name", {}).get("value", "").strip():
            held = browser.devtools("DOM.describeNode", backendNodeId=node["backendDOMNodeId"])["node"]
            found.append(f"{role} without a name: {held['localName']} {held.get('attributes')}")
    return found


# A fault each, and how a page gets it.
SPOILT = {
    "button without a name": "<button></button>",
    "textbox without a name": "<input>",
    "combobox without a name": "<select><option>one</option></select>",
    "link without a name": '<a href="#x"><span aria-hidden="true">x</span></a>',
    "group without a name": '<fieldset><label><input type="checkbox">x</label></fieldset>',
    "image without a name": '<img src="data:,">',
    "an id that is there twice": '<p id="query">x</p>',
    "aria-labelledby": '<p aria-labelledby="nowhere">x</p>',
    "aria-labeled": '<p aria-labeled="x">x</p>',
    "aria-live": '<p aria-live="sometimes">x</p>',
    "aria-level": '<p role="heading" aria-level="second">x</p>',
    "no such role": '<p role="headline">x</p>',
    "a label of nothing": '<label for="nowhere">x</label>',
    "not one h1": "<h1>x</h1>",
    "a level is left out": "<h5>x</h5>",
    "not one main": "<main>x</main>",
    "in a list, and no item": "<ol><p>x</p></ol>",
    "an item of no list": "<li>x</li>",
    "a part of no dl": "<dd>x</dd>",
    "a control in another": '<a href="#x">x <button>y</button></a>',
    "an order of its own": '<p tabindex="2">x</p>',
    "hidden, and keys reach it": '<p aria-hidden="true"><a href="#x">x</a></p>',
    "keys cannot scroll it": '<pre data-style="height: 1em; overflow: auto">x\n\n\n\nx</pre>',
    "a contrast of 4.": '<p data-style="color: rgb(112, 112, 112); background: rgb(240, 240, 240)">x</p>',
    "a contrast of 2.": '<p data-style="color: #999; background: #fff; font-size: 24px">x</p>',
    "a contrast of 1.": '<p data-style="background: #fff"><b data-style="color: #000; opacity: 0.2">x</b></p>',
}
# The server allows no styles in HTML.
SPOIL = """const [html] = arguments, box = document.createElement('div')
box.id = 'spoilt'
box.innerHTML = html
for (const element of box.querySelectorAll('[data-style]')) element.style = element.dataset.style
document.body.append(box)"""


def blind(browser):
    """Which of SPOILT aren't found in the page that is shown, or are found with something else; in the end it
    is as it was."""
    missed = []
    for fault, html in SPOILT.items():
        browser.run(SPOIL, html)
        found = faults(browser)
        if not found or not all(fault in one for one in found):
            missed.append(f"{fault}: {found}")
        browser.run("document.getElementById('spoilt').remove()")
    for fault, (attribute, css) in {"no language": ("lang", "html"), "cannot be enlarged": ("content", "meta[name=viewport]")}.items():
        was = browser.run("const [key, css] = arguments, element = document.querySelector(css), was = element.getAttribute(key)\n"
                          "element.setAttribute(key, 'user-scalable=no')\nreturn was", attribute, css)
        if [fault in one for one in faults(browser)] != [True]:
            missed.append(fault)
        browser.run("document.querySelector(arguments[1]).setAttribute(arguments[0], arguments[2])", attribute, css, was)
    return missed
