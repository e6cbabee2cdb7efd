// Package sqlite keeps the events in an SQLite file with github.com/mattn/go-sqlite3, which
// needs cgo: without it the package compiles, Available is false, and stores cannot be
// created or opened.
//
// The table events has a column for each field, and indexes by id, entity, scope and kind.
// An index in SQLite ends with the row's key, the sequence: so the index by entity is
// ordered by entity and sequence without naming it. The payload is the last column: SQLite
// decodes a row up to the last requested column, and a joined table for payloads made
// lookup by id three times as slow and nothing faster.
//
// Writing: journal_mode=WAL and synchronous=FULL, so that every commit is synced (the
// driver's default with WAL is NORMAL, which is not durable); one connection without the
// mutexes it does not need, prepared statements, a page cache of 64 MiB, a checkpoint every
// 16,384 pages instead of 1,000, since one batch touches thousands of pages of the indexes.
// SQLite has one writer at a time and a sync for every commit, so single appends go through
// package gather, which puts all waiting ones into one transaction. Close checkpoints the
// log and removes it, as the last connection does.
//
// Reading: mode=ro, mmap_size 2 GiB (about the maximum) and the same cache, one connection
// with one read transaction for the reader's life: it sees the store as of its open, and no
// query takes a lock.
package sqlite

import "github.com/thawlog/thaw/host/bench/engine"

// Engine is the SQLite engine.
type Engine struct{}

var _ engine.Engine = Engine{}

// Name implements engine.Engine.
func (Engine) Name() string { return "sqlite" }

// Version implements engine.Engine. It returns the driver's version and SQLite's.
func (Engine) Version() string {
	return engine.ModuleVersion("github.com/mattn/go-sqlite3") + library()
}
