package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/source"
)

// Lineage returns the content of store.thaw: nil without that file, and a [damage.Damage]
// if it is damaged. The result must not be changed.
func (s *Snapshot) Lineage() (*lineage.Lineage, error) {
	if s.lineageDamage != nil {
		return nil, s.lineageDamage
	}
	return s.lineage, nil
}

// LineageLost returns the damage of store.thaw if nothing else says which sequences were
// given out, and nil otherwise. Nothing may be appended then: the last events may have been
// removed, and their numbers would be given to others. An index records the next sequence
// too, and every writer that removes events writes one.
func (s *Snapshot) LineageLost() error {
	if s.lineageDamage != nil && s.report.OpenedFrom == FromSegments {
		return s.lineageDamage
	}
	return nil
}

// readLineage reads store.thaw. Damage of it is listed in the report, since nothing can
// replace it; the events are still shown.
func (o *opening) readLineage() error {
	e, ok := o.listing.Others[lineage.FileName]
	if !ok || o.options.skips(lineage.FileName) {
		return nil
	}
	l, err := directory.ReadLineage(o.files, e)
	var d *damage.Damage
	switch {
	case errors.Is(err, source.ErrRead), errors.Is(err, source.ErrGone):
		return source.Named(e.Name, err)
	case errors.Is(err, source.ErrShort):
		d = &damage.Damage{File: e.Name, Reason: damage.Shortened, Err: err}
	case err != nil:
		r := refusal(e.Name, err)
		d = &damage.Damage{File: e.Name, Offset: uint64(max(r.Offset, 0)), Reason: r.Reason, Err: r.Err}
	}
	o.lineage, o.lineageDamage = l, d
	if d != nil {
		o.report.Damages = append(o.report.Damages, d)
	}
	return nil
}

// nextSequence returns the bound that store.thaw sets to the sequences of later events.
func (s *Snapshot) nextSequence() uint64 {
	if s.lineage == nil {
		return 0
	}
	return s.lineage.NextSequence
}
