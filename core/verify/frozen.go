package verify

import (
	"errors"
	"strings"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// frozen is a store's directory as it was listed, every name looked at. It is the Files
// of every open within a run: it does not show what was appended later, and a small file
// that is replaced meanwhile keeps its content.
type frozen struct {
	files   directory.Files
	entries []directory.Entry
	byName  map[string]directory.Entry
	listing *directory.Listing // of the entries
	opened  map[string]source.Source
	unread  unread

	segmentBytes, snapshotBytes uint64
}

// size is the size of an entry that is not below 0.
func size(e directory.Entry) uint64 { return uint64(max(e.Size, 0)) }

// freezeTries is how often the directory is listed because a file of the index was
// replaced or removed before it was opened.
const freezeTries = 5

// freeze lists the directory and opens the files of the index, which a writer
// replaces, and removes when their content is in another.
func freeze(files directory.Files) (d *frozen, err error) {
	for range freezeTries {
		if d, err = freezeOnce(files); err == nil {
			err = d.openIndex()
		}
		if !errors.Is(err, source.ErrGone) {
			break
		}
	}
	return d, err
}

// openIndex opens the files of the index, which are read later. Trouble other than a
// missing file shows again, and is reported, when the file is read.
func (d *frozen) openIndex() error {
	for _, e := range d.entries {
		if !directory.KindOf(e.Name).Derived() || !e.Regular {
			continue
		}
		src, err := d.open(e.Name)
		if errors.Is(err, source.ErrGone) {
			return err
		}
		if err == nil {
			d.opened[e.Name] = src
		}
	}
	return nil
}

// freezeOnce lists the directory, and keeps what synced.thaw says, which a writer
// overwrites in place. Where that promises more of a segment than was listed, the
// writer went on in between, and the directory is listed again.
func freezeOnce(files directory.Files) (*frozen, error) {
	d, err := listDirectory(files)
	if err != nil {
		return nil, err
	}
	e, ok := d.byName[synced.FileName]
	if !ok || !e.Regular {
		return d, nil
	}
	src, err := files.Open(e.Name)
	if err != nil {
		return d, nil // it is read again, and the trouble reported
	}
	raw := make([]byte, min(max(src.Size(), 0), synced.Size))
	if err := source.Read(src, raw, 0); err != nil {
		if errors.Is(err, source.ErrRead) {
			return nil, source.Named(e.Name, err)
		}
		return d, nil
	}
	if m, err := synced.Decode(raw); err == nil {
		if n, ok := d.listing.Size(m.Segment); !ok || n < m.Offset {
			if d, err = listDirectory(files); err != nil {
				return nil, err
			}
		}
	}
	d.opened[e.Name] = source.Bytes(raw)
	return d, nil
}

func listDirectory(files directory.Files) (*frozen, error) {
	entries, err := directory.LookAll(files)
	if err != nil {
		return nil, err
	}
	d := &frozen{
		files:   files,
		entries: entries,
		byName:  map[string]directory.Entry{},
		opened:  map[string]source.Source{},
	}
	for _, e := range entries {
		d.byName[e.Name] = e
		if checked(e.Name) && e.Regular {
			d.snapshotBytes += size(e)
		}
	}
	if d.listing, err = directory.List(d); err != nil {
		return nil, err
	}
	if err := d.listing.LookFrom(0); err != nil {
		return nil, err
	}
	for _, s := range d.listing.Segments {
		d.segmentBytes += size(s.Entry)
	}
	return d, nil
}

// checked reports whether a file is checked beside the segments: it holds an index or
// the hidden ranges.
func checked(name string) bool {
	kind := directory.KindOf(name)
	return kind.Derived() || kind == directory.HiddenRanges
}

// List returns the names that were listed.
func (d *frozen) List() ([]directory.Name, error) {
	names := make([]directory.Name, len(d.entries))
	for i, e := range d.entries {
		names[i] = directory.Name{Name: e.Name, Odd: !e.Regular}
	}
	return names, nil
}

// Look returns what a name led to when it was listed.
func (d *frozen) Look(name string) (directory.Entry, error) {
	e, ok := d.byName[name]
	if !ok {
		return directory.Entry{}, source.ErrGone
	}
	return e, nil
}

// Open returns a file as long as it was when it was listed.
func (d *frozen) Open(name string) (source.Source, error) {
	if src := d.opened[name]; src != nil {
		return src, nil
	}
	src, err := d.open(name)
	if err != nil {
		return nil, err
	}
	if _, ok := segment.ParseName(name); ok {
		return source.Cut(src, size(d.byName[name])), nil
	}
	d.opened[name] = src
	return src, nil
}

// errName is the cause when a segment has the wrong sort of name.
var errName = errors.New("verify: the name is not the one a segment has")

// names looks for segments under names that are not theirs. The rest of what
// other files hold is not the store's business.
func (r *run) names() error {
	for _, e := range r.dir.entries {
		if _, ok := segment.ParseName(e.Name); ok {
			if !e.Regular {
				d := at(e.Name, 0, damage.NotRegular, nil, nil)
				d.EndSequence = damage.UnknownEnd
				r.findings.damage(d)
			}
			continue
		}
		if !likeSegment(e.Name) {
			continue
		}
		if e.Regular && strings.HasSuffix(e.Name, segment.Extension) && r.holdsSegment(e.Name) {
			r.findings.damage(at(e.Name, 0, damage.SegmentID, errName, nil))
			continue
		}
		r.findings.note(Note{Topic: Stray, File: e.Name})
	}
	return nil
}

// likeSegment reports whether a name that is not a segment's may have been one:
// batpak's compaction sets sources aside as .compact-src, and a crash leaves
// them there.
func likeSegment(name string) bool {
	return strings.HasSuffix(name, segment.Extension) || strings.Contains(name, segment.Extension+".") ||
		strings.HasSuffix(name, ".compact-src")
}

// holdsSegment reports whether a file begins like a segment.
func (r *run) holdsSegment(name string) bool {
	src, err := r.dir.open(name)
	if err != nil {
		return false
	}
	_, _, err = segment.ReadHeader(src)
	return err == nil
}
