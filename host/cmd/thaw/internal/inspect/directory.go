package inspect

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

const (
	// openFiles bounds the segments kept open. macOS allows a process 256 files at first.
	openFiles = 64
	// listingsKept is the number of listings whose files can be read, the newest included:
	// two tabs may list in turn, while answers to older questions are still being read.
	listingsKept = 4
)

var (
	// errUnlisted is the error of a name that the server does not serve.
	errUnlisted = errors.New("inspect: no such file in the listing")
	// errReplaced is the error of a tag whose file has lost its name to another.
	errReplaced = errors.New("inspect: the file was replaced")
)

// Listed is a name in the listing of a store's directory.
type Listed struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Regular bool   `json:"regular"`
	// Tag stands for the file that has the name, whatever its size: a segment that grows
	// keeps its tag, a file renamed to the name has another.
	Tag string `json:"tag"`
}

// store is the directory of a store, as browsers read it.
type store struct {
	fs   fsabstraction.ReadFS
	path string
	// begun makes the tags of this server differ from those of an earlier one.
	begun string

	mu      sync.Mutex
	files   map[string][]*file // by name, the newest first
	open    []*file            // with a handle, the least recently used first
	listing int                // number of the last listing
	tags    int                // number of the last tag
	closed  bool
}

// file is one file that was listed under a name.
type file struct {
	name, tag string
	info      fsabstraction.Info
	listed    int // number of the last listing that had it
	handle    fsabstraction.File
	users     int // reads that use the handle
}

func newStore(fsys fsabstraction.ReadFS, path string) *store {
	s := &store{fs: scarce.Inner(fsys), path: path, begun: rand.Text()[:8], files: map[string][]*file{}}
	scarce.Add(s)
	return s
}

