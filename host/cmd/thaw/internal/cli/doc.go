// Package cli is the thaw command: [Run] with a command line, two writers and a
// file system. Each command has a file of its own; what they share is
//
//	root.go     the command tree, flags that several commands have, exit codes
//	reading.go  opening a store and telling what is wrong with it
//	lines.go    the flags of commands that print events
//	print.go    the loop that prints them, on every processor
//	line.go     how an event is spelled
//	quote.go    how a string is spelled
//	exportline.go, importline.go   how an event is exported and taken back
//	writing.go  opening a store for writing
//	writefail.go   what kept a store from being written
//	output.go   the buffer in front of stdout
//	words.go    damage and refusals in words and in JSON
//	fail.go     errors: what happened, what to do, which exit code
package cli
