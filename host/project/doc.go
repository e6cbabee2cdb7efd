// Package project keeps read models up to date with a store: states in memory, and tables
// in the user's SQL database.
//
//	totals := project.Memory("totals", host.Region{EntityPrefix: "order:"}, &Totals{})
//	orders := project.SQL(db, "orders", host.Region{EntityPrefix: "order:"}, insert)
//	err := project.Run(ctx, store, Types, totals, orders)
//
// [Run] follows the store until its context ends, [CatchUp] to its end. All projections of
// one run share one scan: each event is read and decoded once. Each has its own position, so
// a new one begins at the start of the store beside others that are at its end.
//
// # What is certain
//
// A [MemoryProjection] handles each event once as long as the process lives, and begins again
// with it. An [SQLProjection] handles each event exactly once: its position lies in the table
// thaw_projections of the same database, and moves in the transaction that has the changes.
// After a kill at any moment the read model is that of the events before the position.
//
// The position is one of the store and the region: a run with another store, another region
// or a store that ends before the position is refused with a typed error. So is a run of an
// SQL projection with another Version than that which made the read model: a program that
// gets [ErrVersion] at its start calls [SQLProjection.Rebuild]. It is refused too
// if the last event that an SQL projection handled is no longer in the store, with
// [host.ErrRewritten]. Events removed further back make no difference to a run; Rebuild
// refuses them with [ErrRemoved].
//
// A reader in another process than the writer's may see events that are lost in a power cut:
// see [host.Follower]. A read model that must not have them is run by the writer's process.
//
// # Events that cannot be handled
//
// A payload that is not of its type, an error of the projection's function and a panic in it
// end the run with an *[EventError] that names the event; the position stays before it. With
// a Park function, a projection decides instead whether to go on without the event; an SQL
// projection then keeps it in the table thaw_parked. No event is passed over in silence. An
// event of an unknown kind is no error: its value is a host.Raw.
package project
