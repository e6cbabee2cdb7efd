package main

import "github.com/thawlog/thaw/host/typed"

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

// Refusal is why a command is refused, as far as the order itself says so.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// Command decides what happens to an order.
type Command func(o *Order) ([]any, error)

// onOpen is a command on an order that is neither paid nor cancelled.
func onOpen(decide Command) Command {
	return func(o *Order) ([]any, error) {
		switch {
		case o.Customer == "":
			return nil, Refusal("there is no such order")
		case o.Paid:
			return nil, Refusal("the order is paid")
		case o.Cancelled:
			return nil, Refusal("the order is cancelled")
		}
		return decide(o)
	}
}

func place(r request) Command {
	return func(o *Order) ([]any, error) {
		if r.Customer == "" || o.Customer != "" {
			return nil, Refusal("the order exists or has no customer")
		}
		return []any{OrderPlaced{Customer: r.Customer}}, nil
	}
}

// add adds lines, and sets their Total.
func add(r request) Command {
	return onOpen(func(o *Order) (events []any, err error) {
		total := o.Total
		for _, line := range r.Lines {
			if line.Article == "" || line.Quantity <= 0 || line.Cents <= 0 {
				return nil, Refusal("a line has an article, a quantity and a price")
			}
			total += line.Quantity * line.Cents
			line.Total = total
			events = append(events, line)
		}
		return events, nil
	})
}

func pay(request) Command {
	return onOpen(func(o *Order) ([]any, error) { return []any{PaymentReceived{Cents: o.Total}}, nil })
}

func cancel(r request) Command {
	return onOpen(func(o *Order) ([]any, error) {
		return []any{OrderCancelled{Customer: o.Customer, Reason: r.Reason}}, nil
	})
}
