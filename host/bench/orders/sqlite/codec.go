package sqlite

import (
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

func encode(value any) (kind int, payload []byte, err error) {
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
		return 0, nil, fmt.Errorf("orders: no event: %T", value)
	}
	payload, err = msgpack.Marshal(value)
	return kind, payload, err
}

func decode(kind int, payload []byte) (any, error) {
	switch kind {
	case kindPlaced:
		return as[orders.Placed](payload)
	case kindLineAdded:
		return as[orders.LineAdded](payload)
	case kindPaid:
		return as[orders.Paid](payload)
	case kindShipped:
		return as[orders.Shipped](payload)
	}
	return nil, fmt.Errorf("orders: an event of kind %d", kind)
}

func as[T any](payload []byte) (value T, err error) {
	err = msgpack.Unmarshal(payload, &value)
	return value, err
}
