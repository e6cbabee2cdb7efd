package orders

import (
	"context"
	"errors"
	"iter"
)

// Tries is how often a command is decided before it fails with [ErrConflict].
const Tries = 10

// Errors of a service.
var (
	// ErrConflict: the order changed during every try.
	ErrConflict = errors.New("orders: the order changed meanwhile")
	// ErrKey: the key was used for another order.
	ErrKey = errors.New("orders: the key belongs to another order")
)

// Receipt is the answer to a command.
type Receipt struct {
	// Version is the number of events of the order after those of the command. It says
	// nothing if the command decided on no events.
	Version uint64
	// Repeated reports that the key was known and nothing was decided; Version is that of
	// the first time.
	Repeated bool
}

// Event is an event as a follower sees it.
type Event struct {
	// Sequence grows from event to event; there may be gaps.
	Sequence uint64
	Order    string
	Value    any
}

// Service is the event part of an order service. All methods are safe for concurrent use,
// except that Project and Close are called once at a time.
type Service interface {
	// Do loads an order, decides, and appends the events if the order has not changed
	// meanwhile, else it tries again. The events are on disk when it returns. An error of
	// the command is returned as it is; a command calls no Do. A key names the request; "" is no key. A command
	// that decided on no events uses its key too.
	Do(ctx context.Context, order, key string, command Command) (Receipt, error)
	// Append appends events if the order still has a version that Load or a Receipt returned,
	// else it fails with ErrConflict. The events are on disk when it returns.
	Append(ctx context.Context, order string, version uint64, events ...any) error
	// Load returns an order and its version; 0 is that of an order without events.
	Load(ctx context.Context, order string) (Order, uint64, error)
	// Project brings the totals up to the end of the log.
	Project(ctx context.Context) error
	// Total returns the total of a customer as of the last Project; of an unknown one, zero.
	Total(ctx context.Context, customer string) (Total, error)
	// Follow iterates over the events with a sequence of at least from, and waits for more.
	// It ends with an error; if that of the context, with that.
	Follow(ctx context.Context, from uint64) iter.Seq2[Event, error]
	Close() error
}
