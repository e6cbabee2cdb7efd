package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
)

// Causes of damage with reason lookups: which way does not lead to a record.
var (
	ErrNames        = errors.New("verify: the names do not lead to their strings")
	ErrNameOrder    = errors.New("verify: the sorted names are not all names in order")
	ErrEntityList   = errors.New("verify: an entity's list is not its records in order")
	ErrScopeList    = errors.New("verify: a scope's list is not its records in order")
	ErrKindList     = errors.New("verify: a kind's list is not its records in order")
	ErrIDs          = errors.New("verify: an event id does not lead to its records in order")
	ErrCorrelations = errors.New("verify: a correlation's list is not its records in order")
	ErrCausations   = errors.New("verify: a causation's list is not its records in order")
	ErrSequences    = errors.New("verify: a sequence does not lead to its record")
	ErrSegments     = errors.New("verify: the segments are not those that the records lie in")
	ErrFlags        = errors.New("verify: a promise about all records is broken")
)

// Lookups proves that tables hide nothing of the image they belong to: every
// list of every entity, scope, kind, correlation and causation holds exactly
// the records it should, in order; every id, name and sequence leads where it
// should; and what the tables promise of all records holds. sizes, when set,
// is what the segments' lengths are compared with.
//
// The damages have reason lookups, file as their file, and one of the errors
// above; there are at most [MaxFindings] of each. The image must have passed
// [index.Build]. Memory is 162 bytes a record, unless the image is in memory,
// and up to 48 more. The error is that of stop or of reading the image.
func Lookups(file string, img *index.Image, t *index.Tables,
	sizes func(id uint64) (uint64, bool), stop func() error) ([]*damage.Damage, error) {
	f := newFindings()
	if err := proveLookups(f, file, img, t, sizes, stop); err != nil {
		return nil, err
	}
	var r Result
	f.fill(&r)
	return r.Damages, nil
}

func proveLookups(f *findings, file string, img *index.Image, t *index.Tables,
	sizes func(id uint64) (uint64, bool), stop func() error) error {
	p, err := newProver(f, file, img, t)
	if err != nil {
		return err
	}
	for _, step := range []func(){
		p.names, p.nameOrder,
		p.entities, p.scopes, p.kinds, p.sequences,
		p.ids, p.correlations, p.causations,
		func() { p.segments(sizes) },
	} {
		if stop != nil {
			if err := stop(); err != nil {
				return err
			}
		}
		step()
	}
	return nil
}

// lookups proves the lookups in files.
func (r *run) lookups() error {
	r.truth.places, r.truth.now, r.duplicates = places{n: r.truth.len()}, nil, duplicates{} // done with
	for _, s := range r.snapshots {
		if s.image == nil {
			continue
		}
		if err := r.saved(s); err != nil {
			return err
		}
	}
	return nil
}

// records are the records of an image in memory.
type records []byte

func inMemory(img *index.Image) (records, error) {
	if b, ok := img.Records.(source.Bytes); ok && img.RecordsAt+uint64(img.Count)*artifact.RecordSize <= uint64(len(b)) {
		return records(b[img.RecordsAt : img.RecordsAt+uint64(img.Count)*artifact.RecordSize]), nil
	}
	b := make([]byte, uint64(img.Count)*artifact.RecordSize)
	return b, source.Read(img.Records, b, img.RecordsAt)
}

func (r records) len() int { return len(r) / artifact.RecordSize }

func (r records) at(i int) artifact.Raw {
	return artifact.Raw(r[i*artifact.RecordSize : (i+1)*artifact.RecordSize])
}
