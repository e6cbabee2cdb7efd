package host

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host/mapping"
)

const (
	// mapAfter is how many small reads a file must see at least before it is
	// mapped, and mapShare how many for each page it has. A first touch of a
	// mapped page costs more than a read, and brings its neighbours into the
	// process; only pages that are read again repay it. With 10^6 records the
	// first query of 1000 scattered events takes 4.5 ms through a fresh mapping
	// and about 1 ms by reads.
	mapAfter = 64
	mapShare = 4
	pageSize = 4096
	// smallRead is the longest read that a mapping serves better than a system
	// call does. Longer ones are scans, which would only fill the process with
	// pages.
	smallRead = 16 << 10
)

// file is an open file that is mapped once it is read often. It is safe for
// concurrent use, except that close must come after the last read.
type file struct {
	file    fsabstraction.File
	info    fsabstraction.Info // when it was opened, and size of it
	size    int64
	mapping bool // whether it may be mapped

	reads  atomic.Int64
	mapped atomic.Pointer[mapping.Source]
	once   sync.Mutex // one goroutine maps, the others read on
}

// Size is the size when the file was opened.
func (f *file) Size() int64 { return f.size }

// ReadAt reads from the mapping where that is cheaper.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	return f.readAfter(p, off, max(mapAfter, f.size/pageSize/mapShare))
}

// readAfter is ReadAt with a mapping from the n-th small read on. Where the
// mapping faults or may have lost its end, because the file was truncated, the
// file itself says what is left.
func (f *file) readAfter(p []byte, off, n int64) (int, error) {
	if len(p) > smallRead || !f.mapping {
		return f.file.ReadAt(p, off)
	}
	m := f.mapped.Load()
	if m == nil {
		if f.reads.Add(1) < n {
			return f.file.ReadAt(p, off)
		}
		if m = f.mapIt(); m == nil {
			return f.file.ReadAt(p, off)
		}
	}
	if off < 0 || off > m.Size()-int64(len(p)) { // the file grew since
		return f.file.ReadAt(p, off)
	}
	got, intact, err := m.ReadIntact(p, off)
	if err != nil && isFault(err) || err == nil && !intact {
		return f.file.ReadAt(p, off)
	}
	return got, err
}

// indexFile is a file whose pages are checked when they are first read. The first
// read of a page goes to the file, whatever else is mapped; those that follow go
// to a mapping as soon as there are some.
type indexFile struct{ *file }

// ReadAt reads the file.
func (f indexFile) ReadAt(p []byte, off int64) (int, error) { return f.file.file.ReadAt(p, off) }

// ReadAgain implements source.Again.
func (f indexFile) ReadAgain(p []byte, off int64) (int, error) {
	return f.readAfter(p, off, mapAfter)
}

func isFault(err error) bool {
	var fault *mapping.FaultError
	return errors.As(err, &fault)
}

func (f *file) mapIt() *mapping.Source {
	if !f.once.TryLock() {
		return nil
	}
	defer f.once.Unlock()
	if m := f.mapped.Load(); m != nil {
		return m
	}
	if f.reads.Load() < 0 { // could not be mapped
		return nil
	}
	m, err := mapping.Open(f.file)
	if err != nil {
		f.reads.Store(-1 << 62) // reading works as well; ask no more
		return nil
	}
	f.mapped.Store(m)
	return m
}

func (f *file) close() error {
	var err error
	if m := f.mapped.Swap(nil); m != nil {
		err = m.Close()
	}
	return errors.Join(err, f.file.Close())
}
