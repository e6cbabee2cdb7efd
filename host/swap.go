package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/artifact"
	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction"
)

// swapping replaces several files of a store's directory in one step, as package swap
// describes. Only the holder of the directory's lock may use it. The steps, each on disk
// before the next:
//
//  1. write the new files under their waiting names
//  2. write swap.thaw: from now on the new files count, for every reader
//  3. rename and remove files; see finishSwap
//  4. remove swap.thaw
//
// Commit is step 2. Before it, Abort removes the new files; after it, there is no way back.
type swapping struct {
	fs     fsabstraction.FS
	dir    string
	record swap.Record
	// counts is set when swap.thaw may be there: then the new files may be the only ones that
	// the next open reads, and nothing removes them.
	counts bool
}

// errUndecided is the error of a Commit that failed so that only the next open tells whether
// the old or the new files count. Both are whole, and neither must be changed until then.
var errUndecided = errors.New("thaw: it is not known whether the new files count; the next open decides")

// errSwapPending is the error of a swap in a directory that has another one.
var errSwapPending = errors.New("thaw: the directory has an unfinished swap; reopen the store")

// beginSwap prepares a swap, and removes what an earlier one left that did not come to its
// Commit.
func beginSwap(fsys fsabstraction.FS, dir string) (*swapping, error) {
	s := &swapping{fs: fsys, dir: dir}
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if n.Name == swap.FileName {
			return nil, errSwapPending
		}
	}
	for _, n := range names {
		if coredir.Final(n.Name) != n.Name && n.Type == fsabstraction.Regular {
			if err := removeFile(fsys, filepath.Join(dir, n.Name)); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// Add adds a new file of a final name to the swap. The caller has made it under
// swap.Name(name) and synced it.
func (s *swapping) Add(name string) { s.record.Renames = append(s.record.Renames, name) }

// Remove adds a file that the swap removes, whether or not it exists.
func (s *swapping) Remove(name string) { s.record.Removes = append(s.record.Removes, name) }

// Write creates, fills and syncs new files of some final names.
func (s *swapping) Write(names []string, fill func([]fsabstraction.WriteFile) error) (err error) {
	var files []fsabstraction.WriteFile
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, name := range names {
		s.Add(name) // a failed creation may have taken effect
		f, err := s.fs.Create(s.path(swap.Name(name)))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if err := fill(files); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	for len(files) > 0 {
		f := files[0]
		files = files[1:]
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Create creates a new file of a final name. The caller syncs and closes it before Commit.
func (s *swapping) Create(name string) (fsabstraction.WriteFile, error) {
	s.Add(name)
	return s.fs.Create(s.path(swap.Name(name)))
}

// Commit makes the new files count. After nil, call finishSwap. After errUndecided the
// directory must be left as it is. After any other error nothing has changed: call Abort.
func (s *swapping) Commit() error {
	r := &s.record
	slices.Sort(r.Renames)
	slices.Sort(r.Removes)
	r.Removes = slices.DeleteFunc(slices.Compact(r.Removes), func(name string) bool {
		_, renamed := slices.BinarySearch(r.Renames, name)
		return renamed
	})
	if !r.Valid() {
		return fmt.Errorf("thaw: these files cannot be swapped: %q", *r)
	}
	if err := syncDir(s.fs, s.dir); err != nil {
		return err
	}
	s.counts = true
	err := replaceFile(s.fs, s.dir, swap.FileName, func(f fsabstraction.WriteFile) error {
		_, err := f.WriteAt(swap.AppendFile(nil, r), 0)
		return err
	})
	if err == nil {
		err = syncDir(s.fs, s.dir)
	}
	if err == nil {
		return nil
	}
	if _, look := s.fs.Lstat(s.path(swap.FileName)); !errors.Is(look, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", errUndecided, err)
	}
	s.counts = false
	return err
}

// Abort removes the new files, before Commit or after its failure.
func (s *swapping) Abort() error {
	if s.counts {
		return nil
	}
	var errs []error
	for _, name := range s.record.Renames {
		errs = append(errs, removeFile(s.fs, s.path(swap.Name(name))))
	}
	return errors.Join(errs...)
}

func (s *swapping) path(name string) string { return filepath.Join(s.dir, name) }

// finishSwap finishes the swap of a directory, if one is pending, so that its files have
// their final names. It can be repeated after a failure or a crash. store.thaw gets its name
// first, so that readers notice; see coredir.Listing.Swapped. Obsolete indexes are removed
// before the first segment changes, for the sake of batpak, which knows nothing of swaps. pauses are
// before each removal. named, if not nil, is called when the new files have their names, before the
// others are removed, which is most of the work; its error leaves the swap unfinished.
func finishSwap(fsys fsabstraction.FS, dir string, pauses *pauses, named func() error) (found bool, err error) {
	options := ReaderOptions{FS: fsys}.withDefaults()
	files := newDirectory(dir, &options)
	r, _, err := coredir.ReadSwap(files)
	if err = errors.Join(err, files.release()); err != nil || r == nil {
		return false, err
	}
	f := finishing{fs: fsys, dir: dir, pauses: pauses, pause: pauses.pause}
	waits := map[string]bool{}
	for _, name := range r.Renames {
		if waits[name], err = f.waits(name); err != nil {
			return true, err
		}
	}
	// A crash between the rename of swap.thaw and its sync may have been before.
	f.sync()
	if name := lineage.FileName; waits[name] {
		f.rename(name)
	}
	for _, name := range slices.Concat(r.Renames, r.Removes) {
		if coredir.KindOf(name).Derived() && (waits[name] || !slices.Contains(r.Renames, name)) {
			f.remove(name)
		}
	}
	f.sync()
	order := slices.Clone(r.Renames)
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	for _, name := range order {
		if waits[name] && name != lineage.FileName {
			f.rename(name)
		}
	}
	if f.err == nil && named != nil {
		f.err = named()
	}
	f.removeAll(r.Removes)
	f.sync()
	f.remove(swap.FileName)
	f.sync()
	return true, f.err
}

// rank orders the renames: segments, other files that are not derived, index.fbati, and then
// those that continue it.
func rank(name string) int {
	switch kind := coredir.KindOf(name); {
	case kind == coredir.Segment:
		return 0
	case !kind.Derived():
		return 1
	case name == artifact.FileName:
		return 2
	case name == index.FileName:
		return 3
	}
	return 4
}

// finishing does the steps of finishSwap until one fails.
type finishing struct {
	fs     fsabstraction.FS
	dir    string
	pauses *pauses
	pause  func() // before each removal
	err    error
}

// waits reports whether a file still has its waiting name.
func (f *finishing) waits(name string) (bool, error) {
	path := filepath.Join(f.dir, swap.Name(name))
	info, err := f.fs.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Type != fsabstraction.Regular:
		return false, &fsabstraction.NotRegularError{Op: "rename", Path: path, Type: info.Type}
	}
	return true, nil
}

func (f *finishing) rename(name string) {
	if f.err == nil {
		f.err = f.fs.Rename(filepath.Join(f.dir, swap.Name(name)), filepath.Join(f.dir, name))
	}
}

func (f *finishing) remove(name string) {
	if f.err == nil {
		f.pause()
		f.err = removeFile(f.fs, filepath.Join(f.dir, name))
	}
}

// removeAll removes files in any order. Many are removed by several goroutines: each removal may
// wait for the journal of the file system.
func (f *finishing) removeAll(names []string) {
	const share, goroutines = 64, 4
	if f.err != nil {
		return
	}
	shares := make(chan []string)
	errs := make([]error, min(goroutines, (len(names)+share-1)/share))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			self := aside{pauses: f.pauses}
			one := finishing{fs: f.fs, dir: f.dir, pause: self.pause}
			for names := range shares {
				for _, name := range names {
					one.remove(name)
				}
			}
			errs[i] = one.err
		})
	}
	for names := range slices.Chunk(names, share) {
		shares <- names
	}
	close(shares)
	wg.Wait()
	f.err = errors.Join(errs...)
}

func (f *finishing) sync() {
	if f.err == nil {
		f.err = syncDir(f.fs, f.dir)
	}
}
