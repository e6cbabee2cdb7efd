package plugin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/glance"
	"github.com/thawlog/thaw/fsabstraction/scarce"
	"github.com/thawlog/thaw/host"
)

const (
	// openFiles bounds the open files.
	openFiles = 256
	// wholeAtMost is the maximum size of a file that is read when it is listed.
	wholeAtMost = visibility.MaxSize
)

// listing is a store's directory at one moment, as declared to the sandbox.
type listing struct {
	fs   fsabstraction.ReadFS
	path string
	// names is shared with later listings of the directory that found the same files.
	names *glance.Directory

	files []*file // in the order of the looks
	mu    sync.Mutex
	open  []*file // in the order of the opens
	known bool    // registered with scarce, since the first open
	done  bool
}

// file is one name of a listing.
type file struct {
	name string
	info fsabstraction.Info
	// whole is the content of a file whose latest version is always valid, read when it
	// was listed.
	whole []byte

	// Guarded by listing.mu:
	handle fsabstraction.File
	users  int
}

func (f *file) size() int64 {
	if f.whole != nil {
		return int64(len(f.whole))
	}
	return f.info.Size
}

// list looks at the names of a directory in the same order as an open.
func list(fsys fsabstraction.ReadFS, path string) (*listing, error) {
	return listWith(glance.New(fsys, path), fsys, path)
}

func listWith(names *glance.Directory, fsys fsabstraction.ReadFS, path string) (*listing, error) {
	l := &listing{fs: scarce.Read(fsys), path: path, names: names}
	names.Listing()
	if _, err := directory.LookAll(looker{l}); err != nil {
		return nil, err
	}
	return l, nil
}

// again lists the directory again, to be compared with l.
func (l *listing) again() (*listing, error) { return listWith(l.names, l.fs, l.path) }

// unchanged reports whether the directory certainly has the same names and the newest
// segment is as it was, with at most two calls.
func (l *listing) unchanged() bool {
	if !l.names.Same() {
		return false
	}
	var newest *file
	var highest uint64
	for _, f := range l.files {
		if id, ok := segment.ParseName(f.name); ok && id >= highest {
			newest, highest = f, id
		}
	}
	if newest == nil {
		return true
	}
	info, err := l.fs.Lstat(filepath.Join(l.path, newest.name))
	return err == nil && fsabstraction.SameFile(newest.info.Identity, info.Identity) &&
		newest.info.Type == info.Type && newest.info.Size == info.Size && newest.info.ModTime == info.ModTime
}

// lacksSegment reports whether the directory has a segment that is not in the listing.
func (l *listing) lacksSegment() (bool, error) {
	var ids []uint64
	for _, f := range l.files {
		if id, ok := segment.ParseName(f.name); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return directory.LacksSegment(looker{&listing{fs: l.fs, path: l.path}}, ids)
}

// same reports whether two listings have the same relevant files.
func (l *listing) same(o *listing) bool {
	if len(l.files) != len(o.files) {
		return false
	}
	for i, f := range l.files {
		g := o.files[i]
		if f.name != g.name || f.info.Size != g.info.Size || f.info.ModTime != g.info.ModTime ||
			f.info.Type != g.info.Type || replaced(f.info, g.info) || string(f.whole) != string(g.whole) {
			return false
		}
	}
	return true
}

// replaced reports whether was and is are known to be different files.
func replaced(was, is fsabstraction.Info) bool {
	return was.Identity.Known() && is.Identity.Known() && !fsabstraction.SameFile(was.Identity, is.Identity)
}

// looker adds each name that core looks at to a listing.
type looker struct{ l *listing }

func (k looker) List() ([]directory.Name, error) {
	entries, err := k.l.fs.ReadDir(k.l.path)
	if err != nil {
		return nil, err
	}
	names := make([]directory.Name, len(entries))
	for i, e := range entries {
		names[i] = directory.Name{Name: e.Name, Odd: e.Type != fsabstraction.Regular}
	}
	return names, nil
}

func (k looker) Look(name string) (directory.Entry, error) {
	l := k.l
	info, err := l.fs.Lstat(filepath.Join(l.path, name))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.Join(source.ErrGone, err)
		}
		return directory.Entry{}, err
	}
	f := &file{name: name, info: info}
	if name == lineage.FileName && len(l.files) > 0 { // looked at first, and again last
		e := directory.Entry{Name: name, Size: f.size(), Regular: info.Type == fsabstraction.Regular}
		if was := l.files[0]; was.name == name && (replaced(was.info, info) || was.info.ModTime != info.ModTime) {
			e.Stamp++ // which tells it from the first
		}
		return e, nil
	}
	if directory.KindOf(name).Latest() {
		f.whole = l.readWhole(f)
	}
	l.files = append(l.files, f)
	return directory.Entry{Name: name, Size: f.size(), Regular: info.Type == fsabstraction.Regular}, nil
}

