// Package thaw is the order service on thaw's packages typed, aggregate and project. The
// totals lie in an SQLite file; without cgo the service does everything but them.
package thaw
