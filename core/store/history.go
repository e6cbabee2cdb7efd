package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// History is a snapshot as the log that a writer continues. It implements [commit.History].
type History struct {
	*Snapshot
	// Direct makes Latest and ByID read index files as [index.Reader.Direct] does.
	Direct bool
	// Rises, when set, reports whether an event with this sequence was appended by a log that
	// asked for the entity's last one before, so that its clock is above those of all earlier
	// ones, and Latest need not look at them.
	Rises func(sequence uint64) bool
}

var _ commit.History = History{}

// State returns what an append can expect of an entity: whether it has visible events,
// and the clock of the last one. It reads the end of the entity's list, so its cost does
// not depend on the length of the stream. A name that no entity can have is a
// [*commit.NameError].
func (s *Snapshot) State(entity string) (commit.State, error) {
	if err := commit.CheckEntity(entity); err != nil {
		return commit.State{}, err
	}
	h, _, err := History{Snapshot: s}.Latest(entity)
	return h.State, err
}

// Latest implements commit.History. It reads the end of the entity's list in each part, and
// more of it where clocks do not rise or cancelled events end the list.
func (s History) Latest(entity string) (h commit.Head, ok bool, err error) {
	err = s.repairing(func() (err error) {
		h, ok, err = s.latest(entity)
		return err
	})
	return h, ok, err
}

func (s History) latest(entity string) (h commit.Head, ok bool, err error) {
	l := latest{History: s, head: &h}
	for i := len(s.parts) - 1; i >= 0 && !l.done; i-- {
		if err := l.in(s.parts[i], entity); err != nil {
			return h, false, err
		}
	}
	return h, l.any, nil
}

// latest is the state of one Latest.
type latest struct {
	History
	head *commit.Head
	any  bool // head describes an event
	done bool // no earlier event can change head
}

func (l *latest) in(part *part, entity string) error {
	c := l.lookup(part)
	defer c.Release()
	number, found, err := c.FindName([]byte(entity))
	if err != nil || !found {
		return err
	}
	return l.walk(c, number)
}

// lookup returns a cursor for a look-up.
func (s History) lookup(p *part) *query.Cursor {
	c := s.cursor(p)
	if s.Direct {
		c.Direct()
	}
	return c
}

// walk walks the list of one entity backwards.
func (l *latest) walk(c *query.Cursor, entity uint32) error {
	list, err := c.Entity(entity)
	if err != nil {
		return err
	}
	h, rise := l.head, c.EntityClocksRise()
	for i := list.Len() - 1; i >= 0; i-- {
		record, err := c.Item(list, i)
		if err != nil {
			return err
		}
		r, err := c.Record(record)
		if err != nil {
			return err
		}
		rec := r.Decode()
		if rec.Entity != entity {
			continue
		}
		if !l.any {
			l.any = true
			h.Clock, h.WallMS, h.Hash = rec.Clock, rec.WallMS, rec.EventHash
		}
		// batpak can assign a clock twice; the next clock must be above all.
		h.Clock = max(h.Clock, rec.Clock)
		if c.Visible(r) {
			if !h.State.Some {
				h.State = commit.State{Some: true, Clock: rec.Clock}
			}
			h.State.Clock = max(h.State.Clock, rec.Clock)
			if l.done = l.Rises != nil && l.Rises(rec.Sequence); l.done || rise {
				return nil
			}
		}
	}
	return nil
}

// ByID implements commit.History. batpak appends a cancelled event again under the same id:
// ByID then returns the event that readers see.
func (s History) ByID(id event.ID) (k commit.Known, ok bool, err error) {
	err = s.repairing(func() (err error) {
		k, ok, err = s.byID(id)
		return err
	})
	return k, ok, err
}

func (s History) byID(id event.ID) (k commit.Known, ok bool, err error) {
	k, ok, err = s.first(id, func(*query.Cursor, artifact.Raw) bool { return true })
	if !k.Cancelled || err != nil {
		return k, ok, err
	}
	if seen, again, err := s.first(id, (*query.Cursor).Visible); again || err != nil {
		return seen, again, err
	}
	return k, ok, nil
}

// first returns the first event with an id that accept admits.
func (s History) first(id event.ID, accept func(*query.Cursor, artifact.Raw) bool) (k commit.Known, ok bool, err error) {
	for _, part := range s.parts {
		if k, ok, err = s.firstIn(part, id, accept); ok || err != nil {
			return k, ok, err
		}
	}
	return k, false, nil
}

func (s History) firstIn(part *part, id event.ID, accept func(*query.Cursor, artifact.Raw) bool) (k commit.Known, ok bool, err error) {
	c := s.lookup(part)
	defer c.Release()
	e, r, found, err := c.First(id, func(r artifact.Raw) bool { return accept(c, r) })
	if err != nil || !found {
		return k, false, err
	}
	k = commit.Known{Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.EventHash, Cancelled: !c.Visible(r)}
	if hash := s.options.Hash; k.Hash.IsZero() && hash != nil { // batpak may have left it out
		full, err := s.readFrame(e)
		if err != nil {
			return k, false, err
		}
		k.Hash = hash(full.Payload)
	}
	k.Receipt = commit.Receipt{ID: e.ID, Sequence: e.Sequence, Clock: e.Clock, Position: e.Position}
	return k, true, nil
}

// FirstIn implements commit.History. It looks at all events of the snapshot.
func (s History) FirstIn(region *query.Region, from, _ uint64) (k commit.Known, ok bool, end uint64, err error) {
	page := query.Page{From: from, Limit: 1}
	for _, p := range s.parts {
		err = s.withPart(p, func(p *part) error {
			c := s.cursor(p)
			defer c.Release()
			_, err := c.Query(region, &page, func(e event.Event, err error) bool {
				k = commit.Known{
					Receipt:    commit.Receipt{ID: e.ID, Sequence: e.Sequence, Clock: e.Clock, Position: e.Position},
					Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.EventHash,
				}
				ok = err == nil
				return false
			})
			if count := c.Count(); err == nil && !ok && count > 0 {
				end, err = c.Sequence(count - 1)
				end++
			}
			return err
		})
		if ok || err != nil {
			break
		}
	}
	return k, ok, end, err
}
