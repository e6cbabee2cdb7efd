package main

import (
	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host/typed"
)

// What happens to an order. Its entity is "order:" and its id.
type (
	OrderPlaced struct{ Customer string }

	// LineAdded has the order's total with the new line, for the credit limit.
	LineAdded struct {
		Article         string
		Quantity, Cents int64
		Total           int64
	}

	PaymentReceived struct{ Cents int64 }

	OrderShipped struct{ By, From string }

	OrderCancelled struct{ Customer, Reason string }
)

// shippedV1 is an OrderShipped of the time when there was only one warehouse.
type shippedV1 struct{ By string }

// Types are the events of the service. An order.shipped had the kind 0x1004 before it had
// a From.
var Types = typed.Registry(
	typed.Event[OrderPlaced](0x1001, "order.placed"),
	typed.Event[LineAdded](0x1002, "order.line-added"),
	typed.Event[PaymentReceived](0x1003, "order.paid"),
	typed.Event[OrderShipped](0x1005, "order.shipped",
		typed.Was(0x1004, func(old shippedV1) OrderShipped { return OrderShipped{By: old.By, From: "Leiden"} })),
	typed.Event[OrderCancelled](0x1006, "order.cancelled"),
	typed.Event[gate.PermitRecord](0x1101, "policy.permitted"),
	typed.Event[gate.DenialRecord](0x1102, "policy.denied"),
	typed.Event[gate.BypassRecord](0x1103, "policy.bypassed"),
)
