// Package tuning lets tests of this module open a store with another flush policy than
// users get. Options of package host have no exported field for it, because nobody
// else should set it.
package tuning

import "github.com/thawlog/thaw/core/flush"

// Flushes is when and where a store writes indexes of what was appended.
type Flushes struct {
	Policy flush.Policy
	// InRotation makes a flush a part of the rotation that asks for it, so that the
	// order of a store's operations is always the same. Appends then wait for it.
	InRotation bool
}

// Set makes a store that is opened with options, a *host.Options, flush by f. Package
// host fills it in when it is initialized, since only host can reach the field.
var Set func(options any, f Flushes)
