// Package storetest is for the tests of programs that use thaw.
//
// # Given, when, then
//
// [Given] folds events into a state, as an aggregate loads it. When asks a decision, and
// Then compares what was decided with the expected events:
//
//	storetest.Given[Order](t, Types, OrderPlaced{Customer: "Ada"}).
//		When(pay(10)).
//		Then(PaymentReceived{Amount: 10})
//
// [Project] does the same for a read model, [React] for the handler of a reaction, [Judge]
// for a policy, and [Events] returns the events for any other handler. The events go through a store in
// memory: their payloads are encoded and decoded, and they have ids, clocks and times.
//
// Where these functions take events, each is a value of a type of the registry, or a
// [host.Item] for an event that needs more than a value: a coordinate, another kind (such
// as an older one of its type, for an upcast), metadata or a cause. Without a coordinate an
// event is at [At], and without a kind it has that of its value's type.
//
// # Stores
//
// [Open] opens a store in memory. A [Refusing] store makes appends fail as the test
// chooses; for errors of the file system use package failfs. [Crash] stops a program at
// every write to the file system, and checks what is left.
package storetest
