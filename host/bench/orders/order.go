package orders

import (
	"errors"
	"fmt"
)

// Order is the aggregate: what the events of one order add up to.
type Order struct {
	Customer string // "" before it is placed
	Lines    []Line
	Paid     bool
	Shipped  bool
}

// Line is the quantity of one article.
type Line struct {
	SKU      string
	Quantity int
	Cents    int64
}

// Errors of commands.
var (
	ErrPlaced    = errors.New("orders: already placed")
	ErrNotPlaced = errors.New("orders: not placed")
	ErrPaid      = errors.New("orders: already paid")
	ErrNotPaid   = errors.New("orders: not paid")
)

// Apply changes the order as an event says.
func (o *Order) Apply(value any) error {
	switch e := value.(type) {
	case Placed:
		o.Customer = e.Customer
	case LineAdded:
		for i := range o.Lines {
			if o.Lines[i].SKU == e.SKU {
				o.Lines[i].Quantity += e.Quantity
				return nil
			}
		}
		o.Lines = append(o.Lines, Line(e))
	case Paid:
		o.Paid = true
	case Shipped:
		o.Shipped = true
	default:
		return fmt.Errorf("orders: no event of an order: %T", value)
	}
	return nil
}

// Cents returns the order's price.
func (o *Order) Cents() (sum int64) {
	for _, l := range o.Lines {
		sum += int64(l.Quantity) * l.Cents
	}
	return sum
}

// Command decides which events follow from the state of an order. It does not change it.
type Command = func(*Order) ([]any, error)

// Place begins an order with some lines.
func Place(customer string, lines ...LineAdded) Command {
	return func(o *Order) ([]any, error) {
		if o.Customer != "" {
			return nil, ErrPlaced
		}
		events := []any{Placed{Customer: customer}}
		for _, l := range lines {
			events = append(events, l)
		}
		return events, nil
	}
}

// Add adds lines to an order that is not paid.
func Add(lines ...LineAdded) Command {
	return func(o *Order) (events []any, err error) {
		if o.Customer == "" {
			return nil, ErrNotPlaced
		}
		if o.Paid {
			return nil, ErrPaid
		}
		for _, l := range lines {
			events = append(events, l)
		}
		return events, nil
	}
}

// Pay pays the whole order.
func Pay(o *Order) ([]any, error) {
	if o.Customer == "" {
		return nil, ErrNotPlaced
	}
	if o.Paid {
		return nil, ErrPaid
	}
	return []any{Paid{Customer: o.Customer, Cents: o.Cents()}}, nil
}

// Ship ships a paid order; it decides on nothing if the order is shipped already.
func Ship(o *Order) ([]any, error) {
	if !o.Paid {
		return nil, ErrNotPaid
	}
	if o.Shipped {
		return nil, nil
	}
	return []any{Shipped{Carrier: "post"}}, nil
}
