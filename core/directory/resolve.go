package directory

import (
	"cmp"
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/swap"
)

// ErrSwap is returned by [List] for a directory with a pending swap: what the names hold
// only [Resolve] tells.
var ErrSwap = errors.New("directory: swap.thaw is there; the names must be resolved")

// ReadSwap reads swap.thaw. The record is nil without the file. The error is a
// [damage.Damage], since nothing else tells which files are the store's, or a
// [source.ReadError], or [source.ErrGone] when the file went away after it was looked at.
func ReadSwap(files Files) (*swap.Record, Entry, error) {
	e, err := files.Look(swap.FileName)
	if errors.Is(err, source.ErrGone) {
		return nil, Entry{}, nil
	}
	if err != nil {
		return nil, Entry{}, source.Failed(swap.FileName, -1, err)
	}
	r, err := readSwap(files, e)
	var refused *damage.Refusal
	switch {
	case errors.As(err, &refused):
		err = &damage.Damage{File: e.Name, Offset: uint64(max(refused.Offset, 0)), Reason: refused.Reason, Err: refused.Err}
	case errors.Is(err, source.ErrShort):
		err = &damage.Damage{File: e.Name, Reason: damage.Shortened, Err: err}
	case err != nil:
		err = source.Named(e.Name, err)
	}
	return r, e, err
}

func readSwap(files Files, e Entry) (*swap.Record, error) {
	if !e.Regular {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := Open(files, e.Name)
	if err != nil {
		return nil, err
	}
	if src.Size() > swap.MaxSize {
		return nil, damage.Refuse(damage.Length, swap.MaxSize, nil)
	}
	raw := make([]byte, max(src.Size(), 0))
	if err := source.Read(src, raw, 0); err != nil {
		return nil, err
	}
	r, err := swap.Decode(raw)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Concat(r.Renames, r.Removes) {
		if !finalKind(name).Swappable() { // it belongs to another program
			return nil, damage.Refuse(damage.Body, -1, errors.New("it names "+name+", which no swap replaces"))
		}
	}
	return r, nil
}

// Resolve returns the directory as it is after its pending swap: each renamed file is the
// one that waits, if that still does, and removed files are absent. Without a swap it
// returns files. Its cost is then one look. The result does not show a swap that begins
// later; its List is [source.ErrGone] as soon as the directory has another swap.thaw, or
// none. The errors are those of [ReadSwap].
func Resolve(files Files) (Files, error) {
	r, e, err := ReadSwap(files)
	if err != nil || r == nil {
		return files, err
	}
	o := &overlay{files: files, swap: e, renames: map[string]bool{}, removes: map[string]bool{}}
	for _, name := range r.Renames {
		o.renames[name] = true
	}
	for _, name := range r.Removes {
		o.removes[name] = true
	}
	return o, nil
}

// Planned returns the directory as it will be after a swap whose record is not written yet,
// to check the new files before they count.
func Planned(files Files, r *swap.Record) Files {
	o := &overlay{files: files, planned: true, renames: map[string]bool{}, removes: map[string]bool{}}
	for _, name := range r.Renames {
		o.renames[name] = true
	}
	for _, name := range r.Removes {
		o.removes[name] = true
	}
	return o
}

// overlay is a directory with a pending swap. It does not change.
type overlay struct {
	files            Files
	swap             Entry // of swap.thaw
	planned          bool  // swap.thaw is not written yet
	renames, removes map[string]bool
}

// List implements Files.
func (o *overlay) List() ([]Name, error) {
	if over, err := o.over(); err != nil || over {
		return nil, cmp.Or(err, source.ErrGone)
	}
	names, err := o.files.List()
	if err != nil {
		return nil, err
	}
	waits := map[string]bool{}
	for _, n := range names {
		if final, ok := swap.Final(n.Name); ok && o.renames[final] {
			waits[final] = true
		}
	}
	out := names[:0]
	for _, n := range names {
		final, ok := swap.Final(n.Name)
		switch {
		case ok && o.renames[final]:
			out = append(out, Name{Name: final, Odd: n.Odd})
		case !waits[n.Name] && !o.hides(n.Name):
			out = append(out, n)
		}
	}
	return out, nil
}

// over reports whether swap.thaw is not the one that o was made from any more.
func (o *overlay) over() (bool, error) {
	if o.planned {
		return false, nil
	}
	e, err := o.files.Look(swap.FileName)
	if errors.Is(err, source.ErrGone) {
		return true, nil
	}
	return e != o.swap, source.Failed(swap.FileName, -1, err)
}

// hides reports whether a name of the directory is not one of the finished swap's.
func (o *overlay) hides(name string) bool {
	return o.removes[name] || name == swap.FileName || Final(name) != name
}

// Look implements Files.
func (o *overlay) Look(name string) (Entry, error) {
	e, err := found(o, name, o.files.Look)
	e.Name = name
	return e, err
}

// Open implements Files.
func (o *overlay) Open(name string) (source.Source, error) {
	return found(o, name, o.files.Open)
}

// found calls find with the name under which the directory has a file. The waiting name of a
// renamed one counts only while o's swap is pending: afterwards a file that the next swap has
// only prepared can have it.
func found[T any](o *overlay, name string, find func(string) (T, error)) (T, error) {
	var none T
	if o.hides(name) {
		return none, source.ErrGone
	}
	if !o.renames[name] {
		return find(name)
	}
	v, err := find(swap.Name(name))
	if errors.Is(err, source.ErrGone) {
		return find(name)
	}
	if over, failed := o.over(); failed != nil {
		return none, failed
	} else if over {
		return find(name)
	}
	return v, err
}
