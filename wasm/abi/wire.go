package abi

import "errors"

// ErrWire is returned for bytes that do not match the layout.
var ErrWire = errors.New("thaw: plugin: malformed answer")

// reader decodes; its first error sticks.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.b)) {
		r.err = ErrWire
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}
