package main

import (
	"errors"

	"github.com/thawlog/thaw/host/typed"
)

// Order is what the events of one order add up to.
type Order struct {
	Customer                 string
	Lines                    int
	Total                    int64
	Paid, Shipped, Cancelled bool
}

// Apply folds one event.
func (o *Order) Apply(e typed.Envelope) error {
	switch v := e.Value.(type) {
	case OrderPlaced:
		o.Customer = v.Customer
	case LineAdded:
		o.Lines, o.Total = o.Lines+1, v.Total
	case PaymentReceived:
		o.Paid = true
	case OrderShipped:
		o.Shipped = true
	case OrderCancelled:
		o.Cancelled = true
	}
	return nil
}

// Why a command is refused.
var (
	ErrPlaced    = errors.New("the order exists")
	ErrNoOrder   = errors.New("there is no such order")
	ErrPaid      = errors.New("the order is paid")
	ErrCancelled = errors.New("the order is cancelled")
	ErrNotDue    = errors.New("nothing is due")
	ErrLine      = errors.New("a line has an article, a quantity and a price")
)

// A Command decides what happens to an order.
type Command func(o *Order) ([]any, error)

// open refuses a command on an order that cannot change any more.
func (o *Order) open() error {
	switch {
	case o.Customer == "":
		return ErrNoOrder
	case o.Paid:
		return ErrPaid
	case o.Cancelled:
		return ErrCancelled
	}
	return nil
}

// Place opens an order.
func Place(customer string) Command {
	return func(o *Order) ([]any, error) {
		if o.Customer != "" {
			return nil, ErrPlaced
		}
		return []any{OrderPlaced{Customer: customer}}, nil
	}
}

// Add adds lines; their Total is set here.
func Add(lines ...LineAdded) Command {
	return func(o *Order) (events []any, err error) {
		total := o.Total
		for _, line := range lines {
			if line.Article == "" || line.Quantity <= 0 || line.Cents <= 0 {
				return nil, ErrLine
			}
			total += line.Quantity * line.Cents
			line.Total = total
			events = append(events, line)
		}
		return events, o.open()
	}
}

// Pay pays what is due.
func Pay(o *Order) ([]any, error) {
	if err := o.open(); err != nil {
		return nil, err
	}
	if o.Total == 0 {
		return nil, ErrNotDue
	}
	return []any{PaymentReceived{Cents: o.Total}}, nil
}

// Cancel cancels an order. To cancel it again changes nothing.
func Cancel(reason string) Command {
	return func(o *Order) ([]any, error) {
		if err := o.open(); err != nil && err != ErrCancelled {
			return nil, err
		}
		if o.Cancelled {
			return nil, nil
		}
		return []any{OrderCancelled{Customer: o.Customer, Reason: reason}}, nil
	}
}
