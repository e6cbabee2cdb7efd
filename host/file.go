package host

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/host/mapping"
)

const (
	// mapAfter is the minimum number of small reads before a file is mapped; a large
	// file needs one per mapShare pages. The first read of a mapped page costs more than
	// a system call and maps its neighbours too; only repeated reads repay that. With
	// 10^6 records the first query of 1000 scattered events takes 4.5 ms through a fresh
	// mapping and about 1 ms by reads.
	mapAfter = 64
	mapShare = 4
	pageSize = 4096
	// smallRead is the longest read that is faster through a mapping than through a
	// system call. Longer reads are scans, which would only fill memory with pages.
	smallRead = 16 << 10
)

// file is an open file that is mapped after many reads. It is safe for concurrent use,
// except that close must follow the last read.
type file struct {
	file    fsabstraction.File
	info    fsabstraction.Info // at the open
	size    int64              // at the open
	mapping bool               // whether it may be mapped

	reads  atomic.Int64
	mapped atomic.Pointer[mapping.Source]
	once   sync.Mutex // one goroutine maps while the others read
}

// Size returns the size at the open.
func (f *file) Size() int64 { return f.size }

// ReadAt reads from the mapping if that is cheaper.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	return f.readAfter(p, off, max(mapAfter, f.size/pageSize/mapShare))
}

// readAfter is ReadAt with a mapping from the n-th small read on. If the mapping faults or
// may have lost its end, because the file was truncated, it reads the file itself.
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

// indexFile is a file whose pages are checked when they are first read. The first read of
// a page always goes to the file; later ones use the mapping.
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
	if f.reads.Load() < 0 { // an earlier attempt failed
		return nil
	}
	m, err := mapping.Open(f.file)
	if err != nil {
		f.reads.Store(-1 << 62) // do not try again
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
