package scratchstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

const (
	// MaxLoad is the most bytes of files that a scratch store can begin with.
	MaxLoad = 64 << 20
	// maxSize is the most bytes of all files. A write beyond it fails as on a full disk, and
	// not with the end of the whole module.
	maxSize = 256 << 20
	// segmentSize is small, so that one soon sees more than one segment.
	segmentSize = 1 << 20

	dir = "/store"
)

// ErrTooLarge: the files to begin with are larger than MaxLoad together.
var ErrTooLarge = errors.New("scratch: a scratch store can begin with at most 64 MiB of files")

// File is a file of the store.
type File struct {
	Name string
	Size int64
}

// Content is a file with its bytes.
type Content struct {
	Name  string
	Bytes []byte
}

// Store is an open scratch store. It is safe for concurrent use.
type Store struct {
	fs    *memfs.FS
	store *host.Store

	mu sync.Mutex
	// listed and before are the last two listings: of two that overlap, the one that began
	// first still finds its files.
	listed, before map[string]listed
}

// listed is a file of the last listing, and as much of it as there was then.
type listed struct {
	file fsabstraction.File
	size int64
}

// Open opens a scratch store with the given files, or an empty one. Files that are not a
// store's are left out: see [directory.KindOf].
func Open(ctx context.Context, files []Content) (*Store, error) {
	total := int64(0)
	for _, f := range files {
		total += int64(len(f.Bytes))
	}
	if total > MaxLoad {
		return nil, ErrTooLarge
	}
	s := &Store{fs: memfs.NewLimited(maxSize)}
	if err := s.fs.MkdirAll(dir); err != nil {
		return nil, err
	}
	for _, f := range files {
		switch directory.KindOf(f.Name) {
		case directory.Other, directory.Temporary:
			continue
		}
		if err := s.write(f); err != nil {
			return nil, err
		}
	}
	var err error
	s.store, err = host.Open(ctx, dir, host.Options{FS: s.fs, SegmentSize: segmentSize, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) write(f Content) error {
	w, err := s.fs.Create(dir + "/" + f.Name)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(f.Bytes, 0)
	return errors.Join(err, w.Close())
}

// rank orders names as a reader of a store with an active writer must look at them.
func rank(name string) int {
	order := []string{lineage.FileName, artifact.FileName, index.FileName, checkpoint.FileName, synced.FileName}
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	switch {
	case directory.KindOf(name) != directory.Segment && name != visibility.FileName:
		return len(order)
	case name != visibility.FileName:
		return len(order) + 1
	}
	return len(order) + 2
}

// List returns the store's files in the order in which wasm/guest/ABI.md asks for them. Until
// the next List, Read returns the bytes that they have now, whatever is written: the listing
// is one moment of the store.
func (s *Store) List() ([]File, error) {
	entries, err := s.fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b fsabstraction.Entry) int { return cmp.Compare(rank(a.Name), rank(b.Name)) })
	found := map[string]listed{}
	var out []File
	for _, e := range entries {
		if k := directory.KindOf(e.Name); k == directory.Other || k == directory.Temporary {
			continue
		}
		f, err := s.fs.Open(dir + "/" + e.Name)
		if errors.Is(err, fsabstraction.ErrNotRegular) {
			continue
		}
		if err != nil {
			return nil, err
		}
		size, err := f.Size()
		if err != nil {
			return nil, err
		}
		found[e.Name] = listed{file: f, size: size}
		out = append(out, File{Name: e.Name, Size: size})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed, s.before = found, s.listed
	return out, nil
}

// Read returns the bytes of a file of the last listing, or else of the one before.
func (s *Store) Read(name string) ([]byte, error) {
	s.mu.Lock()
	f, ok := s.listed[name]
	if !ok {
		f, ok = s.before[name]
	}
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("scratch: %q is not in the last listing", name)
	}
	b := make([]byte, f.size)
	if n, err := f.file.ReadAt(b, 0); err != nil && !(errors.Is(err, io.EOF) && n == len(b)) {
		return nil, err
	}
	return b, nil
}

// Close closes the store: it seals the segment and may write an index. The files can still be
// listed and read.
func (s *Store) Close() error { return s.store.Close() }
