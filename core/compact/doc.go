// Package compact writes segments again: many small ones as few, and without the events that
// are to be removed. It does no I/O. [Run] takes a snapshot and a [Plan], hands out the bytes of
// the new segments, and says how an index of the old ones becomes one of the new.
package compact
