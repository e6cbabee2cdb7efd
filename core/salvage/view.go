package salvage

import (
	"sync"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
)

// view is the directory as it is read: some files under other names, some not at all.
type view struct {
	files directory.Files
	// moved has the real name of each file that is read under another one.
	moved map[string]string
	// without has the names that are not part of the store.
	without map[string]bool
	// blank has the segments whose header is hidden, so that they are searched for frames.
	blank map[string]bool

	mu   sync.Mutex
	open map[string]source.Source // of moved and blank files
}

func newView(files directory.Files) *view {
	return &view{
		files: files, moved: map[string]string{}, without: map[string]bool{}, blank: map[string]bool{},
		open: map[string]source.Source{},
	}
}

// real returns the name of the file that is read as name.
func (v *view) real(name string) string {
	if other, ok := v.moved[name]; ok {
		return other
	}
	return name
}

// move makes the file real be read as name.
func (v *view) move(real, name string) {
	v.moved[name] = real
	v.hide(real)
	delete(v.without, name)
}

// hide hides a file, under whose name another one may be read.
func (v *view) hide(real string) {
	if v.moved[real] == "" {
		v.without[real] = true
	}
}

// leave makes nothing be read as name.
func (v *view) leave(name string) {
	delete(v.moved, name)
	v.without[name] = true
}

// List implements directory.Files.
func (v *view) List() ([]directory.Name, error) {
	names, err := v.files.List()
	if err != nil {
		return nil, err
	}
	out := make([]directory.Name, 0, len(names)+len(v.moved))
	for _, n := range names {
		if !v.without[n.Name] && v.moved[n.Name] == "" {
			out = append(out, n)
		}
	}
	for name := range v.moved {
		out = append(out, directory.Name{Name: name})
	}
	return out, nil
}

// Look implements directory.Files.
func (v *view) Look(name string) (directory.Entry, error) {
	if v.without[name] {
		return directory.Entry{}, source.ErrGone
	}
	e, err := v.files.Look(v.real(name))
	e.Name = name
	return e, err
}

// Open implements directory.Files. Sources of moved files are opened once: a host may close
// the source of such a name when it is opened again.
func (v *view) Open(name string) (source.Source, error) {
	if v.without[name] {
		return nil, source.ErrGone
	}
	real := v.real(name)
	if real == name && !v.blank[name] {
		return v.files.Open(name)
	}
	return v.openOnce(real, v.blank[name])
}

// raw opens a file under its own name.
func (v *view) raw(name string) (source.Source, error) {
	if directory.KindOf(name) == directory.Segment {
		return directory.Open(v.files, name)
	}
	return v.openOnce(name, false)
}

func (v *view) openOnce(name string, blank bool) (source.Source, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	src := v.open[name]
	if src == nil {
		var err error
		if src, err = directory.Open(v.files, name); err != nil {
			return nil, err
		}
		v.open[name] = src
	}
	if blank {
		return headless{src}, nil
	}
	return src, nil
}

// headless is a segment whose magic reads as zeros.
type headless struct{ source.Source }

// ReadAt implements source.Source.
func (h headless) ReadAt(p []byte, off int64) (int, error) {
	n, err := h.Source.ReadAt(p, off)
	if off >= 0 && off < blankBytes {
		clear(p[:min(n, int(blankBytes-off))])
	}
	return n, err
}

const blankBytes = 4
