package lines

import "github.com/thawlog/thaw/core/event"

// AppendPosition appends the place after the last event of a store as one object and a
// newline: store, the store's identity, null when it has no event, and seq.
func AppendPosition(dst []byte, store event.ID, sequence uint64) []byte {
	return appendLine(dst, func(f fields) {
		f.begin("")
		if f.nullable("store", !store.IsZero()) {
			f.hex("", store[:])
		}
		f.number("seq", &sequence)
		f.end()
	})
}
