package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/gate"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/storetest"
)

var (
	placed = OrderPlaced{Customer: "ada"}
	tea    = LineAdded{Article: "tea", Quantity: 2, Cents: 450, Total: 900}
)

// TestCommands decides on orders in each state.
func TestCommands(t *testing.T) {
	adding := add(request{Lines: []LineAdded{{Article: "tea", Quantity: 2, Cents: 450}, {Article: "cup", Quantity: 1, Cents: 100}}})
	storetest.Given[Order](t, Types).When(place(request{Customer: "ada"})).Then(placed).
		When(adding).Then(tea, LineAdded{Article: "cup", Quantity: 1, Cents: 100, Total: 1000}).
		When(pay(request{})).Then(PaymentReceived{Cents: 1000}).
		When(cancel(request{})).Fails(Refusal("the order is paid"))
	storetest.Given[Order](t, Types, placed).When(cancel(request{Reason: "late"})).
		Then(OrderCancelled{Customer: "ada", Reason: "late"}).
		When(adding).Fails(Refusal("the order is cancelled"))
	storetest.Given[Order](t, Types).When(adding).Fails(Refusal("there is no such order"))
	storetest.Given[Order](t, Types, placed).When(place(request{Customer: "bob"})).
		Fails(Refusal("the order exists or has no customer"))
	storetest.Given[Order](t, Types, placed).When(add(request{Lines: []LineAdded{{Article: "tea"}}})).
		Fails(Refusal("a line has an article, a quantity and a price"))
}

// TestUpcast reads an order.shipped of the first version.
func TestUpcast(t *testing.T) {
	e := storetest.Events(t, Types, host.Item{Kind: 0x1004, Payload: shippedV1{By: "ship"}})
	require.Equal(t, OrderShipped{By: "ship", From: "Leiden"}, e[0].Value)
}

// TestPolicy asks the gates about what they are for, and what is none of their business.
func TestPolicy(t *testing.T) {
	customer := gate.Actor{ID: "ada", Facts: Role{Limit: 900}}
	other := gate.Actor{ID: "bob", Facts: Role{Limit: 900}}
	boss := gate.Actor{ID: "eve", Facts: Role{Staff: true}}
	more := LineAdded{Article: "tea", Quantity: 1, Cents: 1, Total: 901}
	cancelled := OrderCancelled{Customer: "ada"}
	storetest.Judge(t, Types, Policy, customer, placed, tea, cancelled).Permits()
	storetest.Judge(t, Types, Policy, customer, tea, more).Refuses("credit-limit")
	storetest.Judge(t, Types, Policy, other, more, cancelled).Refuses("credit-limit", "who-may-cancel")
	storetest.Judge(t, Types, Policy, boss, more, cancelled).Permits()
	storetest.Judge(t, Types, Policy, gate.Actor{}, tea).Refuses("credit-limit")
}

// TestSales folds the read model in memory.
func TestSales(t *testing.T) {
	storetest.Project(t, Types, Sales{}, placed, tea, tea, PaymentReceived{Cents: 1}).Then(Sales{"tea": 4})
}
