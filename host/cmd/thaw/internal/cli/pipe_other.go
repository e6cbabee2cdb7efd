//go:build !linux

package cli

import "io"

// whenClosed does nothing: a closed pipe is noticed when a line is written.
func whenClosed(io.Writer, func()) {}
