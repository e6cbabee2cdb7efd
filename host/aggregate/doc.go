// Package aggregate keeps entities whose state is the fold of their events: it loads them,
// and appends what a function decides on their state.
//
//	orders := aggregate.Of[Order](store, Types, "order:")
//	receipts, err := orders.Do(ctx, "42", func(o *Order) ([]any, error) {
//		if o.Paid {
//			return nil, ErrPaid
//		}
//		return []any{PaymentReceived{…}}, nil
//	}, host.WithKey(request))
//
// Order is a struct with a method Apply (see [typed.Folder]), which changes it as one event
// says. Do loads the order, asks the function, and appends its events if the order has not
// changed meanwhile; otherwise it does all of this again. With a key the command happens
// once, however often Do is called.
//
// A command on several entities, such as a book and the member who borrows it, is one for
// [Decide].
//
// # Snapshots
//
// With [Snapshots] a load begins at a saved state and reads only the events since. A
// snapshot is a copy that can be thrown away: it has a checksum, the types and the version
// that it was made with, and the identity of the store and of its last event. A load that
// finds any of this different reads all events instead; [Aggregates.SnapshotStatus] says
// why. Change [SnapshotOptions].Version with the code of Apply, which nothing else can
// notice.
package aggregate
