// Package orders compares thaw's event sourcing layer with code written by hand: the event
// part of an order service, once on bbolt, once on SQLite and once on thaw. Each is a
// package below and a [Service]; they share the events, the aggregate and the commands in
// this package, which know nothing of a store.
//
// Every service does the same work:
//
//   - events are structs, encoded as MessagePack, bbolt's and SQLite's with
//     github.com/vmihailenco/msgpack/v5, thaw's with its own package payload;
//   - a command loads an order, decides, and appends what was decided if the order has the
//     version that was loaded, else it begins again, at most [Tries] times;
//   - a command with a key that was done before is answered as the first time;
//   - the totals per customer are a projection of the log, which can be rebuilt; its
//     position changes in the transaction of its totals, so that it is exact after a crash;
//   - a follower reads everything from a sequence on and waits for more;
//   - a command that has returned is on disk.
//
// The packages are as short as their author could make them without leaving out an error or
// a line that makes the service fast. [Lines] counts them.
package orders
