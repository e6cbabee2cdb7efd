// Package engine is the guest without its exports: buffers, stores, and tasks that pause
// when they need bytes. Every method accepts any numbers and returns a code of package abi
// for invalid ones. It is not safe for concurrent use.
//
// A task is a coroutine (iter.Pull). When the core reads a range that the host has not
// supplied, the source records the range and yields; the export returns to the host, which
// fills the range and steps the task, and the core continues. So the core needs no change,
// and no work is repeated.
//
// Only one task of a store at a time may wait for a range: the core may hold a lock while
// it reads, and a second task that needs this lock would wait forever. Meanwhile the others
// return abi.ErrBusy. A task between two answers holds no lock.
package engine
