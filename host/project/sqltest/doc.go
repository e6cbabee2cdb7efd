// Package sqltest tests package project with SQLite. It is a module of its own, so that
// importing thaw does not download a database.
package sqltest
