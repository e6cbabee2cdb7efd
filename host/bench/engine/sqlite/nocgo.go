//go:build !cgo

package sqlite

import (
	"errors"

	"github.com/thawlog/thaw/host/bench/engine"
)

// Available reports whether the program was built with cgo.
const Available = false

var errNoCgo = errors.New("sqlite: this program was built without cgo")

// Create implements engine.Engine.
func (Engine) Create(string) (engine.Writer, error) { return nil, errNoCgo }

// Open implements engine.Engine.
func (Engine) Open(string) (engine.Reader, error) { return nil, errNoCgo }

func library() string { return " (without cgo, not there)" }
