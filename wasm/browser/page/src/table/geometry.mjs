// Where rows lie in a scrolled box. Browsers bound the height of an element (6 to 33 million
// pixels), so a table of ten million rows is scrolled over a canvas that is lower than all rows
// together. Rows lie at y - offset on the canvas, and the offset changes with where one is: a
// small scroll moves by exactly as many pixels, and the scroll bar still reaches both ends.

const MOST = 6_000_000 // px
const PAGES = 100 // of the canvas; the offset changes at the border of one

// layout returns the geometry of rows in a box of a height.
export function layout(total, rowHeight, view) {
  const height = total * rowHeight
  if (height <= MOST) return { total, rowHeight, view, height, canvas: height, page: Math.max(height, 1), pages: 1, step: 0 }
  const page = MOST / PAGES
  const pages = Math.floor(height / page)
  return { total, rowHeight, view, height, canvas: MOST, page, pages, step: (height - MOST) / (pages - 1) }
}

const clamp = (n, low, high) => Math.max(low, Math.min(high, n))

const lowest = (g) => Math.max(0, g.height - g.view)

// goTo returns the place { y, offset, scrollTop } that shows the pixel y of all rows first.
export function goTo(g, y) {
  y = clamp(y, 0, lowest(g))
  const page = Math.min(g.pages - 1, Math.floor(y / g.page))
  const offset = Math.round(page * g.step)
  return { y, offset, scrollTop: y - offset }
}

// scrolled returns the place after the box was scrolled to scrollTop. If its scrollTop
// differs, the box has to be scrolled there.
export function scrolled(g, place, scrollTop) {
  if (g.pages === 1) return { y: clamp(scrollTop, 0, lowest(g)), offset: 0, scrollTop }
  const far = Math.abs(scrollTop - place.scrollTop) >= g.view
  if (!far) {
    // At the ends of the canvas are the ends of the rows.
    if (scrollTop <= 0) return { ...goTo(g, 0), scrollTop: 0 }
    const moved = goTo(g, scrollTop + place.offset)
    return moved.offset === place.offset ? { ...moved, scrollTop } : moved
  }
  const y = (scrollTop / Math.max(1, g.canvas - g.view)) * lowest(g)
  const page = Math.min(g.pages - 1, Math.floor(y / g.page))
  const offset = Math.round(page * g.step)
  return { y: clamp(scrollTop + offset, 0, lowest(g)), offset, scrollTop }
}

// rowsAt returns the first row and the end of the rows that are at least partly visible.
export function rowsAt(g, y) {
  const first = clamp(Math.floor(y / g.rowHeight), 0, g.total)
  return [first, clamp(Math.ceil((y + g.view) / g.rowHeight), first, g.total)]
}

// reveal returns the y that shows a row, and y itself if it is visible already.
export function reveal(g, y, row) {
  const top = row * g.rowHeight
  if (top < y) return top
  if (top + g.rowHeight > y + g.view) return top + g.rowHeight - g.view
  return y
}

// centred returns the y that shows a row in the middle.
export const centred = (g, row) => clamp(row * g.rowHeight - (g.view - g.rowHeight) / 2, 0, lowest(g))
