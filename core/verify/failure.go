package verify

import (
	"errors"
	"sync/atomic"

	"github.com/thawlog/thaw/core/source"
)

// firstFailure records the first failure to open or read a file. The run ends with that
// error, since findings that follow from it are meaningless.
type firstFailure struct {
	first atomic.Pointer[error]
}

// err returns the first [source.ReadError] or [source.ErrGone], or nil.
func (u *firstFailure) err() error {
	if first := u.first.Load(); first != nil {
		return *first
	}
	return nil
}

// note names the file in an error and records it, unless it is the end of the file.
func (u *firstFailure) note(file string, offset int64, err error) error {
	err = source.Failed(file, offset, err)
	if errors.Is(err, source.ErrRead) || errors.Is(err, source.ErrGone) {
		u.first.CompareAndSwap(nil, &err)
	}
	return err
}

// open opens a file and records its failures.
func (d *fixedFiles) open(name string) (source.Source, error) {
	src, err := d.files.Open(name)
	if err != nil {
		return nil, d.failure.note(name, -1, err)
	}
	if _, ok := src.(source.Memory); ok {
		return src, nil
	}
	return recordingSource{Source: src, name: name, failure: &d.failure}, nil
}

// recordingSource records the failures of a source. It has the optional methods of the
// source.
type recordingSource struct {
	source.Source
	name    string
	failure *firstFailure
}

// ReadAt implements source.Source.
func (s recordingSource) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.Source.ReadAt(p, off)
	return n, s.note(p, off, n, err)
}

// ReadAgain implements source.Again.
func (s recordingSource) ReadAgain(p []byte, off int64) (int, error) {
	again, ok := s.Source.(source.Again)
	if !ok {
		return s.ReadAt(p, off)
	}
	n, err := again.ReadAgain(p, off)
	return n, s.note(p, off, n, err)
}

// Prefetches implements source.Prefetcher.
func (s recordingSource) Prefetches() bool {
	a, ok := s.Source.(source.Prefetcher)
	return ok && a.Prefetches()
}

// Prefetch implements source.Prefetcher.
func (s recordingSource) Prefetch(ranges []source.Range) {
	if a, ok := s.Source.(source.Prefetcher); ok {
		a.Prefetch(ranges)
	}
}

func (s recordingSource) note(p []byte, off int64, n int, err error) error {
	if n == len(p) || source.IsEnd(err) {
		return err
	}
	return s.failure.note(s.name, off, err)
}
