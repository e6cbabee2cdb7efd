package payload

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// mapForms decides for every map of a checked value, in the order of their
// heads, whether it is written as a plain JSON object. It is a pass of its own
// because the answer must be known before the map's first byte is written;
// deciding at each map would read the innermost bytes once per level.
type mapForms struct {
	b     []byte
	plain []bool // one per map
	keys  []int  // offsets of the string keys of the maps that are open, innermost last
}

// scan visits the value at b[at] and returns the offset after it. Recursion is bounded by MaxDepth.
func (m *mapForms) scan(at int) int {
	h, _ := headAt(m.b, at)
	at += h.span()
	switch h.kind {
	case KindArray:
		for range h.n {
			at = m.scan(at)
		}
	case KindMap:
		at = m.scanMap(at, h.n)
	}
	return at
}

func (m *mapForms) scanMap(at, pairs int) int {
	nth, from := len(m.plain), len(m.keys)
	m.plain = append(m.plain, true)
	plain := true
	for range pairs {
		if k, ok := strAt(m.b, at); ok && utf8.Valid(k) {
			m.keys = append(m.keys, at)
		} else {
			plain = false
		}
		at = m.scan(m.scan(at))
	}
	if plain {
		keys := m.keys[from:]
		m.plain[nth] = !loneSpelling(m.b, keys) && duplicate(m.b, keys) < 0
	} else {
		m.plain[nth] = false
	}
	m.keys = m.keys[:from]
	return at
}

// strAt returns the text of the str at b[at].
func strAt(b []byte, at int) ([]byte, bool) {
	h, err := headAt(b, at)
	if err != nil || h.kind != KindStr {
		return nil, false
	}
	at += h.size
	return b[at : at+h.n], true
}

// loneSpelling reports whether there is exactly one key, and it is that of a
// spelling.
func loneSpelling(b []byte, keys []int) bool {
	if len(keys) != 1 {
		return false
	}
	k, _ := strAt(b, keys[0])
	return isSpelling(k)
}

// duplicate returns the offset of a str key whose text another key has too, or
// -1. It reorders keys. It sorts rather than hashes: no choice of keys can make
// it slow.
func duplicate(b []byte, keys []int) int {
	if len(keys) < 2 {
		return -1
	}
	compare := func(x, y int) int {
		k, _ := strAt(b, x)
		l, _ := strAt(b, y)
		return bytes.Compare(k, l)
	}
	slices.SortFunc(keys, compare)
	for i := 1; i < len(keys); i++ {
		if compare(keys[i-1], keys[i]) == 0 {
			return keys[i]
		}
	}
	return -1
}
