package store

import (
	"slices"

	"github.com/thawlog/thaw/core/query"
)

// Marks returns the number of events that Query would return without a limit, and the
// sequence of every step-th of them, at most [query.MaxMarks]. It reads no records but those,
// unless the region has clocks or times: then it reads what Count does. A step of 0 is 1.
func (s *Snapshot) Marks(region query.Region, pass query.Pass, step uint64) (query.Marks, error) {
	marks := query.Marks{Step: max(step, 1)}
	err := s.pass(pass, func(p *part, watch func(*query.Cursor)) error {
		before := marks
		before.Sequences = slices.Clone(marks.Sequences)
		return s.withPart(p, func(p *part) error {
			c := s.cursor(p)
			defer c.Release()
			watch(c)
			marks = before
			marks.Sequences = slices.Clone(before.Sequences)
			return c.Mark(&region, &query.Page{From: pass.From, To: pass.To}, &marks)
		})
	})
	if err != nil {
		return query.Marks{}, err
	}
	return marks, nil
}

// Timeline returns the events that Query would return without a limit, counted over their
// WallMS in at most so many buckets. It reads the record of each event, and for own times the
// frames that Query reads.
func (s *Snapshot) Timeline(region query.Region, pass query.Pass, buckets int) (*query.Timeline, error) {
	timeline := query.NewTimeline(buckets)
	page := query.Page{From: pass.From, To: pass.To}
	err := s.pass(pass, func(p *part, watch func(*query.Cursor)) error {
		return s.withPart(p, func(p *part) error {
			c := s.cursor(p)
			defer c.Release()
			watch(c)
			return c.Moments(&region, &page, timeline.Add)
		})
	})
	if err != nil {
		return nil, err
	}
	return timeline, nil
}

// pass calls f with each part. watch makes a cursor of that part report the progress.
func (s *Snapshot) pass(pass query.Pass, f func(p *part, watch func(*query.Cursor)) error) error {
	var total, done uint64
	for _, p := range s.parts {
		total += uint64(p.now().Image.Count)
	}
	for _, p := range s.parts {
		watch := func(c *query.Cursor) {
			if pass.Progress == nil {
				return
			}
			c.Watch(func(record uint32) error {
				if err := pass.Progress(done+uint64(record), total); err != nil {
					return stopError{err: err}
				}
				return nil
			})
		}
		if err := f(p, watch); err != nil {
			return unmarkStop(err)
		}
		done += uint64(p.now().Image.Count)
	}
	return nil
}
