package host

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thawlog/thaw/core/artifact"
	coredir "github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/glance"
	"github.com/thawlog/thaw/fsabstraction/scarce"
)

// directory is a store's directory as core reads it. Segments open on demand, and at most
// OpenSegments stay open. Other files stay open, so that they keep their content when a
// writer replaces them.
type directory struct {
	path    string
	options *ReaderOptions
	// fs is the options' file system through package scarce: when descriptors run out, other
	// stores of the process close idle files. It is not called with mu held.
	fs    fsabstraction.ReadFS
	users atomic.Int64
	names *glance.Directory

	mu       sync.Mutex
	segments map[string]*segmentSource
	open     openList
	others   map[string]*file
	// retired are files of dropped segments that were being read.
	retired []*file
	seen    map[string]seen
	opened  bool // the open has finished, so queries read the files of that time
	// lineages are the store.thaw of then, and the one that waited for a swap.
	lineages []fsabstraction.Info
	closed   bool
}

// seen is the last result of lstat of a name.
type seen struct {
	info  fsabstraction.Info
	stamp uint64
}

func newDirectory(path string, o *ReaderOptions) *directory {
	d := &directory{
		path:     path,
		options:  o,
		fs:       scarce.Read(o.FS),
		segments: map[string]*segmentSource{},
		others:   map[string]*file{},
		seen:     map[string]seen{},
		names:    glance.New(o.FS, path),
	}
	d.users.Store(1)
	scarce.Add(d)
	return d
}

// finishOpen ends the open. From now on an open segment stays the same file, even if its
// name leads to another one.
func (d *directory) finishOpen() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = true
	for _, name := range []string{lineage.FileName, swap.Name(lineage.FileName)} {
		if was, ok := d.seen[name]; ok {
			d.lineages = append(d.lineages, was.info)
		}
	}
}

// unswapped reports whether no segment was replaced by a swap since the open: store.thaw, the
// first file that a swap renames, is the same. Then a segment that is another file than it was
// is the copy that a recovery made of it, up to its last whole append. mu must be held.
func (d *directory) unswapped() bool {
	if !d.opened {
		return false
	}
	if _, err := d.lstat(swap.FileName); !errors.Is(err, source.ErrGone) {
		return false
	}
	is, err := d.lstat(lineage.FileName)
	if errors.Is(err, source.ErrGone) {
		return len(d.lineages) == 0
	}
	return err == nil && slices.ContainsFunc(d.lineages, func(was fsabstraction.Info) bool {
		return fsabstraction.SameFile(was.Identity, is.Identity) && was.Size == is.Size && was.ModTime == is.ModTime
	})
}

func (d *directory) retain() { d.users.Add(1) }

// release closes every file after the last user.
func (d *directory) release() error {
	if d.users.Add(-1) > 0 {
		return nil
	}
	scarce.Remove(d)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var errs []error
	for _, f := range d.others {
		errs = append(errs, f.close())
	}
	for _, f := range d.retired {
		errs = append(errs, f.close())
	}
	for s := d.open.first; s != nil; s = s.next {
		errs = append(errs, s.file.close())
	}
	d.open, d.others, d.retired = openList{}, nil, nil
	return errors.Join(errs...)
}

// List returns every name, from a single read of the directory.
func (d *directory) List() ([]coredir.Name, error) {
	d.names.Listing()
	entries, err := d.fs.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	d.forget()
	names := make([]coredir.Name, len(entries))
	for i, e := range entries {
		names[i] = coredir.Name{Name: e.Name, Odd: e.Type != fsabstraction.Regular}
	}
	return names, nil
}

// Watch implements coredir.Watcher with at most two calls. A segment of the same size but
// with another time may have been truncated and written again, so it is looked at.
func (d *directory) Watch(name string) coredir.Change {
	if !d.names.Same() {
		return coredir.Unknown
	}
	if name == "" {
		return coredir.Unchanged
	}
	d.mu.Lock()
	was := d.seen[name].info
	d.mu.Unlock()
	is, err := d.lstat(name)
	switch {
	case err != nil || is.Type != fsabstraction.Regular || !fsabstraction.SameFile(was.Identity, is.Identity):
		return coredir.Unknown
	case is.Size > was.Size:
		return coredir.Grew
	case is.Size == was.Size && is.ModTime == was.ModTime:
		return coredir.Unchanged
	}
	return coredir.Unknown
}

var _ coredir.Watcher = (*directory)(nil)

// forget drops all known segments if the store is still being opened: the open starts again,
// and a segment whose file was replaced meanwhile must be looked at again.
func (d *directory) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened {
		return
	}
	for name := range d.seen {
		if isSegment(name) {
			d.drop(name)
			delete(d.seen, name)
		}
	}
}

// drop forgets the source of a segment whose name now leads to another file. mu must be held.
func (d *directory) drop(name string) {
	s := d.segments[name]
	if s == nil {
		return
	}
	if s.file != nil {
		d.open.remove(s)
		if s.readers == 0 {
			_ = s.file.close()
		} else {
			d.retired = append(d.retired, s.file)
		}
		s.file = nil
	}
	delete(d.segments, name)
}

