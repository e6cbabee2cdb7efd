package lines

import "github.com/thawlog/thaw/core/commit"

// AppendState appends the state that an append can expect of an entity as one
// object and a newline: clock, null when the entity has no visible event.
func AppendState(dst []byte, s commit.State) []byte {
	return appendLine(dst, func(f fields) {
		f.begin("")
		if clock := uint64(s.Clock); f.nullable("clock", s.Some) {
			f.number("", &clock)
		}
		f.end()
	})
}
