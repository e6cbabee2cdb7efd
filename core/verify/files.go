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

// fixedFiles is a store's directory as it was listed. Every open of a run reads it: it
// does not show later appends, and small files keep their content when replaced.
type fixedFiles struct {
	files   directory.Files
	entries []directory.Entry
	byName  map[string]directory.Entry
	listing *directory.Listing
	opened  map[string]source.Source
	failure firstFailure

	segmentBytes, indexBytes uint64
}

// size returns the size of an entry, 0 if that is negative.
func size(e directory.Entry) uint64 { return uint64(max(e.Size, 0)) }

// listTries bounds how often the directory is listed because an index file was replaced
// or removed before it was opened.
const listTries = 5

// openFiles lists the directory and opens the index files at once, since a writer may replace
// them, or remove them once another file has their content.
func openFiles(files directory.Files) (d *fixedFiles, err error) {
	for range listTries {
		d, err = listAndOpen(files)
		if errors.Is(err, directory.ErrSwap) {
			var resolved directory.Files
			if resolved, err = directory.Resolve(files); err == nil {
				d, err = listAndOpen(resolved)
			}
		}
		if !errors.Is(err, source.ErrGone) && !errors.Is(err, directory.ErrSwap) {
			break
		}
	}
	return d, err
}

func listAndOpen(files directory.Files) (*fixedFiles, error) {
	d, err := listFiles(files)
	if err == nil {
		err = d.openIndex()
	}
	return d, err
}

// openIndex opens the index files for later reads. It ignores errors other than a missing
// file, which recur and are reported when the file is read.
func (d *fixedFiles) openIndex() error {
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

// listFiles lists the directory and keeps the content of synced.thaw, which a writer
// overwrites in place. If the sync mark lies after the listed end of its segment, the
// writer synced between the two reads, and listFiles lists the directory again.
func listFiles(files directory.Files) (*fixedFiles, error) {
	d, err := listDirectory(files)
	if err != nil {
		return nil, err
	}
	e, ok := d.byName[synced.FileName]
	if !ok || !e.Regular {
		return d, nil
	}
	src, err := files.Open(e.Name)
	if errors.Is(err, source.ErrGone) {
		return nil, err // a writer closed the store since the listing
	}
	if err != nil {
		return d, nil // recurs, and is reported, when the file is read
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

func listDirectory(files directory.Files) (*fixedFiles, error) {
	entries, err := directory.LookAll(files)
	if err != nil {
		return nil, err
	}
	d := &fixedFiles{
		files:   files,
		entries: entries,
		byName:  map[string]directory.Entry{},
		opened:  map[string]source.Source{},
	}
	for _, e := range entries {
		d.byName[e.Name] = e
		if checked(e.Name) && e.Regular {
			d.indexBytes += size(e)
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

// checked reports whether a run checks a file that is no segment: an index file, the
// hidden ranges or store.thaw.
func checked(name string) bool {
	kind := directory.KindOf(name)
	return kind.Derived() || kind == directory.HiddenRanges || kind == directory.Lineage
}

// List implements directory.Files.
func (d *fixedFiles) List() ([]directory.Name, error) {
	names := make([]directory.Name, len(d.entries))
	for i, e := range d.entries {
		names[i] = directory.Name{Name: e.Name, Odd: !e.Regular}
	}
	return names, nil
}

// Look implements directory.Files. It returns the entry as it was listed.
func (d *fixedFiles) Look(name string) (directory.Entry, error) {
	e, ok := d.byName[name]
	if !ok {
		return directory.Entry{}, source.ErrGone
	}
	return e, nil
}

// Open implements directory.Files. It returns a segment with its listed size.
func (d *fixedFiles) Open(name string) (source.Source, error) {
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

// errName is the cause of damage for a segment under a name that no segment has.
var errName = errors.New("verify: the name is not that of a segment")

// names finds segments under wrong names. Other files do not belong to the store.
func (c *check) names() error {
	for _, e := range c.dir.entries {
		if _, ok := segment.ParseName(e.Name); ok {
			if !e.Regular {
				d := at(e.Name, 0, damage.NotRegular, nil, nil)
				d.EndSequence = damage.UnknownEnd
				c.findings.damage(d)
			}
			continue
		}
		if !likeSegment(e.Name) {
			continue
		}
		if e.Regular && strings.HasSuffix(e.Name, segment.Extension) && c.holdsSegment(e.Name) {
			c.findings.damage(at(e.Name, 0, damage.SegmentID, errName, nil))
			continue
		}
		c.findings.note(Note{Topic: Stray, File: e.Name})
	}
	return nil
}

// likeSegment reports whether a file that is not named like a segment may be one.
// batpak's compaction renames its inputs to .compact-src, and a crash leaves them so.
func likeSegment(name string) bool {
	return strings.HasSuffix(name, segment.Extension) || strings.Contains(name, segment.Extension+".") ||
		strings.HasSuffix(name, ".compact-src")
}

// holdsSegment reports whether a file begins with a segment's header.
func (c *check) holdsSegment(name string) bool {
	src, err := c.dir.open(name)
	if err != nil {
		return false
	}
	_, _, err = segment.ReadHeader(src)
	return err == nil
}
