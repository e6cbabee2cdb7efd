package host

import (
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
)

// KeyOf makes a key for [WithKey] out of any text that names one append, such as
// the number of a request: the first 16 bytes of its BLAKE3 digest, so the same
// text gives the same key in every process, and two texts do not meet in practice. An
// empty text names nothing: its key is the zero id, with which every append is
// refused as [ErrZeroID].
func KeyOf(text string) (id event.ID) {
	if text == "" {
		return event.ID{}
	}
	digest := blake3.Sum256([]byte(text))
	copy(id[:], digest[:])
	return id
}
