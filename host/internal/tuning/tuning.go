// Package tuning lets tests of this module open a store with a flush policy that users
// cannot choose. Options of package host has no exported field for it.
package tuning

import (
	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/flush"
)

// Flushes says when and where a store writes indexes of appended events.
type Flushes struct {
	Policy flush.Policy
	// InRotation makes a flush part of the rotation that triggers it, so that a store's
	// operations always run in the same order. Appends then wait for it.
	InRotation bool
	// Segments says which small segments are merged. Its segment size is the store's.
	Segments compact.Policy
}

// Set makes a store opened with options, a *host.Options, flush by f. Package host sets
// this variable during initialization, since only host can access the field.
var Set func(options any, f Flushes)
