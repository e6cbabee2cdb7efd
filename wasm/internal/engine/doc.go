// Package engine is the guest without its exports: buffers, stores, and tasks that
// stop when they want bytes. Every method can be called with any numbers: what is
// wrong becomes a code of package abi. It is for one goroutine.
//
// A task is a coroutine (iter.Pull). Where the core reads a range of a file that the
// host did not hand over, the source puts the range down and yields; the export
// returns to the host, which fills the range and steps the task, and the core goes on
// where it was. So the core does not know, and no work is done twice.
//
// One task of a store at a time may wait for a range: the core can hold a lock while it
// reads, and a second task that met it would wait for ever. The others are told
// abi.ErrBusy meanwhile. A task that is between two answers holds none.
package engine
