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
func (c *command[T]) first(ctx context.Context) (receipts []host.Receipt, known bool, err error) {
	key := c.options.Key
	full, err := c.store.Get(ctx, key)
	switch {
	case errors.Is(err, host.ErrNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case full.Entity != c.at.Entity:
		return nil, false, &host.KeyError{ID: key, Sequence: full.Sequence, Differs: []string{"entity"}}
	}
	receipts = append(receipts, repeated(&full.Facts))
	if full.Clock == math.MaxUint32 {
		return receipts, true, nil
	}
	for e, err := range c.store.Stream(ctx, full.Entity, host.StreamPage{From: full.Clock + 1}) {
		if err != nil {
			return nil, false, err
		}
		if e.ID != itemKey(key, len(receipts)) {
			break
		}
		receipts = append(receipts, repeated(&e.Facts))
	}
	return receipts, true, nil
}

func repeated(f *event.Facts) host.Receipt {
	return host.Receipt{ID: f.ID, Sequence: f.Sequence, Clock: f.Clock, Position: f.Position, Repeated: true}
}
