// What part of a picture is seen: { x, y, k } maps a point of the picture to k·p + (x, y) in
// pixels of the frame. All functions are pure.

export const LEAST = 0.04, MOST = 2.5

const between = (low, v, high) => Math.min(high, Math.max(low, v))

// Along one side: a picture smaller than the frame stays at its start, a larger one leaves no empty
// edge wider than the margin.
function keep(at, length, frame, margin) {
  if (length + 2 * margin <= frame) return margin
  return between(frame - length - margin, at, margin)
}

// clamp keeps the picture in the frame.
export function clamp(view, picture, frame, margin = 16) {
  const k = between(LEAST, view.k, MOST)
  return { k, x: keep(view.x, picture.width * k, frame.width, margin), y: keep(view.y, picture.height * k, frame.height, margin) }
}

// zoom changes the scale by a factor, and leaves what is at a point of the frame where it is.
export function zoom(view, factor, point) {
  const k = between(LEAST, view.k * factor, MOST)
  const f = k / view.k
  return { k, x: point.x - (point.x - view.x) * f, y: point.y - (point.y - view.y) * f }
}

// fit shows the whole picture, but not larger than it is.
export function fit(picture, frame, margin = 16) {
  const k = Math.min(1, (frame.width - 2 * margin) / Math.max(1, picture.width), (frame.height - 2 * margin) / Math.max(1, picture.height))
  return clamp({ k, x: margin, y: margin }, picture, frame, margin)
}

// start shows the whole picture if its text can be read then, else the box at a readable scale.
export function start(picture, frame, box, readable = 0.7) {
  const whole = fit(picture, frame)
  if (whole.k >= readable || !box) return whole
  const k = Math.min(1, Math.max(readable, whole.k))
  const x = frame.width / 2 - (box.x + box.width / 2) * k
  const y = frame.height / 2 - (box.y + box.height / 2) * k
  return clamp({ k, x, y }, picture, frame)
}

// reveal moves as little as needed for a box to be seen with some room around it.
export function reveal(view, picture, frame, box, room = 24) {
  const along = (at, from, length, size) => {
    const low = at + from * view.k, high = low + length * view.k
    if (low < room || length * view.k + 2 * room > size) return at + room - low
    return high > size - room ? at - (high - size + room) : at
  }
  const moved = { k: view.k, x: along(view.x, box.x, box.width, frame.width), y: along(view.y, box.y, box.height, frame.height) }
  return clamp(moved, picture, frame)
}
