package store

import (
	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// History is a snapshot as what a writer's log continues.
type History struct{ *Snapshot }

var _ commit.Past = History{}

// State returns what an append can expect of an entity: whether it has visible events,
// and the clock of the last one. It reads the end of the entity's list, so it costs the
// same however long the stream is. A name that no entity can have is a
// [*commit.NameError].
func (s *Snapshot) State(entity string) (commit.State, error) {
	if err := commit.CheckEntity(entity); err != nil {
		return commit.State{}, err
	}
	h, _, err := History{s}.Latest(entity)
	return h.State, err
}

// Latest implements commit.Past. It looks at the end of the entity's list in each
// part, and further in front where clocks do not rise or cancelled events end it.
func (p History) Latest(entity string) (h commit.Head, ok bool, err error) {
	err = p.repairing(func() (err error) {
		h, ok, err = p.latest(entity)
		return err
	})
	return h, ok, err
}

func (p History) latest(entity string) (h commit.Head, ok bool, err error) {
	for i := len(p.parts) - 1; i >= 0; i-- {
		if ok, err = p.latestIn(p.parts[i], entity, &h, ok); err != nil {
			return h, false, err
		}
	}
	return h, ok, nil
}

func (p History) latestIn(part *part, entity string, h *commit.Head, any bool) (bool, error) {
	c := p.cursor(part)
	defer c.Release()
	number, found, err := c.FindName([]byte(entity))
	if err != nil || !found {
		return any, err
	}
	return latest(c, number, h, any)
}

// latest goes back over the list of one entity. any says that h describes an
// event already.
func latest(c *query.Cursor, entity uint32, h *commit.Head, any bool) (bool, error) {
	l, err := c.Entity(entity)
	if err != nil {
		return any, err
	}
	rise := c.EntityClocksRise()
	for i := l.Len() - 1; i >= 0; i-- {
		record, err := c.Item(l, i)
		if err != nil {
			return any, err
		}
		r, err := c.Record(record)
		if err != nil {
			return any, err
		}
		rec := r.Decode()
		if rec.Entity != entity {
			continue
		}
		if !any {
			any = true
			h.Clock, h.WallMS, h.Hash = rec.Clock, rec.WallMS, rec.EventHash
		}
		// batpak can give a clock out twice; the next one is above all.
		h.Clock = max(h.Clock, rec.Clock)
		if c.Visible(r) {
			if !h.State.Some {
				h.State = commit.State{Some: true, Clock: rec.Clock}
			}
			h.State.Clock = max(h.State.Clock, rec.Clock)
			if rise {
				return true, nil
			}
		}
	}
	return any, nil
}

// ByID implements commit.Past. batpak appends anew what was cancelled, under the
// same id: such an id is that of the event that readers see.
func (p History) ByID(id event.ID) (k commit.Known, ok bool, err error) {
	err = p.repairing(func() (err error) {
		k, ok, err = p.byID(id)
		return err
	})
	return k, ok, err
}

func (p History) byID(id event.ID) (k commit.Known, ok bool, err error) {
	k, ok, err = p.first(id, func(*query.Cursor, artifact.Raw) bool { return true })
	if !k.Cancelled || err != nil {
		return k, ok, err
	}
	if seen, again, err := p.first(id, (*query.Cursor).Visible); again || err != nil {
		return seen, again, err
	}
	return k, ok, nil
}

// first finds the first event with an id that is accepted.
func (p History) first(id event.ID, accept func(*query.Cursor, artifact.Raw) bool) (k commit.Known, ok bool, err error) {
	for _, part := range p.parts {
		if k, ok, err = p.firstIn(part, id, accept); ok || err != nil {
			return k, ok, err
		}
	}
	return k, false, nil
}

func (p History) firstIn(part *part, id event.ID, accept func(*query.Cursor, artifact.Raw) bool) (k commit.Known, ok bool, err error) {
	c := p.cursor(part)
	defer c.Release()
	e, r, found, err := c.First(id, func(r artifact.Raw) bool { return accept(c, r) })
	if err != nil || !found {
		return k, false, err
	}
	k = commit.Known{Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.EventHash, Cancelled: !c.Visible(r)}
	if hash := p.options.Hash; k.Hash.IsZero() && hash != nil { // batpak can leave it out
		full, err := p.readFrame(e)
		if err != nil {
			return k, false, err
		}
		k.Hash = hash(full.Payload)
	}
	k.Receipt = commit.Receipt{ID: e.ID, Sequence: e.Sequence, Clock: e.Clock, Position: e.Position}
	return k, true, nil
}
