// Package tuning lets tests of this module open a store with other numbers than
// those that users get. They travel in the context of an open, so that the options
// of a store need no fields that nobody should set.
package tuning

import (
	"context"

	"github.com/thawlog/thaw/core/flush"
)

// Folds is when and where a store writes indexes of what was appended.
type Folds struct {
	Rule flush.Policy
	// InRotation makes a fold a part of the rotation that asks for it, so that the
	// order of a store's operations is always the same. Appends then wait for it.
	InRotation bool
}

// Default is what a store does without a context of this package.
func Default() Folds { return Folds{Rule: flush.DefaultPolicy()} }

type key struct{}

// With returns a context in which stores are opened that fold in a way.
func With(ctx context.Context, f Folds) context.Context { return context.WithValue(ctx, key{}, f) }

// Of is the way of a context.
func Of(ctx context.Context) Folds {
	if f, ok := ctx.Value(key{}).(Folds); ok {
		return f
	}
	return Default()
}
