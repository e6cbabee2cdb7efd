package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// snapshotBlock is how much of index.fbati is read at once.
const snapshotBlock = 1 << 18

// snapshot is index.fbati or index.ckpt, taken by an open and now read record
// by record.
type snapshot struct {
	file      string
	from      artifact.Watermark // where the part before it ends
	watermark artifact.Watermark
	allocator uint64
	raw       source.Source // of index.fbati, or of the artifact in a part file
	head      []byte        // of it
	names     *strtab.Table
	namesAt   uint64
	image     *index.Image // of index.fbati
	used      []uint64     // a bit for each name that a record uses

	record event.Record // valid when more is true
	offset uint64       // of the record, or where the last one ends
	more   bool
	after  uint64 // the sequence after that of the last record read
	left   int
	read   func() (record event.Record, offset uint64, err error)
	begin  func() error // makes read begin with the first record
}

// readSnapshot begins to read a snapshot that an open has taken.
func (r *run) readSnapshot(file string) (s *snapshot, err error) {
	s = &snapshot{file: file}
	if file == artifact.FileName {
		err = s.openIndex(r.dir)
	} else {
		err = s.openCheckpoint(r)
	}
	if err != nil {
		return nil, err
	}
	s.used = make([]uint64, (s.names.Len()+63)/64)
	return s, s.next()
}

// rewind goes back to the first record.
func (s *snapshot) rewind() error {
	if err := s.begin(); err != nil {
		return err
	}
	s.record = event.Record{}
	return s.next()
}

func (s *snapshot) openIndex(d *frozen) error {
	src, err := d.Open(s.file)
	if err != nil {
		return err
	}
	return s.openArtifact(src, 0)
}

// openPart is openIndex for a part file. why is what is wrong with its pages.
func (s *snapshot) openPart(d *frozen, stop func() error) (why *damage.Refusal, err error) {
	src, err := d.Open(s.file)
	if err != nil {
		return nil, err
	}
	f, err := index.ReadFile(s.file, src)
	if err != nil {
		return nil, err
	}
	_, tables := f.Index(nil, "")
	if err := tables.CheckAll(stop); err != nil {
		errors.As(err, &why)
		if why == nil {
			return nil, err
		}
		return why, nil
	}
	return nil, s.openArtifact(source.Part(src, index.ImageAt, f.ArtifactSize()), index.ImageAt)
}

// openArtifact begins to read the artifact in src, which stands at offset base of
// its file.
func (s *snapshot) openArtifact(src source.Source, base uint64) error {
	h, err := artifact.ReadHeader(src)
	if err != nil {
		return err
	}
	s.raw, s.head = src, artifact.AppendHeader(nil, &h)
	raw := make([]byte, h.TableSize)
	if err := source.Read(src, raw, artifact.HeaderSize); err != nil {
		return err
	}
	if s.names, err = strtab.Decode(raw); err != nil {
		return err
	}
	image := index.FileImage(src, &h)
	s.image = &image
	s.watermark, s.allocator = h.Watermark, h.Allocator
	s.namesAt = base + artifact.HeaderSize
	win := source.NewWindow(src, snapshotBlock)
	var at uint64
	s.begin = func() error {
		at, s.left = h.RecordsAt(), int(h.Records)
		s.offset = base + at
		return nil
	}
	s.read = func() (event.Record, uint64, error) {
		b, err := win.Bytes(at, artifact.RecordSize)
		if err != nil {
			return event.Record{}, base + at, err
		}
		at += artifact.RecordSize
		return artifact.Raw(b).Decode(), base + at - artifact.RecordSize, nil
	}
	return s.begin()
}

func (s *snapshot) openCheckpoint(r *run) error {
	raw, err := r.whole(s.file)
	if err != nil {
		return err
	}
	c, err := checkpoint.Decode(raw)
	if err != nil {
		return err
	}
	s.names, s.watermark, s.allocator = c.Names, c.Watermark, c.Allocator
	s.begin = func() (err error) {
		if c, err = checkpoint.Decode(raw); err == nil {
			s.left, s.offset = c.Entries, uint64(c.Offset())
		}
		return err
	}
	s.read = func() (event.Record, uint64, error) {
		at := c.Offset()
		e, err := c.Next()
		return e, uint64(at), err
	}
	return s.begin()
}

// next goes on to the next record.
func (s *snapshot) next() (err error) {
	if s.more = s.left > 0; !s.more {
		if s.record.Position.Length > 0 && s.image != nil {
			s.offset += artifact.RecordSize
		}
		return nil
	}
	s.left--
	s.record, s.offset, err = s.read()
	if err == nil {
		s.after = s.record.Sequence + 1
		s.used[s.record.Entity/64] |= 1 << (s.record.Entity % 64)
		s.used[s.record.Scope/64] |= 1 << (s.record.Scope % 64)
	}
	return err
}

func (s *snapshot) position() event.Position { return s.record.Position }

// covers reports whether an event lies before the watermark, and not before
// the place where the snapshot begins.
func (s *snapshot) covers(p event.Position) bool {
	return s.watermark.Covers(p) && !s.from.Covers(p)
}

// contained reports whether the snapshot is a part file.
func (s *snapshot) contained() bool { return s.file != artifact.FileName }

// bounds are the rules for the records.
func (s *snapshot) bounds(sizes func(uint64) (uint64, bool)) index.Bounds {
	return index.Bounds{Allocator: s.allocator, Watermark: s.watermark, SegmentSize: func(id uint64) (uint64, bool) {
		n, ok := sizes(id)
		if id == s.watermark.Segment {
			n = min(n, s.watermark.Offset)
		}
		return n, ok
	}}
}

// claim is what the snapshot says of its current record.
func (s *snapshot) claim() claim {
	return claim{
		file:   s.file,
		offset: s.offset,
		facts:  s.record.Facts,
		entity: s.names.At(s.record.Entity),
		scope:  s.names.At(s.record.Scope),
	}
}
