package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
)

// An open does not read all of the index files, so rot in them shows when a query
// touches the page. The query then repairs the part, once for all queries: it rebuilds
// the index from the records, or the records from the segments. The files stay as they
// are. A repair takes as long as an open without the file would have taken.

// withPart calls f with the part, and again with its stand-in when f meets damage in
// its file. f must resume where it stopped.
func (s *Snapshot) withPart(p *part, f func(*part) error) error {
	for {
		used := p.now()
		err := f(used)
		if err == nil || p.file == nil || !repairable(err) {
			return err
		}
		if err := s.repair(p, used, err); err != nil {
			return err
		}
	}
}

// checkIndex reads every page of the parts' files, and repairs the damaged ones, when
// Options.CheckIndex is set.
func (o *opening) checkIndex() error {
	if !o.options.CheckIndex {
		return nil
	}
	for _, p := range o.parts[:o.base] {
		if err := o.withPart(p, func(p *part) error { return p.Index.CheckAll(o.options.Stop) }); err != nil {
			return err
		}
	}
	return nil
}

// generation returns the sum of the levels of all parts. Every repair raises it, and as
// long as it stays the same, so does every part.
func (s *Snapshot) generation() (n standInLevel) {
	for _, p := range s.parts[:s.base] {
		n += p.now().level
	}
	return n
}

// repairing calls f until it meets no more damage in a file that can be replaced. f
// must start over each time.
func (s *Snapshot) repairing(f func() error) error {
	for {
		generation := s.generation()
		err := f()
		if err == nil {
			return nil
		}
		if repaired, err := s.repairNamed(err, generation); !repaired {
			return err
		}
	}
}

// repairNamed repairs the parts whose file an error names. The error was met while the
// snapshot had a generation; if that is over, another query has repaired the parts, and
// those of now are not to blame. An index that leads astray names no file: then every
// saved index is rebuilt. Where none is saved, the records that an index was built from can
// no longer be read, which names no file either: then the segments stand in for all of them.
func (s *Snapshot) repairNamed(why error, generation standInLevel) (repaired bool, err error) {
	if !repairable(why) {
		return false, why
	}
	type suspect struct{ p, used *part }
	var suspects []suspect
	file := refusedFile(why)
	saved := slices.ContainsFunc(s.parts[:s.base], func(p *part) bool { return p.now().Index.Saved() != nil })
	for i, p := range s.parts[:s.base] {
		used := p.now()
		if file == "" && !saved && p.file != nil && used.level < recordsReplayed {
			suspects = append(suspects, suspect{p: p, used: used})
		}
		if file == "" && used.Index.Saved() != nil || file != "" && p.File == file || i == 0 && file == index.FileName {
			suspects = append(suspects, suspect{p: p, used: used})
		}
	}
	if s.generation() != generation { // asked last, so that the suspects are of this generation
		return true, nil
	}
	for _, m := range suspects {
		if err := s.repair(m.p, m.used, why); err != nil {
			return false, err
		}
	}
	return len(suspects) > 0, why
}

// repair finds a stand-in for a part that was used and met an error. It returns that
// error when there is none.
func (s *Snapshot) repair(p, used *part, why error) error {
	f := p.file
	f.repairing.Lock()
	defer f.repairing.Unlock()
	if p.now() != used {
		return nil // another query has repaired it
	}
	var refused []*damage.Refusal
	if used.Index.Saved() != nil {
		refused = append(refused, lateRefusal(used.Index.Saved().Name(), why))
		used.Index.Forget()
		built, err := imagePart(used.Image, validated(f.nextSequence), s.options)
		if err == nil {
			built.File, built.level = p.File, indexRebuilt
			f.replace(built, refused, nil)
			return nil
		}
		var stop stopError
		if errors.As(err, &stop) {
			return err
		}
		why = err
	}
	if used.level == recordsReplayed {
		return why
	}
	read, report, err := s.replayPart(f)
	if errors.Is(err, source.ErrGone) {
		return why
	}
	if err != nil {
		return err
	}
	if s.losesEvents(p, read, report) {
		return why
	}
	if s.options.Strict && len(report.Damages) > 0 {
		return report.Damages[0]
	}
	read.File, read.level = p.File, recordsReplayed
	if r := lateRefusal(f.name, why); len(refused) == 0 || refused[0].File != r.File {
		refused = append(refused, r) // the index and the records are two files
	}
	f.replace(read, refused, report.Damages)
	return nil
}

// losesEvents reports whether the segments cannot stand in for a part. Either events
// would be missing that no damage accounts for, or events would have other numbers: an
// iteration would skip some, and hidden ranges would hide others.
func (s *Snapshot) losesEvents(p, read *part, r *replay.Report) bool {
	for _, d := range r.Damages {
		if d.EndSequence == damage.UnknownEnd {
			return true
		}
	}
	hidden := s.report.HiddenRanges
	return len(r.Damages) == 0 && read.Image.Count != p.Image.Count ||
		!slices.Equal(hidden, widenHidden(hidden, &Report{Damages: r.Damages, Gaps: r.Gaps}, p.file.fromSequence))
}

// replayPart makes a part of the segments that f covers.
func (s *Snapshot) replayPart(f *partFile) (*part, *replay.Report, error) {
	log := replay.NewLog(f.fromSequence, f.fromNext)
	scan := replay.NewScan(log, place(f.from), s.options.Stop)
	scan.Parallel(s.options.Parallel)
	to := place(f.to)
	if err := scan.Drive(replay.Segments{Files: s.files, Listing: s.listing, To: &to}); err != nil {
		return nil, nil, err
	}
	p, err := draftPart(log.Draft(), validated(max(log.Next(), f.nextSequence)), s.options)
	return p, scan.Report(), err
}
