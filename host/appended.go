package host

import "github.com/thawlog/thaw/core/artifact"

// appended is what a writer has appended since it opened the store, without the
// events in front that are read from files by now and that it has forgotten.
type appended struct {
	run       artifact.Run
	forgotten int
}

// total is how many events were appended.
func (a appended) total() int { return a.forgotten + a.run.Len() }

// behind is the events without the first n, which must not be less than are
// forgotten.
func (a appended) behind(n int) artifact.Run { return a.run.From(n - a.forgotten) }
