package store

import (
	"errors"
	"slices"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/source"
)

// Opening does not read the files that hold an index, so rot in them shows when
// a query touches the page. The query then goes on without the file, and every
// later one does: lookups are made anew from the records, and records from the
// segments. That takes as long as an open without the file would have taken, once.

// on gives f the part as it is now, and again what stands in for it when f meets
// damage in its file. f must go on where it stopped.
func (s *Snapshot) on(p *part, f func(*part) error) error {
	for {
		used := p.now()
		err := f(used)
		if err == nil || p.file == nil || !mendable(err) {
			return err
		}
		if err := s.mend(p, used, err); err != nil {
			return err
		}
	}
}

// checkIndex reads every page of the files that parts were read from, where the
// options ask for it, and mends what is damaged.
func (s *Snapshot) checkIndex() error {
	if !s.options.CheckIndex {
		return nil
	}
	for _, p := range s.parts[:s.base] {
		if err := s.on(p, func(p *part) error { return p.Index.CheckAll(s.options.Stop) }); err != nil {
			return err
		}
	}
	return nil
}

// mendable reports whether an error is about the files that a part was read from.
func mendable(err error) bool {
	var stop stopError
	var lost *damage.Damage
	if errors.As(err, &stop) || errors.As(err, &lost) || unread(err) {
		return false
	}
	var refused *damage.Refusal
	return errors.As(err, &refused) || errors.Is(err, index.ErrTable) ||
		errors.Is(err, source.ErrShort) || errors.Is(err, source.ErrRead)
}

// state is the sum of the ranks of all parts. It rises with whatever is mended, and
// as long as it stays the same every part is what it was.
func (s *Snapshot) state() (n int) {
	for _, p := range s.parts[:s.base] {
		n += p.now().rank
	}
	return n
}

// mending calls f, and again for as long as it meets damage in a file that can be
// done without. f must begin anew.
func (s *Snapshot) mending(f func() error) error {
	for {
		state := s.state()
		err := f()
		if err == nil {
			return nil
		}
		if mended, err := s.mendNamed(err, state); !mended {
			return err
		}
	}
}

// mendNamed mends the part whose file an error names, which was met in parts of a
// state. When that is over, another query has mended what was met, and the parts as
// they are now are not to blame. A table that leads astray has no name: lookups in
// files are then made anew, whichever they are.
func (s *Snapshot) mendNamed(why error, state int) (mended bool, err error) {
	if !mendable(why) {
		return false, why
	}
	type meant struct{ p, used *part }
	var list []meant
	file := blamed(why)
	for i, p := range s.parts[:s.base] {
		used := p.now()
		if file == "" && used.Index.Saved() != nil || file != "" && p.File == file || i == 0 && file == index.FileName {
			list = append(list, meant{p, used})
		}
	}
	if s.state() != state { // after the parts were taken down, so that they are of the state
		return true, nil
	}
	for _, m := range list {
		if err := s.mend(m.p, m.used, why); err != nil {
			return false, err
		}
	}
	return len(list) > 0, why
}

// blamed is the file that a refusal names, or one that caused it.
func blamed(why error) string {
	var refused *damage.Refusal
	for errors.As(why, &refused) {
		if refused.File != "" {
			return refused.File
		}
		why = refused.Err
	}
	return ""
}

// mend finds what stands in for a part that was used and met an error, which is
// returned when there is nothing.
func (s *Snapshot) mend(p, used *part, why error) error {
	f := p.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.now() != used {
		return nil // another query has
	}
	var refused []*damage.Refusal
	if used.Index.Saved() != nil {
		refused = append(refused, rotten(used.Index.Saved().Name(), why))
		used.Index.Forget()
		built, err := imagePart(used.Image, judged(f.allocator), s.options)
		if err == nil {
			built.File, built.rank = p.File, 1
			f.refused = append(f.refused, refused...)
			f.instead.Store(built)
			return nil
		}
		var stop stopError
		if errors.As(err, &stop) {
			return err
		}
		why = err
	}
	if used.rank == 2 {
		return why
	}
	read, report, err := s.reread(f)
	if errors.Is(err, source.ErrGone) {
		return why
	}
	if err != nil {
		return err
	}
	if s.loses(p, read, report) {
		return why
	}
	if s.options.Strict && len(report.Damages) > 0 {
		return report.Damages[0]
	}
	read.File, read.rank = p.File, 2
	if r := rotten(f.name, why); len(refused) == 0 || refused[0].File != r.File {
		refused = append(refused, r) // the lookups and the records are two files
	}
	f.refused = append(f.refused, refused...)
	f.damages = append(f.damages, report.Damages...)
	f.instead.Store(read)
	return nil
}

// loses reports whether what the segments hold cannot stand in for a part: events
// would be missing of which no damage tells, or have other numbers than they had, so
// that an iteration would leave some out and hidden ranges would hide others.
func (s *Snapshot) loses(p, read *part, r *replay.Report) bool {
	for _, d := range r.Damages {
		if d.EndSequence == damage.UnknownEnd {
			return true
		}
	}
	hidden := s.report.HiddenRanges
	return len(r.Damages) == 0 && read.Image.Count != p.Image.Count ||
		!slices.Equal(hidden, hideUncertain(hidden, &Report{Damages: r.Damages, Gaps: r.Gaps}, p.file.taken))
}

// rotten is the refusal of a file that was taken and turned out damaged.
func rotten(name string, why error) *damage.Refusal {
	var r *damage.Refusal
	for errors.As(why, &r) {
		if r.File != "" {
			return r
		}
		why = r.Err
	}
	if r != nil {
		return refusal(name, r)
	}
	if errors.Is(why, source.ErrRead) {
		return refusal(name, why)
	}
	return &damage.Refusal{File: name, Reason: damage.Lookups, Offset: -1, Err: why}
}

// reread makes a part of the segments that f covers.
func (s *Snapshot) reread(f *partFile) (*part, *replay.Report, error) {
	log := replay.NewLog(f.taken, f.floor)
	scan := replay.NewScan(log, place(f.from), s.options.Stop)
	scan.Parallel(s.options.Parallel)
	to := place(f.to)
	if err := scan.Drive(replay.Segments{Files: s.files, Listing: s.listing, To: &to}); err != nil {
		return nil, nil, err
	}
	p, err := draftPart(log.Draft(), judged(max(log.Next(), f.allocator)), s.options)
	return p, scan.Report(), err
}

// late adds to a report what was found out since the open.
func (s *Snapshot) late(r *Report) {
	for _, p := range s.parts {
		if p.file == nil {
			continue
		}
		p.file.mu.Lock()
		r.Rejected = append(r.Rejected[:len(r.Rejected):len(r.Rejected)], p.file.refused...)
		r.Damages = append(r.Damages[:len(r.Damages):len(r.Damages)], p.file.damages...)
		p.file.mu.Unlock()
	}
}
