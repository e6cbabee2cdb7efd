package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/thawlog/thaw/core/escape"
)

const (
	// flushAt is the size at which the buffer is written: the size of a pipe's buffer
	// on Linux.
	flushAt = 64 << 10
	// keepAtMost bounds the buffer kept after a large payload.
	keepAtMost = 1 << 20
)

// errPipe ends a command whose output pipe was closed. It is not a failure.
var errPipe = errors.New("the output was closed")

// output buffers whole lines for stdout. Commands append to buf and call line.
type output struct {
	w   io.Writer
	buf []byte
	err error
}

// line marks the end of a line in buf.
func (o *output) line() error {
	if len(o.buf) < flushAt {
		return o.err
	}
	return o.flush()
}

// say prints a line for people, escaped.
func (a *app) say(format string, args ...any) error {
	a.out.buf = append(append(a.out.buf, escape.Text(fmt.Sprintf(format, args...))...), '\n')
	return a.out.line()
}

// shown escapes the lines that cobra writes, which may contain arguments.
type shown struct{ w io.Writer }

func (s shown) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.w, shownLines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Write lets a tabwriter write to it.
func (o *output) Write(p []byte) (int, error) {
	o.buf = append(o.buf, p...)
	return len(p), o.err
}

// flush writes the buffer. After an error it writes nothing more.
func (o *output) flush() error {
	if len(o.buf) == 0 || o.err != nil {
		return o.err
	}
	_, err := o.w.Write(o.buf)
	switch {
	case err == nil:
	case pipeClosed(err) || errors.Is(err, io.ErrClosedPipe):
		o.err = errPipe
	default:
		o.err = &outputError{err}
	}
	if o.buf = o.buf[:0]; cap(o.buf) > keepAtMost {
		o.buf = nil
	}
	return o.err
}

// outputError is a failure to write the output, such as a full disk.
type outputError struct{ err error }

func (e *outputError) Error() string { return "cannot write the output: " + e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// gather appends v to the buffer as one line.
func (o *output) gather(v any) error {
	enc := json.NewEncoder(o)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// object prints v as one line.
func (o *output) object(v any) error {
	if err := o.gather(v); err != nil {
		return err
	}
	return o.line()
}
