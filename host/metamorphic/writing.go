package metamorphic

import (
	"errors"
	"fmt"

	"github.com/thawlog/thaw/host"
)

// door draws how items are appended.
func (x *run) door(s *step) string {
	door := x.config["doors"]
	if door == "mixed" {
		door = one(x.r, []string{"single", "batch", "each", "fence"})
	}
	if s.sort == refusal {
		switch together := door == "batch" || door == "fence"; {
		case s.atomic && !together && len(s.items) > 1:
			return one(x.r, []string{"batch", "fence"})
		case !s.atomic && together && len(s.items) > 1:
			return "single"
		}
	}
	if door == "each" {
		for _, it := range s.items {
			if it.within > 0 {
				return "single" // each knows no items before it
			}
		}
	}
	return door
}

// item translates an item for the store.
func (x *run) item(it item, alone bool, receipts []host.Receipt) host.Item {
	o := []host.AppendOption{host.WithFlags(it.flags), host.WithMeta(it.meta)}
	if !it.unallowed {
		o = append(o, host.AllowReservedKind())
	}
	if it.keyed {
		o = append(o, host.WithKey(x.names.to(it.id)))
	}
	switch {
	case it.within > 0 && alone:
		o = append(o, host.CausedBy(receipts[it.within-1].ID))
	case it.within > 0:
		o = append(o, host.CausedByItem(it.within-1))
	case !it.causation.IsZero():
		o = append(o, host.CausedBy(x.names.to(it.causation)))
	}
	if !it.correlation.IsZero() {
		o = append(o, host.Correlated(x.names.to(it.correlation)))
	}
	if !it.time.IsZero() {
		o = append(o, host.WithTime(it.time))
	}
	if it.expect != nil {
		o = append(o, host.Expect(*it.expect))
	}
	if it.unless != nil {
		p := host.Position{Sequence: it.unless.from}
		if !x.names.store.IsZero() {
			p.Store = x.names.storeMade
		}
		o = append(o, host.Unless(p, it.unless.regions...))
	}
	return host.Item{At: it.at, Kind: it.kind, Payload: host.Raw(it.payload), Options: o}
}

// append appends the items of a step and compares what came of it.
func (x *run) append(s *step) error {
	door := x.door(s)
	receipts, err := x.through(door, s)
	if got := class(err); got != s.refused {
		return fmt.Errorf("through %s: refused as %q, want %q: %w", door, got, s.refused, err)
	}
	if len(receipts) != len(s.want) {
		return fmt.Errorf("through %s: %d receipts, want %d", door, len(receipts), len(s.want))
	}
	for i, r := range receipts {
		e := &s.want[i]
		if r.Sequence != e.Sequence || r.Clock != e.Clock || r.Repeated != s.repeated {
			return fmt.Errorf("through %s: receipt %d is %+v, want sequence %d, clock %d, repeated %v", door, i, r, e.Sequence, e.Clock, s.repeated)
		}
		if s.repeated || s.items[i].keyed {
			if x.names.to(e.ID) != r.ID {
				return fmt.Errorf("through %s: receipt %d has id %v", door, i, r.ID)
			}
		}
		x.names.learn(e.ID, r.ID)
		if x.names.store.IsZero() {
			x.names.store, x.names.storeMade = e.ID, r.ID
		}
	}
	return nil
}

// through appends items through a door. The receipts are those of what was written.
func (x *run) through(door string, s *step) (receipts []host.Receipt, err error) {
	alone := door == "single"
	var items []host.Item
	for _, it := range s.items {
		item := x.item(it, alone, receipts)
		if !alone {
			items = append(items, item)
			continue
		}
		r, err := x.store.Append(ctx, item.At, item.Kind, item.Payload, item.Options...)
		if err != nil {
			return receipts, err
		}
		receipts = append(receipts, r)
	}
	switch door {
	case "batch":
		return x.store.AppendBatch(ctx, items)
	case "each":
		return x.store.AppendEach(ctx, items)
	case "fence":
		f := x.store.Fence()
		for _, it := range items {
			if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
				return nil, errors.Join(err, f.Cancel())
			}
		}
		return f.Commit(ctx)
	}
	return receipts, nil
}

// cancel cancels a fence, or does nothing: that must be the same.
func (x *run) cancel(s *step) error {
	if x.door(s) == "single" {
		return nil
	}
	f := x.store.Fence()
	for _, it := range s.items {
		it := x.item(it, false, nil)
		if _, err := f.Append(it.At, it.Kind, it.Payload, it.Options...); err != nil {
			return err
		}
	}
	return f.Cancel()
}

// remove removes events as the script says. What an earlier check pinned would see some of
// them go.
func (x *run) remove(s *step) error {
	if x.pinned != nil {
		_ = x.pinned.Close()
		x.pinned = nil
	}
	_, err := x.store.Compact(ctx, host.Compaction{Judge: s.judge})
	return err
}

// merge merges segments, if the configuration does.
func (x *run) merge() error {
	if x.config["merging"] == "off" || !chance(x.r, 3) {
		return nil
	}
	_, err := x.store.Compact(ctx, host.Compaction{})
	return err
}
