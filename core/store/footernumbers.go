package store

import (
	"cmp"
	"errors"
	"slices"
	"sort"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// readNumbers sets the numbers that the segments' footers give to the tail's events, and
// the shifts of those without.
func (n *numbering) readNumbers() error {
	n.given = make([]uint64, n.count)
	for i := range n.given {
		n.given[i] = noNumber
	}
	for i := 0; i < n.count; {
		run := numberedRun{segment: n.draft.At(i).Position().Segment, first: i}
		for i < n.count && n.draft.At(i).Position().Segment == run.segment {
			i++
		}
		run.end = i
		n.runs = append(n.runs, run)
	}
	elsewhere := map[event.ID]uint64{} // of entries whose frames lie in another segment (D19)
	for _, e := range n.s.listing.Segments {
		if e.ID < n.runs[0].segment {
			continue
		}
		if err := n.s.options.stopped(); err != nil {
			return err
		}
		sealed, err := n.readFooter(e.ID, elsewhere)
		if err != nil {
			return err
		}
		n.sealed[e.ID] = sealed
	}
	if len(elsewhere) > 0 {
		for i := range n.given {
			if number, ok := elsewhere[n.draft.At(i).ID()]; ok && n.given[i] == noNumber {
				n.given[i] = number
			}
		}
	}
	return n.readShifts()
}

// readFooter reads the numbers in a segment's footer, and reports whether it has one.
func (n *numbering) readFooter(id uint64, elsewhere map[event.ID]uint64) (sealed bool, err error) {
	f, err := footerOf(n.s.files, id)
	if f == nil {
		return false, err
	}
	var run numberedRun
	if k, ok := slices.BinarySearchFunc(n.runs, id, func(r numberedRun, id uint64) int {
		return cmp.Compare(r.segment, id)
	}); ok {
		run = n.runs[k]
	}
	for k := range f.Len() {
		at := event.Position{Segment: id, Offset: f.FrameOffset(k)}
		if n.s.base > 0 && n.s.filesEnd().watermark.Covers(at) {
			continue
		}
		named := f.Entry(k).ID
		i := run.first + sort.Search(run.end-run.first, func(i int) bool {
			return n.draft.At(run.first+i).Position().Offset >= at.Offset
		})
		if i < run.end && n.draft.At(i).Position().Offset == at.Offset && n.draft.At(i).ID() == named {
			n.given[i] = f.Sequence(k)
		} else {
			elsewhere[named] = f.Sequence(k)
		}
	}
	return true, nil
}

// footerOf returns a segment's footer, nil when it has no sound one or is gone. The error
// is a [source.ReadError].
func footerOf(files directory.Files, id uint64) (*sidx.Footer, error) {
	name := segment.Name(id)
	src, err := directory.Open(files, name)
	if err == nil {
		at, ok, failed := segment.FooterOffset(src)
		if err = failed; err == nil && ok {
			var f *sidx.Footer
			if f, err = segment.Footer(src, at); err == nil {
				return f, nil
			}
		}
	}
	if errors.Is(err, source.ErrRead) {
		return nil, source.Named(name, err)
	}
	return nil, nil
}

// readShifts sets how many events before each segment batpak may have counted from 0:
// those without a number in a footer that lie after an index, and before or in a segment
// without a footer. Any sealed segment after an event may have come with an index; only
// after one without a footer does a session begin that read it.
func (n *numbering) readShifts() error {
	indexed := n.s.base > 0
	shift, unnumbered, err := n.unsealedInBase(n.runs[0].segment)
	if err != nil {
		return err
	}
	next := 0
	for _, e := range n.s.listing.Segments {
		if next == len(n.runs) {
			break
		}
		if e.ID < n.runs[0].segment {
			continue
		}
		if run := &n.runs[next]; run.segment == e.ID {
			next++
			run.shift, run.own = shift, n.s.wrote(e.ID)
			for i := run.first; indexed && i < run.end; i++ {
				if n.given[i] == noNumber {
					unnumbered++
				}
			}
		}
		if n.sealed[e.ID] {
			indexed = true
		} else {
			shift, unnumbered = shift+unnumbered, 0
		}
	}
	return nil
}

// unsealedInBase counts the events of the index whose segments have no footer: those
// before a segment, and those inside it. batpak may have opened the store without the
// index.
func (n *numbering) unsealedInBase(first uint64) (count, inside uint64, err error) {
	var id uint64
	var open bool
	for _, p := range n.s.parts[:n.s.base] {
		err = n.s.withPart(p, func(p *part) error {
			was, wasInside := count, inside
			err := p.Image.EachBlock(func(_ uint64, block []byte) error {
				for ; len(block) > 0; block = block[artifact.RecordSize:] {
					if at := artifact.Raw(block).Position().Segment; at != id {
						if err := n.s.options.stopped(); err != nil {
							return err
						}
						f, err := footerOf(n.s.files, at)
						if err != nil {
							return err
						}
						id, open = at, f == nil
					}
					switch {
					case open && id == first:
						inside++
					case open:
						count++
					}
				}
				return nil
			})
			if err != nil {
				count, inside = was, wasInside
			}
			return err
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return count, inside, nil
}
