package bbolt

import (
	"encoding/binary"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thawlog/thaw/host/bench/orders"
)

const (
	kindPlaced = iota + 1
	kindLineAdded
	kindPaid
	kindShipped
)

// encode returns the value of an event in its bucket.
func encode(sequence uint64, value any) ([]byte, error) {
	var kind byte
	switch value.(type) {
	case orders.Placed:
		kind = kindPlaced
	case orders.LineAdded:
		kind = kindLineAdded
	case orders.Paid:
		kind = kindPaid
	case orders.Shipped:
		kind = kindShipped
	default:
		return nil, fmt.Errorf("orders: no event: %T", value)
	}
	payload, err := msgpack.Marshal(value)
	return append(binary.BigEndian.AppendUint64([]byte{kind}, sequence), payload...), err
}

func decode(b []byte) (sequence uint64, value any, err error) {
	if len(b) < 9 {
		return 0, nil, fmt.Errorf("orders: an event of %d bytes", len(b))
	}
	sequence = binary.BigEndian.Uint64(b[1:])
	switch b[0] {
	case kindPlaced:
		value, err = as[orders.Placed](b[9:])
	case kindLineAdded:
		value, err = as[orders.LineAdded](b[9:])
	case kindPaid:
		value, err = as[orders.Paid](b[9:])
	case kindShipped:
		value, err = as[orders.Shipped](b[9:])
	default:
		err = fmt.Errorf("orders: event %d has kind %d", sequence, b[0])
	}
	return sequence, value, err
}

func as[T any](payload []byte) (value T, err error) {
	err = msgpack.Unmarshal(payload, &value)
	return value, err
}
