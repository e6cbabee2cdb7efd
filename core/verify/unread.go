package verify

import (
	"errors"
	"sync/atomic"

	"github.com/thawlog/thaw/core/source"
)

// unread keeps why a file could first not be opened or read. A run that meets one ends
// with it: what the steps made of the failure is no finding.
type unread struct {
	first atomic.Pointer[error]
}

// err is the [source.ReadError] or the [source.ErrGone] that was met, or nil.
func (u *unread) err() error {
	if first := u.first.Load(); first != nil {
		return *first
	}
	return nil
}

// note keeps what a call on a file returned, if that was no end of it.
func (u *unread) note(file string, offset int64, err error) error {
	err = source.Failed(file, offset, err)
	if errors.Is(err, source.ErrRead) || errors.Is(err, source.ErrGone) {
		u.first.CompareAndSwap(nil, &err)
	}
	return err
}

// open opens a file whose failures are noted.
func (d *frozen) open(name string) (source.Source, error) {
	src, err := d.files.Open(name)
	if err != nil {
		return nil, d.unread.note(name, -1, err)
	}
	if _, ok := src.(source.Memory); ok {
		return src, nil
	}
	return watched{src, name, &d.unread}, nil
}

// watched is a source whose failures are noted. It has the abilities of what it
// watches.
type watched struct {
	source.Source
	name   string
	unread *unread
}

// ReadAt implements source.Source.
func (w watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.Source.ReadAt(p, off)
	return n, w.note(p, off, n, err)
}

// ReadAgain implements source.Again.
func (w watched) ReadAgain(p []byte, off int64) (int, error) {
	again, ok := w.Source.(source.Again)
	if !ok {
		return w.ReadAt(p, off)
	}
	n, err := again.ReadAgain(p, off)
	return n, w.note(p, off, n, err)
}

// Prefetches implements source.Prefetcher.
func (w watched) Prefetches() bool {
	a, ok := w.Source.(source.Prefetcher)
	return ok && a.Prefetches()
}

// Prefetch implements source.Prefetcher.
func (w watched) Prefetch(ranges []source.Range) {
	if a, ok := w.Source.(source.Prefetcher); ok {
		a.Prefetch(ranges)
	}
}

func (w watched) note(p []byte, off int64, n int, err error) error {
	if n == len(p) || source.IsEnd(err) {
		return err
	}
	return w.unread.note(w.name, off, err)
}
