// Package exports has the functions that guest/ABI.md lists, for every system that a
// module is built for. A main package imports it, and its module has the exports.
package exports
