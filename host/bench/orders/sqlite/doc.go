// Package sqlite is the order service by hand on SQLite, with database/sql and
// github.com/mattn/go-sqlite3, in WAL with a sync for every commit, as the engine of this
// module. One connection writes; reads have a pool of others. Without cgo the package
// compiles, and Open fails.
//
// A command is one transaction: SQLite has no way to share one between commands, and a
// queue that does so is more than a programmer writes who chose SQL.
package sqlite
