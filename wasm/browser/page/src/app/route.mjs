// The route is where the page is. It follows the address, and the address follows it.

import { signal } from '../ui/html.mjs'
import { format, merge, parse } from './address.mjs'

export { filtered, FILTERS, format, merge, noFilters, regionOf, VIEWS } from './address.mjs'

export const route = signal(parse(location.hash))

addEventListener('hashchange', () => {
  if (location.hash !== format(route.peek())) route.value = parse(location.hash)
})

// go changes what is looked at. A patch's undefined values remove their keys. With replace,
// Back does not return to where the page was.
export function go(patch, { replace = false } = {}) {
  const next = merge(route.peek(), patch)
  const hash = format(next)
  if (hash === location.hash) return
  history[replace ? 'replaceState' : 'pushState'](null, '', hash)
  route.value = next
}

// linkTo returns the address of a patch, for links that open in another tab.
export const linkTo = (patch) => format(merge(route.peek(), patch))

addEventListener('popstate', () => {
  if (location.hash !== format(route.peek())) route.value = parse(location.hash)
})
