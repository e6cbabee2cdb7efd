// Light, dark, or as the system is. The choice is kept where the browser lets a page keep one.

import { effect, signal } from './html.mjs'

const KEY = 'thaw-theme'
const CHOICES = ['auto', 'light', 'dark']

const kept = () => {
  try {
    const value = localStorage.getItem(KEY)
    return CHOICES.includes(value) ? value : 'auto'
  } catch {
    return 'auto' // a page from a disk, or with storage switched off
  }
}

export const theme = signal(kept())

export const nextTheme = () => {
  theme.value = CHOICES[(CHOICES.indexOf(theme.value) + 1) % CHOICES.length]
}

effect(() => {
  document.documentElement.dataset.theme = theme.value
  try {
    localStorage.setItem(KEY, theme.value)
  } catch {
    // The choice then lasts as long as the page.
  }
})
