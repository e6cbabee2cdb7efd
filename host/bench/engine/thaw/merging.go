package thaw

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// watchingFS is the operating system's file system. It counts the index files, and the files
// that replace others, that are open for writing: while there is one, an index is being
// written or merged, or segments are.
type watchingFS struct {
	osfs.FS
	open *atomic.Int32
}

func (w watchingFS) Create(name string) (fsabstraction.WriteFile, error) {
	f, err := w.FS.Create(name)
	if base := filepath.Base(name); err != nil || !strings.HasPrefix(base, "index") && !strings.HasSuffix(base, swap.Name("")) {
		return f, err
	}
	w.open.Add(1)
	return &watchedFile{WriteFile: f, open: w.open}, nil
}

var _ fsabstraction.Starter = (*watchedFile)(nil)

type watchedFile struct {
	fsabstraction.WriteFile
	open *atomic.Int32
	once sync.Once
}

func (f *watchedFile) Close() error {
	f.once.Do(func() { f.open.Add(-1) })
	return f.WriteFile.Close()
}

// StartSync is that of the file inside. Without it an index and the segments of a compaction
// would be written with a Sync in its place, which no user's are.
func (f *watchedFile) StartSync(end int64) error {
	if s, ok := f.WriteFile.(fsabstraction.Starter); ok {
		return s.StartSync(end)
	}
	return errors.ErrUnsupported
}
