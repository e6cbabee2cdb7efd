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

// imageBlock is the number of bytes of index.fbati to read at once.
const imageBlock = 1 << 18

// imageReader reads an index image record by record, after an open accepted it.
type imageReader struct {
	file      string
	from      artifact.Watermark // where the part before it ends
	watermark artifact.Watermark
	allocator uint64
	raw       source.Source // index.fbati, or the artifact in a part file
	head      []byte        // header of raw
	names     *strtab.Table
	namesAt   uint64
	image     *index.Image // of raw
	used      []uint64     // bitmap of the names in use

	record event.Record // valid when more is true
	offset uint64       // of the record, or of the end of the last one
	more   bool
	after  uint64 // the sequence of the last record read, plus one
	left   int
	read   func() (record event.Record, offset uint64, err error)
	begin  func() error // restarts read at the first record
}

// openImage opens an index image that an open accepted, at its first record.
func (c *check) openImage(file string) (s *imageReader, err error) {
	s = &imageReader{file: file}
	if file == artifact.FileName {
		err = s.openIndex(c.dir)
	} else {
		err = s.openCheckpoint(c)
	}
	if err != nil {
		return nil, err
	}
	s.used = make([]uint64, (s.names.Len()+63)/64)
	return s, s.next()
}

// rewind returns to the first record.
func (s *imageReader) rewind() error {
	if err := s.begin(); err != nil {
		return err
	}
	s.record = event.Record{}
	return s.next()
}

func (s *imageReader) openIndex(d *fixedFiles) error {
	src, err := d.Open(s.file)
	if err != nil {
		return err
	}
	return s.openArtifact(src, 0)
}

// openPart is openIndex for a part file. why says that one of its pages is damaged.
func (s *imageReader) openPart(d *fixedFiles, stop func() error) (why *damage.Refusal, err error) {
	src, err := d.Open(s.file)
	if err != nil {
		return nil, err
	}
	f, err := index.ReadFile(s.file, src)
	if err != nil {
		return nil, err
	}
	_, ix := f.Index(nil, "")
	if err := ix.CheckAll(stop); err != nil {
		errors.As(err, &why)
		if why == nil {
			return nil, err
		}
		return why, nil
	}
	return nil, s.openArtifact(source.Part(src, index.ImageAt, f.ArtifactSize()), index.ImageAt)
}

// openArtifact opens the artifact in src, which lies at offset base of its file.
func (s *imageReader) openArtifact(src source.Source, base uint64) error {
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
	win := source.NewWindow(src, imageBlock)
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

func (s *imageReader) openCheckpoint(c *check) error {
	raw, err := c.whole(s.file)
	if err != nil {
		return err
	}
	ckpt, err := checkpoint.Decode(raw)
	if err != nil {
		return err
	}
	s.names, s.watermark, s.allocator = ckpt.Names, ckpt.Watermark, ckpt.Allocator
	s.begin = func() (err error) {
		if ckpt, err = checkpoint.Decode(raw); err == nil {
			s.left, s.offset = ckpt.Entries, uint64(ckpt.Offset())
		}
		return err
	}
	s.read = func() (event.Record, uint64, error) {
		at := ckpt.Offset()
		e, err := ckpt.Next()
		return e, uint64(at), err
	}
	return s.begin()
}

// next advances to the next record.
func (s *imageReader) next() (err error) {
	if s.more = s.left > 0; !s.more {
		if s.record.Position.Length > 0 && s.image != nil {
			s.offset += artifact.RecordSize
		}
		return nil
	}
	s.left--
	s.record, s.offset, err = s.read()
	if n := uint32(s.names.Len()); err == nil && (s.record.Entity >= n || s.record.Scope >= n) {
		// The open validated the record, so the file changed since.
		why := damage.Refuse(damage.Short, int64(s.offset), source.ErrShort)
		why.File = s.file
		return why
	}
	if err == nil {
		s.after = s.record.Sequence + 1
		s.used[s.record.Entity/64] |= 1 << (s.record.Entity % 64)
		s.used[s.record.Scope/64] |= 1 << (s.record.Scope % 64)
	}
	return err
}

func (s *imageReader) position() event.Position { return s.record.Position }

// covers reports whether an event lies between the beginning of the image and its
// watermark.
func (s *imageReader) covers(p event.Position) bool {
	return s.watermark.Covers(p) && !s.from.Covers(p)
}

// contained reports whether the image is in a part file.
func (s *imageReader) contained() bool { return s.file != artifact.FileName }

// bounds returns the rules that the records must obey.
func (s *imageReader) bounds(sizes func(uint64) (uint64, bool)) index.Bounds {
	return index.Bounds{NextSequence: s.allocator, Watermark: s.watermark, SegmentSize: func(id uint64) (uint64, bool) {
		n, ok := sizes(id)
		if id == s.watermark.Segment {
			n = min(n, s.watermark.Offset)
		}
		return n, ok
	}}
}

// claim returns the claim of the current record.
func (s *imageReader) claim() claim {
	return claim{
		file:   s.file,
		offset: s.offset,
		facts:  s.record.Facts,
		entity: s.names.At(s.record.Entity),
		scope:  s.names.At(s.record.Scope),
	}
}
