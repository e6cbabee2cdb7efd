// Package cli is the thaw command: [Run] with a command line, standard input, two
// writers and a file system. Each command has a file of its own; what they share is
//
//	root.go        the command tree, flags that several commands have, exit codes
//	reading.go     opening a store and listing its damage
//	writing.go     the same for writing
//	lines.go       the flags of commands that print events
//	print.go       the loop that prints them, on every processor
//	exportline.go  the line of an event for import
//	importline.go  parsing that line
//	output.go      the buffer of stdout
//	words.go       damage and refusals in words and in JSON
//	fail.go        errors: the message, the hint, the exit code
//	writefail.go   the same for errors of writing
package cli
