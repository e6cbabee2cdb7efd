package host

import (
	"errors"
	"path/filepath"
	"sync/atomic"

	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/fsabstraction"
)

// scratchSpace makes temporary files in a store's directory, so that they are on a disk
// with room for an index. The next open for writing removes what a crash leaves. They are
// never synced.
type scratchSpace struct {
	fs   fsabstraction.FS
	dir  string
	made *atomic.Int64 // by all spaces of the directory
	// pauses are for each write, if not nil.
	pauses *pauses
}

func (s scratchSpace) Create() (scratch.File, error) {
	path := filepath.Join(s.dir, coredir.ScratchName(int(s.made.Add(1))))
	if err := removeFile(s.fs, path); err != nil {
		return nil, err
	}
	f, err := s.fs.Create(path)
	if err != nil {
		return nil, err
	}
	return &scratchFile{WriteFile: f, fs: s.fs, path: path, pauses: s.pauses}, nil
}

// spillSpace holds the records of an open for writing that reads a long tail.
type spillSpace struct {
	scratchSpace
	after int // records that fit in memory
}

// spillBytes is how much memory a record of an open takes that is not put aside.
const spillBytes = 256

// leastSpilled is the number of records up to which nothing is worth putting aside.
const leastSpilled = 1024

func (s *Store) spillSpace() *spillSpace {
	return &spillSpace{
		scratchSpace: scratchSpace{fs: s.options.FS, dir: s.path, made: &s.scratch},
		after:        max(leastSpilled, s.options.IndexMemory/spillBytes),
	}
}

type scratchFile struct {
	fsabstraction.WriteFile
	fs     fsabstraction.FS
	path   string
	pauses *pauses
	size   int64
}

func (f *scratchFile) Size() int64 { return f.size }

func (f *scratchFile) Write(b []byte) (int, error) {
	f.pauses.pause()
	n, err := f.WriteAt(b, f.size)
	f.size += int64(n)
	return n, err
}

func (f *scratchFile) Close() error {
	return errors.Join(f.WriteFile.Close(), removeFile(f.fs, f.path))
}