// close closes the open files once no read uses them.
func (s *store) close() error {
	scarce.Remove(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.trim(func(*file) bool { return true })
}

// list lists the directory in the order in which an open looks at its files, since a writer
// may be active.
func (s *store) list() ([]Listed, error) {
	s.mu.Lock()
	s.listing++
	l := &look{store: s, number: s.listing}
	s.mu.Unlock()
	if _, err := directory.LookAll(l); err != nil {
		return nil, err
	}
	s.forget(l.number)
	return l.files, nil
}

// look is one listing.
type look struct {
	store  *store
	number int
	files  []Listed
}

func (l *look) List() ([]directory.Name, error) {
	entries, err := scarce.Read(l.store.fs).ReadDir(l.store.path)
	if err != nil {
		return nil, err
	}
	names := make([]directory.Name, len(entries))
	for i, e := range entries {
		names[i] = directory.Name{Name: e.Name, Odd: e.Type != fsabstraction.Regular}
	}
	return names, nil
}

func (l *look) Look(name string) (directory.Entry, error) {
	info, err := l.store.fs.Lstat(filepath.Join(l.store.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return directory.Entry{}, errors.Join(source.ErrGone, err)
	}
	if err != nil {
		return directory.Entry{}, err
	}
	f := l.store.found(name, info, l.number)
	regular := info.Type == fsabstraction.Regular
	if name == lineage.FileName && len(l.files) > 0 { // looked at first, and again last
		e := directory.Entry{Name: name, Size: info.Size, Regular: regular}
		if was := l.files[0]; was.Name == name && was.Tag != f.tag {
			e.Stamp++ // which tells it from the first
		}
		return e, nil
	}
	l.files = append(l.files, Listed{Name: name, Size: info.Size, Regular: regular, Tag: f.tag})
	if regular && directory.KindOf(name).Replaced() && directory.KindOf(name) != directory.Segment {
		// The system may give the inode number of a removed file to the next one. It cannot
		// while the file is open, so a replaced file has another number.
		if h, err := l.store.acquire(f); err == nil {
			l.store.release(f, h)
		} // else the read fails, and says why
	}
	return directory.Entry{Name: name, Size: info.Size, Regular: regular}, nil
}

func (l *look) Open(string) (source.Source, error) { return nil, source.ErrGone }

// found returns the file of a name: the last one, unless it is known to be another.
func (s *store) found(name string, info fsabstraction.Info, listing int) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := s.files[name]; len(all) > 0 && !replaced(all[0].info, info) {
		all[0].listed = max(all[0].listed, listing)
		all[0].info = info
		return all[0]
	}
	s.tags++
	f := &file{name: name, tag: s.begun + "-" + number(s.tags), info: info, listed: listing}
	s.files[name] = append([]*file{f}, s.files[name]...)
	return f
}

// replaced reports whether was and is are known to be different files.
func replaced(was, is fsabstraction.Info) bool {
	return was.Type != is.Type ||
		was.Identity.Known() && is.Identity.Known() && !fsabstraction.SameFile(was.Identity, is.Identity)
}

// forget removes the files that only older listings had.
func (s *store) forget(listing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := func(f *file) bool { return f.listed <= listing-listingsKept }
	for name, all := range s.files {
		if all = slices.DeleteFunc(all, old); len(all) == 0 {
			delete(s.files, name)
		} else {
			s.files[name] = all
		}
	}
	_ = s.trim(old) // of files that were only read
}

// get returns an open file for a name and a tag, or, without a tag, the one last listed. The
// caller must call release.
func (s *store) get(name, tag string) (*file, fsabstraction.File, error) {
	if directory.KindOf(name) == directory.Other {
		return nil, nil, errUnlisted // another program's: nothing of a store is in it
	}
	s.mu.Lock()
	all := s.files[name]
	s.mu.Unlock()
	if len(all) == 0 {
		return nil, nil, errUnlisted
	}
	f := all[0]
	if tag != "" {
		i := slices.IndexFunc(all, func(f *file) bool { return f.tag == tag })
		if i < 0 {
			return nil, nil, errReplaced
		}
		f = all[i]
	}
	h, err := s.acquire(f)
	return f, h, err
}

// acquire opens a file, or uses its handle. If no more files can be opened, it first closes
// idle ones.
func (s *store) acquire(f *file) (fsabstraction.File, error) {
	h, err := s.tryAcquire(f)
	for try := 1; try < scarce.Tries && scarce.TooManyOpen(err) && scarce.CloseIdle() > 0; try++ {
		h, err = s.tryAcquire(f)
	}
	return h, err
}

func (s *store) tryAcquire(f *file) (fsabstraction.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fs.ErrClosed
	}
	if f.handle == nil {
		h, err := s.fs.Open(filepath.Join(s.path, f.name))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fsabstraction.ErrNotRegular) {
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
	} else {
		s.open = slices.DeleteFunc(s.open, func(o *file) bool { return o == f })
	}
	s.open = append(s.open, f)
	f.users++
	_ = s.trimTo(openFiles)
	return f.handle, nil
}

// release ends the use of a handle.
func (s *store) release(f *file, h fsabstraction.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; s.closed && f.users == 0 && f.handle != nil {
		f.handle = nil
		_ = h.Close()
	}
}

// CloseIdle implements scarce.Holder: it closes all segments that no read uses.
func (s *store) CloseIdle() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trimTo(0)
}

// trimTo closes idle segments until at most most files are open, and returns the number
// closed. Others stay open; see Look. mu must be held.
func (s *store) trimTo(most int) (closed int) {
	_ = s.trim(func(f *file) bool {
		if len(s.open)-closed <= most || directory.KindOf(f.name) != directory.Segment || f.users > 0 {
			return false
		}
		closed++
		return true
	})
	return closed
}

// trim closes the open files for which which reports true and which no read uses. mu must be
// held.
func (s *store) trim(which func(*file) bool) (failed error) {
	s.open = slices.DeleteFunc(s.open, func(f *file) bool {
		if f.users > 0 || !which(f) {
			return false
		}
		failed = cmp.Or(failed, f.handle.Close())
		f.handle = nil
		return true
	})
	return failed
}