// Look returns the entry of a name.
func (d *directory) Look(name string) (coredir.Entry, error) {
	info, err := d.lstat(name)
	if err != nil {
		return coredir.Entry{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.entry(name, info), nil
}

func (d *directory) lstat(name string) (fsabstraction.Info, error) {
	info, err := d.options.FS.Lstat(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.Join(source.ErrGone, err)
	}
	return info, err
}

// entry records the result of lstat of a name. mu must be held.
func (d *directory) entry(name string, info fsabstraction.Info) coredir.Entry {
	e := coredir.Entry{Name: name, Size: info.Size, Regular: info.Type == fsabstraction.Regular, ModTime: info.ModTime}
	was, ok := d.seen[name]
	same := ok && !replaced(was.info, info) && was.info.Type == info.Type &&
		(isSegment(name) || was.info.Size == info.Size && was.info.ModTime == info.ModTime)
	if !same {
		was.stamp++
	}
	d.seen[name] = seen{info: info, stamp: was.stamp}
	e.Stamp = was.stamp
	switch s := d.segments[name]; {
	case s == nil:
	case !replaced(s.info, info):
		s.size.Store(info.Size)
	case !d.opened: // the open starts again, with the new file
		d.drop(name)
	}
	return e
}

// add records a segment made since the last listing.
func (d *directory) add(name string) error {
	info, err := d.options.FS.Lstat(filepath.Join(d.path, name))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(name) // an earlier file of that name was removed
	d.entry(name, info)
	return nil
}

// newest returns the highest segment id and the size of that segment, or 0 and 0 without
// segments.
func (d *directory) newest() (id, size uint64, err error) {
	names, err := d.fs.ReadDir(d.path)
	if err != nil {
		return 0, 0, err
	}
	for _, n := range names {
		if i, ok := segment.ParseName(n.Name); ok && n.Type == fsabstraction.Regular {
			id = max(id, i)
		}
	}
	if id == 0 {
		return 0, 0, nil
	}
	info, err := d.options.FS.Lstat(filepath.Join(d.path, segment.Name(id)))
	return id, uint64(max(info.Size, 0)), err
}

// extend makes the segments at least as long for readers as the given events need: a segment
// that is being written grows after it was looked at.
func (d *directory) extend(memtable artifact.Run) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range memtable.Len() {
		at := memtable.At(i).Position()
		if i+1 < memtable.Len() && memtable.At(i+1).Position().Segment == at.Segment {
			continue // only a segment's last event counts
		}
		d.grownTo(segment.Name(at.Segment), int64(at.Offset)+int64(at.Length))
	}
}

// isSegment reports whether a name is that of a segment, or of one that waits for a swap.
func isSegment(name string) bool {
	_, ok := segment.ParseName(coredir.Final(name))
	return ok
}

// grown makes a segment at least so long for readers.
func (d *directory) grown(name string, size int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.grownTo(name, size)
}

// grownTo is grown with mu held.
func (d *directory) grownTo(name string, size int64) {
	if s := d.segments[name]; s != nil && s.Size() < size {
		s.size.Store(size)
	}
	if was, ok := d.seen[name]; ok && was.info.Size < size {
		was.info.Size = size
		d.seen[name] = was
	}
}

// replaced reports whether was and is are known to be different files. If the file system
// does not identify files, it returns false.
func replaced(was, is fsabstraction.Info) bool {
	return was.Identity.Known() && is.Identity.Known() && !fsabstraction.SameFile(was.Identity, is.Identity)
}

// Open returns the content of a listed name.
func (d *directory) Open(name string) (source.Source, error) {
	if isSegment(name) {
		return d.segment(name)
	}
	f, err := d.openFile(d.fs, name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errors.Join(ErrClosed, f.close())
	}
	kind := coredir.KindOf(coredir.Final(name))
	if !kind.Latest() {
		if err := f.check(d.seen[name].info); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	// Only one goroutine opens or refreshes. Afterwards only index files are read, which a
	// refresh never opens again.
	if old := d.others[name]; old != nil {
		if err := old.close(); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	d.others[name] = f
	if kind.Paged() {
		return indexFile{f}, nil
	}
	return f, nil
}

func (d *directory) openFile(fsys fsabstraction.ReadFS, name string) (*file, error) {
	f, err := fsys.Open(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(source.ErrGone, err)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &file{file: f, info: info, size: info.Size, mapping: !d.options.NoMapping}, nil
}

// check returns source.ErrGone if the file is not the listed one.
func (f *file) check(listed fsabstraction.Info) error {
	if replaced(listed, f.info) {
		return source.ErrGone
	}
	return nil
}

// segment returns the only source of a segment, which opens its file when it is read. It
// looks at a segment that the open did not need.
func (d *directory) segment(name string) (*segmentSource, error) {
	if s := d.known(name); s != nil {
		return s, nil
	}
	info, err := d.lstat(name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	if _, ok := d.seen[name]; !ok { // otherwise another goroutine was faster
		d.entry(name, info)
	}
	d.mu.Unlock()
	return d.known(name), nil
}

// known returns the source of a segment, or nil if the segment was not looked at.
func (d *directory) known(name string) *segmentSource {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.segments[name]; s != nil {
		return s
	}
	seen, ok := d.seen[name]
	if !ok {
		return nil
	}
	s := &segmentSource{directory: d, name: name, info: seen.info}
	s.size.Store(seen.info.Size)
	d.segments[name] = s
	return s
}
