package aggregate

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// itemKey returns the id of item i of a command with a key: the key itself for the first
// one.
func itemKey(key event.ID, i int) (id event.ID) {
	if i == 0 {
		return key
	}
	text := append([]byte("thaw aggregate item "), key[:]...)
	digest := blake3.Sum256(binary.LittleEndian.AppendUint32(text, uint32(i)))
	copy(id[:], digest[:])
	return id
}

// first returns the receipts of the command with the key. known is false if there was none.
// It finds the events by their ids, so it does not matter how many they are.
func (c *command) first(ctx context.Context) (receipts []host.Receipt, known bool, err error) {
	for {
		full, err := c.store.Get(ctx, itemKey(c.options.Key, len(receipts)))
		switch {
		case errors.Is(err, host.ErrNotFound):
			return receipts, len(receipts) > 0, nil
		case err != nil:
			return nil, false, err
		case len(receipts) == 0 && c.entity != "" && full.Entity != c.entity:
			return nil, false, &host.KeyError{ID: full.ID, Sequence: full.Sequence, Differs: []string{"entity"}}
		}
		receipts = append(receipts, repeated(&full.Facts))
		if receipts, err = c.following(ctx, receipts, &full.Event); err != nil {
			return nil, false, err
		}
	}
}

// following adds the receipts of the command's events that follow one in its entity: faster
// than one Get for each.
func (c *command) following(ctx context.Context, receipts []host.Receipt, first *event.Event) ([]host.Receipt, error) {
	if first.Clock == math.MaxUint32 {
		return receipts, nil
	}
	for e, err := range c.store.Stream(ctx, first.Entity, host.StreamPage{From: first.Clock + 1}) {
		if err != nil {
			return nil, err
		}
		if e.ID != itemKey(c.options.Key, len(receipts)) {
			break
		}
		receipts = append(receipts, repeated(&e.Facts))
	}
	return receipts, nil
}

func repeated(f *event.Facts) host.Receipt {
	return host.Receipt{ID: f.ID, Sequence: f.Sequence, Clock: f.Clock, Position: f.Position, Repeated: true}
}
