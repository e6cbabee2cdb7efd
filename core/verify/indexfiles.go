package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
)

// checkIndexes checks index.thaw and the index in each part file.
func (c *check) checkIndexes() error {
	c.truth.places, c.truth.now, c.duplicates = places{n: c.truth.len()}, nil, duplicates{} // frees memory
	for _, s := range c.images {
		if s.image == nil {
			continue
		}
		if err := c.checkIndex(s); err != nil {
			return err
		}
	}
	return nil
}

// checkIndex checks the file with the index of s: the checksum of every page, then every
// byte. Records, names and the seeds in the file's header determine the index, so
// checkIndex builds it again, section by section, and compares.
func (c *check) checkIndex(s *imageReader) error {
	name := s.file
	if name == artifact.FileName {
		name = index.FileName
		if _, ok := c.dir.listing.Others[name]; !ok { // the next open builds it
			return nil
		}
	}
	f, err := directory.ReadIndex(c.dir, c.dir.listing.Others[name])
	if err != nil {
		c.refused(name, err)
		return nil
	}
	if !s.contained() && (f.Contained() || !f.Belongs(s.head, s.raw.Size())) {
		c.findings.note(Note{Topic: Stale, File: name})
		return nil
	}
	if f.Segments() != directory.DigestSegments(c.dir.listing.IDs(), s.from, s.watermark) {
		c.findings.note(Note{Topic: Stale, File: name, Detail: "it was made over other segments"})
	}
	_, ix := f.Index(s.raw, artifact.FileName)
	if err := ix.CheckAll(c.stop); err != nil {
		if c.stopped != nil {
			return c.stopped
		}
		var why *damage.Refusal
		errors.As(err, &why)
		c.refused(why.File, err)
		return nil
	}
	why, err := f.Compare(index.Input{
		Image: *s.image, Names: s.names, Bounds: s.bounds(c.dir.listing.Size), Seed: f.Seed(),
		Each: func(uint64, []byte) error { return c.stop() },
	}, index.Saved{Contained: s.contained(), Segments: f.Segments(), From: s.from})
	if why != nil {
		c.findings.damage(at(name, why.Offset, damage.Lookups, why, nil))
	}
	return err
}
