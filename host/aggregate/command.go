package aggregate

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// command is one call of Do or Decide.
type command struct {
	store   Store
	options host.BatchOptions
	tries   int
	entity  string           // the entity of Do, "" for Decide
	ack     event.Coordinate // of the event that stands for no events
}

// decision is what one try decided on.
type decision struct {
	items []host.Item
	// conditions of the first item, besides the caller's: that nothing has changed.
	conditions []host.AppendOption
	// conflict reports whether an error of class host.ErrConflict says that something has.
	conflict func(error) bool
}

// run decides until nothing changes meanwhile.
func (c *command) run(ctx context.Context, decide func() (decision, error)) ([]host.Receipt, error) {
	for try := 1; ; try++ {
		receipts, again, err := c.try(ctx, decide)
		switch {
		case !again:
			return receipts, err
		case try >= c.tries:
			return nil, &ConflictError{Entity: c.entity, Tries: try, Err: err}
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

// try decides once. again reports whether err is a conflict that another try may avoid.
func (c *command) try(ctx context.Context, decide func() (decision, error)) (receipts []host.Receipt, again bool, err error) {
	// Before anything that the first time may have changed.
	if c.options.Keyed {
		if first, known, err := c.first(ctx); known || err != nil {
			return first, false, err
		}
	}
	d, err := decide()
	if err != nil {
		return nil, false, err
	}
	items := c.batch(&d)
	if len(items) == 0 {
		return nil, false, nil
	}
	receipts, err = c.store.AppendBatch(ctx, items)
	switch {
	case c.options.Keyed && (err == nil && receipts[0].Repeated || errors.Is(err, host.ErrKey)):
		// The same command was done in the meantime. What it decided may differ.
		if first, known, firstErr := c.first(ctx); known || firstErr != nil {
			return first, false, firstErr
		}
		return receipts, false, err
	case errors.Is(err, host.ErrConflict):
		return nil, d.conflict(err), err
	}
	return receipts, false, err
}

// batch makes the batch of what was decided.
func (c *command) batch(d *decision) []host.Item {
	o := &c.options
	items := d.items
	if len(items) == 0 && o.Keyed {
		items = []host.Item{{At: c.ack, Kind: event.EffectAck, Options: []host.AppendOption{host.AllowReservedKind()}}}
	}
	batch := make([]host.Item, len(items))
	for i, item := range items {
		own := make([]host.AppendOption, 0, len(o.Each)+len(item.Options)+len(o.Conditions)+len(d.conditions)+1)
		own = append(append(own, o.Each...), item.Options...)
		if o.Keyed {
			own = append(own, host.WithKey(itemKey(o.Key, i)))
		}
		if i == 0 {
			own = append(append(own, o.Conditions...), d.conditions...)
		}
		item.Options = own
		batch[i] = item
	}
	return batch
}

// Between tries passes a random time below the pause, which doubles.
const (
	firstPause   = time.Millisecond
	longestPause = 100 * time.Millisecond
)

// pause waits after a try. Its error is the cause of ctx.
func pause(ctx context.Context, try int) error {
	most := min(firstPause<<min(try-1, 20), longestPause)
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
