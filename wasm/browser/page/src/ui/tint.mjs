// The colours of kinds. The most frequent kinds of a store have one each, in all views; the
// others share one.

import { computed, html } from './html.mjs'
import { kinds } from '../app/session.mjs'

export const TINTS = 8

const ranks = computed(() => new Map(kinds.value.slice(0, TINTS).map((k, n) => [k.kind, n])))

// tint returns the class of a kind's colour: k0 to k7, or kx.
export const tint = (kind) => `k${ranks.value.get(kind) ?? 'x'}`

// Swatch is a kind's colour beside its name.
export const Swatch = ({ kind }) => html`<span class=${`swatch ${tint(kind)}`} aria-hidden="true"></span>`