func (k looker) Open(string) (source.Source, error) { return nil, source.ErrGone }

// readWhole returns the content of a small file, or nil if it cannot be read now; the sandbox
// then requests it and gets the error.
func (l *listing) readWhole(f *file) []byte {
	if f.info.Type != fsabstraction.Regular {
		return nil
	}
	h, err := l.fs.Open(filepath.Join(l.path, f.name))
	if err != nil {
		return nil
	}
	defer h.Close()
	n, err := h.Size()
	if err != nil || n > wholeAtMost {
		return nil
	}
	b := make([]byte, n)
	if _, err := h.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return b
}

// read fills p from a file. If the name now leads to another file, the error is
// [source.ErrGone].
func (l *listing) read(f *file, p []byte, off int64) error {
	if f.whole != nil {
		return source.Read(source.Bytes(f.whole), p, uint64(off))
	}
	h, err := l.acquire(f)
	if err != nil {
		return err
	}
	defer l.release(f)
	n, err := h.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if source.IsEnd(err) {
		err = source.ErrShort
	}
	return err
}

// acquire opens a file if necessary. If no more files can be opened, it first closes idle
// segments.
func (l *listing) acquire(f *file) (fsabstraction.File, error) {
	h, err := l.tryAcquire(f)
	for try := 1; try < scarce.Tries && scarce.TooManyOpen(err) && scarce.CloseIdle() > 0; try++ {
		h, err = l.tryAcquire(f)
	}
	return h, err
}

// errReplaced is a [source.ErrGone] that says what helps.
var errReplaced = fmt.Errorf("%w: another one has its name since, as after a compaction; refresh the reader", source.ErrGone)

func (l *listing) tryAcquire(f *file) (fsabstraction.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return nil, host.ErrClosed
	}
	if f.handle == nil {
		h, err := scarce.Inner(l.fs).Open(filepath.Join(l.path, f.name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(errReplaced, err)
		}
		if err != nil {
			return nil, err
		}
		info, err := h.Stat()
		if err == nil && replaced(f.info, info) {
			err = errReplaced
		}
		if err != nil {
			return nil, errors.Join(err, h.Close())
		}
		f.handle = h
		l.trim(openFiles - 1)
		l.open = append(l.open, f)
		if !l.known {
			l.known = true
			scarce.Add(l)
		}
	}
	f.users++
	return f.handle, nil
}

func (l *listing) release(f *file) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.users--; l.done && f.users == 0 && f.handle != nil {
		_ = f.handle.Close()
		f.handle = nil
	}
}

// CloseIdle implements scarce.Holder: it closes all segments not being read.
func (l *listing) CloseIdle() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return 0
	}
	return l.trim(0)
}

// trim closes segments not being read until at most most files are open, and returns the
// number closed. Other files stay open to keep their content. mu must be held.
func (l *listing) trim(most int) (closed int) {
	for i := 0; len(l.open) > most && i < len(l.open); {
		f := l.open[i]
		if _, ok := segment.ParseName(f.name); !ok || f.users > 0 {
			i++
			continue
		}
		_ = f.handle.Close()
		f.handle = nil
		l.open = append(l.open[:i], l.open[i+1:]...)
		closed++
	}
	return closed
}

// close closes every file.
func (l *listing) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	if l.known {
		l.known = false
		scarce.Remove(l)
	}
	var errs []error
	for _, f := range l.open {
		if f.users == 0 && f.handle != nil {
			errs = append(errs, f.handle.Close())
			f.handle = nil
		}
	}
	l.open = nil
	return errors.Join(errs...)
}
