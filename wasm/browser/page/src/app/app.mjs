// The frame around every view: where one is, what is open, and how to get elsewhere.

import { html, useEffect, useErrorBoundary, useRef, useState, useValue } from '../ui/html.mjs'
import { Icon } from '../ui/icons.mjs'
import { helps, useKeys } from '../ui/keys.mjs'
import { count, Name, short } from '../ui/text.mjs'
import { nextTheme, theme } from '../ui/theme.mjs'
import { OpenScreen, Refused, takeDrops } from '../open/open.mjs'
import { Failure } from './failure.mjs'
import { go, linkTo, noFilters, route } from './route.mjs'
import { close, dismiss, notices, refresh, refused, store } from './session.mjs'
import { ALL, titleOf, View } from './views.mjs'

function Theme() {
  const now = useValue(theme)
  return html`<button type="button" class="quiet square" data-test="theme" title=${`Colours: ${now}`} aria-label=${`Colours: ${now}. Change`} onClick=${nextTheme}><${Icon} name=${now} /></button>`
}

const another = () => {
  close()
  go({ ...noFilters, view: 'summary', event: undefined, correlation: undefined, list: undefined, begins: undefined })
}

function Header({ onHelp }) {
  const open = useValue(store), at = useValue(route)
  useEffect(() => { // in a narrow window the views are a line that scrolls
    document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [open, at.view])
  const onLink = (event, view) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    go({ view })
    document.getElementById('main').focus({ preventScroll: true }) // else Enter would follow the link again
  }
  return html`<header class="top">
    <a class="brand" href=${linkTo({ view: 'summary' })} onClick=${(e) => onLink(e, 'summary')}><${Icon} name="mark" /><span>thaw</span></a>
    ${open ? html`<div class="which"><${Name} class="strong" of=${open.source.name} most=${40} />
      <span class="soft" data-test="events">${count(open.report.events)} events</span></div>` : html`<div class="which"></div>`}
    ${open ? html`<nav aria-label="Views"><ul>${ALL.map(([view, label]) => html`<li key=${view}>
      <a href=${linkTo({ view })} data-test=${`nav-${view}`} aria-current=${at.view === view || (view === 'events' && at.view === 'event') ? 'page' : undefined} onClick=${(e) => onLink(e, view)}>${label}</a>
    </li>`)}</ul></nav>` : null}
    <div class="tools">
      ${open ? html`<button type="button" class="quiet square" data-test="refresh" title="Read the store again" aria-label="Read the store again" onClick=${refresh}><${Icon} name="refresh" /></button>
      <button type="button" class="quiet another" data-test="close" title="Open another store" onClick=${another}><${Icon} name="folder" /><span>Open another</span></button>` : null}
      <${Theme} />
      <button type="button" class="quiet square" data-test="help" title="Keys (?)" aria-label="Keys" onClick=${onHelp}>?</button>
    </div>
  </header>`
}

const own = [['?', 'these keys'], ['Esc', 'close, go back, leave a field']]

function Help({ onClose }) {
  const all = useValue(helps)
  const dialog = useRef()
  useEffect(() => dialog.current.showModal(), [])
  const line = (help) => (Array.isArray(help) ? help : [[help]]).map(([keys, text]) => html`<div class="key-line" key=${keys}>
    ${text === undefined ? html`<dd class="all">${keys}</dd>` : html`<dt>${keys.split(' ').map((k) => html`<kbd key=${k}>${k}</kbd>`)}</dt><dd>${text}</dd>`}
  </div>`)
  return html`<dialog ref=${dialog} class="help" aria-labelledby="help-title" onKeyDown=${(e) => e.stopPropagation()} onClose=${onClose} onClick=${(e) => e.target === dialog.current && dialog.current.close()}>
    <div class="dialog-head"><h2 id="help-title">Keys</h2><button type="button" class="quiet square" aria-label="Close" onClick=${() => dialog.current.close()}><${Icon} name="close" /></button></div>
    <dl class="keys">${line(own)}${[...all].reverse().map(line)}</dl>
  </dialog>`
}

function Notices() {
  const all = useValue(notices)
  return html`<div class="notices" role="status" aria-live="polite" data-test="notices">${all.map((n) => html`<div key=${n.number} class=${n.failure ? 'notice bad' : 'notice'}>
    <span class="wrap">${n.text}</span><button type="button" class="quiet square" aria-label="Close this message" onClick=${() => dismiss(n.number)}><${Icon} name="close" /></button>
  </div>`)}</div>`
}

// Guard keeps a view that fails from taking the page with it.
function Guard({ children }) {
  const [error, reset] = useErrorBoundary()
  if (!error) return children
  return html`<${Failure} error=${error} text="This view failed. It is a fault of the page, not of your store."><p><button type="button" onClick=${reset}>Try again</button></p><//>`
}

export function App() {
  const open = useValue(store), at = useValue(route), why = useValue(refused)
  const [help, setHelp] = useState(false)
  const [hovers, setHovers] = useState(false)
  const main = useRef()
  useEffect(() => takeDrops(setHovers), [])
  useKeys({
    '?': () => setHelp(true),
    Escape: () => {
      if (refused.peek() && store.peek()) refused.value = null
      else if (at.view === 'event') go({ view: 'events' })
      else return false
    },
  })
  useEffect(() => {
    document.title = open ? `${short(open.source.name, 80)} \u2013 thaw inspector` : 'thaw inspector'
  }, [open])
  const began = useRef(false)
  useEffect(() => { // what had the focus may have gone with the view before
    if (began.current && document.activeElement === document.body) main.current.focus({ preventScroll: true })
    began.current = true
  }, [open, at.view])
  const shown = open || at.view === 'scratch'
  return html`
    <a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); main.current.focus() }}>To the content</a>
    <${Header} onHelp=${() => setHelp(true)} />
    <main id="main" ref=${main} tabindex="-1" data-view=${shown ? at.view : 'open'}>
      ${shown && why ? html`<div class="banner"><${Refused} /><button type="button" class="quiet square" aria-label="Close this message" onClick=${() => { refused.value = null }}><${Icon} name="close" /></button></div>` : null}
      <${Guard} key=${shown ? at.view : 'open'}>${shown ? html`<${View} route=${at} />` : html`<${OpenScreen} linked=${at.view !== 'summary' && titleOf(at.view)} />`}<//>
    </main>
    ${hovers ? html`<div class="drop-over" aria-hidden="true"><p>Drop to open</p></div>` : null}
    <${Notices} />
    ${help ? html`<${Help} onClose=${() => setHelp(false)} />` : null}`
}
